//! Lessons of the course, graded as every exercise is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use cachedojo_judge::Report;
use cachedojo_judge::course::{self, Lesson, Subjects, attempt};
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::report::{GraderId, SubmissionId};
use cachedojo_notation::text::Language;

use crate::course::{CourseFiles, SOUND};
use crate::language::toolchain::{Built, Factory, Limits};
use crate::run::bench::Bench;
use crate::run::mutants;

/// The programs of the course that this process has used, by trust and name: a class asks for the same ones again and again, and each takes
/// longer to compile for this machine than to run. At most one for each bug of the course.
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
    /// Makes the programs that a lesson is about. Cost: at the first time four calls of the compiler.
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

    /// Judges a script for a lesson. Cost: two runs of it; of a lesson about a bug, at the first time, four calls of the compiler.
    ///
    /// # Errors
    /// The course is unsound, or the program with the lesson's bug cannot be made on this machine.
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
