//! The grader started again by itself: what must have walls around it is another process of the same program.
//!
//! `main` has [`obey`](super::obey) look for a hidden subcommand before it looks at anything else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use super::programs;

/// Which sources this program was built from: two programs that talk to each other are of the same ones.
pub const SOURCES: &str = env!("CACHEDOJO_SOURCES");

/// Confines itself and becomes another program.
pub const SANDBOX: &str = "__sandbox";
/// Waits for the end of its parent, then removes a folder.
pub const TIDY: &str = "__tidy";
/// Grades one submission.
pub const GRADE: &str = "__grade";

/// A hidden subcommand: its name, and its body, which is given what follows the name on the command line.
pub type Hidden<'a> = (&'a str, fn(&[OsString]) -> ExitCode);

static IS_THE_GRADER: OnceLock<()> = OnceLock::new();

/// Obeys that one of the hidden subcommands which the arguments hold, if any. From now on this program is the grader.
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

/// The grader's own program. A test is another program: it takes the grader that was built beside it.
fn program() -> Result<PathBuf, String> {
    let itself = Path::new("/proc/self/exe");
    if IS_THE_GRADER.get().is_some() {
        // As a link it stays right when the file has been replaced meanwhile by a newer grader.
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
