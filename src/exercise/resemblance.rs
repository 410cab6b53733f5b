//! Known bugs recognised: a submission that fails just where a mutant fails, and in the same way, is told its name.

use serde::{Deserialize, Serialize};

use super::judge::{CaseOutcome, CheckOutcome, Divergence, Verdict};
use super::pack::MutantSpec;
use crate::event::What;

/// How a subject did, check by check and case by case: what is compared when a bug is to be recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    checks: Vec<(String, Vec<Trait>)>,
}

/// How one case went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Trait {
    verdict: Verdict,
    step: u32,
    expected: String,
    actual: String,
}

/// How much a submission is like a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resemblance {
    /// The mutant's id.
    pub mutant: String,
    /// Whether every check that catches the mutant fails on the submission too.
    pub detected: bool,
    /// Whether they fail in the same way, and no other mutant's failure is larger.
    pub behaves_like: bool,
}

impl Fingerprint {
    /// The fingerprint of a subject with these outcomes. The seed must be the same wherever fingerprints are compared.
    pub fn of(outcomes: &[CheckOutcome]) -> Self {
        let checks = outcomes.iter().map(|outcome| {
            let traits = outcome.cases.iter().map(|case| {
                let (step, expected, actual) = match &case.divergence {
                    None => (0, String::new(), String::new()),
                    // Where keys are placed depends on the ring's hash, and an entry's weight on the way of accounting:
                    // both are everyone's own choice.
                    Some(at) if is_about_placement(case, at) || at.expected.starts_with("bytes ") => {
                        (at.step, at.expected.clone(), String::new())
                    }
                    Some(at) => (at.step, at.expected.clone(), at.actual.clone()),
                };
                Trait { verdict: case.verdict, step, expected, actual }
            });
            (outcome.id.clone(), traits.collect())
        });
        Self { checks: checks.collect() }
    }

    fn check(&self, id: &str) -> &[Trait] {
        self.checks.iter().find(|(other, _)| other == id).map_or(&[], |(_, traits)| traits)
    }

    fn failures(&self, id: &str) -> usize {
        self.check(id).iter().filter(|case| case.verdict != Verdict::Pass).count()
    }

    /// The checks that do not pass, skipped ones left out.
    pub fn failing(&self) -> Vec<&str> {
        self.checks.iter().map(|(id, _)| id.as_str()).filter(|id| self.failures(id) > 0).collect()
    }
}

/// Whether the answer at which a case went wrong says where keys are placed.
fn is_about_placement(case: &CaseOutcome, at: &Divergence) -> bool {
    let answers = case.events.iter().take_while(|event| event.step <= at.step).filter(|event| event.what.is_answer());
    let last = answers.last().map(|event| &event.what);
    matches!(last, Some(What::Spread { .. } | What::Moved { .. } | What::Nodes { .. } | What::Owner { .. }))
}

/// Compares a submission with every mutant. Cost: O(mutants x cases).
pub fn compare(submission: &Fingerprint, mutants: &[(&MutantSpec, &Fingerprint)]) -> Vec<Resemblance> {
    let alike = |spec: &MutantSpec, mutant: &Fingerprint| {
        spec.killed_by.iter().all(|id| submission.check(id) == mutant.check(id))
    };
    let weight = |spec: &MutantSpec, mutant: &Fingerprint| -> usize {
        if !alike(spec, mutant) {
            return 0;
        }
        spec.killed_by.iter().map(|id| mutant.failures(id)).sum()
    };
    let heaviest = mutants.iter().map(|(spec, mutant)| weight(spec, mutant)).max().unwrap_or(0);
    let rows = mutants.iter().map(|(spec, mutant)| Resemblance {
        mutant: spec.id.clone(),
        detected: !spec.killed_by.is_empty() && spec.killed_by.iter().all(|id| submission.failures(id) > 0),
        behaves_like: heaviest > 0 && weight(spec, mutant) == heaviest,
    });
    rows.collect()
}
