//! Tests as submissions, in any language: runs a learner's tests on a cache and reports each result. The tests can distinguish
//! caches only by their behaviour.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Deserialize;

use crate::host::budget;

/// A test with more calls than this is run last, and skipped once another test has found the cache's bug.
pub const CALLS_HEAVY: u64 = 300;

/// What all runs of a grading together may count for, in milliseconds: what comes after is not tried.
pub const COST_MS_MAX: u64 = 55_000;
/// A run counts for its steps as long as this machine is not more than so many times slower than what steps are reckoned at.
pub const SLOWER: u64 = 3;
/// A grading has the processor time for that.
const _: () = assert!(budget::TESTS.as_secs() * 1_000 > SLOWER * COST_MS_MAX);

/// What a run counts for, in milliseconds. It is counted from steps and not measured, so that the same tests come equally far on a machine
/// that is slow or busy; only work that steps do not see, such as sorting a million numbers, counts for what it takes. So runs take
/// at most `SLOWER` times what they count for.
pub fn cost_ms(counted_ms: u64, cpu_ms: u64) -> u64 {
    counted_ms.max(cpu_ms.saturating_sub((SLOWER - 1) * counted_ms))
}

/// A learner's tests, ready to be run on any cache that they were opened with.
pub trait Suite: Debug {
    /// Runs the tests, except `skip`, on the cache with this name; those in `heavy` last. Also returns what that counts for, in
    /// milliseconds: see [`cost_ms`]. Once that is `left_ms`, no further test is begun, where tests are begun one by one; a run
    /// that is begun as a whole has limits of its own.
    ///
    /// # Errors
    /// The grader's own failure, in a sentence.
    fn run(
        &self,
        cache: &str,
        seed: u64,
        skip: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
        left_ms: u64,
    ) -> Result<(Ran, u64), String>;

    /// The names of functions whose tests assert nothing, according to their source.
    fn silent(&self) -> &BTreeSet<String>;

    /// What looks like a test and is not read as one, according to its source.
    fn uncollected(&self) -> &[Uncollected] {
        &[]
    }

    /// The backend, as reports name it.
    fn backend(&self) -> &'static str;
}

/// A function or class that looks like a test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Uncollected {
    /// Its file.
    pub file: String,
    /// Its line there.
    pub line: u32,
    /// Its name.
    pub name: String,
    /// Why it is not read.
    pub why: NotRead,
}

/// Why pytest reads something as no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRead {
    /// A class with a constructor of its own.
    Constructor,
    /// A class whose name does not begin with `Test`.
    ClassName,
    /// An `async def`.
    Async,
}

/// The result of a learner's tests on one cache.
#[derive(Debug)]
pub enum Ran {
    /// They ran.
    Tests(TestRun),
    /// They did something forbidden.
    Forbidden(String),
    /// They took too long or too much memory, or ended their process; in a sentence.
    Lost(String),
}

/// One run of all tests on one cache.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TestRun {
    /// How it ended.
    pub ended: Ended,
    /// The last test that began.
    pub last: String,
    /// For a deadlock: which thread waits, where, for what.
    pub waits: Vec<String>,
    /// The tests that began, in order.
    pub tests: Vec<Test>,
    /// Files that could not be read as tests: file, message.
    pub errors: Vec<(String, String)>,
}

/// How a run of tests ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// All tests were run.
    Done,
    /// The threads of the last test wait for each other for ever.
    Deadlock,
    /// The last test exceeded its steps.
    Steps,
    /// The cache deadlocked or crashed in the last test, which has failed; those after it were not run.
    Broken,
}

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Test {
    /// Its name: its file, `::`, and its function.
    pub name: String,
    /// Its line in its file.
    pub line: u32,
    /// Whether it passed.
    pub outcome: TestOutcome,
    /// The failure's message, or what a test that is skipped is marked with; empty for a pass.
    pub text: String,
    /// How many threads of its own called the cache.
    pub threads: u32,
    /// How many calls each of them made.
    pub operations: Vec<u64>,
    /// All calls.
    pub calls: u64,
    /// How often it slept.
    pub slept: u32,
    /// The work that was counted, its calls included, in units of the language's own.
    #[serde(default)]
    pub steps: u64,
}

/// Whether a test passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It did.
    Passed,
    /// It did not.
    Failed,
    /// It was not finished.
    Skipped,
}

#[cfg(test)]
mod tests {
    use super::cost_ms;

    #[test]
    fn a_slow_machine_does_not_count_and_hidden_work_does() {
        for (counted, cpu, cost) in [(100, 60, 100), (100, 300, 100), (100, 400, 200), (70, 14_000, 13_860), (0, 5, 5)]
        {
            assert_eq!(cost_ms(counted, cpu), cost, "{counted} {cpu}");
        }
    }
}
