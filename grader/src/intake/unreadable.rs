//! Why there is no submission at a path.

use std::fmt;

use cachedojo_judge::pack::{CodeLanguage, Exercise, InterfaceKind};
use cachedojo_judge::report::Handed;

use super::diagnostic::{self, Diagnostic};
use super::look::{Look, look, program_language};

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
    /// A file whose name says that it is something else.
    NotSource {
        /// The path.
        path: String,
        /// The languages that are accepted.
        languages: Vec<CodeLanguage>,
        /// Whether tests are handed in.
        tests: bool,
    },
    /// The root file is blank.
    Empty {
        /// The path.
        path: String,
        /// The file in it, if it is a folder.
        root: Option<String>,
        /// The languages that are accepted.
        languages: Vec<CodeLanguage>,
        /// Whether tests are handed in.
        tests: bool,
    },
    /// The root file cannot be used.
    BadRoot(Diagnostic),
    /// A link or a pipe stands where a source is expected.
    Unfollowed(Diagnostic),
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
            Self::NoRoot { path, languages, found, .. } if languages[..] == [CodeLanguage::Http] => {
                let (root, found) = (look(CodeLanguage::Http).alone, found.join(", "));
                write!(
                    f,
                    "`{path}` holds no file `{root}` (it has {found}): add one with the command that starts the service, or its address"
                )
            }
            Self::NoRoot { path, languages, found, tests, .. } => {
                let (roots, found) = (named(languages, *tests), found.join(", "));
                write!(f, "`{path}` holds no {roots} (it has {found}); name the file to be graded {roots}")
            }
            Self::NotSource { path, languages, tests } => {
                let names = listed(languages, |look| look.name.to_owned());
                write!(f, "`{path}` is no {names} source; hand in {}", named(languages, *tests))
            }
            Self::Empty { path, root: None, languages, tests } => {
                write!(f, "`{path}` is empty; hand in {}", named(languages, *tests))
            }
            Self::Empty { path, root: Some(root), languages, tests } => {
                write!(f, "`{root}` of `{path}` is empty; hand in {}", named(languages, *tests))
            }
            Self::BadRoot(diagnostic) | Self::Unfollowed(diagnostic) if diagnostic.line == 0 => {
                write!(f, "{}: {}", diagnostic.file, diagnostic.message)
            }
            Self::BadRoot(diagnostic) | Self::Unfollowed(diagnostic) => {
                write!(f, "{}:{}: {}", diagnostic.file, diagnostic.line, diagnostic.message)
            }
            Self::TooBig { path, limit } => {
                write!(f, "`{path}` is too big: at most {limit}; hand in source files only")
            }
        }
    }
}

impl std::error::Error for Unreadable {}

/// A language's name in a sentence.
pub fn name_of(language: CodeLanguage) -> &'static str {
    look(language).name
}

/// The files to begin with in an exercise, in a sentence: `main.py` or `src/lib.rs`.
pub fn roots(exercise: &Exercise) -> String {
    named(&exercise.languages, exercise.interface == InterfaceKind::Tests)
}

/// The same as a list.
pub fn root_names(exercise: &Exercise) -> Vec<String> {
    let tests = exercise.interface == InterfaceKind::Tests;
    exercise.languages.iter().map(|language| root_of(&look(*language), tests).to_owned()).collect()
}

const fn root_of(look: &Look, tests: bool) -> &'static str {
    if tests { look.tests } else { look.roots[0] }
}

/// The file to begin with in this language.
pub fn roots_in(language: CodeLanguage, interface: InterfaceKind) -> String {
    named(&[language], interface == InterfaceKind::Tests)
}

fn named(languages: &[CodeLanguage], tests: bool) -> String {
    listed(languages, |look| format!("`{}`", root_of(&look, tests)))
}

fn listed(languages: &[CodeLanguage], what: impl Fn(Look) -> String) -> String {
    languages.iter().map(|language| what(look(*language))).collect::<Vec<_>>().join(" or ")
}

impl Unreadable {
    /// The same, for an exercise in which tests are handed in or not.
    #[must_use]
    pub fn of(mut self, exercise: &Exercise) -> Self {
        if let Self::NoRoot { tests, .. } | Self::NotSource { tests, .. } | Self::Empty { tests, .. } = &mut self {
            *tests = exercise.interface == InterfaceKind::Tests;
        }
        self
    }

    /// Whether anything was handed in: what is no text or too big was, and its mark is 0, in a class too.
    pub const fn handed(&self) -> Handed {
        match self {
            Self::NoRoot { found, .. } if found.is_empty() => Handed::Nothing,
            Self::NotSource { .. } | Self::Empty { .. } => Handed::Nothing,
            Self::NoRoot { .. } | Self::Io { .. } | Self::Unfollowed(_) => Handed::Unread,
            Self::BadRoot(_) | Self::TooBig { .. } => Handed::Something,
        }
    }

    /// A file of a program in a language that is not accepted here, where that is what was handed in.
    pub fn other_language(&self) -> Option<(CodeLanguage, &str)> {
        let (files, languages) = match self {
            Self::NotSource { path, languages, .. } => (std::slice::from_ref(path), languages),
            Self::NoRoot { found, others, languages, .. } if found.is_empty() => (others.as_slice(), languages),
            _ => return None,
        };
        let told = |file: &'_ String| program_language(file).filter(|language| !languages.contains(language));
        files.iter().find_map(|file| Some((told(file)?, file.as_str())))
    }

    /// As a diagnostic of a report.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::BadRoot(diagnostic) | Self::Unfollowed(diagnostic) => diagnostic.clone(),
            other => diagnostic::general(&other.to_string()),
        }
    }
}
