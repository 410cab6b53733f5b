//! How long a key, a line, an item and an answer may be.

/// The longest key, in bytes as written: a base64 key is not decoded first.
pub const KEY_BYTES_MAX: usize = 250;
/// The longest command line, in bytes without its end; `get` and `gets` may have [`GET_BYTES_MAX`].
pub const LINE_BYTES_MAX: usize = 2048;
/// The longest `get` or `gets` line, in bytes.
pub const GET_BYTES_MAX: usize = 1024 * 1024;
/// The largest item, in bytes: see [`item_bytes`].
pub const ITEM_BYTES_MAX: usize = 1024 * 1024;
/// The longest answer to one `get` or one dump, in bytes, beside the last item that crosses the limit. Memcached too has a limit,
/// the memory for its answers.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What an item counts in bytes: its key and value, 4 for client flags other than 0, and 59 for what a server keeps
/// beside them (a header of 48, the CAS of 8, the key's and the value's terminators).
pub fn item_bytes(key: &[u8], flags: u32, value_bytes: usize) -> usize {
    59 + key.len() + if flags == 0 { 0 } else { 4 } + value_bytes
}
