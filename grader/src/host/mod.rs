//! What stands between the grader and its host.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`sandbox`] | the compiler, confined |
//! | [`printable`] | text from a stranger, made safe |
//! | [`outcome`] | how a command ends: exit codes, and the one error that is the caller's |

pub mod outcome;
pub mod printable;
pub mod sandbox;
