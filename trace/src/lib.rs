//! Public cache traces: [`read`] parses their formats, [`replay`] computes the misses of each policy. The replay itself
//! is in the engine, because it uses the cache's internal store.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod formats;
mod mistake;
mod packing;
mod size;
#[cfg(feature = "packed")]
mod unpack;

pub use cachedojo::cache::replay::{
    Belady, Footprint, Replay, ReplayedCache, Report, Request, floor, floor_telling, replay,
};
pub use formats::{CsvColumns, EmptyRows, Format, ObjectNames, Table, Trace, read, read_trace, read_within};
pub use mistake::TraceError;
pub use size::CacheSize;
#[cfg(feature = "packed")]
pub use unpack::unpack;
