//! The runner's process: started confined, asked in frames, started again after it has ended.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use super::interpreter::Interpreter;
use super::layout;
use super::wire::{Ask, BODY_MAX, HEADER_MAX, Header, Reply, Request};
use crate::host::machine;
use crate::host::random::random_number;
use crate::host::sandbox::{self, Protection};
use crate::host::{budget, scratch};

/// The runner's files, with their module names.
pub(super) const MODULES: &[(&str, &str)] = &[
    ("guard", include_str!("runner/guard.py")),
    ("plain", include_str!("runner/plain.py")),
    ("proxy", include_str!("runner/proxy.py")),
    ("rewrite", include_str!("runner/rewrite.py")),
    ("run", include_str!("runner/run.py")),
    ("scheduler", include_str!("runner/scheduler.py")),
    ("sealed", include_str!("runner/sealed.py")),
    ("stage", include_str!("runner/stage.py")),
    ("suite", include_str!("runner/suite.py")),
    ("threads", include_str!("runner/threads.py")),
    ("zygote", include_str!("runner/zygote.py")),
];

/// Reads the runner's files from the pipe and starts them.
const BOOT: &str = include_str!("boot.py");

/// The first byte of a line before the answer: see `runner/suite.py`.
const MARK: u8 = 0x1e;
/// Processor time of one run, in seconds.
const CPU_S: u64 = 15;
/// Address space of one run, in bytes. A thread takes half a MiB of it.
const MEMORY_BYTES: u64 = 2 << 30;
/// Wall time of one run, and until the runner is ready: twelve times the processor time that a run may take, because the machine
/// may be busy with others. Who waits without using any is found out by the runner.
const WALL: Duration = Duration::from_mins(3);

/// The result of a request.
#[derive(Debug)]
pub enum Heard {
    /// A child's answer, and how it ended.
    Reply(Header, Box<Reply>),
    /// A child ended without an answer. The bytes are what it had said.
    Silent(Header, Vec<u8>),
    /// A child's bytes are not an answer: only one that tampers with its runner sends such bytes.
    Gibberish,
    /// No answer came in time; the runner was killed. The bytes are what the child had said, if it stopped doing anything.
    OutOfTime(Vec<u8>),
}

/// The runners of a toolchain: a request takes an idle one, or starts a new one.
#[derive(Debug)]
pub struct Runners {
    interpreter: Interpreter,
    protection: Protection,
    /// The folder with pytest, for runners of tests.
    site: Option<PathBuf>,
    idle: Mutex<Vec<Sender<Task>>>,
}

/// Work for a runner's thread.
type Task = Box<dyn FnOnce(&mut Runner) + Send>;

impl Runners {
    /// Runners with this interpreter; none is started yet.
    pub fn new(interpreter: &Interpreter, protection: Protection) -> Self {
        Self { interpreter: interpreter.clone(), protection, site: None, idle: Mutex::new(Vec::new()) }
    }

    /// Runners of tests, with pytest from `site`.
    pub fn for_tests(interpreter: &Interpreter, protection: Protection, site: PathBuf) -> Self {
        Self { site: Some(site), ..Self::new(interpreter, protection) }
    }

    /// Asks an idle runner, or a new one, in that runner's own thread: the sandbox kills a job together with the thread
    /// that started it.
    ///
    /// # Errors
    /// See [`Runner::ask`].
    pub fn ask(&self, ask: &Ask<'_>, files: &BTreeMap<String, String>) -> Result<Heard, String> {
        self.ask_with(ask, files, None)
    }

    /// The same, with the source of a cache to be tested.
    ///
    /// # Errors
    /// See [`Self::ask`].
    pub fn ask_with(
        &self,
        ask: &Ask<'_>,
        files: &BTreeMap<String, String>,
        cache: Option<&str>,
    ) -> Result<Heard, String> {
        let nonce = nonce();
        let foreign = self.foreign();
        let limits = limits();
        let request = Request { ask, nonce: &nonce, files, foreign: &foreign, limits: &limits };
        let message = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
        let runner = self.take()?;
        let (answer, heard) = std::sync::mpsc::channel();
        let laid_out = cache.is_some().then(|| files.clone());
        let cache = cache.map(|source| source.as_bytes().to_vec());
        let job = move |runner: &mut Runner| {
            // A run of tests must not find files of an earlier one.
            let ready = laid_out.map_or(Ok(()), |files| layout::lay_out(runner.scratch.path(), &files));
            let heard = ready.map_err(|error| format!("the scratch folder: {error}"));
            drop(answer.send(heard.and_then(|()| runner.ask(&message, cache.as_deref(), &nonce))));
        };
        let gone = || "a thread of the runners of Python is gone".to_owned();
        runner.send(Box::new(job)).map_err(|_| gone())?;
        let heard = heard.recv().map_err(|_| gone())?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(runner);
        heard
    }

    /// The beginnings of the names of files that are not the submission's.
    fn foreign(&self) -> Vec<String> {
        let library = self.interpreter.library.display().to_string();
        let site = self.site.iter().map(|site| site.display().to_string());
        [library, "<runner>".to_owned(), "<frozen".to_owned()].into_iter().chain(site).collect()
    }

    fn take(&self) -> Result<Sender<Task>, String> {
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(idle);
        }
        let mut runner = Runner::new(&self.interpreter, self.protection, self.site.clone())
            .map_err(|error| format!("no scratch folder: {error}"))?;
        let (sender, tasks) = std::sync::mpsc::channel::<Task>();
        std::thread::Builder::new()
            .name("python".to_owned())
            .spawn(move || tasks.into_iter().for_each(|task| task(&mut runner)))
            .map_err(|error| error.to_string())?;
        Ok(sender)
    }
}

/// A child's limits, with the system's names.
fn limits() -> BTreeMap<&'static str, u64> {
    BTreeMap::from([
        ("RLIMIT_CPU", CPU_S),
        ("RLIMIT_AS", MEMORY_BYTES),
        ("RLIMIT_FSIZE", 1 << 20),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_CORE", 0),
    ])
}

/// A runner's process.
#[derive(Debug)]
struct Runner {
    interpreter: Interpreter,
    protection: Protection,
    site: Option<PathBuf>,
    running: Option<sandbox::Running>,
    /// The processor time of its children so far, which the system reports only after its end.
    used: Duration,
    scratch: tempfile::TempDir,
}

impl Drop for Runner {
    fn drop(&mut self) {
        budget::discharge(self.used);
    }
}

impl Runner {
    /// A runner that is not started yet.
    ///
    /// # Errors
    /// There is no space for its scratch folder.
    fn new(interpreter: &Interpreter, protection: Protection, site: Option<PathBuf>) -> std::io::Result<Self> {
        let scratch = scratch::folder()?;
        Ok(Self { interpreter: interpreter.clone(), protection, site, running: None, used: Duration::ZERO, scratch })
    }

    /// Asks for something in a fresh child. The answer must begin with a nonce that the submission cannot know.
    ///
    /// # Errors
    /// The runner cannot be started, or is broken: the grader's own failure, in one sentence.
    fn ask(&mut self, message: &[u8], cache: Option<&[u8]>, nonce: &str) -> Result<Heard, String> {
        let running = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        let mut talk = Talk { running, deadline: now() + WALL };
        match talk.exchange(message, cache) {
            Ok((header, body)) => {
                let header: Header = serde_json::from_slice(&header)
                    .map_err(|error| format!("the runner of Python says nonsense: {error}"))?;
                if header.stuck {
                    self.gone();
                    return Ok(Heard::OutOfTime(body));
                }
                let used = Duration::from_millis(header.cpu_ms);
                budget::charge(used);
                self.used += used;
                self.running = Some(talk.running);
                Ok(read(header, &body, nonce))
            }
            Err(lost) => {
                self.gone();
                match lost {
                    Lost::Late => Ok(Heard::OutOfTime(Vec::new())),
                    Lost::Gone(error) => Err(Self::ending(talk.running, &error)),
                }
            }
        }
    }

    /// Forgets the process: the next request starts another one.
    fn gone(&mut self) {
        budget::discharge(std::mem::take(&mut self.used));
    }

    /// The last output of a runner that has ended.
    fn ending(running: sandbox::Running, error: &std::io::Error) -> String {
        let finished = match running.finish() {
            Ok(finished) => finished,
            Err(not_run) => return not_run.to_string(),
        };
        let said = String::from_utf8_lossy(&finished.said);
        let last = said.lines().last().unwrap_or("it says nothing");
        format!("the runner of Python is gone ({error}; {last}); see `grader doctor`")
    }

    fn start(&self) -> Result<sandbox::Running, String> {
        // Not `-I`, which has it take no notice of its environment: that is ours alone, and has the seed of its hashes.
        let arguments = ["-s", "-P", "-S", "-B", "-X", "utf8", "-c", BOOT].map(OsString::from);
        let mut readable = self.interpreter.readable();
        readable.extend(self.site.clone());
        // One heap for all threads: only one of them runs at a time.
        let environment =
            [("PYTHONHASHSEED", "0"), ("MALLOC_ARENA_MAX", "1")].map(|(name, value)| (name, OsString::from(value)));
        let limits = sandbox::Limits {
            // It lives as long as it is used; each request has a deadline of its own.
            wall: Duration::from_hours(24),
            cpu_s: 3600,
            memory_bytes: 2 * MEMORY_BYTES,
            file_bytes: 1 << 20,
            output_bytes: 1 << 16,
        };
        let job = sandbox::Job {
            program: &self.interpreter.program,
            arguments: &arguments,
            scratch: self.scratch.path(),
            writes: self.site.is_some(),
            readable: &readable,
            environment: &environment,
            starts_programs: false,
            forks: true,
            limits,
            protection: self.protection,
        };
        let running = sandbox::start(&job).map_err(|error| error.to_string())?;
        let filter =
            if self.protection == Protection::Sandbox { hex(&sandbox::child_filter()?) } else { String::new() };
        let modules: BTreeMap<_, _> = MODULES.iter().copied().collect();
        let settings = json!({ "modules": modules, "filter": filter, "body_max": BODY_MAX, "tests": self.site.is_some(), "path": self.site });
        let mut talk = Talk { running, deadline: now() + WALL };
        match talk.send(settings.to_string().as_bytes()).and_then(|()| talk.receive(HEADER_MAX)) {
            Ok(_) => Ok(talk.running),
            Err(Lost::Late) => Err("the runner of Python did not start in time; see `grader doctor`".to_owned()),
            Err(Lost::Gone(error)) => Err(Self::ending(talk.running, &error)),
        }
    }
}

/// Interprets a child's bytes: they are an answer only if they begin with the nonce and are complete plain data of the
/// known form.
fn read(header: Header, body: &[u8], nonce: &str) -> Heard {
    let said = after_marks(body);
    if said.is_empty() || header.too_much {
        return Heard::Silent(header, body.to_vec());
    }
    let reply = said.strip_prefix(nonce.as_bytes()).and_then(|json| serde_json::from_slice::<Reply>(json).ok());
    match reply {
        Some(reply) if header.exit == Some(0) => Heard::Reply(header, Box::new(reply)),
        Some(_) => Heard::Silent(header, body.to_vec()),
        None => Heard::Gibberish,
    }
}

/// The lines before the answer: a child's progress, for a run that ends before its answer. They need no nonce: they are used only if
/// there is no answer.
pub(super) fn marks(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n').map_while(|line| line.strip_prefix(&[MARK]))
}

/// What follows those lines. The last of them may be cut off.
fn after_marks(mut body: &[u8]) -> &[u8] {
    while body.first() == Some(&MARK) {
        let end = body.iter().position(|byte| *byte == b'\n').map_or(body.len(), |at| at + 1);
        body = &body[end..];
    }
    body
}

/// Why no frame was received.
enum Lost {
    /// The deadline came first.
    Late,
    /// The pipe is broken.
    Gone(std::io::Error),
}

/// A conversation with a deadline.
struct Talk {
    running: sandbox::Running,
    deadline: Instant,
}

impl Talk {
    fn send(&mut self, text: &[u8]) -> Result<(), Lost> {
        let length = u32::try_from(text.len()).map_err(|error| Lost::Gone(std::io::Error::other(error)))?;
        let Some(stdin) = self.running.stdin.as_mut() else {
            return Err(Lost::Gone(std::io::ErrorKind::BrokenPipe.into()));
        };
        // Writing does not block for long: the runner reads whenever none of its children is running, and none is now.
        stdin.write_all(&length.to_le_bytes()).and_then(|()| stdin.write_all(text)).map_err(Lost::Gone)?;
        stdin.flush().map_err(Lost::Gone)
    }

    /// Sends a request and receives both frames of the answer.
    fn exchange(&mut self, message: &[u8], cache: Option<&[u8]>) -> Result<(Vec<u8>, Vec<u8>), Lost> {
        self.send(message)?;
        if let Some(source) = cache {
            self.send(source)?;
        }
        let header = self.receive(HEADER_MAX)?;
        let body = self.receive(BODY_MAX)?;
        Ok((header, body))
    }

    fn receive(&mut self, most: usize) -> Result<Vec<u8>, Lost> {
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > most {
            return Err(Lost::Gone(std::io::Error::other("an answer is longer than the runner makes any")));
        }
        let mut frame = vec![0; length];
        self.fill(&mut frame)?;
        Ok(frame)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Lost> {
        let mut filled = 0;
        while filled < buffer.len() {
            if !machine::is_readable_before(&self.running.stdout, self.deadline).map_err(Lost::Gone)? {
                self.running.kill();
                return Err(Lost::Late);
            }
            match self.running.stdout.read(&mut buffer[filled..]).map_err(Lost::Gone)? {
                0 => return Err(Lost::Gone(std::io::ErrorKind::UnexpectedEof.into())),
                count => filled += count,
            }
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a process of the host is on the host's clock")]
fn now() -> Instant {
    Instant::now()
}

/// Different for every request, and not to be guessed.
fn nonce() -> String {
    format!("{:016x}{:016x}", random_number(), random_number())
}

fn hex(bytes: &[u8]) -> String {
    crate::host::digest::hex(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_before_the_answer_are_no_part_of_it() {
        let check = |body: &[u8], said: &[&str], rest: &[u8]| {
            let said: Vec<&[u8]> = said.iter().map(|line| line.as_bytes()).collect();
            assert_eq!((marks(body).collect::<Vec<_>>(), after_marks(body)), (said, rest));
        };
        check(b"", &[], b"");
        check(b"nonce{}", &[], b"nonce{}");
        check(b"\x1ea\n\x1eb\nnonce{}", &["a", "b"], b"nonce{}");
        // Cut off in the middle of a line.
        check(b"\x1ea\n\x1eb", &["a", "b"], b"");
        check(b"\x1ea\nforged", &["a"], b"forged");
    }
}
