//! Expectations: what `expect` and `always` compare an answer with. They stay with the judge and never reach a subject.

use std::cmp::{Ordering, Reverse};
use std::fmt;

use super::http::HttpShape;
use crate::event::{Move, What};

/// The most moves that a failed expectation lists; the answer itself has them all.
const MOVES_SHOWN: usize = 3;

/// An expectation on the last answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// As written in the script.
    pub source: String,
    /// The test.
    pub matcher: Matcher,
}

/// The kinds of expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// Its text is this.
    Is(Wording),
    /// Its text is not this.
    IsNot(Wording),
    /// Its text is one of these.
    AnyOf(Vec<Wording>),
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
            _ => false,
        };
        (holds, actual)
    }
}

impl Expectation {
    /// Whether it needs the answer before the last.
    pub fn looks_before(&self) -> bool {
        matches!(self.matcher, Matcher::Contains(Ids::Before) | Matcher::Without(Ids::Before))
    }

    /// Whether it looks at the last answer over HTTP.
    pub const fn is_of_http(&self) -> bool {
        matches!(self.matcher, Matcher::Http(_))
    }

    /// Compares the last answer, perhaps relative to the one `before` it. `Err` has the actual answer, in words. Cost: O(size of
    /// the answers), times its logarithm where ids are looked for.
    ///
    /// # Errors
    /// The answer is not as expected.
    pub fn check(&self, answer: &What, before: Option<&What>) -> Result<(), String> {
        let (holds, actual) = match &self.matcher {
            Matcher::Is(wording) => (wording.is(answer), None),
            Matcher::IsNot(wording) => (!wording.is(answer), None),
            Matcher::AnyOf(wordings) => (wordings.iter().any(|wording| wording.is(answer)), None),
            Matcher::Error => (matches!(answer, What::Error { .. } | What::Rejected { .. }), None),
            Matcher::Field { name, is, number, percent } => match sum(answer, name) {
                Some((value, whole)) if *percent => {
                    let holds = whole > 0 && is.admits((value * 100).cmp(&number.saturating_mul(whole)));
                    (holds, Some(percentage(name, value, whole)))
                }
                Some((value, _)) => (is.admits(value.cmp(number)), Some(format!("{name} = {value}"))),
                None => (false, None),
            },
            #[cfg(not(feature = "services"))]
            Matcher::Http(_) => (false, None),
            #[cfg(feature = "services")]
            Matcher::Http(shape) => match answer {
                What::Said { text } => return shape.check(text),
                _ => (false, None),
            },
            Matcher::Contains(ids) => ids.judge(answer, before, true),
            Matcher::Without(ids) => ids.judge(answer, before, false),
            Matcher::OnlyTo(id) => moves_are(answer, |hop| hop.to == *id),
            Matcher::OnlyFrom(id) => moves_are(answer, |hop| hop.from == *id),
        };
        if holds { Ok(()) } else { Err(actual.unwrap_or_else(|| answer.to_string())) }
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

#[cfg(test)]
mod tests {
    use crate::reference::Reference;
    use crate::runner::run;
    use crate::script::{Dialect, parse};

    /// What the last line of a script answers on the reference.
    #[track_caller]
    fn check(text: &str, shows: &str) {
        let script = parse(text, Dialect::Lab);
        assert_eq!(script.diagnostics, []);
        let events = run(&script, &mut Reference::default(), 0);
        assert_eq!(events.last().expect("an event").what.to_string(), shows, "{text}");
    }

    #[test]
    fn an_answer_is_measured_by_the_ids_of_the_one_before() {
        let ring = "ring new 150\nfor 1..4 ring add n{}\n";
        let then = |rest: &str| format!("{ring}{rest}");
        check(&then("ring where k\nring replicas k 2\nexpect contains those before"), "ok: contains those before");
        check(
            &then("ring replicas k 2\nring where k\nexpect contains those before"),
            "BROKEN: expected contains those before, got n1; before: n1 n2",
        );
        check(
            &then("ring where k\nring replicas k 2\nexpect without those before"),
            "BROKEN: expected without those before, got n1 n2; before: n1",
        );
        check(
            &then("ring where k\nring remove n1\nring where k\nexpect contains those before"),
            "BROKEN: expected contains those before, got n2; before: n1 left",
        );
        check("ring new\nring where k\nring where k\nexpect contains those before", "ok: contains those before");
        check(
            &then("ring where k\nring nodes\nexpect contains \"those\" before"),
            "BROKEN: expected contains \"those\" before, got n1 n2 n3 n4",
        );
    }

    #[test]
    fn no_number_is_too_large_to_compare_with() {
        let (most, least) = (i128::MAX, i128::MIN);
        check(
            &format!("ring new 1\nring add n1\nring spread k 10\nexpect largest < {most}%"),
            &format!("ok: largest < {most}%"),
        );
        check(
            &format!("ring new 1\nring mark k 10\nring add n1\nring moved\nexpect moved <= {least}%"),
            &format!("BROKEN: expected moved <= {least}%, got moved = 100.0%"),
        );
    }

    #[test]
    fn numbers_add_up() {
        let node = "node new 10\nfor 1..7 node set k{} xx\nnode stats\n";
        check(&format!("{node}expect entries+evictions+expired = 7"), "ok: entries+evictions+expired = 7");
        check(
            &format!("{node}expect entries+evictions < 7"),
            "BROKEN: expected entries+evictions < 7, got entries+evictions = 7",
        );
        check(
            &format!("{node}expect entries+lemons = 7"),
            "BROKEN: expected entries+lemons = 7, got hits=0 misses=0 evictions=5 expired=0 bytes=8 entries=2",
        );
    }

    #[test]
    fn wrong_moves_are_named_the_largest_first() {
        let ring = "ring new 150\nfor 1..4 ring add n{}\nring mark k 1000\nring add n5\nring moved\n";
        check(&format!("{ring}expect only to n5"), "ok: only to n5");
        check(
            &format!("{ring}expect only from n2"),
            "BROKEN: expected only from n2, got 119 of 185 moved otherwise: n3->n5=62 n1->n5=31 n4->n5=26",
        );
        check(
            &format!("{ring}expect only from n5"),
            "BROKEN: expected only from n5, got 185 of 185 moved otherwise: n2->n5=66 n3->n5=62 n1->n5=31 …",
        );
    }
}
