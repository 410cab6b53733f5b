//! What a replica holds of a key.

use std::sync::Arc;

use super::ids::{Micros, Version};
use crate::cache::Glob;
use crate::ring::hash64;

/// A key. Those that begin with [`SWEEP`] are sweeps: see [`Selector`].
pub type Key = Arc<str>;
/// A value's bytes.
pub type Value = Arc<[u8]>;

/// The first character of a sweep's key; no client's key may begin with it.
pub const SWEEP: char = '\u{1}';

/// One version of a key. A deleted key is a record too, a *tombstone*: a replica that missed the delete must be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order of the key's writes.
    pub version: Version,
    /// The bytes; `None` for a tombstone.
    pub value: Option<Value>,
    /// When it was written, in cluster time.
    pub written: Micros,
    /// From when on it counts as absent, in cluster time.
    pub deadline: Option<Micros>,
    /// The word by which `invalidate tag:…` finds it.
    pub tag: Option<Arc<str>>,
}

impl Record {
    /// A deleted key.
    pub const fn tombstone(version: Version, written: Micros) -> Self {
        Self { version, value: None, written, deadline: None, tag: None }
    }

    /// The value, unless it is deleted or its time is over.
    pub fn alive_at(&self, now: Micros) -> Option<&Value> {
        self.value.as_ref().filter(|_| self.deadline.is_none_or(|deadline| now < deadline))
    }

    /// What it takes of a node's memory, as the engine's `CacheNode` counts it: the bytes of key and value; a tombstone takes nothing.
    pub fn bytes(&self, key: &str) -> usize {
        self.value.as_ref().map_or(0, |value| key.len() + value.len())
    }

    /// When it became, or will become, absent; `None` while it has no end.
    pub fn died(&self) -> Option<Micros> {
        if self.value.is_none() { Some(self.written) } else { self.deadline }
    }
}

/// Which keys an invalidation deletes. It is itself stored as a record, its *sweep*, on every node of the ring. A sweep of
/// version v acts as a tombstone of version v for every key that it selects, also for writes that arrive later.
#[derive(Debug, Clone)]
pub enum Selector {
    /// The keys that match a pattern, as `user:*`.
    Pattern(Glob),
    /// The keys that begin with `name:`.
    Namespace(String),
    /// The records that were written with this tag.
    Tag(String),
}

impl Selector {
    /// Reads a sweep's key; `None` for a client's key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::read(key.strip_prefix(SWEEP)?)
    }

    /// Reads `tag:name`, `namespace:name` or a pattern.
    pub fn read(text: &str) -> Option<Self> {
        Some(match text.split_once(':') {
            Some(("tag", name)) => Self::Tag(name.to_owned()),
            Some(("namespace", name)) => Self::Namespace(format!("{name}:")),
            _ => Self::Pattern(Glob::new(text)),
        })
    }

    /// The key under which the sweep of this selector is stored.
    pub fn key(text: &str) -> Key {
        format!("{SWEEP}{text}").into()
    }

    /// Whether it selects a key, given the tag of the record held, if there is one.
    pub fn reaches(&self, key: &str, tag: Option<&str>) -> bool {
        !is_sweep(key)
            && match self {
                Self::Pattern(glob) => glob.matches(key),
                Self::Namespace(prefix) => key.starts_with(prefix.as_str()),
                Self::Tag(name) => tag == Some(name.as_str()),
            }
    }
}

/// Whether a key is a sweep's, and so held by every node.
pub fn is_sweep(key: &str) -> bool {
    key.starts_with(SWEEP)
}

/// The hash that places a key on the ring. Every message about a key carries it, and every receiver checks it.
pub fn hash_of(key: &str) -> u64 {
    hash64(key.as_bytes())
}
