//! The only way from a submission to its report.

use std::path::Path;

use anyhow::Result;
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_judge::report::{GradeVerdict, Handed, SubmissionId};
use cachedojo_judge::{Report, Verdict, growth, judge_in_turn, shorten, tell_schedules};
use cachedojo_notation::text::Language;

use crate::host::budget;
use crate::host::outcome::UsageError;
use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::{Submission, Unreadable, name_of};
use crate::language::http::START;
use crate::language::toolchain::{Built, ExtraAsked, Reason, Rejected, Toolchain};
use crate::pack::ids_taking;
use crate::run::bench::Bench;
use crate::run::identity::grader;
use crate::run::{mutants, parent, suite};

impl Bench<'_> {
    /// Grades what is at `path`. A submission that cannot be read or built gets a report too.
    ///
    /// # Errors
    /// There is nothing readable at `path`, or the pack is invalid.
    pub fn grade_path(&self, path: &Path, seed: u64, language: Language) -> Result<Report> {
        match Submission::read(path, &self.pack.exercise.languages) {
            Ok(submission) => self.grade(&submission, seed, language),
            Err(error @ Unreadable::Io { .. }) => Err(UsageError(error.to_string()).into()),
            Err(error) => {
                let error = error.of(&self.pack.exercise);
                let elsewhere = error.other_language().and_then(|(code, file)| taken_elsewhere(code, file));
                let is_service = path.join(START).is_file() && self.pack.exercise.interface != InterfaceKind::Service;
                let service = is_service.then(service_elsewhere).flatten();
                let diagnostics = std::iter::once(error.diagnostic()).chain(service).chain(elsewhere).collect();
                let handed = error.handed();
                Ok(self.rejected(path, (handed, ""), seed, Rejected::new(Reason::BuildFailed, diagnostics)))
            }
        }
    }

    /// Grades a submission.
    ///
    /// # Errors
    /// The pack is invalid, or the submission may not be run: see [`Bench::check_trusted`].
    pub fn grade(&self, submission: &Submission, seed: u64, language: Language) -> Result<Report> {
        self.check_trusted(submission)?;
        if self.pack.exercise.interface == InterfaceKind::Tests {
            return suite::grade(self, submission, seed, language);
        }
        let (path, sha256) = (submission.path.clone(), submission.sha256.clone());
        let id = SubmissionId { path, sha256, files: Vec::new() };
        match self.build(submission) {
            Ok(built) => self.judge(id, submission, seed, language, &built),
            Err(rejected) => Ok(self.rejection(id, seed, Some(submission.language), rejected)),
        }
    }

    /// What was handed in at a path, with the digest of what can be read.
    pub fn handed_at(&self, path: &Path) -> (Handed, String) {
        match Submission::read(path, &self.pack.exercise.languages) {
            Ok(read) => (Handed::Something, read.sha256),
            Err(unreadable) => (unreadable.handed(), String::new()),
        }
    }

    /// The report on a submission that could not be read, or not completely: for the exercise's only language, or without one.
    /// `sha256` is empty where there is no digest.
    pub fn rejected(&self, path: &Path, (handed, sha256): (Handed, &str), seed: u64, rejected: Rejected) -> Report {
        let (path, sha256) = (path.display().to_string(), sha256.to_owned());
        let id = SubmissionId { path, sha256, files: Vec::new() };
        let only = <[CodeLanguage; 1]>::try_from(self.pack.exercise.languages.as_slice()).ok();
        Report { handed, ..self.rejection(id, seed, only.map(|[language]| language), rejected) }
    }

    fn judge(
        &self,
        id: SubmissionId,
        submission: &Submission,
        seed: u64,
        language: Language,
        built: &Built,
    ) -> Result<Report> {
        if self.apart {
            parent::now_running()?;
        }
        let exercise = &self.pack.exercise;
        if let Some(lesson) = &self.pack.lesson {
            let grader = grader(self.toolchain(submission.language)?.backend());
            return self.judge_lesson(lesson, id, built, language, grader);
        }
        let mut fresh = || built.factory.subject(&self.limits).map_err(|error| error.to_string());
        // A slow check loses only its own points: the others still have their time.
        let mut outcomes = judge_in_turn(exercise, seed, &mut |left| self.begin_check(left), &mut fresh)?;
        budget::end_checks();
        // A service answers in real time, and should not be asked again and again.
        if submission.language != CodeLanguage::Http {
            shorten(exercise, &mut outcomes, seed, &mut fresh);
        }
        tell_schedules(exercise, &mut outcomes, seed, language, &mut fresh);
        let measured = growth::measure(&exercise.growth, seed, &mut fresh)?;
        let perfect = outcomes.iter().all(|outcome| outcome.verdict == Verdict::Pass);
        let resemblances = if perfect {
            Vec::new()
        } else {
            mutants::resemblances(self, submission.language, &outcomes, seed, &mut fresh)?
        };
        let report = Report::of_checks(
            exercise,
            seed,
            language,
            id,
            grader(built.factory.backend().unwrap_or(self.toolchain(submission.language)?.backend())),
            &built.artifact,
            &outcomes,
            &resemblances,
            built.diagnostics.clone(),
        );
        self.with_extra(report.with_growth(exercise, &measured, language), language, built)
    }

    /// A check begins, with so many left, including it: it gets its time, and whoever waits for the report is told.
    fn begin_check(&self, left: usize) {
        budget::begin_check(left);
        let of = self.pack.exercise.checks.len();
        if self.apart {
            // Who is gone needs no report either, and the next message finds out.
            drop(parent::progress(of - left + 1, of));
        }
    }

    /// The report with the rows beyond the checks that were asked for. A row that gives nothing changes no mark.
    fn with_extra(&self, mut report: Report, language: Language, built: &Built) -> Result<Report> {
        if self.with.is_empty() {
            return Ok(report);
        }
        let asked = ExtraAsked { pack: &self.pack.files, kinds: &self.with, language };
        let rows = built.factory.extra(&asked).ok_or_else(|| {
            let id = &self.pack.exercise.id;
            UsageError(format!("the exercise `{id}` has no rows that --with adds: leave --with out"))
        })?;
        let rows = rows.map_err(|why| anyhow::anyhow!("the rows that --with adds: {why}"))?;
        report.score += rows.iter().map(|row| row.points).sum::<u32>();
        report.max_score += rows.iter().map(|row| row.max_points).sum::<u32>();
        report.passed = report.verdict == GradeVerdict::Graded && report.score >= report.passing_score;
        report.checks.extend(rows);
        Ok(report)
    }

    fn rejection(&self, id: SubmissionId, seed: u64, language: Option<CodeLanguage>, rejected: Rejected) -> Report {
        let verdict = match rejected.reason {
            Reason::BuildFailed => GradeVerdict::BuildFailed,
            Reason::Forbidden => GradeVerdict::Forbidden,
            Reason::HarnessError => GradeVerdict::HarnessError,
        };
        let backend = language.and_then(|language| self.toolchain(language).ok()).map_or("none", Toolchain::backend);
        Report::without_checks(&self.pack.exercise, verdict, seed, id, grader(backend), rejected.diagnostics)
    }
}

/// Which exercises take a service, if there are any.
fn service_elsewhere() -> Option<Diagnostic> {
    let ids: Vec<String> = ids_taking(CodeLanguage::Http).into_iter().map(|id| format!("`{id}`")).collect();
    let said = format!(
        "a folder with a file `{START}` is a service; this exercise takes none, other exercises do: {}",
        ids.join(", ")
    );
    (!ids.is_empty()).then(|| diagnostic::general(&said))
}

/// Which exercises take a program in a language that this one does not.
fn taken_elsewhere(language: CodeLanguage, file: &str) -> Option<Diagnostic> {
    let ids: Vec<String> = ids_taking(language).into_iter().map(|id| format!("`{id}`")).collect();
    let said = format!("other exercises take {} (`{file}`): {}", name_of(language), ids.join(", "));
    (!ids.is_empty()).then(|| diagnostic::general(&said))
}
