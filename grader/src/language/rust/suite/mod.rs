//! Tests as submissions, in Rust: compiled once, to a module whose calls leave it; the cache under test answers, in a second
//! module that contains all caches. Every test gets fresh instances of both, and one seeded scheduler for the threads of both.
//!
//! | module | what it does |
//! | --- | --- |
//! | `collect` | finds the tests, and changes them so that the compiler keeps them |
//! | `stage` | all caches in one module, compiled once on a machine |

mod collect;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cachedojo::random::Random;
use cachedojo_judge::pack::InterfaceKind;
use cachedojo_lab::schedule::{Plan, Schedule};
use cachedojo_lab::subject::panic_message;

use self::collect::{Collected, Found, Panics};
use crate::host::machine;
use crate::host::outcome::say;
use crate::host::printable::harmless;
use crate::host::sandbox::Protection;
use crate::intake::submission::Submission;
use crate::language::rust::companion::Companion;
use crate::language::rust::interface::Interface;
use crate::language::rust::prototype::Prototype;
use crate::language::rust::toolbox::{Target, Toolbox};
use crate::language::rust::{build, inspect};
use crate::language::suite::{Ended, Ran, SLOWER, Suite, Test, TestOutcome, TestRun, cost_ms};
use crate::language::threads::{Limits, Machine, Program, Stop, Surroundings};
use crate::language::toolchain::Rejected;

/// The time at which every test begins: noon of 1 January 2024, in seconds since 1970.
const START_S: u64 = 1_704_110_400;
/// The fuel of one test, both modules together: some twenty times what ten threads with a hundred calls each need.
const FUEL: u64 = 300_000_000;
const POINTS: u64 = 2_000_000;
const MEMORY_BYTES: u64 = 256 << 20;
/// Threads that live at once, of the tests and of the cache: many times what ten threads need.
const THREADS_MAX: usize = 1_000;
/// What a point at which threads may be switched counts for, in fuel.
const FUEL_A_POINT: u64 = 100;
/// What a test counts for: its start, in microseconds, and so much fuel a millisecond.
const START_US: u64 = 1_500;
const STEPS_A_MS: u64 = 120_000;
/// The processor time of a test: what the most steps take on a machine that is as slow as is allowed for.
const TEST_CPU: Duration = Duration::from_millis(SLOWER * ((FUEL + FUEL_A_POINT * POINTS) / STEPS_A_MS));
/// The seeds of random walks start here: the first two switch at one point in 16 and one in 32. That finds the races of ten
/// threads and costs a third of one in 8.
const WALKS: u64 = 21;
/// The most bytes of a failing test's output that are kept.
const WORDS_MAX: usize = 600;

/// A learner's tests, ready to be run against any cache.
#[derive(Debug)]
pub struct RustSuite {
    tests: Vec<Found>,
    silent: BTreeSet<String>,
    program: Program,
    stage: Program,
    /// The caches' numbers in the module that contains them, by name.
    numbers: BTreeMap<String, u32>,
}

/// Compiles all caches to one module, unless this machine has it.
///
/// # Errors
/// There is no compiler, or one of the caches does not build.
pub fn prepare(caches: &BTreeMap<String, String>, protection: Protection) -> Result<(), Rejected> {
    stage::module(&toolbox()?, caches, protection).map(drop)
}

fn toolbox() -> Result<Toolbox, Rejected> {
    Toolbox::open(Target::Threads, &say).map_err(|error| Rejected::harness(&error.to_string()))
}

impl RustSuite {
    /// A submission's tests. Cost: building it, and compiling two modules for this machine, some 0.3 s.
    ///
    /// # Errors
    /// They do not build, do what is forbidden, or this machine lacks a compiler.
    pub fn open(
        submission: &Submission,
        caches: &BTreeMap<String, String>,
        protection: Protection,
    ) -> Result<Self, Rejected> {
        let toolbox = toolbox()?;
        let module = stage::module(&toolbox, caches, protection)?;
        let Collected { files, tests, silent } = collect::collect(submission)?;
        let rewritten = Submission { files, ..submission.clone() };
        let interface = Interface {
            kind: InterfaceKind::Tests,
            prototype: Prototype::default(),
            allowed_crates: vec![FRONT.name.to_owned()],
            companion: Some(FRONT),
        };
        let inspection = inspect::inspect(&rewritten, &interface)?;
        let built = build::compile(&rewritten, &interface, &toolbox, protection, &inspection)?;
        let program = Program::new(&built.bytes).map_err(|why| Rejected::build_failed(&why))?;
        let stage = Program::new(&module).map_err(|why| Rejected::harness(&why))?;
        let numbers = (0..).zip(caches.keys()).map(|(number, name)| (name.clone(), number)).collect();
        Ok(Self { tests, silent, program, stage, numbers })
    }

    fn test(&self, at: usize, cache: u32, seed: u64) -> Result<(Test, Ended, Vec<String>), String> {
        let found = &self.tests[at];
        let mut test = Test {
            name: found.name.clone(),
            line: found.line,
            outcome: TestOutcome::Skipped,
            text: String::new(),
            threads: 0,
            operations: Vec::new(),
            calls: 0,
            slept: 0,
            steps: 0,
        };
        if found.ignored {
            return Ok((test, Ended::Done, Vec::new()));
        }
        let limits = Limits {
            fuel: FUEL,
            points: POINTS,
            memory_bytes: MEMORY_BYTES,
            live: THREADS_MAX,
            call_cpu: TEST_CPU,
            ..Limits::default()
        };
        let machine =
            self.program.start_before(&self.stage, cache, limits, &Schedule::new(Plan::Walk { seed: WALKS + seed }));
        let mut machine = machine.map_err(|error| error.to_string())?;
        let mut around =
            Surroundings { monotonic_ns: 1_000_000_000, wall_ns: START_S * 1_000_000_000, random: Random::new(seed) };
        let number = u32::try_from(at).map_err(|error| error.to_string())?;
        let ran: Result<u32, Stop> = machine.call(&mut around, "run", number);
        let observed = machine.observed_between().unwrap_or_default();
        test.slept = observed.sleeps;
        test.steps = machine.fuel() + FUEL_A_POINT * machine.points();
        test.calls = observed.operations.values().sum();
        let others: Vec<u64> =
            observed.operations.iter().filter(|(thread, _)| **thread != 0).map(|(_, calls)| *calls).take(200).collect();
        test.threads = u32::try_from(others.len()).unwrap_or(u32::MAX);
        test.operations = others;
        let mut ended = Ended::Done;
        let mut waits = Vec::new();
        let failed = match ran {
            Ok(1) if found.panics == Panics::Never => None,
            Ok(1) => Some("it was to panic, and did not".to_owned()),
            Ok(_) => Some(words(&machine, "it returned an error")),
            Err(Stop::Deadlock(threads)) => {
                ended = Ended::Deadlock;
                waits = threads.iter().take(6).map(|(thread, _)| format!("thread {thread} waits")).collect();
                Some(String::new())
            }
            Err(Stop::OutOfWork) => {
                ended = Ended::Steps;
                Some(String::new())
            }
            Err(stop) => failure(found, &machine, &stop, &observed.printed),
        };
        test.outcome = if failed.is_some() { TestOutcome::Failed } else { TestOutcome::Passed };
        test.text = failed.unwrap_or_default();
        Ok((test, ended, waits))
    }
}

impl Suite for RustSuite {
    fn run(
        &self,
        cache: &str,
        seed: u64,
        skip: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
        left_ms: u64,
    ) -> Result<(Ran, u64), String> {
        let cache = *self.numbers.get(cache).ok_or("the tests were not opened for this cache")?;
        let began = machine::thread_time();
        let (heavy, light): (Vec<usize>, Vec<usize>) = (0..self.tests.len())
            .filter(|at| !skip.contains(&self.tests[*at].name))
            .partition(|at| heavy.contains(&self.tests[*at].name));
        let mut run = TestRun {
            ended: Ended::Done,
            last: String::new(),
            waits: Vec::new(),
            tests: Vec::new(),
            errors: Vec::new(),
        };
        for (at, heavy) in light.iter().map(|at| (*at, false)).chain(heavy.iter().map(|at| (*at, true))) {
            // A heavy test is not run once another test has found this cache's bug.
            if heavy && run.tests.iter().any(|test| test.outcome == TestOutcome::Failed) {
                continue;
            }
            // Finished tests count; the others' results are unknown.
            if cost_of(&run, began) >= left_ms {
                break;
            }
            let (test, ended, waits) = self.test(at, cache, seed)?;
            run.last.clone_from(&test.name);
            run.tests.push(test);
            if ended != Ended::Done {
                (run.ended, run.waits) = (ended, waits);
                break;
            }
        }
        let cost_ms = cost_of(&run, began);
        Ok((Ran::Tests(run), cost_ms))
    }

    fn silent(&self) -> &BTreeSet<String> {
        &self.silent
    }

    fn backend(&self) -> &'static str {
        "threads"
    }
}

/// What a run counts for so far that began at this time of the thread's.
fn cost_of(run: &TestRun, began: Duration) -> u64 {
    let steps: u64 = run.tests.iter().map(|test| test.steps).sum();
    let counted_ms = (START_US * run.tests.len() as u64) / 1_000 + steps / STEPS_A_MS;
    let took = machine::thread_time().saturating_sub(began);
    cost_ms(counted_ms, u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

/// The failure that a stop means for a test; `None` if it was to panic like this.
fn failure(found: &Found, machine: &Machine, stop: &Stop, of_cache: &[u8]) -> Option<String> {
    let of_cache = panic_message(&String::from_utf8_lossy(of_cache));
    let text = match (stop, of_cache) {
        (_, Some(message)) => format!("the cache panicked: {message}"),
        (Stop::Trap { .. }, None) => {
            let said = String::from_utf8_lossy(&machine.printed()).into_owned();
            match panic_message(&said) {
                Some(message) if found.panics.fits(&message) => return None,
                Some(message) => message,
                None if machine.memory_refused() => "it asked for more memory than it is allowed".to_owned(),
                None => "it ended without a word".to_owned(),
            }
        }
        (Stop::Exit(code), None) => format!("it called std::process::exit({code})"),
        (Stop::OutOfMemory, None) => "it asked for more memory than it is allowed".to_owned(),
        (Stop::TooMuchOutput, None) => "it printed more than it is allowed".to_owned(),
        (Stop::TooManyThreads, None) => format!("more than {THREADS_MAX} threads live at once"),
        (Stop::StackOverflow { .. }, None) => "stack overflow: the recursion is too deep".to_owned(),
        (Stop::Deadlock(_) | Stop::OutOfWork | Stop::Gibberish, None) => "it ended in a strange way".to_owned(),
    };
    Some(clipped(&harmless(&text)))
}

/// The last output of a test.
fn words(machine: &Machine, otherwise: &str) -> String {
    let said = String::from_utf8_lossy(&machine.printed()).into_owned();
    match said.trim() {
        "" => otherwise.to_owned(),
        said => {
            let skipped = said.chars().count().saturating_sub(WORDS_MAX);
            harmless(&said.chars().skip(skipped).collect::<String>())
        }
    }
}

fn clipped(text: &str) -> String {
    text.chars().take(WORDS_MAX).collect()
}

/// The crate that tests call.
const FRONT: Companion = Companion {
    name: "distributed_cache",
    root: "front.rs",
    files: &[
        ("front.rs", include_str!("../../../../adapter/integration_tests/front.rs")),
        ("types.rs", include_str!("../../../../adapter/integration_tests/types.rs")),
    ],
};
