//! `grader grade`: one submission, from source to report.

use anyhow::Result;
use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;

use crate::cli::GradeArgs;
use crate::host::outcome::Outcome;
use crate::report::{self, Setting};
use crate::run::apart::{self, Stop};
use crate::run::bench::Bench;

/// Grades a submission and prints its report.
///
/// # Errors
/// There is no such exercise or no such path, or this machine lacks what grading needs.
pub fn grade(args: &GradeArgs) -> Result<Outcome> {
    let GradeArgs { grading, format, out } = args;
    let pack = super::load_pack(&grading.exercise)?;
    if let Some(out) = out {
        super::check_out(out)?;
    }
    let bench = Bench::open(&pack, grading.trust)?;
    let report = apart::grade(&bench, &grading.path, grading.seed, grading.lang, &Stop::default())?;
    let setting = Setting::from_environment(grading.lang, &grading.playground);
    report::deliver(&report, *format, &setting, out.as_deref())?;
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
