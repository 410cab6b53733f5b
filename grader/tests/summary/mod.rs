//! A report in a few lines: what a golden submission's `expected.txt` holds.

use std::fmt::Write;

use cachedojo_judge::report::GradeVerdict;
use cachedojo_judge::{Report, Verdict};

/// The marks, each row that is not passed, the known bugs it is like, and, where nothing was graded, each place that is to blame.
pub(crate) fn summary(report: &Report) -> String {
    let verdict = serde_json::to_value(report.verdict).expect("a word");
    let mut text = format!("{} {}/{}\n", verdict.as_str().unwrap_or_default(), report.score, report.max_score);
    for check in report.checks.iter().filter(|check| check.verdict != Verdict::Pass) {
        let _ = writeln!(text, "{} {} {}/{}", check.id, check.verdict.name(), check.points, check.max_points);
    }
    for mutant in report.mutants.iter().filter(|mutant| mutant.behaves_like) {
        let _ = writeln!(text, "behaves like {} {}", mutant.id, mutant.scenario);
    }
    if report.verdict != GradeVerdict::Graded {
        for diagnostic in &report.diagnostics {
            let _ = writeln!(text, "{}:{}:{}", diagnostic.file, diagnostic.line, diagnostic.column);
        }
    }
    text
}
