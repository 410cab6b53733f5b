//! Parts of answers.

/// The version of memcached whose protocol this is.
pub(super) const VERSION: &str = "1.6.45";
/// The answer to counting a value that is not a number.
pub(super) const NOT_NUMERIC: &str = "CLIENT_ERROR cannot increment or decrement non-numeric value";
/// The reason why no `write!` into an answer fails.
pub(super) const INFALLIBLE: &str = "a vector takes every byte";

/// One answer line.
pub(super) fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}
