//! Where a Python program is started: beside its first file, or above its folder, if that is a package.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::look::folder_of;

/// The name of a package whose folder has none that a program could write.
const UNNAMED: &str = "submission";

/// Whether the program of `root` works only if its folder is a package: a file names its own folder, what is beside that folder, or
/// says `from .`. Cost: O(text).
pub(super) fn is_of_package<E>(root: &str, sources: &BTreeMap<String, Result<String, E>>) -> bool {
    if !root.ends_with("main.py") {
        return false;
    }
    let home = folder_of(root);
    let above = folder_of(home.trim_end_matches('/'));
    // What stands in the folder above and not in this one.
    let first = |name: &str| name.split(['/', '.']).next().unwrap_or_default().to_owned();
    let beside: BTreeSet<String> =
        sources.keys().filter(|_| !home.is_empty()).filter_map(|name| name.strip_prefix(above)).map(first).collect();
    let own: BTreeSet<String> = sources.keys().filter_map(|name| name.strip_prefix(home)).map(first).collect();
    let texts = sources.iter().filter_map(|(name, text)| Some((name.strip_prefix(home)?, text.as_ref().ok()?)));
    texts.into_iter().any(|(name, text)| {
        let depth = name.matches('/').count();
        imported(text).any(|module| {
            let dots = module.bytes().take_while(|byte| *byte == b'.').count();
            let named = first(module);
            dots > depth || dots == 0 && beside.contains(&named) && !own.contains(&named)
        })
    })
}

/// What a file's import statements name, dots in front included. A line of a text that looks like one counts too, which changes
/// only the file's name in messages.
fn imported(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).flat_map(|line| {
        let from = line.strip_prefix("from ").map(|rest| rest.split(" import").next().unwrap_or_default());
        from.or(line.strip_prefix("import ")).unwrap_or_default().split(',').map(str::trim)
    })
}

/// What of a file's name is above its package, and what takes its place: nothing, or the package's name if the submission's own
/// folder is the package.
pub(super) fn package_of<'a>(root: &'a str, path: &Path) -> (&'a str, String) {
    let home = folder_of(root);
    if !home.is_empty() {
        return (folder_of(home.trim_end_matches('/')), String::new());
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let is_name = name.starts_with(starts) && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (home, if is_name { format!("{name}/") } else { format!("{UNNAMED}/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_needs_its_folders_name_is_of_a_package() {
        let check = |root: &str, files: &[(&str, &str)], expected: bool| {
            let sources =
                files.iter().map(|(name, text)| ((*name).to_owned(), Ok::<_, ()>((*text).to_owned()))).collect();
            assert_eq!(is_of_package(root, &sources), expected, "{files:?}");
        };
        check("main.py", &[("main.py", "import store"), ("store.py", "")], false);
        check("main.py", &[("main.py", "from .store import Store"), ("store.py", "")], true);
        check("main.py", &[("main.py", "import a.b"), ("a/b.py", "from .c import d"), ("a/c.py", "")], false);
        check("main.py", &[("main.py", "import a.b"), ("a/b.py", "  from ..c import d"), ("c.py", "")], true);
        check("src/main.py", &[("src/main.py", "import store"), ("src/store.py", "")], false);
        check("src/main.py", &[("src/main.py", "from src.store import S"), ("src/store.py", "")], true);
        check("src/main.py", &[("src/main.py", "import os, util"), ("util.py", "")], true);
        check("src/main.py", &[("src/main.py", "import util"), ("util.py", ""), ("src/util.py", "")], false);
        check("tests/test_cache.py", &[("tests/test_cache.py", "from .x import y")], false);
    }

    #[test]
    fn a_package_has_a_name_that_a_program_could_write() {
        assert_eq!(package_of("a/b/main.py", Path::new("x")), ("a/", String::new()));
        assert_eq!(package_of("main.py", Path::new("/home/cache")), ("", "cache/".to_owned()));
        assert_eq!(package_of("main.py", Path::new("hw-1")), ("", "submission/".to_owned()));
    }
}
