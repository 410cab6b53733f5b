//! For tests: rows of a table of French sentences that translate no message of the grader's.

use std::fs;
use std::path::Path;

use proc_macro2::{Literal, TokenStream, TokenTree};

use super::{held, parts};
use crate::intake::find::walk;

/// The least fixed text of a message that may count as the origin of a row, in bytes: shorter ones fit by chance.
const FIXED_BYTES_MIN: usize = 12;
/// The least length of a text that may count as a piece of one.
const PIECE_BYTES_MIN: usize = 24;

/// The rows whose English fits no text of the sources of the grader and of the crates below it. A text with places fits whatever
/// stands in them. Cost: O(sources x rows).
pub(crate) fn rows_of_no_message(sentences: &[(&'static str, &str)]) -> Vec<&'static str> {
    let messages = messages();
    let fits = |message: &str, english: &str| {
        held(message, english).is_some() || held(english, message).is_some() || is_piece(message, english)
    };
    let is_unused = |english: &&str| !messages.iter().any(|message| fits(message, english));
    sentences.iter().map(|(english, _)| *english).filter(is_unused).collect()
}

/// Whether a message is put together from this text and others: what is fixed in it stands in the row, in order.
fn is_piece(text: &str, english: &str) -> bool {
    let mut rest = english;
    text.len() >= PIECE_BYTES_MIN
        && parts(text).all(|part| rest.split_once(part.trim()).map(|(_, after)| rest = after).is_some())
}

/// All texts of the sources but the tables', each place as `{}`.
fn messages() -> Vec<String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "../judge/src", "../lab/src", "../notation/src"] {
        walk(&home.join(folder), 0, &mut files).expect("the sources are there");
    }
    files.retain(|path| path.extension().is_some_and(|end| end == "rs") && !path.ends_with("french.rs"));
    let mut messages = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a source can be read");
        collect(text.parse().expect("a source is Rust"), &mut messages);
    }
    messages.retain(|message| parts(message).map(str::len).sum::<usize>() >= FIXED_BYTES_MIN);
    messages
}

fn collect(tokens: TokenStream, messages: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect(group.stream(), messages),
            TokenTree::Literal(literal) => messages.extend(text_of(&literal).map(|text| with_plain_places(&text))),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn text_of(literal: &Literal) -> Option<String> {
    match syn::Lit::new(literal.clone()) {
        syn::Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

/// A text of `format!` with each place as `{}`: `{name}` and `{0:?}` too.
fn with_plain_places(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        plain.push_str(before);
        plain.push_str("{}");
        rest = after;
    }
    plain + rest
}

#[test]
fn a_row_of_no_message_is_found() {
    let rows: [(&str, &str); 3] = [
        ("`{}` is too big: at most {} files and folders; hand in source files only", ""),
        ("`unsafe` is forbidden in this exercise: write it in safe Rust", ""),
        ("the moon is forbidden in this exercise: write it in cheese", ""),
    ];
    // The third stands in this file, which is one of the sources, so a letter of it is changed here.
    let third: &'static str = Box::leak(rows[2].0.replace("moon", "sun").into_boxed_str());
    assert_eq!(rows_of_no_message(&[rows[0], rows[1], (third, "")]), [third]);
}
