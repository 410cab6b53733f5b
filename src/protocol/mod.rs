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

pub use prototype::{CacheCommand, CacheResponse, ParseError, ProtocolParser};
