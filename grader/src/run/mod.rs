//! From a submission to its report.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`mod@bench`], [`grading`] | what grading needs, and the only way from a submission to its report |
//! | [`suite`] | tests as submissions: on right caches, then on caches with a bug each |
//! | [`isolated`] | the same in a process of its own, which may die |
//! | [`stop`] | ending gradings whose results nobody waits for any more |
//! | [`in_page`] | which submissions run in the page |
//! | `identity` | which grader a report is of |
//! | [`parent`] | messages from that process to the one that started it |
//! | [`lesson`] | the course: a lesson's verdict, and the files for the page |
//! | [`script`] | a script on a submission or on a known bug |
//! | [`mutants`] | known bugs: patches of the solution, built and judged like submissions |

pub mod bench;
pub mod grading;
mod identity;
pub mod in_page;
pub mod isolated;
pub mod lesson;
pub mod mutants;
mod parent;
pub mod script;
pub mod stop;
pub mod suite;
