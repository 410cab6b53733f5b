//! The report for a terminal: a table, then each failure with its script.

use std::fmt::Write;

use cachedojo_judge::Verdict;
use cachedojo_judge::report::{CheckReport, Report};
use cachedojo_notation::text::Language;

use super::rows::{chart, details, headline, resemblances, series, with_place};
use super::words::{Words, mark};

/// The report as text, without colour: marks and words carry the meaning.
pub(super) fn render(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let mut text = format!("{} · {}\n", report.exercise, report.submission.path);
    for diagnostic in &report.diagnostics {
        let _ = writeln!(text, "  {}", indented(&with_place(diagnostic), "  │ "));
    }
    if !report.checks.is_empty() {
        table(report, words, &mut text);
    }
    for check in report.checks.iter().filter(|check| check.verdict != Verdict::Pass) {
        let lost = check.max_points - check.points;
        let details = details(check, words);
        let _ = writeln!(text, "\n{} {} (−{lost}): {}", mark(check.verdict), check.id, indented(&details, "  │ "));
    }
    for line in resemblances(report, words) {
        let _ = writeln!(text, "\n{line}");
    }
    if !report.growth.is_empty() {
        growth(report, language, &mut text);
    }
    let _ = writeln!(text, "\n{}", headline(report, words));
    text
}

fn table(report: &Report, words: &Words, text: &mut String) {
    let widest = |column: fn(&CheckReport) -> &str| {
        report.checks.iter().map(|check| column(check).chars().count()).max().unwrap_or(0)
    };
    let (ids, titles) = (widest(|check| &check.id), widest(|check| &check.title));
    text.push('\n');
    for check in &report.checks {
        let _ = writeln!(
            text,
            "  {} {:ids$}  {:titles$}  {:>3}/{:<3} {}",
            mark(check.verdict),
            check.id,
            check.title,
            check.points,
            check.max_points,
            words.verdict_of(check),
        );
    }
}

fn growth(report: &Report, language: Language, text: &mut String) {
    let words = Words::of(language);
    let _ = writeln!(text, "\n{} (n, 2n, 4n …, fuel){}", words.complexity, words.colon);
    let widest = report.growth.iter().map(|row| row.title.chars().count()).max().unwrap_or(0);
    for row in &report.growth {
        let (class, chart) = (row.class.name(language), chart(&row.fuel));
        let _ = writeln!(text, "  {:widest$}  {chart:5}  {class:13}  {}", row.title, series(&row.fuel));
    }
}

/// Lines with all but the first indented, so that no line of a submission looks like the report's own, or is executed
/// by GitHub Actions.
fn indented(text: &str, indent: &str) -> String {
    text.trim_end().replace('\n', &format!("\n{indent}"))
}
