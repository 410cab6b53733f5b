//! Finds what no exercise allows, in a file's tokens.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};

use crate::intake::diagnostic::{self, Diagnostic};

mod shapes;
mod shebang;

use shapes::{
    attribute, begins_statement, ends_with_body, is_cfg_test, is_ident, is_punct, is_test, item, macro_before, plain,
};
pub use shebang::without_shebang;

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

/// Whether a text that cannot be tokenised contains the name of a macro or attribute that reads the host's files.
pub fn names_something(text: &str) -> bool {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let all = [FILE_MACROS, ENVIRONMENT_MACROS, ASSEMBLY_MACROS].concat();
    words.into_iter().any(|word| all.contains(&word) || word == "path" || word == "unsafe")
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

#[cfg(test)]
mod tests;
