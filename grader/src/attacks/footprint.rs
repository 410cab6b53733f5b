//! Traces that attacks leave outside of their own folders.

/// A file that some attacks try to write.
pub(super) const FOOTPRINT: &str = "/tmp/cachedojo-was-here";
