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
//!   shown in seconds, rounded up.
//! - The length of a line does not depend on how it arrives: more than [`LINE_BYTES_MAX`] bytes (for `get` and `gets`
//!   [`GET_BYTES_MAX`]) end the connection, as does a request of HTTP.
//! - When a request with a data block is refused, as many bytes as it announced are skipped. When it announced no
//!   possible length (a negative one, or 2^31 - 2 and more), nobody knows how many to skip: what follows is read as
//!   requests.
//! - A key has no control characters (memcached's documentation says so; its server does not check).
//! - The exptime of a storage command may be any number of 64 bits, so a time after 2038 is what it says; memcached takes
//!   it too, but wraps it to 32 bits. Elsewhere both refuse what has more than 32.
//! - Client flags of more than 32 bits are refused; memcached cuts them.
//! - A value of nothing but whitespace is no number; memcached reads on into what lies behind it in its memory.
//! - A meta command that is refused changes nothing; memcached finds that an opaque token is too long when it has obeyed.
//! - The first item has the CAS 1, and only what is stored takes a number; which numbers they are is not promised.
//! - `delete <key> 0` is taken, any other time is refused (memcached 1.6.18 and before; 1.6.45 ignores it).
//! - `stats` knows the topics `settings`, `items` and `reset`. Commands that manage a server's slabs, LRU, threads and
//!   logs (`slabs`, `lru`, `lru_crawler`, `watch`, `refresh_certs`) do not exist here: `ERROR`.

mod meta;
mod mistake;
mod parse;
mod request;
mod serve_meta;
mod session;
mod store;
mod words;

pub use meta::Flags;
pub use mistake::Mistake;
pub use parse::{Parsed, Parser};
pub use request::{
    GET_BYTES_MAX, ITEM_BYTES_MAX, KEY_BYTES_MAX, LINE_BYTES_MAX, MetaVerb, Request, Sign, StoreMode, item_bytes,
};
pub use session::Session;
pub use store::{Counters, Store};
pub use words::Words;

use crate::clock::Instant;

/// The memory of a [`Machine`], in bytes: memcached's own default.
const MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;

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

    /// Obeys what has become complete with these bytes; the answers. See [`Session::feed`].
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
