//! The subject seam: whatever obeys commands, in a world that is given to it.
//!
//! Three kinds of subject stand behind one trait: the reference (`Reference`, this engine), a mutant, and a learner's
//! submission. The last two are WebAssembly modules: natively wasmtime drives them, in the page a JavaScript shim does.

use cachedojo_wire::{Request, Response};
use serde::{Deserialize, Serialize};

use crate::world::World;
use cachedojo::cache::CacheEvent;

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
