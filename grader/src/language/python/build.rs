//! From a submission's text to a program: checks that it compiles, and that it uses no forbidden names.

use std::sync::Arc;

use super::process::{Heard, Runners};
use super::subject::Program;
use super::wire::{Ask, Outcome};
use crate::intake::diagnostic;
use crate::intake::submission::Submission;
use crate::language::toolchain::{Reason, Rejected};

/// Compiles a submission's files and makes a program of them. Cost: one child process; the first time also the runner's start,
/// some 150 ms.
///
/// # Errors
/// It does not compile, uses forbidden names, or the runner fails.
pub fn prepare(submission: &Submission, runners: &Arc<Runners>) -> Result<Program, Rejected> {
    let heard = runners.ask(&Ask::Check, &submission.files).map_err(|reason| Rejected::harness(&reason))?;
    let Heard::Reply(_, reply) = heard else {
        let told = "the interpreter does not survive compiling this: simplify it";
        return Err(Rejected::new(Reason::BuildFailed, vec![diagnostic::general(told)]));
    };
    let Outcome::Checked { wrong, forbidden, .. } = reply.outcome else {
        return Err(Rejected::harness("the runner of Python answers another question"));
    };
    if !wrong.is_empty() {
        let diagnostics = wrong.iter().map(|(file, line, column, message)| {
            diagnostic::at(file, *line, *column, &format!("this does not compile: {message}"))
        });
        return Err(Rejected::new(Reason::BuildFailed, diagnostics.collect()));
    }
    if !forbidden.is_empty() {
        let diagnostics = forbidden.iter().map(|(file, line, name)| {
            diagnostic::at(file, *line, 0, &format!("`{name}` leads out of the submission: do without it"))
        });
        return Err(Rejected::new(Reason::Forbidden, diagnostics.collect()));
    }
    Ok(Program::new(submission.files.clone(), &submission.root, Arc::clone(runners)))
}
