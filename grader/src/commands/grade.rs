//! `grader grade`: one submission, from source to report.

use std::path::Path;

use anyhow::Result;
use cachedojo::exercise::report::{GradeVerdict, GraderId, SubmissionId};
use cachedojo::exercise::{Report, judge};
use cachedojo::subject::Subject;
use cachedojo::text::Language;

use crate::build::{self, Built, Interface, Reason, Rejected};
use crate::cli::{GradeArgs, Outcome, UsageError};
use crate::pack::Pack;
use crate::report::{self, Setting};
use crate::sandbox::Protection;
use crate::submission::{Submission, Unreadable};
use crate::toolbox::Toolbox;

/// Grades a submission and prints its report.
///
/// # Errors
/// There is no such exercise or no such path, or this machine lacks what grading needs.
pub fn grade(args: &GradeArgs) -> Result<Outcome> {
    let pack = Pack::load(&args.exercise).map_err(|error| UsageError(format!("{error:#}")))?;
    let interface = Interface::of(&pack)?;
    let protection = if args.trust { Protection::Trust } else { Protection::Sandbox };
    let bench = Bench { pack: &pack, interface, toolbox: Toolbox::open(&say)?, protection };
    let report = bench.grade(Path::new(&args.path), args.seed, args.lang)?;
    let setting = Setting::from_environment(args.lang, &args.playground);
    report::deliver(&report, args.format, &setting, args.out.as_deref())?;
    Ok(outcome(&report))
}

/// How a report ends the command.
pub fn outcome(report: &Report) -> Outcome {
    match report.verdict {
        GradeVerdict::Graded if report.passed => Outcome::Passed,
        GradeVerdict::Graded => Outcome::NotPassed,
        GradeVerdict::BuildFailed | GradeVerdict::Forbidden => Outcome::Rejected,
        GradeVerdict::HarnessError => Outcome::HarnessError,
    }
}

/// What grading any number of submissions to one exercise needs.
#[derive(Debug)]
pub struct Bench<'a> {
    /// The exercise.
    pub pack: &'a Pack,
    /// What its submissions have to be.
    pub interface: Interface,
    /// What they are compiled against.
    pub toolbox: Toolbox,
    /// Whether the compiler is confined.
    pub protection: Protection,
}

impl Bench<'_> {
    /// Grades what is at `path`. A submission that cannot be read or built is a report too.
    ///
    /// # Errors
    /// There is nothing at `path` that could be read, or the pack is unsound.
    pub fn grade(&self, path: &Path, seed: u64, language: Language) -> Result<Report> {
        let submission = match Submission::read(path) {
            Ok(submission) => submission,
            Err(error @ Unreadable::Io { .. }) => return Err(UsageError(error.to_string()).into()),
            Err(error) => {
                let id = SubmissionId { path: path.display().to_string(), sha256: String::new() };
                let rejected = Rejected { reason: Reason::BuildFailed, diagnostics: vec![error.diagnostic()] };
                return Ok(self.rejection(id, seed, rejected));
            }
        };
        let id = SubmissionId { path: submission.path.clone(), sha256: submission.sha256.clone() };
        match build::prepare(&submission, &self.interface, &self.toolbox, self.protection) {
            Ok(built) => self.judge(id, seed, language, &built),
            Err(rejected) => Ok(self.rejection(id, seed, rejected)),
        }
    }

    fn judge(&self, id: SubmissionId, seed: u64, language: Language, built: &Built) -> Result<Report> {
        let exercise = &self.pack.exercise;
        let outcomes = judge(exercise, seed, &mut || Ok(Box::new(built.subject()) as Box<dyn Subject>))?;
        Ok(Report::of_checks(
            exercise,
            seed,
            language,
            id,
            grader(),
            &built.module,
            &outcomes,
            &[],
            built.diagnostics.clone(),
        ))
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

#[expect(clippy::print_stderr, reason = "the command line's own voice, while the report has stdout")]
fn say(line: &str) {
    eprintln!("grader: {line}");
}
