//! Finds the shortest script that shows a failure, so that a learner sees at a glance what it takes.

use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

use super::run::{Fresh, Judged, run_once, run_scheduled};
use super::said::Said;
use super::schedule::FailingSchedule;
use super::verdict::{Divergence, Verdict};
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::schedule::{Plan, Schedule};
use cachedojo_lab::script::{self, Command, Dialect, Script};
use cachedojo_lab::shrink;
use cachedojo_lab::subject::Subject;
use cachedojo_wire::{ClusterRequest, Request};
use right::{Right, Ways};

pub(crate) mod commands;
mod right;

/// The most runs of a submission for shortening one script.
pub const RUNS_MAX: u32 = 80;
/// The most runs of a submission for shortening a script that shows a race, and the most scheduling points of these runs.
pub const RACE_RUNS_MAX: u32 = 400;
const RACE_STEPS_MAX: u64 = 1_000_000;
/// The most lines that are tried one by one on the reference; a longer script is first shortened by halves.
const LINES_MAX: usize = 200;

/// A script that fails, and how.
#[derive(Debug, Clone)]
pub struct Shortest {
    /// Its text.
    pub script: String,
    /// The events of its run.
    pub events: Vec<Event>,
    /// Where it fails.
    pub divergence: Divergence,
    /// The schedule under which it fails, if it passes under the calm one.
    pub schedule: Option<FailingSchedule>,
}

/// Drops lines from a failing script, and turns of its `for` lines, as long as the submission still ends with the same verdict,
/// at the same expectation with the same kind of answer, and every right program that passes the whole script still passes: the
/// reference, and those that decide otherwise what the statement leaves open. So lines that the expectation depends on stay, and
/// the script passes once the program is mended. `None` if the script does not fail so to begin with. Cost: at most
/// [`RUNS_MAX`] runs of the submission and of each right program, and as many of the reference as the script has lines.
pub fn shortest(text: &str, verdict: Verdict, seed: u64, fresh: &mut Fresh<'_>) -> Option<Shortest> {
    shortest_within(text, verdict, seed, RUNS_MAX, fresh)
}

/// The same, with at most this many runs of the submission.
pub fn shortest_within(
    text: &str,
    verdict: Verdict,
    seed: u64,
    runs_max: u32,
    fresh: &mut Fresh<'_>,
) -> Option<Shortest> {
    shortest_under(text, verdict, &[Schedule::new(Plan::Calm)], seed, runs_max, fresh)
}

/// The shortest script that shows a race: under one of these schedules, the first of which shows it for the whole script, but not
/// under the calm one. Shorter scripts have other points to switch at, so each is tried under several. `None` if the script does
/// not fail so to begin with. Cost: at most `runs_max` runs of the submission, of some million steps together.
pub fn shortest_race(
    text: &str,
    schedules: &[Schedule],
    seed: u64,
    runs_max: u32,
    fresh: &mut Fresh<'_>,
) -> Option<Shortest> {
    shortest_under(text, Verdict::Race, schedules, seed, runs_max, fresh)
}

fn shortest_under(
    text: &str,
    verdict: Verdict,
    schedules: &[Schedule],
    seed: u64,
    runs_max: u32,
    fresh: &mut Fresh<'_>,
) -> Option<Shortest> {
    let mut lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    if verdict == Verdict::Panic {
        // A panic needs no expectations, and each one would keep the lines that it depends on.
        lines.retain(|line| !line.starts_with("expect "));
    }
    let may_ask = asks_what_is_open(&script::parse(text, Dialect::Lab));
    let (rights, none) = (Vec::new(), Vec::new());
    let mut shrinking = Shrinking {
        verdict,
        schedules,
        seed,
        runs: 0,
        runs_max,
        steps: 0,
        fresh,
        may_ask,
        rights,
        lines: none,
        best: None,
    };
    let best = shrinking.failure(&lines)?;
    // Without expectations a script asks for nothing that a right program could lack.
    if verdict != Verdict::Panic {
        let script = script::parse(&best.script, Dialect::Lab);
        shrinking.rights = right::ALL.into_iter().filter(|ways| passes(&script, *ways, seed)).collect();
    }
    (shrinking.lines, shrinking.best) = (lines, Some(best));
    shrinking.cut_behind();
    shrinking.drop_idle();
    shrinking.shorten_loops();
    shrinking.drop_lines();
    shrinking.shorten_loops();
    shrinking.best
}

/// A failing script while it is being shortened.
struct Shrinking<'a, 'b> {
    verdict: Verdict,
    /// The schedules under which a script is tried, until one shows the failure.
    schedules: &'a [Schedule],
    seed: u64,
    runs: u32,
    runs_max: u32,
    /// The scheduling points of all runs so far.
    steps: u64,
    fresh: &'a mut Fresh<'b>,
    /// Whether the whole script depends on what the statement leaves open.
    may_ask: bool,
    /// The right programs that pass the whole script, beside the reference.
    rights: Vec<Ways>,
    lines: Vec<String>,
    /// The failure of `lines`; set from the first run on.
    best: Option<Shortest>,
}

impl Shrinking<'_, '_> {
    /// The failure of these lines, if they fail in the required way.
    fn failure(&mut self, lines: &[String]) -> Option<Shortest> {
        let text = lines.join("\n");
        let script = script::parse(&text, Dialect::Lab);
        // A failed expectation needs an `expect` line; a panic needs none.
        let is_one = script.diagnostics.is_empty()
            && (self.verdict == Verdict::Panic || expects(&script))
            && (self.may_ask || !asks_what_is_open(&script));
        if !is_one || self.runs >= self.runs_max || on_reference(&script, self.seed).verdict != Verdict::Pass {
            return None;
        }
        let race = self.verdict == Verdict::Race;
        if race && self.run(&script, &Schedule::new(Plan::Calm))?.verdict != Verdict::Pass {
            return None;
        }
        self.schedules.iter().find_map(|schedule| {
            let Judged { verdict: ended, divergence, events, observed, .. } = self.run(&script, schedule)?;
            let broken = matches!(ended, Verdict::Fail | Verdict::Panic | Verdict::Forbidden);
            let divergence = divergence.filter(|_| if race { broken } else { ended == self.verdict })?;
            let (plan, any_moment) = (schedule.plan.clone(), schedule.any_moment);
            let switches = observed.and_then(|observed| observed.switches);
            let schedule = race.then(|| FailingSchedule { plan, any_moment, switches, story: Vec::new() });
            Some(Shortest { script: text.clone(), events, divergence, schedule })
        })
    }

    /// One run of the submission; `None` if there were as many as may be.
    fn run(&mut self, script: &Script, schedule: &Schedule) -> Option<Judged> {
        self.runs += 1;
        if self.runs > self.runs_max || self.steps > RACE_STEPS_MAX {
            return None;
        }
        let judged = run_scheduled(script, None, self.seed, self.fresh, schedule).0;
        self.steps += judged.observed.as_ref().map_or(0, |observed| observed.steps);
        Some(judged)
    }

    /// Uses these lines instead, if they show the same failure and no other.
    fn take(&mut self, lines: Vec<String>) -> bool {
        let better = self.failure(&lines);
        let same = |better: &Shortest| self.best.as_ref().is_some_and(|best| best.cause() == better.cause());
        let Some(better) = better.filter(same) else { return false };
        let script = script::parse(&better.script, Dialect::Lab);
        if !self.rights.iter().all(|ways| passes(&script, *ways, self.seed)) {
            return false;
        }
        (self.lines, self.best) = (lines, Some(better));
        true
    }

    /// Drops everything after the failure.
    fn cut_behind(&mut self) {
        let Some(step) = self.best.as_ref().map(|best| best.divergence.step) else { return };
        let script = script::parse(&self.lines.join("\n"), Dialect::Lab);
        let last = script.commands.get(step as usize).map_or(0, |step| step.line as usize);
        if (1..self.lines.len()).contains(&last) {
            self.take(self.lines[..last].to_vec());
        }
    }

    /// Drops all idle lines together, if the failure does not depend on them. A line is idle if without it the reference answers
    /// every other line as before.
    fn drop_idle(&mut self) {
        if self.lines.len() > LINES_MAX {
            return;
        }
        let answers = |lines: &[String]| -> Vec<String> {
            let script = script::parse(&lines.join("\n"), Dialect::Lab);
            let judged = on_reference(&script, self.seed);
            judged.events.iter().map(|event| event.what.to_string()).collect()
        };
        let mut kept = self.lines.clone();
        let mut before = answers(&kept);
        let mut at = 0;
        while at < kept.len() {
            if kept[at].starts_with("expect ") || kept.get(at + 1).is_some_and(|next| next.starts_with("expect ")) {
                at += 1;
                continue;
            }
            let mut without = kept.clone();
            let line = without.remove(at);
            let after = answers(&without);
            // The line's own answers are gone with it; all others must be the same. A line without which others say more is not
            // idle either.
            let turns = script::parse(&line, Dialect::Lab).commands.len();
            let own = before.len().checked_sub(after.len()).is_some_and(|own| own <= turns);
            let alike = |pair: &(&String, &String)| pair.0 == pair.1;
            let head = before.iter().zip(&after).take_while(alike).count();
            let tail = before.iter().rev().zip(after.iter().rev()).take_while(alike).count();
            if own && head + tail >= after.len() {
                (kept, before) = (without, after);
            } else {
                at += 1;
            }
        }
        if kept.len() < self.lines.len() {
            self.take(kept);
        }
    }

    /// Gives each `for` line the fewest turns that still show the failure: first tries one, then halves.
    fn shorten_loops(&mut self) {
        for at in 0..self.lines.len() {
            let Some((first, last, command)) = turns(&self.lines[at]) else { continue };
            let (mut too_few, mut enough) = (first, last);
            while too_few < enough {
                let tried = too_few + (enough - too_few) / 2;
                let mut lines = self.lines.clone();
                lines[at] = if tried == first {
                    command.replace("{}", &first.to_string())
                } else {
                    format!("for {first}..{tried} {command}")
                };
                if self.take(lines) {
                    enough = tried;
                } else {
                    too_few = tried + 1;
                }
            }
        }
    }

    /// Drops runs of lines until nothing more can be dropped.
    fn drop_lines(&mut self) {
        shrink::leave_out(self.lines.len(), |lines| {
            let mut shorter = self.lines.clone();
            shorter.drain(lines);
            self.take(shorter)
        });
    }
}

fn on_reference(script: &Script, seed: u64) -> Judged {
    let mut reference = || Ok(Box::new(Reference::default()) as Box<dyn Subject>);
    run_once(script, None, seed, &mut reference).0
}

/// Whether a right program passes a script.
fn passes(script: &Script, ways: Ways, seed: u64) -> bool {
    let mut fresh = || Ok(Box::new(Right::new(ways)) as Box<dyn Subject>);
    run_once(script, None, seed, &mut fresh).0.verdict == Verdict::Pass
}

/// The bounds and the command of a `for` line.
fn turns(line: &str) -> Option<(u32, u32, String)> {
    let (range, command) = line.trim_start().strip_prefix("for ")?.trim_start().split_once(' ')?;
    let (first, last) = range.split_once("..")?;
    Some((first.parse().ok()?, last.parse().ok()?, command.to_owned()))
}

impl Shortest {
    /// What distinguishes this failure from others of the same submission: the expectation, and the kind of answer.
    fn cause(&self) -> (&Said, Option<Discriminant<What>>) {
        let until = self.events.iter().take_while(|event| event.step <= self.divergence.step);
        let answer = until.filter(|event| event.what.is_answer()).last();
        (&self.divergence.expected, answer.map(|event| discriminant(&event.what)))
    }
}

/// Whether a cluster is asked while it has no server, after one has come and before it is rebalanced, or after as many have left as a
/// key has copies. What it answers then is left open, so no failure may rest on it.
fn asks_what_is_open(script: &Script) -> bool {
    let (mut servers, mut stored, mut late) = (BTreeSet::new(), false, false);
    let (mut copies, mut gone) = (0, 0);
    script.commands.iter().any(|step| {
        let Command::Ask(Request::Cluster(request)) = &step.command else { return false };
        match request {
            ClusterRequest::New(config) => {
                (servers, stored, late) = (BTreeSet::new(), false, false);
                (copies, gone) = (config.replication_factor, 0);
            }
            ClusterRequest::Add { id, .. } => {
                servers.insert(id);
                late = stored;
            }
            ClusterRequest::Remove { id } => gone += u32::from(servers.remove(id) && stored),
            ClusterRequest::Rebalance => (late, gone) = (false, 0),
            ClusterRequest::ServersFor { .. } => {}
            ClusterRequest::Execute(_) => {
                stored = true;
                return servers.is_empty() || late || gone >= copies;
            }
        }
        false
    })
}

fn expects(script: &Script) -> bool {
    script.commands.iter().any(|step| matches!(step.command, Command::Expect(_) | Command::Always(_)))
}

#[cfg(test)]
mod tests;
