//! A script on a submission or on a known bug: the answers are those that grading would get.

use anyhow::{Result, anyhow};
use cachedojo_judge::nodes::{self, Played};
use cachedojo_judge::pack::InterfaceKind;
use cachedojo_judge::run::Fresh;
use cachedojo_judge::simulate;
use cachedojo_lab::event::Event;
use cachedojo_lab::runner;
use cachedojo_lab::schedule::{Plan, Schedule};
use cachedojo_lab::script::{self, Command, Dialect};

use serde::{Deserialize, Serialize};

use crate::host::outcome::UsageError;

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The script.
    pub text: String,
    /// Its language.
    pub dialect: Dialect,
    /// The world's seed.
    pub seed: u64,
    /// Which thread of a subject runs next, if it has several.
    pub schedule: Schedule,
}

impl Asked {
    /// A script in a world of this seed, in which a started thread runs at once.
    pub fn calmly(text: &str, dialect: Dialect, seed: u64) -> Self {
        Self { text: text.to_owned(), dialect, seed, schedule: Schedule::new(Plan::Calm) }
    }
}

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
    let remedy = match dialect {
        Dialect::Lab => "",
        Dialect::Line if interface == InterfaceKind::Simulate => "",
        Dialect::Rest if interface == InterfaceKind::Service => "",
        Dialect::Line => "name one whose are, as `--exercise line-cache`, or leave --subject out",
        Dialect::Rest => "name one whose are, as `--exercise cache-service`, or leave --subject out",
        Dialect::Memcached => "leave --subject out",
    };
    if !remedy.is_empty() {
        let dialect = dialect.name();
        return Err(UsageError(format!(
            "submissions and known bugs of this exercise are not asked in the dialect `{dialect}`: {remedy}"
        )));
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
pub fn run(interface: InterfaceKind, asked: &Asked, fresh: &mut Fresh<'_>) -> Result<Vec<Event>> {
    let Asked { ref text, dialect, seed, ref schedule } = *asked;
    if is_scene(interface, dialect) {
        let scene = nodes::read_script(text).map_err(|error| no_scene(&error))?;
        let Played { events, not_started, .. } = nodes::play(&scene, seed, fresh);
        return not_started.map_or(Ok(events), |why| Err(anyhow!(why)));
    }
    let mut subject = fresh().map_err(|why| anyhow!(why))?;
    subject.set_schedule(schedule);
    if (interface, dialect) == (InterfaceKind::Simulate, Dialect::Line) {
        return Ok(simulate::run_script(text, seed, subject.as_mut()));
    }
    Ok(runner::run(&script::parse(text, dialect), subject.as_mut(), seed))
}
