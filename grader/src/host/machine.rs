//! System calls beyond files and programs: processor clocks, process groups, signals. Only this file and its neighbours in this
//! folder name crates of one system; `elsewhere/` has the same functions for other systems.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{ChildStdout, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions};

use super::{budget, kernel};

/// The signals that explain how a process ended.
pub use libc::{SIGBUS, SIGKILL, SIGSEGV, SIGXCPU, SIGXFSZ};

/// The processor time that the calling thread has used.
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Starts the command's program in a process group of its own: Ctrl-C for this process does not reach it, and it can be killed
/// together with its children.
pub fn in_own_group(command: &mut Command) {
    command.process_group(0);
}

/// Kills the group that a child leads, if it still exists.
pub fn end_group(leader: u32) {
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
}

/// How often `end_orphans` looks: each time whoever was ended may have left some more behind.
const ORPHANS_LOOKS: u32 = 1_000;

/// Ends what a program of this process's has left behind, in a session of its own too. Only a grading does: it has no
/// other children by then, and is the parent of those whose own is gone.
pub fn end_orphans() {
    if !matches!(rustix::process::child_subreaper(), Ok(Some(_))) {
        return;
    }
    for _ in 0..ORPHANS_LOOKS {
        let children = children();
        if children.is_empty() {
            break;
        }
        for child in children {
            _ = rustix::process::kill_process(child, Signal::KILL);
            _ = rustix::process::waitpid(Some(child), WaitOptions::empty());
        }
    }
}

/// The processes whose parent this one is.
fn children() -> Vec<Pid> {
    let me = std::process::id();
    parents().into_iter().filter(|(_, parent)| *parent == me).filter_map(|(child, _)| Pid::from_raw(child)).collect()
}

/// All processes, each with its parent.
fn parents() -> Vec<(i32, u32)> {
    let numbers = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let with_parent = numbers.filter_map(|number| {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // The name in brackets may hold anything; after it come the state and the parent.
        let (_, fields) = stat.rsplit_once(')')?;
        Some((number, fields.split_whitespace().nth(1)?.parse().ok()?))
    });
    with_parent.collect()
}

/// The ports at which a process or one of its descendants takes connections, as far as the system tells. Cost: a look at every
/// process.
pub fn listening_ports(leader: u32) -> Vec<u16> {
    let parents = parents();
    let mut family = vec![leader];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        let born = parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| child.unsigned_abs());
        family.extend(born);
        at += 1;
    }
    let files = family.iter().filter_map(|one| std::fs::read_dir(format!("/proc/{one}/fd")).ok()).flatten().flatten();
    let sockets: Vec<String> = files
        .filter_map(|file| {
            let name = std::fs::read_link(file.path()).ok()?;
            Some(name.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let tables = ["tcp", "tcp6"].map(|table| std::fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default());
    let port = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_theirs =
            fields.get(3) == Some(&"0A") && sockets.iter().any(|socket| fields.get(9) == Some(&socket.as_str()));
        let (_, port) = fields.get(1).filter(|_| is_theirs)?.rsplit_once(':')?;
        u16::from_str_radix(port, 16).ok()
    };
    let mut ports: Vec<u16> = tables.iter().flat_map(|table| table.lines()).filter_map(port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The signal by which a process ended.
pub fn signal_of(status: ExitStatus) -> Option<i32> {
    status.signal()
}

/// Whether there is something to read before the deadline.
///
/// # Errors
/// The system does not tell.
pub fn is_readable_before(pipe: &ChildStdout, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(now());
        let timeout =
            Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() };
        match poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&timeout)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a process of the host is on the host's clock")]
fn now() -> Instant {
    Instant::now()
}

/// Free space on the disk of a folder, in bytes; `None` if unknown.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether a file or folder belongs to this user.
pub fn is_own(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw()
}

/// Makes sure that child processes inherit only their three streams.
pub fn keep_descriptors_to_itself() {
    _ = kernel::close_on_exec_above_stderr();
}

/// Makes a link to a file.
///
/// # Errors
/// The system does not let it.
pub fn link(to: &str, from: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, from)
}

/// Sets the limits of a grading, which may use so much processor time, on this process, and makes it end with its parent. Memory
/// is limited by data size, not by address space, because wasmtime reserves address space that it never uses.
///
/// # Errors
/// The system refuses, or the parent has ended already.
pub fn confine_grading(parent: u32, cpu: Duration) -> Result<()> {
    kernel::close_on_exec_above_stderr().context("closing descriptors")?;
    let cpu = cpu.as_secs();
    for (resource, soft, hard) in [
        (Resource::Cpu, cpu, cpu + 1),
        (Resource::Data, budget::DATA_BYTES, budget::DATA_BYTES),
        (Resource::Fsize, budget::FILE_BYTES, budget::FILE_BYTES),
        (Resource::Core, 0, 0),
    ] {
        let most = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
        rustix::process::setrlimit(resource, limit).context("setting limits")?;
    }
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).context("dying with the grader")?;
    // Who leaves its group and its parent becomes this process's child: see `end_orphans`.
    _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let still =
        rustix::process::getppid().is_some_and(|number| number.as_raw_nonzero().get().cast_unsigned() == parent);
    ensure!(still, "the grader is gone");
    Ok(())
}
