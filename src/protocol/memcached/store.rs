//! The items behind a memcached server: values with client flags, CAS, deadlines and the marks of the meta commands.

use super::request::{ITEM_BYTES_MAX, Sign, StoreMode, item_bytes};
use crate::clock::Instant;
use std::collections::BTreeMap;
use std::time::Duration;

/// Exptimes up to this are seconds from now, larger ones are Unix times.
const RELATIVE_EXPTIME_MAX_S: i64 = 60 * 60 * 24 * 30;

/// The items of a server. Sessions share one; every operation is O(log n).
#[derive(Debug, Clone)]
pub struct Store {
    items: BTreeMap<Vec<u8>, Item>,
    /// The keys by the tick of their last use: the first is the least recently used.
    recency: BTreeMap<u64, Vec<u8>>,
    ticks: u64,
    last_cas: u64,
    bytes: usize,
    bytes_max: usize,
    /// When the items stored before it are to go.
    flush_at: Option<Instant>,
    unix_base_s: u64,
    pub(super) counters: Counters,
}

/// One item.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "four marks that the protocol sets and shows one by one")]
pub(super) struct Item {
    pub(super) data: Vec<u8>,
    pub(super) flags: u32,
    pub(super) deadline: Option<Instant>,
    pub(super) stored_at: Instant,
    pub(super) used_at: Instant,
    pub(super) cas: u64,
    /// Read since it was stored.
    pub(super) fetched: bool,
    /// To be fetched anew by whoever wins.
    pub(super) stale: bool,
    /// Somebody has been told that it won.
    pub(super) won: bool,
    /// The key was given in base64 and is shown in it.
    pub(super) binary: bool,
    tick: u64,
}

/// What `stats` counts; each name is its row's.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "the names are memcached's, and its protocol.txt explains them")]
pub struct Counters {
    pub cmd_get: u64,
    pub cmd_set: u64,
    pub cmd_flush: u64,
    pub cmd_touch: u64,
    pub cmd_meta: u64,
    pub get_hits: u64,
    pub get_misses: u64,
    pub get_expired: u64,
    pub get_flushed: u64,
    pub delete_misses: u64,
    pub delete_hits: u64,
    pub incr_misses: u64,
    pub incr_hits: u64,
    pub decr_misses: u64,
    pub decr_hits: u64,
    pub cas_misses: u64,
    pub cas_hits: u64,
    pub cas_badval: u64,
    pub touch_hits: u64,
    pub touch_misses: u64,
    pub store_too_large: u64,
    pub store_no_memory: u64,
    pub total_items: u64,
    pub evictions: u64,
}

/// A value on its way into the store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) data: &'a [u8],
    pub(super) flags: u32,
    pub(super) deadline: Option<Instant>,
    /// The CAS that the present item must have; 0 fits none.
    pub(super) compare_cas: Option<u64>,
    pub(super) new_cas: Option<u64>,
    /// Whether a CAS older than the item's stores a stale value instead of failing.
    pub(super) stale_allowed: bool,
    /// Whether append and prepend make an item where there is none.
    pub(super) vivify: bool,
    pub(super) binary: bool,
}

/// What a new item may take over from the one in its place.
struct Old {
    cas: u64,
    flags: u32,
    deadline: Option<Instant>,
    won: bool,
    binary: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored {
        cas: u64,
        /// The whole value's, after append and prepend too.
        data_bytes: usize,
    },
    NotStored,
    Exists,
    NotFound,
    NoMemory,
}

/// What became of an `incr` or `decr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Number(u64),
    NotFound,
    NotNumeric,
    Exists,
}

impl Store {
    /// An empty store of at most `memory_bytes_max` bytes (as [`item_bytes`] counts them) in a world whose clock began
    /// at the Unix time `unix_base_s`, in seconds. When it is full the least recently used items leave.
    pub fn new(unix_base_s: u64, memory_bytes_max: usize) -> Self {
        Self {
            items: BTreeMap::new(),
            recency: BTreeMap::new(),
            ticks: 0,
            last_cas: 0,
            bytes: 0,
            bytes_max: memory_bytes_max,
            flush_at: None,
            unix_base_s,
            counters: Counters::default(),
        }
    }

    /// Items held, expired ones that nobody asked for since included.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes held, as [`item_bytes`] counts them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The most bytes to hold.
    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// Keys, values and deadlines, the least recently used first; expired ones that nobody asked for since included.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8], Option<Instant>)> {
        let items = self.recency.values().filter_map(|key| self.items.get_key_value(key));
        items.map(|(key, item)| (key.as_slice(), item.data.as_slice(), item.deadline))
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The Unix time in seconds.
    pub(super) fn unix_time_s(&self, now: Instant) -> u64 {
        self.unix_base_s.saturating_add(now.as_millis() / 1000)
    }

    pub(super) fn set_bytes_max(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
        self.evict(0);
    }

    /// When an exptime has come: 0 never, a negative one already has.
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

    /// Removes what was stored before `delay` (0 or less: now) has passed, when it has. A later call replaces an earlier one.
    pub(super) fn flush(&mut self, delay: i32, now: Instant) {
        self.counters.cmd_flush += 1;
        self.flush_at = if delay > 0 { self.deadline(delay.into(), now) } else { None };
        if self.flush_at.is_none() {
            self.items.clear();
            self.recency.clear();
            self.bytes = 0;
        }
    }

    /// Carries out a flush whose time has come.
    pub(super) fn settle(&mut self, now: Instant) {
        if let Some(flush_at) = self.flush_at.filter(|&at| at <= now) {
            self.flush_at = None;
            let old = self.items.extract_if(.., |_, item| item.stored_at < flush_at);
            for (key, item) in old.collect::<Vec<_>>() {
                self.account(&key, &item);
                self.counters.get_flushed += 1;
            }
        }
    }

    /// The item under a key, if it is alive; an expired one is removed.
    pub(super) fn find(&mut self, key: &[u8], now: Instant) -> Option<&mut Item> {
        let deadline = self.items.get(key)?.deadline;
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.counters.get_expired += 1;
            self.remove(key);
        }
        self.items.get_mut(key)
    }

    /// Notes that an item is read.
    pub(super) fn bump(&mut self, key: &[u8], now: Instant) {
        self.promote(key);
        if let Some(item) = self.items.get_mut(key) {
            item.fetched = true;
            item.used_at = now;
        }
    }

    fn promote(&mut self, key: &[u8]) {
        if let Some(item) = self.items.get_mut(key) {
            self.ticks += 1;
            let key = self.recency.remove(&item.tick).expect("every item has its tick");
            item.tick = self.ticks;
            self.recency.insert(self.ticks, key);
        }
    }

    /// Removes an item; whether it was there.
    pub(super) fn remove(&mut self, key: &[u8]) -> bool {
        self.items.remove_entry(key).map(|(key, item)| self.account(&key, &item)).is_some()
    }

    /// Takes an item that has left the table out of the books.
    fn account(&mut self, key: &[u8], item: &Item) {
        self.recency.remove(&item.tick);
        self.bytes -= item_bytes(key, item.flags, item.data.len());
    }

    /// Makes room for `incoming` bytes; whether there is any.
    fn evict(&mut self, incoming: usize) -> bool {
        while self.bytes + incoming > self.bytes_max {
            let Some((_, key)) = self.recency.pop_first() else { return false };
            self.remove(&key);
            self.counters.evictions += 1;
        }
        true
    }

    pub(super) fn next_cas(&mut self) -> u64 {
        self.last_cas += 1;
        self.last_cas
    }

    /// Stores a value, or says why not.
    pub(super) fn store(&mut self, mode: StoreMode, key: &[u8], incoming: &Incoming<'_>, now: Instant) -> Outcome {
        self.counters.cmd_set += 1;
        let compare_cas = incoming.compare_cas.filter(|&cas| cas != 0);
        let old = self.find(key, now).map(|item| Old {
            cas: item.cas,
            flags: item.flags,
            deadline: item.deadline,
            won: item.won,
            binary: item.binary,
        });
        let Some(old) = old else {
            return match mode {
                StoreMode::Set | StoreMode::Add => self.link(key, incoming.data.to_vec(), incoming, now),
                StoreMode::Append | StoreMode::Prepend if incoming.vivify => {
                    self.link(key, incoming.data.to_vec(), incoming, now)
                }
                StoreMode::Cas => {
                    self.counters.cas_misses += 1;
                    Outcome::NotFound
                }
                StoreMode::Replace | StoreMode::Append | StoreMode::Prepend => Outcome::NotStored,
            };
        };
        match mode {
            StoreMode::Set | StoreMode::Replace => self.link(key, incoming.data.to_vec(), incoming, now),
            StoreMode::Add => {
                self.promote(key);
                Outcome::NotStored
            }
            StoreMode::Cas if compare_cas == Some(old.cas) => {
                self.counters.cas_hits += 1;
                self.link(key, incoming.data.to_vec(), incoming, now)
            }
            StoreMode::Cas if incoming.stale_allowed && compare_cas.is_some_and(|cas| cas < old.cas) => {
                self.counters.cas_hits += 1;
                let late = Incoming { deadline: old.deadline, ..*incoming };
                let outcome = self.link(key, incoming.data.to_vec(), &late, now);
                if let Some(item) = self.items.get_mut(key) {
                    item.stale = true;
                    item.won = old.won;
                }
                outcome
            }
            StoreMode::Cas => {
                self.counters.cas_badval += 1;
                Outcome::Exists
            }
            StoreMode::Append | StoreMode::Prepend => {
                if compare_cas.is_some_and(|cas| cas != old.cas) {
                    return Outcome::Exists;
                }
                let present = self.items[key].data.as_slice();
                let both = if mode == StoreMode::Append {
                    [present, incoming.data].concat()
                } else {
                    [incoming.data, present].concat()
                };
                if item_bytes(key, old.flags, both.len()) > ITEM_BYTES_MAX {
                    return Outcome::NotStored;
                }
                let longer = Incoming { flags: old.flags, deadline: old.deadline, binary: old.binary, ..*incoming };
                self.link(key, both, &longer, now)
            }
        }
    }

    /// Puts a new item under a key, in the place of the old one.
    fn link(&mut self, key: &[u8], data: Vec<u8>, incoming: &Incoming<'_>, now: Instant) -> Outcome {
        self.remove(key);
        let bytes = item_bytes(key, incoming.flags, data.len());
        if !self.evict(bytes) {
            self.counters.store_no_memory += 1;
            return Outcome::NoMemory;
        }
        self.ticks += 1;
        let cas = incoming.new_cas.unwrap_or_else(|| self.next_cas());
        let data_bytes = data.len();
        let item = Item {
            data,
            flags: incoming.flags,
            deadline: incoming.deadline,
            stored_at: now,
            used_at: now,
            cas,
            fetched: false,
            stale: false,
            won: false,
            binary: incoming.binary,
            tick: self.ticks,
        };
        self.bytes += bytes;
        self.counters.total_items += 1;
        self.recency.insert(self.ticks, key.to_vec());
        self.items.insert(key.to_vec(), item);
        Outcome::Stored { cas, data_bytes }
    }

    /// Adds to or subtracts from a number. It keeps the value's length, padded with spaces, when the new number is shorter.
    pub(super) fn count(
        &mut self,
        key: &[u8],
        sign: Sign,
        delta: u64,
        compare_cas: Option<u64>,
        now: Instant,
    ) -> Counted {
        let (hits, misses) = match sign {
            Sign::Plus => (1, 0),
            Sign::Minus => (0, 1),
        };
        let Some(item) = self.find(key, now) else {
            self.counters.incr_misses += hits;
            self.counters.decr_misses += misses;
            return Counted::NotFound;
        };
        if item.data.is_empty() {
            return Counted::NotNumeric;
        }
        if compare_cas.is_some_and(|cas| cas != 0 && cas != item.cas) {
            return Counted::Exists;
        }
        let Some(number) = leading_number(&item.data) else { return Counted::NotNumeric };
        let number = match sign {
            Sign::Plus => number.wrapping_add(delta),
            Sign::Minus => number.saturating_sub(delta),
        };
        let mut data = number.to_string().into_bytes();
        if data.len() <= item.data.len() {
            data.resize(item.data.len(), b' ');
            item.data = data;
            item.stored_at = now;
            item.used_at = now;
            let cas = self.next_cas();
            if let Some(item) = self.items.get_mut(key) {
                item.cas = cas;
            }
            self.promote(key);
        } else {
            let longer = Incoming {
                data: &[],
                flags: item.flags,
                deadline: item.deadline,
                compare_cas: None,
                new_cas: None,
                stale_allowed: false,
                vivify: false,
                binary: item.binary,
            };
            self.link(key, data, &longer, now);
        }
        self.counters.incr_hits += hits;
        self.counters.decr_hits += misses;
        Counted::Number(number)
    }
}

/// The number that a value is: digits, perhaps behind whitespace and a `+`, perhaps with whitespace and more behind.
fn leading_number(data: &[u8]) -> Option<u64> {
    let data = data.trim_ascii_start();
    let data = data.strip_prefix(b"+").unwrap_or(data);
    let digits = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = data.split_at(digits);
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    if ends { super::words::number(number) } else { None }
}
