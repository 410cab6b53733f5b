//! A Python submission as a subject: each call is one run, in a child process of its own. A second call of one subject makes the
//! earlier ones again in that process, so that it finds what they left behind.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cachedojo_lab::schedule::{Observed, Plan, Schedule, Switch};
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response};

use super::process::{Heard, Runners};
use super::story::{self, Entrance};
use super::wire::{self, ANSWER_BYTES_MAX, Ask, Header, LINES_MAX, Outcome, Raised, Reply};
use crate::host::{budget, machine, printable};
use crate::language::toolchain::{Factory, Limits, NotStarted};

/// The function of `line-cache`.
pub const SIMULATE: &str = "simulate_distributed_cache";

/// The most steps (instructions of the submission's own code; half as many lines) of one run: a third at most of the processor time
/// that it may take.
const STEPS_MAX: u64 = 10_000_000;
/// The work of all runs of a submission together, in steps; further runs are cut off. That of a right program is half of it. It
/// is counted and not timed, so that a slower machine gives the same report as long as the grading's processor time lasts there.
const WORK_MAX: u64 = 40_000_000;
/// What a run costs beside its steps: a process, and the import.
const RUN_WORK: u64 = 15_000;
/// And what a thread costs.
const THREAD_WORK: u64 = 500;
/// The processor time after which a run that was killed is one without an end, in milliseconds.
const OUT_OF_TIME_MS: u64 = 15_000;
/// Between a look at what threads share and a change after it are at least so many instructions: whether it was so is tested, and what
/// is changed is fetched.
const STRIDE: u32 = 3;
/// About how many instructions a line has, because calm runs count lines.
const STEPS_A_LINE: u64 = 4;

/// A submission that can be run. Clones share its state.
#[derive(Debug, Clone)]
pub struct Program {
    files: Arc<BTreeMap<String, String>>,
    entry: Arc<str>,
    runners: Arc<Runners>,
    /// The lengths of calm runs, by their commands: a priority plan needs to know how long a run is.
    lengths: Arc<Mutex<BTreeMap<u64, u64>>>,
    /// The work of all runs so far.
    work: Arc<AtomicU64>,
}

impl Program {
    /// A program of these files, with the root file `entry`.
    pub fn new(files: BTreeMap<String, String>, entry: &str, runners: Arc<Runners>) -> Self {
        Self { files: Arc::new(files), entry: entry.into(), runners, lengths: Arc::default(), work: Arc::default() }
    }

    /// A fresh subject.
    pub fn python_subject(&self) -> PythonSubject {
        PythonSubject {
            program: self.clone(),
            schedule: Schedule::new(Plan::Calm),
            earlier: Vec::new(),
            crashed: None,
            observed: None,
        }
    }

    /// The root file, for a story.
    fn entrance(&self) -> Entrance<'_> {
        let text = self.files.get(&*self.entry).map_or("", String::as_str);
        Entrance { name: &self.entry, text }
    }

    fn run(&self, calls: Calls<'_>, schedule: &Schedule, random: u64) -> Result<Heard, String> {
        let plan = match &schedule.plan {
            Plan::Calm => wire::Plan::Calm,
            Plan::Walk { seed } => wire::Plan::Walk { seed: *seed },
            Plan::Pct { seed } => wire::Plan::Pct { seed: *seed, length: self.length(calls, random)? },
            Plan::Replay(switches) => {
                wire::Plan::Replay { switches: switches.iter().map(|it| (it.thread, it.step, it.to)).collect() }
            }
        };
        let heard = self.run_planned(calls, &plan, schedule.any_moment, random)?;
        if let (Plan::Calm, Heard::Reply(_, reply)) = (&schedule.plan, &heard)
            && let Some(observed) = &reply.observed
        {
            let length = observed.steps.saturating_mul(STEPS_A_LINE);
            self.lengths.lock().unwrap_or_else(PoisonError::into_inner).insert(digest(calls), length);
        }
        Ok(heard)
    }

    /// About how many steps a run with these commands takes, found by a calm run.
    fn length(&self, calls: Calls<'_>, random: u64) -> Result<u64, String> {
        let known = || self.lengths.lock().unwrap_or_else(PoisonError::into_inner).get(&digest(calls)).copied();
        if known().is_none() {
            self.run(calls, &Schedule::new(Plan::Calm), random)?;
        }
        Ok(known().unwrap_or(1_000))
    }

    fn run_planned(
        &self,
        Calls { earlier, commands }: Calls<'_>,
        plan: &wire::Plan,
        any_moment: bool,
        random: u64,
    ) -> Result<Heard, String> {
        // A calm run counts lines.
        let steps_max = if matches!(plan, wire::Plan::Calm) { STEPS_MAX / 2 } else { STEPS_MAX };
        let ask = Ask::Run {
            entry: &self.entry,
            item: SIMULATE,
            commands,
            earlier,
            schedule: plan,
            any_moment,
            steps_max,
            random,
            lines_max: LINES_MAX,
            bytes_max: ANSWER_BYTES_MAX,
        };
        let heard = self.runners.ask(&ask, &self.files)?;
        let work = match &heard {
            Heard::Reply(_, reply) => reply
                .observed
                .as_ref()
                .map_or(0, |seen| seen.steps * STEPS_MAX / steps_max + u64::from(seen.threads) * THREAD_WORK),
            // Nobody counted, so the most is charged.
            Heard::Silent(..) | Heard::Gibberish | Heard::OutOfTime(_) => STEPS_MAX,
        };
        self.work.fetch_add(RUN_WORK + work, Ordering::Relaxed);
        Ok(heard)
    }
}

/// The commands of a subject's calls.
#[derive(Debug, Clone, Copy, Hash)]
struct Calls<'a> {
    /// Those of calls that were answered before.
    earlier: &'a [Vec<String>],
    /// Those whose answers are asked for.
    commands: &'a [String],
}

/// A name for calls, used only within this process.
fn digest(calls: Calls<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    calls.hash(&mut hasher);
    hasher.finish()
}

impl Factory for Program {
    fn subject(&self, _: &Limits) -> Result<Box<dyn Subject>, NotStarted> {
        Ok(Box::new(self.python_subject()))
    }
}

/// A submission in a world.
#[derive(Debug)]
pub struct PythonSubject {
    program: Program,
    schedule: Schedule,
    /// The commands of its calls so far.
    earlier: Vec<Vec<String>>,
    crashed: Option<Crash>,
    observed: Option<wire::Observed>,
}

impl PythonSubject {
    fn simulate(&mut self, world: &World, commands: &[String]) -> Result<Response, Crash> {
        // Python's `random` is seeded with a copy of the world's next number, without drawing it: it cannot be known
        // whether a run used randomness.
        let random = world.random.clone().next_u64();
        let heard = self.program.run(Calls { earlier: &self.earlier, commands }, &self.schedule, random);
        self.earlier.push(commands.to_vec());
        match heard.map_err(|message| Crash::Machine { message })? {
            Heard::Reply(_, reply) => {
                let Reply { outcome, observed } = *reply;
                self.observed = observed;
                response(outcome)
            }
            Heard::Silent(header, _) => Err(silent(&header)),
            Heard::Gibberish => Err(Crash::Gibberish),
            Heard::OutOfTime(_) => Err(Crash::OutOfFuel),
        }
    }
}

impl Subject for PythonSubject {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        if let Some(crash) = &self.crashed {
            return Err(crash.clone());
        }
        let is_over = budget::left_to_run().is_some_and(|left| left.is_zero());
        if is_over || self.program.work.load(Ordering::Relaxed) > WORK_MAX {
            return Err(Crash::CutOff);
        }
        let answer = match request {
            Request::Simulate(commands) => self.simulate(world, commands),
            other => Ok(Response::NotImplemented { item: other.item().to_owned() }),
        };
        if let Err(crash) = &answer {
            self.crashed = Some(crash.clone());
        }
        answer
    }

    fn set_schedule(&mut self, schedule: &Schedule) -> bool {
        self.schedule = schedule.clone();
        true
    }

    fn observed(&self) -> Option<Observed> {
        let seen = self.observed.as_ref()?;
        let whole = seen.switch_count == seen.switches.len() as u64;
        let switches = || seen.switches.iter().map(|&(thread, step, to)| Switch { thread, step, to }).collect();
        Some(Observed {
            started: seen.threads,
            steps: seen.steps,
            stride: STRIDE,
            switches: whole.then(switches),
            story: self
                .schedule
                .story
                .map_or_else(Vec::new, |language| story::tell(&self.program.entrance(), seen, language)),
        })
    }
}

/// The response or crash that a run's answer means.
fn response(outcome: Outcome) -> Result<Response, Crash> {
    match outcome {
        Outcome::Lines { lines } => Ok(Response::Lines(lines)),
        Outcome::Missing {} => Ok(Response::NotImplemented { item: SIMULATE.to_owned() }),
        Outcome::NoList { kind } => Err(unfit(&format!("returned a `{kind}`, not a list of strings"))),
        Outcome::Raised(raised) => Err(Crash::Raised { message: printable::harmless(&exception_text(&raised)) }),
        Outcome::Deadlock { waits } => {
            Err(Crash::Deadlock { waits: waits.iter().map(|wait| printable::harmless(wait)).collect() })
        }
        Outcome::Steps {} => Err(Crash::OutOfFuel),
        Outcome::Memory {} => Err(Crash::OutOfMemory),
        Outcome::TooMuch {} => Err(Crash::TooMuchOutput),
        Outcome::Exit { code } => Err(Crash::Exit { code: u32::try_from(code).unwrap_or(1) }),
        Outcome::Forbidden { what } => Err(unfit(&format!("was ended because it {what}, which no submission may"))),
        Outcome::Checked { .. } | Outcome::Tests(_) => Err(Crash::Gibberish),
    }
}

/// An exception in one sentence: `KeyError: 'x' (main.py, line 12)`.
fn exception_text(raised: &Raised) -> String {
    let Raised { kind, message, file, line, thread } = raised;
    let place = if file.is_empty() { String::new() } else { format!(" ({file}, line {line})") };
    let thread = thread.as_ref().map(|thread| format!(" in thread {thread}")).unwrap_or_default();
    let words = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("{kind}{words}{place}{thread}")
}

fn unfit(message: &str) -> Crash {
    Crash::Unfit { message: printable::harmless(message) }
}

/// The crash of a run without an answer.
fn silent(header: &Header) -> Crash {
    if header.too_much {
        return Crash::TooMuchOutput;
    }
    match (header.signal, header.exit) {
        (Some(machine::SIGXCPU), _) => Crash::OutOfFuel,
        // Killed at the end of its processor time; an earlier kill comes from somebody else.
        (Some(machine::SIGKILL), _) if header.cpu_ms >= OUT_OF_TIME_MS => Crash::OutOfFuel,
        (Some(machine::SIGKILL), _) => {
            Crash::Machine { message: "the interpreter was killed from outside: is there memory left?".to_owned() }
        }
        (Some(machine::SIGSEGV | machine::SIGBUS), _) => unfit("ran out of the interpreter's stack"),
        (Some(signal), _) => unfit(&format!("was ended by signal {signal}")),
        (None, Some(code)) => Crash::Exit { code: code.unsigned_abs() },
        (None, None) => Crash::Gibberish,
    }
}
