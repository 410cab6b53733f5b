//! How submissions look in each language: the extension of their files, and which of them is the root.

use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;

/// Folders with nothing of a learner's own, wherever they are.
pub(super) const FOREIGN_FOLDERS: &[&str] = &["target", "node_modules", "__MACOSX"];

/// How a language's submissions look.
pub(super) struct Look {
    /// The extension of their files; empty if any file may be one.
    extension: &'static str,
    /// The names of root files, the likeliest first; without one of these, a single file is the root.
    pub(super) roots: &'static [&'static str],
    /// The name that a single file gets if its own cannot be a module's.
    pub(super) alone: &'static str,
    /// The language's name in a sentence.
    pub(super) name: &'static str,
}

pub(super) const fn look(language: CodeLanguage) -> Look {
    match language {
        CodeLanguage::Rust => {
            Look { extension: "rs", roots: &["src/lib.rs", "lib.rs", "tests.rs"], alone: "lib.rs", name: "Rust" }
        }
        CodeLanguage::Python => Look {
            extension: "py",
            roots: &["main.py", "tests/test_cache.py", "test_cache.py"],
            alone: "test_cache.py",
            name: "Python",
        },
        CodeLanguage::Script => Look { extension: "txt", roots: &["script.txt"], alone: "script.txt", name: "script" },
        CodeLanguage::Http => Look { extension: "", roots: &["start"], alone: "start", name: "service" },
    }
}

/// The language of a file, from its name. The extension may have any case: `LIB.RS` comes from systems that ignore case.
/// that does not tell the two apart.
pub(super) fn language_of(name: &str, languages: &[CodeLanguage]) -> Option<CodeLanguage> {
    // A service may be in any language, so any file may be part of it.
    if languages.contains(&CodeLanguage::Http) {
        return Some(CodeLanguage::Http);
    }
    let extension = Path::new(name).extension()?;
    languages.iter().copied().find(|language| extension.eq_ignore_ascii_case(look(*language).extension))
}

/// Whether a file may be a source in one of these languages.
pub(super) fn is_source(path: &Path, languages: &[CodeLanguage]) -> bool {
    path.file_name().is_some_and(|name| language_of(&name.to_string_lossy(), languages).is_some())
}

/// The names of root files in these languages, the first language's likeliest first.
pub(super) fn roots(languages: &[CodeLanguage]) -> impl Iterator<Item = &'static str> {
    languages.iter().flat_map(|language| look(*language).roots.iter().copied())
}
