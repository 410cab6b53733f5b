//! Until the sandbox starts jobs that are spoken to.
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub use crate::host::sandbox::{Ending, Finished, Limits, NotRun, Protection};

pub struct Job<'a> {
    pub program: &'a Path,
    pub arguments: &'a [OsString],
    pub scratch: &'a Path,
    pub readable: &'a [PathBuf],
    pub environment: &'a [(&'a str, OsString)],
    pub limits: Limits,
    pub protection: Protection,
}

#[derive(Debug)]
pub struct Running {
    pub stdin: Option<ChildStdin>,
    pub stdout: ChildStdout,
    child: Child,
}

pub fn start(job: &Job<'_>) -> Result<Running, NotRun> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(job.program);
    command.args(job.arguments).current_dir(job.scratch).env_clear().process_group(0);
    command.envs(job.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(|error| NotRun::NotStarted(error.to_string()))?;
    Ok(Running { stdin: child.stdin.take(), stdout: child.stdout.take().expect("piped"), child })
}

impl Running {
    pub fn kill(&self) {
        let _ = rustix::process::kill_process_group(rustix::process::Pid::from_child(&self.child), rustix::process::Signal::KILL);
    }
    pub fn finish(self) -> Result<Finished, NotRun> {
        Ok(Finished { ending: Ending::Failure, said: Vec::new() })
    }
}
impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }
}
