//! The items behind a memcached server: values with client flags, CAS, deadlines and the marks of the meta commands.

use super::classes::{Classes, class_of};
use super::counters::{Counters, Prefixes, Tallies, Tally};
use super::items::{Item, Items};
use super::settings::Settings;
use super::watch::{Log, Streams};
use super::write::INFALLIBLE;
use crate::clock::Instant;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

/// Exptimes up to this many seconds are relative to now, larger ones are Unix times.
const RELATIVE_EXPTIME_MAX_S: i64 = 60 * 60 * 24 * 30;

/// The items of a server, and what it counts. Sessions share one; every operation is O(1) expected.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) items: Items,
    last_cas: u64,
    pub(super) bytes: u64,
    bytes_max: u64,
    /// The moment of a pending `flush_all`: items stored before it will be flushed.
    flush_at: Option<Instant>,
    /// How many flushes there were. Items that were last used before the last one are flushed; as in memcached they stay in memory
    /// until they are requested, crawled, or evicted.
    pub(super) flushes: u32,
    unix_base_s: u64,
    pub(super) pid: Option<u32>,
    /// How many items have been visited by requests that go through many.
    walked: u64,
    /// Counters that are not kept by class.
    pub(super) counters: Counters,
    pub(super) tallies: Tallies,
    pub(super) prefixes: Prefixes,
    pub(super) classes: Classes,
    pub(super) settings: Settings,
    pub(super) log: Log,
    /// The moment of each connection's last bytes.
    pub(super) connections: BTreeMap<u64, Instant>,
    /// How many connections there have been.
    pub(super) connected: u64,
    /// The current connection.
    pub(super) client: u64,
}

impl Store {
    /// An empty store of at most `memory_bytes_max` bytes (as [`item_bytes`](super::item_bytes) counts them) in a world whose clock
    /// began at the Unix time `unix_base_s`, in seconds. When it is full the least recently used items leave.
    pub fn new(unix_base_s: u64, memory_bytes_max: u64) -> Self {
        Self {
            items: Items::new(0),
            last_cas: 0,
            bytes: 0,
            bytes_max: memory_bytes_max,
            flush_at: None,
            flushes: 0,
            unix_base_s,
            pid: None,
            walked: 0,
            counters: Counters::default(),
            tallies: Tallies::new(),
            prefixes: Prefixes::default(),
            classes: Classes::new(),
            settings: Settings::default(),
            log: Log::default(),
            connections: BTreeMap::new(),
            connected: 0,
            client: 0,
        }
    }

    /// The same store with this process id, which `stats` shows.
    #[must_use]
    pub fn with_pid(self, pid: u32) -> Self {
        Self { pid: Some(pid), ..self }
    }

    /// The same store, empty, with this number in its hashes: a server that strangers use draws it at random, so that nobody can choose
    /// keys that collide. Answers do not depend on it.
    #[must_use]
    pub fn with_hash_seed(self, seed: u64) -> Self {
        Self { items: Items::new(seed), ..self }
    }

    /// How many items crawls, dumps and statistics have visited so far. One such request costs O(items), so a host that bounds a
    /// client's work, not only its memory, limits this.
    pub const fn items_walked(&self) -> u64 {
        self.walked
    }

    /// Counts a request that goes through all items.
    pub(super) fn walk(&mut self) {
        self.walked += self.items.len() as u64;
    }

    /// Items held, including expired and flushed ones that no request has found yet.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.len() == 0
    }

    /// Bytes held, as [`item_bytes`](super::item_bytes) counts them.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The limit in bytes.
    pub fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// Keys, values and deadlines, least recently used first; including expired items that no request has found yet, without
    /// flushed ones.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8], Option<Instant>)> {
        let items = self.items.oldest_first().filter(|item| !self.is_flushed(item));
        items.map(|item| (item.key(), item.data(), item.deadline()))
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.tallies.sum_into(self.counters)
    }

    /// The Unix time in seconds.
    pub(super) fn unix_time_s(&self, now: Instant) -> u64 {
        self.unix_base_s.saturating_add(now.as_millis() / 1000)
    }

    /// The Unix time of a deadline in seconds, rounded up as TTLs are.
    pub(super) fn unix_deadline_s(&self, deadline: Instant) -> u64 {
        self.unix_base_s.saturating_add(deadline.as_millis().div_ceil(1000))
    }

    pub(super) fn set_bytes_max(&mut self, bytes_max: u64, now: Instant) {
        self.bytes_max = bytes_max;
        self.evict(0, now);
    }

    /// The deadline of an exptime: none for 0, and one that has passed for a negative number.
    pub(super) fn deadline(&self, exptime: i64, now: Instant) -> Option<Instant> {
        match exptime {
            0 => None,
            ..0 => Some(now),
            1..=RELATIVE_EXPTIME_MAX_S => Some(now + Duration::from_secs(exptime.unsigned_abs())),
            _ => {
                let seconds = exptime.unsigned_abs().saturating_sub(self.unix_base_s);
                Some(Instant::from_millis(seconds.saturating_mul(1000)))
            }
        }
    }

    /// Flushes what was stored before the moment `delay`, as soon as it comes (0 or less, or a time that has passed: now). A
    /// later call replaces one whose moment has not come.
    pub(super) fn flush(&mut self, delay: i32, now: Instant) {
        self.counters.cmd_flush += 1;
        self.flush_at = self.deadline(delay.into(), now).filter(|&at| at > now);
        if self.flush_at.is_none() {
            self.flushes += 1;
        }
    }

    /// Executes a flush whose moment has come. It is called before any other request of that moment, so all items that are there
    /// were stored before.
    pub(super) fn settle(&mut self, now: Instant) {
        if self.flush_at.is_some_and(|at| at <= now) {
            self.flush_at = None;
            self.flushes += 1;
        }
    }

    /// Whether `flush_all` deleted an item that is still in memory.
    pub(super) fn is_flushed(&self, item: &Item) -> bool {
        item.head().flushes < self.flushes
    }

    /// Whether an item that is still in memory is flushed or expired.
    pub(super) fn is_gone(&self, item: &Item, now: Instant) -> bool {
        self.is_flushed(item) || item.is_expired(now)
    }

    /// The place of the item under a key, if it is alive; a flushed or expired one is removed and counted.
    pub(super) fn find(&mut self, key: &[u8], now: Instant) -> Option<u32> {
        let place = self.items.find(key)?;
        let item = self.items.at(place);
        if self.is_flushed(item) {
            self.counters.get_flushed += 1;
        } else if item.is_expired(now) {
            self.counters.get_expired += 1;
        } else {
            return Some(place);
        }
        self.remove(key);
        None
    }

    /// Marks an item as just read.
    pub(super) fn bump(&mut self, place: u32, now: Instant) {
        self.items.renew(place).change(|head| (head.fetched, head.used_at) = (true, now));
    }

    /// Removes the item under a key, if there is one.
    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some(place) = self.count_out(key) {
            self.items.remove(place);
        }
    }

    /// Takes the item under a key out of the counts, and returns its place.
    pub(super) fn count_out(&mut self, key: &[u8]) -> Option<u32> {
        let place = self.items.find(key)?;
        let bytes = self.items.at(place).bytes();
        self.classes.remove(class_of(bytes), bytes);
        self.bytes -= bytes as u64;
        Some(place)
    }

    pub(super) const fn lacks_room(&self, incoming: usize) -> bool {
        self.bytes + incoming as u64 > self.bytes_max
    }

    /// Evicts until `incoming` more bytes fit; `false` if they cannot.
    pub(super) fn evict(&mut self, incoming: usize, now: Instant) -> bool {
        while self.lacks_room(incoming) {
            let Some(key) = self.items.oldest_first().next().map(|item| item.key().to_vec()) else { return false };
            self.evict_item(&key, now);
        }
        true
    }

    /// Removes an item to make room: counted as evicted, unless it was flushed.
    pub(super) fn evict_item(&mut self, key: &[u8], now: Instant) {
        let Some(item) = self.items.get(key) else { return };
        if self.is_flushed(item) {
            if !item.head().fetched {
                self.tallies.add(item.class(), Tally::ExpiredUnfetched);
            }
            self.remove(key);
            return;
        }
        let (class, head, size) = (item.class(), item.head(), item.data().len());
        let (ttl_s, unused_s) = (seconds_left(head.deadline, now), (now - head.used_at).as_secs());
        self.tallies.add(class, Tally::Evicted);
        if ttl_s.is_some() {
            self.tallies.add(class, Tally::EvictedNonzero);
        }
        if !head.fetched {
            self.tallies.add(class, Tally::EvictedUnfetched);
        }
        self.classes.get_mut(class).evicted_after_s = unused_s;
        self.log_item(Streams::EVICTIONS, "eviction", key, now, |line| {
            write!(line, " fetch={} ttl=", if head.fetched { "yes" } else { "no" })?;
            write_ttl(ttl_s, line);
            write!(line, " la={unused_s} clsid={class} size={size}")
        });
        self.remove(key);
    }

    pub(super) fn next_cas(&mut self) -> u64 {
        self.last_cas += 1;
        self.last_cas
    }
}

/// Writes the seconds left; -1 for no deadline.
pub(super) fn write_ttl(ttl_s: Option<u64>, out: &mut Vec<u8>) {
    match ttl_s {
        None => out.extend_from_slice(b"-1"),
        Some(ttl_s) => write!(out, "{ttl_s}").expect(INFALLIBLE),
    }
}

/// Seconds until a deadline, rounded up so that a living item never shows 0; `None` without a deadline.
pub(super) fn seconds_left(deadline: Option<Instant>, now: Instant) -> Option<u64> {
    deadline
        .map(|deadline| (deadline - now).as_millis().div_ceil(1000))
        .map(|left| u64::try_from(left).unwrap_or(u64::MAX))
}
