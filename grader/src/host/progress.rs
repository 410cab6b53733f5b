//! How far long work has come: one line on a terminal, which is written over.

use std::io::{IsTerminal, Write};

use cachedojo_notation::text::Language;

/// Whether somebody sees it.
pub(crate) fn is_seen() -> bool {
    std::io::stderr().is_terminal()
}

/// Tells that so many caches of so many have been tried, on the line of the last time. A terminal that is gone is no error.
pub(crate) fn tell(language: Language, tried: usize, of: usize) {
    let line = match language {
        Language::English => format!("grader: cache {tried} of {of}"),
        Language::French => format!("grader: cache {tried} sur {of}"),
    };
    drop(write!(std::io::stderr(), "\r{line}"));
}

/// Leaves the line empty.
pub(crate) fn clear() {
    drop(write!(std::io::stderr(), "\r{:40}\r", ""));
}
