//! Which thread runs next: the plans, and what they decide.
//!
//! Every decision stands at a thread's own step, and only those that differ from the calm plan's are kept: so a schedule is a
//! short list of switches, which can be replayed, and made shorter still.

use std::collections::BTreeMap;

use cachedojo::random::Random;
use cachedojo_lab::schedule::{Plan, Switch};

use super::operation::Operation;

/// Most switches kept of one run: a longer one is not shrunk from its switches, but replayed from its seed.
pub(super) const SWITCHES_MAX: usize = 200_000;

/// Points that a priority plan expects: its change points are drawn from so many.
const PCT_STEPS: [u64; 4] = [10, 30, 100, 400];

/// What a chooser is asked with.
pub(super) struct Question<'a> {
    /// The thread that ran, and its own step.
    pub(super) thread: u32,
    pub(super) step: u32,
    /// Whether it could go on.
    pub(super) can_stay: bool,
    /// A thread that it has started just now.
    pub(super) child: Option<u32>,
    /// Whether it has only looked at one thing again and again, so that another should run.
    pub(super) idle: bool,
    /// Everyone who can run, in no particular order.
    pub(super) ready: &'a [u32],
    /// Everyone who waits or sleeps and might be woken all the same.
    pub(super) wakeable: &'a dyn Fn(u64) -> Option<u32>,
}

/// Chooses by a plan.
#[derive(Debug)]
pub(super) struct Chooser {
    way: Way,
    pub(super) switches: Vec<Switch>,
    pub(super) overflowed: bool,
}

#[derive(Debug)]
enum Way {
    Calm,
    Walk { random: Random, mask: u64 },
    Pct(Pct),
    Replay(BTreeMap<(u32, u32), u32>),
}

#[derive(Debug)]
struct Pct {
    random: Random,
    /// Points at which the running thread falls, counted over all threads, the latest first.
    changes: Vec<u64>,
    points: u64,
    priorities: Vec<i64>,
    floor: i64,
    /// Whether somebody became ready since the last decision.
    changed: bool,
}

impl Chooser {
    pub(super) fn new(plan: &Plan) -> Self {
        let way = match plan {
            Plan::Calm => Way::Calm,
            Plan::Walk { seed } => {
                let mut random = Random::new(*seed);
                let mask = (1 << (1 + random.below(5))) - 1;
                Way::Walk { random, mask }
            }
            Plan::Pct { seed } => {
                let mut random = Random::new(*seed);
                let span = *random.pick(&PCT_STEPS);
                let depth = 1 + random.below(4);
                let mut changes: Vec<u64> = (0..depth).map(|_| random.below(span) + 1).collect();
                changes.sort_unstable_by(|one, other| other.cmp(one));
                Way::Pct(Pct { random, changes, points: 0, priorities: Vec::new(), floor: 0, changed: false })
            }
            Plan::Replay(switches) => {
                Way::Replay(switches.iter().map(|switch| ((switch.thread, switch.step), switch.to)).collect())
            }
        };
        Self { way, switches: Vec::new(), overflowed: false }
    }

    /// A thread that could not run before can now.
    pub(super) fn woken(&mut self) {
        if let Way::Pct(pct) = &mut self.way {
            pct.changed = true;
        }
    }

    /// Whether anything is to be decided at a point where the running thread could go on; cheap, asked at every one.
    pub(super) fn asks(&mut self, thread: u32, step: u32, operation: Operation) -> bool {
        match &mut self.way {
            Way::Calm => false,
            Way::Walk { random, mask } => random.next_u64() & *mask == 0,
            // Counters that are added to and subtracted from are mostly references to shared things: a switch there shows little.
            Way::Pct(pct) if operation.adds() => pct.changed,
            Way::Pct(pct) => {
                pct.points += 1;
                if pct.changes.last().is_some_and(|change| *change <= pct.points) {
                    pct.changes.pop();
                    pct.sink(thread);
                }
                pct.changed
            }
            Way::Replay(switches) => switches.contains_key(&(thread, step)),
        }
    }

    /// Who runs next, of at least one who can.
    pub(super) fn choose(&mut self, question: &Question<'_>) -> u32 {
        let calm = calm(question);
        let chosen = match &mut self.way {
            Way::Calm => calm,
            Way::Walk { random, .. } => walk(random, question),
            Way::Pct(pct) => pct.choose(question),
            Way::Replay(switches) => switches.get(&(question.thread, question.step)).copied().unwrap_or(calm),
        };
        if chosen != calm && !matches!(self.way, Way::Replay(_)) {
            if self.switches.len() < SWITCHES_MAX {
                self.switches.push(Switch { thread: question.thread, step: question.step, to: chosen });
            } else {
                self.overflowed = true;
            }
        }
        chosen
    }
}

fn calm(question: &Question<'_>) -> u32 {
    if let Some(child) = question.child {
        return child;
    }
    if question.can_stay && !question.idle {
        return question.thread;
    }
    if question.idle {
        // Everyone in turn, so that whoever is looked for comes.
        let after = question.ready.iter().filter(|thread| **thread > question.thread).min();
        let before = question.ready.iter().filter(|thread| **thread < question.thread).min();
        return after.or(before).copied().unwrap_or(question.thread);
    }
    question.ready.iter().min().copied().unwrap_or(question.thread)
}

fn walk(random: &mut Random, question: &Question<'_>) -> u32 {
    if random.below(32) == 0
        && let Some(woken) = (question.wakeable)(random.next_u64())
    {
        return woken;
    }
    let others = question.ready.iter().filter(|thread| **thread != question.thread || !question.idle);
    let count = others.clone().count() as u64;
    let at = usize::try_from(random.below(count)).unwrap_or(0);
    others.copied().nth(at).unwrap_or(question.thread)
}

impl Pct {
    fn priority(&mut self, thread: u32) -> i64 {
        while self.priorities.len() <= thread as usize {
            // Above every thread that fell, and unlike every other's but by an unlikely chance, which the id decides.
            let priority = (self.random.next_u64() >> 2).cast_signed();
            self.priorities.push(priority);
        }
        self.priorities[thread as usize]
    }

    fn sink(&mut self, thread: u32) {
        self.priority(thread);
        self.floor -= 1;
        self.priorities[thread as usize] = self.floor;
        self.changed = true;
    }

    fn choose(&mut self, question: &Question<'_>) -> u32 {
        if question.idle {
            self.sink(question.thread);
        }
        self.changed = false;
        let mut best = (i64::MIN, question.thread);
        for thread in question.ready {
            best = best.max((self.priority(*thread), *thread));
        }
        best.1
    }
}
