//! What stands between the grader and its host.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`sandbox`] | programs of the host, confined |
//! | [`itself`], [`process`] | the grader started again, and a process that may die |
//! | [`budget`] | how much processor time a grading has left |
//! | [`files`] | files of a stranger, read within bounds |
//! | [`scratch`] | folders that are gone when the grader is |
//! | [`kernel`] | two calls of the kernel for which no crate has a safe function |
//! | [`printable`] | text from a stranger, made safe |
//! | [`outcome`] | how a command ends: exit codes, and the one error that is the caller's |

pub mod budget;
pub mod files;
pub mod itself;
pub(crate) mod kernel;
pub mod outcome;
pub mod printable;
pub mod process;
pub mod sandbox;
pub mod scratch;

use std::process::ExitCode;

/// Obeys a hidden subcommand where the arguments hold one. Must be the first thing that a program does: no thread may have
/// been started. `more` are the subcommands of other rooms.
pub fn obey(more: &[itself::Hidden<'_>]) -> Option<ExitCode> {
    let own: [itself::Hidden<'_>; 2] = [(itself::SANDBOX, sandbox::launch), (itself::TIDY, scratch::tidy)];
    itself::obey(own.iter().chain(more))
}
