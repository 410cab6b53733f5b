//! A submission graded, built or run in a process of its own, which may die: whatever a source does to the reader, the
//! compiler or the judge, only this one report loses marks.
//!
//! The grader starts itself again with [`itself::GRADE`], writes an [`Order`] to its standard input, and reads lines of JSON from
//! its standard output: progress, questions about known bugs, and finally the report. Known bugs belong to the pack, not to the
//! submission: the time for them is not charged to it, nor the time for things that are made once on a machine.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use cachedojo_judge::Report;
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_judge::report::Handed;
use cachedojo_lab::event::Event;
use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

use crate::course;
use crate::host::files::read_plain;
use crate::host::outcome::{UsageError, say as tell};
use crate::host::process::{Cut, Group, Watched, is_from_outside, watch};
use crate::host::sandbox::Protection;
use crate::host::{budget, cache, itself, machine, progress, scratch};
use crate::intake::submission::Submission;
use crate::language;
use crate::language::toolchain::{Extra, Limits, Rejected};
use crate::pack::Pack;
use crate::run::bench::Bench;
use crate::run::in_page::NotInPage;
use crate::run::mutants::{self, Rows};
use crate::run::parent::{Answer, Line, have_made, now_running, say, service_progress};
use crate::run::script::{self, Asked};
use crate::run::stop::Stop;
use crate::run::suite;

/// Wall time, for waiting that uses no processor time: far more than the processor time that any grading has, so that a busy machine
/// ends none. No submission can wait, so this means a machine in trouble.
pub(crate) const WALL: Duration = Duration::from_mins(10);
const _: () = assert!(WALL.as_secs() >= 3 * budget::LONGEST.as_secs());
/// The most bytes of its stderr that are read: a crash's last message.
const WORDS_BYTES: usize = 64 << 10;
/// The largest line that is read: a report.
const LINE_BYTES: u64 = 64 << 20;
/// Events of a run in one line.
const EVENTS_A_LINE: usize = 1_000;
/// The file of the scratch folder in which a module is returned.
const ARTIFACT: &str = "artifact";

/// The submission.
#[derive(Debug, Serialize, Deserialize)]
enum Given {
    /// What is at a path, whose name need not be UTF-8: as an `OsString` it crosses byte for byte.
    Path(OsString),
    /// Read elsewhere: it came by a queue.
    Read(Box<Submission>),
    /// A part of the pack, such as its solution, with a name: trusted.
    Part(CodeLanguage, String, BTreeMap<String, String>),
}

/// The work to do.
#[derive(Debug, Serialize, Deserialize)]
enum Work {
    /// Grade it with a seed, and write the report in a language.
    Grade(u64, Language),
    /// Run a script on it.
    Run(Asked),
    /// Only build it, for the page.
    Build,
}

/// An order in the form in which it crosses.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    sources: String,
    parent: u32,
    /// The lesson's id, if one is graded: a lesson's pack has no files of its own.
    lesson: Option<String>,
    pack: BTreeMap<String, String>,
    known_bugs: bool,
    given: Given,
    work: Work,
    protection: Protection,
    limits: Limits,
    /// The processor time of all of it.
    cpu: Duration,
    /// The rows beyond the checks that are tried too.
    with: Vec<Extra>,
    scratch: OsString,
    /// The folder that replaces the cache, if the cache cannot be written to.
    cache: Option<OsString>,
}

/// Grades what is at `path` in a process of its own. Cost: that of [`Bench::grade_path`], and some 10 ms.
///
/// # Errors
/// There is nothing readable at `path`, the pack is invalid, `stop` was called, or this machine fails.
pub fn grade(bench: &Bench<'_>, path: &Path, seed: u64, language: Language, stop: &Stop) -> Result<Report> {
    grade_given(bench, Given::Path(path.into()), seed, language, stop)
}

/// Grades a submission that was read elsewhere, in a process of its own. The report is the same as [`grade`]'s on the same files.
///
/// # Errors
/// As [`grade`].
pub fn grade_read(bench: &Bench<'_>, read: Submission, seed: u64, language: Language, stop: &Stop) -> Result<Report> {
    grade_given(bench, Given::Read(Box::new(read)), seed, language, stop)
}

/// Grades a part of the pack, such as its solution, in a process of its own, like a submission.
///
/// # Errors
/// As [`grade`].
pub fn grade_part(
    bench: &Bench<'_>,
    code: CodeLanguage,
    name: &str,
    files: BTreeMap<String, String>,
    seed: u64,
    language: Language,
) -> Result<Report> {
    grade_given(bench, Given::Part(code, name.to_owned(), files), seed, language, &Stop::default())
}

fn grade_given(bench: &Bench<'_>, given: Given, seed: u64, language: Language, stop: &Stop) -> Result<Report> {
    if let Some(lesson) = &bench.pack.lesson {
        // The other process finds them in the cache: the compiler's time is not charged to the submission.
        bench.prepare_lesson(lesson)?;
    }
    // What is read already has its digest; a path is read again only where the other process ends before it tells what it read.
    let (shown, handed) = match &given {
        Given::Path(path) => (PathBuf::from(path), None),
        Given::Read(submission) => {
            (PathBuf::from(&submission.path), Some((Handed::Something, submission.sha256.clone())))
        }
        Given::Part(_, name, _) => (PathBuf::from(name), Some((Handed::Something, String::new()))),
    };
    let home = scratch::folder().context("making a scratch folder")?;
    match work(bench, given, Work::Grade(seed, language), stop, home.path())?.last {
        Line::Report(report) => Ok(*report),
        Line::Rejected(why) => {
            let (handed, digest) = handed.unwrap_or_else(|| bench.handed_at(&shown));
            Ok(bench.rejected(&shown, (handed, &digest), seed, why))
        }
        _ => bail!("the grading process answers something else"),
    }
}

/// Runs a script on what is at `path`, in a process of its own, and returns the events.
///
/// # Errors
/// There is nothing readable at `path`; the submission cannot be run ([`Rejected`]); or this machine fails.
pub fn run(bench: &Bench<'_>, path: &Path, asked: Asked) -> Result<Vec<Event>> {
    let home = scratch::folder().context("making a scratch folder")?;
    let worked = work(bench, Given::Path(path.into()), Work::Run(asked), &Stop::default(), home.path())?;
    match worked.last {
        Line::Done => Ok(worked.events),
        Line::Rejected(rejected) => Err(rejected.into()),
        _ => bail!("the grading process answers something else"),
    }
}

/// Builds what is at `path`, in a process of its own, and returns the module that runs in the page.
///
/// # Errors
/// As [`run`]; what does not run in the page is a [`NotInPage`].
pub fn build(bench: &Bench<'_>, path: &Path, stop: &Stop) -> Result<Vec<u8>> {
    let home = scratch::folder().context("making a scratch folder")?;
    match work(bench, Given::Path(path.into()), Work::Build, stop, home.path())?.last {
        Line::Done => read_plain(&home.path().join(ARTIFACT), budget::FILE_BYTES).context("reading the module"),
        Line::Rejected(rejected) => Err(rejected.into()),
        Line::NotInPage(why) => Err(why.into()),
        _ => bail!("the grading process answers something else"),
    }
}

/// The result of an order.
struct Worked {
    events: Vec<Event>,
    last: Line,
}

/// Has an order executed in a process of its own. Files that it leaves behind when it dies are removed with `home`.
fn work(bench: &Bench<'_>, given: Given, work: Work, stop: &Stop, home: &Path) -> Result<Worked> {
    let seed = if let Work::Grade(seed, _) = work { seed } else { 0 };
    let is_of_tests = bench.pack.exercise.interface == InterfaceKind::Tests;
    let cpu = if is_of_tests { budget::TESTS } else { budget::GRADING };
    // Opened first, so that both processes use the same replacement of the cache.
    drop(cache::place());
    let order = Order {
        sources: itself::SOURCES.to_owned(),
        parent: std::process::id(),
        lesson: bench.pack.lesson.as_ref().map(|lesson| lesson.id.clone()),
        pack: bench.pack.files.clone(),
        known_bugs: !bench.pack.exercise.mutants.is_empty(),
        given,
        work,
        protection: bench.protection,
        limits: bench.limits,
        cpu,
        with: bench.with.clone(),
        scratch: home.into(),
        cache: cache::stand_in().map(PathBuf::into_os_string),
    };
    let order = serde_json::to_vec(&order).context("handing the order on")?;
    let mut command = itself::again(itself::GRADE).map_err(|why| anyhow!(why))?;
    // In a group of its own: Ctrl-C for this process ends the other one only through this one.
    machine::in_own_group(&mut command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("starting a process to grade in")?;
    let group = Group::of(&child);
    let (stdin, stdout) = child.stdin.take().zip(child.stdout.take()).context("its pipes are missing")?;
    stop.begin(&group);
    let (spoken, watched) = std::thread::scope(|scope| {
        // The child is killed with the thread that started it, which is this one: so the other thread watches.
        let watching = scope.spawn(|| watch(child, &group, WALL, WORDS_BYTES));
        let spoken = converse(bench, seed, &order, stdin, stdout);
        if !matches!(spoken, Ok((Some(_), ..))) {
            // Its output was not usable, so its end is not awaited.
            group.kill();
        }
        (spoken, watching.join())
    });
    stop.ended(&group);
    ensure!(!stop.is_stopped(), "it was stopped");
    let watched = watched.map_err(|_| anyhow!("the watcher failed"))?;
    match spoken {
        Ok((Some(Line::Usage(why)), ..)) => Err(UsageError(why).into()),
        Ok((Some(Line::Failed(why)), ..)) => bail!(why),
        Ok((Some(last), _, events)) => Ok(Worked { events, last }),
        Err(Broken::Here(error)) => Err(error),
        Ok((None, running, _)) | Err(Broken::There(running)) => {
            Ok(Worked { events: Vec::new(), last: Line::Rejected(died(running, cpu, &watched)?) })
        }
    }
}

/// Why a conversation broke off.
enum Broken {
    /// This side failed.
    Here(anyhow::Error),
    /// The other side is gone, or sent nonsense; and whether it was running the submission by then.
    There(bool),
}

/// The last line, whether the submission was running by then, and the events.
type Spoken = (Option<Line>, bool, Vec<Event>);

/// Sends the order, answers questions, and reads the rest.
fn converse(
    bench: &Bench<'_>,
    seed: u64,
    order: &[u8],
    mut stdin: ChildStdin,
    stdout: ChildStdout,
) -> std::result::Result<Spoken, Broken> {
    let (mut running, mut events) = (false, Vec::new());
    let mut say = |bytes: &[u8], running: bool| {
        stdin.write_all(bytes).and_then(|()| stdin.write_all(b"\n")).map_err(|_| Broken::There(running))
    };
    let json =
        |value: std::result::Result<Vec<u8>, serde_json::Error>| value.map_err(|error| Broken::Here(error.into()));
    say(order, running)?;
    let mut lines = BufReader::new(stdout);
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return Ok((None, running, events));
        }
        match serde_json::from_slice(&line).map_err(|_| Broken::There(running))? {
            Line::Running => running = true,
            Line::Prepare(language) => {
                if bench.pack.exercise.interface == InterfaceKind::Tests {
                    suite::prepare(bench, language).map_err(Broken::Here)?;
                } else {
                    bench.toolchain(language).map_err(Broken::Here)?;
                }
                say(b"", running)?;
            }
            Line::Make(what) => {
                let made = language::make(&what, &tell).map_err(|why| why.to_string());
                say(&json(serde_json::to_vec(&made))?, running)?;
            }
            Line::Learn(language, ids) => {
                let answer = learn(bench, language, &ids, seed).map_err(Broken::Here)?;
                say(&json(serde_json::to_vec(&answer))?, running)?;
            }
            Line::Events(more) => events.extend(more),
            Line::Progress(tried, of) => bench.tell_progress(tried, of),
            Line::Service(progress) => bench.tell_service(&progress),
            last => return Ok((Some(last), running, events)),
        }
    }
}

fn learn(bench: &Bench<'_>, language: CodeLanguage, ids: &[String], seed: u64) -> Result<Answer> {
    let specs = bench.pack.exercise.mutants.iter().filter(|spec| ids.contains(&spec.id)).collect::<Vec<_>>();
    ensure!(specs.len() == ids.len(), "the pack has no such known bug");
    let known = mutants::fingerprints(bench, language, &specs, Rows::Killers, seed)?;
    Ok(known.into_iter().map(|known| known.map_err(|error| format!("{error:#}"))).collect())
}

/// What the end of a process without a report, which had so much processor time, says about the submission.
///
/// # Errors
/// Nothing: this machine, or a person, ended it.
fn died(running: bool, cpu: Duration, watched: &Watched) -> Result<Rejected> {
    let words = String::from_utf8_lossy(&watched.said);
    let signal = watched.status.and_then(machine::signal_of);
    let at = if running { "running it" } else { "reading and compiling it" };
    let overflow = words.contains("overflowed its stack");
    let memory = words.contains("memory allocation of");
    let out_of_time = watched.cpu >= cpu;
    let what = match signal {
        _ if watched.cut == Some(Cut::Wall) => {
            bail!("grading stood still for {} s: this machine is in trouble", WALL.as_secs())
        }
        _ if overflow => format!("{at} overflowed the grader's stack: it is nested too deeply"),
        _ if memory => format!("{at} took more than {} MiB of memory", budget::DATA_BYTES >> 20),
        Some(machine::SIGXCPU) => too_long(at, cpu),
        Some(machine::SIGKILL) if out_of_time => too_long(at, cpu),
        Some(signal) if is_from_outside(signal) => bail!(
            "the process that graded was killed from outside (signal {signal}) while {at}: is there memory left? Grade it again"
        ),
        Some(machine::SIGXFSZ) => bail!("a file of the grader's own grew too big (`ulimit -f`): see `grader doctor`"),
        Some(signal) => format!("{at} ended the grader's own process (signal {signal})"),
        // It ended by itself: not the submission's fault.
        None => bail!("the grading process ended without a report: {}", words.lines().last().unwrap_or("no word")),
    };
    Ok(Rejected::build_failed(&format!("{what}; the submission gets no marks")))
}

fn too_long(at: &str, cpu: Duration) -> String {
    format!("{at} took more than the {} s of processor time that a grading has", cpu.as_secs())
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
    machine::confine_grading(order.parent, order.cpu)?;
    budget::begin();
    let scratch = Path::new(&order.scratch);
    scratch::borrow(scratch);
    if let Some(folder) = &order.cache {
        cache::borrow(Path::new(folder));
    }
    cache::leave_making_to(have_made);
    progress::report_to(service_progress);
    let mut pack = match &order.lesson {
        Some(id) => course::load(id)?,
        None => Pack::from_files(order.pack)?,
    };
    if !order.known_bugs {
        pack.exercise.mutants.clear();
    }
    let mut bench = Bench::open(&pack, order.protection == Protection::Trust)?;
    (bench.limits, bench.apart, bench.with) = (order.limits, true, order.with);
    say(&obeyed(&bench, order.given, order.work, scratch)?)
}

/// Executes the order, and returns the last line.
fn obeyed(bench: &Bench<'_>, given: Given, work: Work, scratch: &Path) -> Result<Line> {
    let languages = &bench.pack.exercise.languages;
    let submission = match (&work, given) {
        (Work::Grade(seed, language), Given::Path(path)) => {
            return Ok(Line::reported(bench.grade_path(Path::new(&path), *seed, *language)?));
        }
        (_, Given::Path(path)) => match Submission::read(Path::new(&path), languages) {
            Ok(submission) => submission,
            Err(error) => return Ok(Line::Usage(error.of(&bench.pack.exercise).to_string())),
        },
        (_, Given::Read(submission)) => *submission,
        (_, Given::Part(language, name, files)) => Submission::of(language, &name, files)
            .with_context(|| format!("the pack's {name} in {} has no file to begin with", language.name()))?,
    };
    if let Work::Grade(seed, language) = work {
        return Ok(Line::reported(bench.grade(&submission, seed, language)?));
    }
    bench.check_trusted(&submission)?;
    let built = match bench.build(&submission) {
        Ok(built) => built,
        Err(rejected) => return Ok(Line::Rejected(rejected)),
    };
    if let Work::Run(asked) = work {
        now_running()?;
        let mut fresh = || built.factory.subject(&bench.limits).map_err(|error| error.to_string());
        let events = script::run(bench.pack.exercise.interface, &asked, &mut fresh)?;
        for some in events.chunks(EVENTS_A_LINE) {
            say(&Line::Events(some.to_vec()))?;
        }
    } else {
        let toolchain = bench.toolchain(submission.language)?;
        if let Some(why) = NotInPage::of(bench.pack.exercise.interface, toolchain, &built) {
            return Ok(Line::NotInPage(why));
        }
        std::fs::write(scratch.join(ARTIFACT), &built.artifact).context("writing the module")?;
    }
    Ok(Line::Done)
}
