//! The project's text files as the rules see them: a rule is a function of a tree, so that a test can plant a
//! violation.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// A violation of a rule, and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// Counted from 1; 0 for a file as a whole.
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

/// Text files by path, with `/` between folders.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, String>,
}

/// Folders with nothing written by hand.
const FOREIGN: &[&str] = &["target", "node_modules", "dist", ".git", "test-results", "playwright-report", "wasm"];
/// Learners' code: our rules do not apply to it.
const LEARNERS: &[&str] = &["grader/tests/submissions/", "grader/tests/attacks/", "exercises/"];
const EXTENSIONS: &[&str] = &["rs", "md", "toml", "ts", "tsx", "yml", "sh", "css", "html", "txt", "json", "mjs", "py"];
const FILE_BYTES_MAX: u64 = 1 << 20;

impl Tree {
    /// The project's files: the paths of all, and the text of those that a rule can read.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        let entries = WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| {
            entry.depth() == 0 || !FOREIGN.iter().any(|foreign| entry.file_name().to_string_lossy() == *foreign)
        });
        for entry in entries {
            let entry = entry?;
            if !entry.file_type().is_file() {
                continue;
            }
            let path = entry.path().strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            let is_text = EXTENSIONS.iter().any(|extension| path.ends_with(&format!(".{extension}")));
            let text = if is_text && entry.metadata()?.len() <= FILE_BYTES_MAX {
                fs::read(entry.path()).with_context(|| format!("reading `{path}`"))?
            } else {
                Vec::new()
            };
            files.insert(path, String::from_utf8_lossy(&text).into_owned());
        }
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    /// Our own Rust sources: no learner's.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(|(path, _)| has_extension(path, "rs") && !is_learners(path))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Whether a whole file is test code: it stands beside a crate's sources, or the file above it, or one further above, says
    /// `#[cfg(test)] mod`. Its name proves nothing: the product may have a module `tests` too. Cost: O(text of those above).
    pub(crate) fn is_test(&self, path: &str) -> bool {
        if path.split('/').take_while(|folder| *folder != "src").any(|folder| BESIDE_SOURCES.contains(&folder)) {
            return true;
        }
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        let mut inner = stem.strip_suffix("/mod").unwrap_or(stem);
        while let Some((folder, name)) = inner.rsplit_once('/') {
            let above = [format!("{folder}.rs"), format!("{folder}/mod.rs"), format!("{folder}/lib.rs")];
            let says = |text: &String| {
                ["#[cfg(test)]", "#[cfg(all(test, not(target_arch = \"wasm32\")))]"].iter().any(|condition| {
                    let seen = ["", "pub ", "pub(crate) ", "pub(super) "];
                    seen.iter().any(|seen| text.contains(&format!("{condition}\n{seen}mod {name};")))
                })
            };
            if above.iter().filter_map(|above| self.files.get(above)).any(says) {
                return true;
            }
            inner = folder;
        }
        false
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path)
            || self.files.range(folder.clone()..).next().is_some_and(|(next, _)| next.starts_with(&folder))
    }
}

/// Whether a file is a learner's, or an example of one's.
pub(crate) fn is_learners(path: &str) -> bool {
    LEARNERS.iter().any(|folder| path.starts_with(folder))
}

/// The folders that a crate has beside its sources, whose files are no part of the product.
const BESIDE_SOURCES: &[&str] = &["tests", "examples", "benches", "fuzz_targets"];

/// Whether a path ends in this extension.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn test_code_is_what_is_compiled_for_tests_alone() {
        let tree = Tree::of(&[
            ("grader/src/run/mod.rs", "pub mod tests;\n#[cfg(test)]\nmod trials;\n"),
            ("grader/src/run/tests.rs", "mod told;\n"),
        ]);
        for (path, is_test) in [
            ("tests/a.rs", true),
            ("grader/tests/a/mod.rs", true),
            ("grader/examples/a.rs", true),
            ("fuzz/fuzz_targets/a.rs", true),
            ("grader/src/run/tests.rs", false),
            ("grader/src/run/tests/told.rs", false),
            ("grader/src/run/trials.rs", true),
            ("grader/src/run/trials/a.rs", true),
            ("grader/src/run/trials/mod.rs", true),
            ("src/tests.rs", false),
        ] {
            assert_eq!(tree.is_test(path), is_test, "{path}");
        }
    }
}
