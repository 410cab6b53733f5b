//! Scenario files: a header of `# key: value` lines, commands, `----`, and the output they must give.
//!
//! One file is a golden test, an example in the page, and a case of the gate that native and Wasm runs agree.

use std::fmt;

use crate::script::{Dialect, without_mark};
use cachedojo_notation::text::Bilingual;

/// A scenario, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// What a learner reads in the list of examples.
    pub title: Bilingual,
    /// The language of its commands.
    pub dialect: Dialect,
    /// The world's seed; 0 unless said otherwise.
    pub seed: u64,
    /// The commands, below the header.
    pub commands: String,
    /// The output it must give.
    pub output: String,
    head: String,
}

/// What is wrong with a scenario file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScenarioError {
    /// No `# title: english // français`.
    NoTitle,
    /// No `# dialect: …`, or an unknown one.
    NoDialect,
    /// The seed is no number.
    Seed,
    /// No line `----`.
    NoOutput,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoTitle => "the title is missing; begin with a line `# title: english // français`",
            Self::NoDialect => "the dialect is missing; add a line `# dialect: line`, `memcached`, `rest` or `lab`",
            Self::Seed => "the seed is no number; write `# seed: 7`",
            Self::NoOutput => "the output is missing; put a line `----` after the commands and the output below it",
        })
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Takes a file apart. Cost: O(text).
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn read(text: &str) -> Result<Self, ScenarioError> {
        let (head, output) = without_mark(text).split_once("\n----\n").ok_or(ScenarioError::NoOutput)?;
        let head = format!("{head}\n");
        let header_bytes = head.split_inclusive('\n').take_while(|line| line.starts_with("# ")).map(str::len).sum();
        let (header, commands) = head.split_at(header_bytes);
        let field = |name: &str| {
            header.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix(": "))
        };
        let (en, fr) = field("title").and_then(|title| title.split_once(" // ")).ok_or(ScenarioError::NoTitle)?;
        let seed = field("seed").map_or(Ok(0), str::parse).map_err(|_| ScenarioError::Seed)?;
        Ok(Self {
            title: Bilingual { en: en.to_owned(), fr: fr.to_owned() },
            dialect: field("dialect").and_then(Dialect::from_name).ok_or(ScenarioError::NoDialect)?,
            seed,
            commands: commands.to_owned(),
            output: output.to_owned(),
            head: head.clone(),
        })
    }

    /// The lines above the commands.
    pub fn header(&self) -> &str {
        &self.head[..self.head.len() - self.commands.len()]
    }

    /// The file with another output.
    pub fn with_output(&self, output: &str) -> String {
        format!("{}----\n{output}", self.head)
    }
}
