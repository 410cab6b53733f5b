//! Cachedojo's engine: a distributed cache to learn on, pure and deterministic, native and in WebAssembly.
//!
//! # Map
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cache`], [`ring`], [`cluster`] | the cache node, the hash ring, and both together |
//! | [`protocol`] | the line, memcached and REST protocols as state machines, and the exercise's parser |
//! | [`clock`], [`random`] | time and randomness, each in one way only |
//!
//! Scripts, judging and the page stand on this crate, each in one of its own: see README.md.
//!
//! # Invariants, as absences
//!
//! Nothing here reads the environment or a random source that it was not given. Two modules alone reach the host:
//! `cache/file` saves to and loads from a file that the caller names, and [`clock`] holds the one clock that reads the
//! host's. Nothing observable depends on the order of a hash map, the width of `usize` or floating point. No parser
//! fails without a word or panics.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod cache;
pub mod clock;
pub mod cluster;
pub mod protocol;
pub mod random;
pub mod ring;
