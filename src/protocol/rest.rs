//! The cache service's REST API: requests in, answers out, time given; everything in memory.
//!
//! | request | answers |
//! | --- | --- |
//! | `GET /api/v1/cache/{namespace}/{key}` | 200 value and metadata, `X-Cache-Hit`, `X-Cache-TTL`; 404 |
//! | `PUT /api/v1/cache/{namespace}/{key}` `{"value": any, "ttl"?: seconds, "tags"?: [text]}` | 201 created; 200 replaced; 507 |
//! | `DELETE /api/v1/cache/{namespace}/{key}` | 200; 404 |
//! | `POST /api/v1/cache/{namespace}/mget` `{"keys": [text]}` | 200 each key's value and whether it was found |
//! | `POST /api/v1/cache/{namespace}/mset` `{"entries": [{"key", "value", "ttl"?}]}` | 200 how many; all or none are stored |
//! | `DELETE /api/v1/cache/{namespace}?pattern=glob` | 200 how many were deleted |
//! | `GET /api/v1/cache/{namespace}/stats` | 200 hits, misses, hit rate, keys, memory, evictions |
//! | `GET /health` | 200 |
//!
//! Any of them: 400 for a namespace, key, pattern, value or body that is wrong, 404 for another path, 405 (with `Allow`)
//! for another method. In a path `stats`, `mget` and `mset` are no keys. Every body is JSON; an error's is
//! `{"error": "…"}`.
//!
//! **Where the API wavers.** A namespace has 1 to 100 letters, digits, `_` and `-`; a key has 1 to 255 bytes without
//! control characters, percent-encoded in the path. A TTL is in seconds; none, `null` or 0 mean [`DEFAULT_TTL_S`]. An
//! entry is alive before its deadline and gone from it on; `ttl_remaining` is rounded up. A value is kept as it was
//! written; its size is its text's, and an entry counts that and its key's bytes. A full cache lets the least recently
//! used entries of any namespace go; 507 is for an entry that is larger than all of it. Replacing answers
//! `"created": false`. Tags are checked and dropped, since nothing asks for them. An empty pattern is none.
//!
//! **As text**, for scripts, an answer is the status line, its headers, one a line, and the body on the last line:
//!
//! ```
//! use cachedojo::{clock::Instant, protocol::rest::Machine};
//!
//! let mut machine = Machine::new(1_704_067_200);
//! let now = Instant::from_millis(0);
//! let put = machine.answer_line(r#"PUT /api/v1/cache/users/u1 {"value": "Ada", "ttl": 60}"#, now);
//! assert_eq!(put.to_string(), "HTTP/1.1 201 Created\n{\"success\":true,\"key\":\"u1\",\"created\":true}");
//! let get = machine.answer_line("GET /api/v1/cache/users/u1", now);
//! assert_eq!(get.to_string(), "HTTP/1.1 200 OK\nX-Cache-Hit: true\nX-Cache-TTL: 60\n\
//!     {\"value\":\"Ada\",\"metadata\":{\"ttl_remaining\":60,\"created_at\":\"2024-01-01T00:00:00Z\"}}");
//! ```

mod body;
mod date;
mod line;
mod path;
mod store;

pub use line::{Line, LineMistake, parse_line};

use crate::cache::Glob;
use crate::clock::Instant;
use body::{GetBody, HealthBody, MgetBody, StatsBody};
use path::Route;
use serde::Serialize;
use std::fmt;
use store::{Put, Store};

/// The TTL of an entry that is given none, in seconds.
pub const DEFAULT_TTL_S: u64 = 3600;
/// The longest namespace, in bytes.
pub const NAMESPACE_BYTES_MAX: usize = 100;
/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 255;

/// How much fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest value, in bytes of its JSON text.
    pub value_bytes_max: usize,
    /// All entries of all namespaces, in bytes of their keys and values.
    pub storage_bytes_max: usize,
}

impl Default for Limits {
    /// Values of 1 MiB, 100 MiB in all.
    fn default() -> Self {
        Self { value_bytes_max: 1024 * 1024, storage_bytes_max: 100 * 1024 * 1024 }
    }
}

/// The service.
#[derive(Debug, Clone)]
pub struct Machine {
    store: Store,
    limits: Limits,
    unix_base_s: u64,
}

/// An answer; `Display` is its text form (see the module).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Names and values in the order of the names. Every body is `application/json`; whoever serves it says so.
    pub headers: Vec<(&'static str, String)>,
    /// Compact JSON.
    pub body: String,
}

impl HttpAnswer {
    /// The words behind the status code.
    pub fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            201 => "Created",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            507 => "Insufficient Storage",
            _ => "Unknown",
        }
    }

    fn ok(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("these bodies are plain data");
        Self { status, headers: Vec::new(), body }
    }
}

impl fmt::Display for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "HTTP/1.1 {} {}", self.status, self.reason())?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        f.write_str(&self.body)
    }
}

/// Why a request fails; `Display` is the text in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    BadRequest(LineMistake),
    InvalidNamespace,
    InvalidKey,
    InvalidPattern,
    MalformedJson,
    NotAnObject,
    MissingValue,
    ValueTooLarge,
    InvalidTtl,
    InvalidTags,
    InvalidKeys,
    InvalidEntries,
    KeyNotFound,
    NotFound,
    MethodNotAllowed { allow: &'static str },
    StorageFull,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest(mistake) => return mistake.fmt(f),
            Self::InvalidNamespace => "Invalid namespace",
            Self::InvalidKey => "Invalid key",
            Self::InvalidPattern => "Invalid pattern",
            Self::MalformedJson => "Malformed JSON",
            Self::NotAnObject => "Body must be a JSON object",
            Self::MissingValue => "Missing value",
            Self::ValueTooLarge => "Value too large",
            Self::InvalidTtl => "TTL must be a whole number of seconds, 0 or more",
            Self::InvalidTags => "Tags must be a list of strings",
            Self::InvalidKeys => "Keys must be a list of strings",
            Self::InvalidEntries => "Entries must be a list of objects with key and value",
            Self::KeyNotFound => "Key not found",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed { .. } => "Method not allowed",
            Self::StorageFull => "Cache storage full",
        })
    }
}

impl From<Failure> for HttpAnswer {
    fn from(failure: Failure) -> Self {
        #[derive(Serialize)]
        struct Body {
            error: String,
        }
        let (status, headers) = match failure {
            Failure::KeyNotFound | Failure::NotFound => (404, Vec::new()),
            Failure::MethodNotAllowed { allow } => (405, vec![("Allow", allow.to_owned())]),
            Failure::StorageFull => (507, Vec::new()),
            _ => (400, Vec::new()),
        };
        Self { headers, ..Self::ok(status, &Body { error: failure.to_string() }) }
    }
}

impl Machine {
    /// An empty service in a world whose clock began at the Unix time `unix_base_s`, in seconds.
    pub fn new(unix_base_s: u64) -> Self {
        Self::with_limits(unix_base_s, Limits::default())
    }

    /// Does the same with other limits.
    pub fn with_limits(unix_base_s: u64, limits: Limits) -> Self {
        Self { store: Store::new(limits.storage_bytes_max), limits, unix_base_s }
    }

    /// Namespaces, keys, values (as JSON text) and deadlines, the least recently used first; expired ones that nobody
    /// asked for since included.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str, &str, Instant)> {
        self.store.entries()
    }

    /// Answers one line of a script (see [`parse_line`]); one that is no request gets 400 and the sentence that says why.
    pub fn answer_line(&mut self, line: &str, now: Instant) -> HttpAnswer {
        match parse_line(line) {
            Ok(request) => self.handle(request.method, request.target, request.body, now),
            Err(error) => Failure::BadRequest(error.mistake).into(),
        }
    }

    /// Answers one request. `path_and_query` is percent-encoded, as it stands in a request line. O(log n) for each key that is
    /// named, or goes because it has expired or its room is needed; a pattern is compared with all keys of its namespace.
    pub fn handle(&mut self, method: &str, path_and_query: &str, body: Option<&str>, now: Instant) -> HttpAnswer {
        let answer = Route::new(path_and_query).and_then(|route| match (&route, method) {
            (Route::Health, "GET") => Ok(self.health()),
            (Route::Stats(namespace), "GET") => Ok(self.stats(namespace, now)),
            (Route::Mget(namespace), "POST") => self.mget(namespace, body, now),
            (Route::Mset(namespace), "POST") => self.mset(namespace, body, now),
            (Route::Namespace { namespace, pattern }, "DELETE") => Ok(self.flush(namespace, pattern.as_deref(), now)),
            (Route::Entry { namespace, key }, "GET") => Ok(self.get(namespace, key, now)),
            (Route::Entry { namespace, key }, "PUT") => self.put(namespace, key, body, now),
            (Route::Entry { namespace, key }, "DELETE") => self.delete(namespace, key, now),
            _ => Err(Failure::MethodNotAllowed { allow: route.allow() }),
        });
        answer.unwrap_or_else(HttpAnswer::from)
    }

    fn get(&mut self, namespace: &str, key: &str, now: Instant) -> HttpAnswer {
        let Some(entry) = self.store.read(namespace, key, now) else {
            let headers = vec![("X-Cache-Hit", "false".to_owned())];
            return HttpAnswer { headers, ..Failure::KeyNotFound.into() };
        };
        let ttl_remaining = entry.ttl_remaining_s(now);
        let created_at = date::rfc3339(self.unix_base_s.saturating_add(entry.created_at.as_millis() / 1000));
        let headers = vec![("X-Cache-Hit", "true".to_owned()), ("X-Cache-TTL", ttl_remaining.to_string())];
        HttpAnswer { headers, ..HttpAnswer::ok(200, &GetBody::new(&entry.value, ttl_remaining, created_at)) }
    }

    fn put(&mut self, namespace: &str, key: &str, body: Option<&str>, now: Instant) -> Result<HttpAnswer, Failure> {
        #[derive(Serialize)]
        struct Body<'a> {
            success: bool,
            key: &'a str,
            created: bool,
        }
        let (value, ttl_s) = body::read_put(body, self.limits.value_bytes_max)?;
        let put = self.store.put(namespace, key, value, ttl_s, now).ok_or(Failure::StorageFull)?;
        let created = put == Put::Created;
        Ok(HttpAnswer::ok(if created { 201 } else { 200 }, &Body { success: true, key, created }))
    }

    fn delete(&mut self, namespace: &str, key: &str, now: Instant) -> Result<HttpAnswer, Failure> {
        #[derive(Serialize)]
        struct Body {
            success: bool,
            deleted: bool,
        }
        if self.store.delete(namespace, key, now) {
            Ok(HttpAnswer::ok(200, &Body { success: true, deleted: true }))
        } else {
            Err(Failure::KeyNotFound)
        }
    }

    fn mget(&mut self, namespace: &str, body: Option<&str>, now: Instant) -> Result<HttpAnswer, Failure> {
        let mut answer = MgetBody::default();
        for key in body::read_keys(body)? {
            let value = self.store.read(namespace, &key, now).map(|entry| entry.value.clone());
            answer.push(key, value);
        }
        Ok(HttpAnswer::ok(200, &answer))
    }

    fn mset(&mut self, namespace: &str, body: Option<&str>, now: Instant) -> Result<HttpAnswer, Failure> {
        #[derive(Serialize)]
        struct Body {
            success: bool,
            stored: usize,
        }
        let entries = body::read_entries(body, self.limits.value_bytes_max)?;
        if entries.iter().any(|entry| !self.store.can_hold(&entry.key, &entry.value)) {
            return Err(Failure::StorageFull);
        }
        let stored = entries.len();
        for entry in entries {
            self.store.put(namespace, &entry.key, entry.value, entry.ttl_s, now);
        }
        Ok(HttpAnswer::ok(200, &Body { success: true, stored }))
    }

    fn flush(&mut self, namespace: &str, pattern: Option<&str>, now: Instant) -> HttpAnswer {
        #[derive(Serialize)]
        struct Body {
            success: bool,
            deleted_count: usize,
        }
        let glob = pattern.map(Glob::new);
        let deleted_count = self.store.delete_matching(namespace, glob.as_ref(), now);
        HttpAnswer::ok(200, &Body { success: true, deleted_count })
    }

    fn stats(&mut self, namespace: &str, now: Instant) -> HttpAnswer {
        HttpAnswer::ok(200, &StatsBody::new(&self.store.stats(namespace, now)))
    }

    fn health(&self) -> HttpAnswer {
        HttpAnswer::ok(200, &HealthBody::new(self.store.bytes(), self.limits.storage_bytes_max))
    }
}
