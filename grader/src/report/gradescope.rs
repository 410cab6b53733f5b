//! Gradescope's `/autograder/results/results.json`.

use cachedojo_judge::Report;
use cachedojo_notation::text::Language;
use serde::Serialize;

use super::rows::{headline, mark_of, obstacle, resemblances, rows};
use super::words::Words;

#[derive(Serialize)]
struct Results<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u32>,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    visibility: &'static str,
    stdout_visibility: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tests: Option<Vec<Test<'a>>>,
    extra_data: ExtraData<'a>,
}

#[derive(Serialize)]
struct Test<'a> {
    score: u32,
    max_score: u32,
    status: &'static str,
    name: &'a str,
    number: String,
    output: String,
    tags: Vec<&'a str>,
    // A single hidden test would hide the learner's total: so secret parts are left out instead.
    visibility: &'static str,
}

#[derive(Serialize)]
struct ExtraData<'a> {
    schema: &'a str,
    exercise: &'a str,
    seed: u64,
    receipt: &'a str,
    passed: bool,
    known_bugs: Vec<&'a str>,
}

/// After a failure of the grader, and where nothing was there to grade, there is neither a score nor a test, one of which Gradescope
/// asks for: so it takes the run for a failure of the autograder, which the staff sees, and gives no points.
pub(super) fn render(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let tests: Vec<_> = rows(report, language)
        .into_iter()
        .enumerate()
        .map(|(index, row)| Test {
            score: row.points,
            max_score: row.max_points,
            status: if row.passed() { "passed" } else { "failed" },
            name: row.name(),
            number: (index + 1).to_string(),
            output: row.details,
            tags: [row.category].into_iter().filter(|category| !category.is_empty()).collect(),
            visibility: "visible",
        })
        .collect();
    let score = mark_of(report);
    // Without tests the reason stands nowhere else.
    let mut output = if score.is_some() { headline(report, words) + "\n" } else { obstacle(report, words) };
    for line in resemblances(report, words) {
        output += &(line + "\n");
    }
    super::pretty::pretty(&Results {
        score,
        output,
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        visibility: "visible",
        stdout_visibility: "hidden",
        tests: score.map(|_| tests),
        extra_data: ExtraData {
            schema: &report.schema,
            exercise: &report.exercise,
            seed: report.seed,
            receipt: &report.receipt,
            passed: report.passed,
            known_bugs: report.mutants.iter().filter(|m| m.behaves_like).map(|m| m.id.as_str()).collect(),
        },
    })
}
