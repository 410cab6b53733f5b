//! What catalogues list about an exercise. Grading does not depend on it.

use serde::{Deserialize, Serialize};

use super::{Exercise, InterfaceKind};

/// A pack's table `[about]`; every field may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct About {
    /// How advanced it is in the curriculum.
    pub tier: Option<u32>,
    /// How hard it is, from 1 to 10.
    pub difficulty: Option<u32>,
    /// The experience points that solving it earns.
    pub xp: Option<u32>,
    /// How long it takes, in minutes.
    pub minutes: Option<u32>,
    /// What it is about.
    pub tags: Vec<String>,
    /// The exercises that should be solved before.
    pub prerequisites: Vec<String>,
}

/// An exercise as `spec.json` has it, with the keys in the catalogue's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Spec {
    name: String,
    language: &'static str,
    languages: Vec<&'static str>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difficulty: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xp: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
    tags: Vec<String>,
    prerequisites: Vec<String>,
    max_score: u32,
    passing_score: u32,
}

impl Exercise {
    /// The exercise in a catalogue's form.
    pub fn spec(&self) -> Spec {
        let languages: Vec<_> = self.languages.iter().map(|language| language.name()).collect();
        let About { tier, difficulty, xp, minutes, tags, prerequisites } = self.about.clone();
        Spec {
            name: self.id.replace('-', "_"),
            language: languages.first().copied().unwrap_or_default(),
            languages,
            kind: match self.interface {
                InterfaceKind::Prototype | InterfaceKind::Simulate | InterfaceKind::Nodes => "code",
                InterfaceKind::Tests => "tests",
                InterfaceKind::Script => "script",
                InterfaceKind::Service => "service",
            },
            tier,
            difficulty,
            xp,
            minutes,
            tags,
            prerequisites,
            max_score: self.max_score(),
            passing_score: self.passing_score,
        }
    }
}
