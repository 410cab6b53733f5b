//! One client's connection: bytes in, bytes out.

use super::change::{Counted, Incoming, Outcome};
use super::classes::class_of;
use super::counters::{Prefix, Tally};
use super::limits::{ANSWER_BYTES_MAX, item_bytes};
use super::mistake::Mistake;
use super::parse::{Parsed, Parser};
use super::request::{Request, Sign};
use super::store::Store;
use super::words::Words;
use super::write::{INFALLIBLE, NOT_NUMERIC, VERSION, line};
use super::{serve_admin, serve_meta, serve_stats};
use crate::clock::Instant;
use std::io::Write as _;

/// The first byte of every request of memcached's binary protocol, which is not spoken here.
const BINARY: u8 = 0x80;

/// The state of one connection. The items are in a [`Store`], which sessions share.
#[derive(Debug, Clone, Default)]
pub struct Session {
    parser: Parser,
    pending: Vec<u8>,
    /// Its number among the store's connections, given at its first bytes.
    id: Option<u64>,
    /// Whether it has sent anything.
    heard: bool,
    closed: bool,
}

impl Session {
    /// A new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the connection is over: after `quit`, or because the client speaks another protocol.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Executes the requests that these bytes complete, and appends the answers to `out`. The answers do not depend on
    /// how the bytes are split. Bytes of an incomplete request are kept (at most 1 MiB and a line); after the end of
    /// the connection bytes are dropped.
    ///
    /// Bound: the answer to one request is at most [`ANSWER_BYTES_MAX`], an item and a line, and `bytes` may contain many
    /// requests. For input from strangers use [`Self::feed_until`], or feed a line at a time.
    ///
    /// A client that sent `watch` gets no answers any more, but the lines that have come up for it; fetch them by feeding it, if
    /// need be no bytes.
    pub fn feed(&mut self, store: &mut Store, bytes: &[u8], now: Instant, out: &mut Vec<u8>) {
        self.feed_until(store, bytes, now, usize::MAX, out);
    }

    /// The same, but starts no further request once the answers in `out` have reached `out_bytes`: then it returns `false`, and
    /// the rest is executed when it is fed again (no bytes will do). So beyond that limit a host holds at most one answer
    /// ([`ANSWER_BYTES_MAX`] and a line).
    pub fn feed_until(
        &mut self,
        store: &mut Store,
        bytes: &[u8],
        now: Instant,
        out_bytes: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        if self.closed {
            return true;
        }
        // A client of the binary protocol would wait for an answer for ever.
        let is_binary = !self.heard && bytes.first() == Some(&BINARY);
        self.heard |= !bytes.is_empty();
        let id = store.serve(self.id, now);
        self.id = Some(id);
        if is_binary {
            self.close(store, "error", now);
            return true;
        }
        if store.log.is_watcher(id) {
            store.log.fetch(id, out);
            return true;
        }
        if self.pending.is_empty() {
            let (used, is_done) = self.run(store, bytes, now, out_bytes, out);
            self.pending.extend_from_slice(&bytes[used..]);
            return is_done;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let (used, is_done) = self.run(store, &pending, now, out_bytes, out);
        pending.drain(..used);
        self.pending = pending;
        is_done
    }

    /// Whether the client sent `watch`: then there may be lines for it at any time.
    pub fn watches(&self, store: &Store) -> bool {
        self.id.is_some_and(|id| store.log.is_watcher(id))
    }

    /// The client is gone, for whatever reason: the connection is over, and its store forgets it. Until this is called, or the
    /// client sends `quit`, the store lists the connection, and keeps lines for a watcher (at most 256 KiB).
    pub fn hang_up(&mut self, store: &mut Store, now: Instant) {
        if !self.closed && self.id.is_some() {
            store.serve(self.id, now);
            self.close(store, "error", now);
        }
        self.closed = true;
    }

    fn close(&mut self, store: &mut Store, reason: &str, now: Instant) {
        self.closed = true;
        store.hang_up(reason, now);
    }

    /// Executes complete requests until the answers have reached the limit. Returns the number of bytes consumed, and whether no
    /// request is left.
    fn run(
        &mut self,
        store: &mut Store,
        bytes: &[u8],
        now: Instant,
        out_bytes: usize,
        out: &mut Vec<u8>,
    ) -> (usize, bool) {
        let mut at = 0;
        while !self.closed && !self.id.is_some_and(|id| store.log.is_watcher(id)) {
            let start = out.len();
            if start >= out_bytes {
                return (at, false);
            }
            match self.parser.parse(&bytes[at..]) {
                Parsed::Incomplete => return (at, true),
                Parsed::Skipped(used) => at += used,
                Parsed::HangUp => self.close(store, "error", now),
                Parsed::Request { request, noreply, used } => {
                    at += used;
                    self.obey(store, request, now, out);
                    if noreply {
                        out.truncate(start);
                    }
                }
                Parsed::Refused { refusal, stale, noreply, used } => {
                    at += used;
                    if refusal.mistake == Mistake::TooLarge {
                        store.counters.store_too_large += 1;
                    }
                    if let Some((key, binary)) = stale {
                        let mut buffer = [0; 256];
                        let key = serve_meta::plain_key(key, binary, &mut buffer);
                        store.log_too_large(key, now);
                        store.look_up(key, now);
                        store.remove(key);
                    }
                    if !noreply {
                        line(out, refusal.mistake.wire());
                    }
                }
            }
        }
        (bytes.len(), true)
    }

    fn obey(&mut self, store: &mut Store, request: Request<'_>, now: Instant, out: &mut Vec<u8>) {
        store.settle(now);
        match request {
            Request::Store { mode, key, flags, exptime, cas, data } => {
                let incoming = Incoming {
                    data,
                    flags,
                    deadline: store.deadline(exptime, now),
                    compare_cas: cas,
                    new_cas: None,
                    stale_allowed: false,
                    vivify: false,
                    binary: false,
                };
                store.tallies.add(class_of(item_bytes(key, flags, data.len())), Tally::CmdSet);
                count_prefix(store, key, |prefix| prefix.sets += 1);
                line(out, stored(store.store(mode, key, &incoming, now)));
            }
            Request::Get { keys, with_cas, exptime } => get(store, keys, with_cas, exptime, now, out),
            Request::Delete { key } => line(out, delete(store, key, now)),
            Request::Arithmetic { key, sign, delta } => count(store, key, sign, delta, now, out),
            Request::Touch { key, exptime } => {
                line(out, touch(store, key, exptime, now));
            }
            Request::FlushAll { delay } => {
                store.flush(delay, now);
                line(out, "OK");
            }
            Request::MemoryLimit { mebibytes } => line(out, serve_admin::limit_memory(store, mebibytes, now)),
            Request::Admin(admin) => serve_admin::obey(store, admin, now, out),
            Request::Watch { streams } => line(out, serve_admin::watch(store, streams)),
            Request::Version => line(out, &format!("VERSION {VERSION}")),
            Request::Stats(topic) => serve_stats::obey(store, topic, now, out),
            Request::Shutdown => line(out, "SERVER_ERROR: shutdown not enabled"),
            Request::Quit => self.close(store, "normal", now),
            Request::MetaNoop => line(out, "MN"),
            Request::MetaDebug { key, binary } => {
                store.counters.cmd_meta += 1;
                serve_meta::debug(store, key, binary, now, out);
            }
            Request::Meta { verb, key, flags } => {
                store.counters.cmd_meta += 1;
                serve_meta::obey(store, &serve_meta::Call { verb, key, flags, now }, out);
            }
        }
    }
}

fn stored(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Stored { .. } => "STORED",
        Outcome::NotStored => "NOT_STORED",
        Outcome::Exists => "EXISTS",
        Outcome::NotFound => "NOT_FOUND",
        Outcome::NoMemory => "SERVER_ERROR out of memory storing object",
    }
}

/// Counts a request by its key's prefix, if `stats detail` is on.
fn count_prefix(store: &mut Store, key: &[u8], count: impl FnOnce(&mut Prefix)) {
    if store.settings.detail
        && let Some(prefix) = store.prefixes.of(key)
    {
        count(prefix);
    }
}

fn delete(store: &mut Store, key: &[u8], now: Instant) -> &'static str {
    count_prefix(store, key, |prefix| prefix.deletes += 1);
    if store.look_up(key, now).is_none() {
        store.counters.delete_misses += 1;
        return "NOT_FOUND";
    }
    store.count_deletion("delete", key, now);
    store.remove(key);
    "DELETED"
}

fn get(store: &mut Store, keys: Words<'_>, with_cas: bool, exptime: Option<i32>, now: Instant, out: &mut Vec<u8>) {
    let start = out.len();
    for key in keys {
        if out.len() - start > ANSWER_BYTES_MAX {
            out.truncate(start);
            return line(out, "SERVER_ERROR out of memory writing get response");
        }
        let place = store.look_up(key, now);
        let class = place.map(|place| store.items.at(place).class());
        count_prefix(store, key, |prefix| {
            prefix.gets += 1;
            prefix.hits += u64::from(class.is_some());
        });
        let counters = &mut store.counters;
        let (asked, missed, hits) = if exptime.is_some() {
            (&mut counters.cmd_touch, &mut counters.touch_misses, Tally::TouchHits)
        } else {
            (&mut counters.cmd_get, &mut counters.get_misses, Tally::GetHits)
        };
        *asked += 1;
        match class {
            Some(class) => store.tallies.add(class, hits),
            None => *missed += 1,
        }
        let deadline = exptime.map(|exptime| store.deadline(exptime.into(), now));
        let Some(place) = place else { continue };
        let item = store.items.at_mut(place);
        out.extend_from_slice(b"VALUE ");
        out.extend_from_slice(key);
        write!(out, " {} {}", item.flags(), item.data().len()).expect(INFALLIBLE);
        if with_cas {
            write!(out, " {}", item.head().cas).expect(INFALLIBLE);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(item.data());
        out.extend_from_slice(b"\r\n");
        if let Some(deadline) = deadline {
            item.change(|head| head.deadline = deadline);
        }
        store.bump(place, now);
    }
    line(out, "END");
}

fn touch(store: &mut Store, key: &[u8], exptime: i32, now: Instant) -> &'static str {
    store.counters.cmd_touch += 1;
    let deadline = store.deadline(exptime.into(), now);
    let Some(place) = store.look_up(key, now) else {
        store.counters.touch_misses += 1;
        return "NOT_FOUND";
    };
    let item = store.items.at_mut(place);
    item.change(|head| head.deadline = deadline);
    let class = item.class();
    store.bump(place, now);
    store.tallies.add(class, Tally::TouchHits);
    "TOUCHED"
}

fn count(store: &mut Store, key: &[u8], sign: Sign, delta: u64, now: Instant, out: &mut Vec<u8>) {
    match store.count(key, sign, delta, None, now) {
        Counted::Number(number) => line(out, &number.to_string()),
        Counted::NotFound | Counted::Exists => {
            store.miss(sign);
            line(out, "NOT_FOUND");
        }
        Counted::NotNumeric => line(out, NOT_NUMERIC),
    }
}
