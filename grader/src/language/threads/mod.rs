//! Threads of a submission, run by a scheduler of ours.
//!
//! A module of the target `wasm32-wasip1-threads` is rewritten (`rewrite`) so that it calls the host before every atomic
//! instruction. All its threads then run on one thread of the host (`machine`), one at a time, in virtual time (`world`). A plan
//! decides which runs next (`plan`): at random from a seed, so that a run can be repeated; or by a list of switches, so that it
//! can be shortened. In safe Rust all shared data is protected by atomics, so switching right before those covers every order in
//! which threads can see each other's work, except the additional ones of weak memory orders: here every operation is visible to
//! all threads at once.
//!
//! | module | what it does |
//! | --- | --- |
//! | `rewrite` | inserts calls of the host before atomic instructions |
//! | `host`, `turn` | the functions that are called, and how a thread pauses |
//! | `world`, `ready` | which threads can run, which wait, and the time |
//! | `limits` | a module's limits, and the reasons why it is stopped |
//! | `plan` | which thread runs next |
//! | `machine` | the running module |
//! | `between`, `crossing` | calls from one module to another |
//! | `operation`, `memory` | atomic operations, and the memory they work on |
//! | `subject` | the module as a subject |
//! | `story`, `lines`, `tell`, `words` | the story of a run, for people |

mod between;
mod crossing;
mod host;
mod limits;
mod lines;
mod machine;
mod memory;
mod operation;
mod plan;
mod ready;
mod rewrite;
mod rounds;
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
