//! Small mechanical changes to a program's source: each is one mutant. Some hundred mutants of a right submission show what the
//! checks do not notice.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// One change of a source: bytes `start..end` become `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
}

impl Change {
    /// The line of the change, counted from 1.
    pub(crate) fn line(&self, source: &str) -> usize {
        source[..self.start].matches('\n').count() + 1
    }

    /// What is changed into what, in one line.
    pub(crate) fn description(&self, source: &str) -> String {
        let was: String = source[self.start..self.end].split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{} -> {}", was.chars().take(60).collect::<String>(), self.text)
    }
}

/// Names that are exchanged for one another.
const TWINS: &[(&str, &str)] = &[
    ("is_some", "is_none"),
    ("first", "last"),
    ("pop_front", "pop_back"),
    ("push_front", "push_back"),
    ("min", "max"),
    ("min_by_key", "max_by_key"),
    ("any", "all"),
    ("true", "false"),
    ("break", "continue"),
    ("is_some_and", "is_none_or"),
];

/// All changes of a source, in the order of their places. Attributes, macros and declarations of types are left alone. Cost:
/// O(tokens).
pub(crate) fn changes(source: &str) -> Vec<Change> {
    let tokens: TokenStream = source.parse().expect("a submission that is right is Rust");
    let mut changes = Vec::new();
    look(source, &tokens.into_iter().collect::<Vec<_>>(), &mut changes);
    changes.sort_by(|one, other| (one.start, one.end, &one.text).cmp(&(other.start, other.end, &other.text)));
    changes.dedup();
    changes
}

fn look(source: &str, tokens: &[TokenTree], changes: &mut Vec<Change>) {
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        match &tokens[at] {
            // An attribute, and a declaration up to its body's end, hold nothing that runs.
            TokenTree::Punct(punct) if punct.as_char() == '#' => at += 1,
            TokenTree::Ident(word)
                if matches!(
                    word.to_string().as_str(),
                    "struct" | "enum" | "use" | "type" | "const" | "macro_rules"
                ) =>
            {
                let ends = |token: &TokenTree| match token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    TokenTree::Punct(punct) => punct.as_char() == ';',
                    _ => false,
                };
                at += rest.iter().position(ends).unwrap_or(rest.len() - 1);
            }
            TokenTree::Ident(word) if word == "fn" => changes.extend(of_function(source, rest)),
            TokenTree::Ident(word) => changes.extend(of_word(&word.to_string(), rest)),
            TokenTree::Punct(_) => changes.extend(of_operator(source, &tokens[..at], rest)),
            TokenTree::Literal(literal) => {
                let range = literal.span().byte_range();
                // Constants of a hash are a free choice, and sizes of types are not behaviour.
                if let Ok(number @ 0..1000) = literal.to_string().parse::<u64>() {
                    changes.push(change(range.start, range.end, &(number + 1).to_string()));
                    if number == 1 {
                        changes.push(change(range.start, range.end, "0"));
                    }
                }
            }
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                if group.delimiter() == Delimiter::Brace {
                    statements(&inner, changes);
                }
                look(source, &inner, changes);
            }
        }
        at += 1;
    }
}

fn change(start: usize, end: usize, text: &str) -> Change {
    Change { start, end, text: text.to_owned() }
}

fn of_word(word: &str, rest: &[TokenTree]) -> Vec<Change> {
    let range = rest[0].span().byte_range();
    let twins = TWINS.iter().flat_map(|(one, other)| [(one, other), (other, one)]);
    let mut changes: Vec<Change> =
        twins.filter(|(one, _)| **one == word).map(|(_, other)| change(range.start, range.end, other)).collect();
    // `if condition {`: always, and never.
    if word == "if" && !matches!(rest.get(1), Some(TokenTree::Ident(next)) if next == "let") {
        let is_end = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            // A guard of a match's arm.
            TokenTree::Punct(punct) => punct.as_char() == '=' && punct.spacing() == Spacing::Joint,
            _ => false,
        };
        let mentions_let =
            |tokens: &[TokenTree]| tokens.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "let"));
        if let Some(end) = rest.iter().position(is_end)
            && end > 1
            && matches!(rest[end], TokenTree::Group(_))
            && !mentions_let(&rest[..end])
        {
            let (start, end) = (rest[1].span().byte_range().start, rest[end - 1].span().byte_range().end);
            changes.extend(["true", "false"].map(|always| change(start, end, always)));
        }
    }
    changes
}

/// What a function of a plain type may answer without looking.
const ANSWERS: &[(&str, &[&str])] = &[
    ("", &["{}"]),
    ("-> bool", &["{ true }", "{ false }"]),
    ("-> Option<", &["{ None }"]),
    ("-> Vec<", &["{ Vec::new() }"]),
    ("-> usize", &["{ 0 }", "{ 1 }"]),
    ("-> u64", &["{ 0 }", "{ 1 }"]),
];

/// A whole body in exchange for an answer.
fn of_function(source: &str, rest: &[TokenTree]) -> Vec<Change> {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    let Some((at, TokenTree::Group(body))) = rest.iter().enumerate().find(|(_, token)| is_end(token)) else {
        return Vec::new();
    };
    let (head, range) = (rest[0].span().byte_range().start, body.span().byte_range());
    let returns = source[head..range.start].rfind("-> ").map_or("", |arrow| source[head + arrow..range.start].trim());
    let known = ANSWERS
        .iter()
        .filter(|(start, _)| if start.is_empty() { returns.is_empty() } else { returns.starts_with(start) });
    if at < 2 || body.stream().is_empty() {
        return Vec::new();
    }
    known.flat_map(|(_, answers)| *answers).map(|answer| change(range.start, range.end, answer)).collect()
}

/// Operators that stand between spaces: so generics and references are no mistake.
const OPERATORS: &[(&str, &[&str])] = &[
    ("<", &["<=", ">"]),
    ("<=", &["<"]),
    (">", &[">=", "<"]),
    (">=", &[">"]),
    ("==", &["!="]),
    ("!=", &["=="]),
    ("&&", &["||"]),
    ("||", &["&&"]),
    ("+", &["-"]),
    ("-", &["+"]),
    ("*", &["+"]),
    ("%", &["/"]),
    ("+=", &["-=", "="]),
    ("-=", &["+="]),
];

fn of_operator(source: &str, before: &[TokenTree], rest: &[TokenTree]) -> Vec<Change> {
    let joint =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint);
    if joint(before.last()) {
        return Vec::new();
    }
    let start = rest[0].span().byte_range().start;
    let puncts = 1 + rest.iter().take_while(|token| joint(Some(token))).count();
    let end = rest[puncts.min(rest.len()) - 1].span().byte_range().end;
    let operator = &source[start..end];
    if operator == "!" && !matches!(before.last(), Some(TokenTree::Ident(_))) {
        return vec![change(start, end, "")];
    }
    if !source[..start].ends_with(' ') || !source[end..].starts_with(' ') {
        return Vec::new();
    }
    let known = OPERATORS.iter().find(|(known, _)| *known == operator);
    known.into_iter().flat_map(|(_, others)| *others).map(|other| change(start, end, other)).collect()
}

/// Statements that only do something are left out.
fn statements(tokens: &[TokenTree], changes: &mut Vec<Change>) {
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        let ends = matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
        let is_body = matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if ends && at > start {
            let keeps =
                ["let", "return", "use", "break", "continue", "const", "static", "type", "pub", "fn", "struct", "mod"];
            let first = matches!(&tokens[start], TokenTree::Ident(word) if !keeps.contains(&word.to_string().as_str()));
            if first || matches!(&tokens[start], TokenTree::Punct(punct) if punct.as_char() == '*') {
                let (from, to) = (tokens[start].span().byte_range().start, token.span().byte_range().start);
                changes.push(change(from, to, ""));
            }
        }
        if ends || is_body && !matches!(tokens.get(at + 1), Some(TokenTree::Punct(_))) {
            start = at + 1;
        }
    }
}
