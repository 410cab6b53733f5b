//! Rows of the access log: what each records about a request.

use cachedojo::protocol::rest::{Failure, Reply, Request};

/// The longest pattern, in bytes: the size of its column.
const PATTERN_BYTES_MAX: usize = 255;

/// One row of the access log.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// The namespace.
    pub namespace: String,
    /// The key with each run of digits replaced by `*`, so that the log shows kinds of keys and not people; for a flush
    /// its own pattern.
    pub key_pattern: Option<String>,
    /// The operation.
    pub operation: &'static str,
    /// Whether a read found everything it asked for.
    pub hit: Option<bool>,
    /// How long it took.
    pub latency_ms: f64,
    /// When, in seconds since 1970.
    pub at_s: u64,
}

impl Access {
    /// What is logged about a request; `None` if it is not about entries.
    pub fn of(request: &Request) -> Option<(String, Option<String>)> {
        let pattern = match request {
            Request::Get { key, .. } | Request::Delete { key, .. } => Some(pattern_of(key)),
            Request::Put { entry, .. } => Some(pattern_of(&entry.key)),
            Request::Flush { selection, .. } => selection.pattern.clone().map(cut),
            Request::Mget { .. } | Request::Mset { .. } => None,
            _ => return None,
        };
        Some((request.namespace()?.to_owned(), pattern))
    }

    /// Whether a reply has everything that was asked for; `None` if it is not a read.
    pub fn hit(reply: &Result<Reply, Failure>) -> Option<bool> {
        match reply {
            Ok(Reply::Found(_)) => Some(true),
            Ok(Reply::Missed) => Some(false),
            Ok(Reply::Many(results)) => Some(results.iter().all(|(_, value)| value.is_some())),
            _ => None,
        }
    }
}

/// A key as a pattern: each run of digits becomes `*`. Cut to the size of its column.
fn pattern_of(key: &str) -> String {
    let mut pattern = String::new();
    for c in key.chars() {
        match c {
            '0'..='9' if pattern.ends_with('*') => {}
            '0'..='9' => pattern.push('*'),
            c => pattern.push(c),
        }
    }
    cut(pattern)
}

/// A pattern cut to the size of its column, in bytes.
fn cut(mut pattern: String) -> String {
    pattern.truncate(pattern.floor_char_boundary(PATTERN_BYTES_MAX));
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_the_key_without_its_numbers_and_fits_its_column() {
        for (key, pattern) in
            [("user_123", "user_*"), ("a1b22c", "a*b*c"), ("é", "é"), ("2024-01-02", "*-*-*"), ("plain", "plain")]
        {
            assert_eq!(pattern_of(key), pattern);
        }
        let long = "é".repeat(200);
        assert_eq!(pattern_of(&long).len(), 254);
    }
}
