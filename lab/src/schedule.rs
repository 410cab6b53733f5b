//! Schedules: which thread of a subject runs next, given from outside like time and randomness.
//!
//! A subject without threads ignores them. One with threads runs one thread at a time, chooses the next by a plan, and afterwards
//! reports how its run differed from the calm plan: so a run can be repeated, and shortened.

use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

/// How threads are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// A started thread runs at once until it ends or waits; then the oldest that can.
    Calm,
    /// Switches at random, to any thread that can run.
    Walk {
        /// The random seed.
        seed: u64,
    },
    /// Random priorities, and a few random moments at which the running thread gets the lowest priority (Burckhardt et
    /// al., ASPLOS 2010): a bug that needs d such moments is found with a known probability.
    Pct {
        /// The random seed.
        seed: u64,
    },
    /// The calm plan, except for these switches.
    Replay(Vec<Switch>),
}

/// A decision that differs from the calm plan's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Switch {
    /// The thread that ran; 0 is the caller's.
    pub thread: u32,
    /// That thread's step at which the switch happened, counted from 1.
    pub step: u32,
    /// The thread that ran next.
    pub to: u32,
}

/// A plan, with options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The plan.
    pub plan: Plan,
    /// Whether a sleep may end at any moment, as if all other threads were slow.
    pub any_moment: bool,
    /// The language in which events are recorded as a story; `None` for no story.
    pub story: Option<Language>,
}

impl Schedule {
    /// The plan with no options.
    pub const fn new(plan: Plan) -> Self {
        Self { plan, any_moment: false, story: None }
    }
}

/// What a subject with threads reports of its run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Threads started, without the caller's own.
    pub started: u32,
    /// Points at which another thread might have run.
    pub steps: u64,
    /// How the run differed from the calm one; `None` if there were too many switches to keep.
    pub switches: Option<Vec<Switch>>,
    /// The story, one line for each turn of a thread; empty unless the schedule asks for it.
    pub story: Vec<String>,
}
