//! `grader grade`: one submission, from source to report.

use std::path::Path;

use anyhow::{Context, Result};
use cachedojo_judge::Report;
use cachedojo_judge::pack::InterfaceKind;
use cachedojo_judge::report::{GradeVerdict, Handed};
use tempfile::TempDir;

use crate::cli::{GradeArgs, GradingArgs};
use crate::host::outcome::{Outcome, UsageError};
use crate::host::{printable, progress, scratch};
use crate::intake;
use crate::intake::archive::Refused;
use crate::intake::submission::Submission;
use crate::language::http;
use crate::language::toolchain::Rejected;
use crate::pack::Pack;
use crate::report::{self, Definitions, Setting};
use crate::run::bench::Bench;
use crate::run::isolated;
use crate::run::stop::Stop;

/// Grades a submission and prints its report.
///
/// # Errors
/// There is no such exercise or no such path, or this machine lacks what grading needs.
pub fn grade(args: &GradeArgs) -> Result<Outcome> {
    let GradeArgs { grading, url, start, with, format, out } = args;
    let pack = super::graded_by(grading)?;
    if let Some(out) = out {
        super::check_out(out, "report", "report")?;
    }
    super::check_submission(&grading.path)?;
    if start.is_some() && !grading.trust {
        return Err(UsageError(http::NOT_TRUSTED.to_owned()).into());
    }
    if !with.is_empty() && !pack.files.contains_key(http::extra::FILE) {
        let id = &pack.exercise.id;
        return Err(UsageError(format!("the exercise `{id}` has no rows that --with adds: leave --with out")).into());
    }
    // An address that is named here is no stranger's: it may be inside this machine.
    let mut bench = Bench::open(&pack, grading.trust || url.is_some())?;
    bench.with.clone_from(with);
    bench.progress = progress::is_seen().then_some(grading.lang);
    bench.waited_in = Some(grading.lang);
    let stop = Stop::default();
    let report = match service(&grading.path, url.as_deref(), start.as_deref())? {
        Some(service) => {
            if pack.exercise.interface != InterfaceKind::Service {
                let id = &pack.exercise.id;
                let why =
                    format!("the exercise `{id}` grades no service: add --exercise cache-service, or name a path");
                return Err(UsageError(why).into());
            }
            let mut report = isolated::grade(&bench, service.folder.path(), grading.seed, grading.lang, &stop)?;
            report.submission.path = service.name;
            report
        }
        None => grade_path(&bench, grading, &stop)?,
    };
    if bench.progress.is_some() {
        progress::clear();
    }
    let definitions =
        if url.is_none() && start.is_none() { definitions(&pack, grading) } else { Definitions::default() };
    let setting = Setting { definitions, ..Setting::from_environment(grading.lang, &grading.playground) };
    report::deliver(&report, *format, &setting, out.as_deref())?;
    Ok(outcome(&report))
}

/// Where the submission defines its functions; nothing for what cannot be read, of which the report says why.
fn definitions(pack: &Pack, grading: &GradingArgs) -> Definitions {
    let languages = &pack.exercise.languages;
    let unpacked = intake::unpacked(&grading.path, languages).ok().flatten();
    let place = unpacked.as_ref().map_or_else(|| grading.path.clone(), |folder| folder.path().join("submission"));
    Submission::read(&place, languages).map(|read| Definitions::of(&read)).unwrap_or_default()
}

/// Grades what is at the path, or in the archive there.
fn grade_path(bench: &Bench<'_>, grading: &GradingArgs, stop: &Stop) -> Result<Report> {
    let GradingArgs { path, seed, lang, .. } = grading;
    match intake::unpacked(path, &bench.pack.exercise.languages) {
        Ok(None) => isolated::grade(bench, path, *seed, *lang, stop),
        Ok(Some(folder)) => {
            let place = folder.path().join("submission");
            let report = isolated::grade(bench, &place, *seed, *lang, stop)?;
            Ok(renamed(report, &place, path))
        }
        Err(Refused::Io(error)) => Err(error).context("unpacking the archive"),
        Err(refused) => {
            Ok(bench.rejected(path, (Handed::Unread, ""), *seed, Rejected::build_failed(&refused.to_string())))
        }
    }
}

/// The report with the name under which the submission was given, instead of the path where it was unpacked.
pub(super) fn renamed(mut report: Report, place: &Path, name: &Path) -> Report {
    let (place, name) = [place, name].map(|path| printable::line(&path.display().to_string())).into();
    for found in &mut report.diagnostics {
        found.message = found.message.replace(&place, &name);
    }
    report.submission.path = name;
    report
}

/// A service named on the command line, as a submission: a folder with a file `start`.
struct Named {
    folder: TempDir,
    name: String,
}

fn service(path: &Path, url: Option<&str>, start: Option<&str>) -> Result<Option<Named>> {
    let (name, text) = match (url, start) {
        (Some(url), _) => {
            if !http::service::is_url(url) {
                return Err(UsageError(format!("`{url}` is no service's address: write http://HOST:PORT")).into());
            }
            (url.to_owned(), url.to_owned())
        }
        (None, Some(command)) => {
            let folder = std::path::absolute(path)?;
            if !folder.is_dir() {
                return Err(UsageError(format!("`{}` is no folder to start a service in", path.display())).into());
            }
            (path.display().to_string(), format!("{command}\ncwd {}\n", folder.display()))
        }
        (None, None) => return Ok(None),
    };
    let folder = scratch::folder()?;
    std::fs::write(folder.path().join(http::START), text)?;
    Ok(Some(Named { folder, name }))
}

/// The outcome of the command for this report.
pub fn outcome(report: &Report) -> Outcome {
    match report.verdict {
        GradeVerdict::Graded if report.passed => Outcome::Passed,
        GradeVerdict::Graded => Outcome::NotPassed,
        GradeVerdict::BuildFailed | GradeVerdict::Forbidden => Outcome::Rejected,
        GradeVerdict::HarnessError => Outcome::HarnessError,
    }
}
