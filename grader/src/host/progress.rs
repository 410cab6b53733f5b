//! How far long work has come: one line on a terminal, which is written over.

use std::io::{IsTerminal, Write};

use cachedojo_notation::text::Language;

/// Whether somebody sees it.
pub(crate) fn is_seen() -> bool {
    std::io::stderr().is_terminal()
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// The rows of an exercise's table.
    Checks,
    /// The caches that tests are tried on.
    Caches,
}

/// Tells which of so many is tried, on the line of the last time. A terminal that is gone is no error.
pub(crate) fn tell(language: Language, counted: Counted, at: usize, of: usize) {
    let line = match (language, counted) {
        (Language::English, Counted::Checks) => format!("grader: check {at} of {of}"),
        (Language::French, Counted::Checks) => format!("grader: vérification {at} sur {of}"),
        (Language::English, Counted::Caches) => format!("grader: cache {at} of {of}"),
        (Language::French, Counted::Caches) => format!("grader: cache {at} sur {of}"),
    };
    drop(write!(std::io::stderr(), "\r{line}"));
}

/// Leaves the line empty.
pub(crate) fn clear() {
    drop(write!(std::io::stderr(), "\r{:40}\r", ""));
}
