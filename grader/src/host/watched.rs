//! What is known of a process that was watched to its end: the same on every system.

use std::process::ExitStatus;
use std::time::Duration;

/// How a watched process ended.
#[derive(Debug)]
pub struct Watched {
    /// Its exit status; none where the system does not tell.
    pub status: Option<ExitStatus>,
    /// What it said on stderr, as far as it was read.
    pub said: Vec<u8>,
    /// Why it was killed, where it was.
    pub cut: Option<Cut>,
    /// What it used of its processors, it and the children that it had seen to their end; zero where the system does not tell.
    pub cpu: Duration,
}

/// Why a process was killed by whoever watched it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Its time on the wall was over.
    Wall,
    /// It said too much.
    Output,
}
