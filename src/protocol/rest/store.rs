//! The entries of all namespaces.

use crate::cache::Glob;
use crate::clock::Instant;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Store {
    namespaces: BTreeMap<String, Namespace>,
    /// Namespace and key by the tick of the entry's last use: the first is the least recently used.
    recency: BTreeMap<u64, (String, String)>,
    /// Deadline and tick of every entry: the first expires first.
    deadlines: BTreeSet<(Instant, u64)>,
    ticks: u64,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug, Clone, Default)]
struct Namespace {
    entries: BTreeMap<String, Entry>,
    stats: Stats,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) value: Box<RawValue>,
    pub(super) created_at: Instant,
    deadline: Instant,
    tick: u64,
}

impl Entry {
    /// Whole seconds, rounded up, so that a living entry never shows 0.
    pub(super) fn ttl_remaining_s(&self, now: Instant) -> u64 {
        (self.deadline.as_millis() - now.as_millis()).div_ceil(1000)
    }

    fn is_alive(&self, now: Instant) -> bool {
        now < self.deadline
    }
}

/// What is known of a namespace.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stats {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) evictions: u64,
    pub(super) entries: usize,
    pub(super) bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    Created,
    Replaced,
}

impl Store {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            namespaces: BTreeMap::new(),
            recency: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            ticks: 0,
            bytes: 0,
            bytes_max,
        }
    }

    /// Namespaces, keys, values and deadlines, the least recently used first.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &str, &str, Instant)> {
        self.recency.values().filter_map(|(namespace, key)| {
            let entry = self.namespaces.get(namespace)?.entries.get(key)?;
            Some((namespace.as_str(), key.as_str(), entry.value.get(), entry.deadline))
        })
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether an empty store has room for this.
    pub(super) fn can_hold(&self, key: &str, value: &RawValue) -> bool {
        entry_bytes(key, value) <= self.bytes_max
    }

    /// Reads an entry, and counts that.
    pub(super) fn read(&mut self, namespace: &str, key: &str, now: Instant) -> Option<&Entry> {
        self.ticks += 1;
        let ticks = self.ticks;
        self.remove_if(namespace, key, |entry| !entry.is_alive(now));
        let space = self.namespaces.entry(namespace.to_owned()).or_default();
        let Some(entry) = space.entries.get_mut(key) else {
            space.stats.misses += 1;
            return None;
        };
        let place = self.recency.remove(&entry.tick).expect("every entry has its tick");
        self.recency.insert(ticks, place);
        self.deadlines.remove(&(entry.deadline, entry.tick));
        self.deadlines.insert((entry.deadline, ticks));
        entry.tick = ticks;
        space.stats.hits += 1;
        Some(entry)
    }

    /// Stores an entry; none if it is larger than all the room there is.
    pub(super) fn put(
        &mut self,
        namespace: &str,
        key: &str,
        value: Box<RawValue>,
        ttl_s: u64,
        now: Instant,
    ) -> Option<Put> {
        if !self.can_hold(key, &value) {
            return None;
        }
        let put = match self.remove_if(namespace, key, |_| true) {
            Some(old) if old.is_alive(now) => Put::Replaced,
            _ => Put::Created,
        };
        let bytes = entry_bytes(key, &value);
        self.make_room(bytes, now);
        self.ticks += 1;
        let deadline = now + Duration::from_secs(ttl_s);
        let space = self.namespaces.entry(namespace.to_owned()).or_default();
        space.entries.insert(key.to_owned(), Entry { value, created_at: now, deadline, tick: self.ticks });
        space.stats.entries += 1;
        space.stats.bytes += bytes;
        self.bytes += bytes;
        self.recency.insert(self.ticks, (namespace.to_owned(), key.to_owned()));
        self.deadlines.insert((deadline, self.ticks));
        Some(put)
    }

    /// Deletes an entry; whether it was there.
    pub(super) fn delete(&mut self, namespace: &str, key: &str, now: Instant) -> bool {
        self.remove_if(namespace, key, |_| true).is_some_and(|entry| entry.is_alive(now))
    }

    /// Deletes the entries whose keys match, or all; how many there were. O(n).
    pub(super) fn delete_matching(&mut self, namespace: &str, glob: Option<&Glob>, now: Instant) -> usize {
        let Some(space) = self.namespaces.get(namespace) else { return 0 };
        let keys = space.entries.keys().filter(|key| glob.is_none_or(|glob| glob.matches(key)));
        let keys: Vec<String> = keys.cloned().collect();
        keys.iter().filter(|key| self.delete(namespace, key, now)).count()
    }

    /// What is known of a namespace. The expired entries leave first.
    pub(super) fn stats(&mut self, namespace: &str, now: Instant) -> Stats {
        self.purge(now);
        self.namespaces.get(namespace).map(|space| space.stats).unwrap_or_default()
    }

    /// Lets entries go until so many bytes fit: the expired ones, then the least recently used.
    fn make_room(&mut self, bytes: usize, now: Instant) {
        if self.bytes + bytes > self.bytes_max {
            self.purge(now);
        }
        while self.bytes + bytes > self.bytes_max {
            let Some((namespace, key)) = self.recency.first_key_value().map(|(_, place)| place.clone()) else { return };
            self.remove_if(&namespace, &key, |_| true);
            if let Some(space) = self.namespaces.get_mut(&namespace) {
                space.stats.evictions += 1;
            }
        }
    }

    /// Removes the expired entries. O(log n) for each of them.
    fn purge(&mut self, now: Instant) {
        while let Some(&(deadline, tick)) = self.deadlines.first()
            && deadline <= now
        {
            let (namespace, key) = self.recency[&tick].clone();
            self.remove_if(&namespace, &key, |_| true);
        }
    }

    /// Removes an entry and its share of the books.
    fn remove_if(&mut self, namespace: &str, key: &str, condition: impl Fn(&Entry) -> bool) -> Option<Entry> {
        let space = self.namespaces.get_mut(namespace)?;
        let (key, entry) = match space.entries.get(key) {
            Some(entry) if condition(entry) => space.entries.remove_entry(key)?,
            _ => return None,
        };
        let bytes = entry_bytes(&key, &entry.value);
        space.stats.entries -= 1;
        space.stats.bytes -= bytes;
        self.bytes -= bytes;
        self.recency.remove(&entry.tick);
        self.deadlines.remove(&(entry.deadline, entry.tick));
        Some(entry)
    }
}

/// What an entry counts: its key and its value's JSON text.
fn entry_bytes(key: &str, value: &RawValue) -> usize {
    key.len() + value.get().len()
}
