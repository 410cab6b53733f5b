//! The schedule under which a case fails, as it is found, shortened, told, and played again.

use cachedojo_lab::schedule::{Plan, Schedule, Switch};
use cachedojo_notation::text::Language;

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
