//! What stands between the grader and its host.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`sandbox`] | programs of the host, confined |
//! | [`itself`], [`process`] | the grader started again, and a process that may die |
//! | [`budget`], [`limits`] | how much processor time a grading has left, and what the shell may have taken away |
//! | [`cache`] | what is made once on a machine and kept |
//! | [`digest`] | names for what was read |
//! | [`files`] | files of a stranger, read within bounds |
//! | [`scratch`] | folders that are gone when the grader is |
//! | `kernel` | two calls of the kernel for which no crate has a safe function |
//! | [`machine`] | clocks of processors, groups of processes, signals |
//! | [`programs`] | how this system names programs, and where a user's folder is |
//! | [`printable`] | text from a stranger, made safe |
//! | [`outcome`] | how a command ends: exit codes, and the one error that is the caller's |
//!
//! Submissions of strangers are graded on Linux. Learners grade their own on Windows and macOS too: there `elsewhere/` stands for
//! the modules that name crates of one system. Nothing outside this folder does.

pub mod budget;
pub mod cache;
pub mod digest;
pub mod files;
pub mod itself;
#[cfg(target_os = "linux")]
pub(crate) mod kernel;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/limits.rs")]
pub mod limits;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/machine.rs")]
pub mod machine;
pub mod outcome;
pub mod printable;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/process.rs")]
pub mod process;
pub mod programs;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/sandbox.rs")]
pub mod sandbox;
pub mod scratch;
mod watched;

use std::process::ExitCode;

/// Obeys a hidden subcommand where the arguments hold one. Must be the first thing that a program does: no thread may have
/// been started. `more` are the subcommands of other rooms.
pub fn obey(more: &[itself::Hidden<'_>]) -> Option<ExitCode> {
    let own: [itself::Hidden<'_>; 2] = [(itself::SANDBOX, sandbox::launch), (itself::TIDY, scratch::tidy)];
    itself::obey(own.iter().chain(more))
}

/// How many gradings go on at a time: as many as were asked for, else one a core.
pub fn workers(asked: Option<std::num::NonZeroUsize>) -> usize {
    asked.or_else(|| std::thread::available_parallelism().ok()).map_or(1, usize::from)
}
