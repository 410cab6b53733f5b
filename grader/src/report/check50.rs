//! check50's JSON.

use cachedojo_judge::report::GradeVerdict;
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;
use serde::Serialize;

use super::rows::{Row, obstacle, rows};
use super::words::Words;

#[derive(Serialize)]
#[serde(untagged)]
enum Output<'a> {
    Checked { slug: &'a str, results: Vec<CheckResult<'a>>, version: &'a str },
    Broken { slug: &'a str, error: Error, version: &'a str },
}

#[derive(Serialize)]
struct Error {
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
    traceback: [&'static str; 0],
    data: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct CheckResult<'a> {
    name: &'a str,
    description: &'a str,
    passed: Option<bool>,
    log: Vec<&'a str>,
    cause: Option<Cause<'a>>,
    data: Data,
    dependency: Option<&'a str>,
}

#[derive(Serialize)]
struct Cause<'a> {
    rationale: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<&'a str>,
}

#[derive(Serialize)]
struct Data {
    points: u32,
    max_points: u32,
}

pub(super) fn render(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let (slug, version) = (report.exercise.as_str(), report.grader.version.as_str());
    if report.verdict == GradeVerdict::HarnessError {
        let error = Error { kind: "HarnessError", value: obstacle(report, words), traceback: [], data: Empty {} };
        return super::pretty::pretty(&Output::Broken { slug, error, version });
    }
    let rows = rows(report, language);
    super::pretty::pretty(&Output::Checked { slug, results: rows.iter().map(result).collect(), version })
}

fn result<'a>(row: &'a Row<'a>) -> CheckResult<'a> {
    let passed = match row.verdict {
        Verdict::Pass => Some(true),
        // check50 has one value for "not run" and "the grader failed".
        Verdict::Skipped | Verdict::HarnessError => None,
        _ => Some(false),
    };
    // check50 shows expected and actual only as a pair.
    let pair = row.check.filter(|check| !check.expected.is_empty());
    let rationale =
        row.check.map_or(&row.details, |check| if check.message.is_empty() { &row.details } else { &check.message });
    CheckResult {
        name: row.id,
        description: row.name(),
        passed,
        log: row.check.map(|check| check.transcript.lines().collect()).unwrap_or_default(),
        cause: (passed != Some(true)).then(|| Cause {
            rationale: rationale.clone(),
            help: row.check.map(|check| check.hint.as_str()).filter(|hint| !hint.is_empty()),
            expected: pair.map(|check| check.expected.as_str()),
            actual: pair.map(|check| check.actual.as_str()),
        }),
        data: Data { points: row.points, max_points: row.max_points },
        dependency: None,
    }
}
