//! The result of watching a process to its end: the same type on every system.

use std::process::ExitStatus;
use std::time::Duration;

/// How a watched process ended.
#[derive(Debug)]
pub struct Watched {
    /// Its exit status; `None` if the system does not report one.
    pub status: Option<ExitStatus>,
    /// Its stderr, as far as it was read.
    pub said: Vec<u8>,
    /// Why it was killed, if it was.
    pub cut: Option<Cut>,
    /// The processor time that it and its ended children used; zero if the system does not report it.
    pub cpu: Duration,
}

/// Why a watched process was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Its wall time was over.
    Wall,
    /// It wrote too much.
    Output,
}
