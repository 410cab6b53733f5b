//! What a cache keeps, and how much of it at most: what the store and its policies both speak of.

use std::hash::Hash;

use super::hash::hash_of;

/// Something that can be kept: it knows its key and what it weighs.
pub(crate) trait Item: Default {
    /// What it is found by.
    type Key: ?Sized + Eq + Hash;

    /// The key.
    fn key(&self) -> &Self::Key;

    /// The hash of the key, by which policies remember entries that have left.
    #[inline]
    fn key_hash(&self) -> u64 {
        hash_of(self.key())
    }

    /// Its share of the cache's limit; constant while the item is in the cache.
    fn weight(&self) -> u64;
}

/// What a cache may hold at most, at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The sum of the entries' weights.
    pub(crate) weight: u64,
    /// The number of entries.
    pub(crate) entries: u64,
}

impl Limits {
    /// A share of both.
    pub(crate) fn share(self, of: impl Fn(u64) -> u64) -> Self {
        Self { weight: of(self.weight), entries: of(self.entries) }
    }

    /// Whether one of them leaves no room for more than that.
    #[inline]
    pub(crate) const fn are_reached_by(self, weight: u64, entries: u64) -> bool {
        weight >= self.weight || entries >= self.entries
    }

    /// Whether that is more than one of them allows.
    #[inline]
    pub(crate) const fn are_exceeded_by(self, weight: u64, entries: u64) -> bool {
        weight > self.weight || entries > self.entries
    }
}
