//! Expectations that compare text and look as if they were meant to do something else: no answer can be as they say, and nothing
//! else would tell why.

use cachedojo_notation::text::distance;

use super::Comparison;
use super::read::choices;
use crate::event::FIELDS;
use crate::script::mistake::{Fault, Mistake};
use crate::script::token::Token;

/// What is doubtful in the words of an expectation, if anything is.
pub(in crate::script) fn doubt(tokens: &[Token]) -> Option<Fault> {
    choices(tokens).into_iter().find_map(|choice| {
        let (first, last) = (choice.first()?, choice.last()?);
        let span = first.span.start..last.span.end;
        let found = || choice.iter().map(|token| token.raw.as_str()).collect::<Vec<_>>().join(" ");
        if let Some(meant) = number_meant(choice) {
            return Some((span, Mistake::Compared { found: found(), meant }));
        }
        let meant = word_meant(choice)?;
        Some((
            if choice.len() == 1 { span } else { first.span.clone() },
            Mistake::Word { found: first.raw.clone(), meant },
        ))
    })
}

/// `hits=3` and `hits 3`, which are text, as a comparison of numbers.
fn number_meant(tokens: &[Token]) -> Option<String> {
    if tokens.iter().any(|token| token.quoted) {
        return None;
    }
    let text: String = tokens.iter().map(|token| token.raw.as_str()).collect();
    let name = text.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    let rest = &text[name.len()..];
    let symbol = rest.split(|c: char| !matches!(c, '=' | '!' | '<' | '>')).next()?;
    let number = &rest[symbol.len()..];
    let is_number = number.strip_suffix('%').unwrap_or(number).parse::<i128>().is_ok();
    // As it should be it was read as a comparison.
    let is_written = tokens.len() < 3 && (tokens.len() == 2 || !symbol.is_empty());
    let is_meant = FIELDS.contains(&name) && is_number && is_written;
    let symbol = if symbol.is_empty() { "=" } else { symbol };
    (is_meant && Comparison::from_symbol(symbol).is_some()).then(|| format!("{name} {symbol} {number}"))
}

/// The word of `expect` that the first one may be meant for.
fn word_meant(tokens: &[Token]) -> Option<&'static str> {
    if tokens.iter().any(|token| token.is("|")) {
        return Some("any of <a> | <b>");
    }
    let [first, rest @ ..] = tokens else { return None };
    let word = first.bare()?;
    let lower = word.to_ascii_lowercase();
    let is_alone = rest.is_empty();
    if is_alone && !matches!(word, "ERROR" | "error") && matches!(word.len(), 4..=6) && distance(&lower, "error") <= 2 {
        return lower.starts_with('e').then_some("error");
    }
    let is_only = |second: &Token| distance(&second.raw, "to") <= 1 || distance(&second.raw, "from") <= 1;
    // As it should be: `single` reads it so. `not` goes on with `found`, for any other was taken off.
    let is_right = match word {
        "contains" | "without" | "not" => !is_alone,
        "only" => rest.len() == 2 && (rest[0].is("to") || rest[0].is("from")),
        _ => false,
    };
    if is_right {
        return None;
    }
    match lower.as_str() {
        "contains" => return Some("contains <id>…"),
        "without" => return Some("without <id>…"),
        "not" => return Some("not <answer>"),
        "only" if is_alone || word == "only" || rest.first().is_some_and(is_only) => return Some("only to <id>"),
        _ if is_alone => return None,
        _ => {}
    }
    if distance(&lower, "contains") <= 2 {
        return Some("contains <id>…");
    }
    if distance(&lower, "without") <= 2 {
        return Some("without <id>…");
    }
    if distance(&lower, "only") <= 2 && rest.first().is_some_and(|second| second.is("to") || second.is("from")) {
        return Some("only to <id>");
    }
    matches!(lower.as_str(), "nto" | "nott" | "nnot" | "noot").then_some("not <answer>")
}
