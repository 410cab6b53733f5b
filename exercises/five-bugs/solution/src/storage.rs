//! What a node holds: entries with versions and expiry times.

use std::collections::BTreeMap;

/// Which of two writes to a key is the later one: the higher counter, and the node's name where they are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub counter: u64,
    pub node_id: String,
}

/// What is held under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value; none where the key was deleted, so that the deletion can be told from an older value.
    pub value: Option<Vec<u8>>,
    pub version: Version,
    /// When it expires, in the node's own time (see `NodeClock::current_time`), in milliseconds.
    pub expires_at: Option<u64>,
}

impl Entry {
    /// Whether it is over. An entry lives until its expiry time, that moment not included.
    pub fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// Called with the key of every entry that is removed.
pub type RemovalCallback = Box<dyn Fn(&str)>;

/// The entries of one node.
pub struct CacheStorage {
    entries: BTreeMap<String, Entry>,
    max_entries: usize,
    // Callbacks hold their owner weakly: one that outlives its owner does nothing.
    callbacks: Vec<RemovalCallback>,
}

impl CacheStorage {
    pub fn new(max_entries: usize) -> Self {
        Self { entries: BTreeMap::new(), max_entries, callbacks: Vec::new() }
    }

    /// Calls `callback` whenever a key is removed.
    pub fn register_callback(&mut self, callback: RemovalCallback) {
        self.callbacks.push(callback);
    }

    /// Stores an entry, unless a newer one is there, whose version is returned then. The same version may come again.
    pub fn put(&mut self, key: &str, entry: Entry) -> Result<(), Version> {
        match self.entries.get(key) {
            Some(held) if held.version > entry.version => return Err(held.version.clone()),
            _ => {}
        }
        self.entries.insert(key.to_owned(), entry);
        if self.entries.len() > self.max_entries {
            self.evict_oldest();
        }
        Ok(())
    }

    /// The living entry of a key: a value, or the mark of a deletion.
    pub fn get(&self, key: &str, now: u64) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| !entry.is_expired(now))
    }

    /// The living value of a key.
    pub fn value(&self, key: &str, now: u64) -> Option<Vec<u8>> {
        self.get(key, now).and_then(|entry| entry.value.clone())
    }

    /// The version that is held of a key, expired or not.
    pub fn version(&self, key: &str) -> Option<&Version> {
        self.entries.get(key).map(|entry| &entry.version)
    }

    /// Removes a key. Whoever registered hears of it even where the key is not held here: peers may hold it.
    pub fn remove(&mut self, key: &str) {
        self.entries.remove(key);
        self.notify(key);
    }

    /// Drops a copy that belongs on other nodes, and is there.
    pub fn discard(&mut self, key: &str) {
        self.entries.remove(key);
    }

    /// Removes what is over, and returns how much that was.
    pub fn remove_expired(&mut self, now: u64) -> usize {
        let expired: Vec<String> =
            self.entries.iter().filter(|(_, entry)| entry.is_expired(now)).map(|(key, _)| key.clone()).collect();
        for key in &expired {
            self.remove(key);
        }
        expired.len()
    }

    /// The living entries.
    pub fn living(&self, now: u64) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter().filter(move |(_, entry)| !entry.is_expired(now))
    }

    /// Whether the bookkeeping of this node's entries is sound.
    pub fn is_sound(&self) -> bool {
        self.entries.len() <= self.max_entries
    }

    fn evict_oldest(&mut self) {
        let oldest = self.entries.iter().min_by(|(_, one), (_, other)| one.version.cmp(&other.version));
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.remove(&key);
        }
    }

    fn notify(&self, key: &str) {
        for callback in &self.callbacks {
            callback(key);
        }
    }
}
