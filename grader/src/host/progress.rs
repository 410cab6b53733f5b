//! How far long work has come: one line on a terminal, which is written over.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

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

/// What a service that is graded takes time for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum News {
    /// It does not answer yet.
    Waiting {
        /// Where it is asked.
        host: String,
        /// For so many seconds.
        waited: u64,
        /// So many are waited at most.
        most: u64,
    },
    /// It has come to this of the rows beyond the checks.
    Row { at: usize, of: usize },
}

impl News {
    fn line(&self, language: Language) -> String {
        match (self, language) {
            (Self::Waiting { host, waited, most }, Language::English) => {
                format!("grader: waiting for the service to answer at {host}: {waited} s of {most} s at most …")
            }
            (Self::Waiting { host, waited, most }, Language::French) => {
                format!("grader: le service doit répondre à {host} : {waited} s d'attente, {most} s au plus …")
            }
            (Self::Row { at, of }, Language::English) => format!("grader: row {at} of {of} of --with"),
            (Self::Row { at, of }, Language::French) => format!("grader: ligne {at} sur {of} de --with"),
        }
    }
}

/// Who hears news in this process.
static LISTENER: OnceLock<fn(News)> = OnceLock::new();

/// From now on news is left to this function. The first one stays.
pub(crate) fn leave_news_to(listener: fn(News)) {
    _ = LISTENER.set(listener);
}

/// Passes news on to whoever hears it, if there is anybody.
pub(crate) fn hear(news: News) {
    if let Some(listener) = LISTENER.get() {
        listener(news);
    }
}

/// Tells news. That somebody is waited for is a line of its own, on a terminal or not, for it can take minutes.
pub(crate) fn tell_news(language: Language, news: &News) {
    let line = news.line(language);
    let mut out = std::io::stderr();
    drop(match news {
        News::Waiting { .. } if is_seen() => write!(out, "\r{line:40}\n"),
        News::Waiting { .. } => writeln!(out, "{line}"),
        News::Row { .. } if is_seen() => write!(out, "\r{line:40}"),
        News::Row { .. } => Ok(()),
    });
}

/// Leaves the line empty.
pub(crate) fn clear() {
    drop(write!(std::io::stderr(), "\r{:40}\r", ""));
}
