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
    /// Whether it takes what this build leaves out, the simulated cluster or the services (the features `cluster` and
    /// `services`): then another build has to read and run it. Cost: O(commands).
    pub fn lacks(&self) -> bool {
        let (has_cluster, has_services) = (cfg!(feature = "cluster"), cfg!(feature = "services"));
        self.commands.iter().any(|step| match &step.command {
            Command::World(_) => !has_cluster,
            Command::Ask(Request::Parser(_) | Request::Extra(ExtraRequest::Memcached(_) | ExtraRequest::Rest(_))) => {
                !has_services
            }
            Command::Expect(expectation) => !has_services && expectation.is_of_http(),
            _ => false,
        })
    }
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
