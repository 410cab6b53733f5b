//! System calls beyond files and programs, on systems other than Linux: as far as std has them.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::Result;

/// The signals that explain how a process ended, with Unix's numbers; no process is reported to have ended by one here.
pub const SIGBUS: i32 = 7;
/// See [`SIGBUS`].
pub const SIGKILL: i32 = 9;
/// See [`SIGBUS`].
pub const SIGSEGV: i32 = 11;
/// See [`SIGBUS`].
pub const SIGXCPU: i32 = 24;
/// See [`SIGBUS`].
pub const SIGXFSZ: i32 = 25;

/// The time since the first call: std has no clock of processor time, and a machine on which one learner watches their own work
/// is not busy with other gradings.
pub fn thread_time() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(now).elapsed()
}

#[expect(clippy::disallowed_methods, reason = "it stands in for a processor's clock")]
fn now() -> Instant {
    Instant::now()
}

/// Starts a program in its own process group, on systems that have those.
pub fn in_own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    _ = command;
}

/// Ends the process group with that number; on systems without groups the caller ends its child itself.
pub fn end_group(group: u32) {
    if cfg!(unix) {
        _ = Command::new("kill").args(["-9", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
    }
}

/// Ends the processes that a program has left behind: here they cannot be found.
pub const fn end_orphans() {}

/// The ports at which a process takes connections: here they cannot be found.
pub const fn listening_ports(_: u32) -> Vec<u16> {
    Vec::new()
}

/// The signal by which a process ended: unknown here.
pub const fn signal_of(_: ExitStatus) -> Option<i32> {
    None
}

/// Whether there is something to read before the deadline: unknown here, so the caller just reads and waits.
///
/// # Errors
/// Never.
pub const fn is_readable_before(_: &ChildStdout, _: Instant) -> io::Result<bool> {
    Ok(true)
}

/// Free space on the disk of a folder: unknown here.
pub const fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Whether a file or folder belongs to this user: temporary folders are per user here.
pub const fn is_own(_: &Metadata) -> bool {
    true
}

/// Child processes inherit only their three streams here.
pub const fn keep_descriptors_to_itself() {}

/// Makes a link to a file: not every user is allowed to here.
///
/// # Errors
/// Always.
pub fn link(_: &str, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Sets the limits of a grading on this process: there are none here. The submission's own run is limited by
/// WebAssembly.
///
/// # Errors
/// Never.
pub const fn confine_grading(_: u32, _: Duration) -> Result<()> {
    Ok(())
}
