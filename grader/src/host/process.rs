//! A process that may die, with its process group: watched to its end, killed as a whole.

use std::io::Read;
use std::process::{Child, ChildStderr, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

pub use super::watched::{Cut, Watched};

/// A process group, until its leader has ended. Clones refer to the same group.
#[derive(Debug, Clone)]
pub struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
    /// The group of a child that was started with `process_group(0)`.
    pub fn of(child: &Child) -> Self {
        Self(Arc::new(Mutex::new(Some(Pid::from_child(child)))))
    }

    /// Kills all of it; does nothing if the leader has ended.
    pub fn kill(&self) {
        if let Some(leader) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            _ = kill_process_group(leader, Signal::KILL);
        }
    }

    /// Whether both refer to the same group.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Takes the leader's exit status after its end. The rest of the group is killed first: until the status is taken,
    /// the group's number cannot be reused for another one.
    fn bury(&self, child: &mut Child) -> (Option<ExitStatus>, Duration) {
        let mut leader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leader) = leader.take() {
            _ = kill_process_group(leader, Signal::KILL);
        }
        let cpu = cpu_of(child.id());
        (child.wait().ok(), cpu)
    }
}

/// Whether a signal always comes from outside the program: from a person, from the system for lack of memory, or (`SIGBUS`) from
/// a full or broken disk.
pub fn is_from_outside(signal: i32) -> bool {
    matches!(
        signal,
        libc::SIGKILL | libc::SIGTERM | libc::SIGINT | libc::SIGHUP | libc::SIGQUIT | libc::SIGBUS | libc::SIGPWR
    )
}

/// Reads a process's stderr and waits for its end, at most `wall` after this call: then, or after more than `output_bytes`, its
/// group is killed.
pub fn watch(mut child: Child, group: &Group, wall: Duration, output_bytes: usize) -> Watched {
    let deadline = now() + wall;
    let end = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).ok();
    let mut stderr = child.stderr.take();
    let (mut said, mut cut, mut killed) = (Vec::new(), None, false);
    loop {
        let left = deadline.saturating_duration_since(now());
        // After a kill the end follows at once; five seconds are a bound in case the kernel does not report it.
        let patience = if killed { Duration::from_secs(5) } else { left };
        let heard = wait(stderr.as_ref(), end.as_ref(), patience);
        match heard {
            Heard::Words => {
                let pipe = stderr.as_mut().map_or(Ok(0), |pipe| read_some(pipe, &mut said));
                if matches!(pipe, Ok(0) | Err(_)) {
                    stderr = None;
                }
                if said.len() > output_bytes && !killed {
                    said.truncate(output_bytes);
                    (cut, killed, stderr) = (Some(Cut::Output), true, None);
                    group.kill();
                }
            }
            Heard::Again => {}
            Heard::End => break,
            Heard::Nothing if killed => break,
            Heard::Nothing => {
                (cut, killed) = (Some(Cut::Wall), true);
                group.kill();
            }
        }
    }
    let (status, cpu) = group.bury(&mut child);
    // The rest of the pipe: all writers have ended, so reading ends too.
    if let Some(mut pipe) = stderr {
        let most = output_bytes.saturating_sub(said.len()) as u64;
        _ = pipe.by_ref().take(most).read_to_end(&mut said);
    }
    Watched { status, said, cut, cpu }
}

/// The processor time that a process and its ended children have used: fields 14 to 17 of its `stat`, in hundredths of a second.
/// Available until its exit status is taken.
pub fn cpu_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

enum Heard {
    Words,
    End,
    Nothing,
    Again,
}

/// Waits for output, for the end, or for at most `patience`. Output comes first, so that none is lost.
fn wait(stderr: Option<&ChildStderr>, end: Option<&OwnedFd>, patience: Duration) -> Heard {
    let mut polled: Vec<PollFd<'_>> = Vec::new();
    polled.extend(stderr.map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)));
    polled.extend(end.map(|end| PollFd::from_borrowed_fd(end.as_fd(), PollFlags::IN)));
    if polled.is_empty() {
        return Heard::End; // A kernel without pidfds, and a silent process: `wait` tells its end.
    }
    let patience = Timespec::try_from(patience).ok();
    match poll(&mut polled, patience.as_ref()) {
        Ok(0) => Heard::Nothing,
        Err(rustix::io::Errno::INTR) => Heard::Again,
        Ok(_) if stderr.is_some() && !polled[0].revents().is_empty() => Heard::Words,
        _ => Heard::End,
    }
}

/// Reads once. It does not block: the caller knows that there is output or the end.
fn read_some(pipe: &mut ChildStderr, said: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut block = [0; 1 << 14];
    let count = pipe.read(&mut block)?;
    said.extend_from_slice(&block[..count]);
    Ok(count)
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a process of the host is on the host's clock")]
fn now() -> Instant {
    Instant::now()
}
