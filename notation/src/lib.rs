//! What several crates read and write, and how: [`text`] (escapes, quoting, the two languages), [`duration`] (spans of time
//! and sizes) and [`repeat`] (`40*x`). Depends on nothing of ours.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod duration;
pub mod repeat;
pub mod text;
