use std::time::{Duration, Instant};

use crate::node::NodeClock;
use crate::storage::CacheStorage;

pub const CLEANUP_INTERVAL: Duration = Duration::from_secs(10);
const TOMBSTONE_TTL: Duration = Duration::from_secs(600);

pub struct TtlManager {
    default_ttl: Option<Duration>,
}

impl TtlManager {
    pub fn new(default_ttl: Option<Duration>) -> Self {
        Self { default_ttl }
    }

    // A time to live that is longer than the clock can count is for ever.
    pub fn calculate_expiry(&self, clock: &NodeClock, ttl: Option<Duration>) -> Option<Instant> {
        clock.current_time().checked_add(ttl.or(self.default_ttl)?)
    }

    pub fn tombstone_expiry(&self, clock: &NodeClock) -> Option<Instant> {
        self.calculate_expiry(clock, Some(TOMBSTONE_TTL))
    }

    pub fn cleanup(&mut self, clock: &NodeClock, storage: &mut CacheStorage) {
        storage.remove_expired(clock.current_time());
    }
}
