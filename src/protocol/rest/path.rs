//! Which resource a path names.

use super::{Failure, KEY_CHARS_MAX, NAMESPACE_BYTES_MAX, PATTERN_BYTES_MAX};
use crate::cache::Glob;

/// A resource of the API.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Health,
    Namespace { namespace: String, selection: Selection },
    Stats(String),
    Mget(String),
    Mset(String),
    Entry { namespace: String, key: String },
    Namespaces,
    Settings(String),
    Audit(String),
}

/// Which entries of a namespace are deleted: those that meet every condition; without conditions, all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Their keys match this (see [`Glob`]).
    pub pattern: Option<String>,
    /// They have this tag.
    pub tag: Option<String>,
}

impl Selection {
    /// The test of a key and its tags.
    pub fn matcher<T: AsRef<str>>(&self) -> impl Fn(&str, &[T]) -> bool {
        let glob = self.pattern.as_deref().map(Glob::new);
        move |key, tags| {
            glob.as_ref().is_none_or(|glob| glob.matches(key))
                && self.tag.as_ref().is_none_or(|wanted| tags.iter().any(|tag| tag.as_ref() == wanted))
        }
    }
}

impl Resource {
    pub(super) fn new(path_and_query: &str) -> Result<Self, Failure> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        if path == "/health" {
            return Ok(Self::Health);
        }
        if path == "/api/v1/namespaces" {
            return Ok(Self::Namespaces);
        }
        if let Some(rest) = path.strip_prefix("/api/v1/namespaces/") {
            return Ok(match rest.split_once('/') {
                None => Self::Settings(namespace(rest)?),
                Some((name, "audit")) => Self::Audit(namespace(name)?),
                Some(_) => return Err(Failure::NotFound),
            });
        }
        let rest = path.strip_prefix("/api/v1/cache/").ok_or(Failure::NotFound)?;
        let (name, key) = match rest.split_once('/') {
            Some((_, key)) if key.contains('/') => return Err(Failure::NotFound),
            Some((name, key)) => (name, Some(key)),
            None => (rest, None),
        };
        let namespace = namespace(name)?;
        Ok(match key {
            None => Self::Namespace { namespace, selection: selection(query)? },
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
            Self::Health | Self::Stats(_) | Self::Namespaces | Self::Audit(_) => "GET",
            Self::Mget(_) | Self::Mset(_) => "POST",
            Self::Namespace { .. } => "DELETE",
            Self::Entry { .. } | Self::Settings(_) => "DELETE, GET, PUT",
        }
    }
}

fn namespace(text: &str) -> Result<String, Failure> {
    decode(text, false).filter(|text| is_namespace(text)).ok_or(Failure::InvalidNamespace)
}

fn is_namespace(text: &str) -> bool {
    (1..=NAMESPACE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

pub(super) fn is_key(text: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The conditions in a query. One that is empty or wrongly encoded must not count as absent: without conditions everything would be
/// deleted.
fn selection(query: &str) -> Result<Selection, Failure> {
    let selection = Selection { pattern: parameter(query, "pattern")?, tag: parameter(query, "tag")? };
    let names = || query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(pair));
    // A slip in a name would delete everything too.
    let is_slip = selection == Selection::default() && names().any(|name| !matches!(name, "pattern" | "tag"));
    if is_slip { Err(Failure::UnknownParameter) } else { Ok(selection) }
}

fn parameter(query: &str, name: &str) -> Result<Option<String>, Failure> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs = pairs.filter(|&(found, _)| found == name);
    let Some((_, value)) = pairs.next() else { return Ok(None) };
    // Which of two is meant is not for the service to guess.
    if pairs.next().is_some() {
        return Err(Failure::InvalidPattern);
    }
    let value = decode(value, true).ok_or(Failure::InvalidPattern)?;
    if (1..=PATTERN_BYTES_MAX).contains(&value.len()) { Ok(Some(value)) } else { Err(Failure::InvalidPattern) }
}

/// Undoes percent-encoding and, in a query, `+` for a space; `None` if the text is encoded wrongly.
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
