//! A submission graded in a process of its own, which may die: whatever a source does to the reader, the compiler or the
//! judge, it costs this one report its marks, and nobody else's.
//!
//! The grader starts itself again with [`itself::GRADE`], hands it an [`Order`] on its standard input, and reads lines of
//! JSON from its standard output: what it is at, which known bugs it needs to be told about, and at last the report. The known
//! bugs are the pack's, not the submission's: learning them is not charged to it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, ExitCode, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use cachedojo_judge::Report;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_notation::text::Language;
use rustix::process::{Resource, Rlimit, Signal};
use serde::{Deserialize, Serialize};

use crate::course;
use crate::host::outcome::UsageError;
use crate::host::process::{Cut, Group, Watched, watch};
use crate::host::sandbox::Protection;
use crate::host::{budget, itself, kernel, scratch};
use crate::language::toolchain::{Limits, Rejected};
use crate::pack::Pack;
use crate::run::bench::Bench;
use crate::run::mutants::{self, Rows};
use crate::run::parent::{Answer, Line, say};

/// Time on the wall: for what uses none on a processor. No submission can wait, so this is a machine in trouble.
const WALL: Duration = Duration::from_mins(10);
/// Memory for data: what is written to, not what is only reserved. An honest grading takes a tenth of it.
const DATA_BYTES: u64 = 3 << 30;
/// Largest file that it writes: a kept module.
const FILE_BYTES: u64 = 64 << 20;
/// Most that is read of what it says on stderr: a crash's last words.
const WORDS_BYTES: usize = 64 << 10;
/// Largest line that is read of it: a report.
const LINE_BYTES: u64 = 64 << 20;

/// What is to be graded, as it crosses.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    sources: String,
    parent: i32,
    /// The lesson's id, where one is graded: its pack is no files of its own.
    lesson: Option<String>,
    pack: BTreeMap<String, String>,
    known_bugs: bool,
    path: PathBuf,
    seed: u64,
    language: Language,
    protection: Protection,
    limits: Limits,
    scratch: PathBuf,
}

/// A hold on gradings from outside: whoever asked for one may not want it any more.
#[derive(Debug, Default)]
pub struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    running: Vec<Group>,
}

impl Stop {
    /// Ends what is being graded under it, and begins nothing more.
    pub fn stop(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.stopped = true;
        state.running.iter().for_each(Group::kill);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stopped
    }

    fn begin(&self, group: &Group) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running.push(group.clone());
        if state.stopped {
            group.kill();
        }
    }

    fn ended(&self, group: &Group) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.running.retain(|running| !running.is(group));
    }
}

/// Grades what is at `path` in a process of its own. Cost: that of [`Bench::grade_path`], and some 10 ms.
///
/// # Errors
/// There is nothing at `path` that could be read, the pack is unsound, `stop` was called, or this machine fails.
pub fn grade(bench: &Bench<'_>, path: &Path, seed: u64, language: Language, stop: &Stop) -> Result<Report> {
    // What it leaves behind when it dies goes with this folder.
    let home = scratch::folder().context("making a scratch folder")?;
    let lesson = bench.pack.lesson.as_ref();
    if let Some(lesson) = lesson {
        // The other process finds them in the cache: the compiler's time is not charged to the submission.
        bench.prepare_lesson(lesson)?;
    }
    let order = Order {
        sources: itself::SOURCES.to_owned(),
        parent: rustix::process::getpid().as_raw_nonzero().get(),
        lesson: lesson.map(|lesson| lesson.id.clone()),
        pack: bench.pack.files.clone(),
        known_bugs: !bench.pack.exercise.mutants.is_empty(),
        path: path.to_owned(),
        seed,
        language,
        protection: bench.protection,
        limits: bench.limits,
        scratch: home.path().to_owned(),
    };
    let order = serde_json::to_vec(&order).context("this path cannot be handed on: give one that is UTF-8")?;
    let mut command = itself::again(itself::GRADE).map_err(|why| anyhow!(why))?;
    // A group of its own: what ends this process from the keyboard ends the other by way of this one.
    command.process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("starting a process to grade in")?;
    let group = Group::of(&child);
    let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).context("its pipes are missing")?;
    stop.begin(&group);
    let (spoken, watched) = std::thread::scope(|scope| {
        // It is killed with the thread that started it, which is this one: the watching is for the other.
        let watching = scope.spawn(|| watch(child, &group, WALL, WORDS_BYTES));
        let spoken = converse(bench, seed, &order, stdin, stdout);
        if !matches!(spoken, Ok((Some(_), _))) {
            // It said nothing that can be used, and is not waited for.
            group.kill();
        }
        (spoken, watching.join())
    });
    stop.ended(&group);
    ensure!(!stop.is_stopped(), "it was stopped");
    let watched = watched.map_err(|_| anyhow!("the watcher failed"))?;
    match spoken {
        Ok((Some(Line::Report(report)), _)) => Ok(*report),
        Ok((Some(Line::Usage(why)), _)) => Err(UsageError(why).into()),
        Ok((Some(Line::Failed(why)), _)) => bail!(why),
        Err(Broken::Here(error)) => Err(error),
        Ok((_, running)) | Err(Broken::There(running)) => died(bench, path, seed, running, &watched),
    }
}

/// Why a conversation has no end.
enum Broken {
    /// This side failed.
    Here(anyhow::Error),
    /// The other side is gone, or talks nonsense; and whether it was running the submission by then.
    There(bool),
}

/// Hands the order over, answers what is asked, and returns the last line, and whether the submission was being run.
fn converse(
    bench: &Bench<'_>,
    seed: u64,
    order: &[u8],
    mut stdin: ChildStdin,
    stdout: ChildStdout,
) -> std::result::Result<(Option<Line>, bool), Broken> {
    let mut running = false;
    let mut say = |bytes: &[u8], running: bool| {
        stdin.write_all(bytes).and_then(|()| stdin.write_all(b"\n")).map_err(|_| Broken::There(running))
    };
    say(order, running)?;
    let mut lines = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return Ok((None, running));
        }
        match serde_json::from_slice(&line).map_err(|_| Broken::There(running))? {
            Line::Running => running = true,
            Line::Prepare(language) => {
                bench.toolchain(language).map_err(Broken::Here)?;
                say(b"", running)?;
            }
            Line::Learn(language, ids) => {
                let answer = learn(bench, language, &ids, seed).map_err(Broken::Here)?;
                say(&serde_json::to_vec(&answer).map_err(|error| Broken::Here(error.into()))?, running)?;
            }
            last => return Ok((Some(last), running)),
        }
    }
}

fn learn(bench: &Bench<'_>, language: CodeLanguage, ids: &[String], seed: u64) -> Result<Answer> {
    let specs = bench.pack.exercise.mutants.iter().filter(|spec| ids.contains(&spec.id)).collect::<Vec<_>>();
    ensure!(specs.len() == ids.len(), "the pack has no such known bug");
    let known = mutants::fingerprints(bench, language, &specs, Rows::Killers, seed)?;
    Ok(known.into_iter().map(|known| known.map_err(|error| format!("{error:#}"))).collect())
}

/// What the end of the process says about the submission, where it left no report.
fn died(bench: &Bench<'_>, path: &Path, seed: u64, running: bool, watched: &Watched) -> Result<Report> {
    let words = String::from_utf8_lossy(&watched.said);
    let signal = watched.status.and_then(|status| status.signal());
    let at = if running { "running it" } else { "reading and compiling it" };
    let overflow = words.contains("overflowed its stack");
    let memory = words.contains("memory allocation of");
    let what = match signal {
        _ if watched.cut == Some(Cut::Wall) => {
            bail!("grading stood still for {} s: this machine is in trouble", WALL.as_secs())
        }
        _ if overflow => format!("{at} overflowed the grader's stack: it is nested too deeply"),
        _ if memory => format!("{at} took more than {} MiB of memory", DATA_BYTES >> 20),
        Some(libc::SIGXCPU | libc::SIGKILL) => {
            format!("{at} took more than the {} s of processor time that a grading has", budget::GRADING.as_secs())
        }
        Some(signal) => format!("{at} ended the grader's own process (signal {signal})"),
        // It ended by itself, and so it is no submission's doing.
        None => bail!("the grading process ended without a report: {}", words.lines().last().unwrap_or("no word")),
    };
    let rejected = Rejected::build_failed(&format!("{what}; the submission gets no marks"));
    Ok(bench.rejected(path, seed, rejected))
}

// ---- the other side ----

/// The hidden subcommand: grades one submission, as the order on standard input says.
pub fn obey(_: &[OsString]) -> ExitCode {
    match take_order() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let line = match error.downcast_ref::<UsageError>() {
                Some(usage) => Line::Usage(usage.0.clone()),
                None => Line::Failed(format!("{error:#}")),
            };
            if say(&line).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

fn take_order() -> Result<()> {
    let mut line = Vec::new();
    std::io::stdin().lock().read_until(b'\n', &mut line).context("reading the order")?;
    let order: Order = serde_json::from_slice(&line).context("reading the order")?;
    ensure!(order.sources == itself::SOURCES, "the grader beside this program is of other sources: build it first");
    confine(order.parent)?;
    budget::begin();
    scratch::borrow(&order.scratch);
    let mut pack = match &order.lesson {
        Some(id) => course::load(id)?,
        None => Pack::from_files(order.pack)?,
    };
    if !order.known_bugs {
        pack.exercise.mutants.clear();
    }
    let mut bench = Bench::open(&pack, order.protection == Protection::Trust)?;
    (bench.limits, bench.apart) = (order.limits, true);
    let report = bench.grade_path(&order.path, order.seed, order.language)?;
    say(&Line::Report(Box::new(report)))
}

/// The limits of the process. Its memory is that for data: wasmtime reserves address space that it never uses.
fn confine(parent: i32) -> Result<()> {
    kernel::close_on_exec_above_stderr().context("closing descriptors")?;
    let cpu = budget::GRADING.as_secs();
    for (resource, soft, hard) in [
        (Resource::Cpu, cpu, cpu + 1),
        (Resource::Data, DATA_BYTES, DATA_BYTES),
        (Resource::Fsize, FILE_BYTES, FILE_BYTES),
        (Resource::Core, 0, 0),
    ] {
        let most = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
        rustix::process::setrlimit(resource, limit).context("setting limits")?;
    }
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).context("dying with the grader")?;
    let still = rustix::process::getppid().is_some_and(|number| number.as_raw_nonzero().get() == parent);
    ensure!(still, "the grader is gone");
    Ok(())
}
