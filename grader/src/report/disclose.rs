//! What everyone may see of a report, in characters that no reader trips over.

use cachedojo_judge::Verdict;
use cachedojo_judge::pack::Visibility;
use cachedojo_judge::report::{CheckReport, GradeVerdict, Report};
use cachedojo_notation::text::Language;

use super::french::in_french;
use super::link;
use crate::host::printable::{self, clip, harmless};

/// The longest text that a report carries in one field, in characters.
const FIELD_CHARS_MAX: usize = 16_384;
/// The most diagnostics that a report carries.
const DIAGNOSTICS_MAX: usize = 100;

/// The most further cases of a row that a report carries.
const ALSO_FAILS_MAX: usize = 20;

/// The report with links, without what is hidden, in harmless characters. Cost: O(report).
pub(super) fn disclose(report: &Report, playground: &str, language: Language) -> Report {
    let mut report = report.clone();
    // Fails closed, whoever made the report.
    report.passed &= report.verdict == GradeVerdict::Graded && !report.checks.is_empty();
    report.submission.path = line(&report.submission.path);
    let (exercise, seed) = (report.exercise.clone(), report.seed);
    for check in &mut report.checks {
        disclose_check(check, playground, &exercise, seed);
    }
    for row in &mut report.growth {
        row.title = line(&row.title);
    }
    for mutant in &mut report.mutants {
        mutant.message = line(&mutant.message);
    }
    report.diagnostics.truncate(DIAGNOSTICS_MAX);
    for diagnostic in &mut report.diagnostics {
        diagnostic.file = line(&diagnostic.file);
        if language == Language::French {
            diagnostic.message = in_french(&diagnostic.message);
        }
        diagnostic.message = clip(&harmless(&diagnostic.message), FIELD_CHARS_MAX);
    }
    report
}

/// Cuts what a submission can size to what a report carries, so that it is never too long to be handed on. Cost: O(report).
pub fn shorten(report: &mut Report) {
    report.diagnostics.truncate(DIAGNOSTICS_MAX);
    let texts = report.diagnostics.iter_mut().map(|found| &mut found.message);
    let checks = report.checks.iter_mut().flat_map(|check| {
        check.also_fails.truncate(ALSO_FAILS_MAX);
        let also = check.also_fails.iter_mut();
        let also =
            also.flat_map(|also| [&mut also.expected, &mut also.actual, &mut also.message, &mut also.transcript]);
        let own =
            [&mut check.expected, &mut check.actual, &mut check.message, &mut check.transcript, &mut check.schedule];
        own.into_iter().chain(also)
    });
    for text in texts.chain(checks) {
        // Most texts are short by far: they are not even counted.
        if text.len() > FIELD_CHARS_MAX {
            *text = clip(text, FIELD_CHARS_MAX);
        }
    }
}

fn disclose_check(check: &mut CheckReport, playground: &str, exercise: &str, seed: u64) {
    if check.visibility == Visibility::Hidden {
        for text in
            [&mut check.expected, &mut check.actual, &mut check.script, &mut check.transcript, &mut check.schedule]
        {
            text.clear();
        }
        check.also_fails.clear();
        // Why a check was skipped names another check's title, which is no secret.
        if check.verdict != Verdict::Skipped {
            check.message.clear();
        }
    }
    if check.verdict != Verdict::Pass && !check.script.is_empty() {
        check.link = link::to_playground(playground, &check.script, exercise, seed);
    }
    check.also_fails.truncate(ALSO_FAILS_MAX);
    for also in &mut check.also_fails {
        if !also.script.is_empty() {
            also.link = link::to_playground(playground, &also.script, exercise, seed);
        }
        for text in [&mut also.expected, &mut also.actual, &mut also.message, &mut also.script, &mut also.transcript] {
            *text = clip(&harmless(text), FIELD_CHARS_MAX);
        }
    }
    check.title = line(&check.title);
    check.category = line(&check.category);
    for text in [
        &mut check.expected,
        &mut check.actual,
        &mut check.message,
        &mut check.hint,
        &mut check.script,
        &mut check.transcript,
        &mut check.schedule,
    ] {
        *text = clip(&harmless(text), FIELD_CHARS_MAX);
    }
}

/// Harmless text in one line, of a field's length.
fn line(text: &str) -> String {
    clip(&printable::line(text), FIELD_CHARS_MAX)
}
