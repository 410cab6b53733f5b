//! Public cache traces: [`read`] understands their formats, [`replay`] says what each policy would have missed. The
//! replay itself stands in the engine, for it works the store from inside.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod formats;
mod unpack;

pub use cachedojo::cache::replay::{Belady, Footprint, Replay, Report, Request, floor, replay};
pub use formats::{CsvColumns, EmptyRows, Format, Table, Trace, TraceError, read, read_trace};
pub use unpack::unpack;
