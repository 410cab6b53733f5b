//! A PID namespace: Linux alone has them.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// A command that starts the program as it is.
pub fn alone(program: &str) -> Command {
    Command::new(program)
}

/// Whether this host gives one: it does not.
pub const fn is_available() -> bool {
    false
}

/// The hidden subcommand: not available here.
pub(super) const fn leave(_: &[OsString]) -> ExitCode {
    ExitCode::FAILURE
}

/// The hidden subcommand of the first process: not available here.
pub(super) const fn first(_: &[OsString]) -> ExitCode {
    ExitCode::FAILURE
}
