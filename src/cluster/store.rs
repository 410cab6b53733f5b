//! What one replica holds: for each key the newest version that it has received.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::ids::{Micros, Version};
use super::record::{Key, Record, Selector, hash_of, is_sweep};

/// The leaves of the digest tree that two replicas compare.
pub const LEAVES: usize = 16;
/// The most sweeps held at a time; a further one is refused.
pub const SWEEPS_MAX: usize = 64;

/// A replica's records.
#[derive(Debug, Clone, Default)]
pub struct Store {
    records: BTreeMap<Key, Record>,
    memory: Memory,
    sweeps: Vec<(Selector, Version, Key)>,
    /// At or above every version that was forgotten here.
    forgotten: Version,
    /// At or above every version that was ever held here.
    highest: Version,
    /// What changed since it was last taken, for a host that keeps it on a disk.
    edits: Option<Vec<Edit>>,
}

/// One change of what is held. The same changes in the same order make the same store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A record was kept; a sweep among them turned what it reaches into tombstones.
    Put {
        /// Its key.
        key: Key,
        /// What is held now.
        record: Record,
    },
    /// A record was taken away.
    Removed {
        /// Its key.
        key: Key,
    },
    /// No version at or below these is given out any more.
    Raised {
        /// See [`Store::forgotten`].
        forgotten: Version,
        /// At or above every version that was ever held.
        highest: Version,
    },
    /// All went, with the life of the node.
    Cleared,
}

impl Store {
    /// Keeps a record if it is newer than the one held; if a sweep newer than the record selects it, a tombstone is kept instead.
    /// `true` when something changed. O(log records), plus the sweeps; keeping a sweep costs O(records).
    pub fn put(&mut self, key: &Key, mut record: Record) -> bool {
        if let Some(dead) = self.sweeps.iter().filter_map(|sweep| Self::dead(sweep, key, &record)).max() {
            record = Record { version: dead, value: None, deadline: None, ..record };
        }
        let held = self.records.get(key);
        if held.is_some_and(|held| held.version >= record.version) {
            return false;
        }
        if let Some(held) = held {
            self.memory.discount(key, held);
        }
        self.memory.count(key, &record);
        self.highest = self.highest.max(record.version);
        self.edited(|_| Edit::Put { key: key.clone(), record: record.clone() });
        if let Some(selector) = Selector::of_key(key) {
            let sweep = (selector, record.version, key.clone());
            self.sweep(&sweep, record.written);
            self.sweeps.retain(|(_, _, known)| known != key);
            self.sweeps.push(sweep);
        }
        self.records.insert(key.clone(), record);
        true
    }

    fn edited(&mut self, edit: impl FnOnce(&Self) -> Edit) {
        if let Some(mut edits) = self.edits.take() {
            edits.push(edit(self));
            self.edits = Some(edits);
        }
    }

    /// From now on changes are listed, to be taken by [`Self::take_edits`].
    pub fn list_edits(&mut self) {
        self.edits.get_or_insert_default();
    }

    /// What changed since the last time, if it is [listed](Self::list_edits).
    pub fn take_edits(&mut self) -> Vec<Edit> {
        self.edits.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Repeats a change.
    pub fn repeat(&mut self, edit: Edit) {
        match edit {
            Edit::Put { key, record } => _ = self.put(&key, record),
            Edit::Removed { key } => _ = self.remove(&key),
            Edit::Raised { forgotten, highest } => {
                self.raise(forgotten);
                self.highest = self.highest.max(highest);
            }
            Edit::Cleared => *self = self.emptied(),
        }
    }

    /// The changes that make this store of an empty one.
    pub fn as_edits(&self) -> impl Iterator<Item = Edit> {
        let raised = Edit::Raised { forgotten: self.forgotten, highest: self.highest };
        let records = self.records.iter().map(|(key, record)| Edit::Put { key: key.clone(), record: record.clone() });
        std::iter::once(raised).chain(records)
    }

    /// An empty one, in whose list the emptying stands.
    #[must_use]
    pub(super) fn emptied(&mut self) -> Self {
        self.edited(|_| Edit::Cleared);
        Self { edits: self.edits.take(), ..Self::default() }
    }

    fn sweep(&mut self, sweep: &(Selector, Version, Key), written: Micros) {
        for (key, held) in &mut self.records {
            if let Some(version) = Self::dead(sweep, key, held) {
                self.memory.discount(key, held);
                *held = Record { tag: held.tag.clone(), ..Record::tombstone(version, written.max(held.written)) };
            }
        }
    }

    /// The version of the tombstone that a sweep makes of a record, if it selects it. A sweep by pattern acts like a delete at
    /// its own version. A sweep by tag deletes this one write only: a later write without the tag must remain newer than the
    /// tombstone.
    fn dead((selector, swept, _): &(Selector, Version, Key), key: &str, record: &Record) -> Option<Version> {
        let is_reached = *swept > record.version && selector.reaches(key, record.tag.as_deref());
        match selector {
            Selector::Tag(_) => (is_reached && record.value.is_some()).then(|| record.version.swept()),
            _ => is_reached.then_some(*swept),
        }
    }

    /// The newest sweep that selects a key, whether or not a record of it is held.
    fn swept(&self, key: &str) -> Option<Version> {
        let reaching = self.sweeps.iter().filter(|(selector, ..)| selector.reaches(key, None));
        reaching.map(|&(_, version, _)| version).max()
    }

    /// The record of a key; a tombstone where only a sweep selects it.
    pub fn get(&self, key: &str) -> Option<Record> {
        if let Some(held) = self.records.get(key) {
            return Some(held.clone());
        }
        let version = self.swept(key)?;
        let sweep = self.sweeps.iter().find(|(_, swept, _)| *swept == version)?;
        Some(Record::tombstone(version, self.records.get(&sweep.2).map_or(0, |record| record.written)))
    }

    /// The sweeps by tag: a coordinator applies them to records of other replicas.
    pub fn tag_sweeps(&self) -> Vec<(Key, Record)> {
        let tags = self.sweeps.iter().filter(|(selector, ..)| matches!(selector, Selector::Tag(_)));
        tags.filter_map(|(_, _, key)| Some((key.clone(), self.records.get(key)?.clone()))).collect()
    }

    /// The stored record of a key, without regard to sweeps.
    pub fn held(&self, key: &str) -> Option<&Record> {
        self.records.get(key)
    }

    /// Everything held, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Record)> {
        self.records.iter()
    }

    /// Everything held after `after`, by key.
    pub fn iter_after(&self, after: Option<&Key>) -> impl Iterator<Item = (&Key, &Record)> {
        let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
        self.records.range((from, Bound::Unbounded))
    }

    /// How many sweeps are held.
    pub const fn sweep_count(&self) -> usize {
        self.sweeps.len()
    }

    /// How many records are held, tombstones among them.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Removes a record that no longer belongs on this node.
    pub fn remove(&mut self, key: &str) -> Option<Record> {
        self.sweeps.retain(|(_, _, known)| **known != *key);
        let removed = self.records.remove_entry(key);
        if let Some((key, record)) = &removed {
            self.memory.discount(key, record);
            self.edited(|_| Edit::Removed { key: key.clone() });
        }
        removed.map(|(_, record)| record)
    }

    /// The bytes of the keys and values held; a tombstone counts nothing.
    pub const fn bytes(&self) -> usize {
        self.memory.bytes
    }

    /// Notes that a key is used. O(log records).
    pub(super) fn touch(&mut self, key: &str) {
        if let Some((key, record)) = self.records.get_key_value(key) {
            self.memory.discount(key, record);
            self.memory.count(key, record);
        }
    }

    /// The value to evict next: one whose time is over, otherwise the least recently used one.
    pub(super) fn victim(&self, now: Micros) -> Option<Key> {
        let expired = self.memory.by_deadline.first().filter(|(deadline, _)| *deadline <= now);
        expired.or_else(|| self.memory.by_use.first()).map(|(_, key)| key.clone())
    }

    /// Forgets a record that is dead on all replicas, if it is still this version.
    pub fn forget(&mut self, key: &str, version: Version) -> bool {
        let is_it = self.records.get(key).is_some_and(|held| held.version == version);
        if is_it {
            self.remove(key);
            self.raise(version);
        }
        is_it
    }

    /// A write's version must be greater than this: than what was forgotten here and what was swept, and for a sweep
    /// than everything held.
    pub fn floor(&self, key: &str) -> Version {
        let swept = self.sweeps.iter().map(|&(_, version, _)| version).max().unwrap_or_default();
        self.forgotten.max(if is_sweep(key) { self.highest } else { swept })
    }

    /// At or above every version that was forgotten here.
    pub const fn forgotten(&self) -> Version {
        self.forgotten
    }

    /// Makes sure that no version at or below this is given to a write any more.
    pub fn raise(&mut self, floor: Version) {
        if floor > self.forgotten {
            self.forgotten = floor;
            self.edited(|store| Edit::Raised { forgotten: store.forgotten, highest: store.highest });
        }
    }

    /// The leaves of a digest tree over the records for which `is_shared`: equal records give equal leaves. O(records).
    pub fn digest(&self, is_shared: impl Fn(&Key, u64, &Record) -> bool) -> [u64; LEAVES] {
        let mut leaves = [0; LEAVES];
        for (key, record) in &self.records {
            let hash = hash_of(key);
            if is_shared(key, hash, record) {
                leaves[leaf(hash)] ^= mix(hash, record.version);
            }
        }
        leaves
    }
}

/// What the values take, and in which order they are evicted.
#[derive(Debug, Clone, Default)]
struct Memory {
    bytes: usize,
    uses: u64,
    used: BTreeMap<Key, u64>,
    by_use: BTreeSet<(u64, Key)>,
    by_deadline: BTreeSet<(Micros, Key)>,
}

impl Memory {
    fn count(&mut self, key: &Key, record: &Record) {
        if record.value.is_none() {
            return;
        }
        self.bytes += record.bytes(key);
        self.uses += 1;
        self.used.insert(key.clone(), self.uses);
        self.by_use.insert((self.uses, key.clone()));
        if let Some(deadline) = record.deadline {
            self.by_deadline.insert((deadline, key.clone()));
        }
    }

    fn discount(&mut self, key: &Key, record: &Record) {
        let Some(used) = self.used.remove(key) else { return };
        self.bytes -= record.bytes(key);
        self.by_use.remove(&(used, key.clone()));
        if let Some(deadline) = record.deadline {
            self.by_deadline.remove(&(deadline, key.clone()));
        }
    }
}

/// The leaf that a key's digest goes into.
pub const fn leaf(hash: u64) -> usize {
    (hash >> 60) as usize
}

fn mix(hash: u64, version: Version) -> u64 {
    let who =
        u64::from(version.is_swept) << 32 | u64::from(version.node.number()) << 16 | u64::from(version.incarnation);
    let mut z = hash ^ version.clock.rotate_left(32) ^ who;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// When a dead record may be forgotten at the earliest; `None` while it lives.
pub fn forgettable(record: &Record, grace: Micros) -> Option<Micros> {
    Some(record.died()?.max(record.written).saturating_add(grace))
}
