//! Threads of a submission under a scheduler of ours.
//!
//! A module of the target `wasm32-wasip1-threads` is rewritten (`rewrite`) so that it asks before every atomic
//! instruction, and run with all its threads on one thread of the host (`machine`), one at a time, in virtual time (`world`). Which
//! one runs next a plan decides (`plan`): by chance from a seed, so a run can be repeated; or as a list of switches, so that it can be
//! made shorter. Data that threads share is behind atomics in safe Rust, so switching right before those finds every
//! order in which threads can see each other's work, except what weak memory orders add: here every operation is seen at once.
//!
//! | module | what it does |
//! | --- | --- |
//! | `rewrite` | a module that asks before it acts |
//! | `host`, `turn` | the functions that it asks, and how a thread stops |
//! | `world` | who can run, who waits, what time it is |
//! | `limits` | what a module may use, and why it is stopped |
//! | `plan` | who runs next |
//! | `machine` | the module, running |
//! | `between`, `crossing` | what two modules tell each other, where one calls the other, and how |
//! | `operation`, `memory` | atomic operations, and the memory they work on |
//! | `subject` | the module behind the seam |
//! | `story`, `lines`, `tell`, `words` | what happened, for people |

mod between;
mod crossing;
mod host;
mod limits;
mod lines;
mod machine;
mod memory;
mod operation;
mod plan;
mod rewrite;
mod story;
mod subject;
mod tell;
mod turn;
mod words;
mod world;

pub use between::Crossings;
pub use limits::{Limits, Stop};
pub use machine::{Machine, Program, Surroundings};
pub use subject::{ThreadedFactory, ThreadedSubject};
pub use tell::{Sources, Told};
