//! Rows beyond the checks, only when `--with` asks for them: how fast a service is beside the pack's own solution, and what it
//! does in hard times. The pack's `extra.toml` lists them; they give points only where that file says so.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`outcome`] | how a row went |
//! | [`race`] | performance: a service and the reference take turns at the same work |
//! | [`storm`] | chaos: connections and bodies that make trouble, and how many answers there are |

mod outcome;
mod race;
mod storm;

use std::fmt;
use std::time::{Duration, Instant};

use cachedojo_judge::Verdict;
use cachedojo_judge::report::CheckReport;
use cachedojo_notation::text::{Bilingual, Language};
use serde::Deserialize;

use self::outcome::RowOutcome;
use super::service::Service;
use crate::host::progress::{self, ServiceProgress};
use crate::language::toolchain::Extra;

/// The file of a pack that lists the rows.
pub const FILE: &str = "extra.toml";
/// The time for all rows of a kind; one that is not begun by then is not tried. A slow service loses rows of speed, and is tried in
/// hard times all the same.
const ALL: Duration = Duration::from_mins(2);
/// The most rows.
const ROWS_MAX: usize = 40;

/// A row of the pack's file.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    title: Bilingual,
    #[serde(flatten)]
    trial: Trial,
    /// What the row gives.
    #[serde(default)]
    points: u32,
}

/// What is tried.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Trial {
    /// The work, and the least share of the reference's rate, in percent.
    Performance { work: race::Work, at_least_percent: u32 },
    /// The trouble.
    Chaos { trouble: storm::Storm },
}

impl Trial {
    fn kind(&self) -> Extra {
        match self {
            // It belongs to the document's table P, and is a count all the same.
            Self::Performance { .. } | Self::Chaos { trouble: storm::Storm::Pool } => Extra::Performance,
            Self::Chaos { .. } => Extra::Chaos,
        }
    }
}

/// Why no row was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotTried {
    /// The pack's file is wrong: where, and why.
    BadFile(String),
    /// The pack's solution does not start: why.
    NoReference(String),
}

impl fmt::Display for NotTried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadFile(why) => write!(f, "{FILE}: {why}"),
            Self::NoReference(why) => write!(f, "the pack's solution does not start: {why}"),
        }
    }
}

/// The rows of a pack's file.
///
/// # Errors
/// The file is wrong: where, and why.
fn rows(text: &str) -> Result<Vec<Row>, NotTried> {
    #[derive(Deserialize)]
    struct File {
        rows: Vec<Row>,
    }
    let file: File = toml::from_str(text).map_err(|error| NotTried::BadFile(error.to_string()))?;
    if file.rows.len() > ROWS_MAX {
        return Err(NotTried::BadFile(format!("more than {ROWS_MAX} rows: leave some out")));
    }
    Ok(file.rows)
}

/// Tries the rows of these kinds. The reference is started, beside the service and in the same way, if a row is about speed.
///
/// # Errors
/// The pack's file is wrong, or its solution does not start.
#[expect(clippy::disallowed_methods, reason = "what a stranger's service takes is measured and bounded")]
pub fn try_rows(
    text: &str,
    kinds: &[Extra],
    language: Language,
    service: &Service,
    reference: &dyn Fn() -> Result<Service, String>,
) -> Result<Vec<CheckReport>, NotTried> {
    let mut rows: Vec<_> = rows(text)?.into_iter().filter(|row| kinds.contains(&row.trial.kind())).collect();
    // A restart ends whatever this process has started, the reference too: so trouble comes last.
    rows.sort_by_key(|row| row.trial.kind() == Extra::Chaos);
    let mut spent = [Duration::ZERO; 2];
    let is_raced = rows.iter().any(|row| row.trial.kind() == Extra::Performance);
    let reference = if is_raced { Some(reference().map_err(NotTried::NoReference)?) } else { None };
    let of = rows.len();
    Ok(rows
        .iter()
        .zip(1..)
        .map(|(row, at)| {
            progress::report(ServiceProgress::Row { at, of });
            let kind = row.trial.kind();
            let spent = &mut spent[usize::from(kind == Extra::Chaos)];
            if *spent > ALL {
                return row_report(row, kind, language, &RowOutcome::too_late(ALL));
            }
            let began = Instant::now();
            let outcome = match (&row.trial, &reference) {
                (Trial::Performance { work, at_least_percent }, Some(reference)) => {
                    race::run(*work, *at_least_percent, service, reference)
                }
                (Trial::Performance { .. }, None) => RowOutcome::no_reference(),
                (Trial::Chaos { trouble }, _) => trouble.make(service),
            };
            *spent += began.elapsed();
            row_report(row, kind, language, &outcome)
        })
        .collect())
}

fn row_report(row: &Row, kind: Extra, language: Language, outcome: &RowOutcome) -> CheckReport {
    let seen = outcome.seen.get(language);
    let category = match (kind, language) {
        (Extra::Performance, _) => "Performance",
        (Extra::Chaos, Language::English) => "Chaos",
        (Extra::Chaos, Language::French) => "Perturbations",
    };
    let is_good = outcome.verdict == Verdict::Pass;
    CheckReport {
        title: format!("{} ({seen})", row.title.get(language)),
        category: category.to_owned(),
        points: if is_good { row.points } else { 0 },
        max_points: row.points,
        message: if is_good { String::new() } else { seen.to_owned() },
        ..CheckReport::empty(&row.id, outcome.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::language::toolchain::Extra;

    #[test]
    fn the_packs_rows_are_read_and_a_wrong_one_is_told() {
        let rows_of = rows(include_str!("../../../../../exercises/cache-service/extra.toml")).expect("it is sound");
        for kind in [Extra::Performance, Extra::Chaos] {
            assert!(rows_of.iter().filter(|row| row.trial.kind() == kind).count() >= 4, "{kind:?}");
        }
        assert!(rows_of.iter().all(|row| row.points == 0), "they give points only where a teacher says so");
        let row = "[[rows]]\nid = \"x\"\ntitle = { en = \"x\", fr = \"x\" }\n";
        for wrong in ["work = \"nothing\"\nat_least_percent = 1", "trouble = \"none\"", "", "points = 1"] {
            let text = format!("{row}{wrong}");
            assert!(rows(&text).is_err_and(|why| why.to_string().starts_with("extra.toml: ")), "{wrong}");
        }
    }
}
