//! The protocols of the mission, each a pure state machine: text or bytes in, text or bytes out, time given.
//!
//! - [`line`]: `PUT`/`GET`/`DELETE`/`EXIT`, one command a line, every command concurrent with the others.

pub mod line;
