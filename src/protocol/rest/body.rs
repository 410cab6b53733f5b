//! Parsing of JSON bodies.

use super::settings::{self, Change};
use super::{Failure, KEYS_MAX, TAG_CHARS_MAX, TAGS_MAX, path};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The key.
    pub key: String,
    /// The value's JSON text, as it was written.
    pub value: Arc<str>,
    /// The time to live in seconds, at least 1; `None` for the namespace's default.
    pub ttl_s: Option<u64>,
    /// Sorted, without duplicates.
    pub tags: Vec<String>,
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// The entry of a `PUT`.
pub(super) fn read_put(key: String, body: Option<&str>, value_bytes_max: usize) -> Result<NewEntry, Failure> {
    read_entry(key, &read_object(body)?, value_bytes_max)
}

/// The keys of an `mget`.
pub(super) fn read_keys(body: Option<&str>) -> Result<Vec<String>, Failure> {
    let keys = read_list::<String>(&read_object(body)?, "keys");
    let keys = keys.ok().flatten().ok_or(Failure::InvalidKeys)?;
    if keys.len() > KEYS_MAX {
        return Err(Failure::TooManyKeys);
    }
    if keys.iter().all(|key| path::is_key(key)) { Ok(keys) } else { Err(Failure::InvalidKey) }
}

/// The entries of an `mset`.
pub(super) fn read_entries(body: Option<&str>, value_bytes_max: usize) -> Result<Vec<NewEntry>, Failure> {
    let fields = read_object(body)?;
    let entries = read_list::<Fields<'_>>(&fields, "entries").ok().flatten().ok_or(Failure::InvalidEntries)?;
    if entries.len() > KEYS_MAX {
        return Err(Failure::TooManyKeys);
    }
    let entry = |fields: Fields<'_>| {
        let key = fields.get("key").ok_or(Failure::InvalidEntries)?;
        let key: String = serde_json::from_str(key.get()).map_err(|_| Failure::InvalidEntries)?;
        let entry = read_entry(key, &fields, value_bytes_max)?;
        if path::is_key(&entry.key) { Ok(entry) } else { Err(Failure::InvalidKey) }
    };
    entries.into_iter().map(entry).collect()
}

/// The new settings of a namespace.
pub(super) fn read_change(body: Option<&str>) -> Result<Change, Failure> {
    settings::read_change(&read_object(body)?)
}

fn read_object(body: Option<&str>) -> Result<Fields<'_>, Failure> {
    let json: &RawValue = body.and_then(|body| serde_json::from_str(body).ok()).ok_or(Failure::MalformedJson)?;
    serde_json::from_str(json.get()).map_err(|_| Failure::NotAnObject)
}

/// A list that may be missing (or `null`); an error for anything else.
fn read_list<'a, T: serde::Deserialize<'a>>(fields: &Fields<'a>, name: &str) -> Result<Option<Vec<T>>, ()> {
    fields.get(name).map_or(Ok(None), |json| serde_json::from_str(json.get()).map_err(|_| ()))
}

fn read_entry(key: String, fields: &Fields<'_>, value_bytes_max: usize) -> Result<NewEntry, Failure> {
    let tags = read_tags(fields)?;
    let value = *fields.get("value").ok_or(Failure::MissingValue)?;
    // A text's quotes do not count: one of exactly the limit fits.
    let quotes = if value.get().starts_with('"') { 2 } else { 0 };
    if value.get().len() - quotes > value_bytes_max {
        return Err(Failure::ValueTooLarge);
    }
    let ttl_s = match fields.get("ttl").filter(|ttl| ttl.get() != "null") {
        Some(ttl) => Some(settings::whole_number(ttl).ok_or(Failure::InvalidTtl)?),
        None => None,
    };
    Ok(NewEntry { key, value: value.get().into(), ttl_s: ttl_s.filter(|&ttl_s| ttl_s > 0), tags })
}

fn read_tags(fields: &Fields<'_>) -> Result<Vec<String>, Failure> {
    let mut tags = read_list::<String>(fields, "tags").map_err(|()| Failure::InvalidTags)?.unwrap_or_default();
    if tags.len() > TAGS_MAX || tags.iter().any(|tag| !(1..=TAG_CHARS_MAX).contains(&tag.chars().count())) {
        return Err(Failure::InvalidTag);
    }
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}
