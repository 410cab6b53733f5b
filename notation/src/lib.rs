//! Notations that several crates read and write: [`text`] (escapes, quoting, the two languages), [`duration`] (durations and
//! sizes) and [`repeat`] (`40*x`). Depends on no other crate of ours.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod duration;
pub mod repeat;
pub mod text;
