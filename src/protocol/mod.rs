//! The protocols of the mission, each a pure state machine: text or bytes in, text or bytes out, time given.
//!
//! - [`mod@line`]: `PUT`/`GET`/`DELETE`/`EXIT`, one command a line, every command concurrent with the others.
//! - [`memcached`]: the memcached text protocol, classic and meta.
//! - [`rest`]: the cache service's REST API.
//! - [`ProtocolParser`]: the part of it that the exercise's prototype asks for.

pub mod line;
pub mod memcached;
mod prototype;
pub mod rest;

use std::fmt;
use std::ops::Range;

pub use prototype::{CacheCommand, CacheResponse, ParseError, ProtocolParser};

/// A mistake and its place in what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<M> {
    /// What is wrong.
    pub mistake: M,
    /// The bytes that are wrong, counted from the first of the line or request; empty, at the place, when something is missing.
    pub span: Range<usize>,
}

impl<M: fmt::Display> fmt::Display for Located<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mistake.fmt(f)
    }
}

impl<M: fmt::Debug + fmt::Display> std::error::Error for Located<M> {}
