//! The messages from the process that grades one submission to the process that started it: see
//! [`isolated`](super::isolated).

use std::io::{BufRead, Write};

use anyhow::{Context, Result, anyhow};
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::resemblance::Fingerprint;
use cachedojo_judge::{MutantSpec, Report};
use cachedojo_lab::event::Event;
use serde::{Deserialize, Serialize};

use super::in_page::NotInPage;
use crate::host::progress::ServiceProgress;
use crate::language::toolchain::Rejected;
use crate::report::shorten;

/// A message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Line {
    /// The submission is built, and runs from now on.
    Running,
    /// What are the fingerprints of these known bugs? An [`Answer`] is awaited.
    Learn(CodeLanguage, Vec<String>),
    /// Which check of so many it has come to, or which of the caches that tests are tried on.
    Progress(usize, usize),
    /// What the grading of a service is waiting for, or at.
    Service(ServiceProgress),
    /// Is everything that this language needs on this machine there? A line is awaited.
    Prepare(CodeLanguage),
    /// Make something that is made once on a machine. An answer is awaited.
    Make(String),
    /// Further events of a run.
    Events(Vec<Event>),
    /// The report.
    Report(Box<Report>),
    /// The run has ended, or the module is built.
    Done,
    /// The submission cannot be run.
    Rejected(Rejected),
    /// The submission builds, and does not run in the page.
    NotInPage(NotInPage),
    /// The caller's mistake.
    Usage(String),
    /// The grader's own failure.
    Failed(String),
}

impl Line {
    /// A report as a line, which has a bound: what the submission said in it is cut.
    pub(super) fn reported(mut report: Report) -> Self {
        shorten(&mut report);
        Self::Report(Box::new(report))
    }
}

/// The fingerprints of known bugs, in the order of the question.
pub(super) type Answer = Vec<std::result::Result<Fingerprint, String>>;

pub(super) fn say(line: &Line) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Reports that the submission runs from now on.
pub(super) fn now_running() -> Result<()> {
    say(&Line::Running)
}

/// Reports how far it has come.
pub(super) fn progress(tried: usize, of: usize) -> Result<()> {
    say(&Line::Progress(tried, of))
}

/// Sends a service's progress. If nobody reads it any more, the next message that matters fails, so this one may be lost.
pub(super) fn service_progress(progress: ServiceProgress) {
    drop(say(&Line::Service(progress)));
}

/// Asks the other process to prepare this machine for a language: that time is not charged to the submission.
pub(super) fn prepare(language: CodeLanguage) -> Result<()> {
    say(&Line::Prepare(language))?;
    let mut line = Vec::new();
    std::io::stdin().lock().read_until(b'\n', &mut line).context("hearing of the language")?;
    Ok(())
}

/// Asks for the fingerprints of known bugs.
pub(super) fn ask(language: CodeLanguage, mutants: &[&MutantSpec]) -> Result<Vec<Result<Fingerprint>>> {
    if mutants.is_empty() {
        return Ok(Vec::new());
    }
    say(&Line::Learn(language, mutants.iter().map(|mutant| mutant.id.clone()).collect()))?;
    let mut line = Vec::new();
    std::io::stdin().lock().read_until(b'\n', &mut line).context("hearing of the known bugs")?;
    let answer: Answer = serde_json::from_slice(&line).context("hearing of the known bugs")?;
    Ok(answer.into_iter().map(|known| known.map_err(|why| anyhow!(why))).collect())
}

/// Has something made that is made once on a machine: the other process's time is not charged to any submission.
pub(super) fn have_made(what: &str) -> std::result::Result<(), String> {
    let made = || -> Result<std::result::Result<(), String>> {
        say(&Line::Make(what.to_owned()))?;
        let mut line = Vec::new();
        std::io::stdin().lock().read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    };
    made().unwrap_or_else(|error| Err(format!("{error:#}")))
}
