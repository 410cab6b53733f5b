//! The report for a terminal: a table, then each failure with its script.

use std::fmt::Write;

use cachedojo::exercise::report::{CheckReport, GradeVerdict, Report};
use cachedojo::exercise::{Verdict, pack::Visibility};
use cachedojo::text::Language;

/// The report as text, without colour: marks and words carry the meaning.
pub fn render(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let mut text = String::new();
    let _ = writeln!(text, "{} · {}", report.exercise, printable(&report.submission.path));
    for diagnostic in &report.diagnostics {
        let place = match (diagnostic.line, diagnostic.column) {
            (0, _) => String::new(),
            (line, 0) => format!(":{line}"),
            (line, column) => format!(":{line}:{column}"),
        };
        let _ = writeln!(text, "  {}{place}: {}", printable(&diagnostic.file), printable(&diagnostic.message));
    }
    match report.verdict {
        GradeVerdict::Graded => {}
        GradeVerdict::BuildFailed => _ = writeln!(text, "\n{}", words.build_failed),
        GradeVerdict::Forbidden => _ = writeln!(text, "\n{}", words.forbidden),
        GradeVerdict::HarnessError => _ = writeln!(text, "\n{}", words.harness_error),
    }
    if !report.checks.is_empty() {
        table(report, &mut text);
    }
    for check in report.checks.iter().filter(|check| check.verdict != Verdict::Pass) {
        failure(check, words, &mut text);
    }
    for mutant in report.mutants.iter().filter(|mutant| mutant.behaves_like) {
        let letter = if mutant.scenario.is_empty() { String::new() } else { format!(" ({})", mutant.scenario) };
        let _ = writeln!(text, "\n{} `{}`{letter}: {}", words.behaves_like, mutant.id, mutant.message);
    }
    let verdict = if report.passed { words.passed } else { words.not_passed };
    let (score, max, passing) = (report.score, report.max_score, report.passing_score);
    let _ = writeln!(text, "\n{}: {score}/{max} · {verdict} ({} {passing})", words.score, words.passing);
    text
}

fn table(report: &Report, text: &mut String) {
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
            check.verdict.name(),
        );
    }
}

fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '✓',
        Verdict::Skipped => '–',
        Verdict::NotImplemented => '○',
        Verdict::Flaky | Verdict::HarnessError => '?',
        _ => '✗',
    }
}

fn failure(check: &CheckReport, words: &Words, text: &mut String) {
    let lost = check.max_points - check.points;
    let _ = writeln!(text, "\n{} {} (−{lost}): {}", mark(check.verdict), check.id, printable(&check.message));
    if check.visibility == Visibility::Hidden {
        let _ = writeln!(text, "    {}", words.hidden);
    }
    for line in check.transcript.lines() {
        let _ = writeln!(text, "    {}", printable(line));
    }
    if !check.hint.is_empty() && check.verdict != Verdict::Skipped {
        let _ = writeln!(text, "    {}: {}", words.hint, check.hint);
    }
}

/// Text that came from a submission, made harmless for a terminal: no control characters but the line's end.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

struct Words {
    score: &'static str,
    passed: &'static str,
    not_passed: &'static str,
    passing: &'static str,
    hint: &'static str,
    hidden: &'static str,
    behaves_like: &'static str,
    build_failed: &'static str,
    forbidden: &'static str,
    harness_error: &'static str,
}

impl Words {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &Self {
                score: "Score",
                passed: "passed",
                not_passed: "not passed",
                passing: "passing score",
                hint: "Hint",
                hidden: "The script of this check is not shown.",
                behaves_like: "Behaves like the known bug",
                build_failed: "The submission does not compile: mend the messages above, then grade again.",
                forbidden: "The submission holds what this exercise forbids: remove it, then grade again.",
                harness_error: "The grader itself failed: this says nothing about the submission. Run `grader doctor`.",
            },
            Language::French => &Self {
                score: "Note",
                passed: "réussi",
                not_passed: "non réussi",
                passing: "seuil de réussite",
                hint: "Piste",
                hidden: "Le script de cette vérification n'est pas montré.",
                behaves_like: "Se comporte comme le bogue connu",
                build_failed: "Le rendu ne compile pas : corrigez les messages ci-dessus, puis relancez la notation.",
                forbidden: "Le rendu contient ce que l'exercice interdit : retirez-le, puis relancez la notation.",
                harness_error: "Le correcteur lui-même a échoué : cela ne dit rien du rendu. Lancez « grader doctor ».",
            },
        }
    }
}
