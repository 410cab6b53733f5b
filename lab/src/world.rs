//! The surroundings of a subject: time and randomness, both given from outside.

mod agenda;
pub mod cluster;
pub mod machines;

use cachedojo::random::Random;

/// Time and randomness around a subject, both given from outside.
#[derive(Debug, Clone)]
pub struct World {
    /// The monotonic clock, in nanoseconds since the world began. Only `tick` and a sleeping subject move it.
    pub monotonic_ns: u64,
    /// The wall clock, in nanoseconds since 1970. Scripts may make it jump while the monotonic clock does not.
    pub wall_ns: u64,
    /// The source of a subject's randomness.
    pub random: Random,
}

/// 2026-01-01T00:00:00Z: where every world's wall clock starts, in nanoseconds since 1970.
pub const WALL_START_NS: u64 = 1_767_225_600_000_000_000;

impl World {
    /// A world whose clocks stand at their starts, with randomness from `seed`.
    pub fn new(seed: u64) -> Self {
        // One second past zero, so that a subject may subtract a little from its first reading of the clock without
        // underflow.
        Self { monotonic_ns: 1_000_000_000, wall_ns: WALL_START_NS, random: Random::new(seed) }
    }

    /// Lets both clocks run forward; saturates at the end of time (584 years).
    pub fn pass(&mut self, ns: u64) {
        self.monotonic_ns = self.monotonic_ns.saturating_add(ns);
        self.wall_ns = self.wall_ns.saturating_add(ns);
    }
}
