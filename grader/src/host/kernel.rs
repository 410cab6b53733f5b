//! The two system calls for which no crate has a safe function. Beside `language/threads/memory.rs`, the grader's only `unsafe`.

#![expect(unsafe_code, reason = "two calls of the kernel; each says why nothing of Rust's is broken by it")]

use std::io;

use rustix::thread::UnshareFlags;

/// Marks all descriptors above the third as close-on-exec, so that no child process inherits them.
///
/// # Errors
/// The kernel refuses (it is older than 5.11).
pub(crate) fn close_on_exec_above_stderr() -> io::Result<()> {
    // SAFETY: with this flag the call closes nothing now; descriptors are only marked to be closed by `exec`. No
    // pointer is passed.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Moves this process into new namespaces. It must have only one thread.
///
/// # Errors
/// The kernel refuses.
pub(crate) fn leave_namespaces(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: the unsafe case is a descriptor table that threads no longer share; that flag is always removed.
    unsafe { rustix::thread::unshare_unsafe(flags.difference(UnshareFlags::FILES)) }?;
    Ok(())
}

/// The same, together with a new user namespace, which gives whoever has no right to the others that right inside it. Tells
/// whether the kernel let it.
pub(crate) fn leave_namespaces_as_user(flags: UnshareFlags) -> bool {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    if leave_namespaces(flags | UnshareFlags::NEWUSER).is_err() {
        return false;
    }
    // The same user and group numbers inside as outside: they are not secret, and files keep their owners.
    _ = std::fs::write("/proc/self/setgroups", "deny");
    _ = std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"));
    _ = std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"));
    true
}
