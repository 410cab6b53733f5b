//! Expectations: what `expect` and `always` compare an answer with. They stay with the judge; no subject sees them.

use std::cmp::Ordering;
use std::fmt;

use crate::event::{Move, What};

/// What the last answer must be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// As the script wrote it.
    pub source: String,
    /// The test.
    pub test: Test,
}

/// One way of looking at an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Its text is this.
    Is(Wording),
    /// Its text is not this.
    IsNot(Wording),
    /// Its text is one of these.
    AnyOf(Vec<Wording>),
    /// It is an error, in whatever words.
    Error,
    /// A number in it compares so.
    Field {
        /// The number's name.
        name: String,
        /// The comparison.
        is: Comparison,
        /// What with.
        number: i128,
        /// Whether `number` is a percentage.
        percent: bool,
    },
    /// All these ids are in it.
    Contains(Vec<String>),
    /// None of these ids is in it.
    Without(Vec<String>),
    /// Keys moved to this node and to no other.
    OnlyTo(String),
    /// Keys moved away from this node and from no other.
    OnlyFrom(String),
}

/// Words to compare an answer's text with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// In the canonical form in which events print.
    pub canonical: String,
    /// As written, for protocol lines, which print as they came.
    pub verbatim: String,
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// The comparison that `symbol` writes.
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" | "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::More,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    fn admits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::More => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

impl Wording {
    fn is(&self, answer: &What) -> bool {
        match answer {
            What::Said { text } => *text == self.verbatim,
            answer => answer.to_string() == self.canonical,
        }
    }
}

impl Expectation {
    /// Compares. `Err` holds what was there instead, in words. Cost: O(size of the answer).
    ///
    /// # Errors
    /// The answer is not as expected.
    pub fn check(&self, answer: &What) -> Result<(), String> {
        let (holds, actual) = match &self.test {
            Test::Is(wording) => (wording.is(answer), None),
            Test::IsNot(wording) => (!wording.is(answer), None),
            Test::AnyOf(wordings) => (wordings.iter().any(|wording| wording.is(answer)), None),
            Test::Error => (matches!(answer, What::Error { .. } | What::Rejected { .. }), None),
            Test::Field { name, is, number, percent } => match answer.field(name) {
                Some((value, whole)) if *percent => {
                    let holds = whole > 0 && is.admits((value * 100).cmp(&(number * whole)));
                    (holds, Some(percentage(name, value, whole)))
                }
                Some((value, _)) => (is.admits(value.cmp(number)), Some(format!("{name} = {value}"))),
                None => (false, None),
            },
            Test::Contains(ids) => {
                (answer.ids().is_some_and(|found| ids.iter().all(|id| found.contains(&id.as_str()))), None)
            }
            Test::Without(ids) => {
                (answer.ids().is_some_and(|found| !ids.iter().any(|id| found.contains(&id.as_str()))), None)
            }
            Test::OnlyTo(id) => (moves_are(answer, |hop| hop.to == *id), None),
            Test::OnlyFrom(id) => (moves_are(answer, |hop| hop.from == *id), None),
        };
        if holds { Ok(()) } else { Err(actual.unwrap_or_else(|| answer.to_string())) }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn moves_are(answer: &What, right: impl Fn(&Move) -> bool) -> bool {
    matches!(answer, What::Moved { moves, .. } if moves.iter().all(right))
}

/// A share with one decimal, by integer arithmetic: `moved = 24.7% (247 of 1000)`.
fn percentage(name: &str, value: i128, whole: i128) -> String {
    if whole == 0 {
        return format!("{name} of nothing");
    }
    let tenths = value * 1_000 / whole;
    format!("{name} = {}.{}%", tenths / 10, tenths % 10)
}
