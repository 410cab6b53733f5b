//! Removes from a report what learners must not see, and characters that readers could misinterpret.

use cachedojo_judge::Verdict;
use cachedojo_judge::pack::Visibility;
use cachedojo_judge::report::{AlsoFails, CheckReport, GradeVerdict, Report};
use cachedojo_notation::text::Language;

use super::french::in_french;
use super::link;
use crate::host::printable::{self, clip, harmless};

/// The longest text of one field, in characters.
const FIELD_CHARS_MAX: usize = 16_384;
/// The most diagnostics.
const DIAGNOSTICS_MAX: usize = 100;

/// The most further cases of a row.
const ALSO_FAILS_MAX: usize = 20;

/// The report with links, without hidden parts, in harmless characters. Cost: O(report).
pub(super) fn disclose(report: &Report, playground: &str, language: Language) -> Report {
    let mut report = report.clone();
    // Whatever made the report: without checks it cannot have passed.
    report.passed &= report.verdict == GradeVerdict::Graded && !report.checks.is_empty();
    report.submission.path = line(&report.submission.path);
    let (exercise, seed) = (report.exercise.clone(), report.seed);
    for check in &mut report.checks {
        disclose_check(check, playground, &exercise, seed);
    }
    for row in &mut report.growth {
        row.title = line(&row.title);
    }
    report.mutants.retain(|mutant| !mutant.withheld);
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
        let (own, also) = own_and_also(check);
        std::iter::once(own).chain(also.iter_mut().map(case_of)).flat_map(Case::sized)
    });
    for text in texts.chain(checks) {
        // Most texts are short by far: they are not even counted.
        if text.len() > FIELD_CHARS_MAX {
            *text = clip(text, FIELD_CHARS_MAX);
        }
    }
}

/// The texts of a failing case. A new field must find its place here, or it would reach readers as it is.
struct Case<'a> {
    /// What was answered and what should have been: not for those who may not see a check's details.
    answers: [&'a mut String; 4],
    /// The check's own script, likewise.
    script: &'a mut String,
    message: &'a mut String,
    /// A row's hint; a further case has none.
    hint: Option<&'a mut String>,
}

impl<'a> Case<'a> {
    /// The texts whose length a submission chooses.
    fn sized(self) -> impl Iterator<Item = &'a mut String> {
        self.answers.into_iter().chain([self.message])
    }

    fn all(self) -> impl Iterator<Item = &'a mut String> {
        self.answers.into_iter().chain([self.message, self.script]).chain(self.hint)
    }
}

fn own_and_also(check: &mut CheckReport) -> (Case<'_>, &mut Vec<AlsoFails>) {
    let CheckReport {
        id: _,
        title: _,
        category: _,
        points: _,
        max_points: _,
        verdict: _,
        expected,
        actual,
        message,
        hint,
        script,
        transcript,
        schedule,
        fuel: _,
        visibility: _,
        link: _,
        also_fails,
    } = check;
    (Case { answers: [expected, actual, transcript, schedule], script, message, hint: Some(hint) }, also_fails)
}

fn case_of(also: &mut AlsoFails) -> Case<'_> {
    let AlsoFails { expected, actual, message, script, transcript, schedule, link: _ } = also;
    Case { answers: [expected, actual, transcript, schedule], script, message, hint: None }
}

fn disclose_check(check: &mut CheckReport, playground: &str, exercise: &str, seed: u64) {
    if check.visibility == Visibility::Hidden {
        let (Case { answers, script, .. }, also_fails) = own_and_also(check);
        answers.into_iter().chain([script]).for_each(String::clear);
        also_fails.clear();
        // The reason why a check was skipped is another check's title, which is not secret.
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
        case_of(also).all().for_each(make_harmless);
    }
    check.title = line(&check.title);
    check.category = line(&check.category);
    own_and_also(check).0.all().for_each(make_harmless);
}

fn make_harmless(text: &mut String) {
    *text = clip(&harmless(text), FIELD_CHARS_MAX);
}

/// Harmless text on one line, with the length limit of a field.
fn line(text: &str) -> String {
    clip(&printable::line(text), FIELD_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use cachedojo_judge::report::{AlsoFails, GraderId, SubmissionId};
    use cachedojo_judge::resemblance::Resemblance;

    use super::*;
    use crate::pack::{DEFAULT_ID, Pack};

    #[test]
    fn no_reader_is_told_a_bug_that_the_starter_has() {
        let mut exercise = Pack::load("five-bugs").expect("it is sound").exercise;
        exercise.checks.clear();
        let alike = |id: &str| Resemblance { mutant: id.to_owned(), detected: false, behaves_like: true };
        let alike: Vec<_> = exercise.mutants.iter().map(|mutant| alike(&mutant.id)).collect();
        let id = SubmissionId { path: "here".to_owned(), sha256: String::new(), files: Vec::new() };
        let grader = GraderId { version: String::new(), backend: "wasm".to_owned() };
        let report = Report::of_checks(&exercise, 0, Language::English, id, grader, &[], &[], &alike, Vec::new());
        let ids = |report: &Report| report.mutants.iter().map(|mutant| mutant.id.clone()).collect::<Vec<_>>();
        let shown = ids(&disclose(&report, "", Language::English));
        assert_eq!(ids(&report).len(), shown.len() + 5, "a teacher's page is made from what is kept");
        assert!(
            !shown.iter().any(|id| id == "half_is_a_quorum") && shown.iter().any(|id| id == "a_quorum_is_always_two")
        );
    }

    #[test]
    fn a_report_of_endless_answers_is_short_enough_to_be_handed_on() {
        let exercise = Pack::load(DEFAULT_ID).expect("it is sound").exercise;
        let id = SubmissionId { path: "here".to_owned(), sha256: String::new(), files: Vec::new() };
        let grader = GraderId { version: String::new(), backend: "http".to_owned() };
        let mut report = Report::without_checks(&exercise, GradeVerdict::Graded, 0, id, grader, Vec::new());
        let long = || "é".repeat(100_000);
        let also = AlsoFails { actual: long(), transcript: long(), ..AlsoFails::default() };
        report.checks.push(CheckReport {
            title: "One".to_owned(),
            max_points: 1,
            actual: long(),
            message: long(),
            script: "get a".to_owned(),
            transcript: long(),
            also_fails: vec![also; 100],
            ..CheckReport::empty("one", Verdict::Fail)
        });
        shorten(&mut report);
        let row = &report.checks[0];
        assert_eq!((row.script.as_str(), row.also_fails.len()), ("get a", ALSO_FAILS_MAX));
        for text in
            [&row.actual, &row.message, &row.transcript, &row.also_fails[0].actual, &row.also_fails[0].transcript]
        {
            assert_eq!(text.chars().count(), FIELD_CHARS_MAX);
        }
        // What is cut once is cut no further when it is shown.
        let shown = disclose(&report, "", Language::English);
        assert_eq!(shown.checks[0].transcript, row.transcript);
    }
}
