//! Schedules: which thread of a subject runs next, given from outside like time and randomness.
//!
//! A subject without threads ignores them. One with threads runs one thread at a time, chooses the next by a plan, and afterwards
//! reports how its run differed from the calm plan: so a run can be repeated, and shortened.

use std::fmt;

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

/// Behind a plan in a schedule's text: a sleep may end at any moment.
const ANY_MOMENT: &str = "+any-moment";

impl Schedule {
    /// Reads what [`fmt::Display`] writes: `calm`, `walk:5b5e`, `pct:5b5e` (a seed in hexadecimal), or switches as `1@7>0 0@9>2`
    /// (thread, its step, the thread that runs next); each with `+any-moment` behind it where a sleep may end at any moment.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (plan, any_moment) = text.strip_suffix(ANY_MOMENT).map_or((text, false), |plan| (plan, true));
        let plan = match plan.split_once(':') {
            Some(("walk", seed)) => Plan::Walk { seed: u64::from_str_radix(seed, 16).ok()? },
            Some(("pct", seed)) => Plan::Pct { seed: u64::from_str_radix(seed, 16).ok()? },
            None if plan == "calm" => Plan::Calm,
            _ => Plan::Replay(plan.split_whitespace().map(Switch::parse).collect::<Option<_>>()?),
        };
        (plan != Plan::Replay(Vec::new())).then_some(Self { plan, any_moment, story: None })
    }
}

impl Switch {
    fn parse(text: &str) -> Option<Self> {
        let (thread, rest) = text.split_once('@')?;
        let (step, to) = rest.split_once('>')?;
        Some(Self { thread: thread.parse().ok()?, step: step.parse().ok()?, to: to.parse().ok()? })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.plan {
            Plan::Calm => f.write_str("calm")?,
            Plan::Walk { seed } => write!(f, "walk:{seed:016x}")?,
            Plan::Pct { seed } => write!(f, "pct:{seed:016x}")?,
            Plan::Replay(switches) => {
                let switches = switches.iter().map(|switch| format!("{}@{}>{}", switch.thread, switch.step, switch.to));
                f.write_str(&switches.collect::<Vec<_>>().join(" "))?;
            }
        }
        f.write_str(if self.any_moment { ANY_MOMENT } else { "" })
    }
}

/// What a subject with threads reports of its run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Threads started, without the caller's own.
    pub started: u32,
    /// Points at which another thread might have run.
    pub steps: u64,
    /// A thread that looks at what threads share and then changes it can be stopped in between if it is stopped at every so many steps;
    /// 0 is 1.
    pub stride: u32,
    /// How the run differed from the calm one; `None` if there were too many switches to keep.
    pub switches: Option<Vec<Switch>>,
    /// The story, one line for each turn of a thread; empty unless the schedule asks for it.
    pub story: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn a_schedule_is_read_as_it_is_written() {
        for text in
            ["calm", "walk:0000000000000007", "pct:5b5e58acbb28f70f", "1@7>0", "1@7>0 0@12>2", "1@7>0+any-moment"]
        {
            let schedule = Schedule::parse(text).expect(text);
            assert_eq!(schedule.to_string(), text);
            assert_eq!(schedule.any_moment, text.ends_with("any-moment"));
        }
        for wrong in ["", "pct", "pct:", "pct:xyz", "walk:-1", "1@7", "1>7@0", "[1@7>0]", "calm 1@7>0", "+any-moment"] {
            assert_eq!(Schedule::parse(wrong), None, "{wrong}");
        }
    }
}
