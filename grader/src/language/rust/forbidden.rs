//! What no exercise allows, looked for in a file's tokens.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::intake::diagnostic::{self, Diagnostic};

/// What a file's tokens show.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// Forbidden things, each at its place.
    pub forbidden: Vec<Diagnostic>,
    /// First segments of paths and of `use`s: crates, unless they are declared somewhere.
    pub roots: BTreeSet<String>,
    /// Names that the file declares.
    pub declared: BTreeSet<String>,
    /// Whether the file names what starts threads: `thread`, and one of its ways. No macro can make a name of parts.
    pub threads: [bool; 2],
    /// Whether the file nests deeper than a parser can follow; it is not to be parsed.
    pub too_deep: bool,
}

/// How deep a file may nest, counting brackets and the tokens of an unfinished statement (a parser recurses on `!!!!x`).
pub const DEPTH_MAX: usize = 6_000;

/// Most findings kept of one file.
const FINDINGS_MAX: usize = 20;

/// Macros that read files of the host at compile time. Their bare names are findings too, except the short one's.
const FILE_MACROS: &[&str] = &["include_str", "include_bytes", "include"];
/// Macros that read the compiler's environment.
const ENVIRONMENT_MACROS: &[&str] = &["env", "option_env"];
/// Macros that leave the language.
const ASSEMBLY_MACROS: &[&str] = &["asm", "global_asm", "naked_asm"];

/// Attributes that reach out of the crate, and why.
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

/// Scans a file. Cost: O(tokens); works without recursion on what a stranger has nested.
pub fn scan(file: &str, tokens: &TokenStream) -> Scan {
    let mut scanner = Scanner {
        file,
        scan: Scan::default(),
        aliases: BTreeSet::new(),
        groups: vec![(tokens.clone(), Place::default())],
    };
    while let Some((tokens, place)) = scanner.groups.pop() {
        scanner.group(&tokens, place);
    }
    scanner.scan
}

/// Where a group of tokens stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Inside a macro's definition or call: `#[cfg(test)]` there is only text.
    in_macro: bool,
    /// The braces of `use std::{…}`: what begins a path there is no crate.
    in_path: bool,
    depth: usize,
}

struct Scanner<'a> {
    file: &'a str,
    scan: Scan,
    /// Other names given to the macros above.
    aliases: BTreeSet<String>,
    groups: Vec<(TokenStream, Place)>,
}

impl Scanner<'_> {
    fn group(&mut self, tokens: &TokenStream, place: Place) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let mut run = 0;
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if !place.in_macro
                && let Some(skipped) = test_code(rest)
            {
                at += skipped;
                continue;
            }
            if let Some(attribute) = attribute(rest) {
                self.attribute(&attribute.stream());
            }
            match &tokens[at] {
                TokenTree::Ident(ident) => self.ident(ident, &tokens[..at], &rest[1..], place),
                TokenTree::Group(group) => {
                    let depth = place.depth + run + 1;
                    if depth > DEPTH_MAX {
                        self.too_deep(group.span());
                    } else {
                        let in_macro = place.in_macro || is_macro_body(&tokens[..at]);
                        let in_path = is_punct(tokens[..at].last(), ':');
                        self.groups.push((group.stream(), Place { in_macro, in_path, depth }));
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            run = if ends_statement(rest) { 0 } else { run + 1 };
            if place.depth + run > DEPTH_MAX {
                self.too_deep(tokens[at].span());
            }
            at += 1;
        }
    }

    fn ident(&mut self, ident: &Ident, before: &[TokenTree], after: &[TokenTree], place: Place) {
        let name = ident.to_string();
        let called = is_punct(after.first(), '!') && !is_punct(after.get(1), '=');
        let named = |names: &[&str]| names.contains(&name.as_str());
        self.scan.threads[0] |= name == "thread";
        self.scan.threads[1] |= named(&["spawn", "scope", "Builder", "spawn_unchecked"]);
        if name == "unsafe" {
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
        } else if called && self.aliases.contains(&name) {
            self.found(ident.span(), &format!("`{name}!` is another name for a forbidden macro: remove it"));
        }
        if let [TokenTree::Ident(word), TokenTree::Ident(alias), ..] = after
            && word == "as"
            && [FILE_MACROS, ENVIRONMENT_MACROS, ASSEMBLY_MACROS].iter().any(|names| named(names))
        {
            self.aliases.insert(alias.to_string());
            if named(FILE_MACROS) {
                self.found(ident.span(), &format!("`{name}` is a forbidden macro, under another name too: remove it"));
            }
        }
        self.names(&name, before, after, place);
    }

    /// Which names are declared, and which might be crates.
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
            // The leaf of a `use` is a name of this crate's: `use std::fmt;` makes `fmt::Display` a path.
            self.scan.declared.insert(name.to_owned());
        } else if !path_goes_on
            && matches!(after.first(), None | Some(TokenTree::Punct(_)))
            && before.last().is_none_or(|token| is_punct(Some(token), ','))
        {
            // And so are the leaves of `use std::{fmt, io};`.
            self.scan.declared.insert(name.to_owned());
        }
    }

    fn attribute(&mut self, tokens: &TokenStream) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        let [TokenTree::Ident(name), rest @ ..] = tokens.as_slice() else { return };
        if let Some((_, why)) = ATTRIBUTES.iter().find(|(forbidden, _)| name == forbidden) {
            self.found(name.span(), &format!("the attribute `{name}` is forbidden: {why}"));
        }
        // `cfg_attr(condition, path = "…")` and `unsafe(no_mangle)` hold attributes.
        if let (true, [TokenTree::Group(group)]) = (name == "cfg_attr" || name == "unsafe", rest) {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let parts = inner.split(|token| is_punct(Some(token), ','));
            for part in parts.skip(usize::from(name == "cfg_attr")) {
                self.attribute(&part.iter().cloned().collect());
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

/// How many tokens at the front are an item under `#[cfg(test)]` or `#[test]`, which no build here compiles.
fn test_code(tokens: &[TokenTree]) -> Option<usize> {
    let first = attribute(tokens)?;
    let words: String = first.stream().to_string().split_whitespace().collect();
    if !matches!(words.as_str(), "cfg(test)" | "test" | "tokio::test") {
        return None;
    }
    // Up to the end of the item: its body, or its semicolon.
    let end = tokens.iter().skip(2).position(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(Some(token), ';'),
    });
    Some(end.map_or(tokens.len(), |end| end + 3))
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

/// Whether the group that comes next is a macro's: `name!(…)` or `macro_rules! name {…}`.
fn is_macro_body(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(_), bang] if is_punct(Some(bang), '!') => true,
        [.., TokenTree::Ident(_), bang, TokenTree::Ident(_)] => is_punct(Some(bang), '!'),
        _ => false,
    }
}

/// Whether a parser is done with what came before: after `;`, `,` or `=>`, and after a body that nothing continues.
fn ends_statement(tokens: &[TokenTree]) -> bool {
    match &tokens[0] {
        TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => match tokens.get(1) {
            None => true,
            Some(TokenTree::Ident(next)) => next != "else" && next != "as",
            Some(TokenTree::Punct(next)) => next.as_char() == '#',
            Some(_) => false,
        },
        _ => false,
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
        scan("lib.rs", &tokens).forbidden.iter().map(|found| (found.line, found.column)).collect()
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
        ] {
            let tokens: TokenStream = deep.parse().expect("it is Rust");
            let scan = scan("lib.rs", &tokens);
            assert!(scan.too_deep && scan.forbidden.len() == 1);
        }
        let long = format!("fn f() {{ {} }}", "let x = (1, 2); ".repeat(50_000));
        assert!(!scan("lib.rs", &long.parse().expect("it is Rust")).too_deep);
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
            assert_eq!(scan("lib.rs", &tokens).threads == [true, true], spawns, "{source}");
        }
    }

    #[test]
    fn names_of_this_crate_are_no_crates() {
        let tokens: TokenStream =
            "use std::{fmt, io::Read}; use redis::Client; mod node; fn f() { node::x(); fmt::y(); lru::z(); }"
                .parse()
                .expect("it is Rust");
        let scan = scan("lib.rs", &tokens);
        let foreign: Vec<_> = scan.roots.difference(&scan.declared).map(String::as_str).collect();
        assert_eq!(foreign, ["lru", "redis", "std"]);
    }
}
