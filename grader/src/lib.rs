//! The grader: from a submission's source to a report that can be defended.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cli`] | the command line's arguments |
//! | [`commands`] | the commands, one module each |
//! | [`pack`] | exercises as data: built in, or a teacher's folder |
//! | [`intake`] | submissions as text, in whatever form they come |
//! | [`language`] | from that text to a subject, one folder a language |
//! | [`run`] | the one way from a submission to its report |
//! | [`attacks`] | submissions that try to cheat, and what must come of them |
//! | [`report`] | one report, many formats |
//! | [`class`] | many submissions: graded on all cores, remembered, compared |
//! | [`queue`] | a class graded by workers on other machines |
//! | [`serve`] | the playground and a grading API, for programs and pages of this machine |
//! | [`host`] | processes, files, limits, the sandbox; how a command ends |

#![deny(unsafe_code)]

pub mod attacks;
pub mod class;
pub mod cli;
pub mod commands;
pub mod course;
pub mod host;
pub mod intake;
pub mod language;
pub mod pack;
pub mod queue;
pub mod report;
pub mod run;
pub mod serve;
