//! The process that turns into a confined program: it has one thread and nothing open but its three pipes.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::process::{Pid, Resource, Rlimit, Signal};
use serde::{Deserialize, Serialize};

use super::job::{Job, Limits, Protection};
use super::{calls, landlock, walls};
use crate::host::{itself, kernel};

/// Kinds of failure, reported after the token.
pub(super) const NO_NAMESPACES: &str = "namespaces";
pub(super) const NO_SANDBOX: &str = "sandbox";
pub(super) const NOT_STARTED: &str = "program";

/// The most descriptors of a program.
const FILES_MAX: u64 = 256;
/// The most processes and threads of a user in a namespace; without a namespace all processes of that user would count.
const PROCESSES_MAX: u64 = 4_096;

/// A job, as it is sent to the process that turns into it.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as the job has them")]
pub(super) struct Spec {
    sources: String,
    token: String,
    parent: i32,
    program: OsString,
    arguments: Vec<OsString>,
    scratch: OsString,
    writes: bool,
    readable: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    starts_programs: bool,
    forks: bool,
    limits: Limits,
    protection: Protection,
    namespaces: bool,
}

impl Spec {
    pub(super) fn of(job: &Job<'_>, token: &str, namespaces: bool) -> Self {
        Self {
            sources: itself::SOURCES.to_owned(),
            token: token.to_owned(),
            parent: rustix::process::getpid().as_raw_nonzero().get(),
            program: job.program.into(),
            arguments: job.arguments.to_vec(),
            scratch: job.scratch.into(),
            writes: job.writes,
            readable: job.readable.iter().map(Into::into).collect(),
            environment: job.environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            starts_programs: job.starts_programs,
            forks: job.forks,
            limits: job.limits,
            protection: job.protection,
            namespaces,
        }
    }
}

/// The hidden subcommand. It returns only if it failed, and reports that after the token.
pub(in crate::host) fn launch(arguments: &[OsString]) -> ExitCode {
    let spec = arguments.first().and_then(|text| serde_json::from_str::<Spec>(text.to_str()?).ok());
    let Some(spec) = spec else { return ExitCode::from(2) };
    match become_it(&spec) {
        Ok(()) => ExitCode::SUCCESS,
        Err((kind, reason)) => {
            say(&format!("{}{kind} {reason}", spec.token));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the pipe to whoever started this process")]
fn say(line: &str) {
    eprintln!("{line}");
}

type Failure = (&'static str, String);

/// Builds the walls, beginning with those that need the most rights, and turns into the program.
fn become_it(spec: &Spec) -> Result<(), Failure> {
    let sandbox = |reason: String| (NO_SANDBOX, reason);
    if spec.sources != itself::SOURCES {
        return Err((NOT_STARTED, "the grader beside this program is of other sources: build it first".to_owned()));
    }
    kernel::close_on_exec_above_stderr().map_err(|error| sandbox(format!("descriptors cannot be closed: {error}")))?;
    limit(&spec.limits).map_err(|error| sandbox(format!("limits cannot be set: {error}")))?;
    let readable: Vec<PathBuf> = [&spec.program].into_iter().chain(&spec.readable).map(PathBuf::from).collect();
    let readable: Vec<PathBuf> = readable.into_iter().filter(|path| path.is_absolute()).collect();
    let confined = spec.protection == Protection::Sandbox;
    let mut scratch = PathBuf::from(&spec.scratch);
    if confined && spec.namespaces {
        // The parent reads this, and starts another process that does without namespaces.
        walls::build(&scratch, spec.writes, &readable).map_err(|reason| (NO_NAMESPACES, reason))?;
        scratch = PathBuf::from(walls::WORK);
        let most = Rlimit { current: Some(PROCESSES_MAX), maximum: Some(PROCESSES_MAX) };
        _ = rustix::process::setrlimit(Resource::Nproc, most);
    }
    std::env::set_current_dir(&scratch).map_err(|error| (NOT_STARTED, format!("no scratch folder: {error}")))?;
    die_with(spec.parent).map_err(sandbox)?;
    if confined {
        walls::drop_rights().map_err(|error| sandbox(format!("rights cannot be given up: {error}")))?;
        landlock::confine(&scratch, spec.writes, &readable).map_err(sandbox)?;
        calls::confine(spec.starts_programs, spec.forks).map_err(sandbox)?;
    }
    if spec.program.is_empty() {
        return Ok(());
    }
    let mut command = Command::new(&spec.program);
    command.args(&spec.arguments).env_clear().envs(spec.environment.iter().map(|(name, value)| (name, value)));
    let error = command.exec();
    Err((NOT_STARTED, format!("cannot start `{}`: {error}", Path::new(&spec.program).display())))
}

fn limit(limits: &Limits) -> rustix::io::Result<()> {
    let hard = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    // The soft limit ends the program by SIGXCPU; a second later the hard limit ends it even if it ignores that signal.
    let cpu = Rlimit { current: Some(limits.cpu_s), maximum: Some(limits.cpu_s + 1) };
    for (resource, limit) in [
        (Resource::Cpu, cpu),
        (Resource::As, hard(limits.memory_bytes)),
        (Resource::Fsize, hard(limits.file_bytes)),
        (Resource::Core, hard(0)),
        (Resource::Nofile, hard(FILES_MAX)),
        (Resource::Memlock, hard(0)),
        (Resource::Msgqueue, hard(0)),
    ] {
        let now = rustix::process::getrlimit(resource);
        // If the grader's caller has set a lower limit, that stays.
        let lower = |most: Option<u64>| match (most, now.maximum) {
            (Some(most), Some(already)) => Some(most.min(already)),
            (most, already) => most.or(already),
        };
        let limit = Rlimit { current: lower(limit.current), maximum: lower(limit.maximum) };
        rustix::process::setrlimit(resource, limit)?;
    }
    Ok(())
}

/// Asks the kernel to kill this process together with its parent, which may have ended already.
fn die_with(parent: i32) -> Result<(), String> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    let still = rustix::process::getppid().map(Pid::as_raw_nonzero).is_some_and(|number| number.get() == parent);
    if still { Ok(()) } else { Err("whoever started it is gone".to_owned()) }
}
