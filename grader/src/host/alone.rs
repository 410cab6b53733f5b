//! A PID namespace for a program that is not confined: it can name no process outside, so it cannot stop or end the
//! grader, and whatever it leaves behind ends with it.
//!
//! The grader starts itself twice. The first process leaves for a new namespace, which only its children are in. Its child
//! is the first process there, whose end ends all others: it starts the program and takes the exit status of those without a
//! parent. Both report how the program ended. Where the host gives no such namespace, the program is started as it is.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open};
use rustix::thread::UnshareFlags;

use super::{itself, kernel};

/// The exit code of a shell that was told to start what is not there.
const NOT_FOUND: u8 = 127;
/// Added to the number of the signal that ended a program, as shells do.
const BY_SIGNAL: u8 = 128;

/// A command that starts a program in a PID namespace of its own, where this host gives one.
pub fn alone(program: &str) -> Command {
    let Ok(mut command) = itself::again(itself::ALONE) else { return Command::new(program) };
    command.arg(program);
    command
}

/// Whether this host gives one. Cost: a process.
pub fn is_available() -> bool {
    let mut probe = alone("");
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// The hidden subcommand: a program and its arguments; without a name it only tells whether there is a namespace for it.
pub(super) fn leave(arguments: &[OsString]) -> ExitCode {
    let Some((program, rest)) = arguments.split_first() else { return ExitCode::from(2) };
    let is_probe = program.is_empty();
    if !enter() {
        return if is_probe { ExitCode::FAILURE } else { failed(&Command::new(program).args(rest).exec(), program) };
    }
    let first = itself::again(itself::FIRST).map_err(std::io::Error::other);
    let first = first.and_then(|mut first| first.args(arguments).spawn());
    match first {
        Ok(mut first) => {
            end_with_input(Pid::from_child(&first));
            let status = first.wait();
            if is_probe {
                ExitCode::from(u8::from(!status.is_ok_and(|status| status.success())))
            } else {
                status.map_or(ExitCode::FAILURE, exit_code)
            }
        }
        Err(_) if is_probe => ExitCode::FAILURE,
        Err(error) => failed(&error, program),
    }
}

/// The right to make such a namespace is root's; others get it inside a user namespace. Root without it keeps its users: a
/// program that changes its own would not find them inside.
fn enter() -> bool {
    let ours = UnshareFlags::NEWPID | UnshareFlags::NEWNS;
    if rustix::process::geteuid().is_root() {
        return kernel::leave_namespaces(ours).is_ok();
    }
    kernel::leave_namespaces_as_user(ours)
}

/// Waits for a process, or for the end of standard input, which means that the grader is gone: then kills it.
fn end_with_input(first: Pid) {
    let Ok(end) = pidfd_open(first, PidfdFlags::empty()) else { return };
    let stdin = std::io::stdin();
    loop {
        // Only its end is asked for: what is written there is the program's.
        let mut polled = [PollFd::new(&end, PollFlags::IN), PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut polled, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Ok(_) if polled[0].revents().is_empty() => _ = rustix::process::kill_process(first, Signal::KILL),
            _ => {}
        }
        return;
    }
}

/// The hidden subcommand of the first process in the namespace.
pub(super) fn first(arguments: &[OsString]) -> ExitCode {
    let Some((program, rest)) = arguments.split_first() else { return ExitCode::from(2) };
    _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    // So that the program finds there whom it can name. Not every host lets it, and the program can do without.
    if mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).is_ok() {
        _ = mount("proc", "/proc", "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, c"");
    }
    if program.is_empty() {
        return ExitCode::SUCCESS;
    }
    let child = match Command::new(program).args(rest).process_group(0).spawn() {
        Ok(child) => Pid::from_child(&child),
        Err(error) => return failed(&error, program),
    };
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if ended == child => return exit_code(ExitStatus::from_raw(status.as_raw())),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

/// How a program ended, as a shell tells it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let signal = status.signal().and_then(|signal| u8::try_from(signal).ok());
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.or(signal.map(|signal| signal.saturating_add(BY_SIGNAL))).unwrap_or(1))
}

#[expect(clippy::print_stderr, reason = "the stream of the program that could not be started")]
fn failed(error: &std::io::Error, program: &OsString) -> ExitCode {
    eprintln!("`{}` cannot be started: {error}", Path::new(program).display());
    ExitCode::from(NOT_FOUND)
}
