//! Dead pointers: a file, a folder or a command that Markdown or a comment names must exist. And the other way round:
//! each top folder is on the map in ARCHITECTURE.md.

use std::collections::BTreeSet;

use super::rust;
use super::tree::{Finding, Tree, has_extension};

/// The commands of a program, as the variants of its `enum Command` name them.
pub(crate) fn commands(main: &str) -> Vec<String> {
    let body =
        main.split_once("enum Command {").map_or("", |(_, rest)| rest.split_once("\n}").map_or("", |(body, _)| body));
    let variants = body.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?.split(['(', ',', ' ']).next()?;
        name.chars().next().filter(char::is_ascii_uppercase).map(|_| name.to_lowercase())
    });
    variants.collect()
}

pub(crate) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let of = |path: &str| tree.files.get(path).map(|text| commands(text)).unwrap_or_default();
    // A repository of a learner's has folders such as `.github/` too: of those with a dot, one is ours.
    let tops = tree.files.keys().filter_map(|path| Some(path.split_once('/')?.0));
    let tops = tops.filter(|top| !top.starts_with('.') || *top == ".ci").map(|top| format!("{top}/")).collect();
    let known = Known { grader: of("grader/src/cli.rs"), xtask: of("xtask/src/main.rs"), tops };
    for (path, text) in
        tree.files.iter().filter(|(path, _)| has_extension(path, "md") && !path.starts_with("exercises/"))
    {
        look(tree, path, text, &known, findings);
        links(tree, path, text, findings);
    }
    for (path, text) in tree.rust() {
        look(tree, path, &rust::split(text).1, &known, findings);
    }
    map(tree, findings);
}

/// Top folders that the map does not name: a newcomer would look for them in vain.
fn map(tree: &Tree, findings: &mut Vec<Finding>) {
    let Some(text) = tree.files.get("ARCHITECTURE.md") else { return };
    let tops = tree.files.keys().filter_map(|path| Some(path.split_once('/')?.0)).filter(|top| !top.starts_with('.'));
    for top in tops.collect::<BTreeSet<_>>() {
        if !text.contains(&format!("`{top}/")) {
            findings.push(Finding::new(
                "ARCHITECTURE.md",
                0,
                format!("`{top}/` is not on the map: say there what it is"),
            ));
        }
    }
}

/// What exists: the commands, and the top folders, by which paths are recognised among other texts with a slash.
struct Known {
    grader: Vec<String>,
    xtask: Vec<String>,
    tops: BTreeSet<String>,
}

impl Known {
    /// The command that a shell would be told, if it is one of ours and is not there.
    fn missing<'a>(&self, told: &'a str) -> Option<&'a str> {
        let mut words = told.split_whitespace();
        let (command, known) = match (words.next()?, words.next()?) {
            (program, command) if program == "grader" || program.ends_with("/grader") => (command, &self.grader),
            ("cargo", "xtask") => (words.next()?, &self.xtask),
            _ => return None,
        };
        let is_word = command.chars().all(|c| c.is_ascii_lowercase());
        (is_word && known.iter().all(|known| known != command)).then_some(command)
    }
}

/// Paths and commands in backticks, and commands in blocks for a shell.
fn look(tree: &Tree, path: &str, text: &str, known: &Known, findings: &mut Vec<Finding>) {
    let mut block = None;
    for (index, line) in text.lines().enumerate() {
        let mut finding = |message| findings.push(Finding::new(path, index + 1, message));
        let bare = line.trim_start_matches(['/', '!', ' ']);
        if let Some(kind) = bare.strip_prefix("```") {
            block = if block.is_some() { None } else { Some(kind.trim().to_owned()) };
            continue;
        }
        if block.as_deref() == Some("sh") {
            let told = bare.split(" #").next().unwrap_or_default().split("&&");
            for told in told.map(str::trim) {
                if let Some(command) = known.missing(told) {
                    finding(format!("`{told}`: there is no command `{command}`"));
                }
            }
            continue;
        }
        for quoted in line.split('`').skip(1).step_by(2) {
            if is_path(known, quoted) && !is_there(tree, path, quoted) {
                finding(format!("`{quoted}` is not there: name what is, or drop it"));
            }
            if let Some(command) = known.missing(quoted) {
                finding(format!("`{quoted}`: there is no command `{command}`"));
            }
        }
    }
}

/// Relative links of Markdown.
fn links(tree: &Tree, path: &str, text: &str, findings: &mut Vec<Finding>) {
    for (index, line) in text.lines().enumerate() {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if !target.is_empty() && !target.contains("://") && !is_there(tree, path, target) {
                findings.push(Finding::new(path, index + 1, format!("the link to {target} leads nowhere")));
            }
        }
    }
}

fn is_path(known: &Known, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    known.tops.iter().any(|top| text.starts_with(top)) && text.chars().all(plain) && text.len() > 4
}

/// Whether a path exists: from the root, from the file's own folder, or from its crate's.
fn is_there(tree: &Tree, from: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    // Files that learners hand in are named as in a submission, and generated folders may be missing.
    let is_made = matches!(path, "www/dist" | "www/src/wasm" | "www/public/course" | "dist/page" | "dist/grader");
    let is_learners = matches!(path, "src/lib.rs" | "src/main.rs" | "tests.rs" | "src") || path.ends_with("target");
    let mut folders = vec![String::new()];
    folders.extend(from.match_indices('/').map(|(at, _)| from[..=at].to_owned()));
    is_made
        || is_learners
        || folders.iter().any(|folder| tree.has(&format!("{folder}{path}")) || tree.has(&format!("{folder}{path}.rs")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_found_in_markdown_and_in_comments() {
        let tree = Tree::of(&[
            (
                "README.md",
                "`src/ring.rs` `src/gone.rs` `lab/` [a](lab/src/a.rs) [b](b.md) [c](https://x.y)\n`cargo xtask play` `cargo xtask plya` `grader grade X` `grader glade X` `a/b` `client/gone.rs`\n```sh\ncargo xtask play # all\ntarget/release/grader glade X && cargo xtask plya\n```\n",
            ),
            ("xtask/src/main.rs", "enum Command {\n    /// Show\n    Play(play::Arguments),\n}\n"),
            ("grader/src/cli.rs", "pub enum Command {\n    Grade(GradeArgs),\n    Doctor,\n}\n"),
            ("src/ring.rs", "// see `tests/gone.rs`\nlet a = \"`tests/gone.rs`\";\n"),
            ("client/src/lib.rs", ""),
            ("tests/a.rs", ""),
            ("lab/src/a.rs", "//! `src/a.rs` stands in this crate\n"),
        ]);
        let mut findings = Vec::new();
        check(&tree, &mut findings);
        let found: Vec<_> = findings.iter().map(|f| (f.path.as_str(), f.line, f.message.as_str())).collect();
        let wanted = [
            ("README.md", 1, "`src/gone.rs` is not there: name what is, or drop it"),
            ("README.md", 2, "`cargo xtask plya`: there is no command `plya`"),
            ("README.md", 2, "`grader glade X`: there is no command `glade`"),
            ("README.md", 2, "`client/gone.rs` is not there: name what is, or drop it"),
            ("README.md", 5, "`target/release/grader glade X`: there is no command `glade`"),
            ("README.md", 5, "`cargo xtask plya`: there is no command `plya`"),
            ("README.md", 1, "the link to b.md leads nowhere"),
            ("src/ring.rs", 1, "`tests/gone.rs` is not there: name what is, or drop it"),
        ];
        assert_eq!(found, wanted);
    }
    #[test]
    fn a_folder_that_is_not_on_the_map_is_found() {
        let tree = Tree::of(&[
            ("ARCHITECTURE.md", "| `src/` | the engine |\n| `lab/src/`, `docs/` | |\n"),
            ("src/a.rs", ""),
            ("lab/src/a.rs", ""),
            ("attic/src/a.rs", ""),
            (".ci/run", ""),
            ("docs/a.md", ""),
        ]);
        let mut findings = Vec::new();
        check(&tree, &mut findings);
        let found: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(found, ["`attic/` is not on the map: say there what it is"]);
    }
}
