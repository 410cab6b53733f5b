//! The JSON bodies, as they come and as they go.

use super::store::Stats;
use super::{DEFAULT_TTL_S, Failure, path};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// One entry of `mset`.
pub(super) struct NewEntry {
    pub(super) key: String,
    pub(super) value: Box<RawValue>,
    pub(super) ttl_s: u64,
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// The value and the TTL of a `PUT`.
pub(super) fn read_put(body: Option<&str>, value_bytes_max: usize) -> Result<(Box<RawValue>, u64), Failure> {
    let fields = read_object(body)?;
    read_list::<String>(&fields, "tags").map_err(|()| Failure::InvalidTags)?;
    read_value(&fields, value_bytes_max)
}

/// The keys of an `mget`.
pub(super) fn read_keys(body: Option<&str>) -> Result<Vec<String>, Failure> {
    let keys = read_list::<String>(&read_object(body)?, "keys");
    let keys = keys.ok().flatten().ok_or(Failure::InvalidKeys)?;
    if keys.iter().all(|key| path::is_key(key)) { Ok(keys) } else { Err(Failure::InvalidKey) }
}

/// The entries of an `mset`.
pub(super) fn read_entries(body: Option<&str>, value_bytes_max: usize) -> Result<Vec<NewEntry>, Failure> {
    let fields = read_object(body)?;
    let entries = read_list::<Fields<'_>>(&fields, "entries").ok().flatten().ok_or(Failure::InvalidEntries)?;
    let entry = |fields: Fields<'_>| {
        let key = fields.get("key").ok_or(Failure::InvalidEntries)?;
        let key: String = serde_json::from_str(key.get()).map_err(|_| Failure::InvalidEntries)?;
        let (value, ttl_s) = read_value(&fields, value_bytes_max)?;
        if path::is_key(&key) { Ok(NewEntry { key, value, ttl_s }) } else { Err(Failure::InvalidKey) }
    };
    entries.into_iter().map(entry).collect()
}

fn read_object(body: Option<&str>) -> Result<Fields<'_>, Failure> {
    let json: &RawValue = body.and_then(|body| serde_json::from_str(body).ok()).ok_or(Failure::MalformedJson)?;
    serde_json::from_str(json.get()).map_err(|_| Failure::NotAnObject)
}

/// A list that may be missing (or `null`), or what is no list.
fn read_list<'a, T: serde::Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<Option<Vec<T>>, ()> {
    fields.get(name).map_or(Ok(None), |json| serde_json::from_str(json.get()).map_err(|_| ()))
}

fn read_value(fields: &Fields<'_>, value_bytes_max: usize) -> Result<(Box<RawValue>, u64), Failure> {
    let value = *fields.get("value").ok_or(Failure::MissingValue)?;
    if value.get().len() > value_bytes_max {
        return Err(Failure::ValueTooLarge);
    }
    let ttl_s: Option<u64> = match fields.get("ttl") {
        Some(ttl) => serde_json::from_str(ttl.get()).map_err(|_| Failure::InvalidTtl)?,
        None => None,
    };
    Ok((value.to_owned(), ttl_s.filter(|&ttl_s| ttl_s > 0).unwrap_or(DEFAULT_TTL_S)))
}

#[derive(Serialize)]
pub(super) struct GetBody<'a> {
    value: &'a RawValue,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Metadata {
    ttl_remaining: u64,
    created_at: String,
}

impl<'a> GetBody<'a> {
    pub(super) fn new(value: &'a RawValue, ttl_remaining: u64, created_at: String) -> Self {
        Self { value, metadata: Metadata { ttl_remaining, created_at } }
    }
}

#[derive(Default, Serialize)]
pub(super) struct MgetBody {
    #[serde(serialize_with = "in_order")]
    results: Vec<(String, Found)>,
    hits: u64,
    misses: u64,
}

#[derive(Serialize)]
struct Found {
    value: Option<Box<RawValue>>,
    found: bool,
}

impl MgetBody {
    pub(super) fn push(&mut self, key: String, value: Option<Box<RawValue>>) {
        let found = value.is_some();
        self.hits += u64::from(found);
        self.misses += u64::from(!found);
        self.results.push((key, Found { value, found }));
    }
}

/// An object with its keys in the order in which they were asked for; a key that was asked for twice stands there once.
fn in_order<S: Serializer>(results: &[(String, Found)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    let mut seen = BTreeSet::new();
    for (key, found) in results.iter().filter(|(key, _)| seen.insert(key)) {
        map.serialize_entry(key, found)?;
    }
    map.end()
}

#[derive(Serialize)]
pub(super) struct StatsBody {
    hits: u64,
    misses: u64,
    /// Rounded to thousandths.
    hit_rate: f64,
    total_keys: usize,
    /// Of 1024 x 1024 bytes, rounded to thousandths.
    memory_used_mb: f64,
    memory_used_bytes: usize,
    evictions: u64,
}

impl StatsBody {
    pub(super) fn new(stats: &Stats) -> Self {
        Self {
            hits: stats.hits,
            misses: stats.misses,
            hit_rate: ratio(stats.hits, stats.hits + stats.misses),
            total_keys: stats.entries,
            memory_used_mb: ratio(stats.bytes as u64, 1024 * 1024),
            memory_used_bytes: stats.bytes,
            evictions: stats.evictions,
        }
    }
}

/// `part / whole`, rounded to thousandths by integer arithmetic, so that every host rounds alike; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "thousandths of anything here are far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    let (part, whole) = (u128::from(part), u128::from(whole));
    let thousandths = (part * 2000 + whole).checked_div(whole * 2).unwrap_or(0);
    thousandths as f64 / 1000.0
}

#[derive(Serialize)]
pub(super) struct HealthBody {
    status: &'static str,
    /// The API's word; the store behind this service is always there.
    redis: &'static str,
    memory_usage: String,
}

impl HealthBody {
    pub(super) fn new(bytes: usize, bytes_max: usize) -> Self {
        let percent = (bytes as u128 * 100).checked_div(bytes_max as u128).unwrap_or(100);
        Self { status: "healthy", redis: "connected", memory_usage: format!("{percent}%") }
    }
}
