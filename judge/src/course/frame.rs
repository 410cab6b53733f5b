//! Separates the lesson's own lines of a script from the learner's, line by line; spacing and comments are ignored.

use cachedojo_lab::script::{self, Command, Dialect};

/// A line that is neither blank nor a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: u32,
    /// Without the spaces around it.
    pub(super) text: String,
    pub(super) meaning: Meaning,
}

/// The meaning of a line, for comparing two scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An expectation, with or without its answer.
    Expect,
    /// Its commands; none if it cannot be parsed.
    Obey(Vec<Command>),
}

impl Line {
    /// Whether two lines have the same meaning. Lines that cannot be parsed are compared as text.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (&self.meaning, &other.meaning) {
            (Meaning::Obey(one), Meaning::Obey(other_one)) if !one.is_empty() => one == other_one,
            _ => self.text.split_whitespace().eq(other.text.split_whitespace()),
        }
    }
}

/// A script's lines. Cost: O(text).
pub(super) fn lines(text: &str, dialect: Dialect) -> Vec<Line> {
    let numbered = text.lines().zip(1..).map(|(line, number)| (number, line.trim()));
    let is_comment = |line: &str| dialect == Dialect::Lab && line.starts_with('#');
    let told = numbered.filter(|(_, line)| !(line.is_empty() || is_comment(line)));
    told.map(|(number, line)| {
        let is_expectation = dialect == Dialect::Lab && line.split_whitespace().next() == Some("expect");
        let meaning = if is_expectation {
            Meaning::Expect
        } else {
            Meaning::Obey(script::parse(line, dialect).commands.into_iter().map(|step| step.command).collect())
        };
        Line { number, text: line.to_owned(), meaning }
    })
    .collect()
}

/// Whether an expectation still has its `?`, to be filled in.
pub(super) fn is_blank(line: &Line) -> bool {
    line.meaning == Meaning::Expect && line.text.split_whitespace().any(|word| word == "?")
}

/// How many answers of a script are to be filled in.
pub(super) fn blanks(text: &str) -> usize {
    lines(text, Dialect::Lab).iter().filter(|line| is_blank(line)).count()
}

/// How many expectations a script has.
pub(super) fn expectations(text: &str) -> usize {
    lines(text, Dialect::Lab).iter().filter(|line| line.meaning == Meaning::Expect).count()
}

/// The first line at which a script does not begin with the lines of another; `None` if it begins with all of them. Expectations
/// that are `open` match any expectation. The number is the script's line, or the one after its last.
pub(super) fn first_changed(script: &[Line], frame: &[Line], open: fn(&Line) -> bool) -> Option<u32> {
    let behind = script.last().map_or(1, |line| line.number + 1);
    frame.iter().enumerate().find_map(|(index, wanted)| match script.get(index) {
        None => Some(behind),
        Some(line) if open(wanted) && line.meaning == Meaning::Expect => None,
        Some(line) => (!line.is_like(wanted)).then_some(line.number),
    })
}
