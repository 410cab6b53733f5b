//! The grader: from a submission's source to a report that can be defended.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`cli`] | the command line: arguments, exit codes, one function a command |
//! | [`commands`] | the commands themselves |
//! | [`pack`] | exercises as data: built in, or a teacher's folder |
//! | [`report`] | one report, many formats |

pub mod cli;
pub mod commands;
pub mod pack;
pub mod report;
