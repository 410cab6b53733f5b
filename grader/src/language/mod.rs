//! Languages: from a submission's text to a subject.

pub mod python;
pub mod rust;
