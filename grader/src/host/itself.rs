//! Starting this program again as a child process: work that must be confined is done in one.
//!
//! `main` has [`obey`](super::obey) look for a hidden subcommand before it looks at anything else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use super::programs;

/// A digest of the sources that this program was built from: two processes that talk to each other must have the same.
pub const SOURCES: &str = env!("CACHEDOJO_SOURCES");

/// Confines itself, then executes another program.
pub const SANDBOX: &str = "__sandbox";
/// Starts a program in a namespace of processes.
pub const ALONE: &str = "__alone";
/// The first process of that namespace.
pub const FIRST: &str = "__first";
/// Waits for the end of its parent, then removes a folder.
pub const TIDY: &str = "__tidy";
/// Grades one submission.
pub const GRADE: &str = "__grade";

/// A hidden subcommand: its name, and the function that gets the remaining arguments.
pub type Hidden<'a> = (&'a str, fn(&[OsString]) -> ExitCode);

static IS_THE_GRADER: OnceLock<()> = OnceLock::new();

/// Runs the hidden subcommand that the arguments name, if any.
pub(super) fn obey<'a>(mut hidden: impl Iterator<Item = &'a Hidden<'a>>) -> Option<ExitCode> {
    _ = IS_THE_GRADER.set(());
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.get(1)?.to_str().filter(|name| name.starts_with("__"))?;
    let (_, body) = hidden.find(|(hidden, _)| *hidden == name)?;
    Some(body(&arguments[2..]))
}

/// A command that starts this program again with a hidden subcommand.
///
/// # Errors
/// A sentence: the program cannot be found.
pub fn again(subcommand: &str) -> Result<Command, String> {
    let mut command = Command::new(program()?);
    command.arg(subcommand);
    Ok(command)
}

/// The path of the grader. In a test it is the grader built beside the test program.
fn program() -> Result<PathBuf, String> {
    let itself = Path::new("/proc/self/exe");
    if IS_THE_GRADER.get().is_some() {
        // This link stays right even if a newer grader has replaced the file.
        return if itself.exists() { Ok(itself.to_owned()) } else { current() };
    }
    let current = current()?;
    let beside = current.ancestors().skip(1).take(3).map(|folder| folder.join(programs::file("grader")));
    beside.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        format!("there is no grader beside `{}`: build it with `cargo build -p grader`", current.display())
    })
}

fn current() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))
}
