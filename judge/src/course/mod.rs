//! The course: lessons as data, each a script to write and a way to check it.
//!
//! A lesson is of one of four kinds. *Predict*: fill in the answers before you see them. *Expose*: write a script on which a bug
//! shows. *Repair* and *design*: write the lines between a fixed beginning and a fixed end, so that the expectations at the end
//! hold. In all of them the submission is one whole script that can be run. [`attempt`] judges it.

mod attempt;
mod error;
mod frame;
mod lesson;
mod obstacle;
mod report;
mod sentences;

use std::collections::{BTreeMap, BTreeSet};

use cachedojo_notation::text::Bilingual;
use serde::{Deserialize, Serialize};

pub use attempt::{Attempt, Parting, Row, Subjects, attempt};
pub use error::CourseError;
pub use lesson::{Kind, Lesson, POINTS, Scripts};
pub use report::report;

/// Chapters and their lessons, in the order in which a learner meets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The chapters.
    pub chapters: Vec<Chapter>,
    /// All lessons, chapter by chapter.
    pub lessons: Vec<Lesson>,
}

/// The course as the page gets it: the content of `course.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicCourse {
    /// The module of the sound program, from which the programs with bugs are told apart.
    pub sound: String,
    /// The chapters.
    pub chapters: Vec<Chapter>,
    /// All lessons, chapter by chapter, each as [`Lesson::public`] has it.
    pub lessons: Vec<Lesson>,
}

/// Lessons that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Its stable name.
    pub id: String,
    /// Its name for people.
    pub title: Bilingual,
    /// A sentence about it.
    pub summary: Bilingual,
    /// The ids of its lessons, in order.
    pub lessons: Vec<String>,
}

impl Course {
    /// Combines chapters and lessons, and checks all of them. Cost: O(text).
    ///
    /// # Errors
    /// The first mistake.
    pub fn new(chapters: Vec<Chapter>, mut files: BTreeMap<String, Lesson>) -> Result<Self, CourseError> {
        let mut lessons = Vec::new();
        let mut named = BTreeSet::new();
        for chapter in &chapters {
            for id in &chapter.lessons {
                if !named.insert(id.clone()) {
                    return Err(CourseError::NotOnce(id.clone()));
                }
                let lesson = files.remove(id).ok_or_else(|| CourseError::NoLesson(id.clone()))?;
                let lesson = Lesson { id: id.clone(), chapter: chapter.id.clone(), ..lesson };
                lesson.prove()?;
                lessons.push(lesson);
            }
        }
        match files.into_keys().next() {
            Some(id) => Err(CourseError::NotOnce(id)),
            None => Ok(Self { chapters, lessons }),
        }
    }

    /// The course as the page gets it; `module` gives the name of a program's module, `sound` is the sound program's.
    #[must_use]
    pub fn public(&self, sound: String, module: impl Fn(&str) -> String) -> PublicCourse {
        PublicCourse {
            sound,
            chapters: self.chapters.clone(),
            lessons: self.lessons.iter().map(|lesson| lesson.public(&module)).collect(),
        }
    }

    /// The lesson of that id.
    pub fn lesson(&self, id: &str) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| lesson.id == id)
    }
}
