//! Autolab: feedback for the learner, then the scores as JSON in the last line.

use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use serde::Serialize;

use std::collections::BTreeMap;

#[derive(Serialize)]
struct Scores<'a> {
    scores: BTreeMap<&'a str, u32>,
    scoreboard: Vec<u32>,
}

/// Autolab refuses scores for problems that it does not know, so there is one problem, named after the exercise. After
/// a failure of the grader there is no score: it must not overwrite one.
pub(super) fn render(report: &Report, language: Language) -> String {
    let score = match report.verdict {
        GradeVerdict::Graded => Some(report.score),
        GradeVerdict::BuildFailed | GradeVerdict::Forbidden => Some(0),
        GradeVerdict::HarnessError => None,
    };
    let last = Scores {
        scores: score.map(|score| (report.exercise.as_str(), score)).into_iter().collect(),
        scoreboard: score.into_iter().collect(),
    };
    let last = serde_json::to_string(&last).expect("plain data is always JSON");
    format!("{}\n{last}\n", super::text::render(report, language))
}
