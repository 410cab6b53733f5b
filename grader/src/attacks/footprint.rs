//! Where attacks leave a trace outside of what is theirs.

/// A file that some attacks try to write.
pub(super) const FOOTPRINT: &str = "/tmp/cachedojo-was-here";
