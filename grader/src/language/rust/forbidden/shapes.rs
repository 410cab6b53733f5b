//! What a run of tokens is: an attribute, a macro's name, a whole item. It looks at the tokens alone and knows no rule.

use proc_macro2::{Delimiter, Group, Ident, TokenTree};

/// An identifier's name without the raw prefix: `r#env` is `env`.
pub(super) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// `#[cfg(test)]`.
pub(super) fn is_cfg_test(attribute: &Group) -> bool {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().take(3).collect();
    let [TokenTree::Ident(name), TokenTree::Group(inner)] = tokens.as_slice() else { return false };
    let inner: Vec<TokenTree> = inner.stream().into_iter().take(2).collect();
    name == "cfg" && matches!(inner.as_slice(), [TokenTree::Ident(test)] if test == "test")
}

/// `#[test]` or `#[tokio::test]`.
pub(super) fn is_test(attribute: &Group) -> bool {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().take(5).collect();
    match tokens.as_slice() {
        [TokenTree::Ident(test)] => test == "test",
        [TokenTree::Ident(tokio), one, two, TokenTree::Ident(test)] => {
            tokio == "tokio" && is_punct(Some(one), ':') && is_punct(Some(two), ':') && test == "test"
        }
        _ => false,
    }
}

/// Whether a statement or an item may begin after these tokens: at the front, after `;` or a body, and after attributes there.
pub(super) fn begins_statement(before: &[TokenTree]) -> bool {
    let mut before = before;
    while let [rest @ .., hash, TokenTree::Group(group)] = before
        && is_punct(Some(hash), '#')
        && group.delimiter() == Delimiter::Bracket
    {
        before = rest;
    }
    match before.last() {
        None => true,
        Some(TokenTree::Group(group)) => match group.delimiter() {
            Delimiter::Brace => true,
            // `#![…]`
            Delimiter::Bracket => is_punct(before.get(before.len().wrapping_sub(2)), '!'),
            _ => false,
        },
        last => is_punct(last, ';'),
    }
}

/// How many tokens at the front are an item, if they certainly begin one; at least up to its body or semicolon.
pub(super) fn item(tokens: &[TokenTree]) -> Option<usize> {
    let mut at = 0;
    if is_ident(tokens.first(), "pub") {
        at = 1 + usize::from(matches!(tokens.get(1), Some(TokenTree::Group(_))));
    }
    let named = |at: usize| matches!(tokens.get(at), Some(TokenTree::Ident(_)));
    let word = match tokens.get(at)? {
        TokenTree::Ident(word) => word.to_string(),
        _ => return None,
    };
    let to_semicolon = |token: &TokenTree| is_punct(Some(token), ';');
    let to_body = |token: &TokenTree| {
        to_semicolon(token) || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    let end = match word.as_str() {
        "use" => tokens.iter().position(to_semicolon),
        "type" if named(at + 1) => tokens.iter().position(to_semicolon),
        // `const NAME: T = …;`, not `const {…}`; functions may begin so too.
        "const" | "static" if named(at + 1) && is_punct(tokens.get(at + 2), ':') => {
            tokens.iter().position(to_semicolon)
        }
        "const" | "async" if is_ident(tokens.get(at + 1), "fn") => tokens.iter().position(to_body),
        "mod" | "fn" | "struct" | "enum" | "trait" | "impl" => tokens.iter().position(to_body),
        _ => None,
    };
    end.map(|end| end + 1)
}

/// The attribute that the tokens begin with: `#[…]` or `#![…]`.
pub(super) fn attribute(tokens: &[TokenTree]) -> Option<&Group> {
    if !is_punct(tokens.first(), '#') {
        return None;
    }
    match (tokens.get(1)?, tokens.get(2)) {
        (TokenTree::Group(group), _) if group.delimiter() == Delimiter::Bracket => Some(group),
        (bang, Some(TokenTree::Group(group)))
            if is_punct(Some(bang), '!') && group.delimiter() == Delimiter::Bracket =>
        {
            Some(group)
        }
        _ => None,
    }
}

/// The macro whose group comes next: `name!(…)`, or `macro_rules` in `macro_rules! name {…}`.
pub(super) fn macro_before(before: &[TokenTree]) -> Option<&Ident> {
    match before {
        [.., TokenTree::Ident(name), bang] if is_punct(Some(bang), '!') => Some(name),
        [.., TokenTree::Ident(name), bang, TokenTree::Ident(_)] if is_punct(Some(bang), '!') => Some(name),
        _ => None,
    }
}

/// Whether a body at the end of these tokens completes an item: nothing can continue it.
pub(super) fn ends_with_body(tokens: &[TokenTree]) -> bool {
    match tokens.get(1) {
        None | Some(TokenTree::Literal(_)) => true,
        Some(TokenTree::Ident(next)) => next != "else" && next != "as",
        Some(TokenTree::Punct(next)) => next.as_char() == '#',
        Some(TokenTree::Group(_)) => false,
    }
}

pub(super) fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

pub(super) fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}
