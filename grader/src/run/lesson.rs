//! Lessons of the course, graded as every exercise is.

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

impl Bench<'_> {
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
            let pack = CourseFiles::load()?.hunted()?;
            let bench = Bench::open(&pack, self.is_trusting())?;
            let sound = mutants::factory(&bench, CodeLanguage::Rust, SOUND)?;
            let other = mutants::factory(&bench, CodeLanguage::Rust, id)?;
            let (mut sound, mut other) = (|| fresh(&*sound), || fresh(&*other));
            let hunted = Some((&mut sound as _, &mut other as _));
            attempt(lesson, &text, language, Subjects { reference: &mut reference, hunted })
        } else {
            attempt(lesson, &text, language, Subjects { reference: &mut reference, hunted: None })
        };
        Ok(course::report(lesson, &attempt, &text, language, id, grader))
    }
}
