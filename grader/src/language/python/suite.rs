//! Tests as submissions: pytest in one confined child, the cache under test in another, calls between them as data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::interpreter::Interpreter;
use super::process::{self, Heard, Runners};
use super::toolbox;
use super::wire::{Ask, Outcome, Plan};
use crate::host::machine;
use crate::host::outcome::say;
use crate::host::sandbox::Protection;
use crate::intake::diagnostic;
use crate::language::suite::{Ended, Ran, Suite, Test, TestOutcome, TestRun, Uncollected, cost_ms};
use crate::language::toolchain::{Reason, Rejected};

/// The most steps of one test together with its cache, in one run.
const STEPS_MAX: u64 = 4_000_000;
/// The cache's threads may be switched after one instruction in so many.
const ONE_IN: u32 = 40;

/// What a run counts for that was ended because it took too much, in milliseconds; and one that did nothing at all any more.
const CUT_OFF_MS: u64 = 15_000;
const STUCK_MS: u64 = 8_000;
/// What a run counts for, in milliseconds: the start of pytest, the work around each test, and so many steps (a call is 160 of them).
const RUN_MS: u64 = 70;
const TEST_MS: u64 = 3;
const STEPS_A_MS: u64 = 800;

/// A learner's tests, ready to be run against any cache.
#[derive(Debug)]
pub struct PythonSuite {
    runners: Runners,
    /// Path in the folder of tests -> text.
    files: BTreeMap<String, String>,
    caches: BTreeMap<String, String>,
    silent: BTreeSet<String>,
    uncollected: Vec<Uncollected>,
}

impl PythonSuite {
    /// The tests in `files`. If this machine has no pytest for them yet, it is installed now.
    ///
    /// # Errors
    /// There is no Python, or no pytest (the message names the remedy), or the tests do not compile.
    pub fn open(
        files: &BTreeMap<String, String>,
        caches: &BTreeMap<String, String>,
        protection: Protection,
    ) -> Result<Self, Rejected> {
        let (interpreter, site) = find_interpreter()?;
        let strip = |name: &str| name.strip_prefix("tests/").unwrap_or(name).to_owned();
        let files = files.iter().map(|(name, text)| (strip(name), text.clone())).collect();
        let runners = Runners::for_tests(&interpreter, protection, site);
        let mut suite =
            Self { runners, files, caches: caches.clone(), silent: BTreeSet::new(), uncollected: Vec::new() };
        suite.check()?;
        Ok(suite)
    }

    /// Refuses tests that do not compile, and finds those that assert nothing.
    fn check(&mut self) -> Result<(), Rejected> {
        let rejected = |found| Err(Rejected::new(Reason::BuildFailed, found));
        match self.runners.ask(&Ask::TestsCheck, &self.files).map_err(|reason| Rejected::harness(&reason))? {
            Heard::Reply(_, reply) => match reply.outcome {
                Outcome::Checked { wrong, silent, uncollected, .. } if wrong.is_empty() => {
                    self.silent = silent.into_iter().collect();
                    self.uncollected = uncollected;
                    for it in &mut self.uncollected {
                        it.file = format!("tests/{}", it.file);
                    }
                    Ok(())
                }
                Outcome::Checked { wrong, .. } => rejected(
                    wrong
                        .iter()
                        .map(|(file, line, column, message)| {
                            let text = format!("this does not compile: {message}");
                            diagnostic::at(&format!("tests/{file}"), *line, *column, &text)
                        })
                        .collect(),
                ),
                _ => Err(Rejected::harness("the runner of Python answers another question")),
            },
            _ => rejected(vec![diagnostic::at(
                "tests/",
                0,
                0,
                "this does not compile: the interpreter does not survive compiling this",
            )]),
        }
    }
}

/// Installs pytest for tests, unless it is there.
///
/// # Errors
/// There is no Python, or pytest cannot be installed.
pub fn prepare() -> Result<(), Rejected> {
    find_interpreter().map(drop)
}

/// The interpreter, and the folder with pytest.
fn find_interpreter() -> Result<(Interpreter, PathBuf), Rejected> {
    let interpreter = Interpreter::find().map_err(|error| Rejected::harness(&error.to_string()))?;
    let site = toolbox::folder(&interpreter, &say).map_err(|error| Rejected::harness(&error.to_string()))?;
    Ok((interpreter, site))
}

/// A run that was ended from outside while a test ran: those before it have ended as they said. `None` if none had begun.
fn cut_off(said: &[u8], ended: Ended, text: String) -> Option<TestRun> {
    let mut tests: Vec<Test> = Vec::new();
    for line in process::marks(said) {
        // A line may be cut off too.
        let Ok(test) = serde_json::from_slice::<Test>(line) else { break };
        // Each test is written when it begins, and again when it has ended.
        match tests.last_mut().filter(|last| last.name == test.name) {
            Some(last) => *last = test,
            None => tests.push(test),
        }
    }
    let last = tests.last_mut()?;
    (last.outcome, last.text) = (TestOutcome::Failed, text);
    Some(TestRun { ended, last: last.name.clone(), waits: Vec::new(), tests, errors: Vec::new() })
}

/// What the steps of a run count for, in milliseconds.
fn counted_ms(run: &TestRun) -> u64 {
    // Where the run was cut off whoever is tested may have written these numbers.
    let steps = run.tests.iter().map(|test| test.steps.min(STEPS_MAX)).fold(0, u64::saturating_add);
    RUN_MS + TEST_MS * run.tests.len() as u64 + steps / STEPS_A_MS
}

impl Suite for PythonSuite {
    fn run(
        &self,
        cache: &str,
        seed: u64,
        skip: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
        _: u64,
    ) -> Result<(Ran, u64), String> {
        let source = self.caches.get(cache).ok_or("the tests were not opened for this cache")?;
        let ask = Ask::Tests {
            schedule: &Plan::Walk { seed },
            one_in: ONE_IN,
            steps_max: STEPS_MAX,
            random: seed,
            skip,
            heavy,
            paths: &["tests"],
        };
        let heard = self.runners.ask_with(&ask, &self.files, Some(source))?;
        // Lost tests end the grading: what they count for does not matter.
        let lost = |why: &str| Ok((Ran::Lost(why.to_owned()), 0));
        match heard {
            Heard::Reply(header, reply) => match reply.outcome {
                Outcome::Tests(run) => {
                    let cost_ms = cost_ms(counted_ms(&run), header.cpu_ms);
                    Ok((Ran::Tests(run), cost_ms))
                }
                Outcome::Forbidden { what } => Ok((Ran::Forbidden(what), header.cpu_ms)),
                _ => Err("the runner of Python answers another question".to_owned()),
            },
            Heard::Silent(header, _) if header.too_much => lost("the tests say more than is read"),
            Heard::Silent(header, said) => match (header.signal, header.exit) {
                (Some(signal), _) => {
                    // One of its limits, or a fault of the interpreter's own.
                    let is_endless = [machine::SIGXCPU, machine::SIGKILL].contains(&signal);
                    let ended = if is_endless { Ended::Steps } else { Ended::Broken };
                    let text =
                        if is_endless { String::new() } else { format!("it ends the interpreter (signal {signal})") };
                    match cut_off(&said, ended, text) {
                        Some(run) => {
                            let counted = if is_endless { CUT_OFF_MS } else { counted_ms(&run) };
                            let cost_ms = cost_ms(counted, header.cpu_ms);
                            Ok((Ran::Tests(run), cost_ms))
                        }
                        None => lost("the tests took too long, or too much memory"),
                    }
                }
                _ => lost("the tests ended their own process"),
            },
            Heard::Gibberish => Ok((Ran::Forbidden("writes to its runner's pipe".to_owned()), 0)),
            Heard::OutOfTime(said) => match cut_off(&said, Ended::Steps, String::new()) {
                Some(run) => Ok((Ran::Tests(run), STUCK_MS)),
                None => lost("the tests took too long"),
            },
        }
    }

    fn silent(&self) -> &BTreeSet<String> {
        &self.silent
    }

    fn uncollected(&self) -> &[Uncollected] {
        &self.uncollected
    }

    fn backend(&self) -> &'static str {
        "python"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_cut_off_names_the_test_that_ran() {
        let line = |name: &str, outcome: &str| {
            let counts = "\"threads\":0,\"operations\":[],\"calls\":0,\"slept\":0";
            format!("\u{1e}{{\"name\":\"{name}\",\"line\":3,\"outcome\":\"{outcome}\",\"text\":\"\",{counts}}}\n")
        };
        let said =
            [line("a", "passed"), line("a", "failed"), line("b", "passed"), line("b", "passed"), line("c", "passed")]
                .concat();
        let run = cut_off(said.as_bytes(), Ended::Steps, String::new()).expect("a test had begun");
        let came: Vec<_> = run.tests.iter().map(|test| (test.name.as_str(), test.outcome)).collect();
        assert_eq!(came, [("a", TestOutcome::Failed), ("b", TestOutcome::Passed), ("c", TestOutcome::Failed)]);
        assert_eq!((run.ended, run.last.as_str()), (Ended::Steps, "c"));
        let whole =
            cut_off(&said.as_bytes()[..said.len() - 9], Ended::Broken, "why".to_owned()).expect("a test had begun");
        assert_eq!((whole.last.as_str(), whole.tests.len(), whole.tests[1].text.as_str()), ("b", 2, "why"));
        assert_eq!(cut_off(b"", Ended::Steps, String::new()), None);
    }
}
