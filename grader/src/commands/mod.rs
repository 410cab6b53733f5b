//! The commands, one module each.

pub mod exercises;
pub mod run;
