//! The shortest script that shows a failure: what a learner can take in at a glance.

use super::judge::{Fresh, Verdict, run_once};
use crate::reference::Reference;
use crate::script::{self, Command, Dialect, Script};
use crate::subject::Subject;

/// The most runs of a submission that shortening one script may take.
pub const RUNS_MAX: u32 = 60;

/// Drops lines from a failing script while the submission still fails and the reference still passes: so a line that
/// the expectation rests on stays. `None` when the script does not fail as it stands. Cost: at most [`RUNS_MAX`] runs.
pub fn shortest(text: &str, seed: u64, fresh: &mut Fresh<'_>) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut runs = 0;
    let mut shows = |lines: &[&str]| {
        let script = script::parse(&lines.join("\n"), Dialect::Lab);
        if !script.diagnostics.is_empty() || !expects(&script) {
            return false;
        }
        let mut reference = || Ok(Box::new(Reference::default()) as Box<dyn Subject>);
        if run_once(&script, None, seed, &mut reference).0.verdict != Verdict::Pass {
            return false;
        }
        runs += 1;
        runs <= RUNS_MAX && run_once(&script, None, seed, fresh).0.verdict == Verdict::Fail
    };
    if !shows(&lines) {
        return None;
    }
    let mut chunk = lines.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < lines.len() {
            let mut shorter = lines.clone();
            shorter.drain(at..(at + chunk).min(lines.len()));
            if shows(&shorter) {
                lines = shorter;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    Some(lines.join("\n"))
}

fn expects(script: &Script) -> bool {
    script.commands.iter().any(|step| matches!(step.command, Command::Expect(_) | Command::Always(_)))
}
