//! Runs a program of the host on a stranger's input, confined: no network, a read-only view of what it needs, one scratch
//! folder to write to, limits on time, memory and output, and an end that takes its whole process group along.
//!
//! Landlock and seccomp confine the *thread* that asks for it and whatever that thread starts. So every job gets a thread
//! of its own that confines itself and then spawns the program: no code between `fork` and `exec`, so no `unsafe`.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Whether jobs are confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protection {
    /// They are, or they are not run.
    #[default]
    Sandbox,
    /// They are not: whoever runs the grader trusts the submissions. The limits hold all the same.
    Trust,
}

/// What a job may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time on the wall.
    pub wall: Duration,
    /// Time on a processor, in seconds.
    pub cpu_s: u64,
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Largest file written, in bytes.
    pub file_bytes: u64,
    /// Most bytes read of what it says.
    pub output_bytes: usize,
}

/// A program to run.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: &'a [OsString],
    /// Where it starts, and the only folder it may write to.
    pub scratch: &'a Path,
    /// What it may read and execute, beside the system's libraries.
    pub readable: &'a [PathBuf],
    /// Its whole environment.
    pub environment: &'a [(&'a str, OsString)],
    /// What it may use.
    pub limits: Limits,
    /// Whether it is confined.
    pub protection: Protection,
}

/// How a job ended, and what it said on stderr (stdout is closed).
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// What it said, at most `output_bytes` of it.
    pub said: Vec<u8>,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0.
    Success,
    /// With another exit code, or by a signal of its own (a crash).
    Failure,
    /// It used up its time, on the wall or on the processor.
    OutOfTime,
    /// It said too much.
    TooMuchOutput,
}

/// Why a job did not run at all.
#[derive(Debug)]
pub enum NotRun {
    /// This host cannot confine it.
    NoSandbox(String),
    /// The program could not be started.
    NotStarted(String),
}

impl std::fmt::Display for NotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSandbox(reason) => write!(
                f,
                "this machine cannot confine the compiler ({reason}); use Linux 5.13 or newer with Landlock enabled, or say \
                 --trust if you trust every submission"
            ),
            Self::NotStarted(reason) => write!(f, "{reason}; see `grader doctor`"),
        }
    }
}

impl std::error::Error for NotRun {}

/// Runs a job to its end, which comes at most `limits.wall` after its start.
///
/// # Errors
/// When it was not run at all: see [`NotRun`].
pub fn run(job: &Job<'_>) -> Result<Finished, NotRun> {
    let mut child = thread::scope(|scope| {
        let start = || {
            if job.protection == Protection::Sandbox {
                confine::this_thread(job.scratch, job.readable).map_err(NotRun::NoSandbox)?;
            }
            spawn(job)
        };
        scope
            .spawn(start)
            .join()
            .unwrap_or_else(|_| Err(NotRun::NotStarted("the sandbox's own thread failed".to_owned())))
    })?;
    let group = Group::of(&child);
    group.limit(&job.limits);
    Ok(watch(&mut child, &group, &job.limits))
}

/// Whether this machine can confine jobs; if not, why.
///
/// # Errors
/// The reason.
pub fn available() -> Result<(), String> {
    thread::spawn(|| confine::this_thread(Path::new("/"), &[]))
        .join()
        .unwrap_or_else(|_| Err("the probe failed".to_owned()))
}

fn spawn(job: &Job<'_>) -> Result<Child, NotRun> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(job.program);
    command.args(job.arguments).current_dir(job.scratch).env_clear().process_group(0);
    command.envs(job.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().map_err(|error| NotRun::NotStarted(format!("cannot start `{}`: {error}", job.program.display())))
}

/// What the watcher hears.
enum News {
    Said { bytes: Vec<u8>, all: bool },
    Ended(std::io::Result<ExitStatus>),
}

/// Reads and waits until the child is gone, or kills its group when it has had enough.
fn watch(child: &mut Child, group: &Group, limits: &Limits) -> Finished {
    let stderr = child.stderr.take();
    let (sender, news) = mpsc::channel();
    let deadline = now() + limits.wall;
    thread::scope(|scope| {
        let reader = sender.clone();
        scope.spawn(move || {
            let mut bytes = Vec::new();
            let most = limits.output_bytes as u64;
            let all = stderr.is_none_or(|pipe| pipe.take(most + 1).read_to_end(&mut bytes).is_err())
                || bytes.len() as u64 <= most;
            bytes.truncate(limits.output_bytes);
            drop(reader.send(News::Said { bytes, all }));
        });
        scope.spawn(move || drop(sender.send(News::Ended(child.wait()))));
        let (mut said, mut status, mut cut) = (None, None, None);
        while said.is_none() || status.is_none() {
            // After the leader's end whoever still holds the pipe has no business left.
            let patience =
                if status.is_some() { Duration::from_millis(200) } else { deadline.saturating_duration_since(now()) };
            match news.recv_timeout(patience) {
                Ok(News::Said { bytes, all }) => {
                    said = Some(bytes);
                    if !all {
                        cut = cut.or(Some(Ending::TooMuchOutput));
                        group.kill();
                    }
                }
                Ok(News::Ended(ended)) => status = Some(ended),
                Err(RecvTimeoutError::Timeout) => {
                    if status.is_none() {
                        cut = cut.or(Some(Ending::OutOfTime));
                    }
                    group.kill();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let ending = cut.unwrap_or_else(|| ending_of(status.as_ref()));
        Finished { ending, said: said.unwrap_or_default() }
    })
}

fn ending_of(status: Option<&std::io::Result<ExitStatus>>) -> Ending {
    use std::os::unix::process::ExitStatusExt;
    match status {
        Some(Ok(status)) if status.success() => Ending::Success,
        Some(Ok(status)) if matches!(status.signal(), Some(libc::SIGXCPU | libc::SIGKILL)) => Ending::OutOfTime,
        _ => Ending::Failure,
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a process of the host is on the host's clock")]
fn now() -> Instant {
    Instant::now()
}

/// The child's process group.
struct Group(rustix::process::Pid);

impl Group {
    fn of(child: &Child) -> Self {
        Self(rustix::process::Pid::from_child(child))
    }

    /// Sets the limits from outside, just after the start: nothing a compiler does in its first millisecond is dear.
    fn limit(&self, limits: &Limits) {
        use rustix::process::{Resource, Rlimit, prlimit};
        let hard = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
        // The soft limit ends it by SIGXCPU; a second later the hard one does, whatever it thinks of signals.
        let cpu = Rlimit { current: Some(limits.cpu_s), maximum: Some(limits.cpu_s + 1) };
        for (resource, limit) in [
            (Resource::Cpu, cpu),
            (Resource::As, hard(limits.memory_bytes)),
            (Resource::Fsize, hard(limits.file_bytes)),
            (Resource::Core, hard(0)),
        ] {
            // A child that is gone already needs no limit.
            let _ = prlimit(Some(self.0), resource, limit);
        }
    }

    fn kill(&self) {
        let _ = rustix::process::kill_process_group(self.0, rustix::process::Signal::KILL);
    }
}

/// What confines a thread, and all that it starts.
mod confine {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
        RulesetCreatedAttr, RulesetStatus, Scope,
    };
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    /// Where programs of this system find their libraries.
    const SYSTEM: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"];

    /// What no compiler needs: the network, other processes, mounts, the kernel's own doors.
    const DENIED: &[libc::c_long] = &[
        libc::SYS_socket,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_send_signal,
        libc::SYS_kill,
        libc::SYS_setsid,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_setuid,
        libc::SYS_setgid,
        libc::SYS_mknodat,
    ];

    /// Confines the calling thread for ever. Landlock's first version (files) is a must, the later ones (truncation,
    /// network, signals) are taken where the kernel has them; seccomp closes the network on all.
    pub(super) fn this_thread(scratch: &Path, readable: &[PathBuf]) -> Result<(), String> {
        let landlocked = landlock(scratch, readable).map_err(|error| format!("Landlock: {error}"))?;
        if landlocked == RulesetStatus::NotEnforced {
            return Err("the kernel has no Landlock".to_owned());
        }
        seccompiler::apply_filter(&filter()?).map_err(|error| format!("seccomp: {error}"))
    }

    fn landlock(scratch: &Path, readable: &[PathBuf]) -> Result<RulesetStatus, landlock::RulesetError> {
        let all = ABI::V6;
        let mut ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(all))?
            .handle_access(AccessNet::from_all(all))?
            .scope(Scope::from_all(all))?
            .create()?;
        let reading = AccessFs::from_read(all);
        let of_files = AccessFs::from_file(all);
        for path in SYSTEM.iter().map(Path::new).chain(readable.iter().map(PathBuf::as_path)) {
            // What this system does not have needs no rule.
            if let Ok(file) = PathFd::new(path) {
                let access = if path.is_dir() { reading } else { reading & of_files };
                ruleset = ruleset.add_rule(PathBeneath::new(file, access))?;
            }
        }
        if let Ok(null) = PathFd::new("/dev/null") {
            ruleset = ruleset.add_rule(PathBeneath::new(null, AccessFs::ReadFile | AccessFs::WriteFile))?;
        }
        if let Ok(folder) = PathFd::new(scratch) {
            ruleset = ruleset.add_rule(PathBeneath::new(folder, AccessFs::from_all(all)))?;
        }
        ruleset.restrict_self().map(|status| status.ruleset)
    }

    fn filter() -> Result<BpfProgram, String> {
        let architecture = std::env::consts::ARCH.try_into().map_err(|error| format!("seccomp: {error}"))?;
        let rules: BTreeMap<i64, Vec<_>> = DENIED.iter().map(|call| (*call, Vec::new())).collect();
        let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        SeccompFilter::new(rules, SeccompAction::Allow, denied, architecture)
            .and_then(TryInto::try_into)
            .map_err(|error| format!("seccomp: {error}"))
    }
}
