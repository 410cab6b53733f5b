//! A script on a submission or on a known bug: the answers are those that grading would get.

use anyhow::{Result, anyhow};
use cachedojo_judge::nodes::{self, Played};
use cachedojo_judge::pack::InterfaceKind;
use cachedojo_judge::run::Fresh;
use cachedojo_judge::simulate;
use cachedojo_lab::event::Event;
use cachedojo_lab::runner;
use cachedojo_lab::script::{self, Command, Dialect};

use crate::host::outcome::UsageError;

/// Whether a script on submissions of this interface is a scene: its cluster consists of nodes that are the submission.
pub fn is_scene(interface: InterfaceKind, dialect: Dialect) -> bool {
    (interface, dialect) == (InterfaceKind::Nodes, Dialect::Lab)
}

/// Whether a submission of this interface can be what a script is run on. Cost: O(text).
///
/// # Errors
/// It cannot: a line, and the remedy.
pub fn suits(interface: InterfaceKind, text: &str, dialect: Dialect) -> Result<(), UsageError> {
    if is_scene(interface, dialect) {
        return nodes::read_script(text).map(drop).map_err(|error| no_scene(&error));
    }
    let parsed = script::parse(text, dialect);
    match parsed.commands.iter().find(|step| matches!(step.command, Command::World(_))) {
        None => Ok(()),
        Some(step) => Err(UsageError(format!(
            "line {}: `{}` is for the simulated cluster, whose nodes are never this exercise's submissions: leave --subject out, \
             or name an exercise whose submissions are nodes, as `--exercise five-bugs`",
            step.line,
            step.source.trim()
        ))),
    }
}

fn no_scene((line, why): &(u32, String)) -> UsageError {
    UsageError(format!("line {line}: {why}"))
}

/// Runs a script on fresh subjects. In an exercise whose submissions are asked for a whole run of commands at once, a script of the
/// line protocol is such a run; in one whose submissions are nodes, a script in `lab` is a scene.
///
/// # Errors
/// It is no scene, or this machine cannot start a subject.
pub fn run(
    interface: InterfaceKind,
    text: &str,
    dialect: Dialect,
    fresh: &mut Fresh<'_>,
    seed: u64,
) -> Result<Vec<Event>> {
    if is_scene(interface, dialect) {
        let scene = nodes::read_script(text).map_err(|error| no_scene(&error))?;
        let Played { events, not_started, .. } = nodes::play(&scene, seed, fresh);
        return not_started.map_or(Ok(events), |why| Err(anyhow!(why)));
    }
    let mut subject = fresh().map_err(|why| anyhow!(why))?;
    if (interface, dialect) == (InterfaceKind::Simulate, Dialect::Line) {
        return Ok(simulate::run_script(text, seed, subject.as_mut()));
    }
    Ok(runner::run(&script::parse(text, dialect), subject.as_mut(), seed))
}
