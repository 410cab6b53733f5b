//! The memcached text protocol, classic and meta commands: bytes in, bytes out, time given.
//!
//! - [`Parser`] cuts bytes into [`Request`]s without copying or allocating.
//! - [`Store`] holds the items; any number of clients may share it.
//! - [`Session`] is one client's connection to it; [`Machine`] is both in one, for a single client.
//!
//! ```
//! use cachedojo::{clock::Instant, protocol::memcached::Machine};
//!
//! let mut machine = Machine::new(1_700_000_000);
//! let now = Instant::from_millis(0);
//! assert_eq!(machine.feed(b"set greeting 0 60 5\r\nhello\r\nget gree", now), b"STORED\r\n");
//! assert_eq!(machine.feed(b"ting\r\n", now), b"VALUE greeting 0 5\r\nhello\r\nEND\r\n");
//! ```
//!
//! The rules are memcached 1.6.45's, with its error texts. Where it leaves a choice, or we differ:
//! - `\n` ends a line or a data block as well as `\r\n`; memcached takes it for lines alone.
//! - The clock has milliseconds: an item is alive before its deadline and gone from it on, exactly. A remaining TTL is
//!   shown in seconds, rounded up; memcached wraps that of a deadline that has passed (`mg key T-1 t`) to 32 bits.
//! - A delayed `flush_all` acts when its time has come, memcached a second earlier.
//! - The length of a line does not depend on how it arrives: more than [`LINE_BYTES_MAX`] bytes (for `get` and `gets`
//!   [`GET_BYTES_MAX`]) end the connection, as does a request of HTTP.
//! - When a request with a data block is refused, as many bytes as it announced are skipped. When it announced no
//!   possible length (a negative one, or 2^31 - 2 and more), nobody knows how many to skip: what follows is read as
//!   requests.
//! - A key has no control characters (memcached's documentation says so; its server does not check).
//! - The exptime of a storage command may be any number of 64 bits, so a time after 2038 is what it says; memcached takes
//!   it too, but wraps it to 32 bits. Elsewhere both refuse what has more than 32.
//! - A number is digits, any number of zeros first, and before them a `-` only where it may be negative. Memcached cuts
//!   client flags to 32 bits, takes a `+` before them and before the exptime of a storage command, `-0` for flags and
//!   lengths, and a bare `-` for a length or another exptime of 0; of other numbers it refuses more than 11 characters,
//!   or 22 of those that may have 64 bits.
//! - A value of nothing but whitespace is no number; memcached reads on into what lies behind it in its memory. Digits with a
//!   zero byte behind them are no number either; memcached takes that byte for the value's end.
//! - `E` and `T` of `ma` hold whatever the new number's length; memcached forgets them when it needs a longer item for it.
//! - A `get` with a key that is too long is refused, and nothing else; memcached also drops those answers to requests before it
//!   that it has not sent yet.
//! - A meta command that is refused changes nothing; memcached finds that an opaque token is too long when it has obeyed.
//! - A base64 key is strict base64; memcached skips other characters and the bits that are left over.
//! - `me <key> b` takes the key for base64; memcached does so only when one more word follows.
//! - The first item has the CAS 1, and only what is stored takes a number; which numbers they are is not promised.
//! - `noreply` is the last word of a line, not its only one; spaces do not come before the command, which memcached lets
//!   them before those that manage a server; and no empty line follows the refusal of a long key of `get`.
//! - One `get` is answered with at most [`ANSWER_BYTES_MAX`] and an item, else with `SERVER_ERROR out of memory writing get
//!   response`, as memcached does when its memory for answers ends.
//! - `delete <key> 0` is taken, any other time is refused (memcached 1.6.18 and before; 1.6.45 ignores it).
//!
//! A server is managed as there (`slabs`, `lru`, `lru_crawler`, `watch`, `verbosity`, `cache_memlimit` and the topics of
//! `stats`), with these choices:
//! - A crawl or a dump is done when it is answered, so nothing is ever `BUSY`, and it may be one of many requests sent at
//!   once, as may `watch`. Dumps go class by class and from the least recently used item on, `hash` by key;
//!   `stats cachedump` begins with the most recently used one.
//! - An item's class, its chunks and their pages are memcached's. But memory is counted by the item: pages are what these
//!   items would have taken (one of more than 512 KiB takes whole chunks of the last class), and a class evicts of its own
//!   only when `slabs reassign` takes a page from it. There is one list of items, to whose front each use moves one, and
//!   not once a minute only, so that `l` and `la` count from the last use. An expired item stays until it is asked for,
//!   crawled or evicted; memcached also takes those that stand last when it needs a chunk. The settings of `lru` and of `slabs automove` are checked, kept and shown, no more.
//! - `stats` has the rows that mean something without sockets and threads, in memcached's order. `stats sizes` counts as
//!   if the server had been started with `-o track_sizes`; `cmd_meta` counts every meta command, not just `me`.
//! - A ratio or a factor is a finite decimal number; memcached takes `nan`, `inf` and hexadecimal ones as well, and adds
//!   the percentages of `lru tune` up in 32 bits.
//! - A watcher gets its lines by being fed (see [`Session::feed`]). Nothing is logged of `sysevents` and of the proxy, nor
//!   of a value that is too large for another command than `set` and `ms`.
//! - `debugtime`, `debugitem` and `misbehave` (of debugging builds), `refresh_certs` (of builds with TLS), `extstore` and
//!   its statistics are `ERROR`, as in a memcached built without them. `shutdown` is not enabled.

mod admin;
mod change;
mod classes;
mod counters;
mod flags;
mod items;
mod limits;
mod meta;
mod mistake;
mod observe;
mod parse;
mod request;
mod serve_admin;
mod serve_meta;
mod serve_stats;
mod session;
mod settings;
mod stop;
mod store;
mod watch;
mod words;
mod write;

pub use admin::{Admin, Setting, Topic};
pub use counters::Counters;
pub use flags::Flags;
pub use limits::{ANSWER_BYTES_MAX, GET_BYTES_MAX, ITEM_BYTES_MAX, KEY_BYTES_MAX, LINE_BYTES_MAX, item_bytes};
pub use mistake::Mistake;
pub use parse::{Parsed, Parser};
pub use request::{MetaVerb, Request, Sign, StoreMode};
pub use session::Session;
pub use store::Store;
pub use watch::Streams;
pub use words::Words;

use crate::clock::Instant;

/// The memory of a [`Machine`], in bytes: memcached's own default.
const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A server with one client.
#[derive(Debug, Clone)]
pub struct Machine {
    store: Store,
    session: Session,
}

impl Machine {
    /// An empty server of 64 MiB in a world whose clock began at the Unix time `unix_base_s`, in seconds.
    pub fn new(unix_base_s: u64) -> Self {
        Self { store: Store::new(unix_base_s, MEMORY_BYTES_MAX), session: Session::new() }
    }

    /// Executes the requests that these bytes complete, and returns the answers. See [`Session::feed`], also for their
    /// bound.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) -> Vec<u8> {
        let mut out = Vec::new();
        self.session.feed(&mut self.store, bytes, now, &mut out);
        out
    }

    /// Whether the connection is over.
    pub fn closed(&self) -> bool {
        self.session.closed()
    }

    /// The items and the counters.
    pub const fn store(&self) -> &Store {
        &self.store
    }
}
