//! What is to be run, with what it may read, write and use.

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
