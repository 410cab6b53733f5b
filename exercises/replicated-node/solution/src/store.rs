//! What a node holds. A deletion is an entry too: one without a value, whose time is over. So is a value that has expired: both must be
//! remembered, or an older value that some replica still has would come back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long what is over is remembered.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Which of two writes is the later one. The writer's number is new with every start of a process, so no two writes share a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub counter: u64,
    pub writer: u64,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub version: Version,
    pub value: Option<Vec<u8>>,
    /// When its time is over, by this node's own steady clock.
    pub ends: Option<Instant>,
}

impl Entry {
    /// Its value, while it lives.
    pub fn living(&self, now: Instant) -> Option<&Vec<u8>> {
        self.value.as_ref().filter(|_| self.ends.is_none_or(|ends| now < ends))
    }
}

#[derive(Default)]
pub struct Store(pub BTreeMap<String, Entry>);

impl Store {
    /// Keeps an entry, unless a later one is held. Of one version, the sooner end counts: it was measured on the shorter way.
    pub fn merge(&mut self, key: &str, entry: Entry) {
        match self.0.get_mut(key) {
            Some(held) if held.version > entry.version => {}
            Some(held) if held.version == entry.version => {
                held.ends = held.ends.into_iter().chain(entry.ends).min();
            }
            _ => drop(self.0.insert(key.to_owned(), entry)),
        }
    }

    pub fn living(&self, key: &str, now: Instant) -> Option<Vec<u8>> {
        self.0.get(key)?.living(now).cloned()
    }

    /// Forgets what has been over for long.
    pub fn forget(&mut self, now: Instant) {
        self.0.retain(|_, entry| entry.ends.is_none_or(|ends| now < ends + REMEMBERED));
    }
}
