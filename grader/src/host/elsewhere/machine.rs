//! What the grader asks of the system besides files and programs, on systems that are no Linux: as much of it as std has.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::Result;

/// The signals that say why a process ended, by the numbers that Unix gives them; no process is told to have ended by one here.
pub const SIGBUS: i32 = 7;
/// See [`SIGBUS`].
pub const SIGKILL: i32 = 9;
/// See [`SIGBUS`].
pub const SIGSEGV: i32 = 11;
/// See [`SIGBUS`].
pub const SIGXCPU: i32 = 24;
/// See [`SIGBUS`].
pub const SIGXFSZ: i32 = 25;

/// What has passed since the first call: std knows no processor's clock, and a machine on which one learner watches their own
/// work is not busy with others'.
pub fn thread_time() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(now).elapsed()
}

#[expect(clippy::disallowed_methods, reason = "it stands in for a processor's clock")]
fn now() -> Instant {
    Instant::now()
}

/// Has a program start in a process group of its own, where the system has such.
pub fn in_own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    _ = command;
}

/// Ends all that is in the process group of that number; where the system has none, whoever started the child ends it.
pub fn end_group(group: u32) {
    if cfg!(unix) {
        _ = Command::new("kill").args(["-9", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
    }
}

/// Ends what a program has left behind: it cannot be found here.
pub const fn end_orphans() {}

/// The signal by which a process ended: told nowhere here.
pub const fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Whether there is something to read before the deadline: not known here, so whoever reads waits.
///
/// # Errors
/// Never.
pub const fn is_readable_before(_: &ChildStdout, _: Instant) -> io::Result<bool> {
    Ok(true)
}

/// Room on the disk of a folder: not told here.
pub const fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Whether a file or folder belongs to this user: temporary folders are each user's own here.
pub const fn is_own(_: &Metadata) -> bool {
    true
}

/// Programs inherit no more than their three streams here.
pub const fn keep_descriptors_to_itself() {}

/// Makes a link to a file: not every user may here.
///
/// # Errors
/// Always.
pub fn link(_: &str, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Puts the limits of a grading on this process: there are none to put here. The submission's own run has its limits in
/// WebAssembly.
///
/// # Errors
/// Never.
pub const fn confine_grading(_: u32) -> Result<()> {
    Ok(())
}
