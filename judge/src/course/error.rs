//! What can be wrong with the files of a course.

use std::fmt;

/// What is wrong with a course's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourseError {
    /// A chapter names a lesson that does not exist.
    NoLesson(String),
    /// A lesson is in no chapter, or in two.
    NotOnce(String),
    /// A text is missing in one language.
    NoText(String, &'static str),
    /// A lesson without hints.
    NoHint(String),
    /// A lesson to expose a bug names no bug, or another lesson names one.
    Mutant(String),
    /// A lesson to predict leaves no answer open, or another lesson has no expectation.
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
