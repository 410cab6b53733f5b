//! One client's connection: bytes in, bytes out.

use super::mistake::Mistake;
use super::parse::{Parsed, Parser};
use super::request::{ITEM_BYTES_MAX, Request, Sign};
use super::serve_meta;
use super::store::{Counted, Incoming, Outcome, Store};
use super::words::Words;
use crate::clock::Instant;
use std::io::Write as _;

/// The version of memcached whose protocol this is.
const VERSION: &str = "1.6.45";

/// What one connection remembers. The items are in a [`Store`], which sessions share.
#[derive(Debug, Clone, Default)]
pub struct Session {
    parser: Parser,
    pending: Vec<u8>,
    closed: bool,
}

impl Session {
    /// A new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the connection is over: the client said `quit`, or spoke another protocol.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Obeys what has become complete with these bytes and appends the answers to `out`. However the bytes of a
    /// connection are split, the answers are the same. Bytes of an incomplete request are kept (at most 1 MiB and a
    /// line); after the end of the connection bytes are dropped.
    pub fn feed(&mut self, store: &mut Store, bytes: &[u8], now: Instant, out: &mut Vec<u8>) {
        if self.pending.is_empty() {
            let used = self.run(store, bytes, now, out);
            self.pending.extend_from_slice(&bytes[used..]);
        } else {
            let mut pending = std::mem::take(&mut self.pending);
            pending.extend_from_slice(bytes);
            let used = self.run(store, &pending, now, out);
            pending.drain(..used);
            self.pending = pending;
        }
    }

    /// Obeys all complete requests; the number of bytes that are done with.
    fn run(&mut self, store: &mut Store, bytes: &[u8], now: Instant, out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while !self.closed {
            let start = out.len();
            match self.parser.parse(&bytes[at..]) {
                Parsed::Incomplete => return at,
                Parsed::Skipped(used) => at += used,
                Parsed::HangUp => self.closed = true,
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
                        store.remove(serve_meta::plain_key(key, binary, &mut [0; 256]));
                    }
                    if !noreply {
                        line(out, refusal.mistake.wire());
                    }
                }
            }
        }
        bytes.len()
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
                line(out, stored(store.store(mode, key, &incoming, now)));
            }
            Request::Get { keys, with_cas, exptime } => get(store, keys, with_cas, exptime, now, out),
            Request::Delete { key } => {
                let there = store.find(key, now).is_some() && store.remove(key);
                store.counters.delete_hits += u64::from(there);
                store.counters.delete_misses += u64::from(!there);
                line(out, if there { "DELETED" } else { "NOT_FOUND" });
            }
            Request::Arithmetic { key, sign, delta } => count(store, key, sign, delta, now, out),
            Request::Touch { key, exptime } => {
                line(out, touch(store, key, exptime, now));
            }
            Request::FlushAll { delay } => {
                store.flush(delay, now);
                line(out, "OK");
            }
            Request::Verbosity => line(out, "OK"),
            Request::MemoryLimit { mebibytes } => line(out, limit_memory(store, mebibytes)),
            Request::Version => line(out, &format!("VERSION {VERSION}")),
            Request::Stats { topic } => stats(store, topic, now, out),
            Request::Shutdown => line(out, "SERVER_ERROR: shutdown not enabled"),
            Request::Quit => self.closed = true,
            Request::MetaNoop => line(out, "MN"),
            Request::MetaDebug { key, binary } => serve_meta::debug(store, key, binary, now, out),
            Request::Meta { verb, key, flags } => {
                store.counters.cmd_meta += 1;
                serve_meta::obey(store, &serve_meta::Call { verb, key, flags, now }, out);
            }
        }
    }
}

/// One answer line.
pub(super) fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
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

fn get(store: &mut Store, keys: Words<'_>, with_cas: bool, exptime: Option<i32>, now: Instant, out: &mut Vec<u8>) {
    for key in keys {
        let hit = u64::from(store.find(key, now).is_some());
        let counters = &mut store.counters;
        if exptime.is_some() {
            counters.cmd_touch += 1;
            counters.touch_hits += hit;
            counters.touch_misses += 1 - hit;
        } else {
            counters.cmd_get += 1;
            counters.get_hits += hit;
            counters.get_misses += 1 - hit;
        }
        let deadline = exptime.map(|exptime| store.deadline(exptime.into(), now));
        let Some(item) = store.find(key, now) else { continue };
        out.extend_from_slice(b"VALUE ");
        out.extend_from_slice(key);
        write!(out, " {} {}", item.flags, item.data.len()).expect("a vector takes every byte");
        if with_cas {
            write!(out, " {}", item.cas).expect("a vector takes every byte");
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&item.data);
        out.extend_from_slice(b"\r\n");
        if let Some(deadline) = deadline {
            item.deadline = deadline;
        }
        store.bump(key, now);
    }
    line(out, "END");
}

fn touch(store: &mut Store, key: &[u8], exptime: i32, now: Instant) -> &'static str {
    store.counters.cmd_touch += 1;
    let deadline = store.deadline(exptime.into(), now);
    let Some(item) = store.find(key, now) else {
        store.counters.touch_misses += 1;
        return "NOT_FOUND";
    };
    item.deadline = deadline;
    store.bump(key, now);
    store.counters.touch_hits += 1;
    "TOUCHED"
}

fn count(store: &mut Store, key: &[u8], sign: Sign, delta: u64, now: Instant, out: &mut Vec<u8>) {
    match store.count(key, sign, delta, None, now) {
        Counted::Number(number) => line(out, &number.to_string()),
        Counted::NotFound | Counted::Exists => line(out, "NOT_FOUND"),
        Counted::NotNumeric => line(out, NOT_NUMERIC),
    }
}

/// The answer when something else than a number is to be counted.
pub(super) const NOT_NUMERIC: &str = "CLIENT_ERROR cannot increment or decrement non-numeric value";

fn limit_memory(store: &mut Store, mebibytes: u32) -> &'static str {
    match mebibytes {
        0..8 => "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m",
        8..=1_000_000 => {
            store.set_bytes_max(usize::try_from(u64::from(mebibytes) << 20).unwrap_or(usize::MAX));
            "OK"
        }
        _ => "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes",
    }
}

fn stats(store: &mut Store, mut topic: Words<'_>, now: Instant, out: &mut Vec<u8>) {
    let c = store.counters();
    let rows: &[(&str, u64)] = match topic.next() {
        None => &[
            ("uptime", now.as_millis() / 1000),
            ("time", store.unix_time_s(now)),
            ("cmd_get", c.cmd_get),
            ("cmd_set", c.cmd_set),
            ("cmd_flush", c.cmd_flush),
            ("cmd_touch", c.cmd_touch),
            ("cmd_meta", c.cmd_meta),
            ("get_hits", c.get_hits),
            ("get_misses", c.get_misses),
            ("get_expired", c.get_expired),
            ("get_flushed", c.get_flushed),
            ("delete_misses", c.delete_misses),
            ("delete_hits", c.delete_hits),
            ("incr_misses", c.incr_misses),
            ("incr_hits", c.incr_hits),
            ("decr_misses", c.decr_misses),
            ("decr_hits", c.decr_hits),
            ("cas_misses", c.cas_misses),
            ("cas_hits", c.cas_hits),
            ("cas_badval", c.cas_badval),
            ("touch_hits", c.touch_hits),
            ("touch_misses", c.touch_misses),
            ("store_too_large", c.store_too_large),
            ("store_no_memory", c.store_no_memory),
            ("limit_maxbytes", store.bytes_max() as u64),
            ("bytes", store.bytes() as u64),
            ("curr_items", store.len() as u64),
            ("total_items", c.total_items),
            ("evictions", c.evictions),
        ],
        Some(b"settings") => &[
            ("maxbytes", store.bytes_max() as u64),
            ("item_size_max", ITEM_BYTES_MAX as u64),
            ("client_flags_size", 4),
        ],
        Some(b"items") if store.is_empty() => &[],
        Some(b"items") => &[("items:1:number", store.len() as u64), ("items:1:evicted", c.evictions)],
        Some(b"reset") => {
            store.counters = super::store::Counters::default();
            return line(out, "RESET");
        }
        Some(_) => return line(out, "ERROR"),
    };
    for (name, number) in rows {
        write!(out, "STAT {name} {number}\r\n").expect("a vector takes every byte");
    }
    line(out, "END");
}
