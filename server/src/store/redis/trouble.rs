//! Whether Redis answers: told once when it ceases to, and once when it does again.

use std::sync::atomic::{AtomicBool, Ordering};

/// The state of the way to Redis.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    is_told: AtomicBool,
}

impl Trouble {
    /// An operation failed, and why; the first one in a row is logged.
    pub(super) fn begin(&self, why: &str) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                why,
                "Redis is of no use: requests fail until it answers; what --store names is asked again and again"
            );
        }
    }

    /// An operation succeeded.
    pub(super) fn end(&self) {
        if self.is_told.load(Ordering::Relaxed) && self.is_told.swap(false, Ordering::Relaxed) {
            tracing::info!("Redis answers again");
        }
    }
}
