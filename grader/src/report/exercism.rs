//! Exercism's `results.json`, version 2: what its Rust test runner writes.

use cachedojo_judge::report::GradeVerdict;
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;
use serde::Serialize;

use super::rows::{Row, obstacle, rows};
use super::words::Words;
use crate::host::printable::clip;

const OUTPUT_CHARS_MAX: usize = 500;
const MESSAGE_CHARS_MAX: usize = 65_535;

#[derive(Serialize)]
struct Results<'a> {
    version: u32,
    status: &'static str,
    message: Option<String>,
    tests: Vec<TestResult<'a>>,
}

#[derive(Serialize)]
struct TestResult<'a> {
    name: &'a str,
    status: &'static str,
    message: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    output: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    test_code: &'a str,
}

/// Exercism passes an exercise only if every test passes, whatever the passing score.
pub(super) fn render(report: &Report, language: Language) -> String {
    if report.verdict != GradeVerdict::Graded {
        let message = clip(&obstacle(report, Words::of(language)), MESSAGE_CHARS_MAX);
        return super::pretty::pretty(&Results {
            version: 2,
            status: "error",
            message: Some(message),
            tests: Vec::new(),
        });
    }
    let rows = rows(report, language);
    let status = if report.passed && rows.iter().all(Row::passed) { "pass" } else { "fail" };
    let tests = rows.into_iter().map(|row| TestResult {
        name: row.name(),
        status: match row.verdict {
            Verdict::Pass => "pass",
            Verdict::Skipped | Verdict::HarnessError => "error",
            _ => "fail",
        },
        message: (!row.passed()).then(|| clip(&row.details, MESSAGE_CHARS_MAX)),
        output: row.check.map(|check| clip(&check.transcript, OUTPUT_CHARS_MAX)).unwrap_or_default(),
        test_code: row.check.map_or("", |check| &check.script),
    });
    super::pretty::pretty(&Results { version: 2, status, message: None, tests: tests.collect() })
}
