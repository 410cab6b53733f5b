//! Programs of the host on systems where nothing can confine them: run only with `--trust`. Compiled submissions run in
//! WebAssembly, on these systems as on all.

#[path = "../sandbox/job.rs"]
mod job;

pub use job::{Ending, Finished, Job, Limits, NotRun, Protection, Walls};

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use super::process::{Cut, Group, Watched, watch};

/// The working folder as the program sees it: unchanged.
pub const WORK: &str = ".";

/// Why nothing is confined here.
const NO_LINUX: &str = "only Linux has the walls that this grader builds";

/// The hidden subcommand that confines itself: not available here.
pub(super) const fn launch(_: &[OsString]) -> ExitCode {
    ExitCode::FAILURE
}

/// The shared libraries of programs: not needed, because nothing hides them here.
///
/// # Errors
/// Never.
pub const fn libraries_of(_: &[&Path]) -> Result<Vec<PathBuf>, String> {
    Ok(Vec::new())
}

/// See [`libraries_of`].
///
/// # Errors
/// Never.
pub const fn libraries_with(_: &[&Path], _: &[&Path]) -> Result<Vec<PathBuf>, String> {
    Ok(Vec::new())
}

/// The system-call filter that a child of a confined program installs on itself.
///
/// # Errors
/// Always: there is none here.
pub fn child_filter() -> Result<Vec<u8>, String> {
    Err(NO_LINUX.to_owned())
}

/// Runs a job to its end, at most `limits.wall` after its start.
///
/// # Errors
/// It was not run: it was to be confined, or cannot be started.
pub fn run(job: &Job<'_>) -> Result<Finished, NotRun> {
    if job.protection == Protection::Sandbox {
        return Err(NotRun::NoSandbox(NO_LINUX.to_owned()));
    }
    let mut command = Command::new(job.program);
    // Beside what the job asks for, variables without which these systems cannot start a program.
    let kept = ["PATH", "SystemRoot", "TEMP", "TMP", "HOME", "USERPROFILE", "LIB", "INCLUDE"];
    command.args(job.arguments).current_dir(job.scratch).env_clear();
    command.envs(kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs(job.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| NotRun::NotStarted(format!("`{}`: {error}", job.program.display())))?;
    let group = Group::of(&child);
    let Watched { status, said, cut, .. } = watch(child, &group, job.limits.wall, job.limits.output_bytes);
    let ending = match (cut, status) {
        (Some(Cut::Wall), _) => Ending::OutOfTime,
        (Some(Cut::Output), _) => Ending::TooMuchOutput,
        (None, Some(status)) if status.success() => Ending::Success,
        (None, _) => Ending::Failure,
    };
    Ok(Finished { ending, said })
}

/// Starts an interactive job.
///
/// # Errors
/// Always: an interactive job forks, which is safe only inside Linux's sandbox.
pub fn start(_: &Job<'_>) -> Result<Running, NotRun> {
    Err(NotRun::NoSandbox(NO_LINUX.to_owned()))
}

/// An interactive job: never started here.
#[derive(Debug)]
pub struct Running {
    /// Its standard input.
    pub stdin: Option<ChildStdin>,
    /// Its standard output.
    pub stdout: ChildStdout,
    group: Group,
}

impl Running {
    /// Kills it.
    pub fn kill(&self) {
        self.group.kill();
    }

    /// A handle for killing it.
    pub fn group(&self) -> Group {
        self.group.clone()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// Always.
    pub fn finish(self) -> Result<Finished, NotRun> {
        Err(NotRun::NoSandbox(NO_LINUX.to_owned()))
    }
}

/// Whether this machine can confine jobs.
///
/// # Errors
/// It cannot.
pub fn available(_: &[PathBuf]) -> Result<Walls, NotRun> {
    Err(NotRun::NoSandbox(NO_LINUX.to_owned()))
}
