//! The language that learners type, and what obeys it.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`script`] | text to commands and diagnostics: four dialects, one grammar, never fails |
//! | [`runner`] | commands in, events out: one script, one subject, one world |
//! | [`subject`] | the seam: whatever obeys commands |
//! | [`world`] | what surrounds a subject: time and randomness, given from outside |
//! | [`mod@reference`] | the subject that everything is judged against: the engine behind the seam |
//! | [`compare`] | two subjects on one script: where they first answer differently |
//! | [`families`] | what the commands of one kind are, do and tell |
//! | [`event`] | everything that can be observed, as one enum; its text is what scripts expect |
//! | [`mod@french`] | how events read in French |
//! | [`trail`] | states of a run to go back to |
//! | [`schedule`] | which thread of a subject runs next, given from outside |
//! | [`scenario`] | script files with the output they must give: tests, examples, the native = Wasm gate |
//!
//! Nothing here reads a clock, a file, the environment or a random source that it was not given. Parsing never fails and
//! never panics. No expected value ever reaches a subject.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod bulk;
pub mod compare;
pub mod event;
pub mod families;
pub mod french;
pub mod reference;
pub mod runner;
pub mod scenario;
pub mod schedule;
pub mod script;
pub mod subject;
pub mod trail;
pub mod world;
