//! A run's trail: its state at some of its commands, so that going back does not mean going all the way again.
//!
//! States are kept at about equal amounts of work. There are never more than [`MOMENTS_MAX`], nor more than about
//! [`BYTES_MAX`] of them: when there would be, every second one goes, and the next come half as often. So going back to
//! any command of a run costs at most about a thirtieth of the run.

use crate::reference::Reference;
use crate::runner::Runner;

/// Most states that are kept.
pub const MOMENTS_MAX: usize = 32;
/// About as many bytes as they may take together.
pub const BYTES_MAX: u64 = 96 << 20;
/// About as many of the reference's steps as one command takes by itself: reading it, telling its events.
const COMMAND_STEPS: u64 = 200;
/// Work between two states at first: some milliseconds.
const EVERY_STEPS: u64 = 1 << 20;

/// States of one run of the reference, the earliest first.
#[derive(Debug)]
pub struct Trail {
    moments: Vec<Moment>,
    /// Work between two of them.
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
    /// Keeps the state that a run is in, if it is far enough from the last that was kept. To be called after each command.
    /// Cost: that of a copy of the state, each time so much work is done.
    pub fn note(&mut self, runner: &Runner, subject: &Reference) {
        let work = subject.steps().saturating_add(COMMAND_STEPS.saturating_mul(runner.position() as u64));
        let last = self.moments.last().map_or(0, |moment| moment.work);
        if work < last.saturating_add(self.every) {
            return;
        }
        let bytes = subject.bytes().saturating_add(runner.bytes());
        if bytes > BYTES_MAX / 4 {
            // Copies of this would take longer than the way.
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

    /// The latest state kept in which at most so many commands were obeyed. Cost: that of a copy.
    pub fn at_most(&self, position: usize) -> Option<(Runner, Reference)> {
        let moment = self.moments.iter().rev().find(|moment| moment.position <= position)?;
        Some((moment.runner.clone(), moment.subject.clone()))
    }

    /// After how many commands the states that are kept stand.
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

    /// Runs to the end; the trail, and after each command the number of events so far.
    fn run(script: &Script) -> (Trail, Vec<Event>) {
        let (mut trail, mut runner, mut subject, mut events) =
            (Trail { every: EVERY_STEPS / 32, ..Trail::default() }, Runner::new(3), Reference::default(), Vec::new());
        while runner.step(script, &mut subject, &mut events) {
            trail.note(&runner, &subject);
        }
        (trail, events)
    }

    /// From every state that is kept a run goes on as it went the first time.
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
    fn what_is_kept_has_a_bound_however_much_there_is() {
        let script = parse("node new 8MiB\nfor 1..60 node set k{} 500000*x\nfor 1..20000 node get k", Dialect::Lab);
        let (trail, _) = run(&script);
        assert!(trail.bytes() <= BYTES_MAX);
        let positions: Vec<_> = trail.positions().collect();
        assert!(positions.len() > 2 && positions.len() <= MOMENTS_MAX, "{positions:?}");
        // Going back is never far.
        let gaps = positions.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.max() < Some(20_000 / 4), "{positions:?}");
        assert!(trail.at_most(3).is_none_or(|(runner, _)| runner.position() <= 3));
    }
}
