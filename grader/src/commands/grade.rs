//! `grader grade`: one submission, from source to report.

use anyhow::Result;
use cachedojo::exercise::Report;
use cachedojo::exercise::report::GradeVerdict;

use crate::bench::Bench;
use crate::cli::GradeArgs;
use crate::outcome::Outcome;
use crate::report::{self, Setting};

/// Grades a submission and prints its report.
///
/// # Errors
/// There is no such exercise or no such path, or this machine lacks what grading needs.
pub fn grade(args: &GradeArgs) -> Result<Outcome> {
    let pack = super::load_pack(&args.exercise)?;
    if let Some(out) = &args.out {
        super::check_out(out)?;
    }
    let bench = Bench::open(&pack, args.trust)?;
    let report = bench.grade_path(&args.path, args.seed, args.lang)?;
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
