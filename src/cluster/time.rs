//! Cluster time: one time that all nodes agree on, independent of their wall clocks.
//!
//! Cluster time is the monotonic clock of the node that founded the cluster. Every other node keeps an interval that surely holds the
//! difference between cluster time and its own monotonic clock. It asks others for their interval; an answer that was asked for
//! when its clock stood at `t0` and came at `t1` was given in between, which bounds the difference whatever the network did; and
//! bounds from several answers are intersected (Marzullo, 1984). Monotonic clocks run at one rate here, so an interval never widens, and
//! they go on while a process is down; a machine that lost its disk begins with a new one. Wall clocks play no part.

use super::ids::{MS, Micros};

/// How far a node's estimate of cluster time may be off: a node with a wider interval does not take part yet. A deadline is kept
/// to within twice this: once for the node that set it, once for the node that reads it.
pub const SKEW_BOUND: Micros = 100 * MS;

/// An interval that contains cluster time minus the own monotonic clock, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Default for Offset {
    fn default() -> Self {
        Self { least: i64::MIN / 4, most: i64::MAX / 4 }
    }
}

/// What a node answers to a question for the time: the bounds of cluster time at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBounds {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Offset {
    /// The founder's: cluster time starts now.
    pub fn founder(mono: Micros) -> Self {
        let offset = -signed(mono);
        Self { least: offset, most: offset }
    }

    /// The same, after a monotonic clock began anew: it stood at `then` and now stands at `now`, and `between` passed as far as anybody can
    /// tell. To within [`SKEW_BOUND`], if it was known as well as that.
    #[must_use]
    pub fn carried_over(self, then: Micros, now: Micros, between: Micros) -> Self {
        if !self.is_known() {
            return Self::default();
        }
        let middle = self.least + (self.most - self.least) / 2;
        let moved = middle.saturating_add(signed(then)).saturating_add(signed(between)).saturating_sub(signed(now));
        let bound = SKEW_BOUND.cast_signed();
        Self { least: moved.saturating_sub(bound), most: moved.saturating_add(bound) }
    }

    /// Whether it is narrow enough to take part.
    pub const fn is_known(self) -> bool {
        self.most - self.least <= 2 * SKEW_BOUND.cast_signed()
    }

    /// Whether a better answer is worth asking for.
    pub const fn is_sharp(self) -> bool {
        self.most - self.least <= 10 * MS.cast_signed()
    }

    /// Cluster time, to within [`SKEW_BOUND`]; `None` while it is not known that well. Saturates at zero.
    pub fn now(self, mono: Micros) -> Option<Micros> {
        let middle = self.least + (self.most - self.least) / 2;
        self.is_known().then(|| u64::try_from(signed(mono).saturating_add(middle)).unwrap_or(0))
    }

    /// The bounds of cluster time now.
    pub fn bounds(self, mono: Micros) -> TimeBounds {
        TimeBounds { least: signed(mono).saturating_add(self.least), most: signed(mono).saturating_add(self.most) }
    }

    /// Narrows the interval by an answer to a question asked when the own clock stood at `asked`, received at `now`.
    pub fn learn(&mut self, answer: TimeBounds, asked: Micros, now: Micros) {
        let least = answer.least.saturating_sub(signed(now)).max(self.least);
        let most = answer.most.saturating_sub(signed(asked)).min(self.most);
        if asked <= now && least <= most {
            *self = Self { least, most };
        }
    }
}

fn signed(micros: Micros) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX / 4)
}
