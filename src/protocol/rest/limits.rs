//! The API's limits.

/// The TTL of an entry that is given none, in seconds.
pub const DEFAULT_TTL_S: u64 = 3600;
/// The longest namespace, in bytes.
pub const NAMESPACE_BYTES_MAX: usize = 100;
/// The longest key, in characters: document 002 keeps patterns of keys in a `VARCHAR(255)`.
pub const KEY_CHARS_MAX: usize = 255;
/// Keys that one `mget` or `mset` may name.
pub const KEYS_MAX: usize = 10_000;
/// The largest sum of the values of one `mget`, in bytes.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The longest pattern, in bytes.
pub const PATTERN_BYTES_MAX: usize = 1024;
/// Tags of one entry.
pub const TAGS_MAX: usize = 16;
/// The longest tag, in characters.
pub const TAG_CHARS_MAX: usize = 100;
/// Namespaces of one service.
pub const NAMESPACES_MAX: usize = 1024;
/// The largest TTL and size of a namespace's settings: what an `INTEGER` of a settings table holds.
pub(super) const INTEGER_MAX: u64 = i32::MAX as u64;

/// The limits of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest value, in bytes of its JSON text; the quotes of a value that is a text do not count.
    pub value_bytes_max: usize,
    /// All entries of all namespaces, in bytes of their keys, values and tags.
    pub storage_bytes_max: usize,
}

impl Default for Limits {
    /// Values of 1 MiB, 100 MiB in all.
    fn default() -> Self {
        Self { value_bytes_max: 1024 * 1024, storage_bytes_max: 100 * 1024 * 1024 }
    }
}
