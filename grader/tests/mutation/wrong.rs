//! Wrong submissions, written as edits of the solution, each with the points that it should lose.

use std::collections::BTreeMap;

use grader::intake::submission::Submission;
use serde::Deserialize;

use super::batch::Mutant;
use super::operators::Change;

/// The file's text.
const ENTRIES: &str = include_str!("wrong.toml");

#[derive(Deserialize)]
struct File {
    entries: Vec<Entry>,
}

/// A submission, and the range of what it may lose.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) id: String,
    /// A text that occurs exactly once in the solution, and its replacement.
    edits: Vec<(String, String)>,
    /// For each row that must lose points: how many at least, how many at most.
    #[serde(default)]
    lost: BTreeMap<String, (u32, u32)>,
    /// Rows that may lose points.
    #[serde(default)]
    may: Vec<String>,
}

/// All entries, and each as a mutant of the solution.
pub(crate) fn entries(solution: &Submission) -> Vec<(Entry, Mutant)> {
    let file: File = toml::from_str(ENTRIES).expect("wrong.toml is sound");
    let source = &solution.files[&solution.root];
    let mutant = |entry: &Entry| {
        let changes = entry.edits.iter().map(|(old, new)| {
            let places: Vec<usize> = source.match_indices(old.as_str()).map(|(at, _)| at).collect();
            let [start] = places[..] else {
                panic!("{}: {} places for `{old}`: give more of its lines", entry.id, places.len())
            };
            Change { start, end: start + old.len(), text: new.clone() }
        });
        Mutant { file: solution.root.clone(), changes: changes.collect() }
    };
    file.entries.into_iter().map(|entry| (entry.clone(), mutant(&entry))).collect()
}

impl Entry {
    /// Which rows lost more or fewer points than expected; empty if all are in range.
    pub(crate) fn out_of_range(&self, lost: &BTreeMap<String, u32>) -> Vec<String> {
        let rows = self.lost.keys().chain(lost.keys()).collect::<std::collections::BTreeSet<_>>();
        let wrong = rows.into_iter().filter_map(|row| {
            let points = lost.get(row).copied().unwrap_or_default();
            let (low, high) = match self.lost.get(row) {
                Some(range) => *range,
                None if self.may.contains(row) => return None,
                None => (0, 0),
            };
            (points < low || points > high).then(|| format!("{row} loses {points}, not {low} to {high}"))
        });
        wrong.collect()
    }
}
