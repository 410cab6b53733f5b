//! The commands, one module each.

pub mod exercises;
pub mod grade;
pub mod run;
