//! The script language, and everything that runs it.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`script`] | text to commands and diagnostics: four dialects, one grammar, never fails |
//! | [`runner`] | commands in, events out: one script, one subject, one world |
//! | [`subject`] | the seam: the trait of everything that answers requests |
//! | [`world`] | the surroundings of a subject: time and randomness, given from outside |
//! | [`mod@reference`] | the subject that all others are compared with: the engine behind the seam |
//! | [`compare`] | two subjects on one script: the first command that they answer differently |
//! | [`families`] | the commands: their syntax, execution and answers |
//! | [`event`] | everything that can be observed, as one enum; scripts expect its texts |
//! | [`mod@french`] | the French texts of events |
//! | [`trail`] | saved states of a run, for going back |
//! | [`written`] | a whole run as one file |
//! | [`schedule`] | which thread of a subject runs next, given from outside |
//! | [`scenario`] | script files with their expected output: tests, examples, and native = Wasm |
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
mod missing;
pub mod reference;
pub mod runner;
pub mod scenario;
pub mod schedule;
pub mod script;
pub mod shrink;
pub mod subject;
pub mod trail;
pub mod world;
pub mod written;
