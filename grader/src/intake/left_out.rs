//! What of a class's archive is not used, told to whom it belongs.

use std::path::Path;

use super::archive::LeftOut;
use super::find::{Entry, Found};
use super::platform::owners;

/// Tells the learners of a class's archive what of theirs is not used. Who has no entry gets one: nobody must vanish.
pub fn tell(entries: &mut Vec<Entry>, left_out: &[LeftOut]) {
    for LeftOut { place, why, is_all } in left_out {
        let is_theirs = |entry: &Entry| {
            let shown = Path::new(&entry.shown);
            shown.starts_with(place) || place.starts_with(shown)
        };
        let (mut theirs, mut is_anybodys) = (entries.iter_mut().filter(|entry| is_theirs(entry)), false);
        for entry in &mut theirs {
            is_anybodys = true;
            match &mut entry.found {
                Found::Source(_, remark) if !is_all => {
                    let before = if remark.is_empty() { String::new() } else { format!("{remark}; ") };
                    *remark = before + why;
                }
                Found::Superseded | Found::Ambiguous(_) if !is_all => {}
                found => *found = Found::Unreadable(why.clone()),
            }
        }
        if !is_anybodys {
            let owner = owners(Path::new(""), std::slice::from_ref(place)).swap_remove(0);
            let (learner, shown) = (owner.shown.clone(), place.display().to_string());
            entries.push(Entry { learner, shown, found: Found::Unreadable(why.clone()), owner });
        }
    }
    entries.sort_by(|one, other| one.learner.cmp(&other.learner));
}
