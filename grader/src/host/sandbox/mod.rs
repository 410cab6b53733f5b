//! Runs a program of the host on a stranger's input, confined: it sees only the files that it is given and one folder of its own;
//! it has no network; its time, memory, files and output are limited; and it is killed with its whole process group when the
//! grader ends, however that ends.
//!
//! The grader starts itself again ([`launch`]). That process has one thread and nothing open. It confines itself by one wall
//! after the other, and then *becomes* the program:
//!
//! | wall | module | where it is missing |
//! | --- | --- | --- |
//! | limits of the kernel | [`launch`] | nowhere |
//! | a mount namespace that holds only what the program may see; no network | [`walls`] | hosts that refuse user namespaces: then that a file *exists* can be told |
//! | Landlock: which files may be read, and which written to | [`landlock`] | kernels before 5.13: then nothing is run |
//! | an allow-list of system calls | [`calls`] | nowhere |

mod calls;
mod child;
mod job;
mod landlock;
mod launch;
mod libraries;
mod walls;

pub use child::program as child_filter;
pub use job::{Ending, Finished, Job, Limits, NotRun, Protection, Walls};
pub(super) use launch::launch;
pub use libraries::{libraries_of, libraries_with};
pub use walls::WORK;

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::itself;
use super::process::{self, Cut, Group, Watched, watch};
use super::random::random_number;
use launch::Spec;

/// Whether this host has refused namespaces: then they are not tried again.
static NO_NAMESPACES: AtomicBool = AtomicBool::new(false);

/// Runs a job to its end, at most `limits.wall` after its start. Its standard input is empty, its standard output is
/// discarded. Cost: some 5 ms more than the program's own.
///
/// # Errors
/// It was not run at all: see [`NotRun`].
pub fn run(job: &Job<'_>) -> Result<Finished, NotRun> {
    loop {
        let started = Started::new(job, Stdio::null)?;
        let watched = watch(started.child, &started.group, job.limits.wall, job.limits.output_bytes);
        match finished(watched, &started.token, &started.asked) {
            Err(Failed::Again) => {}
            Err(Failed::NotRun(why)) => return Err(why),
            Ok(finished) => return Ok(finished),
        }
    }
}

/// Starts an interactive job, with pipes for standard input and output. The calling thread must outlive it: the job is killed
/// with that thread.
///
/// # Errors
/// It cannot be started. That this host cannot confine it is reported only by [`Running::finish`].
pub fn start(job: &Job<'_>) -> Result<Running, NotRun> {
    // An interactive job cannot be started a second time without namespaces, so whether there are any is found out
    // before.
    if job.protection == Protection::Sandbox && !NO_NAMESPACES.load(Ordering::Relaxed) {
        available(job.readable)?;
    }
    let Started { mut child, group, token, asked } = Started::new(job, Stdio::piped)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
        return Err(NotRun::NotStarted("its pipes are missing".to_owned()));
    };
    let Limits { wall, output_bytes, .. } = job.limits;
    let watched = group.clone();
    let watcher = std::thread::spawn(move || watch(child, &watched, wall, output_bytes));
    Ok(Running { stdin: Some(stdin), stdout, group, token, asked, watcher: Some(watcher) })
}

/// An interactive job. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Its standard input; dropping it gives the job the end of input.
    pub stdin: Option<ChildStdin>,
    /// Its standard output. The reader must bound what it reads: the job may write without end.
    pub stdout: ChildStdout,
    group: Group,
    token: String,
    asked: Asked,
    watcher: Option<JoinHandle<Watched>>,
}

impl Running {
    /// Kills it.
    pub fn kill(&self) {
        self.group.kill();
    }

    /// A handle for killing it from elsewhere, such as from a thread that gave up waiting.
    pub fn group(&self) -> Group {
        self.group.clone()
    }

    /// Closes its standard input, and waits for its end, which comes within its limits.
    ///
    /// # Errors
    /// It was not run at all.
    pub fn finish(mut self) -> Result<Finished, NotRun> {
        drop(self.stdin.take());
        let lost = || Failed::NotRun(NotRun::NotStarted("its watcher is gone".to_owned()));
        let watched = self.watcher.take().and_then(|watcher| watcher.join().ok());
        let finished = watched.ok_or_else(lost).and_then(|watched| finished(watched, &self.token, &self.asked));
        finished.map_err(|failed| match failed {
            Failed::NotRun(why) => why,
            Failed::Again => NotRun::NoSandbox("its namespaces are gone".to_owned()),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.group.kill();
        if let Some(watcher) = self.watcher.take() {
            _ = watcher.join();
        }
    }
}

/// Whether this machine can confine jobs that may see `readable`, and by which walls. Cost: a process, some 5 ms.
///
/// # Errors
/// It cannot: why not.
pub fn available(readable: &[PathBuf]) -> Result<Walls, NotRun> {
    let scratch =
        super::scratch::folder().map_err(|error| NotRun::NotStarted(format!("no scratch folder: {error}")))?;
    let limits = Limits {
        wall: Duration::from_secs(20),
        cpu_s: 5,
        memory_bytes: 1 << 30,
        file_bytes: 1 << 20,
        output_bytes: 1 << 16,
    };
    let job = Job {
        // It executes nothing: see `launch`.
        program: Path::new(""),
        arguments: &[],
        scratch: scratch.path(),
        writes: true,
        readable,
        environment: &[],
        starts_programs: false,
        forks: false,
        limits,
        protection: Protection::Sandbox,
    };
    match run(&job)?.ending {
        Ending::Success => Ok(Walls { namespaces: !NO_NAMESPACES.load(Ordering::Relaxed) }),
        _ => Err(NotRun::NoSandbox("the probe failed".to_owned())),
    }
}

/// A job's process.
struct Started {
    child: Child,
    group: Group,
    /// What its launcher prints first if it failed. The program itself never sees it.
    token: String,
    asked: Asked,
}

/// The launcher's instructions.
#[derive(Debug)]
struct Asked {
    /// Enter namespaces.
    namespaces: bool,
    /// Processor time, in seconds.
    cpu_s: u64,
}

impl Started {
    fn new(job: &Job<'_>, pipe: fn() -> Stdio) -> Result<Self, NotRun> {
        let token = format!("{:016x}{:016x}", random_number(), random_number());
        let asked = Asked { namespaces: !NO_NAMESPACES.load(Ordering::Relaxed), cpu_s: job.limits.cpu_s };
        let spec = Spec::of(job, &token, asked.namespaces);
        let spec = serde_json::to_string(&spec).map_err(|error| NotRun::NotStarted(error.to_string()))?;
        let mut command = itself::again(itself::SANDBOX).map_err(NotRun::NotStarted)?;
        command.arg(spec).env_clear().process_group(0).current_dir("/");
        command.stdin(pipe()).stdout(pipe()).stderr(Stdio::piped());
        let child =
            command.spawn().map_err(|error| NotRun::NotStarted(format!("the sandbox does not start: {error}")))?;
        let group = Group::of(&child);
        Ok(Self { child, group, token, asked })
    }
}

/// Why a launcher failed.
enum Failed {
    NotRun(NotRun),
    /// For lack of namespaces: it may work without them.
    Again,
}

fn finished(watched: Watched, token: &str, asked: &Asked) -> Result<Finished, Failed> {
    let Watched { status, said, cut, cpu } = watched;
    let text = String::from_utf8_lossy(&said);
    if let Some(words) = text.strip_prefix(token) {
        let (kind, reason) = words.trim_end().split_once(' ').unwrap_or((words, ""));
        return Err(match kind {
            launch::NO_NAMESPACES if asked.namespaces => {
                NO_NAMESPACES.store(true, Ordering::Relaxed);
                Failed::Again
            }
            launch::NOT_STARTED => Failed::NotRun(NotRun::NotStarted(reason.to_owned())),
            _ => Failed::NotRun(NotRun::NoSandbox(reason.to_owned())),
        });
    }
    let ending = match (cut, status) {
        (Some(Cut::Wall), _) if cpu.as_secs() >= asked.cpu_s => Ending::OutOfTime,
        (Some(Cut::Wall), _) => Ending::StoodStill,
        (Some(Cut::Output), _) => Ending::TooMuchOutput,
        (None, Some(status)) if status.success() => Ending::Success,
        (None, Some(status)) => match status.signal() {
            Some(libc::SIGXCPU) => Ending::OutOfTime,
            Some(libc::SIGKILL) if cpu.as_secs() >= asked.cpu_s => Ending::OutOfTime,
            Some(signal) if process::is_from_outside(signal) => Ending::Killed(signal),
            _ => Ending::Failure,
        },
        (None, None) => Ending::Failure,
    };
    Ok(Finished { ending, said })
}
