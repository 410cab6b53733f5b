//! The parser of the exercise's prototype: one request of the memcached text protocol as a [`CacheCommand`].

use super::memcached::{Parsed, Parser, Request, Sign, StoreMode, Topic};
use crate::cache::CacheStats;
use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::time::Duration;

/// Cache command (Memcached-style)
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheCommand {
    /// `get <key>`.
    Get {
        /// The entry's key.
        key: String,
    },
    /// `set <key> <flags> <exptime> <bytes> [noreply]` and the data; the flags are dropped.
    Set {
        /// The entry's key.
        key: String,
        /// The data, any bytes.
        value: Vec<u8>,
        /// The exptime in seconds; `None` for 0, zero (expired at once) for a negative one.
        ttl: Option<Duration>,
    },
    /// `delete <key> [0] [noreply]`.
    Delete {
        /// The entry's key.
        key: String,
    },
    /// `incr <key> <amount> [noreply]`, and `decr` as a negative delta.
    Incr {
        /// The entry's key.
        key: String,
        /// What to add.
        delta: i64,
    },
    /// `touch <key> <exptime> [noreply]`.
    Touch {
        /// The entry's key.
        key: String,
        /// The exptime in seconds; [`Duration::MAX`] for 0 (never), zero (expired at once) for a negative one.
        ttl: Duration,
    },
    /// `stats`.
    Stats,
}

/// Cache response
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheResponse {
    /// For `get`: the value, if there is one. The sum after `incr` is answered in this form too.
    Value(Option<Vec<u8>>),
    /// For `set` and `touch`.
    Stored,
    /// For `delete`.
    Deleted,
    /// The key does not exist.
    NotFound,
    /// The server failed; the text says why.
    Error(String),
    /// For `stats`.
    Stats(CacheStats),
}

/// Why the input contains no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseError {
    /// The first word is not a command of the prototype.
    InvalidCommand,
    /// The command is known, but its words or its data are wrong, too few or too many.
    InvalidArguments,
    /// The input is valid so far: call again with more bytes after it.
    Incomplete,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCommand => "This is no command: use get, set, delete, incr, decr, touch or stats.",
            Self::InvalidArguments => "The command's arguments are wrong: check their number, order and length.",
            Self::Incomplete => "The command is not complete: send the rest of it.",
        })
    }
}

impl std::error::Error for ParseError {}

/// Protocol parser (Memcached text protocol)
#[derive(Debug, Clone, Copy)]
pub struct ProtocolParser;

impl ProtocolParser {
    /// Parse command from bytes: the first request of `input`. What follows is left for the next call
    /// ([`Self::parse_prefix`] says where it begins).
    ///
    /// The command word may be in any letter case. A line ends with `\r\n` or `\n`. O(the request's length); with capitals
    /// in the command word O(`input`), which is copied.
    ///
    /// # Errors
    /// See [`ParseError`]. Memcached's limits hold: keys of 250 bytes, items of 1 MiB, command lines of 2 KiB.
    pub fn parse(input: &[u8]) -> Result<CacheCommand, ParseError> {
        Self::parse_prefix(input).map(|(command, _)| command)
    }

    /// Does the same and also gives the number of bytes that the request takes.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_prefix(input: &[u8]) -> Result<(CacheCommand, usize), ParseError> {
        let input = lower_case_verb(input);
        if verb(&input).is_some_and(|verb| !VERBS.contains(&verb)) {
            return Err(ParseError::InvalidCommand);
        }
        match Parser::new().parse(&input) {
            Parsed::Request { request, used, .. } => Ok((command(request)?, used)),
            Parsed::Incomplete | Parsed::Skipped(_) => Err(ParseError::Incomplete),
            Parsed::Refused { .. } | Parsed::HangUp => Err(ParseError::InvalidArguments),
        }
    }

    /// Serialize response to bytes.
    ///
    /// A response has no key and no flags, but the protocol's `VALUE` line needs them: it is written with the key `-`
    /// and the flags 0. [`Self::serialize_for`] writes the key that was asked for. An error is a `SERVER_ERROR`, its
    /// text on one line; without a text it is a bare `ERROR`.
    pub fn serialize(response: &CacheResponse) -> Vec<u8> {
        Self::serialize_for("-", response)
    }

    /// Serializes the response to a request for `key`. O(its length).
    pub fn serialize_for(key: &str, response: &CacheResponse) -> Vec<u8> {
        match response {
            CacheResponse::Value(Some(value)) => {
                let mut bytes = format!("VALUE {key} 0 {}\r\n", value.len()).into_bytes();
                bytes.extend_from_slice(value);
                bytes.extend_from_slice(b"\r\nEND\r\n");
                bytes
            }
            CacheResponse::Value(None) => b"END\r\n".to_vec(),
            CacheResponse::Stored => b"STORED\r\n".to_vec(),
            CacheResponse::Deleted => b"DELETED\r\n".to_vec(),
            CacheResponse::NotFound => b"NOT_FOUND\r\n".to_vec(),
            CacheResponse::Error(text) if text.is_empty() => b"ERROR\r\n".to_vec(),
            CacheResponse::Error(text) => format!("SERVER_ERROR {}\r\n", text.replace(['\r', '\n'], " ")).into_bytes(),
            CacheResponse::Stats(stats) => serialize_stats(stats),
        }
    }
}

fn serialize_stats(stats: &CacheStats) -> Vec<u8> {
    let mut bytes = Vec::new();
    let rows = [
        ("get_hits", stats.hits),
        ("get_misses", stats.misses),
        ("evictions", stats.evictions),
        ("expired", stats.expired),
        ("bytes", stats.bytes_stored as u64),
        ("curr_items", stats.entry_count as u64),
    ];
    for (name, number) in rows {
        write!(bytes, "STAT {name} {number}\r\n").expect("a vector takes every byte");
    }
    bytes.extend_from_slice(b"END\r\n");
    bytes
}

/// The prototype's command words.
const VERBS: [&[u8]; 7] = [b"get", b"set", b"delete", b"incr", b"decr", b"touch", b"stats"];

/// The command word, once a separator shows that it is complete.
fn verb(input: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr2(b' ', b'\n', input)?;
    Some(input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]))
}

/// Memcached's commands are lower case; the prototype's may have any case.
fn lower_case_verb(input: &[u8]) -> Cow<'_, [u8]> {
    let length = verb(input).map_or(0, <[u8]>::len);
    if input[..length].iter().any(u8::is_ascii_uppercase) {
        let mut input = input.to_vec();
        input[..length].make_ascii_lowercase();
        Cow::Owned(input)
    } else {
        Cow::Borrowed(input)
    }
}

fn command(request: Request<'_>) -> Result<CacheCommand, ParseError> {
    let text = |key: &[u8]| String::from_utf8(key.to_vec()).map_err(|_| ParseError::InvalidArguments);
    let seconds = |exptime: i64| Duration::from_secs(u64::try_from(exptime).unwrap_or(0));
    match request {
        Request::Get { keys, with_cas: false, exptime: None } => {
            let mut keys = keys;
            match (keys.next(), keys.next()) {
                (Some(key), None) => Ok(CacheCommand::Get { key: text(key)? }),
                _ => Err(ParseError::InvalidArguments),
            }
        }
        Request::Store { mode: StoreMode::Set, key, exptime, data, .. } => {
            let ttl = (exptime != 0).then(|| seconds(exptime));
            Ok(CacheCommand::Set { key: text(key)?, value: data.to_vec(), ttl })
        }
        Request::Delete { key } => Ok(CacheCommand::Delete { key: text(key)? }),
        Request::Arithmetic { key, sign, delta } => {
            let delta = match sign {
                Sign::Plus => 0_i64.checked_add_unsigned(delta),
                Sign::Minus => 0_i64.checked_sub_unsigned(delta),
            };
            Ok(CacheCommand::Incr { key: text(key)?, delta: delta.ok_or(ParseError::InvalidArguments)? })
        }
        Request::Touch { key, exptime } => {
            let ttl = if exptime == 0 { Duration::MAX } else { seconds(exptime.into()) };
            Ok(CacheCommand::Touch { key: text(key)?, ttl })
        }
        Request::Stats(Topic::General) => Ok(CacheCommand::Stats),
        Request::Stats(_) => Err(ParseError::InvalidArguments),
        _ => Err(ParseError::InvalidCommand),
    }
}
