//! Expectations: what `expect` and `always` compare an answer with. They stay with the judge and never reach a subject.

pub(super) mod doubt;
pub(super) mod read;
#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};
use std::fmt;

use super::http::HttpShape;
use crate::event::{Move, What};

/// The most moves that a failed expectation lists; the answer itself has them all.
const MOVES_SHOWN: usize = 3;

/// What is told of a value in which ids were to be looked for.
pub(crate) const NO_LIST: &str = ", which is no list of ids";

/// An expectation on the last answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// As written in the script.
    pub source: String,
    /// The test.
    pub matcher: Matcher,
}

/// The kinds of expectation. `Not` and `AnyOf` hold any of the others, so that each means the same in them as alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// Its text is this.
    Is(Wording),
    /// Whatever answer the other does not hold for. Never in a `Not` itself.
    Not(Box<Self>),
    /// One of these holds. Never in an `AnyOf` itself.
    AnyOf(Vec<Self>),
    /// It is an error, with any text.
    Error,
    /// A number in it, or the sum of several, compares like this.
    Field {
        /// The number's name; where it is a sum, the names with a `+` between them.
        name: String,
        /// The comparison.
        is: Comparison,
        /// The number to compare with.
        number: i128,
        /// Whether `number` is a percentage.
        percent: bool,
    },
    /// The whole answer over HTTP has this shape.
    Http(HttpShape),
    /// It contains all these ids.
    Contains(Ids),
    /// It contains none of these ids.
    Without(Ids),
    /// Keys moved to this node and to no other.
    OnlyTo(String),
    /// Keys moved away from this node and from no other.
    OnlyFrom(String),
}

/// The ids to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// The script lists them.
    Listed(Vec<String>),
    /// The ids of the answer before the last.
    Before,
}

/// Words to compare an answer's text with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// In the canonical form in which events are printed.
    pub canonical: String,
    /// As written, for lines of protocols, which are printed unchanged.
    pub verbatim: String,
}

/// How two numbers are compared.
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
    /// The comparison with this symbol.
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

impl Ids {
    /// Checks that each of the ids is in the answer or, if not `wanted`, that none is.
    fn judge(&self, answer: &What, before: Option<&What>, wanted: bool) -> (bool, Option<String>) {
        let (meant, actual) = match self {
            Self::Listed(ids) => (Some(ids.iter().map(String::as_str).collect()), None),
            Self::Before => {
                let told = before.map_or("nothing".to_owned(), What::to_string);
                (before.and_then(What::ids), Some(format!("{answer}; before: {told}")))
            }
        };
        let holds = match (answer.ids(), meant) {
            (Some(mut found), Some(meant)) => {
                found.sort_unstable();
                meant.iter().all(|id| found.binary_search(id).is_ok() == wanted)
            }
            (None, _) if is_one_value(answer) => return (false, Some(format!("{answer}{NO_LIST}"))),
            _ => false,
        };
        (holds, actual)
    }
}

/// Whether an answer is a value, which may be words and is no list of ids all the same.
const fn is_one_value(answer: &What) -> bool {
    matches!(answer, What::Hit { .. } | What::Said { .. } | What::Number { value: Some(_), .. } | What::Parsed { .. })
}

impl Matcher {
    /// Itself, without `not`, or the choices of an `any of`: those that look at an answer.
    pub(super) fn parts(&self) -> &[Self] {
        match self {
            Self::Not(other) => other.parts(),
            Self::AnyOf(choices) => choices,
            other => std::slice::from_ref(other),
        }
    }

    fn some_part(&self, is: impl Fn(&Self) -> bool) -> bool {
        self.parts().iter().flat_map(Self::parts).any(is)
    }

    /// Whether it holds, and what it looked at if that is not the whole answer.
    fn judge(&self, answer: &What, before: Option<&What>) -> (bool, Option<String>) {
        match self {
            Self::Is(wording) => (wording.is(answer), None),
            Self::Not(other) => {
                let (holds, seen) = other.judge(answer, before);
                (!holds, seen.filter(|_| holds))
            }
            Self::AnyOf(choices) => {
                let all: Vec<_> = choices.iter().map(|choice| choice.judge(answer, before)).collect();
                let holding = all.iter().find(|(holds, _)| *holds);
                let is_one = all.windows(2).all(|pair| pair[0].1 == pair[1].1);
                let seen = holding.or(all.first().filter(|_| is_one)).and_then(|(_, seen)| seen.clone());
                (holding.is_some(), seen)
            }
            Self::Error => (matches!(answer, What::Error { .. } | What::Rejected { .. }), None),
            Self::Field { name, is, number, percent } => match sum(answer, name) {
                Some((value, whole)) if *percent => {
                    let holds = whole > 0 && is.admits((value * 100).cmp(&number.saturating_mul(whole)));
                    (holds, Some(percentage(name, value, whole)))
                }
                Some((value, _)) => (is.admits(value.cmp(number)), Some(format!("{name} = {value}"))),
                None => (false, None),
            },
            #[cfg(not(feature = "services"))]
            Self::Http(_) => (false, None),
            #[cfg(feature = "services")]
            Self::Http(shape) => match answer {
                What::Said { text } => shape.judge(text),
                _ => (false, None),
            },
            Self::Contains(ids) => ids.judge(answer, before, true),
            Self::Without(ids) => ids.judge(answer, before, false),
            Self::OnlyTo(id) => moves_are(answer, |hop| hop.to == *id),
            Self::OnlyFrom(id) => moves_are(answer, |hop| hop.from == *id),
        }
    }
}

impl Expectation {
    /// Whether it needs the answer before the last.
    pub fn looks_before(&self) -> bool {
        self.matcher.some_part(|part| matches!(part, Matcher::Contains(Ids::Before) | Matcher::Without(Ids::Before)))
    }

    /// Whether it looks at the last answer over HTTP.
    pub fn is_of_http(&self) -> bool {
        self.matcher.some_part(|part| matches!(part, Matcher::Http(_)))
    }

    /// Compares the last answer, perhaps relative to the one `before` it. `Err` has the actual answer, in words. Cost: O(size of
    /// the answers), times its logarithm where ids are looked for, for each choice of an `any of`.
    ///
    /// # Errors
    /// The answer is not as expected.
    pub fn check(&self, answer: &What, before: Option<&What>) -> Result<(), String> {
        let (holds, seen) = self.matcher.judge(answer, before);
        if holds { Ok(()) } else { Err(seen.unwrap_or_else(|| answer.to_string())) }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// The sum of the numbers that `names` joins with `+`, and the value that 100 % stands for.
fn sum(answer: &What, names: &str) -> Option<(i128, i128)> {
    names.split('+').try_fold((0, 0), |(sum, whole), name| {
        let (value, whole_of_it) = answer.field(name)?;
        Some((sum + value, whole.max(whole_of_it)))
    })
}

/// Whether every move is `right`; if not, the others, largest first.
fn moves_are(answer: &What, right: impl Fn(&Move) -> bool) -> (bool, Option<String>) {
    let What::Moved { moved, moves, .. } = answer else { return (false, None) };
    let mut wrong: Vec<_> = moves.iter().filter(|hop| !right(hop)).collect();
    if wrong.is_empty() {
        return (true, None);
    }
    wrong.sort_by_key(|hop| Reverse(hop.keys));
    let keys: u32 = wrong.iter().map(|hop| hop.keys).sum();
    let shown: Vec<_> = wrong.iter().take(MOVES_SHOWN).map(ToString::to_string).collect();
    let more = if wrong.len() > MOVES_SHOWN { " …" } else { "" };
    (false, Some(format!("{keys} of {moved} moved otherwise: {}{more}", shown.join(" "))))
}

/// A percentage with one decimal, by integer arithmetic: `moved = 24.7% (247 of 1000)`.
fn percentage(name: &str, value: i128, whole: i128) -> String {
    if whole == 0 {
        return format!("{name} of nothing");
    }
    let tenths = value * 1_000 / whole;
    format!("{name} = {}.{}%", tenths / 10, tenths % 10)
}
