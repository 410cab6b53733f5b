//! A class: the submissions that `intake` found, graded on all cores, cached, and compared.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`key`] | the key under which a result is remembered |
//! | [`store`] | results by content, and each learner's history, in a file that survives being killed |
//! | [`work`] | the workers: one bad submission never stops the rest |
//! | [`similar`] | what two submissions have in common beyond the starter |
//! | [`whole_programs`] | programs that are the same as a whole, and copies of the exercise's own solution |
//! | [`summary`] | the class as data: `cachedojo/class/v1` |
//! | [`table`], [`page`] | the class as CSV, and as a page |
//! | [`roster`], [`columns`], `worksheet`, [`who`] | who is in the course, as a platform exports them; Moodle's headings in each language; which of them each learner is |
//! | [`marks`], [`gradebook`], [`scale`], [`feedback`] | what goes back to the platform: marks in its own format, and everybody's report |

pub mod columns;
pub mod feedback;
pub mod french;
pub mod gradebook;
pub mod key;
pub mod marks;
pub mod page;
pub mod roster;
pub mod scale;
pub mod similar;
pub mod store;
pub mod summary;
pub mod table;
pub mod who;
pub mod whole_programs;
pub mod work;
mod worksheet;
