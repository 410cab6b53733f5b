//! The report for learners, teachers and course platforms: data with stable key names (`cachedojo/report/v1`). Every
//! format is made from it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::growth::{GrowthClass, Measured};
use super::outcome::CheckOutcome;
use super::pack::{Exercise, Visibility};
use super::resemblance::Resemblance;
use super::verdict::Verdict;
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::script::{self, Dialect};
use cachedojo_notation::text::Language;

mod advice;
mod rows;
mod service;

pub use service::{TIME_MOVED, TIME_WAITED, no_answer_in_french};

/// The name of this report format; an incompatible one gets another name.
pub const SCHEMA: &str = "cachedojo/report/v1";

/// The outcome of grading one submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The exercise's id.
    pub exercise: String,
    /// Whether checks ran, and if not, why.
    pub verdict: GradeVerdict,
    /// The points earned.
    pub score: u32,
    /// The points there are.
    pub max_score: u32,
    /// From how many points the exercise is passed.
    pub passing_score: u32,
    /// Whether it is passed: never without an executed check.
    pub passed: bool,
    /// The grading seed: grading again with it gives the same report.
    pub seed: u64,
    /// What was graded.
    pub submission: SubmissionId,
    /// Whether anything was there to grade; only where nothing was.
    #[serde(default, skip_serializing_if = "Handed::is_something")]
    pub handed: Handed,
    /// The grader.
    pub grader: GraderId,
    /// One row for each check.
    pub checks: Vec<CheckReport>,
    /// One row for each operation whose growth was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<GrowthReport>,
    /// One row for each known bug.
    pub mutants: Vec<MutantReport>,
    /// Messages of the compiler and the inspector about the source.
    pub diagnostics: Vec<SourceDiagnostic>,
    /// A digest of module, exercise, grader, seed and events: grading again gives the same one on every host.
    pub receipt: String,
}

/// Whether checks ran, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradeVerdict {
    /// The checks ran.
    Graded,
    /// The submission does not compile.
    BuildFailed,
    /// The submission contains something forbidden.
    Forbidden,
    /// The grader itself failed: this says nothing about the submission.
    HarnessError,
}

/// Whether anything was there to grade. A mark of 0 says that something was handed in and is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handed {
    /// Something was handed in: what is wrong with it counts, also where it is too big or no text.
    #[default]
    Something,
    /// Nothing: no file, no source, or a blank one.
    Nothing,
    /// What cannot be read, such as an archive that does not open, or of which nothing tells what is meant.
    Unread,
}

impl Handed {
    /// Whether something was handed in.
    pub fn is_something(&self) -> bool {
        *self == Self::Something
    }
}

/// What was graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionId {
    /// As the command line named it.
    pub path: String,
    /// SHA-256 of its files, in hexadecimal.
    pub sha256: String,
    /// The files that were graded, the root first; only if more may have been handed in than was graded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// The grader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraderId {
    /// The grader's version.
    pub version: String,
    /// How submissions run: `wasm`, `native`, `python` or `http`.
    pub backend: String,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Its stable id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its category.
    pub category: String,
    /// The points earned.
    pub points: u32,
    /// The points there are.
    pub max_points: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// The expected answer at the failure.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// What happened, in a sentence or two.
    pub message: String,
    /// What to look at.
    pub hint: String,
    /// The shortest script that shows the failure.
    pub script: String,
    /// That script with the submission's answers.
    pub transcript: String,
    /// For a race or a deadlock: the order of threads that shows it, one line for each turn, and how to repeat it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schedule: String,
    /// The work done, in wasmtime's units of fuel; 0 for subjects that are not metered.
    pub fuel: u64,
    /// Who may see the row's details.
    pub visibility: Visibility,
    /// A link that opens the script in the playground; empty if there is none. The grader or the page fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// The further cases of the row that fail too, each with its own script.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_fails: Vec<AlsoFails>,
}

/// A further case of a row that fails.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlsoFails {
    /// The expected answer at the failure.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// What happened, in a sentence.
    pub message: String,
    /// The script that shows it.
    pub script: String,
    /// That script with the submission's answers.
    pub transcript: String,
    /// For a race or a deadlock: as in [`CheckReport`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schedule: String,
    /// A link that opens the script in the playground; empty if there is none. The grader or the page fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
}

/// How the work of one operation grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrowthReport {
    /// Its stable id.
    pub id: String,
    /// The operation.
    pub title: String,
    /// How it grows.
    pub class: GrowthClass,
    /// The class that it should stay within.
    pub within: GrowthClass,
    /// The points earned; a row that gives some is a row of `checks` too.
    pub points: u32,
    /// The most points; mostly 0.
    pub max_points: u32,
    /// The work of one operation at n, 2n, 4n …, in wasmtime's units of fuel.
    pub fuel: Vec<u64>,
}

/// A known bug and the submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the report's own")]
pub struct MutantReport {
    /// The bug's id.
    pub id: String,
    /// The letter of its failure scenario; empty if it is none.
    pub scenario: String,
    /// For a submission that is tests or a script: whether it found the bug. Otherwise false.
    pub detected: bool,
    /// Whether the submission fails in the same way as this bug.
    pub behaves_like: bool,
    /// Whether finding the bug was the task: the submission is tests or a script.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hunted: bool,
    /// Whether it is told to teachers only: the starter has the bug, and to find it is the task.
    #[serde(default, skip_serializing_if = "is_false")]
    pub withheld: bool,
    /// The bug in one sentence.
    pub message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A message about a place in the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceDiagnostic {
    /// The learner's own file.
    pub file: String,
    /// The line, counted from 1; 0 if the message is about the whole file.
    pub line: u32,
    /// The column, counted from 1; 0 if the message is about the whole line.
    pub column: u32,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl Report {
    /// A report without rows, for a submission that could not be run.
    pub fn without_checks(
        exercise: &Exercise,
        verdict: GradeVerdict,
        seed: u64,
        submission: SubmissionId,
        grader: GraderId,
        diagnostics: Vec<SourceDiagnostic>,
    ) -> Self {
        let receipt = receipt(exercise, &grader, seed, submission.sha256.as_bytes(), &[]);
        Self {
            schema: SCHEMA.to_owned(),
            exercise: exercise.id.clone(),
            verdict,
            score: 0,
            max_score: exercise.max_score(),
            passing_score: exercise.passing_score,
            passed: false,
            seed,
            submission,
            handed: Handed::Something,
            grader,
            checks: Vec::new(),
            growth: Vec::new(),
            mutants: Vec::new(),
            diagnostics,
            receipt,
        }
    }

    /// The report of checks that ran. `module` is the exact bytes that they ran on.
    #[expect(clippy::too_many_arguments, reason = "a report is made of just these things, in one place")]
    pub fn of_checks(
        exercise: &Exercise,
        seed: u64,
        language: Language,
        submission: SubmissionId,
        grader: GraderId,
        module: &[u8],
        outcomes: &[CheckOutcome],
        resemblances: &[Resemblance],
        diagnostics: Vec<SourceDiagnostic>,
    ) -> Self {
        let checks: Vec<_> = exercise
            .checks
            .iter()
            .zip(outcomes)
            .map(|(check, outcome)| CheckReport::new(exercise, check, outcome, seed, language))
            .collect();
        let executed = checks.iter().any(|check| !matches!(check.verdict, Verdict::Skipped | Verdict::HarnessError));
        let broken = checks.iter().any(|check| check.verdict == Verdict::HarnessError);
        let score = checks.iter().map(|check| check.points).sum();
        let verdict = if executed && !broken { GradeVerdict::Graded } else { GradeVerdict::HarnessError };
        Self {
            score,
            passed: verdict == GradeVerdict::Graded && score >= exercise.passing_score,
            mutants: mutants(exercise, resemblances, language),
            receipt: receipt(exercise, &grader, seed, module, outcomes),
            checks,
            ..Self::without_checks(exercise, verdict, seed, submission, grader, diagnostics)
        }
    }
}

impl Report {
    /// The report of rows that are made elsewhere: tests that found bugs. `module` is the exact bytes that were run.
    #[expect(clippy::too_many_arguments, reason = "a report is made of just these things, in one place")]
    pub fn of_rows(
        exercise: &Exercise,
        seed: u64,
        submission: SubmissionId,
        grader: GraderId,
        module: &[u8],
        checks: Vec<CheckReport>,
        mutants: Vec<MutantReport>,
        diagnostics: Vec<SourceDiagnostic>,
    ) -> Self {
        let score = checks.iter().map(|check| check.points).sum();
        let verdict = if checks.is_empty() { GradeVerdict::HarnessError } else { GradeVerdict::Graded };
        let mut seen = module.to_vec();
        for row in &checks {
            seen.extend(format!("{} {} {}\n{}\n", row.id, row.verdict.name(), row.points, row.transcript).bytes());
        }
        Self {
            score,
            passed: verdict == GradeVerdict::Graded && score >= exercise.passing_score,
            receipt: receipt(exercise, &grader, seed, &seen, &[]),
            checks,
            mutants,
            ..Self::without_checks(exercise, verdict, seed, submission, grader, diagnostics)
        }
    }

    /// The report with the complexity measurements: a section of its own, and for rows with points also a row of the table.
    #[must_use]
    pub fn with_growth(mut self, exercise: &Exercise, measured: &[Measured], language: Language) -> Self {
        for (row, measured) in exercise.growth.iter().zip(measured) {
            let points = if measured.class <= row.within { row.points } else { 0 };
            self.growth.push(GrowthReport {
                id: row.id.clone(),
                title: row.title.get(language).to_owned(),
                class: measured.class,
                within: row.within,
                points,
                max_points: row.points,
                fuel: measured.fuel.clone(),
            });
            if row.points > 0 {
                self.checks.push(CheckReport::of_growth(row, measured, points, language));
                self.score += points;
            }
        }
        self.passed = self.verdict == GradeVerdict::Graded && self.score >= self.passing_score;
        self
    }
}

fn mutants(exercise: &Exercise, resemblances: &[Resemblance], language: Language) -> Vec<MutantReport> {
    let rows = exercise.mutants.iter().map(|mutant| {
        let seen = resemblances.iter().find(|resemblance| resemblance.mutant == mutant.id);
        MutantReport {
            id: mutant.id.clone(),
            scenario: mutant.scenario.clone().unwrap_or_default(),
            detected: false,
            hunted: false,
            withheld: mutant.planted,
            behaves_like: seen.is_some_and(|resemblance| resemblance.behaves_like),
            message: mutant.sentence.get(language).to_owned(),
        }
    });
    rows.collect()
}

/// A script with the answers that it got, each below its command.
pub fn transcript(script: &str, events: &[Event]) -> String {
    transcript_by(script, events, |event| event.what.to_string())
}

/// The same, with each event as `tell` says it.
fn transcript_by(script: &str, events: &[Event], mut tell: impl FnMut(&Event) -> String) -> String {
    let script = script::parse(script, Dialect::Lab);
    let mut text = String::new();
    let mut rest = events;
    for (index, step) in script.commands.iter().enumerate() {
        let own = rest.iter().take_while(|event| event.step as usize == index).count();
        let (now, later) = rest.split_at(own);
        rest = later;
        if now.is_empty() && later.is_empty() && index > 0 {
            break;
        }
        text += &format!("> {}\n", step.source);
        for event in now.iter().filter(|event| !matches!(event.what, What::Held { .. } | What::Ticked { .. })) {
            text += &format!("  {}\n", tell(event));
        }
    }
    text
}

/// The receipt: grading the same module again, natively or in the page, gives the same one. So it must not contain
/// fuel, which only one of the hosts counts.
fn receipt(exercise: &Exercise, grader: &GraderId, seed: u64, module: &[u8], outcomes: &[CheckOutcome]) -> String {
    let exercise = serde_json::to_vec(exercise).unwrap_or_default();
    let mut parts = vec![module.to_vec(), exercise, grader.version.clone().into(), seed.to_le_bytes().into()];
    for outcome in outcomes {
        parts.push(outcome.id.clone().into());
        parts.push(outcome.verdict.name().into());
        parts.push(outcome.points.to_le_bytes().into());
        parts.extend(outcome.cases.iter().map(|case| serde_json::to_vec(&case.events).unwrap_or_default()));
    }
    digest(&parts)
}

/// The SHA-256 of these bytes, in hexadecimal. Cost: O(bytes).
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A digest of a list of parts; each part is preceded by its length, so that different lists never have the same bytes.
pub(crate) fn digest(parts: &[Vec<u8>]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
