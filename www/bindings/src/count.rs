//! Counts as they cross to JavaScript.

/// A count as 32 bits, which each JavaScript number holds; what has more is shown as the most.
pub(crate) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
