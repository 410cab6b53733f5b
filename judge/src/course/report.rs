//! The judgement of a lesson as a report, so that every format and every class run handles lessons too.

use cachedojo_notation::text::Language;

use super::{Attempt, Kind, Lesson, Row};
use crate::report::{CheckReport, GradeVerdict, GraderId, Handed, MutantReport, Report, SCHEMA, SubmissionId, digest};
use crate::verdict::Verdict;

/// The report of a script (`text`) that was judged for a lesson. Cost: O(rows x text).
pub fn report(
    lesson: &Lesson,
    attempt: &Attempt,
    text: &str,
    language: Language,
    submission: SubmissionId,
    grader: GraderId,
) -> Report {
    let broken = attempt.rows.iter().any(|row| row.verdict == Verdict::HarnessError);
    let rows = attempt.rows.iter().map(|row| (&row.id, row.points, row.verdict, &row.actual)).collect::<Vec<_>>();
    let receipt = digest(&[
        text.into(),
        serde_json::to_vec(lesson).unwrap_or_default(),
        grader.version.clone().into(),
        serde_json::to_vec(&(rows, &attempt.parting)).unwrap_or_default(),
    ]);
    Report {
        schema: SCHEMA.to_owned(),
        exercise: lesson.id.clone(),
        verdict: if broken { GradeVerdict::HarnessError } else { GradeVerdict::Graded },
        score: attempt.score,
        max_score: super::POINTS,
        passing_score: lesson.passing_score(),
        passed: attempt.solved && !broken,
        seed: lesson.seed,
        submission,
        handed: Handed::Something,
        grader,
        checks: (0_usize..)
            .zip(&attempt.rows)
            .map(|(at, row)| check(lesson, row, at > 0 && row.is_of_frame, text, language))
            .collect(),
        growth: Vec::new(),
        mutants: mutant(lesson, attempt, language),
        diagnostics: Vec::new(),
        receipt,
    }
}

/// A row; in one that is said already, nothing of it: what is wrong with the lesson's own lines keeps all rows from being tried, and the
/// first says so.
fn check(lesson: &Lesson, row: &Row, is_said: bool, text: &str, language: Language) -> CheckReport {
    let verdict = if is_said { Verdict::Skipped } else { row.verdict };
    let is_tried = row.points < row.max_points && verdict != Verdict::Skipped;
    // What somebody predicted is their answer, and what came is the right one. The lesson's hint may be about another answer, and is
    // about none where the lesson's own lines are not as they were.
    let is_guess = lesson.kind == Kind::Predict && !row.actual.is_empty();
    let (expected, actual) = if is_guess { (&row.actual, &row.expected) } else { (&row.expected, &row.actual) };
    CheckReport {
        title: row.title.clone(),
        category: kind_name(lesson.kind, language).to_owned(),
        points: row.points,
        max_points: row.max_points,
        expected: expected.clone(),
        actual: actual.clone(),
        message: if is_said { String::new() } else { row.message.clone() },
        hint: if is_tried && !is_guess && !row.is_of_frame {
            lesson.hints[0].get(language).to_owned()
        } else {
            String::new()
        },
        script: if is_tried { text.trim_end().to_owned() } else { String::new() },
        ..CheckReport::empty(&row.id, verdict)
    }
}

/// In a lesson to expose a bug: whether the script did. The bug's sentence is shown only then.
fn mutant(lesson: &Lesson, attempt: &Attempt, language: Language) -> Vec<MutantReport> {
    let Some(id) = &lesson.mutant else { return Vec::new() };
    let detected = attempt.parting.is_some();
    let message = if detected { lesson.explanation.get(language).to_owned() } else { String::new() };
    vec![MutantReport {
        id: id.clone(),
        scenario: String::new(),
        detected,
        behaves_like: false,
        hunted: true,
        withheld: false,
        message,
    }]
}

const fn kind_name(kind: Kind, language: Language) -> &'static str {
    match (kind, language) {
        (Kind::Predict, Language::English) => "Predict",
        (Kind::Predict, Language::French) => "Prédire",
        (Kind::Expose, Language::English) => "Expose",
        (Kind::Expose, Language::French) => "Démasquer",
        (Kind::Repair, Language::English) => "Repair",
        (Kind::Repair, Language::French) => "Réparer",
        (Kind::Design, Language::English) => "Design",
        (Kind::Design, Language::French) => "Concevoir",
    }
}
