//! The settings of a namespace: default TTL, size limit and eviction policy.

use super::limits::INTEGER_MAX;
use super::{DEFAULT_TTL_S, Eviction, Failure};
use crate::cache::EvictionPolicy;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const MEBIBYTE: u64 = 1024 * 1024;

/// The settings of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The TTL of an entry that is given none, in seconds.
    pub default_ttl_s: u64,
    /// The limit for all entries, in bytes of their keys and values.
    pub max_bytes: u64,
    /// What happens at that limit.
    pub eviction: Eviction,
}

impl Default for Settings {
    /// An hour, 100 MiB, LRU.
    fn default() -> Self {
        Self {
            default_ttl_s: DEFAULT_TTL_S,
            max_bytes: 100 * MEBIBYTE,
            eviction: Eviction::Policy(EvictionPolicy::LRU),
        }
    }
}

impl Settings {
    /// These settings with the change applied.
    #[must_use]
    pub fn with(self, change: Change) -> Self {
        Self {
            default_ttl_s: change.default_ttl_s.unwrap_or(self.default_ttl_s),
            max_bytes: change.max_bytes.unwrap_or(self.max_bytes),
            eviction: change.eviction.unwrap_or(self.eviction),
        }
    }

    /// The differences, as the audit trail records them: name, old and new value.
    pub fn differences(self, new: Self) -> Vec<(&'static str, String, String)> {
        let rows = [
            ("default_ttl", self.default_ttl_s.to_string(), new.default_ttl_s.to_string()),
            ("max_size_bytes", self.max_bytes.to_string(), new.max_bytes.to_string()),
            ("eviction_policy", self.eviction.name(), new.eviction.name()),
        ];
        rows.into_iter().filter(|(_, old, new)| old != new).collect()
    }
}

/// A change of settings; `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// See [`Settings::default_ttl_s`].
    pub default_ttl_s: Option<u64>,
    /// See [`Settings::max_bytes`].
    pub max_bytes: Option<u64>,
    /// See [`Settings::eviction`].
    pub eviction: Option<Eviction>,
}

/// Reads `{"default_ttl"?, "max_size_mb"? | "max_size_bytes"?, "eviction_policy"?}`.
pub(super) fn read_change(fields: &BTreeMap<String, &RawValue>) -> Result<Change, Failure> {
    let mut change = Change::default();
    for (name, json) in fields {
        match name.as_str() {
            "default_ttl" => {
                change.default_ttl_s = Some(whole(json, INTEGER_MAX).ok_or(Failure::InvalidDefaultTtl)?);
            }
            "max_size_mb" | "max_size_bytes" if change.max_bytes.is_some() => return Err(Failure::TwoSizes),
            "max_size_mb" => {
                change.max_bytes = Some(whole(json, INTEGER_MAX).ok_or(Failure::InvalidSize)? * MEBIBYTE);
            }
            "max_size_bytes" => {
                change.max_bytes = Some(whole(json, INTEGER_MAX * MEBIBYTE).ok_or(Failure::InvalidSize)?);
            }
            "eviction_policy" => {
                let name: String = serde_json::from_str(json.get()).map_err(|_| Failure::InvalidPolicy)?;
                change.eviction = Some(Eviction::from_name(&name).ok_or(Failure::InvalidPolicy)?);
            }
            _ => return Err(Failure::UnknownSetting),
        }
    }
    Ok(change)
}

/// A whole number from 1 to `max`.
fn whole(json: &RawValue, max: u64) -> Option<u64> {
    whole_number(json).filter(|number| (1..=max).contains(number))
}

/// A whole number. JSON may write it with a fraction of zeros or an exponent: `60.0` and `6e1` are 60.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the float has no fraction and is not negative, and what is too large becomes the largest"
)]
pub(super) fn whole_number(json: &RawValue) -> Option<u64> {
    let exact = serde_json::from_str(json.get()).ok();
    exact.or_else(|| {
        let float: f64 = serde_json::from_str(json.get()).ok()?;
        (float.fract() == 0.0 && float >= 0.0).then_some(float as u64)
    })
}
