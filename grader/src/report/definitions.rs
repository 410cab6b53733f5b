//! Where a submission defines the functions that its failed checks call: formats that show a place in the source show it for a
//! check whose failure has no place of its own, as a panic has.

use std::collections::BTreeMap;

use cachedojo_judge::report::CheckReport;
use cachedojo_lab::script::{self, Command, Dialect};

use super::rows::{SourcePlace, place_of};
use crate::intake::submission::Submission;

/// The function that obeys a whole run of the line protocol.
const WHOLE_RUN: &str = "simulate_distributed_cache";

/// The line of each function's definition, under the name that requests have for it: `CacheNode::get`. Lines are compared as text:
/// parsing a stranger's source is done in a process of its own, which has ended before a report is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions(BTreeMap<String, SourcePlace>);

impl Definitions {
    /// The functions of a submission in Rust or Python. Of several with one name, the first counts. Cost: O(text).
    pub fn of(submission: &Submission) -> Self {
        let mut found = BTreeMap::new();
        for (file, text) in &submission.files {
            let mut owner = None;
            for (line, number) in text.lines().zip(1..) {
                if line.starts_with('}') {
                    owner = None;
                } else if let Some(of) = implemented(line) {
                    owner = Some(of);
                } else if let Some(name) = defined(line) {
                    let name = owner.map_or_else(|| name.to_owned(), |owner| format!("{owner}::{name}"));
                    let place = SourcePlace { file: file.clone(), line: number, column: 0 };
                    found.entry(name).or_insert(place);
                }
            }
        }
        Self(found)
    }

    /// Where a check failed, if its message says so; else where the function is defined that the last command of its script calls.
    pub(super) fn place_of(&self, check: &CheckReport) -> Option<SourcePlace> {
        place_of(check).or_else(|| {
            let script = script::parse(&check.script, Dialect::Lab);
            let called = script.commands.iter().rev().find_map(|step| match &step.command {
                Command::Ask(request) => self.0.get(request.item()),
                _ => None,
            });
            let is_whole_run = script.commands.is_empty() && !check.script.is_empty();
            called.or_else(|| self.0.get(WHOLE_RUN).filter(|_| is_whole_run)).cloned()
        })
    }
}

/// The type of a line that begins an `impl`: `CacheNode` of `impl<K> cache::CacheNode<K> {`.
fn implemented(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("impl").filter(|rest| rest.starts_with([' ', '<']))?;
    let of = match rest.split_once(" for ") {
        Some((_, of)) => of,
        None => &rest[generics_end(rest)..],
    };
    let path = of.trim_start().split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))).next()?;
    path.rsplit("::").next().filter(|name| !name.is_empty())
}

/// Where the generic parameters end with which a text begins.
fn generics_end(text: &str) -> usize {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if depth > 0 => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return if c == '>' { at + 1 } else { at };
        }
    }
    text.len()
}

/// The function that a line begins to define.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.trim_start();
    loop {
        let (word, rest) = words.split_once(' ')?;
        let is_qualifier = matches!(word, "pub" | "async" | "const") || word.starts_with("pub(");
        match word {
            "fn" | "def" => {
                return rest
                    .trim_start()
                    .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .next()
                    .filter(|s| !s.is_empty());
            }
            _ if is_qualifier => words = rest.trim_start(),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachedojo_judge::Verdict;
    use cachedojo_judge::pack::CodeLanguage;

    const SOURCE: &str = "pub struct CacheNode;\n\nimpl<K: Ord> node::CacheNode<K> {\n    /// fn get of nothing\n    \
                          pub fn new() -> Self {\n        Self\n    }\n\n    pub(crate) async fn get<Q>(&self) {}\n}\n\n\
                          impl Default for HashRing {\n    fn default() -> Self {}\n}\n\n\
                          fn get() {}\npub fn simulate_distributed_cache() {}\n";

    fn check(script: &str, actual: &str) -> CheckReport {
        let empty = CheckReport::empty("a", Verdict::Fail);
        CheckReport { script: script.to_owned(), actual: actual.to_owned(), ..empty }
    }

    #[test]
    fn a_failed_check_has_the_place_of_the_function_that_it_called() {
        let files = BTreeMap::from([("src/lib.rs".to_owned(), SOURCE.to_owned())]);
        let rust = Definitions::of(&Submission::of(CodeLanguage::Rust, "a", files).expect("a root is there"));
        for (script, actual, line) in [
            ("node new 10\nnode get a\nexpect b\n", "nothing", Some(9)),
            ("node new 10\nexpect b\n", "nothing", Some(5)),
            ("node new 10\nnode get a\nexpect b\n", "panicked at src/lib.rs:6:9: x", Some(6)),
            ("node new 10\nnode set a b\n", "nothing", Some(5)),
            ("ring new\n", "nothing", None),
            ("PUT a b\nGET a\n", "nothing", Some(17)),
            ("", "nothing", None),
        ] {
            assert_eq!(rust.place_of(&check(script, actual)).map(|at| at.line), line, "{script}");
        }
        let files = BTreeMap::from([(
            "main.py".to_owned(),
            "import re\n\ndef simulate_distributed_cache(commands):\n".to_owned(),
        )]);
        let python = Definitions::of(&Submission::of(CodeLanguage::Python, "a", files).expect("a root is there"));
        assert_eq!(
            python.place_of(&check("PUT a b\n", "")).map(|at| (at.file, at.line)),
            Some(("main.py".to_owned(), 3))
        );
    }

    #[test]
    fn types_of_impls_and_names_of_functions_are_found_in_a_line() {
        for (line, of) in [
            ("impl CacheNode {", Some("CacheNode")),
            ("impl<'a, T: Into<Vec<u8>>> HashRing<'a, T> {", Some("HashRing")),
            ("impl fmt::Display for crate::CacheNode {", Some("CacheNode")),
            ("implement(x)", None),
            ("impl<", None),
        ] {
            assert_eq!(implemented(line), of, "{line}");
        }
        for (line, name) in [
            ("    pub const fn len(&self) -> usize {", Some("len")),
            ("fn  spaced ()", Some("spaced")),
            ("let fn_name = 1;", None),
            ("// fn commented()", None),
            ("fn ", None),
            ("", None),
        ] {
            assert_eq!(defined(line), name, "{line}");
        }
    }
}
