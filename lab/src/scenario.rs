//! Scenario files: a header of `# key: value` lines, commands, `----`, and the expected output.
//!
//! Each file is a golden test, an example in the page, and a case of the check that native and Wasm runs agree.

use std::fmt;

use crate::script::{Dialect, without_mark};
use cachedojo_notation::text::Bilingual;

/// A scenario, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The title in the list of examples.
    pub title: Bilingual,
    /// The language of its commands.
    pub dialect: Dialect,
    /// The world's seed; 0 by default.
    pub seed: u64,
    /// The commands, below the header.
    pub commands: String,
    /// The expected output.
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
    /// The seed is not a number.
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

/// The parts before and after a line `----`. Trailing blank lines come from editors and are dropped.
fn parts(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && line.trim_end() == "----" {
            return Some((&text[..at], &text[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

impl Scenario {
    /// Parses a file, with any line ends and with or without a byte order mark. Cost: O(text).
    ///
    /// # Errors
    /// The first thing that is missing.
    pub fn read(text: &str) -> Result<Self, ScenarioError> {
        let mut text = without_mark(text).replace("\r\n", "\n");
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let (head, output) = parts(&text).ok_or(ScenarioError::NoOutput)?;
        let header_bytes = head.split_inclusive('\n').take_while(|line| line.starts_with("# ")).map(str::len).sum();
        let (header, commands) = head.split_at(header_bytes);
        let field = |name: &str| {
            header
                .lines()
                .find_map(|line| line.strip_prefix("# ")?.strip_prefix(name)?.strip_prefix(": "))
                .map(str::trim)
        };
        let (en, fr) = field("title").and_then(|title| title.split_once(" // ")).ok_or(ScenarioError::NoTitle)?;
        let seed = field("seed").map_or(Ok(0), str::parse).map_err(|_| ScenarioError::Seed)?;
        Ok(Self {
            title: Bilingual { en: en.to_owned(), fr: fr.to_owned() },
            dialect: field("dialect").and_then(Dialect::from_name).ok_or(ScenarioError::NoDialect)?,
            seed,
            commands: commands.to_owned(),
            output: output.to_owned(),
            head: head.to_owned(),
        })
    }

    /// The lines above the commands.
    pub fn header(&self) -> &str {
        &self.head[..self.head.len() - self.commands.len()]
    }

    /// The file with this output instead.
    pub fn with_output(&self, output: &str) -> String {
        format!("{}----\n{output}", self.head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_editor_wrote_a_file_it_is_the_same_scenario() {
        let plain = "# title: One // Un\n# dialect: line\n# seed: 7\nPUT a b \nGET a\n----\nSTORED\nb \n";
        let scenario = Scenario::read(plain).expect("a scenario");
        assert_eq!((scenario.seed, scenario.commands.as_str()), (7, "PUT a b \nGET a\n"));
        let check = |other: &str| assert_eq!(Scenario::read(other).as_ref(), Ok(&scenario), "{other:?}");
        check(&plain.replace('\n', "\r\n"));
        check(&format!("\u{feff}{plain}"));
        check(&plain.replace("----", "---- \t"));
        check(plain.trim_end_matches('\n'));
        let blank = plain.replace("line\n", "line \n").replace("Un\n", "Un  \n").replace("seed: 7", "seed:  7 ");
        let read = Scenario::read(&blank).expect("blanks at the end of a field say nothing");
        assert_eq!((read.title, read.dialect, read.seed), (scenario.title.clone(), scenario.dialect, 7));
        let empty = "# title: One // Un\n# dialect: line\n\n----";
        assert_eq!(Scenario::read(empty).map(|scenario| scenario.output), Ok(String::new()));
        assert_eq!(Scenario::read("# title: One // Un\n# dialect: line\n"), Err(ScenarioError::NoOutput));
    }
}
