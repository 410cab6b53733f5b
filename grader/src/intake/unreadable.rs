//! Why there is no submission at a path.

use std::fmt;

use cachedojo_judge::pack::{CodeLanguage, Exercise, InterfaceKind};

use super::diagnostic::{self, Diagnostic};
use super::look::{Look, look};

/// The largest size of a file that is told exactly, in bytes.
pub(super) const EXACT_BYTES_MAX: u64 = 8 << 20;

/// A file's size in a message.
pub(super) fn size_text(bytes: u64) -> String {
    if bytes > EXACT_BYTES_MAX { format!("more than {EXACT_BYTES_MAX}") } else { bytes.to_string() }
}

/// Why there is no submission at a path. Each sentence names the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// The path cannot be read at all.
    Io {
        /// The path.
        path: String,
        /// The system's message.
        reason: String,
        /// The languages that would be taken.
        languages: Vec<CodeLanguage>,
    },
    /// A folder without a root file.
    NoRoot {
        /// The languages that are accepted.
        languages: Vec<CodeLanguage>,
        /// The path.
        path: String,
        /// The source files that it has.
        found: Vec<String>,
        /// The other files.
        others: Vec<String>,
        /// Whether tests are handed in.
        tests: bool,
    },
    /// The root file cannot be used.
    BadRoot(Diagnostic),
    /// More than the limits allow.
    TooBig {
        /// The path.
        path: String,
        /// Which limit.
        limit: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, reason, languages } => {
                let roots = listed(languages, |look| look.roots[0].to_owned());
                write!(f, "cannot read `{path}`: {reason}; give a folder with {roots}, or one source file")
            }
            Self::NoRoot { path, languages, found, others, tests } if found.is_empty() => {
                let names = listed(languages, |look| look.name.to_owned());
                let has = if others.is_empty() { String::new() } else { format!(" (it has {})", others.join(", ")) };
                write!(f, "`{path}` holds no {names} source{has}; hand in {}", named(languages, *tests))
            }
            Self::NoRoot { path, languages, found, tests, .. } => {
                let (roots, found) = (named(languages, *tests), found.join(", "));
                write!(f, "`{path}` holds no {roots} (it has {found}); name the file to be graded {roots}")
            }
            Self::BadRoot(diagnostic) if diagnostic.line == 0 => {
                write!(f, "{}: {}", diagnostic.file, diagnostic.message)
            }
            Self::BadRoot(diagnostic) => write!(f, "{}:{}: {}", diagnostic.file, diagnostic.line, diagnostic.message),
            Self::TooBig { path, limit } => {
                write!(f, "`{path}` is too big: at most {limit}; hand in source files only")
            }
        }
    }
}

impl std::error::Error for Unreadable {}

/// The files to begin with in an exercise, in a sentence: `main.py` or `src/lib.rs`.
pub fn roots(exercise: &Exercise) -> String {
    named(&exercise.languages, exercise.interface == InterfaceKind::Tests)
}

fn named(languages: &[CodeLanguage], tests: bool) -> String {
    listed(languages, |look| format!("`{}`", if tests { look.tests } else { look.roots[0] }))
}

fn listed(languages: &[CodeLanguage], what: impl Fn(Look) -> String) -> String {
    languages.iter().map(|language| what(look(*language))).collect::<Vec<_>>().join(" or ")
}

impl Unreadable {
    /// The same, for an exercise in which tests are handed in or not.
    #[must_use]
    pub fn of(mut self, exercise: &Exercise) -> Self {
        if let Self::NoRoot { tests, .. } = &mut self {
            *tests = exercise.interface == InterfaceKind::Tests;
        }
        self
    }

    /// As a diagnostic of a report.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::BadRoot(diagnostic) => diagnostic.clone(),
            other => diagnostic::general(&other.to_string()),
        }
    }
}
