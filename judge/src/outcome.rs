//! What came of checks and of their cases.

use super::minimize::Shortest;
use super::verdict::{Divergence, Verdict};
use cachedojo_lab::event::Event;
use cachedojo_lab::schedule::{Plan, Switch};
use cachedojo_notation::text::Language;

/// What came of one check.
#[derive(Debug, Clone)]
pub struct CheckOutcome {
    /// The check's id.
    pub id: String,
    /// The verdict: that of the first case that does not pass.
    pub verdict: Verdict,
    /// The points earned.
    pub points: u32,
    /// One outcome a case that ran.
    pub cases: Vec<CaseOutcome>,
    /// For a skipped check: the id of the check that it depends on, or of the one that reported the same missing item first.
    pub waited_for: Option<String>,
    /// The item of the prototype that is missing in the submission, where that is why it failed.
    pub lacks: Option<String>,
    /// The work that the subject did, in wasmtime's units of fuel; 0 for subjects that are not metered.
    pub fuel: u64,
}

/// What came of one case.
#[derive(Debug, Clone)]
pub struct CaseOutcome {
    /// The case's index in its check.
    pub index: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// What the run showed.
    pub events: Vec<Event>,
    /// The script that was run.
    pub script: String,
    /// Where it went wrong, for every verdict but a pass.
    pub divergence: Option<Divergence>,
    /// The shortest script that still goes wrong in the same way, for the first failing case of a check.
    pub shortest: Option<Shortest>,
    /// For a subject with threads: how many schedules were tried besides the first, in which no thread is interrupted.
    pub schedules: u32,
    /// The schedule under which it went wrong, where it passes under another.
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

/// A schedule at which a case went wrong though it holds in another, or that ended in a deadlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingSchedule {
    /// How it was found.
    pub plan: Plan,
    /// Whether a sleeping thread could wake at any moment, not only when its time has come.
    pub any_moment: bool,
    /// The switches by which it differs from the calm schedule, as few as were found; `None` where there were too many to keep.
    pub switches: Option<Vec<Switch>>,
    /// What happened, a turn a line; empty before the schedule is told.
    pub story: Vec<String>,
}

impl FailingSchedule {
    /// The story, and what repeats it.
    pub(super) fn text(&self, language: Language) -> String {
        let mut lines: Vec<String> = (1..).zip(&self.story).map(|(number, line)| format!("{number}. {line}")).collect();
        let seed = match &self.plan {
            Plan::Walk { seed } => format!("walk:{seed:016x}"),
            Plan::Pct { seed } => format!("pct:{seed:016x}"),
            Plan::Calm | Plan::Replay(_) => "calm".to_owned(),
        };
        let switches =
            self.switches.iter().flatten().map(|switch| format!("{}@{}>{}", switch.thread, switch.step, switch.to));
        let switches: Vec<String> = switches.collect();
        lines.push(match language {
            Language::English => {
                format!("Found by {seed}; switches: [{}]. The same seed gives it again.", switches.join(" "))
            }
            Language::French => {
                format!("Trouvé par {seed} ; bascules : [{}]. La même graine le redonne.", switches.join(" "))
            }
        });
        lines.join("\n")
    }
}
