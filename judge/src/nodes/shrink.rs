//! The shortest life that shows a broken promise: a life of forty operations and a dozen faults tells a learner little, and often a
//! write, a fault and a read are all that it takes.

use std::collections::BTreeSet;

use cachedojo::cluster::NodeId;
use cachedojo_lab::families::cluster::ClusterCommand;
use cachedojo_lab::shrink;
use cachedojo_lab::world::cluster::act::Act;

use super::history::Broken;
use super::{Doing, Played, Scene, play, read};
use crate::minimize::Shortest;
use crate::run::{Fresh, first_divergence};

/// The most runs of a submission that shortening one life may take.
pub const RUNS_MAX: u32 = 60;

/// Drops operations and hardships from a life in which a promise is broken, while one of the same kind still is. What is left is
/// a life in which a right node would keep its promises: time passes as it did before, whatever befalls the cluster ends as it
/// did, and so no node has less time to mend itself. `None` where no promise of a life is broken, or nothing can be dropped.
/// Cost: at most `runs_max` runs of the submission.
pub fn shortest(text: &str, seed: u64, runs_max: u32, fresh: &mut Fresh<'_>) -> Option<Shortest> {
    let scene = read(text).ok()?;
    let is_life = scene.has_seed() && !scene.steps.iter().any(|step| matches!(step.doing, Doing::Expect(_)));
    if !is_life || runs_max == 0 {
        return None;
    }
    let (first, _) = broken_in(&scene, seed, fresh)?;
    let mut best = None;
    Life::of(&scene).shrink(&first.key, runs_max - 1, &mut |text| {
        let Some((broken, shown)) = read(text).ok().and_then(|scene| broken_in(&scene, seed, fresh)) else {
            return false;
        };
        let is_same = broken.promise == first.promise;
        if is_same {
            best = Some(shown);
        }
        is_same
    });
    best
}

/// The promise that is broken in a scene before anything else goes wrong, and what the run shows.
fn broken_in(scene: &Scene, seed: u64, fresh: &mut Fresh<'_>) -> Option<(Broken, Shortest)> {
    let Played { events, broken, .. } = play(scene, seed, fresh);
    let (broken, (_, divergence)) = (broken?, first_divergence(&events)?);
    let is_first = divergence.actual.to_string() == broken.said;
    is_first.then(|| (broken, Shortest { script: scene.text.clone(), events, divergence, schedule: None }))
}

/// A line of a life.
struct Line {
    source: String,
    doing: Option<Act>,
    /// Milliseconds that pass.
    tick: u64,
    /// Whether it stays whatever else goes.
    is_fixed: bool,
}

/// A life, and what of it can be left out: units of lines that mean something only together, as a pause and its end.
struct Life {
    lines: Vec<Line>,
    units: Vec<BTreeSet<usize>>,
}

impl Life {
    fn of(scene: &Scene) -> Self {
        let lines = scene.steps.iter().map(|step| {
            let (doing, tick) = match &step.doing {
                Doing::World(ClusterCommand::Do(act)) => (Some(act.clone()), 0),
                Doing::Tick(ms) => (None, *ms),
                _ => (None, 0),
            };
            Line { source: step.source.trim().to_owned(), doing, tick, is_fixed: true }
        });
        let mut life = Self { lines: lines.collect(), units: Vec::new() };
        let mut taken = BTreeSet::new();
        for at in 0..life.lines.len() {
            if let Some(unit) = life.unit(at).filter(|_| !taken.contains(&at)) {
                taken.extend(unit.iter().copied());
                life.units.push(unit);
            }
        }
        for at in taken {
            life.lines[at].is_fixed = false;
        }
        life
    }

    /// The lines that go with this one, it among them; `None` where it must stay.
    fn unit(&self, at: usize) -> Option<BTreeSet<usize>> {
        let ended_by = |ends: &dyn Fn(&Act) -> bool| {
            let end = (at + 1..self.lines.len()).find(|later| self.lines[*later].doing.as_ref().is_some_and(ends));
            [at].into_iter().chain(end).collect()
        };
        match self.lines[at].doing.as_ref()? {
            Act::Pause(node) => Some(ended_by(&|act| *act == Act::Resume(*node))),
            Act::Kill(node) => Some(ended_by(&|act| matches!(act, Act::Restart { node: other, .. } if other == node))),
            // A node that never joins is asked nothing.
            Act::Join { node, .. } => {
                let later = (at + 1..self.lines.len()).filter(|later| self.lines[*later].is_of(*node));
                Some([at].into_iter().chain(later).collect())
            }
            Act::Heal | Act::Resume(_) | Act::Restart { .. } => None,
            _ => Some([at].into()),
        }
    }

    /// Takes units out while `breaks` says of what is left that it breaks the promise, asked at most so many times.
    fn shrink(mut self, key: &str, mut runs: u32, breaks: &mut dyn FnMut(&str) -> bool) {
        let lines = &self.lines;
        let mut kept = std::mem::take(&mut self.units);
        let mut take = |kept: &mut Vec<BTreeSet<usize>>, fewer: Vec<BTreeSet<usize>>| {
            let is_taken = runs > 0 && fewer.len() < kept.len() && {
                runs -= 1;
                breaks(&text(lines, &fewer))
            };
            if is_taken {
                *kept = fewer;
            }
            is_taken
        };
        // Keys are apart: what was done to another one hardly ever matters.
        let of_key = |unit: &&BTreeSet<usize>| !unit.iter().all(|at| lines[*at].is_on_another(key));
        let fewer: Vec<_> = kept.iter().filter(of_key).cloned().collect();
        take(&mut kept, fewer);
        shrink::leave_out(kept.len(), |units| {
            let mut fewer = kept.clone();
            fewer.drain(units);
            take(&mut kept, fewer)
        });
    }
}

impl Line {
    fn is_of(&self, node: NodeId) -> bool {
        match &self.doing {
            Some(Act::Operate { via, .. }) => *via == Some(node),
            Some(
                Act::Kill(other)
                | Act::Pause(other)
                | Act::Resume(other)
                | Act::Leave(other)
                | Act::Restart { node: other, .. }
                | Act::Join { node: other, .. }
                | Act::Skew { node: other, .. }
                | Act::Jump { node: other, .. },
            ) => *other == node,
            _ => false,
        }
    }

    fn is_on_another(&self, key: &str) -> bool {
        matches!(&self.doing, Some(Act::Operate { key: other, .. }) if &**other != key)
    }
}

/// The lines of a life with these units alone. What passes between two lines that are gone is one line, and the network is not
/// mended where nothing is wrong with it.
fn text(lines: &[Line], kept: &[BTreeSet<usize>]) -> String {
    let kept: BTreeSet<usize> = kept.iter().flatten().copied().collect();
    let mut text = String::new();
    let (mut ms, mut is_whole) = (0, true);
    for (at, line) in lines.iter().enumerate() {
        if line.tick > 0 {
            ms += line.tick;
            continue;
        }
        let is_idle = line.doing == Some(Act::Heal) && is_whole;
        if is_idle || !line.is_fixed && !kept.contains(&at) {
            continue;
        }
        match line.doing {
            Some(Act::Heal) => is_whole = true,
            Some(
                Act::Partition(_)
                | Act::Block { .. }
                | Act::Delay { .. }
                | Act::Drop(_)
                | Act::Duplicate(_)
                | Act::Reorder(_),
            ) => is_whole = false,
            None
            | Some(
                Act::Operate { .. }
                | Act::Session { .. }
                | Act::Kill(_)
                | Act::Restart { .. }
                | Act::Pause(_)
                | Act::Resume(_)
                | Act::Skew { .. }
                | Act::Jump { .. }
                | Act::Disk { .. }
                | Act::Join { .. }
                | Act::Leave(_)
                | Act::Settle
                | Act::Tick(_),
            ) => {}
        }
        if ms > 0 {
            text += &if ms % 1000 == 0 { format!("tick {}s\n", ms / 1000) } else { format!("tick {ms}ms\n") };
            ms = 0;
        }
        text += &format!("{}\n", line.source);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a life where just these lines break the promise on `k1`, and how often that was asked.
    fn shrunk(text: &str, needed: &[&str]) -> (String, u32) {
        let scene = read(text).expect("a scene");
        let (mut best, mut runs) = (scene.text.clone(), 0);
        Life::of(&scene).shrink("k1", RUNS_MAX, &mut |text| {
            runs += 1;
            let breaks = needed.iter().all(|needed| text.lines().any(|line| line == *needed));
            if breaks {
                text.clone_into(&mut best);
            }
            breaks
        });
        (best, runs)
    }

    #[track_caller]
    fn check(lines: &[&str], needed: &[&str], left: &[&str]) {
        let whole = |lines: &[&str]| format!("cluster nodes=3 rf=3 seed=7\n{}\ncheck\n", lines.join("\n"));
        let (shortest, runs) = shrunk(&whole(lines), needed);
        assert_eq!(shortest, whole(left));
        assert!(runs <= RUNS_MAX, "{runs}");
    }

    #[test]
    fn what_the_promise_does_not_rest_on_is_left_out_and_time_passes_as_before() {
        let (write, read) = ("begin write k1 v1 via=n1", "begin read k1 via=n2");
        check(
            &[
                "tick 3s",
                write,
                "tick 4ms",
                "begin read k2 via=n1",
                "tick 6ms",
                "begin read k1 via=n3",
                "tick 1s",
                read,
            ],
            &[write, read],
            &["tick 3s", write, "tick 1010ms", read],
        );
        // What ends a hardship goes with it, and stays where it stays.
        check(
            &["pause n3", "partition n1 | n2 n3", write, "resume n3", "heal", "tick 2s", read],
            &[write, read],
            &[write, "tick 2s", read],
        );
        check(
            &["kill n3", "drop 20%", write, "restart n3", "heal", "heal", read],
            &["kill n3", read],
            &["kill n3", "restart n3", read],
        );
        check(
            &["partition n1 | n2 n3", write, "heal", "block n1->n2", "heal", read],
            &["partition n1 | n2 n3", write, read],
            &["partition n1 | n2 n3", write, "heal", read],
        );
        // A node that does not join is asked nothing.
        check(
            &["join n4", "tick 8s", "begin write k1 v2 via=n4", "leave n4", write, read],
            &[write, read],
            &["tick 8s", write, read],
        );
    }

    #[test]
    fn a_whole_life_is_shortened_within_the_bound() {
        let life = "@life seed=3 operations=60 keys=3 faults=kill,partition,pause,drop,join,leave";
        let text = read(life).expect("a life").text;
        let on_key = |line: &&str| line.starts_with("begin read k1") || line.starts_with("begin write k1");
        let all: Vec<&str> = text.lines().filter(on_key).collect();
        let (shortest, runs) = shrunk(&text, &[all[2], all[all.len() / 2]]);
        let operations = shortest.lines().filter(|line| line.starts_with("begin")).count();
        assert!(operations <= 12 && runs <= RUNS_MAX, "{operations} operations after {runs} runs:\n{shortest}");
        let passes = |text: &str| -> u64 {
            let steps = read(text).expect("a scene").steps;
            steps.iter().map(|step| if let Doing::Tick(ms) = step.doing { ms } else { 0 }).sum()
        };
        assert_eq!(passes(&shortest), passes(&text));
    }
}
