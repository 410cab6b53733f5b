//! How submissions look in each language: the extension of their files, and which of them is the root.

use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;

use crate::intake::diagnostic::{self, Diagnostic};

/// Folders that hold nothing of a learner's own, wherever they stand. (`__pycache__` is none of them: a Rust module may have that name.)
const FOREIGN_FOLDERS: &[&str] = &["target", "node_modules", "__MACOSX", "venv", "site-packages"];

/// Whether nothing in a folder of that name is a learner's own: generated, installed or hidden.
pub(super) fn is_foreign(folder: &str) -> bool {
    FOREIGN_FOLDERS.contains(&folder) || folder.starts_with('.')
}

/// Whether the search of a class's folder passes over an entry of that name.
pub(super) fn is_passed_over_in_class(name: &str) -> bool {
    is_foreign(name) || name == "__pycache__"
}

/// The folder of a file by its name, with the last slash; empty for a file at the top. Cost: O(name).
pub fn folder_of(name: &str) -> &str {
    &name[..name.rfind('/').map_or(0, |slash| slash + 1)]
}

/// How a language's submissions look.
pub(super) struct Look {
    /// The extension of their files; empty if any file may be one.
    extension: &'static str,
    /// The names of root files, the likeliest first; without one of these, a single file is the root.
    pub(super) roots: &'static [&'static str],
    /// The name of the root file of tests.
    pub(super) tests: &'static str,
    /// The name that a single file gets if its own cannot be a module's.
    pub(super) alone: &'static str,
    /// The language's name in a sentence.
    pub(super) name: &'static str,
}

pub(super) const fn look(language: CodeLanguage) -> Look {
    match language {
        CodeLanguage::Rust => {
            let roots = &["src/lib.rs", "lib.rs", "tests.rs"];
            Look { extension: "rs", roots, tests: "tests.rs", alone: "lib.rs", name: "Rust" }
        }
        CodeLanguage::Python => Look {
            extension: "py",
            roots: &["main.py", "tests/test_cache.py", "test_cache.py"],
            tests: "tests/test_cache.py",
            alone: "test_cache.py",
            name: "Python",
        },
        CodeLanguage::Script => {
            let name = "script.txt";
            Look { extension: "txt", roots: &["script.txt"], tests: name, alone: name, name: "script" }
        }
        CodeLanguage::Http => {
            Look { extension: "", roots: &["start"], tests: "start", alone: "start", name: "service" }
        }
    }
}

/// The language of a file, from its name. The extension may have any case: `LIB.RS` comes from systems that ignore it.
pub(super) fn language_of(name: &str, languages: &[CodeLanguage]) -> Option<CodeLanguage> {
    // A service may be in any language, so any file may be part of it.
    if languages.contains(&CodeLanguage::Http) {
        return Some(CodeLanguage::Http);
    }
    let extension = Path::new(name).extension()?;
    languages.iter().copied().find(|language| extension.eq_ignore_ascii_case(look(*language).extension))
}

/// Whether a file's name says that it is about something, and is no submission: `readme.txt`.
pub(super) fn is_about_something(stem: &str) -> bool {
    let about = ["readme", "read me", "index", "grades", "notes", "instructions", "statement", "license", "manifest"];
    about.contains(&stem.to_lowercase().as_str())
}

/// Whether a file could be a script by its kind, but is about something by its name, where scripts are handed in and nothing else.
pub(super) fn is_no_script(path: &Path, languages: &[CodeLanguage]) -> bool {
    languages == [CodeLanguage::Script]
        && path.file_stem().is_some_and(|stem| is_about_something(&stem.to_string_lossy()))
}

/// Whether nothing but its name tells the file to begin with: a service may be in any language, and any file may belong to it.
pub(super) fn is_told_by_name(language: CodeLanguage) -> bool {
    language == CodeLanguage::Http
}

/// Whether a file's name says that it is of another kind than this language's sources: `notes.txt` and `main.py` are no Rust. A
/// script may have any extension but that of a program, and any file may be part of a service.
pub(super) fn is_of_another_kind(name: &str, language: CodeLanguage) -> bool {
    let Some(extension) = Path::new(name).extension() else { return false };
    match language {
        CodeLanguage::Rust | CodeLanguage::Python => !extension.eq_ignore_ascii_case(look(language).extension),
        CodeLanguage::Script => program_language(name).is_some(),
        CodeLanguage::Http => false,
    }
}

/// The language of a program, from its file's name.
pub(super) fn program_language(name: &str) -> Option<CodeLanguage> {
    language_of(name, &[CodeLanguage::Rust, CodeLanguage::Python])
}

/// Whether a file would be a source if it were not hidden: then it is named, and never graded in silence. What systems put there
/// themselves (`._script.txt`) is none, and to a service hidden files may belong.
pub(super) fn is_hidden_source(name: &str, languages: &[CodeLanguage]) -> bool {
    let Some(own) = name.strip_prefix('.').filter(|own| !own.starts_with('_')) else { return false };
    match language_of(own, languages) {
        Some(language) if is_told_by_name(language) => own == look(language).alone,
        language => language.is_some(),
    }
}

/// Whether a file may be a source in one of these languages.
pub(super) fn is_source(path: &Path, languages: &[CodeLanguage]) -> bool {
    path.file_name().is_some_and(|name| language_of(&name.to_string_lossy(), languages).is_some())
}

/// The names of root files in these languages, the first language's likeliest first.
pub(super) fn roots(languages: &[CodeLanguage]) -> impl Iterator<Item = &'static str> {
    languages.iter().flat_map(|language| look(*language).roots.iter().copied())
}

/// Whether a file's name, without folders, is that of a root file in any language.
pub(super) fn is_root_name(name: &str) -> bool {
    roots(&CodeLanguage::ALL).any(|root| root.rsplit('/').next() == Some(name))
}

/// The language of a folder and its file to begin with: the first language that has a file of such a name, else the first
/// with a single source file.
pub(super) fn find_language<'a>(
    languages: &[CodeLanguage],
    names: &(impl Iterator<Item = &'a String> + Clone),
) -> Option<(CodeLanguage, String)> {
    let found = languages.iter().filter_map(|&language| {
        let own = names.clone().filter(|name| language_of(name, &[language]).is_some());
        Some((language, find_root(language, own)?))
    });
    let is_named =
        |(language, root): &(CodeLanguage, String)| look(*language).roots.iter().any(|name| is_at(root, name));
    let found: Vec<_> = found.collect();
    found.iter().find(|found| is_named(found)).or(found.first()).cloned()
}

/// A remark where a file of another language could as well be the one to begin with: whoever handed in both learns which counts.
pub(super) fn passed_over<'a>(
    languages: &[CodeLanguage],
    taken: CodeLanguage,
    root: &str,
    names: &(impl Iterator<Item = &'a String> + Clone),
) -> Option<Diagnostic> {
    let is_begin = |name: &&String| {
        let others = languages.iter().filter(|language| **language != taken);
        others.flat_map(|language| look(*language).roots).any(|wanted| name.as_str() == *wanted)
    };
    let other = names.clone().find(is_begin)?;
    let message = format!("`{root}` is graded, and not this file: hand in one of the two to choose");
    Some(diagnostic::at(other, 0, 0, &message))
}

/// The root among a language's source files: the shallowest of the likeliest name, else the only file.
/// Two candidates at the same depth are none: the grader does not guess which one was meant.
pub(super) fn find_root<'a>(language: CodeLanguage, names: impl Iterator<Item = &'a String> + Clone) -> Option<String> {
    for wanted in look(language).roots {
        let depth = |name: &String| name.matches('/').count();
        let fits = |name: &&String| is_at(name, wanted);
        if let Some(shallowest) = names.clone().filter(fits).map(depth).min() {
            let mut roots = names.clone().filter(fits).filter(|name| depth(name) == shallowest);
            let root = roots.next();
            return if roots.next().is_none() { root.cloned() } else { None };
        }
    }
    if is_told_by_name(language) {
        return None;
    }
    // A package's own file holds no program.
    let mut names = names
        .filter(|name| name.rsplit('/').next() != Some("__init__.py") && !is_no_script(Path::new(name), &[language]));
    let only = names.next();
    if names.next().is_none() { only.cloned() } else { None }
}

/// Whether a path is `wanted`, in whatever folder.
fn is_at(path: &str, wanted: &str) -> bool {
    path.strip_suffix(wanted).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}
