//! Autolab: feedback for the learner, then the scores as JSON in the last line.

use cachedojo_judge::Report;
use cachedojo_notation::text::Language;
use serde::Serialize;

use std::collections::BTreeMap;

use super::rows::mark_of;

#[derive(Serialize)]
struct Scores<'a> {
    scores: BTreeMap<&'a str, u32>,
    scoreboard: Vec<u32>,
}

/// Autolab refuses scores for problems that it does not know, so there is one problem, named after the exercise. After
/// a failure of the grader, and where nothing was there to grade, there is no score: it must not overwrite one.
pub(super) fn render(report: &Report, language: Language) -> String {
    let score = mark_of(report);
    let last = Scores {
        scores: score.map(|score| (report.exercise.as_str(), score)).into_iter().collect(),
        scoreboard: score.into_iter().collect(),
    };
    let last = serde_json::to_string(&last).expect("plain data is always JSON");
    format!("{}\n{last}\n", super::text::render(report, language))
}
