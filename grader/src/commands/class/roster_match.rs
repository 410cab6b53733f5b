//! Who of the roster handed in what.

use crate::class::roster::Roster;
use crate::class::summary::{Learner, State};
use crate::host::printable;
use crate::intake::platform::Owner;

/// What is said of who did not press the platform's button yet.
const DRAFT: &str = "the platform says that it is a draft, which was not handed in";

/// What is said of who may be somebody whose submission was found.
const UNCLEAR: &str = "a submission may be theirs: see above whose is not clear";

/// Finds each learner in the roster, which may say that they were late, and adds a row for everybody who handed in nothing. Returns
/// which of the people each learner is. A shard has its share of the learners only, and cannot tell who is missing.
pub(super) fn match_roster(learners: &mut Vec<Learner>, roster: &Roster, is_shard: bool) -> Vec<Vec<usize>> {
    let known: Vec<(&str, &Owner)> =
        learners.iter().filter_map(|learner| Some((learner.learner.as_str(), learner.owner.as_ref()?))).collect();
    let all_found = roster.matched(&known);
    let unmatched: Vec<(&str, &Owner)> =
        known.iter().zip(&all_found).filter(|(_, found)| found.is_err()).map(|(learner, _)| *learner).collect();
    let unclear = roster.candidates(&unmatched, &known);
    let mut matched: Vec<Vec<usize>> = Vec::new();
    for (learner, found) in learners.iter_mut().zip(all_found) {
        let (people, why) = found.map_or_else(|why| (Vec::new(), Some(why)), |people| (people, None));
        if let [person] = people[..] {
            let name = printable::line(&roster.people[person].name);
            let is_said = learner.learner.to_lowercase().contains(&name.to_lowercase());
            learner.name = if is_said { String::new() } else { name };
        }
        learner.late |= people.iter().any(|person| roster.people[*person].late);
        let is_draft = people.iter().any(|person| roster.people[*person].draft);
        for remark in is_draft.then_some(DRAFT).into_iter().chain(why) {
            let before = if learner.note.is_empty() { String::new() } else { format!("{}; ", learner.note) };
            learner.note = before + remark;
        }
        matched.push(people);
    }
    let is_known = |at: usize| matched.iter().any(|people| people.contains(&at));
    let missing = roster.people.iter().enumerate().filter(|(at, _)| !is_shard && !is_known(*at));
    let missing: Vec<(usize, String)> = missing.map(|(at, person)| (at, person.shown(roster.form))).collect();
    for (at, learner) in missing {
        let is_unclear = unclear.contains(&at);
        learners.push(Learner {
            learner: printable::line(&learner),
            name: String::new(),
            path: String::new(),
            late: false,
            state: if is_unclear { State::Unmatched } else { State::NotSubmitted },
            note: if is_unclear { UNCLEAR.to_owned() } else { String::new() },
            score: None,
            passed: false,
            report: None,
            earlier: Vec::new(),
            owner: None,
        });
        matched.push(vec![at]);
    }
    matched
}
