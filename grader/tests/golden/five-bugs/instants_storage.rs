//! Entries of one node. An entry ends at an `Instant` of this process, or never.

use std::collections::HashMap;
use std::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub counter: u64,
    pub node_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// None: the key was deleted.
    pub value: Option<Vec<u8>>,
    pub version: Version,
    pub expires_at: Option<Instant>,
}

impl Entry {
    fn lives_at(&self, now: Instant) -> bool {
        match self.expires_at {
            Some(end) => now < end,
            None => true,
        }
    }
}

pub struct CacheStorage {
    entries: HashMap<String, Entry>,
    max_entries: usize,
}

impl CacheStorage {
    pub fn new(max_entries: usize) -> Self {
        Self { entries: HashMap::new(), max_entries }
    }

    /// `Err` has the version that is newer than the one that came.
    pub fn put(&mut self, key: &str, entry: Entry) -> Result<(), Version> {
        if let Some(held) = self.entries.get(key)
            && held.version > entry.version
        {
            return Err(held.version.clone());
        }
        self.entries.insert(key.to_string(), entry);
        while self.entries.len() > self.max_entries {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| &entry.version).map(|(key, _)| key.clone());
            match oldest {
                Some(key) => self.entries.remove(&key),
                None => break,
            };
        }
        Ok(())
    }

    pub fn get(&self, key: &str, now: Instant) -> Option<&Entry> {
        let entry = self.entries.get(key)?;
        entry.lives_at(now).then_some(entry)
    }

    pub fn value(&self, key: &str, now: Instant) -> Option<Vec<u8>> {
        self.get(key, now)?.value.clone()
    }

    pub fn version(&self, key: &str) -> Option<&Version> {
        Some(&self.entries.get(key)?.version)
    }

    pub fn remove(&mut self, key: &str) {
        self.entries.remove(key);
    }

    pub fn discard(&mut self, key: &str) {
        self.entries.remove(key);
    }

    pub fn remove_expired(&mut self, now: Instant) -> usize {
        let before = self.entries.len();
        self.entries.retain(|_, entry| entry.lives_at(now));
        before - self.entries.len()
    }

    pub fn living(&self, now: Instant) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter().filter(move |(_, entry)| entry.lives_at(now))
    }

    pub fn is_sound(&self) -> bool {
        self.entries.len() <= self.max_entries
    }
}
