//! Which resource a path names.

use super::{Failure, KEY_BYTES_MAX, NAMESPACE_BYTES_MAX};

/// A resource of the API.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Health,
    Namespace { namespace: String, pattern: Option<String> },
    Stats(String),
    Mget(String),
    Mset(String),
    Entry { namespace: String, key: String },
}

impl Route {
    pub(super) fn new(path_and_query: &str) -> Result<Self, Failure> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        if path == "/health" {
            return Ok(Self::Health);
        }
        let rest = path.strip_prefix("/api/v1/cache/").ok_or(Failure::NotFound)?;
        let (namespace, key) = match rest.split_once('/') {
            Some((_, key)) if key.contains('/') => return Err(Failure::NotFound),
            Some((namespace, key)) => (namespace, Some(key)),
            None => (rest, None),
        };
        let namespace = decode(namespace, false).filter(|text| is_namespace(text)).ok_or(Failure::InvalidNamespace)?;
        Ok(match key {
            None => Self::Namespace { namespace, pattern: pattern(query)? },
            Some("stats") => Self::Stats(namespace),
            Some("mget") => Self::Mget(namespace),
            Some("mset") => Self::Mset(namespace),
            Some(key) => {
                let key = decode(key, false).filter(|text| is_key(text)).ok_or(Failure::InvalidKey)?;
                Self::Entry { namespace, key }
            }
        })
    }

    /// The methods of this resource.
    pub(super) fn allow(&self) -> &'static str {
        match self {
            Self::Health | Self::Stats(_) => "GET",
            Self::Mget(_) | Self::Mset(_) => "POST",
            Self::Namespace { .. } => "DELETE",
            Self::Entry { .. } => "DELETE, GET, PUT",
        }
    }
}

fn is_namespace(text: &str) -> bool {
    (1..=NAMESPACE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

pub(super) fn is_key(text: &str) -> bool {
    (1..=KEY_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The pattern in a query; an empty one counts as none. One that is encoded wrongly must not: without a pattern all goes.
fn pattern(query: &str) -> Result<Option<String>, Failure> {
    let Some(value) = query.split('&').find_map(|pair| pair.strip_prefix("pattern=")) else { return Ok(None) };
    let pattern = decode(value, true).ok_or(Failure::InvalidPattern)?;
    Ok(Some(pattern).filter(|pattern| !pattern.is_empty()))
}

/// Undoes percent-encoding, and in a query `+` for a space; none if the text is encoded wrongly.
fn decode(text: &str, is_query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        bytes.push(match byte {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                let high = char::from(digits[0]).to_digit(16)?;
                u8::try_from(high * 16 + char::from(digits[1]).to_digit(16)?).ok()?
            }
            b'+' if is_query => b' ',
            byte => *byte,
        });
    }
    String::from_utf8(bytes).ok()
}
