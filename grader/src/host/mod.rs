//! What stands between the grader and its host.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`sandbox`] | programs of the host, confined |
//! | [`itself`], [`process`] | the grader started again, and a process that may die |
//! | [`budget`], [`limits`] | how much processor time a grading has left, and what the shell may have taken away |
//! | [`cache`] | what is made once on a machine and kept |
//! | [`files`] | files of a stranger, read within bounds |
//! | [`scratch`] | folders that are gone when the grader is |
//! | [`kernel`] | two calls of the kernel for which no crate has a safe function |
//! | [`printable`] | text from a stranger, made safe |
//! | [`outcome`] | how a command ends: exit codes, and the one error that is the caller's |

pub mod budget;
pub mod cache;
pub mod files;
pub mod itself;
pub(crate) mod kernel;
pub mod limits;
pub mod outcome;
pub mod printable;
pub mod process;
pub mod sandbox;
pub mod scratch;
