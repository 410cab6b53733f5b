//! What every answer is written with.

/// The version of memcached whose protocol this is.
pub(super) const VERSION: &str = "1.6.45";
/// The answer when something else than a number is to be counted.
pub(super) const NOT_NUMERIC: &str = "CLIENT_ERROR cannot increment or decrement non-numeric value";
/// Why no `write!` into an answer fails.
pub(super) const INFALLIBLE: &str = "a vector takes every byte";

/// One answer line.
pub(super) fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}
