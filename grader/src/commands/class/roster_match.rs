//! Who of the roster handed in what.

use crate::class::roster::Roster;
use crate::class::summary::{Learner, State};
use crate::host::printable;
use crate::intake::platform::Owner;

/// Finds each learner in the roster, which may say that they were late, and adds a row for everybody who handed in nothing. Returns
/// which of the people each learner is. A shard has its share of the learners only, and cannot tell who is missing.
pub(super) fn match_roster(learners: &mut Vec<Learner>, roster: &Roster, is_shard: bool) -> Vec<Vec<usize>> {
    let known: Vec<(&str, &Owner)> =
        learners.iter().filter_map(|learner| Some((learner.learner.as_str(), learner.owner.as_ref()?))).collect();
    let all_found = roster.matched(&known);
    let mut matched: Vec<Vec<usize>> = Vec::new();
    for (learner, found) in learners.iter_mut().zip(all_found) {
        match &found {
            Ok(people) => learner.late |= people.iter().any(|person| roster.people[*person].late),
            Err(why) => {
                let before = if learner.note.is_empty() { String::new() } else { format!("{}; ", learner.note) };
                learner.note = before + why;
            }
        }
        matched.push(found.unwrap_or_default());
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
            owner: None,
        });
        matched.push(vec![at]);
    }
    matched
}
