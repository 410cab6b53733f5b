//! What a learner is told of an exercise before handing in: no case, no expected answer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CodeLanguage, Exercise};
use crate::sentences::category_name;
use cachedojo_notation::text::{Bilingual, Language};

/// An exercise as a learner meets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brief {
    /// Its name on the command line.
    pub id: String,
    /// Its name for people.
    pub title: Bilingual,
    /// Its statement, in Markdown; empty if it has none.
    pub statement: Bilingual,
    /// The rows of its table.
    pub rows: Vec<BriefRow>,
    /// The points there are.
    pub max_score: u32,
    /// From how many points it is passed.
    pub passing_score: u32,
    /// What to begin with, in each of its languages.
    pub starters: Vec<Starter>,
}

/// A row of an exercise's table, without what it checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BriefRow {
    /// Its stable id, as in a report.
    pub id: String,
    /// What it is about.
    pub title: Bilingual,
    /// Its category.
    pub category: Bilingual,
    /// Its points.
    pub points: u32,
}

/// The files to begin an exercise with, in a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Starter {
    /// The language.
    pub language: CodeLanguage,
    /// The files, by path.
    pub files: BTreeMap<String, String>,
}

impl Brief {
    /// The brief of an exercise with this statement and these files to begin with. Cost: O(exercise).
    pub fn of(exercise: &Exercise, statement: Bilingual, starters: Vec<Starter>) -> Self {
        let told = |category: &str| Bilingual {
            en: category_name(category, Language::English).to_owned(),
            fr: category_name(category, Language::French).to_owned(),
        };
        let checks = exercise.checks.iter().map(|check| BriefRow {
            id: check.id.clone(),
            title: check.title.clone(),
            category: told(&check.category),
            points: check.points,
        });
        // A row of growth without points is measured and told, and earns nothing.
        let growth = exercise.growth.iter().filter(|row| row.points > 0).map(|row| BriefRow {
            id: row.id.clone(),
            title: row.title.clone(),
            category: told("Complexity"),
            points: row.points,
        });
        Self {
            id: exercise.id.clone(),
            title: exercise.title.clone(),
            statement,
            rows: checks.chain(growth).collect(),
            max_score: exercise.max_score(),
            passing_score: exercise.passing_score,
            starters,
        }
    }
}
