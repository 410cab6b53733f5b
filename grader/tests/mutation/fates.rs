//! The fate of a mutant: which promises it breaks, and which points the checks take from it.

use std::collections::BTreeMap;

use cachedojo_judge::{judge, shorten};
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::runner;
use cachedojo_lab::script::{self, Dialect, Script};
use cachedojo_lab::subject::{Crash, Subject};
use grader::language::toolchain::Limits;
use grader::run::bench::Bench;
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::lives::{self, Promise};

/// The fate of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fate {
    /// It does not compile, or is outside of bodies that can be a choice.
    NotBuilt,
    /// It breaks a promise and loses what that promise is worth.
    Killed,
    /// It breaks no promise that a life checks, and gets full marks.
    Alike,
    /// It breaks no promise that a life checks, but loses points: the checks ask for more than lives do, or for too
    /// much.
    Accused,
    /// It breaks a promise and gets full marks.
    Survives,
    /// It breaks a promise and loses less than that promise is worth: half of a row for its core, a scenario whole.
    Spared,
}

/// A mutant's fate, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// The fate.
    pub(crate) fate: Fate,
    /// The points lost by row, without rows that lost none.
    pub(crate) lost: BTreeMap<String, u32>,
    /// If points are missing: the promise, and the shortest life that breaks it, up to the place where it does.
    pub(crate) why: String,
}

/// The lives, read.
pub(crate) struct Lives(Vec<(Promise, String, Script)>);

/// After so many runs that do not end, no more lives are run.
const ENDLESS_MAX: usize = 3;

fn limits() -> Limits {
    Limits { fuel: 300_000_000, ..Limits::default() }
}

impl Lives {
    /// All lives. Cost: some thousand lines are read.
    pub(crate) fn new() -> Self {
        let lives = lives::all().into_iter().map(|life| {
            let script = script::parse(&life.script, Dialect::Lab);
            assert_eq!(script.diagnostics, [], "{}", life.script);
            (life.promise, life.script, script)
        });
        Self(lives.collect())
    }

    /// For each promise how many lives break it, out of how many; and the shortest of those. Cost: one run for each
    /// life.
    fn broken(&self, batch: &Batch, number: usize) -> BTreeMap<Promise, (usize, usize, String)> {
        let mut broken: BTreeMap<Promise, (usize, usize, String)> = BTreeMap::new();
        let mut endless = 0;
        for (promise, text, script) in &self.0 {
            // A mutant that does not end is known well enough; the promises of the remaining lives are left out.
            if endless >= ENDLESS_MAX {
                continue;
            }
            let entry = broken.entry(*promise).or_default();
            entry.1 += 1;
            let mut subject = batch.subject(number, &limits()).expect("it starts");
            let events = runner::run(script, subject.as_mut(), 0);
            let is_endless = |event: &Event| matches!(event.what, What::Crashed { crash: Crash::OutOfFuel });
            endless += usize::from(events.iter().any(is_endless));
            let parted = parted(text, &events);
            if let Some(parted) = parted.filter(|parted| !is_of_another_row(*promise, parted)) {
                entry.0 += 1;
                if entry.2.is_empty() || parted.len() < entry.2.len() {
                    entry.2 = parted;
                }
            }
        }
        broken
    }

    /// The promises that the original breaks: none, if lives and model are right.
    pub(crate) fn mistakes(&self, batch: &Batch) -> Vec<String> {
        let broken = self.broken(batch, 0).into_iter().filter(|(_, (count, _, _))| *count > 0);
        broken.map(|(promise, (count, of, parted))| format!("{promise:?}: {count} of {of}:\n{parted}")).collect()
    }

    /// Judges one mutant. Cost: a run of every life and of every case.
    pub(crate) fn fate(&self, bench: &Bench<'_>, batch: &Batch, number: usize, seed: u64) -> Judged {
        if !batch.has(number) {
            return Judged { fate: Fate::NotBuilt, lost: BTreeMap::new(), why: String::new() };
        }
        let points = losses(bench, batch, number, seed);
        let lost: BTreeMap<String, u32> =
            points.iter().filter(|(_, (lost, _))| *lost > 0).map(|(id, (lost, _))| (id.clone(), *lost)).collect();
        let broken = self.broken(batch, number);
        let spared = |promise: &Promise, count: usize, of: usize| match promise {
            Promise::Core(row) => count * 2 >= of && count > 0 && points[*row].0 * 2 < points[*row].1,
            // A program that serves expired values counts those reads rightly as hits; the points for that are lost in
            // another row.
            Promise::Scenario("scenario_e") if lost.contains_key("ttl_expire") => false,
            Promise::Scenario(row) => count > 0 && points[*row].0 < points[*row].1,
            Promise::Mixed(_) => count > 0 && lost.is_empty(),
        };
        let why: Vec<String> = broken
            .iter()
            .filter(|(promise, (count, of, _))| spared(promise, *count, *of))
            .map(|(promise, (count, of, parted))| format!("{promise:?}: {count} of {of} lives:\n{parted}"))
            .collect();
        let breaks = broken.values().any(|(count, _, _)| *count > 0);
        let fate = match (breaks, lost.is_empty()) {
            (false, true) => Fate::Alike,
            (false, false) => Fate::Accused,
            (true, true) => Fate::Survives,
            (true, false) if why.is_empty() => Fate::Killed,
            (true, false) => Fate::Spared,
        };
        Judged { fate, lost, why: why.join("\n") }
    }
}

/// What each row loses, out of how much. Cost: a run of every case.
pub(crate) fn losses(bench: &Bench<'_>, batch: &Batch, number: usize, seed: u64) -> BTreeMap<String, (u32, u32)> {
    losses_of(bench, batch, (number, 0), seed)
}

/// The same for two mutants at once.
pub(crate) fn losses_of(
    bench: &Bench<'_>,
    batch: &Batch,
    numbers: (usize, usize),
    seed: u64,
) -> BTreeMap<String, (u32, u32)> {
    let mut fresh = || batch.subject_of(numbers, &limits());
    let outcomes = judge(&bench.pack.exercise, seed, &mut fresh).expect("a sound pack");
    let rows = bench.pack.exercise.checks.iter().zip(&outcomes);
    rows.map(|(check, outcome)| (check.id.clone(), (check.points - outcome.points, check.points))).collect()
}

/// The points lost in all.
pub(crate) fn total(losses: &BTreeMap<String, (u32, u32)>) -> u32 {
    losses.values().map(|(lost, _)| lost).sum()
}

/// The points lost by row, without rows that lost none.
pub(crate) fn lost(losses: &BTreeMap<String, (u32, u32)>) -> BTreeMap<String, u32> {
    losses.iter().filter(|(_, (lost, _))| *lost > 0).map(|(id, (lost, _))| (id.clone(), *lost)).collect()
}

/// The scripts that somebody with this mutant is shown, by row. Cost: a run of every case, and those of shortening.
pub(crate) fn shown(bench: &Bench<'_>, batch: &Batch, number: usize, seed: u64) -> Vec<(String, String)> {
    let mut fresh = || batch.subject(number, &limits());
    let mut outcomes = judge(&bench.pack.exercise, seed, &mut fresh).expect("a sound pack");
    shorten(&bench.pack.exercise, &mut outcomes, seed, &mut fresh);
    let scripts = outcomes.into_iter().flat_map(|outcome| {
        let shown = outcome.cases.into_iter().filter_map(|case| case.shortest);
        shown.map(|shown| (outcome.id.clone(), shown.script)).collect::<Vec<_>>()
    });
    scripts.collect()
}

/// What of a script a subject does not pass, as its lines up to there; nothing if it passes.
pub(crate) fn fails(script: &str, subject: &mut dyn Subject, seed: u64) -> Option<String> {
    let read = script::parse(script, Dialect::Lab);
    assert_eq!(read.diagnostics, [], "{script}");
    parted(script, &runner::run(&read, subject, seed))
}

/// Whether what went wrong is asked for elsewhere: where a write crashes, a key that was never stored gives nothing all the same.
fn is_of_another_row(promise: Promise, parted: &str) -> bool {
    let command = parted.lines().rev().find(|line| !line.starts_with('#') && !line.starts_with("expect"));
    promise == Promise::Core("get_miss") && !command.unwrap_or_default().starts_with("node get")
}

/// The script up to the first failed expectation or crash, with the actual answer.
fn parted(text: &str, events: &[Event]) -> Option<String> {
    let (line, actual) = events.iter().find_map(|event| match &event.what {
        What::Broken { actual, .. } => Some((event.line, actual.clone())),
        What::Crashed { .. } | What::NotImplemented { .. } => Some((event.line, event.what.to_string())),
        _ => None,
    })?;
    let lines: Vec<&str> = text.lines().take(line as usize).collect();
    Some(format!("{}\n# but: {actual}", lines.join("\n")))
}
