//! The copy of a cache on which evictions are tried.

use super::item::Item;

/// All that trying evictions on a copy needs to know of an item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shadow {
    hash: u64,
    weight: u64,
}

impl Shadow {
    /// What is needed of that item.
    pub(crate) fn of<T: Item>(item: &T) -> Self {
        Self { hash: item.key_hash(), weight: item.weight() }
    }
}

impl Item for Shadow {
    type Key = u64;

    fn key(&self) -> &u64 {
        &self.hash
    }

    fn key_hash(&self) -> u64 {
        self.hash
    }

    fn weight(&self) -> u64 {
        self.weight
    }
}
