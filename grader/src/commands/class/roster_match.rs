//! Who of the roster handed in what.

use crate::class::roster::Roster;
use crate::class::summary::{Learner, State};
use crate::host::printable;
use crate::intake::platform::Whose;

/// Finds each learner in the roster, which may say that they were late, and adds a row for everybody who handed in nothing. Returns
/// which of the people each learner is. A shard has its share of the learners only, and cannot tell who is missing.
pub(super) fn take_roll(learners: &mut Vec<Learner>, roster: &Roster, is_shard: bool) -> Vec<Vec<usize>> {
    let known: Vec<(&str, &Whose)> =
        learners.iter().filter_map(|learner| Some((learner.learner.as_str(), learner.whose.as_ref()?))).collect();
    let (mut matched, why) = (roster.matched(&known), roster.why_unmatched(&known));
    for ((learner, people), why) in learners.iter_mut().zip(&matched).zip(why) {
        learner.late |= people.iter().any(|person| roster.people[*person].late);
        if people.is_empty() {
            let before = if learner.note.is_empty() { String::new() } else { format!("{}; ", learner.note) };
            learner.note = before + why;
        }
    }
    let is_known = |at: usize| matched.iter().any(|people| people.contains(&at));
    let missing = roster.people.iter().enumerate().filter(|(at, _)| !is_shard && !is_known(*at));
    let missing: Vec<(usize, String)> = missing.map(|(at, person)| (at, person.shown())).collect();
    for (at, learner) in missing {
        learners.push(Learner {
            learner: printable::line(&learner),
            path: String::new(),
            late: false,
            state: State::NotSubmitted,
            note: String::new(),
            score: Some(0),
            passed: false,
            report: None,
            earlier: Vec::new(),
            whose: None,
        });
        matched.push(vec![at]);
    }
    matched
}
