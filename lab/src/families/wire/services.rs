//! The servers that memcached and REST scripts speak to.

use cachedojo::clock::Instant;
use cachedojo::protocol::{memcached, rest};
use cachedojo_wire::Response;

/// A memcached server and a REST service, as the reference has them.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) memcached: memcached::Machine,
    pub(crate) rest: rest::Machine,
}

impl Services {
    /// Empty ones that begin at this time, in seconds since 1970.
    pub(crate) fn new(seconds: u64) -> Self {
        Self { memcached: memcached::Machine::new(seconds), rest: rest::Machine::new(seconds) }
    }

    /// What the memcached server answers to these bytes.
    pub(crate) fn answer_memcached(&mut self, bytes: &[u8], now: Instant) -> Response {
        Response::Bytes(self.memcached.feed(bytes, now))
    }

    /// What the REST service answers to this line.
    pub(crate) fn answer_rest(&mut self, line: &str, now: Instant) -> Response {
        let answer = self.rest.answer_line(line, now).to_string();
        Response::Lines(answer.lines().map(str::to_owned).collect())
    }

    /// How many items and entries their requests have visited.
    pub(crate) fn walked(&self) -> u64 {
        self.memcached.store().items_walked() + self.rest.entries_walked()
    }

    /// About how many bytes a copy takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.memcached.store().bytes() + self.rest.bytes()
    }
}
