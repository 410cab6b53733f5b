//! Recognises known bugs: a submission that fails the same cases as a mutant, and in the same way, gets the bug's name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::outcome::{CaseOutcome, CheckOutcome};
use super::pack::MutantSpec;
use super::simulate;
use super::verdict::Verdict;
use cachedojo_lab::event::What;

/// Which checks and cases of a subject failed, and where: the data that is compared to recognise a bug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Cases by their index in the check: not every case is run.
    checks: Vec<(String, BTreeMap<usize, Trait>)>,
}

/// How one case failed: its failures, in order. A passing case has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Trait {
    verdict: Verdict,
    breaks: Vec<Break>,
}

/// A place in a script at which the answer was not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Break {
    step: u32,
    /// The expectation in the script's words; if the failure depends on chance, only the part of it that does not.
    expected: String,
    actual: String,
    /// Whether the answer depends on where keys are placed or how memory is accounted: both are free choices of a submission, so
    /// the place at which the failure first shows tells nothing.
    by_chance: bool,
}

impl Trait {
    fn of(case: &CaseOutcome) -> Self {
        let Some(at) = &case.divergence else { return Self { verdict: case.verdict, breaks: Vec::new() } };
        // The place depends on which failing schedule was found first, so on chance. But who does not wait for a thread and who has
        // it too early are two bugs.
        if matches!(case.verdict, Verdict::Race | Verdict::Deadlock) {
            let expected = if lacks_an_answer(case) { "an answer" } else { "" };
            return Self { verdict: case.verdict, breaks: vec![Break::of(case, 0, expected, "")] };
        }
        let told = case.events.iter().filter_map(|event| match &event.what {
            What::Broken { expected, actual } => Some((event.step, expected, actual)),
            _ => None,
        });
        let mut breaks: Vec<Break> = Vec::new();
        // A whole run of commands was judged by its first wrong answer: the others tell bugs apart too.
        if case.verdict == Verdict::Fail && is_whole_run(case) {
            let wrong = simulate::wrong(&case.script, &case.events);
            breaks.extend(wrong.into_iter().map(|(step, expected, actual)| Break {
                step,
                expected,
                actual,
                by_chance: false,
            }));
        }
        // At which key two runs disagree is chance.
        if case.verdict == Verdict::Flaky {
            breaks.push(Break::chance(at.step, "agree".to_owned()));
        }
        for (step, expected, actual) in told {
            let at = Break::of(case, step, expected, actual);
            // At which of several keys, nodes or stores it shows is chance.
            if !breaks.iter().any(|known| known.by_chance && known.is_like(&at)) {
                breaks.push(at);
            }
        }
        // A crash, or a pinned output that differs, is not at an `expect` line of the script.
        if breaks.is_empty() || !matches!(case.verdict, Verdict::Fail | Verdict::Flaky) {
            breaks.push(Break::of(case, at.step, &at.expected.to_string(), &at.actual.to_string()));
        }
        Self { verdict: case.verdict, breaks }
    }

    fn first_step(&self) -> Option<u32> {
        self.breaks.iter().map(|at| at.step).min()
    }

    /// Whether the other case failed at all these places too, and in the same way.
    fn is_within(&self, other: &Self) -> bool {
        self.verdict == other.verdict && self.breaks.iter().all(|at| other.has(at))
    }

    /// Whether it failed at this place too, and in the same way.
    fn has(&self, at: &Break) -> bool {
        self.breaks.iter().any(|own| own.is_like(at))
    }
}

/// Whether a case is a run of commands that was judged as a whole.
fn is_whole_run(case: &CaseOutcome) -> bool {
    !case.events.is_empty() && case.events.iter().all(|event| matches!(event.what, What::Said { .. }))
}

/// Whether some command of a whole run has no answer, but at most what stood in its place before (an empty text, Python's `None`).
fn lacks_an_answer(case: &CaseOutcome) -> bool {
    let is_none = |said: &str| said.is_empty() || said.starts_with("\u{27e8}None");
    is_whole_run(case) && simulate::wrong(&case.script, &case.events).iter().any(|(_, _, said)| is_none(said))
}

impl Break {
    /// Where keys are placed depends on the ring's hash, and what an entry weighs on how memory is accounted. Both are free
    /// choices of a submission, so the actual answer says little about a bug; nor does which copies remain after a server has
    /// gone. But a missing copy and a copy that lives too long are two bugs.
    fn of(case: &CaseOutcome, step: u32, expected: &str, actual: &str) -> Self {
        let left = case.events.iter().rev().find(|event| event.step < step && matches!(event.what, What::Left { .. }));
        if let Some(placement) = placement(case, step, expected) {
            Self::chance(step, placement)
        } else if expected.starts_with("bytes ") {
            Self::chance(step, expected.to_owned())
        } else if let Some(left) = left {
            Self::chance(left.step, format!("after step {}: {}", left.step, Left::of(expected, actual).word()))
        } else {
            // The rest of a service's answer is its free choice, or the time of day.
            let actual = wrong_in_answer(actual).unwrap_or(actual).to_owned();
            Self { step, expected: expected.to_owned(), actual, by_chance: false }
        }
    }

    const fn chance(step: u32, expected: String) -> Self {
        Self { step, expected, actual: String::new(), by_chance: true }
    }

    /// Whether both are the same failure, apart from chance.
    fn is_like(&self, other: &Self) -> bool {
        let is_same = self.by_chance == other.by_chance && self.expected == other.expected;
        is_same && (self.by_chance || self.step == other.step && self.actual == other.actual)
    }
}

/// If this is what a service answered: what is wrong in it, which is its status where nothing is said before the answer.
fn wrong_in_answer(actual: &str) -> Option<&str> {
    const ANSWER: &str = "HTTP/1.1 ";
    if actual.starts_with(ANSWER) {
        return actual.split(" | ").next();
    }
    actual.split_once(ANSWER)?.0.strip_suffix(" in: ")
}

/// What is wrong with a copy that is read when a server has gone.
enum Left {
    Missing,
    TooLong,
    Other,
}

impl Left {
    fn of(expected: &str, actual: &str) -> Self {
        let is_none = |answer: &str| matches!(answer.trim(), "nothing" | "not found");
        let none_is_right = expected.strip_prefix("any of ").unwrap_or(expected).split('|').any(is_none);
        match (none_is_right, is_none(actual)) {
            (true, _) => Self::TooLong,
            (false, true) => Self::Missing,
            (false, false) => Self::Other,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Missing => "a copy is missing",
            Self::TooLong => "a copy is there too long",
            Self::Other => "a copy is another",
        }
    }
}

/// How similar a submission is to a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resemblance {
    /// The mutant's id.
    pub mutant: String,
    /// Whether every check that catches the mutant fails on the submission too.
    pub detected: bool,
    /// Whether the submission behaves like this mutant: see [`compare`].
    pub behaves_like: bool,
}

impl Fingerprint {
    /// The fingerprint of a subject with these outcomes. Only fingerprints with the same seed can be compared.
    pub fn of(outcomes: &[CheckOutcome]) -> Self {
        let checks = outcomes.iter().map(|outcome| {
            let traits = outcome.cases.iter().map(|case| (case.index, Trait::of(case)));
            (outcome.id.clone(), traits.collect())
        });
        Self { checks: checks.collect() }
    }

    /// The fingerprint with further cases of the same checks.
    #[must_use]
    pub fn with(mut self, further: &[CheckOutcome]) -> Self {
        for (id, traits) in Self::of(further).checks {
            match self.checks.iter_mut().find(|(known, _)| *known == id) {
                Some((_, known)) => known.extend(traits),
                None => self.checks.push((id, traits)),
            }
        }
        self
    }

    fn check(&self, id: &str) -> impl Iterator<Item = (usize, &Trait)> {
        let check = self.checks.iter().find(|(other, _)| other == id);
        check.into_iter().flat_map(|(_, traits)| traits.iter().map(|(index, case)| (*index, case)))
    }

    fn failures(&self, id: &str) -> usize {
        self.check(id).filter(|(_, case)| case.verdict != Verdict::Pass).count()
    }

    /// The checks that fail, without skipped ones.
    pub fn failing(&self) -> Vec<&str> {
        self.checks.iter().map(|(id, _)| id.as_str()).filter(|id| self.failures(id) > 0).collect()
    }
}

/// If the wrong answer is about where keys are placed: the part of the failed expectation that does not depend on the hash.
/// Shares are too large or too small by chance; keys that move between the wrong nodes show which nodes.
fn placement(case: &CaseOutcome, step: u32, expected: &str) -> Option<String> {
    let answers = case.events.iter().take_while(|event| event.step <= step).filter(|event| event.what.is_answer());
    match &answers.last()?.what {
        What::Moved { moves, .. } => {
            let others: BTreeSet<&str> = if let Some(to) = expected.strip_prefix("only to ") {
                moves.iter().filter(|hop| hop.to != to).map(|hop| hop.to.as_str()).collect()
            } else if let Some(from) = expected.strip_prefix("only from ") {
                moves.iter().filter(|hop| hop.from != from).map(|hop| hop.from.as_str()).collect()
            } else {
                BTreeSet::new()
            };
            Some(format!("{expected}: {others:?}"))
        }
        What::Spread { .. } if expected.starts_with("largest ") || expected.starts_with("smallest ") => {
            Some("even shares".to_owned())
        }
        What::Spread { .. } | What::Nodes { .. } | What::Owner { .. } => Some(expected.to_owned()),
        _ => None,
    }
}

/// A failing case: its check and its index there.
type Place<'a> = (&'a str, usize);

impl Fingerprint {
    /// The failing cases, in order.
    fn broken(&self) -> impl Iterator<Item = (Place<'_>, &Trait)> {
        self.checks.iter().flat_map(|(id, traits)| {
            let placed = traits.iter().map(move |(index, case)| ((id.as_str(), *index), case));
            placed.filter(|(_, case)| case.verdict != Verdict::Pass)
        })
    }

    fn case(&self, (id, index): Place<'_>) -> Option<&Trait> {
        self.check(id).find(|(other, _)| *other == index).map(|(_, case)| case)
    }

    /// The failures of these cases, by step.
    fn failed_steps<'a>(&'a self, places: &BTreeSet<Place<'a>>) -> BTreeSet<(Place<'a>, u32)> {
        let cases = places.iter().filter_map(|place| Some((*place, self.case(*place)?)));
        cases.flat_map(|(place, case)| case.breaks.iter().map(move |at| (place, at.step))).collect()
    }

    /// Whether every check that catches the mutant fails here too.
    pub fn detects(&self, mutant: &MutantSpec) -> bool {
        !mutant.killed_by.is_empty() && mutant.killed_by.iter().all(|id| self.failures(id) > 0)
    }

    /// Whether this submission may behave like a mutant, as far as can be known before the mutant is built: each row that catches
    /// it fails here too or was not run, and no row fails because of a missing item, since mutants have all items.
    pub fn may_be_like(&self, mutant: &MutantSpec) -> bool {
        let lacks = |id: &str| self.check(id).any(|(_, case)| case.verdict == Verdict::NotImplemented);
        let fails = |id: &str| self.check(id).next().is_none() || self.failures(id) > 0;
        let waits =
            |id: &str| self.check(id).any(|(_, case)| matches!(case.verdict, Verdict::Race | Verdict::Deadlock));
        mutant.killed_by.iter().all(|id| fails(id) && !lacks(id))
            && (!mutant.races || mutant.killed_by.iter().any(|id| waits(id)))
            && mutant.killed_by.iter().any(|id| self.failures(id) > 0)
    }

    /// The cases in which this submission fails as the mutant does. Empty unless it fails every case that the mutant fails, at
    /// the same place or (because of another bug) earlier in the script; cases that were not run are not compared. One case alone
    /// is not enough to recognise a bug, unless the mutant fails no other.
    fn shared<'a>(&'a self, mutant: &'a Self) -> BTreeSet<Place<'a>> {
        let mut shared = BTreeSet::new();
        for (place, theirs) in mutant.broken() {
            match self.case(place) {
                None => {}
                Some(ours) if theirs.is_within(ours) => drop(shared.insert(place)),
                Some(ours) if ours.verdict != Verdict::Pass && ours.first_step() < theirs.first_step() => {}
                Some(_) => return BTreeSet::new(),
            }
        }
        let least = SCRIPTS_MIN.min(mutant.broken().count());
        if shared.len() < least { BTreeSet::new() } else { shared }
    }
}

/// In how many scripts a submission must fail like a mutant before the bug is named; if the mutant fails in fewer, in all of them.
const SCRIPTS_MIN: usize = 2;

/// Compares a submission with mutants. A bug is named if the submission fails where the mutant does and in the same way, whatever
/// else fails. It is not named if a row that catches it has a failure that no named bug explains, or if another named bug
/// explains the same failures and more. Cost: O(mutants² x cases).
pub fn compare(submission: &Fingerprint, mutants: &[(&MutantSpec, &Fingerprint)]) -> Vec<Resemblance> {
    let mut shared: Vec<BTreeSet<Place<'_>>> = mutants.iter().map(|(_, mutant)| submission.shared(mutant)).collect();
    // A bug that explained a failure may itself be dropped, so this repeats until none is; each round drops at least one.
    loop {
        // The bugs named for a case must together explain all its failures.
        let explains = |(place, ours): (Place<'_>, &Trait)| {
            let named = mutants.iter().zip(&shared).filter(|(_, shared)| shared.contains(&place));
            let theirs: Vec<&Trait> = named.filter_map(|((_, mutant), _)| mutant.case(place)).collect();
            !theirs.is_empty() && ours.breaks.iter().all(|at| theirs.iter().any(|mutant| mutant.has(at)))
        };
        let unexplained: BTreeSet<&str> =
            submission.broken().filter(|broken| !explains(*broken)).map(|((id, _), _)| id).collect();
        let doubtful =
            |(spec, _): &(&MutantSpec, &Fingerprint)| spec.killed_by.iter().any(|id| unexplained.contains(id.as_str()));
        let mut dropped = false;
        for (pair, shared) in mutants.iter().zip(&mut shared) {
            if !shared.is_empty() && doubtful(pair) {
                shared.clear();
                dropped = true;
            }
        }
        if !dropped {
            break;
        }
    }
    let told: Vec<BTreeSet<(Place<'_>, u32)>> =
        mutants.iter().zip(&shared).map(|((_, mutant), own)| mutant.failed_steps(own)).collect();
    let outdone = |own: &BTreeSet<_>| told.iter().any(|other| own.len() < other.len() && own.is_subset(other));
    let rows = mutants.iter().zip(&told).map(|((spec, _), own)| Resemblance {
        mutant: spec.id.clone(),
        detected: submission.detects(spec),
        behaves_like: !own.is_empty() && !outdone(own),
    });
    rows.collect()
}

#[cfg(test)]
mod tests;
