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
//! Scripts, grading and the page build on this crate, each in a crate of its own: see ARCHITECTURE.md.
//!
//! # Invariants, as absences
//!
//! Nothing here reads the environment or a random source that it was not given. Only two modules reach the host:
//! `cache/file` saves to and loads from a file that the caller names, and [`clock`] has the one clock that reads the
//! host's. Nothing observable depends on the order of a hash map, the width of `usize` or floating point. A parser
//! never panics, and each of its errors is a sentence.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod cache;
pub mod clock;
pub mod cluster;
pub mod protocol;
pub mod random;
pub mod ring;
