//! The verdicts, and where a run went wrong.

use serde::{Deserialize, Serialize};

use super::said::Said;

/// The verdict on a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every case passed.
    Pass,
    /// An expectation failed.
    Fail,
    /// The submission lacks an item that the check needs.
    NotImplemented,
    /// The submission panicked.
    Panic,
    /// Its threads wait for each other for ever.
    Deadlock,
    /// It passes with one order of its threads and fails with another.
    Race,
    /// It used up its allowance of work or output.
    Timeout,
    /// It used up its allowance of memory.
    OutOfMemory,
    /// It did something forbidden at run time: it ended its process, or answered with bytes that are not a response.
    Forbidden,
    /// Two runs of one script disagree.
    Flaky,
    /// Not run: a check that this one depends on earned nothing, or an earlier check reported the same missing item.
    Skipped,
    /// The grader itself failed.
    HarnessError,
}

impl Verdict {
    /// The verdict's name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotImplemented => "not_implemented",
            Self::Panic => "panic",
            Self::Deadlock => "deadlock",
            Self::Race => "race",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::Forbidden => "forbidden",
            Self::Flaky => "flaky",
            Self::Skipped => "skipped",
            Self::HarnessError => "harness_error",
        }
    }
}

/// Where a run differed from what was expected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Divergence {
    /// The index of the command at which it differed.
    pub step: u32,
    /// What was expected; empty if nothing in particular.
    pub expected: Said,
    /// The actual answer.
    pub actual: Said,
    /// The command whose answer it is, where a run of commands is judged as a whole; else empty.
    pub asked: String,
    /// What a sentence adds to the actual answer, which does not say by itself why it is wrong; mostly empty.
    pub aside: String,
}
