//! The requests of the protocol.

use super::admin::{Admin, Topic};
use super::flags::Flags;
use super::watch::Streams;
use super::words::Words;

/// One request, borrowed from the input.
#[derive(Debug, Clone, PartialEq)]
pub enum Request<'a> {
    /// `set`, `add`, `replace`, `append`, `prepend` and `cas`.
    Store {
        /// Which of them.
        mode: StoreMode,
        /// The item's key.
        key: &'a [u8],
        /// Client flags.
        flags: u32,
        /// Seconds or Unix time, as written.
        exptime: i64,
        /// The CAS that the item must have; given for `cas` alone.
        cas: Option<u64>,
        /// The value.
        data: &'a [u8],
    },
    /// `get` and `gets`, `gat` and `gats`.
    Get {
        /// One or more keys.
        keys: Words<'a>,
        /// `gets`, `gats`: answer the CAS too.
        with_cas: bool,
        /// `gat`, `gats`: the items' new exptime, as written.
        exptime: Option<i32>,
    },
    /// `delete`.
    Delete {
        /// The item's key.
        key: &'a [u8],
    },
    /// `incr` and `decr`.
    Arithmetic {
        /// The item's key.
        key: &'a [u8],
        /// Whether to add or to subtract.
        sign: Sign,
        /// By how much.
        delta: u64,
    },
    /// `touch`.
    Touch {
        /// The item's key.
        key: &'a [u8],
        /// Seconds or Unix time, as written.
        exptime: i32,
    },
    /// `flush_all`.
    FlushAll {
        /// Seconds or Unix time, as written; 0 is at once.
        delay: i32,
    },
    /// `slabs`, `lru`, `lru_crawler` and `verbosity`.
    Admin(Admin<'a>),
    /// `watch`.
    Watch {
        /// The kinds of lines to see; at least one.
        streams: Streams,
    },
    /// `cache_memlimit`.
    MemoryLimit {
        /// Mebibytes.
        mebibytes: u32,
    },
    /// `version`.
    Version,
    /// `stats`.
    Stats(Topic),
    /// `shutdown`, which this server never allows.
    Shutdown,
    /// `quit`.
    Quit,
    /// `mn`.
    MetaNoop,
    /// `me`.
    MetaDebug {
        /// The item's key, as written.
        key: &'a [u8],
        /// Whether it is written in base64.
        binary: bool,
    },
    /// `mg`, `ms`, `md` and `ma`.
    Meta {
        /// Which of them.
        verb: MetaVerb<'a>,
        /// The item's key, as written.
        key: &'a [u8],
        /// The flags.
        flags: Flags<'a>,
    },
}

/// How to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreMode {
    /// Whatever is there.
    Set,
    /// Only if nothing is there.
    Add,
    /// Only if something is there.
    Replace,
    /// Behind the value that is there.
    Append,
    /// Before the value that is there.
    Prepend,
    /// Only if it is there with the given CAS.
    Cas,
}

/// Which way to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Upwards, from 2^64 - 1 to 0.
    Plus,
    /// Downwards, to 0 at the lowest.
    Minus,
}

/// The meta commands that take flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaVerb<'a> {
    /// `mg`.
    Get,
    /// `ms`.
    Set {
        /// How to store.
        mode: StoreMode,
        /// The value.
        data: &'a [u8],
    },
    /// `md`.
    Delete,
    /// `ma`.
    Arithmetic {
        /// Whether to add or to subtract.
        sign: Sign,
    },
}
