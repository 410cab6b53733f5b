//! From a submission's text to a program: found, compiled once to see whether it does, looked through for forbidden names.

use std::collections::BTreeMap;

use super::interpreter::Interpreter;
use super::process::{Heard, Runner};
use super::subject::Program;
use super::wire::{Ask, Outcome};
use crate::host::sandbox::Protection;
use crate::intake::diagnostic::{self, Diagnostic};
use crate::language::rust::build::{Reason, Rejected};

/// The submission's entrance.
pub const ENTRY: &str = "main.py";

/// Compiles a submission's files and makes a program of them. Cost: the runner's start (some 150 ms) and one child.
///
/// # Errors
/// It does not compile, holds forbidden names, or the runner fails.
pub fn prepare(
    files: BTreeMap<String, String>,
    interpreter: &Interpreter,
    protection: Protection,
) -> Result<Program, Rejected> {
    let harness = |reason: String| Rejected { reason: Reason::HarnessError, diagnostics: vec![diagnostic::general(&reason)] };
    if !files.contains_key(ENTRY) {
        let told = format!("there is no `{ENTRY}`; hand in a file of that name");
        return Err(Rejected { reason: Reason::BuildFailed, diagnostics: vec![diagnostic::general(&told)] });
    }
    let mut runner = Runner::new(interpreter, protection).map_err(|error| harness(format!("no scratch folder: {error}")))?;
    let heard = runner.ask(&Ask::Check, &files).map_err(harness)?;
    let Heard::Reply(_, reply) = heard else {
        let told = "the interpreter does not survive compiling this: simplify it";
        return Err(Rejected { reason: Reason::BuildFailed, diagnostics: vec![diagnostic::general(told)] });
    };
    let Outcome::Checked { wrong, forbidden } = reply.outcome else {
        return Err(harness("the runner of Python answers another question".to_owned()));
    };
    if !wrong.is_empty() {
        let diagnostics = wrong.iter().map(|(file, line, column, message)| {
            let message = format!("this does not compile: {message}");
            diagnostic::at(file, *line, *column, &message)
        });
        return Err(Rejected { reason: Reason::BuildFailed, diagnostics: diagnostics.collect() });
    }
    if !forbidden.is_empty() {
        let diagnostics: Vec<Diagnostic> = forbidden
            .iter()
            .map(|(file, line, name)| {
                diagnostic::at(file, *line, 0, &format!("`{name}` leads out of the submission: do without it"))
            })
            .collect();
        return Err(Rejected { reason: Reason::Forbidden, diagnostics });
    }
    Ok(Program::new(files, ENTRY, runner))
}
