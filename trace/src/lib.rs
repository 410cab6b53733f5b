//! Public cache traces: [`read`] parses their formats, [`replay`] computes the misses of each policy. The replay itself
//! is in the engine, because it uses the cache's internal store.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod formats;
mod unpack;

pub use cachedojo::cache::replay::{Belady, Footprint, Replay, Report, Request, floor, replay};
pub use formats::{CsvColumns, EmptyRows, Format, Table, Trace, TraceError, read, read_trace};
pub use unpack::unpack;
