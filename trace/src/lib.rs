//! Public cache traces: [`read`] understands their formats, [`replay`] says what each policy would have missed. The
//! replay itself stands in the engine, for it works the store from inside.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod formats;

pub use cachedojo::cache::replay::{Replay, Report, Request, replay};
pub use formats::{CsvColumns, Format, TraceError, read};
