//! The one way from a submission to its report.

use std::path::Path;

use anyhow::Result;
use cachedojo_judge::report::{GradeVerdict, GraderId, SubmissionId};
use cachedojo_judge::{Report, Verdict, growth, judge, shorten};
use cachedojo_lab::subject::Subject;
use cachedojo_notation::text::Language;

use crate::host::outcome::UsageError;
use crate::intake::submission::{Submission, Unreadable};
use crate::language::rust::build::{Built, Reason, Rejected};
use crate::run::bench::Bench;
use crate::run::mutants;

impl Bench<'_> {
    /// Grades what is at `path`. A submission that cannot be read or built is a report too.
    ///
    /// # Errors
    /// There is nothing at `path` that could be read, or the pack is unsound.
    pub fn grade_path(&self, path: &Path, seed: u64, language: Language) -> Result<Report> {
        match Submission::read(path) {
            Ok(submission) => self.grade(&submission, seed, language),
            Err(error @ Unreadable::Io { .. }) => Err(UsageError(error.to_string()).into()),
            Err(error) => {
                let id = SubmissionId { path: path.display().to_string(), sha256: String::new() };
                let rejected = Rejected { reason: Reason::BuildFailed, diagnostics: vec![error.diagnostic()] };
                Ok(self.rejection(id, seed, rejected))
            }
        }
    }

    /// Grades a submission.
    ///
    /// # Errors
    /// The pack is unsound.
    pub fn grade(&self, submission: &Submission, seed: u64, language: Language) -> Result<Report> {
        let id = SubmissionId { path: submission.path.clone(), sha256: submission.sha256.clone() };
        match self.build(submission) {
            Ok(built) => self.judge(id, seed, language, &built),
            Err(rejected) => Ok(self.rejection(id, seed, rejected)),
        }
    }

    fn judge(&self, id: SubmissionId, seed: u64, language: Language, built: &Built) -> Result<Report> {
        let exercise = &self.pack.exercise;
        let mut fresh = || Ok(Box::new(built.program.subject(self.limits)) as Box<dyn Subject>);
        let mut outcomes = judge(exercise, seed, &mut fresh)?;
        shorten(exercise, &mut outcomes, seed, &mut fresh);
        let measured = growth::measure(exercise, seed, &mut fresh)?;
        let perfect = outcomes.iter().all(|outcome| outcome.verdict == Verdict::Pass);
        let resemblances = if perfect { Vec::new() } else { mutants::resemblances(self, &outcomes, seed)? };
        let report = Report::of_checks(
            exercise,
            seed,
            language,
            id,
            grader(),
            &built.module,
            &outcomes,
            &resemblances,
            built.diagnostics.clone(),
        );
        Ok(report.with_growth(exercise, &measured, language))
    }

    fn rejection(&self, id: SubmissionId, seed: u64, rejected: Rejected) -> Report {
        let verdict = match rejected.reason {
            Reason::BuildFailed => GradeVerdict::BuildFailed,
            Reason::Forbidden => GradeVerdict::Forbidden,
            Reason::HarnessError => GradeVerdict::HarnessError,
        };
        Report::without_checks(&self.pack.exercise, verdict, seed, id, grader(), rejected.diagnostics)
    }
}

fn grader() -> GraderId {
    GraderId { version: env!("CARGO_PKG_VERSION").to_owned(), backend: "wasm".to_owned() }
}
