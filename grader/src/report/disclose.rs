//! What everyone may see of a report, in characters that no reader trips over.

use cachedojo::exercise::Verdict;
use cachedojo::exercise::pack::Visibility;
use cachedojo::exercise::report::{CheckReport, GradeVerdict, Report};

use super::link;

/// The longest text that a report carries in one field, in characters.
const FIELD_CHARS_MAX: usize = 16_384;
/// The most diagnostics that a report carries.
const DIAGNOSTICS_MAX: usize = 100;

/// The report with links, without what is hidden, in harmless characters. Cost: O(report).
pub(super) fn disclose(report: &Report, playground: &str) -> Report {
    let mut report = report.clone();
    // Fails closed, whoever made the report.
    report.passed &= report.verdict == GradeVerdict::Graded && !report.checks.is_empty();
    report.submission.path = line(&report.submission.path);
    let (exercise, seed) = (report.exercise.clone(), report.seed);
    for check in &mut report.checks {
        disclose_check(check, playground, &exercise, seed);
    }
    for mutant in &mut report.mutants {
        mutant.message = line(&mutant.message);
    }
    report.diagnostics.truncate(DIAGNOSTICS_MAX);
    for diagnostic in &mut report.diagnostics {
        diagnostic.file = line(&diagnostic.file);
        diagnostic.message = clip(&harmless(&diagnostic.message), FIELD_CHARS_MAX);
    }
    report
}

fn disclose_check(check: &mut CheckReport, playground: &str, exercise: &str, seed: u64) {
    if check.visibility == Visibility::Hidden {
        for text in [&mut check.expected, &mut check.actual, &mut check.script, &mut check.transcript] {
            text.clear();
        }
        // Why a check was skipped names another check's title, which is no secret.
        if check.verdict != Verdict::Skipped {
            check.message.clear();
        }
    }
    if check.verdict != Verdict::Pass && !check.script.is_empty() {
        check.link = link::to_playground(playground, &check.script, exercise, seed);
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
    ] {
        *text = clip(&harmless(text), FIELD_CHARS_MAX);
    }
}

/// At most `chars_max` characters, the last of them saying that there was more.
pub(super) fn clip(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Harmless text in one line.
pub(super) fn line(text: &str) -> String {
    clip(&harmless(text).replace('\n', "\u{fffd}"), FIELD_CHARS_MAX)
}

/// No controls but the line's end (a tab becomes a space), nothing that reorders or hides text, nothing that XML forbids.
fn harmless(text: &str) -> String {
    let replaced = text.chars().map(|c| match c {
        '\n' => '\n',
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fffe}'..='\u{ffff}' => '\u{fffd}',
        c => c,
    });
    replaced.collect()
}

#[cfg(test)]
mod tests {
    use super::{clip, harmless};

    #[test]
    fn what_steers_a_terminal_or_breaks_xml_is_replaced() {
        assert_eq!(
            harmless("a\u{1b}[31mb\r\n\tc\0\u{202e}\u{ffff}é"),
            "a\u{fffd}[31mb\u{fffd}\n c\u{fffd}\u{fffd}\u{fffd}é"
        );
    }

    #[test]
    fn a_clipped_text_says_so_within_its_length() {
        assert_eq!(clip("abcd", 4), "abcd");
        assert_eq!(clip("éàüöî", 4), "éàü…");
    }
}
