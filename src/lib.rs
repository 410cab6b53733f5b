//! Cachedojo's engine: a distributed cache to learn on, pure and deterministic, native and in WebAssembly.
//!
//! # Map, in the order in which data flows
//!
//! | module | what it does |
//! | --- | --- |
//! | [`script`] | text to commands and diagnostics: four dialects, one grammar, never fails |
//! | [`runner`] | commands in, events out: one script, one subject, one world |
//! | [`subject`] | the seam: whatever obeys commands, in a world of given time and randomness |
//! | [`mod@reference`] | the subject that everything is judged against: the modules below behind the seam |
//! | [`cache`], [`ring`], [`cluster`] | the cache node, the hash ring, and both together |
//! | [`protocol`] | the line, memcached and REST protocols as state machines, and the exercise's parser |
//! | [`event`] | everything that can be observed, as one enum; its text is what scripts expect |
//! | [`scenario`] | script files with the output they must give: tests, examples, the native = Wasm gate |
//! | [`exercise`] | checks, verdicts, score, report: how a subject is graded |
//! | [`trace`] | public cache traces, replayed under policies and sizes |
//! | `bindings` | all of this for the page: the one file that knows wasm-bindgen |
//! | [`clock`], [`random`], [`text`] | time, randomness and words, each in one way only |
//!
//! # Invariants, as absences
//!
//! Nothing here reads a clock, a file, the environment or a random source that it was not given. Nothing observable
//! depends on the order of a hash map, the width of `usize` or floating point. Parsing never fails and never panics.
//! No expected value ever reaches a subject.
#![warn(missing_docs)]

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub mod bindings;
pub mod cache;
pub mod clock;
pub mod cluster;
pub mod event;
pub mod exercise;
pub mod protocol;
pub mod random;
pub mod reference;
pub mod ring;
pub mod runner;
pub mod scenario;
pub mod script;
pub mod subject;
pub mod text;
pub mod trace;
