//! Whole runs, and programs built by the grader: where they differ from the reference, and their report on public checks.

use cachedojo_judge::pack::Exercise;
use cachedojo_judge::report::{GraderId, Report, SubmissionId};
use cachedojo_lab::compare::difference;
use cachedojo_lab::reference::Reference;
use cachedojo_lab::runner::{render, run};
use cachedojo_lab::script::parse;
use cachedojo_lab::subject::Subject;
use cachedojo_lab::written::{RunReport, handout};
use cachedojo_notation::text::Language;
use wasm_bindgen::prelude::*;

use crate::module::{ModuleSubject, Program};
use crate::{Driven, dialect_of, language_of};

/// Runs a whole script on a program, or on the reference where none is given. As `json`, byte for byte what `grader run --format
/// json` prints; as `text`, what `grader run` prints; as `handout`, each command with its answers below it.
///
/// # Errors
/// When there is no such dialect or format, or the program cannot be instantiated.
#[wasm_bindgen(js_name = runWhole)]
pub fn run_whole(
    text: &str,
    dialect: &str,
    seed: u64,
    program: Option<Program>,
    format: &str,
) -> Result<String, JsError> {
    let dialect = dialect_of(dialect)?;
    let script = parse(text, dialect);
    let events = run(&script, Driven::by(program)?.subject(), seed);
    match format {
        // With the line's end that the command line prints.
        "json" => {
            let mut report = RunReport::of(&script, seed, &events);
            report.tell(&script, text, Language::English);
            Ok(serde_json::to_string(&report)? + "\n")
        }
        "text" => Ok(render(&events, dialect)),
        "handout" => Ok(handout(&script, &events)),
        _ => Err(JsError::new("there is no such format: choose json, text or handout")),
    }
}

/// The first command that a program answers differently than the reference: `lab::compare::Difference` as JSON; `null` if there
/// is none.
///
/// # Errors
/// When there is no such dialect, or the program cannot be instantiated.
#[wasm_bindgen(js_name = partingOf)]
pub fn parting_of(text: &str, dialect: &str, seed: u64, program: &Program, language: &str) -> Result<String, JsError> {
    let script = parse(text, dialect_of(dialect)?);
    let mut subject = ModuleSubject::new(program).map_err(|why| JsError::new(&why))?;
    let found = difference(&script, seed, &mut Reference::default(), &mut subject, language_of(language));
    Ok(serde_json::to_string(&found)?)
}

/// The report of a program on the public checks of an exercise (its brief as JSON): `judge::report::Report` as JSON. `bytes` are
/// the program's own, which identify it in the receipt; `path` is its file's name.
///
/// # Errors
/// When the brief is invalid.
#[wasm_bindgen(js_name = gradeProgram)]
pub fn grade_program(
    brief: &str,
    seed: u64,
    language: &str,
    program: &Program,
    bytes: &[u8],
    path: &str,
) -> Result<String, JsError> {
    let exercise: Exercise = serde_json::from_str(brief)?;
    let language = language_of(language);
    let mut fresh = || Ok(Box::new(ModuleSubject::new(program)?) as Box<dyn Subject>);
    let outcomes = cachedojo_judge::judge(&exercise, seed, &mut fresh)?;
    let sha256 = cachedojo_judge::report::sha256(bytes);
    let submission = SubmissionId { path: path.to_owned(), sha256, files: Vec::new() };
    let grader = GraderId { version: env!("CARGO_PKG_VERSION").to_owned(), backend: "wasm".to_owned() };
    let report = Report::of_checks(&exercise, seed, language, submission, grader, bytes, &outcomes, &[], Vec::new());
    Ok(serde_json::to_string(&report)?)
}
