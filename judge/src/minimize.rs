//! Finds the shortest script that shows a failure, so that a learner sees at a glance what it takes.

use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

use super::run::{Fresh, Judged, run_once};
use super::verdict::{Divergence, Verdict};
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::script::{self, Command, Dialect, Script};
use cachedojo_lab::shrink;
use cachedojo_lab::subject::Subject;
use cachedojo_wire::{ClusterRequest, Request};
use right::{Right, Ways};

mod right;

/// The most runs of a submission for shortening one script.
pub const RUNS_MAX: u32 = 80;
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
    let mut lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    if verdict == Verdict::Panic {
        // A panic needs no expectations, and each one would keep the lines that it depends on.
        lines.retain(|line| !line.starts_with("expect "));
    }
    let may_ask = asks_what_is_open(&script::parse(text, Dialect::Lab));
    let (rights, none) = (Vec::new(), Vec::new());
    let mut shrinking = Shrinking { verdict, seed, runs: 0, runs_max, fresh, may_ask, rights, lines: none, best: None };
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
    seed: u64,
    runs: u32,
    runs_max: u32,
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
            && (self.verdict != Verdict::Fail || expects(&script))
            && (self.may_ask || !asks_what_is_open(&script));
        if !is_one || on_reference(&script, self.seed).verdict != Verdict::Pass || self.runs >= self.runs_max {
            return None;
        }
        self.runs += 1;
        match run_once(&script, None, self.seed, self.fresh).0 {
            Judged { verdict: ended, divergence: Some(divergence), events, .. } if ended == self.verdict => {
                Some(Shortest { script: text, events, divergence })
            }
            _ => None,
        }
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
    fn cause(&self) -> (&str, Option<Discriminant<What>>) {
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
mod tests {
    use cachedojo_wire::{ClusterRequest, Command, Reply, Request, Response};

    use super::*;
    use cachedojo_lab::subject::Crash;
    use cachedojo_lab::world::World;

    /// A cluster with two bugs: it deletes nothing, and without a server it refuses everything. Only the first is searched for.
    #[derive(Default)]
    struct Hoarder {
        reference: Reference,
        has_server: bool,
    }

    impl Subject for Hoarder {
        fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
            match request {
                Request::Cluster(ClusterRequest::Execute(_)) if !self.has_server => {
                    return Ok(Response::Reply(Reply::Error("no server".into())));
                }
                Request::Cluster(ClusterRequest::Execute(Command::Delete { .. })) => {
                    return Ok(Response::Reply(Reply::Deleted));
                }
                Request::Cluster(ClusterRequest::Add { .. }) => self.has_server = true,
                _ => {}
            }
            self.reference.call(world, request)
        }
    }

    #[test]
    fn a_shorter_script_shows_the_same_failure_and_no_other() {
        let text = "cluster new\ncluster add a\ncluster add b\ncluster set k v\ncluster delete k\ncluster stats\ncluster get k\n\
            expect any of nothing | not found";
        let mut fresh = || Ok(Box::new(Hoarder::default()) as Box<dyn Subject>);
        let shortest = shortest(text, Verdict::Fail, 0, &mut fresh).expect("it fails");
        let rest = "cluster set k v\ncluster delete k\ncluster get k\nexpect any of nothing | not found";
        assert_eq!(shortest.script, format!("cluster new\ncluster add b\n{rest}"));
        assert_eq!(shortest.divergence.actual, "v");
    }

    #[track_caller]
    fn check_shortest(text: &str, expected: &str) {
        let mut fresh = || Ok(Box::new(Hoarder::default()) as Box<dyn Subject>);
        let shortest = shortest(text, Verdict::Fail, 0, &mut fresh).expect("it fails");
        assert_eq!(shortest.script, expected);
    }

    #[test]
    fn no_line_of_the_shortest_script_is_idle() {
        let shown = "cluster new\ncluster add a\ncluster set k v\ncluster delete k\ncluster get k\nexpect any of nothing | not found";
        // A read of a key that was never set, lines after the failure, and one `set` twenty times.
        for idle in [
            "cluster get never",
            "cluster set other x\ncluster get other",
            "for 1..20 cluster set other x",
            "for 1..20 cluster set k{} x",
            // Without its second line the other lines say more.
            "cluster nodes=3 rf=3\nkill n2\nwrite a b\ntick 3s\nread a",
            "for 1..30 cluster get never{}\nfor 1..9 cluster set k{} x\ncluster stats\ntick 5s",
        ] {
            let (head, tail) = shown.split_once("cluster set k v").expect("it is there");
            check_shortest(&format!("{head}{idle}\ncluster set k v{tail}\n{idle}"), shown);
        }
        let many: String = (0..60).map(|number| format!("cluster set x{number} y\n")).collect();
        let (head, tail) = shown.split_once("cluster set k v").expect("it is there");
        check_shortest(&format!("{head}{many}cluster set k v{tail}"), shown);
    }

    /// A cluster whose `rebalance` does nothing: once a server has come, nothing is found.
    #[derive(Default)]
    struct Forgetful {
        reference: Reference,
        servers: u32,
        late: bool,
    }

    impl Subject for Forgetful {
        fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
            match request {
                Request::Cluster(ClusterRequest::Add { .. }) => (self.servers, self.late) = (self.servers + 1, true),
                Request::Cluster(ClusterRequest::Execute(Command::Set { .. })) => {
                    self.late = false;
                    if self.servers == 0 {
                        return Ok(Response::Reply(Reply::Error("no server".into())));
                    }
                }
                Request::Cluster(ClusterRequest::Execute(Command::Get { .. })) if self.late || self.servers == 0 => {
                    return Ok(Response::Reply(Reply::Value(None)));
                }
                _ => {}
            }
            self.reference.call(world, request)
        }
    }

    #[test]
    fn no_failure_rests_on_what_is_left_open() {
        let text = "cluster new rf=1\ncluster add a\ncluster set k v\ncluster add b\ncluster rebalance\ncluster get k\nexpect v";
        let mut fresh = || Ok(Box::new(Forgetful::default()) as Box<dyn Subject>);
        let shortest = shortest(text, Verdict::Fail, 0, &mut fresh).expect("it fails");
        assert_eq!(shortest.script, text, "without the first server, or without a rebalance, nothing is promised");
    }

    #[test]
    fn a_loop_has_as_few_turns_as_show_the_failure() {
        check_shortest(
            "cluster new\ncluster add a\nfor 1..40 cluster set k{} v\nfor 1..40 cluster delete k{}\ncluster get k3\nexpect any of nothing | not found",
            "cluster new\ncluster add a\nfor 1..3 cluster set k{} v\nfor 1..3 cluster delete k{}\ncluster get k3\nexpect any of nothing | not found",
        );
    }
}
