//! The course: its lessons graded like exercises, and the files that the page loads for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use cachedojo_judge::course::{self, Lesson, Subjects, attempt};
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_judge::report::{GraderId, SubmissionId};
use cachedojo_judge::{Exercise, Report};
use cachedojo_notation::text::Language;
use sha2::{Digest, Sha256};

use crate::course::{CourseFiles, SOUND};
use crate::host::digest::hex;
use crate::language::toolchain::{Built, Factory, Limits};
use crate::pack::{Pack, built_in_ids};
use crate::run::bench::Bench;
use crate::run::mutants;

/// The programs of the course that this process has used, by trust and name: a class uses the same ones again and again, and
/// compiling one takes longer than running it. At most one for each bug of the course.
static PROGRAMS: Mutex<BTreeMap<(bool, String), Arc<dyn Factory>>> = Mutex::new(BTreeMap::new());

/// A program of the course.
fn program(id: &str, trust: bool) -> Result<Arc<dyn Factory>> {
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (trust, id.to_owned());
    if let Some(known) = programs.get(&key) {
        return Ok(Arc::clone(known));
    }
    let pack = CourseFiles::load()?.hunted()?;
    let made = mutants::factory(&Bench::open(&pack, trust)?, CodeLanguage::Rust, id)?;
    programs.insert(key, Arc::clone(&made));
    Ok(made)
}

impl Bench<'_> {
    /// Builds the programs of a lesson. Cost: the first time, four calls of the compiler.
    ///
    /// # Errors
    /// As [`Bench::judge_lesson`].
    pub(super) fn prepare_lesson(&self, lesson: &Lesson) -> Result<()> {
        if let Some(id) = &lesson.mutant {
            program(SOUND, self.is_trusting())?;
            program(id, self.is_trusting())?;
        }
        Ok(())
    }

    /// Judges a script for a lesson. Cost: two runs of it; for a lesson about a bug, the first time, four calls of the compiler.
    ///
    /// # Errors
    /// The course is invalid, or the program with the lesson's bug cannot be built on this machine.
    pub(super) fn judge_lesson(
        &self,
        lesson: &Lesson,
        id: SubmissionId,
        built: &Built,
        language: Language,
        grader: GraderId,
    ) -> Result<Report> {
        let text = String::from_utf8_lossy(&built.artifact).into_owned();
        let fresh = |factory: &dyn Factory| factory.subject(&Limits::default()).map_err(|error| error.to_string());
        let mut reference = || fresh(&*built.factory);
        let attempt = if let Some(id) = &lesson.mutant {
            let (sound, other) = (program(SOUND, self.is_trusting())?, program(id, self.is_trusting())?);
            let (mut sound, mut other) = (|| fresh(&*sound), || fresh(&*other));
            let hunted = Some((&mut sound as _, &mut other as _));
            attempt(lesson, &text, language, Subjects { reference: &mut reference, hunted })
        } else {
            attempt(lesson, &text, language, Subjects { reference: &mut reference, hunted: None })
        };
        Ok(course::report(lesson, &attempt, &text, language, id, grader))
    }
}

/// Writes the files that the page loads: `course.json`, in `m/` a module and a diff for each bug under opaque names, and in
/// `exercises.json` the public part of each exercise that can be graded in the page. Cost: two calls of the compiler for each bug
/// the first time.
///
/// # Errors
/// The folder cannot be written, or a program does not build.
pub fn export(files: &CourseFiles, folder: &Path, trust: bool) -> Result<()> {
    let pack = files.hunted()?;
    let bench = Bench::open(&pack, trust)?;
    let modules = folder.join("m");
    fs::create_dir_all(&modules).with_context(|| format!("making `{}`", modules.display()))?;
    let write =
        |name: String, bytes: &[u8]| fs::write(modules.join(&name), bytes).with_context(|| format!("writing `{name}`"));
    write(format!("{}.wasm", opaque(SOUND)), &mutants::made(&bench, CodeLanguage::Rust, SOUND)?.0)?;
    for (id, patch) in &files.patches {
        write(format!("{}.wasm", opaque(id)), &mutants::made(&bench, CodeLanguage::Rust, id)?.0)?;
        write(format!("{}.diff", opaque(id)), patch.as_bytes())?;
    }
    let public = files.course.public(opaque(SOUND), opaque);
    fs::write(folder.join("course.json"), serde_json::to_vec(&public)?).context("writing course.json")?;
    fs::write(folder.join("exercises.json"), serde_json::to_vec(&briefs()?)?).context("writing exercises.json")
}

/// The public parts of the exercises whose programs the page can run.
fn briefs() -> Result<Vec<Exercise>> {
    let mut briefs = Vec::new();
    for id in built_in_ids() {
        let exercise = Pack::load(&id)?.exercise;
        if exercise.interface == InterfaceKind::Prototype && exercise.languages.contains(&CodeLanguage::Rust) {
            briefs.push(exercise.public());
        }
    }
    Ok(briefs)
}

/// An opaque name for a bug, which does not tell which it is.
fn opaque(id: &str) -> String {
    hex(&Sha256::digest(format!("course {id}")))[..10].to_owned()
}
