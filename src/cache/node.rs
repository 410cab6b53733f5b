//! [`CacheNode`]: the prototype's interface over the store.

mod record;
mod snapshot;

use std::fmt;
use std::time::Duration;

use super::hash::hash_of;
use super::item::{Item, Limits};
use super::policy::AnyPolicy;
use super::store::{Departure, Store};
use super::{CacheEntry, CacheEvent, CacheStats, EvictionPolicy, Glob};
use crate::clock::{Clock, Instant};
use record::{Past, Record};
pub use snapshot::LoadError;

/// A cache bounded in memory, on a clock of its own or one that it is given.
///
/// - An entry weighs the bytes of its key and value. The sum never exceeds the limit after any operation; a value that
///   alone exceeds it is refused, and the old value stays.
/// - An entry lives while `now < expires_at` and is gone from `expires_at` on. An operation on its key removes an expired entry
///   and counts it as expired; a read of it is a miss. Methods with `&self` remove nothing. When room is needed, expired entries
///   leave first.
/// - Storing makes a new entry, for the policy too; reading and incrementing are uses; `touch` only moves the deadline.
/// - Where a cost is given as O(1), add O(log n) for each entry with a deadline that leaves or is overwritten.
#[derive(Debug, Clone)]
pub struct CacheNode {
    store: Store<Record, AnyPolicy>,
    clock: Clock,
    ledger: Ledger,
    /// What `get` returns a reference to; its buffer is reused from read to read.
    face: CacheEntry,
}

/// Counters and the event log.
#[derive(Debug, Clone)]
struct Ledger {
    policy: EvictionPolicy,
    counters: CacheStats,
    /// `None` while recording is off.
    events: Option<Vec<CacheEvent>>,
}

/// An entry seen without using it: no read is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryView<'a> {
    /// The key.
    pub key: &'a str,
    /// What is stored.
    pub value: &'a [u8],
    /// When this value was stored.
    pub created_at: Instant,
    /// From when on it is gone.
    pub expires_at: Option<Instant>,
    /// When it was last stored, read or incremented.
    pub last_accessed: Instant,
    /// Reads and increments since it was stored.
    pub access_count: u64,
}

/// Why a value could not be incremented. The value stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncrementError {
    /// The value is not a decimal integer of 64 bits.
    NotANumber,
    /// The sum does not fit into 64 bits.
    Overflow,
    /// The new value has more digits than the cache has room for.
    TooLarge,
}

impl fmt::Display for IncrementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "the value is not a whole decimal number: store one before incrementing it",
            Self::Overflow => "the sum does not fit into a signed 64-bit integer: increment by less",
            Self::TooLarge => "the sum has more digits than the cache's limit leaves room for: raise the limit",
        })
    }
}

impl std::error::Error for IncrementError {}

impl CacheNode {
    /// An empty cache of at most `max_memory` bytes, on a clock of its own that stands at zero. O(1).
    pub fn new(max_memory: usize, eviction_policy: EvictionPolicy) -> Self {
        Self::with_clock(max_memory, eviction_policy, Clock::new())
    }

    /// An empty cache on the given clock. O(1).
    pub fn with_clock(max_memory: usize, eviction_policy: EvictionPolicy, clock: Clock) -> Self {
        Self::with_limits(max_memory as u64, u64::MAX, eviction_policy, clock)
    }

    /// An empty cache of at most `max_bytes` and at most `max_entries`; `u64::MAX` is no limit. O(1).
    pub fn with_limits(max_bytes: u64, max_entries: u64, eviction_policy: EvictionPolicy, clock: Clock) -> Self {
        let limits = Limits { weight: max_bytes, entries: max_entries };
        Self {
            store: Store::new(limits, AnyPolicy::of(eviction_policy, limits)),
            clock,
            ledger: Ledger { policy: eviction_policy, counters: CacheStats::default(), events: None },
            face: CacheEntry::default(),
        }
    }

    /// Get value by key. O(1), and a copy of the value, which the prototype's entry owns; [`Self::read`] makes none.
    pub fn get(&mut self, key: &str) -> Option<&CacheEntry> {
        let i = self.use_entry(key)?;
        let record = self.store.item(i);
        self.face.value.clear();
        self.face.value.extend_from_slice(record.value());
        let past = record.past();
        self.face.created_at = past.created_at;
        self.face.expires_at = self.store.deadline(i);
        self.face.last_accessed = past.last_accessed;
        self.face.access_count = u64::from(past.access_count);
        Some(&self.face)
    }

    /// The value of a key: a read like [`Self::get`], without a copy. O(1).
    pub fn read(&mut self, key: &str) -> Option<&[u8]> {
        let i = self.use_entry(key)?;
        Some(self.store.item(i).value())
    }

    /// Set key-value with optional TTL. `false` if it alone exceeds the limit; then nothing changes. O(1) and a copy of
    /// both, O(log n) with a TTL, plus the entries evicted.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the prototype's signature; key and value go into one allocation"
    )]
    pub fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        let deadline = ttl.map(|ttl| self.clock.now() + ttl);
        self.store_until(&key, &value, deadline)
    }

    /// [`Self::set`] with a deadline instead of a time to live, from borrowed bytes.
    pub fn store_until(&mut self, key: &str, value: &[u8], expires_at: Option<Instant>) -> bool {
        let now = self.clock.now();
        let name = hash_of(key.as_bytes());
        let known = self.find(name, key);
        let bytes = key.len() as u64 + value.len() as u64;
        if let Some(i) = known
            && self.store.item(i).weight() == bytes
            && !self.store.is_expired(i, now)
        {
            self.store.rewrite(i, expires_at, |record| record.rewrite(value, Past::begin(now)));
            return true;
        }
        let record = Record::new(key, value, Past::begin(now));
        let ledger = &mut self.ledger;
        let is_stored = self.store.insert_at(known, name, record, expires_at, now, |why, gone| {
            ledger.departure(why, &gone, key);
        });
        if !is_stored {
            let limit_bytes = self.max_bytes();
            self.ledger.note(|| CacheEvent::Refused { key: key.into(), bytes, limit_bytes });
        }
        is_stored
    }

    /// Delete key; `false` if there was none, or only an expired entry. O(1).
    pub fn delete(&mut self, key: &str) -> bool {
        let Some(i) = self.find_live(key) else {
            return false;
        };
        self.store.remove(i);
        true
    }

    /// Increment numeric value: the sum, or `None` (and nothing changes) if the key is missing, its value is not a
    /// decimal integer, or the sum does not fit. The deadline stays. O(1).
    pub fn incr(&mut self, key: &str, delta: i64) -> Option<i64> {
        let i = self.find_live(key)?;
        self.add(i, key, delta).ok()
    }

    /// Adds `amount` to a number; a missing key is created with the value `amount` and no deadline. O(1).
    ///
    /// # Errors
    /// When the value is not a decimal integer, or the sum does not fit into 64 bits or into the cache.
    pub fn increment(&mut self, key: &str, amount: i64) -> Result<i64, IncrementError> {
        if let Some(i) = self.find_live(key) {
            return self.add(i, key, amount);
        }
        let is_stored = self.store_until(key, amount.to_string().as_bytes(), None);
        if is_stored { Ok(amount) } else { Err(IncrementError::TooLarge) }
    }

    /// Update TTL without changing value, counted from now; nothing else changes. `false` when the key is not there.
    /// O(log n).
    pub fn touch(&mut self, key: &str, ttl: Duration) -> bool {
        self.expire_at(key, Some(self.clock.now() + ttl))
    }

    /// [`Self::touch`] with a deadline, or with none at all.
    pub fn expire_at(&mut self, key: &str, expires_at: Option<Instant>) -> bool {
        let Some(i) = self.find_live(key) else {
            return false;
        };
        self.store.set_deadline(i, expires_at);
        true
    }

    /// Removes every expired entry and says how many there were. O(k log n) for k of them.
    pub fn clean_expired(&mut self) -> usize {
        self.clean_some(usize::MAX)
    }

    /// Removes at most `most` expired entries, the longest expired first, and says how many.
    pub fn clean_some(&mut self, most: usize) -> usize {
        let now = self.clock.now();
        let mut count = 0;
        while count < most
            && let Some((i, at)) = self.store.first_expired(now)
        {
            self.expire(i, at);
            count += 1;
        }
        count
    }

    /// Get statistics. O(1).
    pub fn stats(&self) -> CacheStats {
        let bytes_stored = usize::try_from(self.store.weight()).unwrap_or(usize::MAX);
        CacheStats { bytes_stored, entry_count: self.store.len(), ..self.ledger.counters }
    }

    /// Whether the key is there; not a read. O(1).
    pub fn exists(&mut self, key: &str) -> bool {
        self.find_live(key).is_some()
    }

    /// The entry of a key, without using it, counting it, or removing what has expired. O(1).
    pub fn peek(&self, key: &str) -> Option<EntryView<'_>> {
        let i = self.find(hash_of(key.as_bytes()), key).filter(|&i| !self.store.is_expired(i, self.clock.now()))?;
        Some(self.view(i))
    }

    /// Every entry in the order of leaving; expired ones, which leave first, are included. O(n log n): for pictures and
    /// tests.
    pub fn entries(&self) -> Vec<EntryView<'_>> {
        self.first_entries(usize::MAX)
    }

    /// The first `most` of [`Self::entries`]. O(n), and O(log n) for each of them.
    pub fn first_entries(&self, most: usize) -> Vec<EntryView<'_>> {
        let order = self.store.eviction_order(self.clock.now(), most);
        order.into_iter().map(|i| self.view(i)).collect()
    }

    /// The living keys that match a pattern (see [`Glob`]), sorted. An empty pattern matches nothing, not even the empty key; `*`
    /// matches that too. O(n) matches, O(k log k) for k of them.
    pub fn keys(&self, pattern: &str) -> Vec<String> {
        if pattern.is_empty() {
            return Vec::new();
        }
        let glob = Glob::new(pattern);
        let now = self.clock.now();
        let living = self.store.nodes().filter(|&i| !self.store.is_expired(i, now));
        let keys = living.map(|i| self.store.item(i).key_text());
        let mut keys: Vec<String> = keys.filter(|key| glob.matches(key)).map(String::from).collect();
        keys.sort_unstable();
        keys
    }

    /// Deletes the living keys that match a pattern and says how many there were. Costs what [`Self::keys`] costs.
    pub fn delete_pattern(&mut self, pattern: &str) -> usize {
        let keys = self.keys(pattern);
        keys.iter().filter(|key| self.delete(key)).count()
    }

    /// Removes everything and sets all counters back to zero. O(n).
    pub fn clear(&mut self) {
        let empty = self.to_empty();
        self.take_over(empty);
    }

    /// An empty cache with the limits, the policy and the clock of this one.
    pub(super) fn to_empty(&self) -> Self {
        let Limits { weight, entries } = self.store.limits();
        Self::with_limits(weight, entries, self.policy(), self.clock.clone())
    }

    /// Takes over another cache's contents and settings; the event log stays this one's.
    pub(super) fn take_over(&mut self, other: Self) {
        let events = self.ledger.events.take();
        *self = other;
        self.ledger.events = events;
    }

    /// Entries held, including expired ones that have not been removed yet. O(1).
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there is no entry. O(1).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The clock that deadlines are measured on.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The policy.
    pub const fn policy(&self) -> EvictionPolicy {
        self.ledger.policy
    }

    /// The limit in bytes.
    pub const fn max_bytes(&self) -> u64 {
        self.store.limits().weight
    }

    /// The limit in entries; `u64::MAX` is none.
    pub const fn max_entries(&self) -> u64 {
        self.store.limits().entries
    }

    /// Bytes that this cache holds from the allocator, bookkeeping included, but not the clock, which others may share, nor
    /// events that are written down: keys and values, and beyond them
    ///
    /// - 21 in the allocation that holds an entry's key and value (25 from keys of 255 bytes on, which is not counted here),
    /// - 29 to 36 for its slot: 24 for the node and its links, 1.25 for the hash index, where seven to nine tenths of all
    ///   slots are in use,
    /// - 4 to 5 for the mark of every policy but LRU, FIFO and TTL; 8 to 9 more for LIRS's moment of the last read, and 8 to 16
    ///   for W-TinyLFU's sketch,
    /// - 21 to 23 for its deadline if it has one,
    ///
    /// so at most 57 an entry, and 79 with a deadline, once there are some hundreds of them; 5 more with a mark. ARC,
    /// S3-FIFO, 2Q and LIRS moreover keep 29 to 36 (LIRS 38 to 45) for each entry that left and that they remember: as many as
    /// the limits let stay, ARC twice and 2Q half as many. LFU keeps 26 for each frequency.
    pub fn memory_bytes(&self) -> u64 {
        let records = self.store.weight() + self.store.len() as u64 * Record::OVERHEAD_BYTES;
        self.store.memory_bytes() as u64 + records + self.face.value.capacity() as u64
    }

    /// Starts or stops recording events; stopping discards what was recorded.
    pub fn record_events(&mut self, on: bool) {
        self.ledger.events = on.then(Vec::new);
    }

    /// What happened since the last call, in order; empty while recording is off.
    pub fn take_events(&mut self) -> Vec<CacheEvent> {
        self.ledger.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// A counted read of `key`.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "measured: a tenth off a read that waits for memory, for more reads wait at once"
    )]
    fn use_entry(&mut self, key: &str) -> Option<u32> {
        let Some(i) = self.find_live(key) else {
            self.ledger.counters.misses += 1;
            return None;
        };
        self.ledger.counters.hits += 1;
        self.mark_used(i);
        Some(i)
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "measured: a tenth off a read that waits for memory, for more reads wait at once"
    )]
    fn mark_used(&mut self, i: u32) {
        self.store.hit(i);
        let now = self.clock.now();
        self.store.item_mut(i).touch(now);
    }

    /// The node of a key with that name.
    #[inline]
    fn find(&self, name: u64, key: &str) -> Option<u32> {
        self.store.find_by(name, |record| record.has_key(key.as_bytes()))
    }

    /// The node of `key`; an expired one is removed instead.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "measured: a tenth off a read that waits for memory, for more reads wait at once"
    )]
    fn find_live(&mut self, key: &str) -> Option<u32> {
        let i = self.find(hash_of(key.as_bytes()), key)?;
        let Some(at) = self.store.deadline(i).filter(|&at| self.clock.now() >= at) else {
            return Some(i);
        };
        self.expire(i, at);
        None
    }

    #[cold]
    fn expire(&mut self, i: u32, at: Instant) {
        let record = self.store.remove(i);
        self.ledger.departure(Departure::Expired(at), &record, "");
    }

    fn add(&mut self, i: u32, key: &str, delta: i64) -> Result<i64, IncrementError> {
        let record = self.store.item(i);
        let text = std::str::from_utf8(record.value()).map_err(|_| IncrementError::NotANumber)?;
        let number: i64 = text.parse().map_err(|_| IncrementError::NotANumber)?;
        let sum = number.checked_add(delta).ok_or(IncrementError::Overflow)?;
        let now = self.clock.now();
        let changed = Record::new(key, sum.to_string().as_bytes(), Past { last_accessed: now, ..record.past() });
        let ledger = &mut self.ledger;
        if !self.store.replace(i, changed, now, |why, gone| {
            ledger.departure(why, &gone, key);
        }) {
            return Err(IncrementError::TooLarge);
        }
        self.mark_used(i);
        Ok(sum)
    }

    fn view(&self, i: u32) -> EntryView<'_> {
        let record = self.store.item(i);
        let Past { created_at, last_accessed, access_count } = record.past();
        EntryView {
            key: record.key_text(),
            value: record.value(),
            created_at,
            expires_at: self.store.deadline(i),
            last_accessed,
            access_count: u64::from(access_count),
        }
    }
}

impl Ledger {
    fn departure(&mut self, why: Departure, gone: &Record, for_key: &str) {
        match why {
            Departure::Evicted => self.counters.evictions += 1,
            Departure::Expired(_) => self.counters.expired += 1,
        }
        let policy = self.policy;
        self.note(|| {
            let key = gone.key_text().into();
            match why {
                Departure::Evicted => CacheEvent::Evicted { key, policy, for_key: for_key.into() },
                Departure::Expired(at) => CacheEvent::Expired { key, deadline_ms: at.as_millis() },
            }
        });
    }

    fn note(&mut self, event: impl FnOnce() -> CacheEvent) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(max_memory: usize, policy: EvictionPolicy) -> (CacheNode, Clock) {
        let clock = Clock::new();
        (CacheNode::with_clock(max_memory, policy, clock.clone()), clock)
    }

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_prototypes_tests_pass() {
        let (mut cache, clock) = node(100, EvictionPolicy::LRU);
        assert!(cache.get("nonexistent").is_none());
        assert_eq!(cache.stats().misses, 1);
        cache.set("temp".into(), b"temporary".to_vec(), Some(ms(50)));
        assert_eq!(cache.get("temp").expect("there").value, b"temporary");
        clock.advance(ms(100));
        assert_eq!(cache.clean_expired(), 1);
        assert!(cache.get("temp").is_none());

        cache.set("key1".into(), vec![0; 40], None);
        cache.set("key2".into(), vec![0; 40], None);
        cache.get("key1");
        cache.set("key3".into(), vec![0; 40], None);
        assert!(cache.get("key1").is_some());
        assert!(cache.get("key2").is_none());
        assert!(cache.get("key3").is_some());
    }

    #[test]
    fn an_entry_lives_strictly_before_its_deadline() {
        let (mut cache, clock) = node(100, EvictionPolicy::LRU);
        cache.set("k".into(), b"v".to_vec(), Some(ms(10_000)));
        clock.advance(ms(9_999));
        assert!(cache.get("k").is_some());
        clock.advance(ms(1));
        assert!(cache.get("k").is_none());
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.expired, stats.entry_count, stats.bytes_stored), (1, 1, 1, 0, 0));
    }

    #[test]
    fn the_least_used_leaves_first_and_the_oldest_among_equals() {
        let (mut cache, _) = node(6, EvictionPolicy::LFU);
        for key in ["a", "b", "c"] {
            cache.set(key.into(), b"1".to_vec(), None);
        }
        cache.get("a");
        cache.set("d".into(), b"1".to_vec(), None);
        assert_eq!(cache.keys("*"), ["a", "c", "d"]);
        let order: Vec<&str> = cache.entries().iter().map(|entry| entry.key).collect();
        assert_eq!(order, ["c", "d", "a"]);
        for most in 0..5 {
            let first: Vec<&str> = cache.first_entries(most).iter().map(|entry| entry.key).collect();
            assert_eq!(first, order[..most.min(3)]);
        }
    }

    #[test]
    fn incrementing_never_wraps_and_says_what_is_wrong() {
        let (mut cache, _) = node(100, EvictionPolicy::LRU);
        assert_eq!(cache.incr("n", 1), None);
        assert_eq!(cache.increment("n", 9), Ok(9));
        assert_eq!(cache.incr("n", 1), Some(10));
        assert_eq!(cache.incr("n", -11), Some(-1));
        cache.set("n".into(), i64::MAX.to_string().into_bytes(), None);
        assert_eq!(cache.increment("n", 1), Err(IncrementError::Overflow));
        cache.set("n".into(), b"abc".to_vec(), None);
        assert_eq!(cache.increment("n", 1), Err(IncrementError::NotANumber));
        assert_eq!(cache.get("n").expect("there").value, b"abc");
    }
}
