//! The cache service's REST API: requests in, answers out, time given; everything in memory.
//!
//! | request | answers |
//! | --- | --- |
//! | `GET /api/v1/cache/{namespace}/{key}` | 200 value and metadata, `X-Cache-Hit`, `X-Cache-TTL`; 404 |
//! | `PUT /api/v1/cache/{namespace}/{key}` `{"value": any, "ttl"?: seconds, "tags"?: [text]}` | 201 created; 200 replaced; 507 |
//! | `DELETE /api/v1/cache/{namespace}/{key}` | 200; 404 |
//! | `POST /api/v1/cache/{namespace}/mget` `{"keys": [text]}` | 200 each key's value and whether it was found |
//! | `POST /api/v1/cache/{namespace}/mset` `{"entries": [{"key", "value", "ttl"?, "tags"?}]}` | 200 how many; all or none are stored |
//! | `DELETE /api/v1/cache/{namespace}?pattern=glob&tag=text` | 200 how many were deleted |
//! | `GET /api/v1/cache/{namespace}/stats` | 200 hits, misses, hit rate, keys, memory, evictions |
//! | `GET /api/v1/namespaces` | 200 every namespace and its settings |
//! | `GET /api/v1/namespaces/{namespace}` | 200 its settings |
//! | `PUT /api/v1/namespaces/{namespace}` `{"default_ttl"?, "max_size_mb"? or "max_size_bytes"?, "eviction_policy"?}` | 200 its settings; those that are not named stay |
//! | `DELETE /api/v1/namespaces/{namespace}` | 200 it is forgotten, entries, settings and all; 404 |
//! | `GET /api/v1/namespaces/{namespace}/audit` | 200 what was changed of its settings, the last hundred changes |
//! | `GET /health` | 200 how full it is; `redis` is the document's name for the store behind the service, `store` says which it is: `memory` here |
//!
//! Any of them: 400 for an invalid namespace, key, pattern, value or body, 404 for another path, 405 (with `Allow`) for another
//! method. In a path, `stats`, `mget` and `mset` are not keys. Every body is JSON; an error's is `{"error": "…"}`.
//!
//! **Where the document is unclear.** A namespace has 1 to 100 letters, digits, `_` and `-`; a key has 1 to 255 characters, none of
//! them a control character, percent-encoded in the path. A TTL is in seconds; a missing one, `null` or 0 means the namespace's default
//! ([`DEFAULT_TTL_S`] unless it is set). An entry is alive before its deadline and gone from it on; `ttl_remaining` is rounded
//! up. A value is kept as written; its size is its text's, and an entry weighs that, its key's bytes and its tags'. Replacing
//! answers `"created": false`. An empty pattern or tag is refused, lest it empty the namespace; with both, an entry must match both.
//!
//! **Room.** A full namespace evicts as its policy says; when all namespaces together are full, the largest one evicts. 507 is
//! for an entry larger than its namespace may be, and for one that does not fit where the policy is `NONE`; so is a change of
//! settings under which not all would fit there. There are at most
//! [`NAMESPACES_MAX`] namespaces, including those that were only read; of these, the one used longest ago is forgotten for a new
//! one.
//!
//! A request is parsed ([`Request::read`]), executed ([`Machine::obey`]) and answered ([`HttpAnswer`]); a service with another
//! store shares the first step and the last.
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
//!     {\"value\":\"Ada\",\"metadata\":{\"ttl_remaining\":60,\"created_at\":\"2024-01-01T00:00:00Z\",\
//!     \"last_accessed\":\"2024-01-01T00:00:00Z\",\"access_count\":1,\"size_bytes\":5}}");
//! ```

mod answer;
mod body;
mod date;
mod endpoint;
mod eviction;
mod failure;
mod limits;
mod line;
mod path;
mod remedy;
mod request;
mod settings;
mod store;

pub use answer::{Changed, Found, HttpAnswer, Named, Reply, Stats};
pub use body::NewEntry;
pub use date::rfc3339;
pub use endpoint::{ENDPOINTS, Endpoint, Response};
pub use eviction::Eviction;
pub use failure::Failure;
pub use limits::{
    ANSWER_BYTES_MAX, DEFAULT_TTL_S, KEY_CHARS_MAX, KEYS_MAX, Limits, NAMESPACE_BYTES_MAX, NAMESPACES_MAX,
    PATTERN_BYTES_MAX, TAG_CHARS_MAX, TAGS_MAX,
};
pub use line::{Line, LineMistake, parse_line};
pub use path::Selection;
pub use request::Request;
pub use settings::{Change, Settings};

use crate::clock::Instant;
use std::sync::Arc;
use store::Store;

/// The service.
#[derive(Debug, Clone)]
pub struct Machine {
    store: Store,
    limits: Limits,
}

impl Machine {
    /// An empty service in a world whose clock began at the Unix time `unix_base_s`, in seconds.
    pub fn new(unix_base_s: u64) -> Self {
        Self::with_limits(unix_base_s, Limits::default())
    }

    /// The same with other limits.
    pub const fn with_limits(unix_base_s: u64, limits: Limits) -> Self {
        Self { store: Store::new(unix_base_s, limits), limits }
    }

    /// The same service with this number in the hashes of its keys: a server that strangers use draws it at random, so that nobody
    /// can choose keys that collide. Answers do not depend on it.
    #[must_use]
    pub const fn with_hash_seed(mut self, seed: u64) -> Self {
        self.store.set_hash_seed(seed);
        self
    }

    /// The limits.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Namespaces, keys, values (as JSON text) and deadlines, by namespace and key; including expired entries that no
    /// request has found yet. O(n log n).
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str, &str, Instant)> {
        self.store.entries()
    }

    /// Entries held, including expired ones that no request has found yet. O(namespaces).
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Bytes that they weigh.
    pub const fn bytes(&self) -> u64 {
        self.store.bytes()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many entries and namespaces have been visited so far: by selections, changes of limits and policies, lists, and
    /// evictions. A host that bounds a client's work, not only its memory, limits this.
    pub const fn entries_walked(&self) -> u64 {
        self.store.walked()
    }

    /// The sums over all namespaces, and how many namespaces there are. O(namespaces).
    pub fn totals(&self) -> (Stats, usize) {
        self.store.totals()
    }

    /// Answers one line of a script (see [`parse_line`]); a line that is not a request gets 400 and a sentence that says why.
    pub fn answer_line(&mut self, line: &str, now: Instant) -> HttpAnswer {
        match parse_line(line) {
            Ok(request) => self.handle(request.method, request.target, request.body, now),
            Err(error) => Failure::BadRequest(error.mistake).into(),
        }
    }

    /// Parses, executes and answers one request. `path_and_query` is percent-encoded, as it stands in a request line.
    pub fn handle(&mut self, method: &str, path_and_query: &str, body: Option<&str>, now: Instant) -> HttpAnswer {
        let request = Request::read(method, path_and_query, body, &self.limits);
        request.and_then(|request| self.obey(request, now)).into()
    }

    /// Executes one request. O(log n) for each key that is named, expired or evicted, and O(namespaces) when all namespaces
    /// together are full. A selection, or a change of a limit or a policy, visits all keys of the namespace.
    ///
    /// # Errors
    /// What is requested does not exist, or does not fit.
    pub fn obey(&mut self, request: Request, now: Instant) -> Result<Reply, Failure> {
        let store = &mut self.store;
        Ok(match request {
            Request::Health => {
                let bytes_max = self.limits.storage_bytes_max as u64;
                Reply::Healthy { bytes: store.bytes(), bytes_max, store: "memory" }
            }
            Request::Get { namespace, key } => store.read(&namespace, &key, now).map_or(Reply::Missed, Reply::Found),
            Request::Put { namespace, entry } => {
                let key = entry.key.clone();
                Reply::Stored { key, created: store.put(&namespace, vec![entry], now)? }
            }
            Request::Delete { namespace, key } => {
                if !store.delete(&namespace, &key, now) {
                    return Err(Failure::KeyNotFound);
                }
                Reply::Deleted
            }
            Request::Mget { namespace, keys } => {
                let read = |key: String| {
                    let value = store.read(&namespace, &key, now).map(|found| found.value);
                    (key, value)
                };
                let results: Vec<_> = keys.into_iter().map(read).collect();
                check_answer(&results)?;
                Reply::Many(results)
            }
            Request::Mset { namespace, entries } => {
                let stored = entries.len();
                store.put(&namespace, entries, now)?;
                Reply::StoredMany(stored)
            }
            Request::Flush { namespace, selection } => Reply::Flushed(store.flush(&namespace, &selection, now)),
            Request::Stats { namespace } => Reply::Stats(store.stats(&namespace, now)),
            Request::Namespaces => Reply::Namespaces(store.all()),
            Request::Settings { namespace } => Reply::Settings(store.settings(&namespace)),
            Request::Configure { namespace, change } => Reply::Settings(store.configure(&namespace, change, now)?),
            Request::Forget { namespace } => {
                if !store.forget(&namespace) {
                    return Err(Failure::NamespaceNotFound);
                }
                Reply::Deleted
            }
            Request::Audit { namespace } => Reply::Audit(store.changes(&namespace)),
        })
    }

    /// The settings of a namespace. O(log namespaces).
    pub fn settings(&self, namespace: &str) -> Settings {
        self.store.settings(namespace).settings
    }

    /// The changes of a namespace's settings: the last hundred, oldest first.
    pub fn changes(&self, namespace: &str) -> Vec<Changed> {
        self.store.changes(namespace)
    }

    /// Sets settings, and the changes that led to them, from an outside store.
    ///
    /// # Errors
    /// There are as many namespaces as allowed.
    pub fn restore(&mut self, named: &Named, changes: Vec<Changed>, now: Instant) -> Result<(), Failure> {
        self.store.restore(named, changes, now)
    }
}

/// Refuses results whose values are more than one answer may hold; a key that occurs twice counts once.
///
/// # Errors
/// They are more.
pub fn check_answer(results: &[(String, Option<Arc<str>>)]) -> Result<(), Failure> {
    let bytes: usize = results.iter().filter_map(|(_, value)| value.as_ref()).map(|value| value.len()).sum();
    if bytes <= ANSWER_BYTES_MAX {
        return Ok(());
    }
    let mut seen = std::collections::BTreeSet::new();
    let once = results.iter().filter(|(key, _)| seen.insert(key.as_str()));
    let bytes: usize = once.filter_map(|(_, value)| value.as_ref()).map(|value| value.len()).sum();
    if bytes <= ANSWER_BYTES_MAX { Ok(()) } else { Err(Failure::TooManyKeys) }
}
