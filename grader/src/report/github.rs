//! GitHub Actions: annotations on standard output, and the result for GitHub Classroom's reporter.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cachedojo_judge::Verdict;
use cachedojo_judge::report::{GradeVerdict, Report, SourceDiagnostic};
use serde::Serialize;

use super::Setting;
use super::disclose::disclose;
use super::rows::{SourcePlace, headline, mark_of, place, resemblances, rows};
use super::words::Words;

/// Workflow commands, one a line. Text of a submission is escaped, so that it cannot contain commands.
pub(super) fn render(report: &Report, setting: &Setting) -> String {
    let (language, definitions) = (setting.language, &setting.definitions);
    let words = Words::of(language);
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        let level = if report.verdict == GradeVerdict::Graded { "warning" } else { "error" };
        let SourceDiagnostic { file, line, column, .. } = diagnostic;
        let at = properties(&SourcePlace { file: file.clone(), line: *line, column: *column });
        let title = property(&place(diagnostic));
        let _ = writeln!(text, "::{level} {at},title={title}::{}", data(&diagnostic.message));
    }
    for row in rows(report, language).iter().filter(|row| !row.passed()) {
        let level = if row.verdict == Verdict::Skipped { "warning" } else { "error" };
        let title = property(&format!("{} ({}/{})", row.name(), row.points, row.max_points));
        let at =
            row.check.and_then(|check| definitions.place_of(check)).map(|at| properties(&at) + ",").unwrap_or_default();
        let _ = writeln!(text, "::{level} {at}title={title}::{}", data(row.details.trim_end()));
    }
    for line in resemblances(report, words) {
        let _ = writeln!(text, "::notice title={}::{}", property(words.known_bugs), data(&line));
    }
    if let Some(score) = mark_of(report) {
        let max = report.max_score;
        let _ = writeln!(text, "::notice title=Autograding complete::Points {score}/{max}");
        let _ = writeln!(text, "::notice title=Autograding report::{{\"totalPoints\":{score},\"maxPoints\":{max}}}");
    }
    let _ = writeln!(text, "{}", data(&headline(report, words)));
    text
}

/// The line for `$GITHUB_OUTPUT` from which GitHub Classroom's reporter reads the result: `result=` and base64 of JSON.
pub fn step_output(report: &Report, setting: &Setting) -> String {
    #[derive(Serialize)]
    struct Result<'a> {
        version: u32,
        status: &'static str,
        max_score: u32,
        tests: Vec<TestResult<'a>>,
    }
    #[derive(Serialize)]
    struct TestResult<'a> {
        name: &'a str,
        status: &'static str,
        score: u32,
        message: String,
        test_code: &'a str,
        filename: String,
        line_no: u32,
        duration: u32,
    }
    let report = &disclose(report, &setting.playground, setting.language);
    let tests = rows(report, setting.language)
        .into_iter()
        .map(|row| (row.check.and_then(|check| setting.definitions.place_of(check)), row));
    let tests = tests.map(|(at, row)| TestResult {
        name: row.name(),
        status: match row.verdict {
            Verdict::Pass => "pass",
            Verdict::Skipped | Verdict::HarnessError => "error",
            _ => "fail",
        },
        score: row.points,
        message: row.details,
        test_code: row.check.map_or("", |check| &check.script),
        line_no: at.as_ref().map_or(0, |at| at.line),
        filename: at.map(|at| at.file).unwrap_or_default(),
        duration: 0,
    });
    let status = match report.verdict {
        GradeVerdict::Graded if report.passed => "pass",
        GradeVerdict::Graded => "fail",
        _ => "error",
    };
    let result = Result { version: 1, status, max_score: report.max_score, tests: tests.collect() };
    let json = serde_json::to_vec(&result).expect("plain data is always JSON");
    format!("result={}\n", STANDARD.encode(json))
}

/// A place as an annotation's properties.
fn properties(at: &SourcePlace) -> String {
    let mut properties = format!("file={}", property(&at.file));
    if at.line > 0 {
        let _ = write!(properties, ",line={}", at.line);
    }
    if at.column > 0 {
        let _ = write!(properties, ",col={}", at.column);
    }
    properties
}

/// A command's message, on one line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A command's property, on one line and without the characters that end a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
