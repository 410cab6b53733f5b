//! Exercises: checks with points, the verdicts of a subject on them, and the report made of both.
//!
//! A [`pack`] is data: checks are scenario files whose names and numbers a [`template`] fills from the grading seed.
//! [`judge`](mod@judge) runs them against a subject ([`simulate`]: those of the line protocol); [`explore`] tries many schedules
//! if the subject has threads; [`minimize`] shortens failing scripts; [`resemblance`] recognises known bugs; [`growth`] measures
//! how the work grows; [`report`] adds up. All of it is pure, so the page grades exactly as the command line does.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod course;
pub mod explore;
pub mod growth;
pub mod judge;
pub mod minimize;
pub mod nodes;
pub mod outcome;
pub mod pack;
pub mod report;
pub mod resemblance;
pub mod run;
pub mod said;
pub mod schedule;
mod sentences;
pub mod simulate;
pub mod template;
pub mod verdict;

pub use judge::{judge, judge_in_turn, probe, shorten, tell_schedules};
pub use outcome::{CaseOutcome, CheckOutcome};
pub use pack::{Case, Check, Exercise, MutantSpec, PackError};
pub use report::Report;
pub use verdict::Verdict;
