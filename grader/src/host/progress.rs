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

/// What the grading of a service is waiting for, or at: it can take minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ServiceProgress {
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

impl ServiceProgress {
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

/// What a service's progress is reported to in this process.
static REPORTED_TO: OnceLock<fn(ServiceProgress)> = OnceLock::new();

/// From now on a service's progress is reported to this function. The first one stays.
pub(crate) fn report_to(function: fn(ServiceProgress)) {
    _ = REPORTED_TO.set(function);
}

/// Reports a service's progress, where [`report_to`] was called.
pub(crate) fn report(progress: ServiceProgress) {
    if let Some(function) = REPORTED_TO.get() {
        function(progress);
    }
}

/// Tells a service's progress. That it is waited for is a line of its own, on a terminal or not, for it can take minutes.
pub(crate) fn tell_service(language: Language, progress: &ServiceProgress) {
    let line = progress.line(language);
    let mut out = std::io::stderr();
    drop(match progress {
        ServiceProgress::Waiting { .. } if is_seen() => write!(out, "\r{line:40}\n"),
        ServiceProgress::Waiting { .. } => writeln!(out, "{line}"),
        ServiceProgress::Row { .. } if is_seen() => write!(out, "\r{line:40}"),
        ServiceProgress::Row { .. } => Ok(()),
    });
}

/// Leaves the line empty.
pub(crate) fn clear() {
    drop(write!(std::io::stderr(), "\r{:40}\r", ""));
}
