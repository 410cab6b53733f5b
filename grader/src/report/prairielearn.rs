//! PrairieLearn's `/grade/results/results.json`: a score between 0 and 1, at most one megabyte.

use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use serde::Serialize;

use super::rows::{headline, obstacle, resemblances, rows};
use super::words::Words;
use crate::host::printable::clip;

/// The most characters of all rows together: at most four bytes each, so the file stays below a megabyte.
const CHARS_MAX: usize = 200_000;

#[derive(Serialize)]
struct Results<'a> {
    gradable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    format_errors: Vec<String>,
    message: String,
    output: String,
    tests: Vec<Test<'a>>,
}

#[derive(Serialize)]
struct Test<'a> {
    name: &'a str,
    description: &'a str,
    points: u32,
    max_points: u32,
    message: &'static str,
    output: String,
}

/// A submission that could not be run is "not gradable": then PrairieLearn does not count the attempt, and shows why.
pub(super) fn render(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let gradable = report.verdict == GradeVerdict::Graded;
    if !gradable {
        let reason = clip(&obstacle(report, words), CHARS_MAX);
        let results = Results {
            gradable,
            score: None,
            format_errors: vec![reason],
            message: headline(report, words),
            output: String::new(),
            tests: Vec::new(),
        };
        return super::pretty::pretty(&results);
    }
    let rows = rows(report, language);
    let share = CHARS_MAX / rows.len().max(1);
    let tests = rows.into_iter().map(|row| Test {
        name: row.name(),
        description: row.id,
        points: row.points,
        max_points: row.max_points,
        message: words.name(row.verdict),
        output: clip(&row.details, share),
    });
    super::pretty::pretty(&Results {
        gradable,
        score: Some(f64::from(report.score.min(report.max_score)) / f64::from(report.max_score.max(1))),
        format_errors: Vec::new(),
        message: headline(report, words),
        output: resemblances(report, words).join("\n"),
        tests: tests.collect(),
    })
}
