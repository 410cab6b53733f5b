//! The subject seam: whatever obeys commands, in a world that is given to it.
//!
//! Three kinds of subject stand behind one trait: the reference (`Reference`, this engine), a mutant, and a learner's
//! submission. The last two are WebAssembly modules: natively wasmtime drives them, in the page a JavaScript shim does.

use cachedojo_seam::{Request, Response};
use serde::{Deserialize, Serialize};

use crate::cache::CacheEvent;
use crate::random::Random;

/// Whatever obeys requests.
pub trait Subject {
    /// Obeys one request in `world`. A subject that sleeps or asks for randomness moves the world.
    ///
    /// # Errors
    /// A [`Crash`] ends the subject: every later call answers with the same crash.
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash>;

    /// What happened inside since the last call, where the subject tells (the reference does; a module cannot).
    fn take_inside(&mut self) -> Vec<CacheEvent> {
        Vec::new()
    }

    /// The work done so far, in wasmtime's units of fuel: deterministic, but 0 where nobody counts.
    fn fuel_used(&self) -> u64 {
        0
    }
}

/// Time and randomness around a subject, both given from outside.
#[derive(Debug, Clone)]
pub struct World {
    /// The monotonic clock, in nanoseconds since the world began. Only `tick` and a sleeping subject move it.
    pub monotonic_ns: u64,
    /// The wall clock, in nanoseconds since 1970. Scripts may make it jump while the monotonic clock does not.
    pub wall_ns: u64,
    /// Where a subject's randomness comes from.
    pub random: Random,
}

/// 2026-01-01T00:00:00Z: where every world's wall clock starts, in nanoseconds since 1970.
pub const WALL_START_NS: u64 = 1_767_225_600_000_000_000;

impl World {
    /// A world whose clocks stand at their starts and whose randomness follows `seed`.
    pub fn new(seed: u64) -> Self {
        // One second past zero, so that a subject may subtract a little from its first reading of the clock.
        Self { monotonic_ns: 1_000_000_000, wall_ns: WALL_START_NS, random: Random::new(seed) }
    }

    /// Lets both clocks run forward; saturates at the end of time (584 years).
    pub fn pass(&mut self, ns: u64) {
        self.monotonic_ns = self.monotonic_ns.saturating_add(ns);
        self.wall_ns = self.wall_ns.saturating_add(ns);
    }
}

/// How a subject can end before it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Crash {
    /// It panicked (or called `abort`, or ran out of stack).
    Panic {
        /// The panic's own words, without paths of the host.
        message: String,
    },
    /// It used up the work it was allowed.
    OutOfFuel,
    /// It asked for more memory than it is allowed.
    OutOfMemory,
    /// It printed more than it is allowed, or was asked for more than a run may tell.
    TooMuchOutput,
    /// It called `std::process::exit`.
    Exit {
        /// With this code.
        code: u32,
    },
    /// It answered bytes that are no response: only a subject that tampers with the seam can.
    Gibberish,
}
