//! Times to live: when an entry expires, and the regular removal of what has.

use std::time::Duration;

use crate::node::NodeClock;
use crate::storage::CacheStorage;

/// How often expired entries are removed.
pub const CLEANUP_INTERVAL: Duration = Duration::from_secs(10);
/// How long a deletion is remembered.
const TOMBSTONE_TTL: Duration = Duration::from_secs(600);

/// Decides when entries expire.
pub struct TtlManager {
    /// For entries that are given none; `None` keeps them until they are evicted.
    default_ttl: Option<Duration>,
    /// Entries removed so far.
    removed: usize,
}

impl TtlManager {
    pub fn new(default_ttl: Option<Duration>) -> Self {
        Self { default_ttl, removed: 0 }
    }

    /// When an entry that is written now expires.
    pub fn calculate_expiry(&self, clock: &NodeClock, ttl: Option<Duration>) -> Option<u64> {
        let ttl = ttl.or(self.default_ttl)?;
        let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        Some(clock.current_time().saturating_add(millis))
    }

    /// When the mark of a deletion may be forgotten.
    pub fn tombstone_expiry(&self, clock: &NodeClock) -> Option<u64> {
        self.calculate_expiry(clock, Some(TOMBSTONE_TTL))
    }

    /// Removes what has expired.
    pub fn cleanup(&mut self, clock: &NodeClock, storage: &mut CacheStorage) {
        self.removed += storage.remove_expired(clock.current_time());
    }
}
