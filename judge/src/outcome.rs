//! The outcomes of checks and of their cases.

use super::minimize::Shortest;
use super::verdict::{Divergence, Verdict};
use cachedojo_lab::event::Event;
use cachedojo_lab::schedule::{Plan, Schedule, Switch};
use cachedojo_notation::text::Language;

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

/// A schedule under which a case failed although it passes under another, or one that ended in a deadlock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailingSchedule {
    /// How it was found.
    pub plan: Plan,
    /// Whether a sleeping thread could wake at any moment, not only when its time has come.
    pub any_moment: bool,
    /// The switches in which it differs from the calm schedule, as few as were found; `None` if there were too many to keep.
    pub switches: Option<Vec<Switch>>,
    /// The story, one line for each turn of a thread; empty until the schedule is run to record it.
    pub story: Vec<String>,
}

impl FailingSchedule {
    /// The schedule as it was found.
    pub(super) fn found(&self) -> Schedule {
        Schedule { any_moment: self.any_moment, ..Schedule::new(self.plan.clone()) }
    }

    /// The schedule as it was found or, if its switches were kept, as they are left.
    pub(super) fn schedule(&self) -> Schedule {
        // Without switches it is the calm one.
        let switches = self.switches.clone().filter(|switches| !switches.is_empty());
        let plan = switches.map_or_else(|| self.plan.clone(), Plan::Replay);
        Schedule { any_moment: self.any_moment, ..Schedule::new(plan) }
    }

    /// The story, with the command that plays it again in this exercise's world of this seed.
    pub(super) fn text(&self, exercise: &str, seed: u64, language: Language) -> String {
        let mut lines: Vec<String> = (1..).zip(&self.story).map(|(number, line)| format!("{number}. {line}")).collect();
        let again = format!(
            "grader run SCRIPT --subject PATH --exercise {exercise} --seed {seed} --schedule '{}'",
            self.schedule()
        );
        lines.push(match language {
            Language::English => format!("The same again: {again}"),
            Language::French => format!("La même chose à nouveau : {again}"),
        });
        lines.join("\n")
    }
}
