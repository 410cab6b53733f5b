//! `grader build`: a submission's module for the page; and the hidden command that makes the course for the page.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result};

use crate::cli::{BuildArgs, ExportArgs};
use crate::course::CourseFiles;
use crate::host::outcome::{Outcome, UsageError};
use crate::run::bench::Bench;
use crate::run::in_page::NotInPage;
use crate::run::isolated;
use crate::run::lesson;
use crate::run::stop::Stop;

/// Builds a submission and writes its module.
///
/// # Errors
/// There is no such submission, it does not build or is forbidden, it does not run in the page, or the file cannot be written.
pub fn build(args: &BuildArgs) -> Result<Outcome> {
    let pack = super::load_pack(&args.exercise)?;
    super::check_submission(&args.path)?;
    super::check_out(&args.out, "module", "cache.wasm")?;
    let bench = Bench::open(&pack, args.trust)?;
    let artifact = isolated::build(&bench, &args.path, &Stop::default()).map_err(|error| {
        let why = error.downcast_ref::<NotInPage>().map(|why| UsageError(why.to_string()));
        why.map_or(error, Into::into)
    })?;
    fs::write(&args.out, &artifact).with_context(|| format!("writing `{}`", args.out.display()))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "wrote {} ({} KB)", args.out.display(), artifact.len().div_ceil(1000))?;
    writeln!(out, "Drop it on the playground to run it there; only your teacher's own grading counts.")?;
    Ok(Outcome::Passed)
}

/// Writes the course's data and programs for the page.
///
/// # Errors
/// The course is invalid, a program does not build, or the folder cannot be written.
pub fn export_course(args: &ExportArgs) -> Result<Outcome> {
    lesson::export(&CourseFiles::load()?, &args.folder, args.trust)?;
    Ok(Outcome::Passed)
}
