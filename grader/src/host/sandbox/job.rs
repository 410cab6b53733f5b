//! What is run, and what comes of it: the same on every system.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether jobs are confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Protection {
    /// They are, or they are not run.
    #[default]
    Sandbox,
    /// They are not: whoever runs the grader trusts the submissions. The limits hold all the same.
    Trust,
}

/// What a job may use.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Time on the wall.
    pub wall: Duration,
    /// Time on a processor, in seconds.
    pub cpu_s: u64,
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Largest file written, in bytes.
    pub file_bytes: u64,
    /// Most bytes read of what it says on stderr.
    pub output_bytes: usize,
}

/// A program to run.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The program, by its absolute path.
    pub program: &'a Path,
    /// Its arguments. They name files of the scratch folder relative to it: the program may see it at another place.
    pub arguments: &'a [OsString],
    /// Where it starts, and the only folder it may write to.
    pub scratch: &'a Path,
    /// Whether it may write there.
    pub writes: bool,
    /// What it may read, by absolute paths, folders with all that is in them; beside it the program itself. Its shared
    /// libraries are for the caller to name: see [`libraries_of`].
    pub readable: &'a [PathBuf],
    /// Its whole environment.
    pub environment: &'a [(&'a str, OsString)],
    /// Whether it may start programs, those of `readable`. Threads it may start in any case.
    pub starts_programs: bool,
    /// Whether it may make copies of itself and put further filters on them; it then has to see to what those may.
    pub forks: bool,
    /// What it may use.
    pub limits: Limits,
    /// Whether it is confined.
    pub protection: Protection,
}

impl<'a> Job<'a> {
    /// A tool of this machine's own: trusted, and in no need of walls, but ended when the grader ends. It starts in `folder`, and
    /// has this environment only.
    pub const fn of_tool(
        program: &'a Path,
        arguments: &'a [OsString],
        folder: &'a Path,
        environment: &'a [(&'a str, OsString)],
    ) -> Self {
        Self {
            program,
            arguments,
            scratch: folder,
            writes: true,
            readable: &[],
            environment,
            starts_programs: true,
            forks: true,
            limits: Limits {
                wall: Duration::from_mins(30),
                cpu_s: 3_600,
                memory_bytes: u64::MAX,
                file_bytes: 1 << 32,
                output_bytes: 4 << 20,
            },
            protection: Protection::Trust,
        }
    }
}

/// How a job ended, and what it said on stderr.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// What it said, at most `output_bytes` of it.
    pub said: Vec<u8>,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0.
    Success,
    /// With another exit code, or by a signal of its own (a crash).
    Failure,
    /// It used up its time, on the wall or on the processor.
    OutOfTime,
    /// It said too much.
    TooMuchOutput,
    /// This machine, or somebody on it, ended it by this signal: nothing is said about what it was at.
    Killed(i32),
}

/// Why a job did not run at all.
#[derive(Debug)]
pub enum NotRun {
    /// This host cannot confine it.
    NoSandbox(String),
    /// The program could not be started.
    NotStarted(String),
}

impl std::fmt::Display for NotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSandbox(reason) => write!(
                f,
                "this machine cannot confine what it runs ({reason}); use Linux 5.13 or newer with Landlock enabled, or say \
                 --trust if you trust every submission"
            ),
            Self::NotStarted(reason) => write!(f, "{reason}; see `grader doctor`"),
        }
    }
}

impl std::error::Error for NotRun {}

/// What stands between a program and this host, where both are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walls {
    /// Whether the program is in a mount namespace that holds only what it may see, and has no network of its own.
    pub namespaces: bool,
}
