//! The course: lessons as data, each a script to write and a way to check it.
//!
//! A lesson is of one of four kinds. *Predict*: fill in the answers before you see them. *Expose*: write a script on which
//! a bug shows. *Repair* and *design*: write the lines between a given beginning and a given end, so that the end's
//! expectations hold. In all of them what is handed in is one whole script that runs as it stands. [`attempt`] judges it.

mod attempt;
mod frame;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cachedojo_lab::script::{self, Dialect};
use cachedojo_notation::text::{Bilingual, Language};
use serde::{Deserialize, Serialize};

pub use attempt::{Attempt, POINTS, Parting, Row, Subjects, attempt};
pub use report::report;

/// Chapters and their lessons, in the order in which a learner meets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The chapters.
    pub chapters: Vec<Chapter>,
    /// All lessons, chapter by chapter.
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
    /// What it is about, in a sentence.
    pub summary: Bilingual,
    /// The ids of its lessons, in order.
    pub lessons: Vec<String>,
}

/// What a learner does in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Say what the answers will be.
    Predict,
    /// Write a script on which the lesson's bug shows; shorter is better.
    Expose,
    /// Bring something back into order.
    Repair,
    /// Choose something so that what follows holds.
    Design,
}

/// One lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Its stable name; that of its file.
    #[serde(default)]
    pub id: String,
    /// The id of its chapter.
    #[serde(default)]
    pub chapter: String,
    /// What a learner does.
    pub kind: Kind,
    /// About how long it takes, in minutes.
    pub minutes: u32,
    /// The language of its scripts.
    pub dialect: Dialect,
    /// The world's seed.
    #[serde(default)]
    pub seed: u64,
    /// What the page shows beside the script: `node`, `ring`, `cluster`.
    pub views: Vec<String>,
    /// For a lesson to expose a bug: the mutant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// The beginnings of the commands that the learner's own lines may be; empty allows all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The most lines that the learner may add; 0 is no limit.
    #[serde(default)]
    pub lines_max: u32,
    /// The lines that a script to expose a bug can do with, where the solution is not told; else the solution says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub par: Option<u32>,
    /// The largest number that may stand in the learner's own lines; 0 is no limit.
    #[serde(default)]
    pub number_max: u64,
    /// Its name for people.
    pub title: Bilingual,
    /// A paragraph or two of theory, in Markdown.
    pub theory: Bilingual,
    /// What to do, in Markdown.
    pub task: Bilingual,
    /// Help, to be shown one by one.
    pub hints: Vec<Bilingual>,
    /// What there was to learn; told once the lesson is solved.
    pub explanation: Bilingual,
    /// Its scripts.
    pub script: Scripts,
}

/// The scripts of a lesson.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripts {
    /// An example to run first; may be empty.
    #[serde(default)]
    pub example: String,
    /// What stands above the learner's lines and stays as it is; may be empty.
    #[serde(default)]
    pub given: String,
    /// What the editor opens with.
    #[serde(default)]
    pub starter: String,
    /// What stands below the learner's lines and stays as it is; may be empty.
    #[serde(default)]
    pub goal: String,
    /// A plausible script that does not solve the lesson: proves that the lesson can be failed.
    #[serde(default)]
    pub attempt: String,
    /// A script that solves it. Of a lesson to expose a bug, one that nobody has beaten: its length is the par.
    #[serde(default)]
    pub solution: String,
}

/// What is wrong with a course's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourseError {
    /// A chapter names a lesson that has no file.
    NoLesson(String),
    /// A lesson's file is named by no chapter, or by two.
    NotOnce(String),
    /// A text is missing in one language.
    NoText(String, &'static str),
    /// A lesson without hints.
    NoHint(String),
    /// A lesson to expose a bug names none, or another lesson names one.
    Mutant(String),
    /// A lesson to predict asks for no answer, or another has no expectation to reach.
    NothingToCheck(String),
    /// One of its scripts does not parse.
    Script(String, &'static str, u32, String),
}

impl fmt::Display for CourseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLesson(id) => write!(f, "course.toml names the lesson `{id}`: add lessons/{id}.toml"),
            Self::NotOnce(id) => write!(f, "lessons/{id}.toml must be named by exactly one chapter of course.toml"),
            Self::NoText(id, field) => write!(f, "lessons/{id}.toml: `{field}` is empty in one language: write both"),
            Self::NoHint(id) => write!(f, "lessons/{id}.toml has no hint: add one"),
            Self::Mutant(id) => {
                write!(f, "lessons/{id}.toml: `mutant` belongs to lessons of the kind expose, and to each of them")
            }
            Self::NothingToCheck(id) => {
                write!(f, "lessons/{id}.toml: nothing is expected, so nothing could be failed: add an `expect`")
            }
            Self::Script(id, which, line, message) => write!(f, "lessons/{id}.toml: {which}, line {line}: {message}"),
        }
    }
}

impl std::error::Error for CourseError {}

/// What stands above and below the learner's lines, so that they are found again.
const fn signposts(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::English => ("# Your lines:", "# The goal; leave it as it is:"),
        Language::French => ("# Vos lignes :", "# Le but ; ne le changez pas :"),
    }
}

impl Course {
    /// Puts chapters and lessons together and proves the whole sound. Cost: O(text).
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

    /// The lesson of that id.
    pub fn lesson(&self, id: &str) -> Option<&Lesson> {
        self.lessons.iter().find(|lesson| lesson.id == id)
    }
}

impl Lesson {
    fn prove(&self) -> Result<(), CourseError> {
        let texts = [
            ("title", &self.title),
            ("theory", &self.theory),
            ("task", &self.task),
            ("explanation", &self.explanation),
        ];
        let hints = self.hints.iter().map(|hint| ("hints", hint));
        for (field, text) in texts.into_iter().chain(hints) {
            if text.en.trim().is_empty() || text.fr.trim().is_empty() {
                return Err(CourseError::NoText(self.id.clone(), field));
            }
        }
        if self.hints.is_empty() {
            return Err(CourseError::NoHint(self.id.clone()));
        }
        if self.mutant.is_some() != (self.kind == Kind::Expose) {
            return Err(CourseError::Mutant(self.id.clone()));
        }
        let checked = match self.kind {
            Kind::Predict => frame::blanks(&self.script.starter) > 0,
            Kind::Expose => true,
            Kind::Repair | Kind::Design => frame::expectations(&self.script.goal) > 0,
        };
        if !checked {
            return Err(CourseError::NothingToCheck(self.id.clone()));
        }
        for (which, text) in [("solution", self.solution()), ("example", self.script.example.clone())] {
            if let Some(wrong) = script::parse(&text, self.dialect).diagnostics.first() {
                let message = wrong.mistake.message(Language::English);
                return Err(CourseError::Script(self.id.clone(), which, wrong.line, message));
            }
        }
        Ok(())
    }

    /// What the editor opens with. Of a lesson with a beginning and an end: both, and room between them.
    pub fn opening(&self, language: Language) -> String {
        match self.kind {
            Kind::Predict | Kind::Expose => self.script.starter.clone(),
            Kind::Repair | Kind::Design => self.framed(language, "\n"),
        }
    }

    /// The whole script that solves the lesson.
    pub fn solution(&self) -> String {
        self.whole(&self.script.solution)
    }

    /// The whole script of a plausible attempt that does not.
    pub fn failed_attempt(&self) -> String {
        match self.kind {
            Kind::Predict | Kind::Expose => self.script.starter.clone(),
            Kind::Repair | Kind::Design => self.whole(&self.script.attempt),
        }
    }

    fn whole(&self, own_lines: &str) -> String {
        match self.kind {
            Kind::Predict | Kind::Expose => own_lines.to_owned(),
            Kind::Repair | Kind::Design => self.framed(Language::English, own_lines),
        }
    }

    fn framed(&self, language: Language, own_lines: &str) -> String {
        let (above, below) = signposts(language);
        format!("{}{above}\n{own_lines}{below}\n{}", self.script.given, self.script.goal)
    }

    /// The lines that the solution needs: what a script to expose a bug is measured by.
    pub fn par(&self) -> u32 {
        self.par.unwrap_or_else(|| attempt::length(&script::parse(&self.script.solution, self.dialect)))
    }

    /// The lesson as the page gets it: without the scripts that solve it or fail it, its bug under the name that `module` gives.
    #[must_use]
    pub fn public(&self, module: impl FnOnce(&str) -> String) -> Self {
        let mut lesson = self.clone();
        lesson.par = (self.kind == Kind::Expose).then(|| self.par());
        lesson.mutant = self.mutant.as_deref().map(module);
        lesson.script.solution.clear();
        lesson.script.attempt.clear();
        lesson
    }

    /// The rows that a script is judged by, and their points.
    pub fn table(&self) -> Vec<(String, u32)> {
        attempt::table(self)
    }

    /// From how many points, of 100, on the lesson is solved.
    pub fn passing_score(&self) -> u32 {
        if self.kind == Kind::Expose { attempt::EXPOSED_POINTS } else { POINTS }
    }
}
