//! From a submission to its report.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`mod@bench`], [`grading`] | what grading needs, and the one way from a submission to its report |
//! | [`tests`] | tests as submissions: on right caches, then on caches with a bug each |
//! | [`apart`] | that way, in a process of its own that may die |
//! | [`mutants`] | known bugs: patches of the solution, built and judged like submissions |

pub mod apart;
pub mod bench;
pub mod grading;
mod lesson;
pub mod mutants;
pub mod tests;
