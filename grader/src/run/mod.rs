//! From a submission to its report.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`mod@bench`], [`grading`] | what grading needs, and the one way from a submission to its report |
//! | [`tests`] | tests as submissions: on right caches, then on caches with a bug each |
//! | [`apart`] | that way, in a process of its own that may die |
//! | [`in_page`] | which submissions run in the page |
//! | [`parent`] | what that process says, and asks |
//! | [`lesson`] | the course: a lesson's verdict, and what the page loads of it |
//! | [`mutants`] | known bugs: patches of the solution, built and judged like submissions |

pub mod apart;
pub mod bench;
pub mod grading;
pub mod in_page;
pub mod lesson;
pub mod mutants;
mod parent;
pub mod tests;
