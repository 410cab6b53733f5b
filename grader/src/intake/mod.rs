//! What comes in, whatever it comes in: one reader, one set of limits.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`submission`] | a submission as text, whatever folder it comes in |
//! | [`archive`] | zip archives, unpacked within limits |
//! | [`find`] | who handed in what, in the folders that course platforms export |
//! | [`diagnostic`] | what is said of a source |

pub mod archive;
pub mod diagnostic;
pub mod find;
pub mod submission;
