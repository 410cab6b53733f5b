//! How an expectation is read.
//!
//! `not` turns whatever follows it round, and the choices of `any of` are expectations too: so a word means the same alone, after
//! `not` and in a choice. Both are taken off the front in a loop, for a line may have thousands of them.

use super::{Comparison, Ids, Matcher, Wording};
use crate::event::FIELDS;
use crate::script::http::HttpShape;
use crate::script::mistake::{Fault, Mistake};
use crate::script::token::Token;

fn is(tokens: &[Token], at: usize, word: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.is(word))
}

/// Whether a `not` turns the rest round. `not found` is an answer.
fn is_not(tokens: &[Token]) -> bool {
    tokens.len() > 1 && is(tokens, 0, "not") && !is(tokens, 1, "found")
}

fn is_any_of(tokens: &[Token]) -> bool {
    is(tokens, 0, "any") && is(tokens, 1, "of")
}

/// The opposite of an expectation, if `is_negated`.
pub(in crate::script) fn negated(matcher: Matcher, is_negated: bool) -> Matcher {
    if is_negated { Matcher::Not(Box::new(matcher)) } else { matcher }
}

/// The words of an expectation, taken apart: each choice without its `not` and `any of`, and whether a `not` turns it round; and
/// the same of all of them, if they are the choices of an `any of`.
struct Parts<'a> {
    choices: Vec<(&'a [Token], bool)>,
    any_of: Option<bool>,
}

fn parts(tokens: &[Token]) -> Parts<'_> {
    let (mut rest, mut is_negated) = (tokens, false);
    while is_not(rest) {
        (rest, is_negated) = (&rest[1..], !is_negated);
    }
    if !is_any_of(rest) {
        return Parts { choices: vec![(rest, is_negated)], any_of: None };
    }
    let choices = rest[2..].split(|token| token.is("|")).map(|choice| {
        let (mut rest, mut is_negated) = (choice, false);
        // An `any of` in a choice has this one choice, and adds nothing.
        loop {
            if is_not(rest) {
                (rest, is_negated) = (&rest[1..], !is_negated);
            } else if is_any_of(rest) {
                rest = &rest[2..];
            } else {
                return (rest, is_negated);
            }
        }
    });
    Parts { choices: choices.collect(), any_of: Some(is_negated) }
}

/// The words of each choice, or of the one expectation, without `not` and `any of`.
pub(super) fn choices(tokens: &[Token]) -> Vec<&[Token]> {
    parts(tokens).choices.into_iter().map(|(words, _)| words).collect()
}

/// Reads the words of an expectation.
pub(in crate::script) fn matcher(line: &str, tokens: &[Token]) -> Result<Matcher, Fault> {
    if let Some(large) = tokens.iter().find(|token| token.is_too_large()) {
        return Err((large.span.clone(), Mistake::ValueTooLarge));
    }
    let Parts { choices, any_of } = parts(tokens);
    let mut read = Vec::new();
    for (words, is_negated) in choices {
        if words.is_empty() {
            let from = tokens.first().map_or(0, |token| token.span.start);
            return Err((from..line.trim_end().len(), Mistake::NoAnswer));
        }
        read.push(negated(single(line, words)?, is_negated));
    }
    Ok(match (any_of, read.pop()) {
        (None, Some(only)) => only,
        (any_of, last) => {
            read.extend(last);
            negated(Matcher::AnyOf(read), any_of == Some(true))
        }
    })
}

/// One expectation without `not` and `any of`.
fn single(line: &str, tokens: &[Token]) -> Result<Matcher, Fault> {
    let words = |tokens: &[Token]| -> Vec<String> {
        tokens.iter().map(|t| String::from_utf8_lossy(&t.bytes().unwrap_or_default()).into_owned()).collect()
    };
    let ids = |tokens: &[Token]| match tokens {
        [those, before] if those.is("those") && before.is("before") => Ids::Before,
        tokens => Ids::Listed(words(tokens)),
    };
    if let [names @ .., symbol, number] = tokens
        && let Some(is) = symbol.bare().and_then(Comparison::from_symbol)
        && let Some(name) = sum_of(names)
    {
        let (digits, percent) =
            number.raw.strip_suffix('%').map_or((number.raw.as_str(), false), |digits| (digits, true));
        let parsed = digits.parse().map_err(|_| number.no_number())?;
        return Ok(Matcher::Field { name, is, number: parsed, percent });
    }
    // Where a text that is expected ends so, it is in quotes.
    if let Some(blank) = tokens.last().filter(|last| last.is("?")) {
        return Err((blank.span.clone(), Mistake::Blank));
    }
    Ok(match tokens {
        [error] if error.is("error") => Matcher::Error,
        [contains, sought @ ..] if contains.is("contains") && !sought.is_empty() => Matcher::Contains(ids(sought)),
        [without, sought @ ..] if without.is("without") && !sought.is_empty() => Matcher::Without(ids(sought)),
        [only, to, id] if only.is("only") && to.is("to") => Matcher::OnlyTo(words(std::slice::from_ref(id)).concat()),
        [only, from, id] if only.is("only") && from.is("from") => {
            Matcher::OnlyFrom(words(std::slice::from_ref(id)).concat())
        }
        [http, ..] if http.is("http") => {
            return Err((http.span.clone(), Mistake::HttpChoice));
        }
        tokens => Matcher::Is(wording(line, tokens)),
    })
}

/// The shape behind `http` and any number of `not`, and whether they turn it round; `None` if the line expects something else.
pub(in crate::script) fn shape_after_not(line: &str) -> Option<(bool, &str)> {
    let (mut rest, mut is_negated) = (line, false);
    loop {
        let word = rest.split_whitespace().next()?;
        rest = rest.trim_start().strip_prefix(word)?;
        match word {
            "not" => is_negated = !is_negated,
            "http" => return Some((is_negated, rest)),
            _ => return None,
        }
    }
}

/// Reads the expected answer over HTTP, which ends the line.
pub(in crate::script) fn http(line: &str, shape: &str, usage: &'static str) -> Result<Matcher, Fault> {
    let whole = line.len() - shape.len()..line.len();
    HttpShape::new(shape).map(Matcher::Http).ok_or((whole, Mistake::Missing { what: "<status>", usage }))
}

/// The names of a sum of numbers, with a `+` between them; `None` where the words are none. With spaces around the `+` they are a
/// sum only where each is a number's name: otherwise they are an answer's text.
fn sum_of(tokens: &[Token]) -> Option<String> {
    let sum: String = tokens.iter().map(|token| token.raw.as_str()).collect();
    let meets = |pair: &[Token]| pair[0].raw.ends_with('+') != pair[1].raw.starts_with('+');
    let is_joined = tokens.windows(2).all(meets) && tokens.iter().all(|token| !token.quoted);
    let is_known = || is_joined && sum.split('+').all(|name| FIELDS.contains(&name));
    let is_sum = tokens.len() == 1 || (tokens.len() > 1 && is_known());
    is_sum.then_some(sum)
}

/// The words to compare with: in canonical form, as events print them, and verbatim, for the protocols' lines.
fn wording(line: &str, tokens: &[Token]) -> Wording {
    let canonical = tokens.iter().map(Token::canonical).collect::<Vec<_>>().join(" ");
    let verbatim = match tokens {
        [only] if only.quoted => String::from_utf8_lossy(&only.bytes().unwrap_or_default()).into_owned(),
        [first, .., last] => line[first.span.start..last.span.end].to_owned(),
        tokens => tokens.iter().map(|token| token.raw.as_str()).collect(),
    };
    Wording { canonical, verbatim }
}
