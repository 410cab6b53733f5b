//! What a cache keeps and its limits: the types that the store and its policies share.

use std::hash::Hash;

use super::hash::hash_of;

/// Something that can be kept: it knows its key and what it weighs.
pub(crate) trait Item: Default {
    /// What it is found by.
    type Key: ?Sized + Eq + Hash;

    /// The key.
    fn key(&self) -> &Self::Key;

    /// The hash of the key, by which policies remember entries after eviction (ghosts).
    #[inline]
    fn key_hash(&self) -> u64 {
        hash_of(self.key())
    }

    /// What it counts against the limit; constant while the item is in the cache.
    fn weight(&self) -> u64;
}

/// The limits of a cache, which hold at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The sum of the entries' weights.
    pub(crate) weight: u64,
    /// The number of entries.
    pub(crate) entries: u64,
}

impl Limits {
    /// The same share of both limits.
    pub(crate) fn share(self, of: impl Fn(u64) -> u64) -> Self {
        Self { weight: of(self.weight), entries: of(self.entries) }
    }

    /// Whether either limit leaves no room for this much more.
    #[inline]
    pub(crate) const fn are_reached_by(self, weight: u64, entries: u64) -> bool {
        weight >= self.weight || entries >= self.entries
    }

    /// Whether this much is more than either limit allows.
    #[inline]
    pub(crate) const fn are_exceeded_by(self, weight: u64, entries: u64) -> bool {
        weight > self.weight || entries > self.entries
    }
}
