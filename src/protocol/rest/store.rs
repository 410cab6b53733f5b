//! The entries of all namespaces: each namespace is a cache of the engine, under its own policy and limit.

use super::Eviction;
use super::answer::{Changed, Found, Named, Stats};
use super::body::NewEntry;
use super::settings::{Change, Settings};
use super::{Failure, Limits, NAMESPACES_MAX, Selection};
use crate::cache::{self, AnyPolicy, Departure, EvictionPolicy, Item};
use crate::clock::Instant;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The most changes of settings that are kept for each namespace.
const CHANGES_MAX: usize = 100;

#[derive(Debug, Clone)]
pub(super) struct Store {
    namespaces: BTreeMap<String, Namespace>,
    limits: Limits,
    unix_base_s: u64,
    /// Counts the requests, so that the namespace with the smallest number was used longest ago.
    ticks: u64,
    bytes: u64,
    /// How many entries and namespaces have been visited by requests that go through many.
    walked: u64,
    /// The seed of the hashes of keys.
    hash_seed: u64,
}

#[derive(Debug, Clone)]
struct Namespace {
    entries: cache::Store<Entry, AnyPolicy>,
    settings: Settings,
    /// Whether its settings were set: then it is not forgotten for a new one.
    is_set: bool,
    created_at_s: u64,
    used_at_tick: u64,
    hits: u64,
    misses: u64,
    evictions: u64,
    changes: VecDeque<Changed>,
}

/// One entry; the cache keeps its deadline.
#[derive(Debug, Clone, Default)]
struct Entry {
    key: Box<str>,
    value: Arc<str>,
    tags: Box<[Box<str>]>,
    created_at: Instant,
    last_accessed: Instant,
    access_count: u32,
}

impl Item for Entry {
    type Key = str;

    fn key(&self) -> &str {
        &self.key
    }

    fn weight(&self) -> u64 {
        let tags: usize = self.tags.iter().map(|tag| tag.len()).sum();
        (self.key.len() + self.value.len() + tags) as u64
    }
}

impl Entry {
    fn new(new: NewEntry, now: Instant) -> Self {
        Self {
            key: new.key.into(),
            value: new.value,
            tags: new.tags.into_iter().map(String::into_boxed_str).collect(),
            created_at: now,
            last_accessed: now,
            access_count: 0,
        }
    }
}

/// The weight of a new entry.
fn weight(new: &NewEntry) -> u64 {
    let tags: usize = new.tags.iter().map(String::len).sum();
    (new.key.len() + new.value.len() + tags) as u64
}

impl Namespace {
    fn new(settings: Settings, created_at_s: u64, hash_seed: u64) -> Self {
        Self {
            entries: entries(settings, hash_seed),
            settings,
            is_set: false,
            created_at_s,
            used_at_tick: 0,
            hits: 0,
            misses: 0,
            evictions: 0,
            changes: VecDeque::new(),
        }
    }

    const fn can_evict(&self) -> bool {
        matches!(self.settings.eviction, Eviction::Policy(_))
    }

    /// The entry of a key, if it is alive.
    fn find(&self, key: &str, now: Instant) -> Option<u32> {
        self.entries.find(key).filter(|&i| !self.entries.is_expired(i, now))
    }

    /// Removes the expired entries. O(log n) for each.
    fn purge(&mut self, now: Instant) {
        while let Some((i, _)) = self.entries.first_expired(now) {
            self.entries.remove(i);
        }
    }

    fn stats(&self) -> Stats {
        Stats {
            hits: self.hits,
            misses: self.misses,
            evictions: self.evictions,
            entries: self.entries.len() as u64,
            bytes: self.entries.weight(),
        }
    }
}

/// An empty cache with these settings.
fn entries(settings: Settings, hash_seed: u64) -> cache::Store<Entry, AnyPolicy> {
    let policy = match settings.eviction {
        Eviction::Policy(policy) => policy,
        // This policy is never asked to evict; any would do.
        Eviction::Refuse => EvictionPolicy::LRU,
    };
    let limits = cache::Limits { weight: settings.max_bytes, entries: u64::MAX };
    cache::Store::seeded(limits, AnyPolicy::of(policy, limits), hash_seed)
}

impl Store {
    pub(super) const fn new(unix_base_s: u64, limits: Limits) -> Self {
        Self { namespaces: BTreeMap::new(), limits, unix_base_s, ticks: 0, bytes: 0, walked: 0, hash_seed: 0 }
    }

    /// Namespaces that are made from now on hash their keys with that seed.
    pub(super) const fn set_hash_seed(&mut self, seed: u64) {
        self.hash_seed = seed;
    }

    /// Namespaces, keys, values and deadlines, by namespace and key.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &str, &str, Instant)> {
        self.namespaces.iter().flat_map(|(name, space)| {
            let mut nodes: Vec<u32> = space.entries.nodes().collect();
            nodes.sort_unstable_by_key(|&i| space.entries.item(i).key());
            nodes.into_iter().map(move |i| {
                let entry = space.entries.item(i);
                let deadline = space.entries.deadline(i).unwrap_or_default();
                (name.as_str(), &*entry.key, &*entry.value, deadline)
            })
        })
    }

    pub(super) fn len(&self) -> usize {
        self.namespaces.values().map(|space| space.entries.len()).sum()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) const fn walked(&self) -> u64 {
        self.walked
    }

    /// The sums over all namespaces, and how many there are.
    pub(super) fn totals(&self) -> (Stats, usize) {
        let sum = self.namespaces.values().map(Namespace::stats).fold(Stats::default(), |sum, one| Stats {
            hits: sum.hits + one.hits,
            misses: sum.misses + one.misses,
            evictions: sum.evictions + one.evictions,
            entries: sum.entries + one.entries,
            bytes: sum.bytes + one.bytes,
        });
        (sum, self.namespaces.len())
    }

    /// Reads an entry and counts the read. Without room for a new namespace nothing is counted.
    pub(super) fn read(&mut self, namespace: &str, key: &str, now: Instant) -> Option<Found> {
        let unix_base_s = self.unix_base_s;
        let space = self.space(namespace, now).ok()?;
        let Some(i) = space.find(key, now) else {
            space.misses += 1;
            self.drop_expired(namespace, key, now);
            return None;
        };
        space.hits += 1;
        space.entries.hit(i);
        let entry = space.entries.item_mut(i);
        entry.access_count = entry.access_count.saturating_add(1);
        entry.last_accessed = now;
        let unix_s = |at: Instant| unix_base_s.saturating_add(at.as_millis() / 1000);
        let deadline = space.entries.deadline(i).unwrap_or_default();
        let entry = space.entries.item(i);
        Some(Found {
            value: Arc::clone(&entry.value),
            ttl_remaining_s: (deadline.as_millis() - now.as_millis()).div_ceil(1000),
            created_at_s: unix_s(entry.created_at),
            last_accessed_s: unix_s(now),
            access_count: entry.access_count.into(),
            tags: entry.tags.iter().map(|tag| String::from(&**tag)).collect(),
        })
    }

    /// Stores all of these entries, or none. Returns whether the last one's key was new.
    pub(super) fn put(&mut self, namespace: &str, new: Vec<NewEntry>, now: Instant) -> Result<bool, Failure> {
        self.check_room(namespace, &new, now)?;
        let mut created = false;
        for entry in new {
            created = self.put_one(namespace, entry, now)?;
        }
        Ok(created)
    }

    fn put_one(&mut self, namespace: &str, new: NewEntry, now: Instant) -> Result<bool, Failure> {
        let space = self.space(namespace, now)?;
        let known = space.entries.find(new.key.as_str());
        let was_alive = known.is_some_and(|i| !space.entries.is_expired(i, now));
        if let Some(i) = known {
            let old = space.entries.remove(i);
            self.bytes -= old.weight();
        }
        self.make_room(weight(&new), now);
        let space = self.space(namespace, now)?;
        let deadline = now + Duration::from_secs(new.ttl_s.unwrap_or(space.settings.default_ttl_s));
        let before = space.entries.weight();
        let mut evicted = 0;
        space.entries.insert(Entry::new(new, now), Some(deadline), now, |why, _| {
            evicted += u64::from(why == Departure::Evicted);
        });
        space.evictions += evicted;
        let after = space.entries.weight();
        self.bytes = self.bytes - before + after;
        Ok(!was_alive)
    }

    /// Deletes an entry; `false` if there was none.
    pub(super) fn delete(&mut self, namespace: &str, key: &str, now: Instant) -> bool {
        let was_alive = self.namespaces.get(namespace).is_some_and(|space| space.find(key, now).is_some());
        self.remove(namespace, key);
        was_alive
    }

    /// Deletes the selected entries and returns how many. O(n).
    pub(super) fn flush(&mut self, namespace: &str, selection: &Selection, now: Instant) -> u64 {
        let Some(space) = self.namespaces.get_mut(namespace) else { return 0 };
        let before = space.entries.weight();
        space.purge(now);
        let pattern_bytes = selection.pattern.as_ref().map_or(0, String::len);
        let is_match = selection.matcher();
        let nodes: Vec<u32> = space.entries.nodes().collect();
        let walked = &mut self.walked;
        let nodes = nodes.into_iter().filter(|&i| {
            let entry = space.entries.item(i);
            // Matching a long pattern against a long key counts as more than one visit.
            *walked += 1 + (pattern_bytes * entry.key.len() / 1024) as u64;
            is_match(&entry.key, &entry.tags)
        });
        let mut count = 0;
        for i in nodes.collect::<Vec<_>>() {
            space.entries.remove(i);
            count += 1;
        }
        self.bytes = self.bytes - before + space.entries.weight();
        count
    }

    /// The statistics of a namespace, after its expired entries are removed.
    pub(super) fn stats(&mut self, namespace: &str, now: Instant) -> Stats {
        self.purge(namespace, now);
        self.namespaces.get(namespace).map(Namespace::stats).unwrap_or_default()
    }

    /// Every namespace, by name.
    pub(super) fn all(&mut self) -> Vec<Named> {
        self.walked += self.namespaces.len() as u64;
        self.namespaces.iter().map(|(name, space)| named(name, Some(space))).collect()
    }

    pub(super) fn settings(&self, namespace: &str) -> Named {
        named(namespace, self.namespaces.get(namespace))
    }

    /// Changes the settings of a namespace. Entries that no longer fit are evicted, unless its policy is to refuse. O(n log n) where the limit or the
    /// policy changes, else O(1).
    pub(super) fn configure(&mut self, namespace: &str, change: Change, now: Instant) -> Result<Named, Failure> {
        let at_s = self.unix_s(now);
        self.purge(namespace, now);
        let space = self.space(namespace, now)?;
        let (old, new) = (space.settings, space.settings.with(change));
        // Who refuses what does not fit throws nothing away either.
        if new.eviction == Eviction::Refuse && space.entries.weight() > new.max_bytes {
            return Err(Failure::StorageFull);
        }
        let before = space.entries.weight();
        space.is_set = true;
        space.settings = new;
        for (setting, old, new) in old.differences(new) {
            space.changes.push_back(Changed { at_s, setting: setting.to_owned(), old, new });
        }
        let surplus = space.changes.len().saturating_sub(CHANGES_MAX);
        space.changes.drain(..surplus);
        let mut walked = 0;
        if (old.max_bytes, old.eviction) != (new.max_bytes, new.eviction) {
            walked = space.entries.len() as u64;
            rebuild(space, now);
        }
        let after = space.entries.weight();
        self.walked += walked;
        self.bytes = self.bytes - before + after;
        Ok(self.settings(namespace))
    }

    /// Sets settings and changes from an outside store.
    pub(super) fn restore(&mut self, named: &Named, changes: Vec<Changed>, now: Instant) -> Result<(), Failure> {
        let space = self.space(&named.name, now)?;
        let before = space.entries.weight();
        space.settings = named.settings;
        space.is_set = true;
        space.created_at_s = named.created_at_s.unwrap_or(space.created_at_s);
        space.changes = changes.into();
        rebuild(space, now);
        let after = space.entries.weight();
        self.bytes = self.bytes - before + after;
        Ok(())
    }

    /// Forgets a namespace with its entries and settings; `false` if there was none.
    pub(super) fn forget(&mut self, namespace: &str) -> bool {
        let Some(space) = self.namespaces.remove(namespace) else { return false };
        self.bytes -= space.entries.weight();
        true
    }

    pub(super) fn changes(&self, namespace: &str) -> Vec<Changed> {
        self.namespaces.get(namespace).map(|space| space.changes.iter().cloned().collect()).unwrap_or_default()
    }

    fn unix_s(&self, at: Instant) -> u64 {
        self.unix_base_s.saturating_add(at.as_millis() / 1000)
    }

    /// The namespace with that name, created if it is missing. If there are too many, it replaces the one used longest
    /// ago of those that hold nothing and were never set.
    fn space(&mut self, name: &str, now: Instant) -> Result<&mut Namespace, Failure> {
        self.ticks += 1;
        let created_at_s = self.unix_s(now);
        if !self.namespaces.contains_key(name) {
            if self.namespaces.len() >= NAMESPACES_MAX {
                self.purge_all(now);
                self.walked += self.namespaces.len() as u64;
                let idle = self.namespaces.iter().filter(|(_, space)| !space.is_set && space.entries.len() == 0);
                let idle = idle.min_by_key(|(_, space)| space.used_at_tick).map(|(name, _)| name.clone());
                self.namespaces.remove(&idle.ok_or(Failure::TooManyNamespaces)?);
            }
            self.namespaces.insert(name.to_owned(), Namespace::new(Settings::default(), created_at_s, self.hash_seed));
        }
        let space = self.namespaces.get_mut(name).expect("it was there or has come to be");
        space.used_at_tick = self.ticks;
        Ok(space)
    }

    /// Whether all of these entries fit, after evicting whatever may be evicted.
    fn check_room(&mut self, namespace: &str, new: &[NewEntry], now: Instant) -> Result<(), Failure> {
        let storage_max = self.limits.storage_bytes_max as u64;
        let space = self.space(namespace, now)?;
        let (max, can_evict) = (space.settings.max_bytes.min(storage_max), space.can_evict());
        let largest = new.iter().map(weight).max().unwrap_or(0);
        if largest > max {
            return Err(Failure::StorageFull);
        }
        // How much a namespace that refuses would grow; of a key that is named twice the last entry counts.
        let growth = if can_evict { largest } else { self.growth(namespace, new, now) };
        let space = &self.namespaces[namespace];
        if !can_evict && space.entries.weight() + growth > max {
            return Err(Failure::StorageFull);
        }
        if self.bytes + growth > storage_max {
            self.purge_all(now);
            // Namespaces that refuse keep their entries; the others can be evicted from.
            let refusing = self.namespaces.values().filter(|space| !space.can_evict());
            let kept: u64 = refusing.map(|space| space.entries.weight()).sum();
            if kept + growth > storage_max {
                return Err(Failure::StorageFull);
            }
        }
        Ok(())
    }

    /// How many bytes the namespace grows by with these entries; its expired ones are removed first.
    fn growth(&mut self, namespace: &str, new: &[NewEntry], now: Instant) -> u64 {
        self.purge(namespace, now);
        let space = &self.namespaces[namespace];
        let by_key: BTreeMap<&str, u64> = new.iter().map(|entry| (entry.key.as_str(), weight(entry))).collect();
        let old_weight = |key: &str| space.entries.find(key).map_or(0, |i| space.entries.item(i).weight());
        let old: u64 = by_key.keys().map(|key| old_weight(key)).sum();
        by_key.values().sum::<u64>().saturating_sub(old)
    }

    /// Evicts until so many bytes fit into the whole store: expired entries first, then as the policy of the largest
    /// namespace says.
    fn make_room(&mut self, bytes: u64, now: Instant) {
        let storage_max = self.limits.storage_bytes_max as u64;
        if self.bytes + bytes > storage_max {
            self.purge_all(now);
        }
        while self.bytes + bytes > storage_max {
            self.walked += self.namespaces.len() as u64;
            let spaces = self.namespaces.values_mut().filter(|space| space.can_evict());
            let Some(largest) = spaces.max_by_key(|space| space.entries.weight()) else { return };
            let Some((_, gone)) = largest.entries.evict(now) else { return };
            largest.evictions += 1;
            self.bytes -= gone.weight();
        }
    }

    fn purge(&mut self, namespace: &str, now: Instant) {
        if let Some(space) = self.namespaces.get_mut(namespace) {
            let before = space.entries.weight();
            space.purge(now);
            self.bytes = self.bytes - before + space.entries.weight();
        }
    }

    fn purge_all(&mut self, now: Instant) {
        self.walked += self.namespaces.len() as u64;
        for space in self.namespaces.values_mut() {
            space.purge(now);
        }
        self.bytes = self.namespaces.values().map(|space| space.entries.weight()).sum();
    }

    fn drop_expired(&mut self, namespace: &str, key: &str, now: Instant) {
        if self.namespaces.get(namespace).is_some_and(|space| space.find(key, now).is_none()) {
            self.remove(namespace, key);
        }
    }

    fn remove(&mut self, namespace: &str, key: &str) {
        if let Some(space) = self.namespaces.get_mut(namespace)
            && let Some(i) = space.entries.find(key)
        {
            self.bytes -= space.entries.remove(i).weight();
        }
    }
}

fn named(name: &str, space: Option<&Namespace>) -> Named {
    Named {
        name: name.to_owned(),
        settings: space.map(|space| space.settings).unwrap_or_default(),
        created_at_s: space.map(|space| space.created_at_s),
    }
}

/// Moves the entries into a cache with the namespace's settings, in the order of leaving, so that it stays the same.
fn rebuild(space: &mut Namespace, now: Instant) {
    space.purge(now);
    let order = space.entries.eviction_order(now, usize::MAX);
    let empty = entries(space.settings, space.entries.seed());
    let mut old = std::mem::replace(&mut space.entries, empty);
    for i in order {
        let deadline = old.deadline(i);
        let entry = old.remove(i);
        let mut evicted = 0;
        let is_kept = space.entries.insert(entry, deadline, now, |_, _| evicted += 1);
        space.evictions += evicted + u64::from(!is_kept);
    }
}
