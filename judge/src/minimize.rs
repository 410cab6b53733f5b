//! The shortest script that shows a failure: what a learner can take in at a glance.

use std::mem::{Discriminant, discriminant};

use super::run::{Fresh, Judged, run_once};
use super::verdict::{Divergence, Verdict};
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::script::{self, Command, Dialect, Script};
use cachedojo_lab::subject::Subject;

/// The most runs of a submission that shortening one script may take.
pub const RUNS_MAX: u32 = 60;

/// A script that still goes wrong, and how.
#[derive(Debug, Clone)]
pub struct Shortest {
    /// Its text.
    pub script: String,
    /// What its run shows.
    pub events: Vec<Event>,
    /// Where it goes wrong.
    pub divergence: Divergence,
}

/// Drops lines from a failing script while the submission still ends in the same verdict, with the same expectation broken
/// by the same kind of answer, and the reference still passes: so a line that the expectation rests on stays. `None` when
/// the script does not end so as it stands. Cost: at most [`RUNS_MAX`] runs.
pub fn shortest(text: &str, verdict: Verdict, seed: u64, fresh: &mut Fresh<'_>) -> Option<Shortest> {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if verdict == Verdict::Panic {
        // What was expected does not matter to a panic, and would hold lines that do not either.
        lines.retain(|line| !line.starts_with("expect "));
    }
    let mut runs = 0;
    let mut failure = |lines: &[&str]| -> Option<Shortest> {
        let text = lines.join("\n");
        let script = script::parse(&text, Dialect::Lab);
        // A broken expectation needs one; a panic needs none.
        if !script.diagnostics.is_empty() || (verdict == Verdict::Fail && !expects(&script)) {
            return None;
        }
        let mut reference = || Ok(Box::new(Reference::default()) as Box<dyn Subject>);
        if run_once(&script, None, seed, &mut reference).0.verdict != Verdict::Pass {
            return None;
        }
        runs += 1;
        match run_once(&script, None, seed, fresh).0 {
            Judged { verdict: ended, divergence: Some(divergence), events, .. }
                if ended == verdict && runs <= RUNS_MAX =>
            {
                Some(Shortest { script: text, events, divergence })
            }
            _ => None,
        }
    };
    let mut best = failure(&lines)?;
    let mut chunk = lines.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < lines.len() {
            let mut shorter = lines.clone();
            shorter.drain(at..(at + chunk).min(lines.len()));
            if let Some(better) = failure(&shorter).filter(|better| better.cause() == best.cause()) {
                best = better;
                lines = shorter;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    Some(best)
}

impl Shortest {
    /// What makes it this failure and no other that the submission has besides.
    fn cause(&self) -> (&str, Option<Discriminant<What>>) {
        let until = self.events.iter().take_while(|event| event.step <= self.divergence.step);
        let answer = until.filter(|event| event.what.is_answer()).last();
        (&self.divergence.expected, answer.map(|event| discriminant(&event.what)))
    }
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

    /// A cluster that deletes nothing and, where it has no server, refuses everything: the second is nobody's affair.
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
}
