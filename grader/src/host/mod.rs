//! Everything that depends on the host: processes, files, limits, the sandbox.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`sandbox`] | running programs of the host confined |
//! | [`alone`] | a PID namespace for a program that is not confined |
//! | [`itself`], [`process`] | starting the grader again, and watching a process that may die |
//! | [`budget`], [`limits`] | the processor time of a grading, and the limits of the shell |
//! | [`cache`] | things made once on a machine and kept |
//! | [`random`] | the one place that draws random numbers |
//! | [`digest`] | digests of what was read |
//! | [`files`] | files of a stranger, read within bounds |
//! | [`scratch`] | temporary folders that are removed even if the grader is killed |
//! | `kernel` | two system calls for which no crate has a safe function |
//! | [`machine`] | processor clocks, process groups, signals |
//! | [`programs`] | how this system names programs, and where a user's folder is |
//! | [`progress`] | how far long work has come, on a terminal |
//! | [`printable`] | text from a stranger, made harmless |
//! | [`outcome`] | how a command ends: exit codes, and the error for wrong usage |
//!
//! Submissions of strangers are graded on Linux. Learners grade their own work on Windows and macOS too: there `elsewhere/`
//! replaces the modules that name crates of one system. Nothing outside this folder names any.

#[cfg_attr(not(target_os = "linux"), path = "elsewhere/alone.rs")]
pub mod alone;
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
pub mod progress;
pub mod random;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere/sandbox.rs")]
pub mod sandbox;
pub mod scratch;
mod watched;

use std::process::ExitCode;

/// Runs a hidden subcommand if the arguments name one. Must be the first call of a program, before any thread is started. `more`
/// are the subcommands of other rooms.
pub fn obey(more: &[itself::Hidden<'_>]) -> Option<ExitCode> {
    let own: [itself::Hidden<'_>; 4] = [
        (itself::SANDBOX, sandbox::launch),
        (itself::ALONE, alone::leave),
        (itself::FIRST, alone::first),
        (itself::TIDY, scratch::tidy),
    ];
    itself::obey(own.iter().chain(more))
}

/// How many gradings run at a time: the number asked for, or one for each core.
pub fn workers(asked: Option<std::num::NonZeroUsize>) -> usize {
    asked.or_else(|| std::thread::available_parallelism().ok()).map_or(1, usize::from)
}
