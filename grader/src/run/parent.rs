//! What the process that grades one submission says to the process that started it, and asks of it: see
//! [`apart`](super::apart).

use std::io::{BufRead, Write};

use anyhow::{Context, Result, anyhow};
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::resemblance::Fingerprint;
use cachedojo_judge::{MutantSpec, Report};
use cachedojo_lab::event::Event;
use serde::{Deserialize, Serialize};

use super::in_page::NotInPage;
use crate::language::toolchain::Rejected;

/// What the process says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Line {
    /// It has built the submission, and runs it now.
    Running,
    /// How do these known bugs fail? An [`Answer`] is waited for.
    Learn(CodeLanguage, Vec<String>),
    /// This language's compiler or interpreter is needed: is what this machine needs for it there? A line is waited for.
    Prepare(CodeLanguage),
    /// This is made once on a machine, and not there yet. An answer is waited for.
    Make(String),
    /// More of what a run showed.
    Events(Vec<Event>),
    /// The report.
    Report(Box<Report>),
    /// The run is over, or the module is built.
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

/// How known bugs fail, in the order that was asked for.
pub(super) type Answer = Vec<std::result::Result<Fingerprint, String>>;

pub(super) fn say(line: &Line) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Tells that the submission runs from now on.
pub(super) fn now_running() -> Result<()> {
    say(&Line::Running)
}

/// Asks the other process to see to what this machine needs for a language: that is not charged to the submission.
pub(super) fn prepare(language: CodeLanguage) -> Result<()> {
    say(&Line::Prepare(language))?;
    let mut line = Vec::new();
    std::io::stdin().lock().read_until(b'\n', &mut line).context("hearing of the language")?;
    Ok(())
}

/// Asks how known bugs fail.
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

/// Has something made that is made once on a machine: the other process's time is nobody's.
pub(super) fn have_made(what: &str) -> std::result::Result<(), String> {
    let made = || -> Result<std::result::Result<(), String>> {
        say(&Line::Make(what.to_owned()))?;
        let mut line = Vec::new();
        std::io::stdin().lock().read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    };
    made().unwrap_or_else(|error| Err(format!("{error:#}")))
}
