//! Wrong submissions, written as edits of the solution, each with the points that it should lose.

use std::collections::BTreeMap;

use cachedojo_judge::pack::CodeLanguage;
use diffy::{Line, Patch};
use grader::intake::submission::Submission;
use grader::pack::Pack;
use grader::run::mutants;
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

/// The pack's known bugs by id, each as a mutant of the solution.
pub(crate) fn known(pack: &Pack, solution: &Submission) -> Vec<(String, Mutant)> {
    let source = &solution.files[&solution.root];
    let starts: Vec<usize> = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mutant = |id: &String| {
        let patch = mutants::patch(pack, CodeLanguage::Rust, id).expect("a patch");
        let patch = Patch::from_str(patch).expect("a unified diff");
        let mut changes: Vec<Change> = Vec::new();
        for hunk in patch.hunks() {
            let mut at = hunk.old_range().start() - 1;
            let mut is_open = false;
            for line in hunk.lines() {
                let change = |line: usize| Change { start: starts[line], end: starts[line], text: String::new() };
                if !matches!(line, Line::Context(_)) && !std::mem::replace(&mut is_open, true) {
                    changes.push(change(at));
                }
                let last = changes.last_mut();
                match (line, last) {
                    (Line::Context(_), _) => (at, is_open) = (at + 1, false),
                    (Line::Delete(_), Some(last)) => (at, last.end) = (at + 1, starts[at + 1]),
                    (Line::Insert(text), Some(last)) => last.text += text,
                    (_, None) => {}
                }
            }
        }
        (id.clone(), Mutant { file: solution.root.clone(), changes })
    };
    pack.exercise.mutants.iter().map(|known| mutant(&known.id)).collect()
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
