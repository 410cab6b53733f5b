//! The plans, and how they decide which thread runs next.
//!
//! Every decision is identified by a thread and its own step, and only those that differ from the calm plan's are kept. So a
//! schedule is a short list of switches, which can be replayed, and shortened.

use std::collections::BTreeMap;

use cachedojo::random::Random;
use cachedojo_lab::schedule::{Plan, Switch};

use super::operation::Operation;
use super::ready::Ready;

/// The most switches of a run that are kept: a longer one is not shortened, but replayed from its seed.
pub(super) const SWITCHES_MAX: usize = 200_000;

/// How many points a priority plan expects: its change points are drawn from one of these ranges.
const PCT_STEPS: [u64; 4] = [10, 30, 100, 400];

/// After so many turns that a thread gave away because it only polled, it loses its priority: what it waits for may be done by one
/// of a lower priority. Until then those of a higher one go first, so that others may be late.
const IDLE_MAX: u32 = 64;

/// Under every second priority plan, one in so many of the started threads is late: it runs only where all others wait. What nobody
/// waits for may come as late as that.
const LATE_ONE_IN: u64 = 4;
/// The priorities of late threads are around this one, those of threads that lost theirs by a change are above, and those of threads
/// that lost theirs for polling are below: late threads have to run then, for one of them may be what is waited for.
const LATE: i64 = i64::MIN / 2;

/// After so many sleeps that were over at once, a thread loses its priority: it may sleep until another one has done something.
const EARLY_MAX: u32 = 8;

/// What a chooser must know to decide.
pub(super) struct Question<'a> {
    /// The thread that ran, and its own step.
    pub(super) thread: u32,
    pub(super) step: u32,
    /// Whether it could continue.
    pub(super) can_stay: bool,
    /// A thread that it has just started.
    pub(super) child: Option<u32>,
    /// Whether it is only polling, so that another thread should run.
    pub(super) idle: bool,
    /// Whether it is the caller's, and a call begins: then the calm plan lets threads of earlier calls run first, but they may as
    /// well be late.
    pub(super) begins: bool,
    /// All threads that can run.
    pub(super) ready: &'a Ready,
    /// All threads whose sleep may be over, the earliest first.
    pub(super) sleepers: &'a [u32],
    /// Picks one of the waiting threads that may be woken without a reason.
    pub(super) wakeable: &'a dyn Fn(u64) -> Option<u32>,
}

/// Decides by a plan.
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
    /// Within how many points a change is expected.
    span: u64,
    /// The points at which the running thread loses its priority, counted over all threads, the latest first.
    changes: Vec<u64>,
    points: u64,
    priorities: Vec<i64>,
    /// Whether some threads are late.
    has_late: bool,
    floor: i64,
    /// Below all others.
    bottom: i64,
    /// By thread: how many of its sleeps were over at once since it lost its priority.
    early: BTreeMap<u32, u32>,
    /// By thread: how many turns it gave away since it lost its priority.
    idle: BTreeMap<u32, u32>,
    /// Whether a thread became ready since the last decision.
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
                let has_late = random.below(2) == 0;
                Way::Pct(Pct {
                    random,
                    span,
                    changes,
                    points: 0,
                    priorities: Vec::new(),
                    has_late,
                    floor: 0,
                    bottom: LATE - (1 << 40),
                    early: BTreeMap::new(),
                    idle: BTreeMap::new(),
                    changed: false,
                })
            }
            Plan::Replay(switches) => {
                Way::Replay(switches.iter().map(|switch| ((switch.thread, switch.step), switch.to)).collect())
            }
        };
        Self { way, switches: Vec::new(), overflowed: false }
    }

    /// A thread has become able to run.
    pub(super) fn woken(&mut self) {
        if let Way::Pct(pct) = &mut self.way {
            pct.changed = true;
        }
    }

    /// A call begins beside threads of earlier ones: each such call is a program of its own, so it may get a change of its own.
    pub(super) fn call_begins(&mut self) {
        if let Way::Pct(pct) = &mut self.way
            && pct.random.below(2) == 0
        {
            let change = pct.points + 1 + pct.random.below(pct.span);
            let later = pct.changes.partition_point(|other| *other > change);
            pct.changes.insert(later, change);
        }
    }

    /// Whether a decision is needed at a point where the running thread could continue. Called at every point, so it is
    /// cheap.
    pub(super) fn needs_decision(&mut self, thread: u32, step: u32, operation: Operation) -> bool {
        match &mut self.way {
            Way::Calm => false,
            Way::Walk { random, mask } => random.next_u64() & *mask == 0,
            // Counters that are added to and subtracted from are mostly reference counts: a switch there rarely shows anything.
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

    /// Which thread runs next; at least one can.
    pub(super) fn choose(&mut self, question: &Question<'_>) -> u32 {
        let calm = calm(question);
        let chosen = match &mut self.way {
            Way::Calm => calm,
            Way::Walk { random, .. } => walk(random, question),
            Way::Pct(pct) => pct.choose(question),
            Way::Replay(switches) => switches.get(&(question.thread, question.step)).copied().unwrap_or(calm),
        };
        if chosen != calm {
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
        // Round robin, so that the thread that is waited for gets its turn.
        return question.ready.after(question.thread).unwrap_or(question.thread);
    }
    question.ready.oldest().unwrap_or(question.thread)
}

fn walk(random: &mut Random, question: &Question<'_>) -> u32 {
    if !question.sleepers.is_empty() && random.below(4) == 0 {
        return *random.pick(question.sleepers);
    }
    if random.below(32) == 0
        && let Some(woken) = (question.wakeable)(random.next_u64())
    {
        return woken;
    }
    let may_stay = !question.idle || question.begins;
    let others = question.ready.all().iter().filter(|thread| **thread != question.thread || may_stay);
    let count = others.clone().count() as u64;
    let at = usize::try_from(random.below(count)).unwrap_or(0);
    others.copied().nth(at).unwrap_or(question.thread)
}

impl Pct {
    fn priority(&mut self, thread: u32) -> i64 {
        while self.priorities.len() <= thread as usize {
            // Higher than the priority of every thread that lost its own, and unique except by an unlikely chance; then
            // the id decides.
            let mut priority = (self.random.next_u64() >> 2).cast_signed();
            if self.has_late && !self.priorities.is_empty() && self.random.below(LATE_ONE_IN) == 0 {
                priority = LATE - (priority >> 23);
            }
            self.priorities.push(priority);
        }
        self.priorities[thread as usize]
    }

    /// A thread loses its priority: it comes after all that are not late.
    fn sink(&mut self, thread: u32) {
        self.floor -= 1;
        let level = self.priority(thread).min(self.floor);
        self.priorities[thread as usize] = level;
        self.changed = true;
    }

    /// A thread comes after all others.
    fn sink_to_the_bottom(&mut self, thread: u32) {
        self.priority(thread);
        self.bottom -= 1;
        self.priorities[thread as usize] = self.bottom;
        self.changed = true;
    }

    fn choose(&mut self, question: &Question<'_>) -> u32 {
        let gives_way = question.idle && !question.begins;
        if gives_way {
            let given = self.idle.entry(question.thread).or_default();
            *given += 1;
            if *given >= IDLE_MAX {
                *given = 0;
                self.sink_to_the_bottom(question.thread);
            }
        }
        self.changed = false;
        let mut best = (i64::MIN, question.thread);
        for thread in question.ready.all().iter().chain(question.sleepers) {
            if !gives_way || *thread != question.thread {
                best = best.max((self.priority(*thread), *thread));
            }
        }
        // The caller's own thread sleeps until its next call begins.
        if question.sleepers.contains(&best.1) && best.1 != 0 {
            let early = self.early.entry(best.1).or_default();
            *early += 1;
            if *early >= EARLY_MAX {
                *early = 0;
                self.sink_to_the_bottom(best.1);
            }
        }
        best.1
    }
}
