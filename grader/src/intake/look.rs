//! How submissions look in each language: what their files are called, and which of them comes first.

use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;

/// Folders that hold nothing of a learner's own, wherever they stand.
pub(super) const FOREIGN_FOLDERS: &[&str] = &["target", "node_modules", "__MACOSX"];

/// How a language's submissions look.
pub(super) struct Look {
    /// What their files' names end in; nothing where any file may be one.
    extension: &'static str,
    /// Files to begin with, the likeliest first; else the one file there is.
    pub(super) roots: &'static [&'static str],
    /// What the one file there is is called where its own name is none that a module could have.
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

/// The language of a file, told from its name. What a name ends in may be written in any case: `LIB.RS` came from a machine
/// that does not tell the two apart.
pub(super) fn language_of(name: &str, languages: &[CodeLanguage]) -> Option<CodeLanguage> {
    // A service is of any language, so any file may belong to it.
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

/// The files that each language begins with, the first language's likeliest first.
pub(super) fn roots(languages: &[CodeLanguage]) -> impl Iterator<Item = &'static str> {
    languages.iter().flat_map(|language| look(*language).roots.iter().copied())
}
