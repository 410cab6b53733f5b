//! Cachedojo's engine.
#![warn(missing_docs)]

pub mod cache;
pub mod clock;
pub mod protocol;
pub mod random;
pub mod ring;
pub mod subject;
