//! A parsed script: its commands and its mistakes, each with its place.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use cachedojo_wire::{ExtraRequest, Request};

use super::command::Command;
use super::mistake::Mistake;

/// The language of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// The line protocol of document 000: PUT, GET, DELETE, EXIT.
    Line,
    /// The memcached text protocol.
    Memcached,
    /// The REST API of document 002, one request a line.
    Rest,
    /// The full language: the prototype's API, the protocols, time, and expectations.
    Lab,
}

impl Dialect {
    /// All of them, in the order in which a learner meets them.
    pub const ALL: [Self; 4] = [Self::Line, Self::Memcached, Self::Rest, Self::Lab];

    /// The dialect's name on the command line, in links and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Memcached => "memcached",
            Self::Rest => "rest",
            Self::Lab => "lab",
        }
    }

    /// The dialect of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// A parsed script.
#[derive(Debug, Clone)]
pub struct Script {
    /// Its dialect.
    pub dialect: Dialect,
    /// Its commands, in order.
    pub commands: Vec<Step>,
    /// The lines that could not be parsed, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many bytes values and the turns of `for` lines have come to so far: a short line can stand for many.
    pub(super) expanded_bytes: usize,
    /// How many commands with an answer were parsed so far.
    pub(super) answers: usize,
}

impl Script {
    /// The larger build that has to read and run it, where this one leaves out what it takes. Cost: O(commands).
    pub fn lacks(&self) -> Option<Build> {
        let needed = self.commands.iter().map(|step| match &step.command {
            Command::World(_) => Build::Cluster,
            Command::Ask(Request::Parser(_) | Request::Extra(ExtraRequest::Memcached(_) | ExtraRequest::Rest(_))) => {
                Build::Whole
            }
            Command::Expect(expectation) if expectation.is_of_http() => Build::Whole,
            _ => Build::First,
        });
        needed.max().filter(|needed| *needed > Build::THIS)
    }
}

/// How much of the language a build of this crate obeys, by its features. Each has all of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Build {
    /// Without features: nodes, rings, the line protocol, the prototype's cluster.
    First,
    /// With `cluster`: the simulated cluster too.
    Cluster,
    /// With `services`: memcached and the REST API too.
    Whole,
}

impl Build {
    /// This build.
    pub const THIS: Self = if cfg!(feature = "services") {
        Self::Whole
    } else if cfg!(feature = "cluster") {
        Self::Cluster
    } else {
        Self::First
    };
}

/// One command, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The script's line, counted from 1.
    pub line: u32,
    /// The command as a script would write it: the line itself, or one turn of a `for`.
    pub source: String,
    /// The command.
    pub command: Command,
}

/// A mistake, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The script's line, counted from 1.
    pub line: u32,
    /// The wrong bytes of the script.
    pub span: Range<usize>,
    /// What is wrong.
    pub mistake: Mistake,
}

/// The most lines of a script; it is cut there, with a diagnostic, so that memory stays bounded whatever is pasted.
pub const LINES_MAX: u32 = 200_000;

/// The most commands of a script, with those that its `for` lines stand for.
pub const COMMANDS_MAX: usize = 200_000;

/// The most bytes of values and turns of `for` lines in one script: a `for` with repetitions is only a few characters long.
pub const EXPANDED_BYTES_MAX: usize = 64 << 20;

/// A text without the byte order mark with which some editors begin it.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// One line of a script.
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u32,
    /// Its first byte in the script.
    pub(super) start: usize,
    /// With its end.
    pub(super) raw: &'a str,
    /// Without its end.
    pub(super) content: &'a str,
}

/// The lines of a script, with its own line ends and without a byte order mark.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let script = without_mark(text);
    let mut next = text.len() - script.len();
    script.split_inclusive('\n').zip(1..).map(move |(raw, number)| {
        let start = next;
        next += raw.len();
        // As in `str::lines`: a `\r` without a `
        // ` is not a line end.
        let content = raw.lines().next().unwrap_or_default();
        Line { number, start, raw, content }
    })
}
