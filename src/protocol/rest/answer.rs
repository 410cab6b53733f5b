//! Answers, and their JSON.

use super::date::rfc3339;
use super::{Failure, Settings};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

/// An answer; `Display` is its text form (see the module).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Names and values in the order of the names. Every body is `application/json`; the host adds that header.
    pub headers: Vec<(&'static str, String)>,
    /// Compact JSON.
    pub body: String,
}

impl HttpAnswer {
    /// The words behind the status code.
    pub const fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            201 => "Created",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            507 => "Insufficient Storage",
            _ => "Unknown",
        }
    }

    fn new(status: u16, body: impl Serialize) -> Self {
        Self::of_text(status, serde_json::to_string(&body).expect("these bodies are plain data"))
    }

    const fn of_text(status: u16, body: String) -> Self {
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

/// An entry that was read. Times are Unix times in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value's JSON text, as it was written.
    pub value: Arc<str>,
    /// Whole seconds, rounded up, so that a living entry never shows 0.
    pub ttl_remaining_s: u64,
    /// When this value was stored.
    pub created_at_s: u64,
    /// When it was last stored or read.
    pub last_accessed_s: u64,
    /// Reads since it was stored, this one included.
    pub access_count: u64,
    /// Its tags.
    pub tags: Vec<String>,
}

/// The statistics of a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Reads that found an entry.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Entries that left to make room.
    pub evictions: u64,
    /// Entries held.
    pub entries: u64,
    /// Bytes held.
    pub bytes: u64,
}

/// The settings of a namespace. The time is a Unix time in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The namespace.
    pub name: String,
    /// Its settings.
    pub settings: Settings,
    /// When it was first used or set; `None` if never.
    pub created_at_s: Option<u64>,
}

/// One setting that was changed. The time is a Unix time in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// When.
    pub at_s: u64,
    /// Which setting.
    pub setting: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// The answer to a request that succeeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The service works.
    Healthy {
        /// Bytes held.
        bytes: u64,
        /// The most bytes to hold.
        bytes_max: u64,
        /// Where the entries are: `memory`, or another store's name.
        store: &'static str,
    },
    /// A read found this entry.
    Found(Found),
    /// A read found nothing.
    Missed,
    /// An entry was stored.
    Stored {
        /// Its key.
        key: String,
        /// Whether it is new.
        created: bool,
    },
    /// An entry was deleted.
    Deleted,
    /// Each key that was asked for, in that order, with its value.
    Many(Vec<(String, Option<Arc<str>>)>),
    /// How many entries were stored.
    StoredMany(usize),
    /// How many entries were deleted.
    Flushed(u64),
    /// The statistics of a namespace.
    Stats(Stats),
    /// Every namespace that is used or set, by name.
    Namespaces(Vec<Named>),
    /// The settings of a namespace.
    Settings(Named),
    /// The changes of its settings, oldest first.
    Audit(Vec<Changed>),
}

impl From<Result<Reply, Failure>> for HttpAnswer {
    fn from(outcome: Result<Reply, Failure>) -> Self {
        match outcome {
            Ok(reply) => reply.into(),
            Err(failure) => failure.into(),
        }
    }
}

impl From<Failure> for HttpAnswer {
    fn from(failure: Failure) -> Self {
        let headers = match failure {
            Failure::MethodNotAllowed { allow } => vec![("Allow", allow.to_owned())],
            _ => Vec::new(),
        };
        Self { status: failure.status(), headers, body: format!("{{\"error\":{}}}", text(&failure.to_string())) }
    }
}

impl From<Reply> for HttpAnswer {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Healthy { bytes, bytes_max, store } => health(bytes, bytes_max, store),
            Reply::Found(found) => self::found(&found),
            Reply::Missed => {
                let headers = vec![("X-Cache-Hit", "false".to_owned())];
                Self { headers, ..Failure::KeyNotFound.into() }
            }
            Reply::Stored { key, created } => stored(&key, created),
            Reply::Deleted => Self::of_text(200, "{\"success\":true,\"deleted\":true}".to_owned()),
            Reply::Many(results) => many(&results),
            Reply::StoredMany(stored) => Self::of_text(200, format!("{{\"success\":true,\"stored\":{stored}}}")),
            Reply::Flushed(count) => Self::of_text(200, format!("{{\"success\":true,\"deleted_count\":{count}}}")),
            Reply::Stats(stats) => Self::new(200, StatsBody::new(stats)),
            Reply::Namespaces(all) => {
                #[derive(Serialize)]
                struct Body {
                    namespaces: Vec<SettingsBody>,
                }
                Self::new(200, Body { namespaces: all.into_iter().map(SettingsBody::new).collect() })
            }
            Reply::Settings(named) => Self::new(200, SettingsBody::new(named)),
            Reply::Audit(changes) => audit(&changes),
        }
    }
}

/// The value's text is copied into the answer without being parsed again.
fn found(found: &Found) -> HttpAnswer {
    let mut body = String::with_capacity(found.value.len() + 160);
    _ = write!(
        body,
        "{{\"value\":{},\"metadata\":{{\"ttl_remaining\":{},\"created_at\":\"{}\",\"last_accessed\":\"{}\",\
         \"access_count\":{},\"size_bytes\":{}",
        found.value,
        found.ttl_remaining_s,
        rfc3339(found.created_at_s),
        rfc3339(found.last_accessed_s),
        found.access_count,
        found.value.len(),
    );
    if !found.tags.is_empty() {
        body.push_str(",\"tags\":[");
        push_list(&mut body, &found.tags, |body, tag| body.push_str(&text(tag)));
        body.push(']');
    }
    body.push_str("}}");
    let ttl = found.ttl_remaining_s.to_string();
    let headers = vec![("X-Cache-Hit", "true".to_owned()), ("X-Cache-TTL", ttl)];
    HttpAnswer { headers, ..HttpAnswer::of_text(200, body) }
}

fn stored(key: &str, created: bool) -> HttpAnswer {
    let body = format!("{{\"success\":true,\"key\":{},\"created\":{created}}}", text(key));
    HttpAnswer::of_text(if created { 201 } else { 200 }, body)
}

/// In the order of the request. A key that is requested twice occurs once, but counts as two reads.
fn many(results: &[(String, Option<Arc<str>>)]) -> HttpAnswer {
    let mut seen = BTreeSet::new();
    let first = results.iter().filter(|(key, _)| seen.insert(key.as_str()));
    let mut body = "{\"results\":{".to_owned();
    push_list(&mut body, first, |body, (key, value)| {
        let (json, found) = (value.as_deref().unwrap_or("null"), value.is_some());
        _ = write!(body, "{}:{{\"value\":{json},\"found\":{found}}}", text(key));
    });
    let hits = results.iter().filter(|(_, value)| value.is_some()).count();
    _ = write!(body, "}},\"hits\":{hits},\"misses\":{}}}", results.len() - hits);
    HttpAnswer::of_text(200, body)
}

fn audit(changes: &[Changed]) -> HttpAnswer {
    let mut body = "{\"changes\":[".to_owned();
    push_list(&mut body, changes, |body, change| {
        let [setting, old, new] = [&change.setting, &change.old, &change.new].map(|word| text(word));
        let at = rfc3339(change.at_s);
        _ = write!(body, "{{\"changed_at\":\"{at}\",\"setting\":{setting},\"old\":{old},\"new\":{new}}}");
    });
    body.push_str("]}");
    HttpAnswer::of_text(200, body)
}

fn push_list<T>(body: &mut String, items: impl IntoIterator<Item = T>, mut push: impl FnMut(&mut String, T)) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        push(body, item);
    }
}

/// Text as JSON.
pub(super) fn text(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

#[derive(Serialize)]
struct StatsBody {
    hits: u64,
    misses: u64,
    /// Rounded to thousandths.
    hit_rate: f64,
    total_keys: u64,
    /// Of 1024 x 1024 bytes, rounded to thousandths.
    memory_used_mb: f64,
    memory_used_bytes: u64,
    evictions: u64,
}

impl StatsBody {
    fn new(stats: Stats) -> Self {
        Self {
            hits: stats.hits,
            misses: stats.misses,
            hit_rate: ratio(stats.hits, stats.hits.saturating_add(stats.misses)),
            total_keys: stats.entries,
            memory_used_mb: ratio(stats.bytes, 1024 * 1024),
            memory_used_bytes: stats.bytes,
            evictions: stats.evictions,
        }
    }
}

#[derive(Serialize)]
struct SettingsBody {
    name: String,
    default_ttl: u64,
    /// Of 1024 x 1024 bytes, rounded to thousandths.
    max_size_mb: f64,
    max_size_bytes: u64,
    eviction_policy: String,
    created_at: Option<String>,
}

impl SettingsBody {
    fn new(named: Named) -> Self {
        let Settings { default_ttl_s, max_bytes, eviction } = named.settings;
        Self {
            name: named.name,
            default_ttl: default_ttl_s,
            max_size_mb: ratio(max_bytes, 1024 * 1024),
            max_size_bytes: max_bytes,
            eviction_policy: eviction.name(),
            created_at: named.created_at_s.map(rfc3339),
        }
    }
}

/// `part / whole`, rounded to thousandths by integer arithmetic, so that every host rounds alike; 0 when `whole` is 0.
#[expect(clippy::cast_precision_loss, reason = "thousandths of anything here are far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    let (part, whole) = (u128::from(part), u128::from(whole));
    let thousandths = (part * 2000 + whole).checked_div(whole * 2).unwrap_or(0);
    thousandths as f64 / 1000.0
}

/// `redis` is the API's name for the store behind the service, whichever it is; `store` says which.
fn health(bytes: u64, bytes_max: u64, store: &str) -> HttpAnswer {
    let percent = (u128::from(bytes) * 100).checked_div(u128::from(bytes_max)).unwrap_or(100);
    let body = format!(
        "{{\"status\":\"healthy\",\"redis\":\"connected\",\"memory_usage\":\"{percent}%\",\"store\":\"{store}\"}}"
    );
    HttpAnswer::of_text(200, body)
}
