//! Schedules: which thread of a subject runs next, given from outside like time and randomness.
//!
//! A subject without threads knows nothing of them. One with threads runs them one at a time, decides who runs next by a plan, and
//! tells afterwards how that differed from the calm plan: so a run can be repeated, and made shorter.

use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

/// How threads are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// A started thread runs at once until it ends or waits; then the oldest that can.
    Calm,
    /// Switches by chance, to anyone.
    Walk {
        /// The chance's seed.
        seed: u64,
    },
    /// Random priorities, and a few random moments at which the running thread falls to the bottom (Burckhardt et al.,
    /// ASPLOS 2010): what goes wrong only at d such moments is found with a known probability.
    Pct {
        /// The chance's seed.
        seed: u64,
    },
    /// The calm plan but for these switches.
    Replay(Vec<Switch>),
}

/// A decision that differs from the calm plan's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Switch {
    /// The thread that ran; 0 is the caller's.
    pub thread: u32,
    /// Its own step at which it was decided, counted from 1.
    pub step: u32,
    /// The thread that ran then.
    pub to: u32,
}

/// A plan, and what is wanted besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The plan.
    pub plan: Plan,
    /// Whether a sleep may be over at any decision, as if all others were slow.
    pub any_moment: bool,
    /// In which language what happens is written down, if it is.
    pub story: Option<Language>,
}

impl Schedule {
    /// The plan alone.
    pub const fn new(plan: Plan) -> Self {
        Self { plan, any_moment: false, story: None }
    }
}

/// What a subject with threads tells of its run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Threads started besides the caller's own.
    pub started: u32,
    /// Points at which another thread might have run.
    pub steps: u64,
    /// How the run differed from the calm one; `None` where that is too long to be kept.
    pub switches: Option<Vec<Switch>>,
    /// What happened, a turn a line; for a schedule that asks for a story.
    pub story: Vec<String>,
}
