//! The known bugs as a mutation-testing-elements report. For tests or scripts, a bug that they found (`detected`) is `Killed`,
//! any other `Survived`. For code, a bug that it behaves like is `Survived`; nothing kills the others, so they are `Ignored`.

use std::collections::BTreeMap;

use cachedojo_judge::report::{GradeVerdict, MutantReport, Report};
use cachedojo_notation::text::Language;
use serde::Serialize;

use super::words::Words;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Results<'a> {
    schema_version: &'static str,
    thresholds: Thresholds,
    files: BTreeMap<String, FileResult<'a>>,
    framework: Framework<'a>,
}

#[derive(Serialize)]
struct Thresholds {
    high: u32,
    low: u32,
}

#[derive(Serialize)]
struct Framework<'a> {
    name: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
struct FileResult<'a> {
    language: &'static str,
    source: String,
    mutants: Vec<Mutant<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mutant<'a> {
    id: &'a str,
    mutator_name: &'a str,
    description: &'a str,
    location: Location,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Location {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

pub(super) fn render(report: &Report, language: Language) -> String {
    let words = Words::of(language);
    let graded = report.verdict == GradeVerdict::Graded;
    let source: String = report.mutants.iter().map(|mutant| format!("{}: {}\n", mutant.id, mutant.message)).collect();
    let mutants = report.mutants.iter().enumerate().map(|(index, mutant)| Mutant {
        id: &mutant.id,
        mutator_name: if mutant.scenario.is_empty() { &mutant.id } else { &mutant.scenario },
        description: &mutant.message,
        location: Location {
            start: Position { line: index + 1, column: 1 },
            end: Position { line: index + 1, column: mutant.id.chars().count() + 1 },
        },
        status: if graded { status(mutant) } else { "Pending" },
        status_reason: reason(mutant, words),
    });
    let file = FileResult { language: "text", source, mutants: mutants.collect() };
    super::pretty::pretty(&Results {
        schema_version: "2.0",
        thresholds: Thresholds { high: 80, low: 60 },
        files: [(format!("{}/mutants.txt", report.exercise), file)].into_iter().collect(),
        framework: Framework { name: "cachedojo", version: &report.grader.version },
    })
}

fn status(mutant: &MutantReport) -> &'static str {
    match mutant {
        MutantReport { detected: true, .. } => "Killed",
        MutantReport { behaves_like: true, .. } | MutantReport { hunted: true, .. } => "Survived",
        _ => "Ignored",
    }
}

fn reason(mutant: &MutantReport, words: &'static Words) -> Option<&'static str> {
    match mutant {
        MutantReport { behaves_like: true, .. } => Some(words.behaves_like),
        MutantReport { hunted: true, .. } => None,
        _ => Some(words.not_this_bug),
    }
}
