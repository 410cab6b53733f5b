//! A server's counters.

use super::classes::LAST_CLASS;
use std::collections::BTreeMap;

/// The counters of `stats`; each field is named as its row.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "the names are memcached's, and its protocol.txt explains them")]
pub struct Counters {
    pub total_connections: u64,
    pub cmd_get: u64,
    pub cmd_set: u64,
    pub cmd_flush: u64,
    pub cmd_touch: u64,
    pub cmd_meta: u64,
    pub get_hits: u64,
    pub get_misses: u64,
    pub get_expired: u64,
    pub get_flushed: u64,
    pub delete_misses: u64,
    pub delete_hits: u64,
    pub incr_misses: u64,
    pub incr_hits: u64,
    pub decr_misses: u64,
    pub decr_hits: u64,
    pub cas_misses: u64,
    pub cas_hits: u64,
    pub cas_badval: u64,
    pub touch_hits: u64,
    pub touch_misses: u64,
    pub store_too_large: u64,
    pub store_no_memory: u64,
    pub lru_crawler_starts: u64,
    pub total_items: u64,
    pub expired_unfetched: u64,
    pub evicted_unfetched: u64,
    pub evictions: u64,
    pub crawler_reclaimed: u64,
    pub crawler_items_checked: u64,
}

/// Counters that exist once for each class of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tally {
    GetHits,
    CmdSet,
    DeleteHits,
    IncrHits,
    DecrHits,
    CasHits,
    CasBadval,
    TouchHits,
    Evicted,
    EvictedNonzero,
    EvictedUnfetched,
    OutOfMemory,
    ExpiredUnfetched,
    CrawlerReclaimed,
    CrawlerItemsChecked,
}

/// The rows of `stats slabs`, in their order.
pub(super) const SLAB_ROWS: [(&str, Tally); 8] = [
    ("get_hits", Tally::GetHits),
    ("cmd_set", Tally::CmdSet),
    ("delete_hits", Tally::DeleteHits),
    ("incr_hits", Tally::IncrHits),
    ("decr_hits", Tally::DecrHits),
    ("cas_hits", Tally::CasHits),
    ("cas_badval", Tally::CasBadval),
    ("touch_hits", Tally::TouchHits),
];

/// The counts of all classes.
#[derive(Debug, Clone)]
pub(super) struct Tallies([[u64; Tally::CrawlerItemsChecked as usize + 1]; LAST_CLASS + 1]);

impl Tallies {
    pub(super) fn new() -> Self {
        Self([[0; Tally::CrawlerItemsChecked as usize + 1]; LAST_CLASS + 1])
    }

    pub(super) fn add(&mut self, class: usize, tally: Tally) {
        self.0[class][tally as usize] += 1;
    }

    pub(super) fn add_all(&mut self, classes: &[usize], tally: Tally) {
        for &class in classes {
            self.add(class, tally);
        }
    }

    pub(super) fn get(&self, class: usize, tally: Tally) -> u64 {
        self.0[class][tally as usize]
    }

    /// `counters`, with the sums of the classes' counters.
    pub(super) fn sum_into(&self, counters: Counters) -> Counters {
        let sum = |tally| self.0.iter().map(|class| class[tally as usize]).sum();
        Counters {
            cmd_set: sum(Tally::CmdSet),
            get_hits: sum(Tally::GetHits),
            delete_hits: sum(Tally::DeleteHits),
            incr_hits: sum(Tally::IncrHits),
            decr_hits: sum(Tally::DecrHits),
            cas_hits: sum(Tally::CasHits),
            cas_badval: sum(Tally::CasBadval),
            touch_hits: sum(Tally::TouchHits),
            evictions: sum(Tally::Evicted),
            evicted_unfetched: sum(Tally::EvictedUnfetched),
            expired_unfetched: sum(Tally::ExpiredUnfetched),
            crawler_reclaimed: sum(Tally::CrawlerReclaimed),
            crawler_items_checked: sum(Tally::CrawlerItemsChecked),
            ..counters
        }
    }
}

/// The most prefixes that are counted; keys with further ones are not.
const PREFIXES_MAX: usize = 10_000;

/// Counts by key prefix, the part before the first `:`; keys without one are not counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefixes(BTreeMap<Vec<u8>, Prefix>);

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Prefix {
    pub(super) gets: u64,
    pub(super) hits: u64,
    pub(super) sets: u64,
    pub(super) deletes: u64,
}

impl Prefixes {
    /// The counts of a key's prefix, if it has one and it is counted.
    pub(super) fn of(&mut self, key: &[u8]) -> Option<&mut Prefix> {
        let prefix = &key[..memchr::memchr(b':', key)?];
        if self.0.len() >= PREFIXES_MAX && !self.0.contains_key(prefix) {
            return None;
        }
        Some(self.0.entry(prefix.to_vec()).or_default())
    }

    /// All of them, by prefix.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Prefix)> {
        self.0.iter().map(|(prefix, counts)| (prefix.as_slice(), counts))
    }
}
