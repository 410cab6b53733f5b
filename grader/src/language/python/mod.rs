//! Python: a real CPython in the sandbox, in a process apart from what judges it.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`interpreter`] | the CPython of this machine, found |
//! | [`process`] | the runner: one confined process that forks a fresh child for each run |
//! | [`wire`] | what crosses to it and back: plain data, bounded |
//! | [`build`] | from a submission's text to a program: what does not compile, what is forbidden |
//! | [`subject`] | the program as a subject |
//! | `runner/*.py` | the other side: scheduler, threads on top of it, guard, one run |
//!
//! The runner forks; the child limits and confines itself, makes the submission's module anew, calls its function once,
//! writes down what it answered as plain data, and is gone. Expected answers never come there. Threads are real, but one
//! runs at a time, and who is next after each instruction is a pure function of a seed: a race found once is found again.

pub mod build;
pub mod interpreter;
pub mod process;
mod spawn;
pub mod subject;
pub mod wire;
