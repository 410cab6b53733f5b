//! A Python submission as a subject: each call is one run, in a child of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response};

use super::process::{Heard, Runner};
use super::wire::{ANSWER_BYTES_MAX, Ask, Header, LINES_MAX, Observed, Outcome, Plan, Raised, Reply};
use crate::host::printable;

/// The function of `line-cache`.
pub const SIMULATE: &str = "simulate_distributed_cache";

/// Most steps (instructions of the submission's own code) of one run.
pub const STEPS_MAX: u64 = 30_000_000;

/// A submission that can be run. Its clones share one runner.
#[derive(Debug, Clone)]
pub struct Program {
    files: Arc<BTreeMap<String, String>>,
    entry: Arc<str>,
    runner: Arc<Mutex<Runner>>,
}

impl Program {
    /// A program of these files, whose entrance is `entry`.
    pub fn new(files: BTreeMap<String, String>, entry: &str, runner: Runner) -> Self {
        Self { files: Arc::new(files), entry: entry.into(), runner: Arc::new(Mutex::new(runner)) }
    }

    /// A fresh subject.
    pub fn subject(&self) -> PythonSubject {
        PythonSubject { program: self.clone(), plan: Plan::Calm, any_moment: false, crashed: None, observed: None }
    }

    /// Runs the submission's function once.
    ///
    /// # Errors
    /// The grader's own failure, in a sentence.
    pub fn run(&self, commands: &[String], plan: &Plan, any_moment: bool, random: u64) -> Result<Heard, String> {
        let mut runner = self.runner.lock().unwrap_or_else(PoisonError::into_inner);
        runner.ask(
            &Ask::Run {
                entry: &self.entry,
                item: SIMULATE,
                commands,
                schedule: plan,
                any_moment,
                steps_max: STEPS_MAX,
                random,
                lines_max: LINES_MAX,
                bytes_max: ANSWER_BYTES_MAX,
            },
            &self.files,
        )
    }

    /// The text of a line of the submission's, for a story.
    pub fn line(&self, file: &str, number: u32) -> Option<&str> {
        self.files.get(file)?.lines().nth(usize::try_from(number).ok()?.checked_sub(1)?).map(str::trim)
    }
}

/// A submission in a world.
#[derive(Debug)]
pub struct PythonSubject {
    program: Program,
    plan: Plan,
    any_moment: bool,
    crashed: Option<Crash>,
    observed: Option<Observed>,
}

impl PythonSubject {
    /// Who runs when, from the next call on; and whether a sleep may be over at any moment.
    pub fn set_plan(&mut self, plan: Plan, any_moment: bool) {
        self.plan = plan;
        self.any_moment = any_moment;
    }

    /// What was observed of the last run.
    pub fn observed(&self) -> Option<&Observed> {
        self.observed.as_ref()
    }

    fn simulate(&mut self, world: &World, commands: &[String]) -> Result<Response, Crash> {
        // Python's `random` is seeded with what the world has next, which it keeps: whether a run asked cannot be told.
        let random = world.random.clone().next_u64();
        let heard = self.program.run(commands, &self.plan, self.any_moment, random);
        match heard.map_err(|message| Crash::Panic { message })? {
            Heard::Reply(_, reply) => {
                let Reply { outcome, observed } = *reply;
                self.observed = observed;
                response(outcome)
            }
            Heard::Silent(header) => Err(silent(&header)),
            Heard::Gibberish => Err(Crash::Gibberish),
            Heard::OutOfTime => Err(Crash::OutOfFuel),
        }
    }
}

impl Subject for PythonSubject {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        if let Some(crash) = &self.crashed {
            return Err(crash.clone());
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
}

/// How a run that answered ended, in the judge's words.
fn response(outcome: Outcome) -> Result<Response, Crash> {
    match outcome {
        Outcome::Lines { lines } => Ok(Response::Lines(lines)),
        Outcome::Missing {} => Ok(Response::NotImplemented { item: SIMULATE.to_owned() }),
        Outcome::NoList { kind } => Err(panic(format!("`{SIMULATE}` returned a `{kind}`, not a list of strings"))),
        Outcome::Raised(raised) => Err(panic(told(&raised))),
        Outcome::Deadlock { waits } => Err(panic(format!("deadlock: {}", waits.join("; ")))),
        Outcome::Steps {} => Err(Crash::OutOfFuel),
        Outcome::Memory {} => Err(Crash::OutOfMemory),
        Outcome::TooMuch {} => Err(Crash::TooMuchOutput),
        Outcome::Exit { code } => Err(Crash::Exit { code: u32::try_from(code).unwrap_or(1) }),
        Outcome::Forbidden { .. } | Outcome::Checked { .. } => Err(Crash::Gibberish),
    }
}

/// An exception in one sentence: `KeyError: 'x' (main.py, line 12)`.
fn told(raised: &Raised) -> String {
    let Raised { kind, message, file, line, thread } = raised;
    let place = if file.is_empty() { String::new() } else { format!(" ({file}, line {line})") };
    let thread = thread.as_ref().map(|thread| format!(" in thread {thread}")).unwrap_or_default();
    let words = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("{kind}{words}{place}{thread}")
}

fn panic(message: String) -> Crash {
    Crash::Panic { message: printable::harmless(&message) }
}

/// How a run that did not answer ended.
fn silent(header: &Header) -> Crash {
    if header.too_much {
        return Crash::TooMuchOutput;
    }
    match (header.signal, header.exit) {
        (Some(libc::SIGXCPU | libc::SIGKILL), _) => Crash::OutOfFuel,
        (Some(libc::SIGSEGV | libc::SIGBUS), _) => panic("the interpreter ran out of stack".to_owned()),
        (Some(signal), _) => panic(format!("the interpreter was ended by signal {signal}")),
        (None, Some(code)) => Crash::Exit { code: code.unsigned_abs() },
        (None, None) => Crash::Gibberish,
    }
}
