//! What a full namespace does, and its names.

use crate::cache::EvictionPolicy;

/// What a full namespace does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// It evicts the entry that this policy chooses.
    Policy(EvictionPolicy),
    /// It refuses what does not fit.
    Refuse,
}

impl Eviction {
    /// The name in settings: `LRU` and the like, `NONE` for refusing.
    pub fn name(self) -> String {
        match self {
            Self::Policy(policy) => policy.name().to_ascii_uppercase(),
            Self::Refuse => "NONE".to_owned(),
        }
    }

    /// The one with that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("none") {
            return Some(Self::Refuse);
        }
        EvictionPolicy::from_name(name).map(Self::Policy)
    }

    /// All names, in the order in which they are presented.
    pub fn names() -> impl Iterator<Item = String> {
        EvictionPolicy::ALL.into_iter().map(Self::Policy).chain([Self::Refuse]).map(Self::name)
    }

    /// All names in a sentence, with this word before the last: `LRU, LFU or NONE`.
    pub(super) fn listed(or: &str) -> String {
        let names: Vec<String> = Self::names().collect();
        let (last, others) = names.split_last().expect("there is one that refuses");
        format!("{} {or} {last}", others.join(", "))
    }
}
