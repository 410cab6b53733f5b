//! Storing items, and counting them up and down.

use super::classes::class_of;
use super::counters::Tally;
use super::items::{Head, Item};
use super::limits::{ITEM_BYTES_MAX, item_bytes};
use super::request::{Sign, StoreMode};
use super::store::Store;
use super::watch::Streams;
use crate::clock::Instant;

/// A value to be stored.
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
    /// Whether append and prepend create a missing item.
    pub(super) vivify: bool,
    pub(super) binary: bool,
}

/// What a new item may inherit from the one it replaces.
struct Old {
    class: usize,
    flags: u32,
    head: Head,
}

/// The result of storing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored {
        cas: u64,
        /// The length of the whole value, also after append and prepend.
        data_bytes: usize,
    },
    NotStored,
    Exists,
    NotFound,
    NoMemory,
}

/// The result of `incr` or `decr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Number(u64),
    NotFound,
    NotNumeric,
    Exists,
}

impl Store {
    /// Stores a value, or returns why not.
    pub(super) fn store(&mut self, mode: StoreMode, key: &[u8], incoming: &Incoming<'_>, now: Instant) -> Outcome {
        let outcome = self.try_to_store(mode, key, incoming, now);
        if self.log.wants(Streams::MUTATIONS) {
            let (status, size) = match outcome {
                Outcome::Stored { data_bytes, .. } => ("stored", data_bytes),
                Outcome::NotStored => ("not_stored", incoming.data.len()),
                Outcome::Exists => ("exists", incoming.data.len()),
                Outcome::NotFound => ("not_found", incoming.data.len()),
                Outcome::NoMemory => ("no_memory", 0),
            };
            self.log_store(mode, key, (status, size), incoming, now);
        }
        outcome
    }

    fn try_to_store(&mut self, mode: StoreMode, key: &[u8], incoming: &Incoming<'_>, now: Instant) -> Outcome {
        let compare_cas = incoming.compare_cas.filter(|&cas| cas != 0);
        self.classes.reserve(item_bytes(key, incoming.flags, incoming.data.len()));
        let Some(place) = self.look_up(key, now) else {
            return match mode {
                StoreMode::Set | StoreMode::Add => self.link(key, incoming.data, incoming, now),
                StoreMode::Append | StoreMode::Prepend if incoming.vivify => {
                    self.link(key, incoming.data, incoming, now)
                }
                StoreMode::Cas => {
                    self.counters.cas_misses += 1;
                    Outcome::NotFound
                }
                StoreMode::Replace | StoreMode::Append | StoreMode::Prepend => Outcome::NotStored,
            };
        };
        let item = self.items.at(place);
        let old = Old { class: item.class(), flags: item.flags(), head: item.head() };
        match mode {
            StoreMode::Set | StoreMode::Replace => self.link(key, incoming.data, incoming, now),
            StoreMode::Add => {
                self.items.renew(place);
                Outcome::NotStored
            }
            StoreMode::Cas if compare_cas == Some(old.head.cas) => {
                self.tallies.add(old.class, Tally::CasHits);
                self.link(key, incoming.data, incoming, now)
            }
            StoreMode::Cas if incoming.stale_allowed && compare_cas.is_some_and(|cas| cas < old.head.cas) => {
                self.tallies.add(old.class, Tally::CasHits);
                let late = Incoming { deadline: old.head.deadline, ..*incoming };
                let outcome = self.link(key, incoming.data, &late, now);
                if let Some(item) = self.items.get_mut(key) {
                    item.change(|head| (head.stale, head.won) = (true, old.head.won));
                }
                outcome
            }
            StoreMode::Cas => {
                self.tallies.add(old.class, Tally::CasBadval);
                Outcome::Exists
            }
            StoreMode::Append | StoreMode::Prepend => {
                if compare_cas.is_some_and(|cas| cas != old.head.cas) {
                    return Outcome::Exists;
                }
                let present = item.data();
                let both = if mode == StoreMode::Append {
                    [present, incoming.data].concat()
                } else {
                    [incoming.data, present].concat()
                };
                if item_bytes(key, old.flags, both.len()) > ITEM_BYTES_MAX {
                    return Outcome::NotStored;
                }
                let longer =
                    Incoming { flags: old.flags, deadline: old.head.deadline, binary: old.head.binary, ..*incoming };
                self.link(key, &both, &longer, now)
            }
        }
    }

    /// Stores a new item under a key, replacing the old one.
    pub(super) fn link(&mut self, key: &[u8], data: &[u8], incoming: &Incoming<'_>, now: Instant) -> Outcome {
        let bytes = item_bytes(key, incoming.flags, data.len());
        self.classes.reserve(bytes);
        let class = class_of(bytes);
        let mut place = self.count_out(key);
        if self.lacks_room(bytes)
            && let Some(place) = place.take()
        {
            self.items.remove(place);
        }
        if !self.evict(bytes, now) {
            self.counters.store_no_memory += 1;
            self.tallies.add(class, Tally::OutOfMemory);
            return Outcome::NoMemory;
        }
        let cas = incoming.new_cas.unwrap_or_else(|| self.next_cas());
        let (deadline, binary) = (incoming.deadline, incoming.binary);
        let head = Head { cas, deadline, used_at: now, flushes: self.flushes, binary, ..Head::default() };
        self.classes.add(class, bytes);
        self.bytes += bytes as u64;
        self.counters.total_items += 1;
        let item = Item::new(head, incoming.flags, key, data);
        match place {
            Some(place) => self.items.overwrite(place, item),
            None => self.items.insert(item),
        }
        Outcome::Stored { cas, data_bytes: data.len() }
    }

    /// Counts an `incr` or `decr` of a missing item.
    pub(super) fn miss(&mut self, sign: Sign) {
        match sign {
            Sign::Plus => self.counters.incr_misses += 1,
            Sign::Minus => self.counters.decr_misses += 1,
        }
    }

    /// Adds to or subtracts from a number. A shorter result is padded with spaces to the old length, as memcached does.
    pub(super) fn count(
        &mut self,
        key: &[u8],
        sign: Sign,
        delta: u64,
        compare_cas: Option<u64>,
        now: Instant,
    ) -> Counted {
        let Some(place) = self.look_up(key, now) else { return Counted::NotFound };
        let item = self.items.at_mut(place);
        let class = item.class();
        if item.data().is_empty() {
            return Counted::NotNumeric;
        }
        if compare_cas.is_some_and(|cas| cas != 0 && cas != item.head().cas) {
            return Counted::Exists;
        }
        let Some(number) = leading_number(item.data()) else { return Counted::NotNumeric };
        let number = match sign {
            Sign::Plus => number.wrapping_add(delta),
            Sign::Minus => number.saturating_sub(delta),
        };
        let mut data = number.to_string().into_bytes();
        if data.len() <= item.data().len() {
            data.resize(item.data().len(), b' ');
            item.data_mut().copy_from_slice(&data);
            let cas = self.next_cas();
            self.items.renew(place).change(|head| (head.used_at, head.cas) = (now, cas));
        } else {
            let longer = Incoming {
                data: &[],
                flags: item.flags(),
                deadline: item.deadline(),
                compare_cas: None,
                new_cas: None,
                stale_allowed: false,
                vivify: false,
                binary: item.head().binary,
            };
            self.link(key, &data, &longer, now);
        }
        self.tallies.add(class, if sign == Sign::Plus { Tally::IncrHits } else { Tally::DecrHits });
        Counted::Number(number)
    }
}

/// The number in a value: optional whitespace and `+`, digits, and optionally whitespace followed by anything.
fn leading_number(data: &[u8]) -> Option<u64> {
    let data = data.trim_ascii_start();
    let data = data.strip_prefix(b"+").unwrap_or(data);
    let digits = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = data.split_at(digits);
    let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
    if ends { super::words::number(number) } else { None }
}
