//! The outcomes of checks and of their cases.

use super::minimize::Shortest;
use super::schedule::FailingSchedule;
use super::verdict::{Divergence, Verdict};
use cachedojo_lab::event::Event;

/// The outcome of one check.
#[derive(Debug, Clone)]
pub struct CheckOutcome {
    /// The check's id.
    pub id: String,
    /// The verdict: that of the first case that does not pass.
    pub verdict: Verdict,
    /// The points earned.
    pub points: u32,
    /// The outcomes of the cases that ran.
    pub cases: Vec<CaseOutcome>,
    /// For a skipped check: the id of the check that it depends on, or of the one that reported the same missing item first.
    pub waited_for: Option<String>,
    /// The item of the prototype that the submission lacks, if the check failed because of it.
    pub lacks: Option<String>,
    /// The subject's work, in wasmtime's units of fuel; 0 if it was not measured.
    pub fuel: u64,
}

/// The outcome of one case.
#[derive(Debug, Clone)]
pub struct CaseOutcome {
    /// The case's index in its check.
    pub index: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// The events of the run.
    pub events: Vec<Event>,
    /// The script that was run.
    pub script: String,
    /// Where it went wrong; `None` for a pass.
    pub divergence: Option<Divergence>,
    /// The shortest script that fails in the same way, for the first failing case of a check.
    pub shortest: Option<Shortest>,
    /// For a subject with threads: how many schedules were tried besides the first, in which no thread is interrupted.
    pub schedules: u32,
    /// The schedule under which it failed, if it passes under another.
    pub schedule: Option<FailingSchedule>,
}

impl CheckOutcome {
    pub(super) fn skipped(id: String, waited_for: String, lacks: Option<String>) -> Self {
        let waited_for = Some(waited_for);
        Self { id, verdict: Verdict::Skipped, points: 0, cases: Vec::new(), waited_for, lacks, fuel: 0 }
    }

    /// The first case that does not pass.
    pub fn first_failure(&self) -> Option<&CaseOutcome> {
        self.cases.iter().find(|case| case.verdict != Verdict::Pass)
    }
}
