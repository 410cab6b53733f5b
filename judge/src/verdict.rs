//! The verdicts, and where a run went wrong.

use serde::{Deserialize, Serialize};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every case holds.
    Pass,
    /// An expectation is broken.
    Fail,
    /// The submission lacks what the check needs.
    NotImplemented,
    /// The submission panicked.
    Panic,
    /// Its threads wait for each other for ever.
    Deadlock,
    /// It holds when its threads run in one order, and breaks in another.
    Race,
    /// It used up the work or the output it is allowed.
    Timeout,
    /// It used up the memory it is allowed.
    OutOfMemory,
    /// It did what is forbidden at run time: it ended its process, or answered with bytes that are no response.
    Forbidden,
    /// Two runs of one script disagree.
    Flaky,
    /// Not run, because a check that this one depends on earned nothing; or an earlier check reports the same missing item.
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

/// Where a run parted from what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The index of the command at which it showed.
    pub step: u32,
    /// What was expected, in the script's words; empty where nothing particular was.
    pub expected: String,
    /// What was there instead.
    pub actual: String,
}
