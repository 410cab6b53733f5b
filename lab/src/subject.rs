//! The subject seam: the trait of everything that answers requests, in a world that is passed to it.
//!
//! Three kinds of subject implement it: the reference (`Reference`, the engine), a mutant, and a learner's submission.
//! The last two are WebAssembly modules, which wasmtime runs natively and a JavaScript shim runs in the page.

use std::fmt;

use cachedojo_wire::{Request, Response};
use serde::{Deserialize, Serialize};

use crate::schedule::{Observed, Schedule};
use crate::world::World;
use cachedojo::cache::CacheEvent;

/// Everything that answers requests.
pub trait Subject {
    /// Answers one request in `world`. A subject that sleeps or asks for randomness changes the world.
    ///
    /// # Errors
    /// A [`Crash`] ends the subject: every later call answers with the same crash.
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash>;

    /// Events inside the subject since the last call; empty for a subject that cannot report them (only the reference
    /// can).
    fn take_inside(&mut self) -> Vec<CacheEvent> {
        Vec::new()
    }

    /// The work done so far, in wasmtime's units of fuel: deterministic, but 0 where it is not measured.
    fn fuel_used(&self) -> u64 {
        0
    }

    /// The subject's memory, in bytes; 0 where it is not measured.
    fn memory_bytes(&self) -> u64 {
        0
    }

    /// Before the first call: sets the schedule of the subject's threads. `false` if it runs no threads, so that further
    /// schedules show nothing new.
    fn set_schedule(&mut self, _schedule: &Schedule) -> bool {
        false
    }

    /// Whether more time passed for it than the script let pass, so that an entry may have gone before its time: then what the
    /// script found missing shows nothing. Only what runs in real time can be late.
    fn is_late(&self) -> bool {
        false
    }

    /// How its threads ran so far; `None` if it has none.
    fn observed(&self) -> Option<Observed> {
        None
    }
}

/// How a subject can end without answering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Crash {
    /// It panicked (or called `abort`, or ran out of stack).
    Panic {
        /// The panic's message, without paths of the host.
        message: String,
    },
    /// It raised an exception that nothing caught: Python's panic.
    Raised {
        /// The exception, its message and its place in the submission.
        message: String,
    },
    /// It is not what can be run or asked further: it returned another type, or did what no submission may.
    Unfit {
        /// What it did, as a sentence without its subject.
        message: String,
    },
    /// It used up its allowance of work.
    OutOfFuel,
    /// It was cut off: its check, or the whole grading, had used up its time.
    CutOff,
    /// The host that runs it failed; this says nothing about the subject.
    Machine {
        /// What failed, and the remedy.
        message: String,
    },
    /// It asked for more memory than it is allowed.
    OutOfMemory,
    /// It printed or answered more than it may, or a script asked for more than a run may tell.
    TooMuchOutput,
    /// None of its threads can ever run again.
    Deadlock {
        /// For each thread what it waits for, and which thread holds that.
        waits: Vec<String>,
    },
    /// It ended its process: `std::process::exit`, `sys.exit`.
    Exit {
        /// With this code.
        code: u32,
    },
    /// It answered bytes that are not a response: only a subject that tampers with the seam does.
    Gibberish,
}

/// The panic's message and its place in the submission, taken from the output of std's hook: `thread 'main' panicked at
/// src/lib.rs:7:5:`, the message, and a note on backtraces. Cost: O(text).
pub fn panic_message(said: &str) -> Option<String> {
    let (_, report) = said.rsplit_once(" panicked at ")?;
    let (place, message) = report.split_once(":\n").unwrap_or((report, ""));
    let message = message.split("\nnote: run with `RUST_BACKTRACE").next().unwrap_or(message).trim_end();
    // A place in a library does not help the learner, and its path would be the host's.
    let ours = !place.starts_with('/') && place.contains(".rs:");
    Some(if ours { format!("{message} (at {place})") } else { message.to_owned() })
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic { message } => write!(f, "panicked: {message}"),
            Self::Raised { message } => write!(f, "raised {message}"),
            Self::Unfit { message } => f.write_str(message),
            Self::OutOfFuel => f.write_str("did not finish: it used up the work it is allowed"),
            Self::CutOff => {
                f.write_str("was cut off: its check, or the whole grading, had used up the time it is allowed")
            }
            Self::Machine { message } => write!(f, "was not run to its end, for this machine failed: {message}"),
            Self::OutOfMemory => f.write_str("asked for more memory than it is allowed"),
            Self::TooMuchOutput => f.write_str("printed or answered more than it is allowed"),
            Self::Deadlock { waits } if waits.is_empty() => {
                f.write_str("none of its threads can run any more: a deadlock")
            }
            Self::Deadlock { waits } => write!(f, "a deadlock: {}", waits.join("; ")),
            Self::Exit { code } => {
                write!(f, "ended the program with exit code {code} instead of answering")
            }
            Self::Gibberish => f.write_str("answered bytes that are no response"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::panic_message;

    #[test]
    fn a_panic_keeps_its_words_and_its_place_in_the_submission() {
        let said = "hello\n\nthread 'main' (1) panicked at src/lib.rs:7:5:\nno such\nkey\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        assert_eq!(panic_message(said).as_deref(), Some("no such\nkey (at src/lib.rs:7:5)"));
    }

    #[test]
    fn a_place_in_a_library_of_the_host_is_left_out() {
        let said = "\nthread 'main' panicked at /root/.cargo/registry/src/tokio/park.rs:1:2:\nstuck\nnote: run with `RUST_BACKTRACE=1` …";
        assert_eq!(panic_message(said).as_deref(), Some("stuck"));
    }
}
