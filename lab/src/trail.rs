//! Saved states of a run, so that going back does not mean running everything again.
//!
//! States are saved after about equal amounts of work. When there are more than [`MOMENTS_MAX`], or more than about
//! [`BYTES_MAX`] in bytes, every second one is dropped and the distance doubled. So going back to any command costs at
//! most about a thirtieth of the run.

use crate::reference::Reference;
use crate::runner::Runner;

/// The most states that are kept.
pub const MOMENTS_MAX: usize = 32;
/// The most bytes that they take together, about.
pub const BYTES_MAX: u64 = 96 << 20;
/// The overhead of one command, in the reference's steps: parsing it, telling its events.
const COMMAND_STEPS: u64 = 200;
/// The work between two states at first: some milliseconds.
const EVERY_STEPS: u64 = 1 << 20;

/// States of one run of the reference, earliest first.
#[derive(Debug)]
pub struct Trail {
    moments: Vec<Moment>,
    /// The work between two states.
    every: u64,
}

#[derive(Debug)]
struct Moment {
    position: usize,
    work: u64,
    bytes: u64,
    runner: Runner,
    subject: Reference,
}

impl Default for Trail {
    fn default() -> Self {
        Self { moments: Vec::new(), every: EVERY_STEPS }
    }
}

impl Trail {
    /// Saves the run's present state, if enough work was done since the last one. To be called after each command. Cost: a copy
    /// of the state, each time that much work is done.
    pub fn note(&mut self, runner: &Runner, subject: &Reference) {
        let work = subject.steps().saturating_add(COMMAND_STEPS.saturating_mul(runner.position() as u64));
        let last = self.moments.last().map_or(0, |moment| moment.work);
        if work < last.saturating_add(self.every) {
            return;
        }
        let bytes = subject.bytes().saturating_add(runner.bytes());
        if bytes > BYTES_MAX / 4 {
            // A copy of this state would take longer than running again.
            return;
        }
        let (runner, subject) = (runner.clone(), subject.clone());
        self.moments.push(Moment { position: runner.position(), work, bytes, runner, subject });
        while self.moments.len() > MOMENTS_MAX || self.bytes() > BYTES_MAX {
            self.every = self.every.saturating_mul(2);
            let mut index = 0;
            self.moments.retain(|_| {
                index += 1;
                index % 2 == 0
            });
        }
    }

    /// The latest saved state at or before this position. Cost: that of a copy.
    pub fn at_most(&self, position: usize) -> Option<(Runner, Reference)> {
        let moment = self.moments.iter().rev().find(|moment| moment.position <= position)?;
        Some((moment.runner.clone(), moment.subject.clone()))
    }

    /// The positions of the saved states, in commands.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        self.moments.iter().map(|moment| moment.position)
    }

    fn bytes(&self) -> u64 {
        self.moments.iter().map(|moment| moment.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, EVERY_STEPS, MOMENTS_MAX, Trail};
    use crate::event::Event;
    use crate::reference::Reference;
    use crate::runner::Runner;
    use crate::script::{Dialect, Script, parse};

    /// Runs to the end; returns the trail, and the number of events after each command.
    fn run(script: &Script) -> (Trail, Vec<Event>) {
        let (mut trail, mut runner, mut subject, mut events) =
            (Trail { every: EVERY_STEPS / 32, ..Trail::default() }, Runner::new(3), Reference::default(), Vec::new());
        while runner.step(script, &mut subject, &mut events) {
            trail.note(&runner, &subject);
        }
        (trail, events)
    }

    /// From every saved state a run must continue exactly as the first time.
    #[track_caller]
    fn check(text: &str) {
        let script = parse(text, Dialect::Lab);
        assert_eq!(script.diagnostics, []);
        let (trail, events) = run(&script);
        let positions: Vec<_> = trail.positions().collect();
        assert!(!positions.is_empty() && positions.len() <= MOMENTS_MAX, "{text}: {positions:?}");
        for position in positions {
            let (mut runner, mut subject) = trail.at_most(position).expect("a state");
            assert_eq!(runner.position(), position);
            let mut again = Vec::new();
            while runner.step(&script, &mut subject, &mut again) {}
            let rest: Vec<_> = events.iter().filter(|event| event.step as usize >= position).cloned().collect();
            assert!(again == rest, "{text}: another run from command {position} on");
        }
    }

    #[test]
    fn a_run_goes_on_from_its_past_as_it_went_the_first_time() {
        check("node new 2KiB\nfor 1..3000 node set key{} 40*x ttl 5s\ntick 6s\nfor 2900..3000 node get key{}");
        check(
            "ring new 150\nfor 1..10 ring add n{}\nfor 1..20 ring spread k 1000\nring mark k 10\nring add x\nring moved",
        );
        check("cluster nodes=3\nfor 1..400 tick 1ms\nwrite k v\nkill n2\nread k");
        check("for 1..600 line PUT k{} v\nfor 1..60 mc get a\nfor 1..60 http GET /health");
    }

    #[test]
    fn large_answers_count_for_what_is_kept() {
        let script = parse("node new 64MiB\nnode set k 4000000*x\nnode get k\nnode new 1KiB", Dialect::Lab);
        let (mut runner, mut subject) = (Runner::new(0), Reference::default());
        while runner.step(&script, &mut subject, &mut Vec::new()) {}
        assert!(runner.bytes() >= 4_000_000, "{}", runner.bytes());
    }

    #[test]
    fn what_is_kept_has_a_bound_however_much_there_is() {
        let script = parse("node new 8MiB\nfor 1..60 node set k{} 500000*x\nfor 1..20000 node get k", Dialect::Lab);
        let (trail, _) = run(&script);
        assert!(trail.bytes() <= BYTES_MAX);
        let positions: Vec<_> = trail.positions().collect();
        assert!(positions.len() > 2 && positions.len() <= MOMENTS_MAX, "{positions:?}");
        // No two saved states are far apart.
        let gaps = positions.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.max() < Some(20_000 / 4), "{positions:?}");
        assert!(trail.at_most(3).is_none_or(|(runner, _)| runner.position() <= 3));
    }
}
