//! Rust: inspected with `syn`, compiled by the host's rustc inside the sandbox, run as WebAssembly.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`interface`], [`prototype`] | what an exercise asks for: how it is spoken to, which items, which crates |
//! | [`inspect`], [`forbidden`] | which of them a submission has, and what it must not have |
//! | [`toolbox`] | what it is compiled against, built once |
//! | [`rustc`] | the compiler, confined |
//! | [`build`] | all of that in order: from text to a program |

pub mod build;
pub mod forbidden;
pub mod inspect;
pub mod interface;
pub mod prototype;
pub mod rustc;
pub mod toolbox;
