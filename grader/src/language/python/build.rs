//! From a submission's text to a program: checks that it compiles, and that it uses no forbidden names.

use std::sync::Arc;

use super::process::{Heard, Runners};
use super::subject::{Program, SIMULATE};
use super::wire::{Ask, Outcome};
use cachedojo_judge::report::SourceDiagnostic;
use cachedojo_notation::text;

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

/// A note on the function that is called, where the root file has only one of a like name: in it no line defines the right one.
pub(super) fn misnamed(submission: &Submission) -> Option<SourceDiagnostic> {
    let source = submission.files.get(&submission.root)?;
    if source.contains(SIMULATE) {
        return None;
    }
    let (line, name) = nearest(source)?;
    let message = format!("the exercise calls `{SIMULATE}`, and this function is called `{name}`: rename it");
    Some(diagnostic::at(&submission.root, line, 0, &message))
}

/// The function at the top level whose name is most like the one that is called, with its line.
fn nearest(source: &str) -> Option<(u32, &str)> {
    let defined = (1..).zip(source.lines()).filter_map(|(number, line)| {
        let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ")?;
        Some((number, rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?))
    });
    let plain = |name: &str| name.to_lowercase().replace('_', "");
    let likeness = |name: &str| {
        let (own, called) = (plain(name), plain(SIMULATE));
        let shares = ["simul", "distributed", "cache"].into_iter().filter(|word| own.contains(word)).count();
        (std::cmp::Reverse(shares), text::distance(&own, &called))
    };
    let near = |name: &str| likeness(name).0.0 >= 2 || likeness(name).1 <= 6;
    defined.filter(|(_, name)| near(name)).min_by_key(|(_, name)| likeness(name))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_function_of_a_like_name_is_found() {
        for (source, found) in [
            ("def simulate_cache(commands):\n    return []\n", Some((1, "simulate_cache"))),
            ("x = 1\n\nasync def simulateDistributedCache(c): pass\n", Some((3, "simulateDistributedCache"))),
            ("def helper(): pass\ndef simulate_distributed_cahce(c): pass\n", Some((2, "simulate_distributed_cahce"))),
            ("def main():\n    pass\ndef put(cache): pass\n", None),
            ("class A:\n    def simulate_cache(self): pass\n", None),
        ] {
            assert_eq!(nearest(source), found, "{source}");
        }
    }
}
