//! Finds what no exercise allows, in a file's tokens.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};

use crate::intake::diagnostic::{self, Diagnostic};

/// What was found in a file's tokens.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// Forbidden things, each at its place.
    pub forbidden: Vec<Diagnostic>,
    /// First segments of paths and of `use`s: crates, unless they are declared somewhere.
    pub roots: BTreeSet<String>,
    /// Names that the file declares.
    pub declared: BTreeSet<String>,
    /// Whether the file contains the words that start threads: `thread`, and one of its functions. No macro can
    /// assemble such a word from parts.
    pub threads: [bool; 2],
    /// Whether the file nests deeper than a parser can follow; then it must not be parsed.
    pub too_deep: bool,
}

/// How deep a file may nest, counting brackets and the tokens of an unfinished statement (a parser recurses on `!!!!x`).
pub const DEPTH_MAX: usize = 6_000;

/// The most tokens of a submission: parsed, each takes some hundred bytes of memory.
pub const TOKENS_MAX: usize = 500_000;

/// The most findings of one file.
const FINDINGS_MAX: usize = 20;

/// Macros that read files of the host at compile time. Even their names without a call are findings, except the short
/// one's.
const FILE_MACROS: &[&str] = &["include_str", "include_bytes", "include"];
/// Macros that read the compiler's environment.
const ENVIRONMENT_MACROS: &[&str] = &["env", "option_env"];
/// Macros for assembly.
const ASSEMBLY_MACROS: &[&str] = &["asm", "global_asm", "naked_asm"];

/// Attributes with effects outside of the crate, and why each is forbidden.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("path", "modules stand where `mod` looks for them"),
    ("feature", "the compiler is a stable one"),
    ("no_mangle", "symbols are the linker's business"),
    ("export_name", "symbols are the linker's business"),
    ("link_section", "sections are the linker's business"),
    ("link", "foreign libraries are not there"),
    ("link_name", "symbols are the linker's business"),
    ("used", "symbols are the linker's business"),
    ("global_allocator", "the allocator is the grader's"),
    ("panic_handler", "panics are std's business"),
    ("proc_macro", "procedural macros run in the compiler"),
    ("proc_macro_derive", "procedural macros run in the compiler"),
    ("proc_macro_attribute", "procedural macros run in the compiler"),
];

/// Names that a submission defines, in any file and order: they decide what another name means.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Other names for the macros above, and names for those names.
    aliases: BTreeSet<String>,
    /// The submission's own macros: their arguments may become any code.
    macros: BTreeSet<String>,
    /// Whether `test` or `tokio` may be another attribute than it seems.
    tests_renamed: bool,
    /// The number of tokens.
    pub tokens: usize,
}

impl Names {
    /// The names that all files of a submission define. Cost: O(tokens), without recursion.
    pub fn of<'a>(files: impl Iterator<Item = &'a TokenStream>) -> Self {
        let mut names = Self::default();
        let mut renamed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut groups: Vec<TokenStream> = files.cloned().collect();
        while let Some(group) = groups.pop() {
            let tokens: Vec<TokenTree> = group.into_iter().collect();
            names.tokens += tokens.len();
            for (at, token) in tokens.iter().enumerate() {
                match (token, &tokens[at + 1..]) {
                    (TokenTree::Group(group), _) => groups.push(group.stream()),
                    (TokenTree::Ident(name), [TokenTree::Ident(word), TokenTree::Ident(alias), ..]) if word == "as" => {
                        renamed.entry(plain(name)).or_default().insert(plain(alias));
                    }
                    (TokenTree::Ident(word), [bang, TokenTree::Ident(name), ..])
                        if word == "macro_rules" && is_punct(Some(bang), '!') =>
                    {
                        names.macros.insert(plain(name));
                    }
                    _ => {}
                }
            }
        }
        names.tests_renamed = renamed.values().flatten().any(|alias| alias == "test" || alias == "tokio");
        let forbidden = [FILE_MACROS, ENVIRONMENT_MACROS, ASSEMBLY_MACROS].concat();
        let mut next: Vec<String> = forbidden.into_iter().map(str::to_owned).collect();
        while let Some(name) = next.pop() {
            for alias in renamed.remove(&name).into_iter().flatten() {
                if names.aliases.insert(alias.clone()) {
                    next.push(alias);
                }
            }
        }
        names
    }
}

/// An identifier's name without the raw prefix: `r#env` is `env`.
fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// Whether a text that cannot be tokenised contains the name of a macro or attribute that reads the host's files.
pub fn names_something(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let all = [FILE_MACROS, ENVIRONMENT_MACROS, ASSEMBLY_MACROS].concat();
    words.into_iter().any(|word| all.contains(&word) || word == "path" || word == "unsafe")
}

/// A file's text as the compiler reads it: without a byte order mark and without a first line for a shell.
pub fn without_shebang(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // `#![…]` is an attribute, even with white space and comments in between; the compiler looks at the next token too.
    match text.strip_prefix("#!") {
        Some(rest) if !after_blanks(rest).starts_with('[') => {
            let line = text.find('\n').unwrap_or(text.len());
            // All other positions stay the same.
            format!("{}{}", " ".repeat(line), &text[line..])
        }
        _ => text.to_owned(),
    }
}

/// The text after white space and comments.
fn after_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let after = match rest.get(..2) {
            Some("//") => rest.find('\n').map(|end| &rest[end..]),
            Some("/*") => after_comment(rest),
            _ => return rest,
        };
        match after {
            Some(after) => rest = after.trim_start(),
            None => return "",
        }
    }
}

/// The text after the block comment at the beginning; block comments nest.
fn after_comment(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find(['/', '*']).map(|found| at + found) {
        match text.get(found..found + 2) {
            Some("/*") => (depth, at) = (depth + 1, found + 2),
            Some("*/") if depth <= 1 => return text.get(found + 2..),
            Some("*/") => (depth, at) = (depth - 1, found + 2),
            _ => at = found + 1,
        }
    }
    None
}

/// Scans a file. Cost: O(tokens), without recursion on the stranger's nesting.
pub fn scan(file: &str, tokens: &TokenStream, names: &Names) -> Scan {
    let mut scanner = Scanner {
        file,
        scan: Scan::default(),
        names,
        groups: vec![(tokens.clone(), Place { items: true, ..Place::default() })],
    };
    while let Some((tokens, place)) = scanner.groups.pop() {
        scanner.group(&tokens, place);
    }
    scanner.scan
}

/// Where a group of tokens is.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the place")]
struct Place {
    /// Inside a macro's definition or call: there `#[cfg(test)]` is only text.
    in_macro: bool,
    /// Inside a call of the submission's own macros: a bare name there may become anything.
    in_own_macro: bool,
    /// Contains statements or items, not the parts of an expression, a pattern or a list.
    items: bool,
    /// The braces of `use std::{…}`: the paths in them do not begin with a crate.
    in_path: bool,
    depth: usize,
}

struct Scanner<'a> {
    file: &'a str,
    scan: Scan,
    names: &'a Names,
    groups: Vec<(TokenStream, Place)>,
}

impl Scanner<'_> {
    fn group(&mut self, tokens: &TokenStream, place: Place) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut unfinished = Unfinished::default();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if !place.in_macro
                && place.items
                && let Some(skipped) = self.test_code(&tokens[..at], rest)
            {
                at += skipped;
                continue;
            }
            if let Some(attribute) = attribute(rest) {
                self.attribute(attribute.stream());
            }
            match &tokens[at] {
                TokenTree::Ident(ident) => self.ident(ident, &tokens[..at], &rest[1..], place),
                TokenTree::Group(group) => {
                    let depth = place.depth + unfinished.tokens + 1;
                    if depth > DEPTH_MAX {
                        self.too_deep(group.span());
                    } else {
                        let called = macro_before(&tokens[..at]);
                        let in_macro = place.in_macro || called.is_some();
                        let own = |name: &Ident| self.names.macros.contains(&plain(name)) || *name == "macro_rules";
                        let in_own_macro = called.map_or(place.in_own_macro, own);
                        let in_path = is_punct(tokens[..at].last(), ':');
                        let items = group.delimiter() == Delimiter::Brace;
                        self.groups.push((group.stream(), Place { in_macro, in_own_macro, items, in_path, depth }));
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            unfinished.take(&tokens[..at], rest);
            if place.depth + unfinished.tokens > DEPTH_MAX {
                self.too_deep(tokens[at].span());
            }
            at += 1;
        }
    }

    /// How many tokens at the front are a whole item under `#[cfg(test)]` or `#[test]`, which is never compiled here. Both the
    /// item and its end must be certain: such an attribute may also be before a match arm, an element, a field or a parameter,
    /// and does not apply to what follows those.
    fn test_code(&self, before: &[TokenTree], tokens: &[TokenTree]) -> Option<usize> {
        let first = attribute(tokens).filter(|_| !is_punct(tokens.get(1), '!'))?;
        if !(is_cfg_test(first) || is_test(first) && !self.names.tests_renamed) || !begins_statement(before) {
            return None;
        }
        let mut at = 2;
        while attribute(&tokens[at..]).is_some() {
            at += 2;
        }
        Some(at + item(&tokens[at..])?)
    }

    fn ident(&mut self, ident: &Ident, before: &[TokenTree], after: &[TokenTree], place: Place) {
        let name = plain(ident);
        let called = is_punct(after.first(), '!') && !is_punct(after.get(1), '=');
        // Passed to a macro of the submission's own, a name may be called there.
        let alone = !is_punct(after.first(), ':') && !is_punct(after.first(), '.') && !is_punct(before.last(), '.');
        let called = called || place.in_own_macro && alone && !is_punct(after.first(), '=');
        let named = |names: &[&str]| names.contains(&name.as_str());
        self.scan.threads[0] |= name == "thread";
        self.scan.threads[1] |= named(&["spawn", "scope", "Builder", "spawn_unchecked"]);
        if ident == "unsafe" {
            self.found(ident.span(), "`unsafe` is forbidden in this exercise: write it in safe Rust");
        } else if (called || name.len() > "include".len()) && named(FILE_MACROS) {
            self.found(
                ident.span(),
                &format!("`{name}!` reads files of the machine that compiles: write the data into the source"),
            );
        } else if (called || name == "option_env") && named(ENVIRONMENT_MACROS) {
            self.found(
                ident.span(),
                &format!("`{name}!` reads the environment of the machine that compiles: use a constant"),
            );
        } else if called && named(ASSEMBLY_MACROS) {
            self.found(ident.span(), &format!("`{name}!` is not Rust: write it in safe Rust"));
        } else if called && self.names.aliases.contains(&name) {
            self.found(ident.span(), &format!("`{name}!` is another name for a forbidden macro: remove it"));
        }
        if matches!(after, [TokenTree::Ident(word), TokenTree::Ident(_), ..] if word == "as") {
            if named(FILE_MACROS) {
                self.found(ident.span(), &format!("`{name}` is a forbidden macro, under another name too: remove it"));
            } else if name == "global_allocator" {
                self.found(ident.span(), "`global_allocator` is forbidden, under another name too: remove it");
            }
        }
        if place.in_own_macro
            && name == "path"
            && matches!(after, [equals, TokenTree::Literal(_), ..] if is_punct(Some(equals), '='))
        {
            self.found(ident.span(), "the attribute `path` is forbidden: modules stand where `mod` looks for them");
        }
        self.names(&name, before, after, place);
    }

    /// Records which names are declared, and which might be crates.
    fn names(&mut self, name: &str, before: &[TokenTree], after: &[TokenTree], place: Place) {
        let previous = match before.last() {
            Some(TokenTree::Ident(ident)) => ident.to_string(),
            _ => String::new(),
        };
        match previous.as_str() {
            "crate" if is_ident(before.len().checked_sub(2).and_then(|at| before.get(at)), "extern") => {
                self.scan.roots.insert(name.to_owned());
            }
            "mod" | "struct" | "enum" | "union" | "trait" | "type" | "as" => {
                self.scan.declared.insert(name.to_owned());
            }
            _ => {}
        }
        let path_goes_on = is_punct(after.first(), ':') && is_punct(after.get(1), ':');
        let path_begins =
            !is_punct(before.last(), ':') || !is_punct(before.len().checked_sub(2).and_then(|at| before.get(at)), ':');
        if path_begins && (path_goes_on || previous == "use") && !place.in_macro && !place.in_path {
            self.scan.roots.insert(name.to_owned());
        } else if !path_goes_on && !path_begins {
            // The last name of a `use` is declared in this crate: after `use std::fmt;`, `fmt::Display` is a path.
            self.scan.declared.insert(name.to_owned());
        } else if !path_goes_on
            && matches!(after.first(), None | Some(TokenTree::Punct(_)))
            && before.last().is_none_or(|token| is_punct(Some(token), ','))
        {
            // So are the names in `use std::{fmt, io};`.
            self.scan.declared.insert(name.to_owned());
        }
    }

    /// An attribute, and those inside it: `cfg_attr(condition, path = "…")` and `unsafe(no_mangle)` contain some.
    fn attribute(&mut self, tokens: TokenStream) {
        let mut held: Vec<Vec<TokenTree>> = vec![tokens.into_iter().collect()];
        while let Some(tokens) = held.pop() {
            if let [dollar, TokenTree::Ident(name), next, ..] = tokens.as_slice()
                && is_punct(Some(dollar), '$')
                && (is_punct(Some(next), '=') || matches!(next, TokenTree::Group(_)))
            {
                self.found(name.span(), "an attribute's name must not be a macro's parameter: write the attribute out");
            }
            // An attribute may be written as a path: `core::prelude::v1::global_allocator`.
            let is_of_path = |token: &&TokenTree| matches!(token, TokenTree::Ident(_)) || is_punct(Some(token), ':');
            let path = tokens.iter().take_while(is_of_path).count();
            for token in &tokens[..path] {
                let TokenTree::Ident(name) = token else { continue };
                if let Some((forbidden, why)) = ATTRIBUTES.iter().find(|(forbidden, _)| plain(name) == *forbidden) {
                    self.found(name.span(), &format!("the attribute `{forbidden}` is forbidden: {why}"));
                }
            }
            if let [TokenTree::Ident(name), TokenTree::Group(group)] = tokens.as_slice()
                && (name == "cfg_attr" || name == "unsafe")
            {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let parts = inner.split(|token| is_punct(Some(token), ','));
                held.extend(parts.skip(usize::from(name == "cfg_attr")).map(<[TokenTree]>::to_vec));
            }
        }
    }

    fn too_deep(&mut self, at: Span) {
        if !self.scan.too_deep {
            self.scan.too_deep = true;
            self.found(at, "this expression nests too deep to be read: break it up");
        }
    }

    fn found(&mut self, at: Span, message: &str) {
        if self.scan.forbidden.len() < FINDINGS_MAX {
            let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let start = at.start();
            self.scan.forbidden.push(diagnostic::at(self.file, number(start.line), number(start.column + 1), message));
        }
    }
}

/// The tokens of an unfinished statement: a parser may recurse once for each of them.
#[derive(Debug, Default)]
struct Unfinished {
    tokens: usize,
    /// Possibly open angle brackets: a comma inside them does not end anything.
    angles: usize,
    /// Whether a closure's parameters may have begun: after that, no comma is certain to end anything.
    bars: bool,
}

impl Unfinished {
    /// Takes the first token of `rest`.
    fn take(&mut self, before: &[TokenTree], rest: &[TokenTree]) {
        self.tokens += 1;
        match &rest[0] {
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => *self = Self::default(),
                ',' if self.angles == 0 && !self.bars => self.tokens = 0,
                '|' => self.bars = true,
                '<' => self.angles += 1,
                // The `>` of an arrow is not a bracket.
                '>' if !matches!(before.last(), Some(TokenTree::Punct(last)) if matches!(last.as_char(), '-' | '=')
                    && last.spacing() == Spacing::Joint) =>
                {
                    self.angles = self.angles.saturating_sub(1);
                }
                _ => {}
            },
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && ends_with_body(rest) => {
                *self = Self::default();
            }
            _ => {}
        }
    }
}

/// `#[cfg(test)]`.
fn is_cfg_test(attribute: &Group) -> bool {
    let tokens: Vec<TokenTree> = attribute.stream().into_iter().take(3).collect();
    let [TokenTree::Ident(name), TokenTree::Group(inner)] = tokens.as_slice() else { return false };
    let inner: Vec<TokenTree> = inner.stream().into_iter().take(2).collect();
    name == "cfg" && matches!(inner.as_slice(), [TokenTree::Ident(test)] if test == "test")
}

/// `#[test]` or `#[tokio::test]`.
fn is_test(attribute: &Group) -> bool {
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
fn begins_statement(before: &[TokenTree]) -> bool {
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
fn item(tokens: &[TokenTree]) -> Option<usize> {
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
fn attribute(tokens: &[TokenTree]) -> Option<&Group> {
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
fn macro_before(before: &[TokenTree]) -> Option<&Ident> {
    match before {
        [.., TokenTree::Ident(name), bang] if is_punct(Some(bang), '!') => Some(name),
        [.., TokenTree::Ident(name), bang, TokenTree::Ident(_)] if is_punct(Some(bang), '!') => Some(name),
        _ => None,
    }
}

/// Whether a body at the end of these tokens completes an item: nothing can continue it.
fn ends_with_body(tokens: &[TokenTree]) -> bool {
    match tokens.get(1) {
        None | Some(TokenTree::Literal(_)) => true,
        Some(TokenTree::Ident(next)) => next != "else" && next != "as",
        Some(TokenTree::Punct(next)) => next.as_char() == '#',
        Some(TokenTree::Group(_)) => false,
    }
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(source: &str) -> Vec<(u32, u32)> {
        let tokens: TokenStream = source.parse().expect("it is Rust");
        scan("lib.rs", &tokens, &Names::of(std::iter::once(&tokens)))
            .forbidden
            .iter()
            .map(|found| (found.line, found.column))
            .collect()
    }

    #[test]
    fn what_only_looks_forbidden_is_fine() {
        for fine in [
            "// unsafe include_str!(\"x\")\nfn f() {}",
            "fn f() { println!(\"unsafe include!\") }",
            "use std::env; fn f(env: u8, include: bool) { let _ = std::env::args(); assert!(include, \"{env}\"); if env != 1 {} }",
            "#[cfg(test)] mod tests { fn f() { unsafe {} include_str!(\"x\"); } }",
            "#[test] fn f() { unsafe {} }",
            "#[cfg(test)] use redis::Client; fn f() {}",
            "#[derive(Debug)] #[doc = \"path\"] #[must_use] struct S;",
            "extern \"C\" fn f() {}",
            "fn r#unsafe_name() { let path = 1; let feature = path; }",
        ] {
            assert_eq!(findings(fine), [], "{fine}");
        }
    }

    #[test]
    fn what_is_forbidden_is_found_at_its_place() {
        for (forbidden, place) in [
            ("fn f() { unsafe {} }", (1, 10)),
            ("unsafe impl Send for S {}", (1, 1)),
            ("fn f() {\n  include_str!(\"/etc/passwd\"); }", (2, 3)),
            ("use std::include_bytes as x;", (1, 10)),
            ("fn f() { env!(\"HOME\"); }", (1, 10)),
            ("fn f() { core::option_env!(\"HOME\"); }", (1, 16)),
            ("#[path = \"/etc/passwd\"] mod m;", (1, 3)),
            ("#[cfg_attr(all(), path = \"/etc/passwd\")] mod m;", (1, 19)),
            ("#![feature(asm)]", (1, 4)),
            ("#[global_allocator] static A: X = X;", (1, 3)),
            ("fn f() { std::arch::asm!(\"nop\"); }", (1, 21)),
            ("macro_rules! m { () => { include!(\"x\") } }", (1, 26)),
            ("macro_rules! m { ($i:ident) => { $i!(\"x\") } } m!(include_str);", (1, 50)),
        ] {
            assert_eq!(findings(forbidden).first(), Some(&place), "{forbidden}");
        }
    }

    #[test]
    fn another_name_does_not_hide_a_macro() {
        assert_eq!(findings("use std::env as e;\nfn f() { e!(\"HOME\"); }"), [(2, 10)]);
        assert_eq!(findings("use std::include as i;"), [(1, 10)]);
    }

    #[test]
    fn a_name_is_known_in_whatever_way_it_is_written() {
        for (forbidden, place) in [
            ("const X: &str = r#include_str!(\"x\");", (1, 17)),
            ("const X: &str = r#env!(\"HOME\");", (1, 17)),
            ("#[r#path = \"x\"] mod m;", (1, 3)),
            ("#[cfg_attr(all(), cfg_attr(all(), r#path = \"x\"))] mod m;", (1, 35)),
            ("#[r#panic_handler] fn f() {}", (1, 3)),
            ("#[core::prelude::v1::global_allocator] static A: X = X;", (1, 22)),
            ("use core::prelude::v1::global_allocator as g;", (1, 24)),
            ("fn f() { e!(\"HOME\"); } use std::env as e;", (1, 10)),
            ("fn f() { g!(\"HOME\"); } use m::e as g; mod m { pub use std::env as e; }", (1, 10)),
            ("macro_rules! m { ($i:ident) => { $i!(\"x\") } } m!(include);", (1, 50)),
            ("m!(r#env); macro_rules! m { ($i:ident) => { $i!(\"x\") } }", (1, 4)),
            ("macro_rules! m { ($i:ident) => { #[$i = \"x\"] mod n; } }", (1, 37)),
            ("macro_rules! m { ($m:meta) => { #[$m] mod n; } } m!(path = \"x\");", (1, 53)),
        ] {
            assert_eq!(findings(forbidden).first(), Some(&place), "{forbidden}");
        }
        assert_eq!(
            findings("macro_rules! m { ($i:ident) => { $i + 1 } } fn f(path: u8, include: u8) { path.m(); }"),
            []
        );
    }

    #[test]
    fn only_a_whole_item_is_test_code() {
        let hidden = "include_str!(\"x\")";
        for shown in [
            format!("fn f() {{ match 1 {{ #[cfg(test)] 0 => 1, _ => {hidden} }}; }}"),
            format!("fn f() {{ match 1 {{ #[cfg(test)] const {{ 1 }} => 1, _ => {hidden} }}; }}"),
            format!("static A: [&str; 1] = [#[cfg(test)] \"\", {hidden}];"),
            format!("static A: [&str; 1] = [#[cfg(test)] const {{ \"\" }}, {hidden}];"),
            format!("struct S {{ #[cfg(test)] pub a: u8, b: [u8; {hidden}.len()] }}"),
            format!("enum E {{ #[cfg(test)] A, B = {hidden}.len() as isize }}"),
            format!("fn f(#[cfg(test)] a: u8, b: [u8; {hidden}.len()]) {{}}"),
            format!("fn f<#[cfg(test)] const N: u8, const M: u8 = {{ {hidden} }}>() {{}}"),
            format!("type F = fn(#[cfg(test)] impl Fn(), [u8; {hidden}.len()]);"),
            format!("fn f() {{ g(#[cfg(test)] async {{}}, {hidden}); }}"),
            format!("fn f() {{ S {{ #[cfg(test)] a: 1, b: {hidden} }}; }}"),
            format!("fn f() {{ #[cfg(test)] x += 1; {hidden}; }}"),
            format!("#[cfg(test)] fn f() -> A<{{ 1 }}> {{}} static A: &str = {hidden};"),
            format!("#[cfg(test)] use a::{{b}}; static A: &str = {hidden};"),
            format!("use tokio::main as test; #[test] async fn f() {{ {hidden}; }}"),
            format!("#![cfg(test)] fn f() {{}} fn g() {{ {hidden}; }}"),
        ] {
            assert_eq!(findings(&shown).len(), 1, "{shown}");
        }
        for fine in [
            "#[allow(dead_code)] #[cfg(test)] #[path_is(x)] pub(crate) mod tests { fn f() { unsafe {} } }",
            "impl S { #[cfg(test)] pub const fn f() -> u8 { unsafe { 1 } } fn g() {} }",
            "#[cfg(test)] const A: u8 = { unsafe { 1 } };",
        ] {
            assert_eq!(findings(fine), [], "{fine}");
        }
    }

    #[test]
    fn a_first_line_for_a_shell_hides_nothing() {
        let read = |text: &str| without_shebang(text);
        assert_eq!(read("#!'\nunsafe"), "   \nunsafe");
        assert_eq!(read("\u{feff}#!/bin/sh"), "         ");
        for attribute in ["#![a]\nx", "#! [a]\nx", "#!/* /* */ */ [a]\nx", "#!// b\n[a]\nx"] {
            assert_eq!(read(attribute), attribute);
        }
    }

    #[test]
    fn test_code_inside_a_macro_is_not_left_alone() {
        let source =
            "macro_rules! m { (#[cfg(test)] $($t:tt)*) => { $($t)* } }\nm! { #[cfg(test)] include_str!(\"x\") }";
        assert_eq!(findings(source), [(2, 19)]);
    }

    #[test]
    fn deep_nesting_is_a_finding_and_no_crash() {
        for deep in [
            format!("fn f() {{ {}x }}", "!".repeat(100_000)),
            format!("fn f() {{ {}1{} }}", "(".repeat(50_000), ")".repeat(50_000)),
            format!("fn f() {{ {}x }}", "|a,| ".repeat(63_000)),
            format!("fn f() {{ {}x }}", "x | |a,| ".repeat(30_000)),
            format!("type A = {}u8;", "A<u,".repeat(35_000)),
            format!("type A = {}u8;", "A<fn() -> u, ".repeat(35_000)),
        ] {
            let tokens: TokenStream = deep.parse().expect("it is Rust");
            let scan = scan("lib.rs", &tokens, &Names::default());
            assert!(scan.too_deep && scan.forbidden.len() == 1);
        }
        for long in [
            format!("fn f() {{ {} }}", "let x = (1, 2); ".repeat(50_000)),
            format!("fn f() {{ {} }}", "let x: Vec<u8> = y.map(|a| a | 1).filter(|a, b| a < b); ".repeat(3_000)),
            format!("const T: &[(u8, Option<u8>)] = &[{}];", "(1, Some::<u8>(2)), ".repeat(20_000)),
            format!("fn f() {{ match x {{ {} }} }}", "1 | 2 => { y(); } 3 => z, ".repeat(5_000)),
        ] {
            assert!(!scan("lib.rs", &long.parse().expect("it is Rust"), &Names::default()).too_deep);
        }
    }

    #[test]
    fn what_starts_threads_is_seen_wherever_it_stands() {
        for (source, spawns) in [
            ("use std::thread; fn f() { thread::spawn(|| ()); }", true),
            ("use std::{thread as t}; fn f() { t::Builder::new(); }", true),
            ("macro_rules! m { ($f:ident) => { std::thread::$f(|_| ()) } } fn f() { m!(scope); }", true),
            ("fn f() { std::thread::sleep(d); }", false),
            ("async fn f() { tokio::spawn(async {}); }", false),
            ("fn f() {} #[cfg(test)] mod tests { fn f() { std::thread::spawn(|| ()); } }", false),
        ] {
            let tokens: TokenStream = source.parse().expect("it is Rust");
            assert_eq!(scan("lib.rs", &tokens, &Names::default()).threads == [true, true], spawns, "{source}");
        }
    }

    #[test]
    fn names_of_this_crate_are_no_crates() {
        let tokens: TokenStream =
            "use std::{fmt, io::Read}; use redis::Client; mod node; fn f() { node::x(); fmt::y(); lru::z(); }"
                .parse()
                .expect("it is Rust");
        let scan = scan("lib.rs", &tokens, &Names::default());
        let foreign: Vec<_> = scan.roots.difference(&scan.declared).map(String::as_str).collect();
        assert_eq!(foreign, ["lru", "redis", "std"]);
    }
}
