//! Numbers for people.

/// A duration in its largest whole unit.
pub(super) fn duration(ns: u64) -> String {
    for (unit, size) in
        [("h", 3_600_000_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)]
    {
        if ns >= size && ns.is_multiple_of(size) {
            return format!("{} {unit}", ns / size);
        }
    }
    format!("{ns} ns")
}
