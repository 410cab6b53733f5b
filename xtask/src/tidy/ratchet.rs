//! Rules that the project does not keep everywhere yet. Violations are listed, with their size, in `xtask/tidy.txt`; nothing may
//! be added or grow, and improvements shorten the list.

use super::circles;
use super::rust;
use super::tree::{Finding, Tree};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The most lines of a file of ours; a longer one does more than one thing.
const LINES_MAX: usize = 450;
/// Sizes on the list are rounded up to a multiple of this, so that a single line more is no violation.
const STEP: usize = 50;

/// The list's path.
pub(crate) const LIST: &str = "xtask/tidy.txt";

/// The violations of the tree: rule and subject, and size.
type Debts = BTreeMap<(String, String), usize>;

fn debts(tree: &Tree) -> Debts {
    let mut debts = Debts::new();
    let mut types: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, text) in tree.rust() {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            debts.insert(("lines".to_owned(), path.to_owned()), lines.next_multiple_of(STEP));
        }
        if tree.is_test(path) || path.starts_with("bench/") || path.starts_with("xtask/") {
            continue;
        }
        // A module that stands in for another, on other systems or in other builds, uses the same names on purpose.
        if path.contains("/elsewhere/") || path.ends_with("/absent.rs") {
            continue;
        }
        let code = rust::without_tests(&rust::split(text).0);
        let errors = text_errors(&code);
        if errors > 0 {
            debts.insert(("text-error".to_owned(), path.to_owned()), errors);
        }
        for name in public_types(&code) {
            types.entry(name).or_default().push(path);
        }
    }
    for circle in circles::circles(tree) {
        debts.insert(("circle".to_owned(), circle.join(" ")), circle.len());
    }
    for (name, places) in types.into_iter().filter(|(_, places)| places.len() > 1) {
        debts.insert(("word".to_owned(), name), places.len());
    }
    debts
}

/// Counts public functions whose error is a text: a caller cannot tell one error from another.
fn text_errors(code: &str) -> usize {
    let visible = code.match_indices("pub").map(|(at, _)| &code[at..]).filter_map(|rest| {
        let rest = rest.strip_prefix("pub")?;
        let rest = if rest.starts_with('(') { rest.split_once(')')?.1 } else { rest };
        let signature = head(rest).split_whitespace().collect::<Vec<_>>().join(" ");
        signature.starts_with("fn ").then_some(signature)
    });
    visible.filter(|signature| returned(signature).is_some_and(|kind| error_of(kind) == Some("String"))).count()
}

/// A declaration up to its body or its end; the `;` in an array's type is neither.
fn head(declaration: &str) -> &str {
    let mut depth = 0_i32;
    let end = declaration.find(|c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(c, '{' | ';')
    });
    &declaration[..end.unwrap_or(declaration.len())]
}

/// A function's return type: after the arrow that is outside of brackets.
fn returned(signature: &str) -> Option<&str> {
    let (mut depth, mut at) = (0_i32, None);
    for (index, c) in signature.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if depth == 0 && signature[..index].ends_with('-') => at = at.or(Some(index + 1)),
            _ => {}
        }
    }
    at.map(|at| signature[at..].trim())
}

/// The second type in `Result<_, _>`.
fn error_of(kind: &str) -> Option<&str> {
    let inner = kind.split_once("Result<")?.1;
    let (mut depth, mut comma) = (0_i32, None);
    for (index, c) in inner.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' if depth == 0 => return Some(inner[comma?..index].trim()),
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => comma = comma.or(Some(index + 1)),
            _ => {}
        }
    }
    None
}

/// Types that other crates may name. If two have the same name, talking about either is hard.
fn public_types(code: &str) -> Vec<String> {
    let words = ["pub struct ", "pub enum ", "pub trait "];
    let declared = words.iter().flat_map(|word| code.match_indices(word).map(|(at, word)| &code[at + word.len()..]));
    declared
        .filter_map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().map(str::to_owned))
        .collect()
}

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let listed = read(tree.files.get(LIST).map_or("", String::as_str));
    let owed = debts(tree);
    for ((rule, subject), far) in &owed {
        let path = if subject.contains(".rs") { subject.split(' ').next().unwrap_or_default() } else { "" };
        match listed.get(&(rule.clone(), subject.clone())) {
            Some(allowed) if far <= allowed => {}
            _ if rule == "circle" && is_part(subject, &listed) => {}
            allowed => findings.push(Finding::new(path, 0, sentence(rule, subject, *far, allowed.copied()))),
        }
    }
    for ((rule, subject), allowed) in &listed {
        let now = owed.get(&(rule.clone(), subject.clone())).copied().unwrap_or(0);
        if now < *allowed {
            let message =
                format!("`{rule} {subject}` stands at {now}, the list says {allowed}: run `cargo xtask tidy --shrink`");
            findings.push(Finding::new(LIST, 0, message));
        }
    }
}

/// Whether a circle is a part of one that is listed, because some of its files have left it.
fn is_part(circle: &str, listed: &Debts) -> bool {
    listed.keys().filter(|(rule, _)| rule == "circle").any(|(_, other)| {
        let other: Vec<&str> = other.split(' ').collect();
        circle.split(' ').all(|file| other.contains(&file))
    })
}

fn sentence(rule: &str, subject: &str, far: usize, allowed: Option<usize>) -> String {
    match rule {
        "lines" => format!(
            "has more than {} lines: move what is a thing of its own into a file of its own",
            allowed.unwrap_or(LINES_MAX).max(LINES_MAX)
        ),
        "text-error" => format!(
            "{far} public functions have a text for an error ({} are known): give it a variant for each mistake",
            allowed.unwrap_or(0)
        ),
        "circle" => format!("imports in a circle: {subject}; move what both need into a third file"),
        _ => {
            format!("`{subject}` names {far} public types ({} are known): one word for one thing", allowed.unwrap_or(1))
        }
    }
}

fn read(list: &str) -> Debts {
    let entries = list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (rule, rest) = line.split_once(' ')?;
        let (far, subject) = rest.split_once(' ')?;
        Some(((rule.to_owned(), subject.to_owned()), far.parse().ok()?))
    });
    entries.collect()
}

/// The list with all improvements; with `all`, also with what got worse.
pub(crate) fn list(tree: &Tree, all: bool) -> String {
    let listed = read(tree.files.get(LIST).map_or("", String::as_str));
    let mut text =
        "# What does not keep a rule of `cargo xtask tidy` yet: rule, how far, subject. Only ever shorter.\n"
            .to_owned();
    for ((rule, subject), far) in debts(tree) {
        let known = listed.get(&(rule.clone(), subject.clone())).copied();
        let known = known.or((rule == "circle" && is_part(&subject, &listed)).then_some(far));
        if let Some(far) = if all { Some(far) } else { known.map(|known| known.min(far)) } {
            _ = writeln!(text, "{rule} {far} {subject}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let mut findings = Vec::new();
        check(&Tree::of(files), &mut findings);
        findings.into_iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
    }

    #[test]
    fn a_large_file_is_found_and_a_listed_one_may_not_grow() {
        let (small, large) = ("x\n".repeat(LINES_MAX), "x\n".repeat(LINES_MAX + 1));
        assert!(found(&[("src/a.rs", &small)]).is_empty());
        assert_eq!(found(&[("src/a.rs", &large)]).len(), 1);
        assert!(found(&[("src/a.rs", &large), (LIST, "lines 500 src/a.rs\n")]).is_empty());
        assert_eq!(found(&[("src/a.rs", &"x\n".repeat(501)), (LIST, "lines 500 src/a.rs\n")]).len(), 1);
        assert_eq!(found(&[("src/a.rs", &small), (LIST, "lines 500 src/a.rs\n")]).len(), 1, "the list must shrink");
    }

    #[test]
    fn an_error_that_is_a_text_is_found() {
        let source = "pub fn a() -> Result<u8,\n String> {}\nfn own() -> Result<u8, String> {}\npub fn b() -> Result<String, E> {}\n\
            pub fn c(d: &dyn Fn() -> u8) -> Result<Vec<String>, E> {}\n";
        assert_eq!(found(&[("lab/src/a.rs", source)]).len(), 1);
        assert!(found(&[("lab/src/a.rs", source), (LIST, "text-error 1 lab/src/a.rs\n")]).is_empty());
        assert!(found(&[("lab/tests/a.rs", source)]).is_empty());
    }

    #[test]
    fn what_is_for_tests_alone_or_stands_in_for_another_does_not_count() {
        let (of_two, above) = ("pub struct Limits;\n", "pub struct Limits;\n#[cfg(test)]\npub mod model;\n");
        assert!(found(&[("src/raft.rs", above), ("src/raft/model.rs", of_two)]).is_empty());
        assert_eq!(found(&[("src/raft.rs", &above[..20]), ("src/raft/model.rs", of_two)]).len(), 1);
        assert!(
            found(&[("src/a.rs", of_two), ("src/b/absent.rs", of_two), ("src/c/elsewhere/d.rs", of_two)]).is_empty()
        );
    }

    #[test]
    fn only_the_error_itself_counts() {
        for (source, count) in [
            ("pub fn a(b: BTreeMap<String, String>) -> Result<u8, E> {}", 0),
            ("pub fn a() -> Result<BTreeMap<String, String>> {}", 0),
            ("pub fn a(f: impl FnMut(Result<u8, String>) -> Result<()>) -> Result<()> {}", 0),
            ("pub fn a() -> std::result::Result<(u8, String), String> {}", 1),
            ("pub(super) fn a() -> Result<u8, String>;", 1),
            ("fn a() -> Result<u8, String> {}", 0),
            ("pub fn a() -> Option<Result<[u8; 2], String>> {}", 1),
        ] {
            assert_eq!(text_errors(source), count, "{source}");
        }
    }

    #[test]
    fn one_word_for_two_types_is_found() {
        let files = [("src/a.rs", "pub struct Limits;\n"), ("lab/src/b.rs", "pub enum Limits {}\n")];
        assert_eq!(found(&files), [": `Limits` names 2 public types (1 are known): one word for one thing"]);
        assert!(found(&[files[0], ("lab/src/b.rs", "enum Limits {}\n")]).is_empty());
    }

    #[test]
    fn a_circle_is_found_unless_it_is_part_of_a_listed_one() {
        let files = [("src/lib.rs", ""), ("src/a.rs", "use crate::b;\n"), ("src/b.rs", "use crate::a;\n")];
        assert_eq!(found(&files).len(), 1);
        let with = |list: &'static str| found(&[files[0], files[1], files[2], (LIST, list)]);
        assert!(with("circle 2 src/a.rs src/b.rs\n").is_empty());
        assert_eq!(with("circle 3 src/a.rs src/b.rs src/c.rs\n").len(), 1, "the list must shrink, and that is all");
    }

    #[test]
    fn the_list_shrinks_and_never_grows_by_itself() {
        let tree = Tree::of(&[
            ("src/a.rs", &"x\n".repeat(460)),
            ("src/b.rs", &"x\n".repeat(460)),
            (LIST, "lines 700 src/a.rs\n"),
        ]);
        assert_eq!(
            read(&list(&tree, false)).into_iter().collect::<Vec<_>>(),
            [(("lines".into(), "src/a.rs".into()), 500)]
        );
        assert_eq!(read(&list(&tree, true)).len(), 2);
    }
}
