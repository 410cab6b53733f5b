//! A job to be run, and its result: the same types on every system.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Whether jobs are confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Protection {
    /// They are confined, or not run at all.
    #[default]
    Sandbox,
    /// They are not confined: the user trusts the submissions. The limits apply all the same.
    Trust,
}

/// The resources that a job may use.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Wall time.
    pub wall: Duration,
    /// Processor time, in seconds.
    pub cpu_s: u64,
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// The largest file that it writes, in bytes.
    pub file_bytes: u64,
    /// The most bytes of its stderr that are read.
    pub output_bytes: usize,
}

/// A program to run.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The program, by its absolute path.
    pub program: &'a Path,
    /// Its arguments. They name files of the scratch folder by relative paths, because the program sees that folder
    /// under another path.
    pub arguments: &'a [OsString],
    /// Its working folder, and the only one it may write to.
    pub scratch: &'a Path,
    /// Whether it may write there.
    pub writes: bool,
    /// The absolute paths that it may read, folders with their content; the program itself is included. The caller
    /// names its shared libraries: see [`libraries_of`].
    pub readable: &'a [PathBuf],
    /// Its whole environment.
    pub environment: &'a [(&'a str, OsString)],
    /// Whether it may start the programs in `readable`. Threads are always allowed.
    pub starts_programs: bool,
    /// Whether it may fork and install further filters on its copies; it must itself decide what those may do.
    pub forks: bool,
    /// The resources that it may use.
    pub limits: Limits,
    /// Whether it is confined.
    pub protection: Protection,
}

impl<'a> Job<'a> {
    /// A tool of this machine: trusted, so not confined, but ended together with the grader. It starts in `folder`, with only
    /// this environment.
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

/// How a job ended, and its stderr.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// Its stderr, at most `output_bytes` of it.
    pub said: Vec<u8>,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0.
    Success,
    /// With another exit code, or by a signal that it caused itself (a crash).
    Failure,
    /// It used up its processor time (where that is not counted: its wall time).
    OutOfTime,
    /// Its wall time passed and it had processor time left: the machine was busy with others, or it waited.
    StoodStill,
    /// It wrote too much.
    TooMuchOutput,
    /// The system, or a person, ended it by this signal: this says nothing about the job.
    Killed(i32),
}

/// Why a job was not run.
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

/// Walls of the sandbox that not every host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walls {
    /// Whether the program is in a mount namespace with only the files that it may see, and without network.
    pub namespaces: bool,
}
