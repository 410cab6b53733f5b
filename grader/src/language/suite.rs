//! Tests as submissions, whatever their language: something that runs a learner's tests on any cache, and says what came of each.
//! The tests cannot tell one cache from another but by what it does.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Deserialize;

/// A test with more calls than this is run last, and not at all once another has told a cache apart.
pub const CALLS_HEAVY: u64 = 300;

/// A learner's tests, ready to be run on any cache that they were opened with.
pub trait Suite: Debug {
    /// Runs the tests but for `skip` on a cache, by its name; those of `heavy` last. Returns the processor time used besides, in
    /// milliseconds.
    ///
    /// # Errors
    /// The grader's own failure, in a sentence.
    fn run(
        &self,
        cache: &str,
        seed: u64,
        skip: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<(Ran, u64), String>;

    /// The names of tests that assert nothing, as their text shows: of their functions alone.
    fn silent(&self) -> &BTreeSet<String>;

    /// What runs the tests, as reports name it.
    fn backend(&self) -> &'static str;
}

/// What a learner's tests come to on one cache.
#[derive(Debug)]
pub enum Ran {
    /// They ran.
    Tests(TestRun),
    /// They did something that is forbidden: what.
    Forbidden(String),
    /// They took too long, or too much memory, or ended their process; in a sentence.
    Lost(String),
}

/// One run of all tests on one cache.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TestRun {
    /// How it ended.
    pub ended: Ended,
    /// The test that was the last to begin.
    pub last: String,
    /// For a deadlock: who waits, where, for what.
    pub waits: Vec<String>,
    /// The tests that began, in their order.
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
    /// The last test took too many steps.
    Steps,
}

/// What came of one test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Test {
    /// Its name: its file, `::`, and its function.
    pub name: String,
    /// Its line in its file.
    pub line: u32,
    /// Whether it passed.
    pub outcome: TestOutcome,
    /// What is said of it, where it did not.
    pub text: String,
    /// Threads of its own that called the cache.
    pub threads: u32,
    /// The calls of each of them.
    pub operations: Vec<u64>,
    /// All calls.
    pub calls: u64,
    /// How often it slept.
    pub slept: u32,
}

/// Whether a test passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It did.
    Passed,
    /// It did not.
    Failed,
    /// It was not run to its end.
    Skipped,
}
