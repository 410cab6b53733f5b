//! Which of a learner's files are graded, by one rule:
//!
//! 1. What has the name that the exercise asks for, and what belongs to it. Of several the one least deep; several equally deep
//!    are [`Found::Ambiguous`].
//! 2. Without such a name the only source there is. Several are [`Found::Ambiguous`]: a mark must not depend on a guess.
//! 3. Where the exercise takes several languages, a file to begin with in another one, in the same folder, is as good a candidate.
//! 4. What else may have been meant is told in the remark: another of that name, an archive, a second upload (`lib (1).rs`),
//!    and beside a script every other script.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cachedojo_judge::pack::CodeLanguage;

use super::archive::is_archive;
use super::look::{self, is_source};
use super::submission::Submission;
use crate::host::files::read_plain;

/// The largest source that is examined, in bytes.
const SOURCE_BYTES_MAX: u64 = 1 << 20;
/// The most file names that a message lists.
pub(super) const NAMED_MAX: usize = 5;

/// The result of the search in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A submission to grade, with a remark if there was a choice.
    Source(PathBuf, String),
    /// Nothing, or only blank sources.
    Empty,
    /// Files, but no source among them.
    Missing(Vec<String>),
    /// An earlier file of a learner whose later one is graded.
    Superseded,
    /// An archive that was refused, or a folder that cannot be read.
    Unreadable(String),
    /// Several candidates, and nothing that shows which is meant: a mark must not depend on a guess.
    Ambiguous(Vec<String>),
}

/// What is graded of these files below a folder; `None` if none of them is a source.
pub(super) fn choice(folder: &Path, files: &[PathBuf], languages: &[CodeLanguage]) -> Option<Found> {
    let names_of = |language: &CodeLanguage| {
        let language = *language;
        look::look(language).roots.iter().map(move |name| (language, *name))
    };
    for (language, name) in languages.iter().flat_map(names_of) {
        let depth = |path: &Path| path.components().count();
        let roots: Vec<&PathBuf> = files.iter().filter(|path| path.ends_with(name)).collect();
        let Some(least) = roots.iter().map(|path| depth(path)).min() else { continue };
        let home = |root: &Path| root.ancestors().nth(depth(Path::new(name))).unwrap_or(folder).to_owned();
        let nearest: Vec<&PathBuf> = roots.iter().filter(|path| depth(path) == least).copied().collect();
        let [chosen] = nearest[..] else {
            let homes: Vec<PathBuf> = nearest.iter().map(|root| home(root)).collect();
            return Some(Found::Ambiguous(named(folder, homes.iter().map(PathBuf::as_path))));
        };
        let home = home(chosen);
        if let Some(other) = in_another_language(files, language, name, &home, languages) {
            if is_blank(chosen) {
                continue;
            }
            return Some(Found::Ambiguous(named(folder, [chosen.as_path(), other].into_iter())));
        }
        // A program in a package is started from above it.
        let above = home.parent().filter(|_| name == "main.py" && home != folder).map(Path::to_owned);
        let is_package = |above: &PathBuf| Submission::read(above, languages).is_ok_and(|read| read.root.contains('/'));
        let graded = above.filter(is_package).unwrap_or_else(|| home.clone());
        let is_beside = |path: &Path| [Some(home.as_path()), Some(folder)].contains(&path.parent());
        // A Rust module never stands in a `src` of its own; a package of Python's may have a `main.py`.
        let is_apart = |path: &PathBuf| !path.starts_with(&home) || path != chosen && name == "src/lib.rs";
        let another = |path: &&PathBuf| {
            roots.contains(path) && is_apart(path)
                || *path != chosen && path.file_name() == chosen.file_name() && is_beside(path)
        };
        let seconds = seconds(chosen, files, &graded, language);
        let apart: Vec<&Path> = files
            .iter()
            .filter(|path| another(path) || is_archive(path) || seconds.contains(path.as_path()))
            .map(PathBuf::as_path)
            .collect();
        return Some(match (is_blank(chosen), apart.as_slice()) {
            (false, _) => Found::Source(graded, remark(folder, &apart)),
            (true, []) => Found::Empty,
            (true, _) => Found::Ambiguous(named(folder, [chosen.as_path()].into_iter().chain(apart.iter().copied()))),
        });
    }
    alone(folder, files, languages)
}

/// A file that is not blank, to begin with in another language than `language`: of a program where `name` is a program's, of tests
/// where it is tests'.
fn in_another_language<'a>(
    files: &'a [PathBuf],
    language: CodeLanguage,
    name: &str,
    home: &Path,
    languages: &[CodeLanguage],
) -> Option<&'a Path> {
    let others = languages.iter().filter(|other| **other != language).flat_map(|other| look::look(*other).roots);
    let alike = others.filter(|other| other.contains("test") == name.contains("test"));
    alike
        .map(|other| home.join(other))
        .find_map(|wanted| files.iter().find(|path| **path == wanted && !is_blank(path)).map(PathBuf::as_path))
}

/// What is graded where nothing has the name that the exercise asks for.
fn alone(folder: &Path, files: &[PathBuf], languages: &[CodeLanguage]) -> Option<Found> {
    // To a service any file may belong, and an archive is opened all the same.
    let is_handed_in =
        |path: &&Path| is_source(path, languages) && !is_archive(path) && !look::is_no_script(path, languages);
    let sources: Vec<&Path> = files.iter().map(PathBuf::as_path).filter(is_handed_in).collect();
    let archives: Vec<&Path> = files.iter().map(PathBuf::as_path).filter(|path| is_archive(path)).collect();
    let (sources, replaced) = latest(&sources);
    let archives: Vec<&Path> = archives.into_iter().chain(replaced).collect();
    // A package's own file holds no program.
    let own: Vec<&Path> = sources.iter().filter(|path| !path.ends_with("__init__.py")).copied().collect();
    match (sources.as_slice(), own.as_slice()) {
        ([], _) => None,
        _ if languages.iter().any(|language| look::is_told_by_name(*language)) => {
            Some(Found::Missing(named(folder, sources.iter().copied())))
        }
        ([only], _) => Some(match source(only, remark(folder, &archives)) {
            Found::Empty if !archives.is_empty() => {
                Found::Ambiguous(named(folder, [*only].into_iter().chain(archives.iter().copied())))
            }
            found => found,
        }),
        (_, [_]) => Some(Found::Source(folder.to_owned(), remark(folder, &archives))),
        _ => {
            let several = if own.is_empty() { &sources } else { &own };
            Some(Found::Ambiguous(named(folder, several.iter().copied())))
        }
    }
}

/// The files without those that a later one replaces, and those: ILIAS writes the moment before the learner's own name,
/// `20261120101530_script.txt`.
fn latest<'a>(files: &[&'a Path]) -> (Vec<&'a Path>, Vec<&'a Path>) {
    let stamped = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let (moment, own) = name.split_once('_')?;
        let is_moment = moment.len() == MOMENT.len() && moment.bytes().all(|byte| byte.is_ascii_digit());
        is_moment.then(|| (path.with_file_name(own), moment.to_owned()))
    };
    files.iter().copied().partition(|path| {
        stamped(path).is_none_or(|(own, moment)| {
            !files.iter().filter_map(|other| stamped(other)).any(|(other, later)| other == own && later > moment)
        })
    })
}

/// How ILIAS writes a moment.
const MOMENT: &str = "YYYYMMDDhhmmss";

/// The sources that may be another upload of the root: their names hold the root's own, and the program does not name them.
/// Beside a script, which is one file, every other script is one.
fn seconds<'a>(root: &Path, files: &'a [PathBuf], graded: &Path, language: CodeLanguage) -> BTreeSet<&'a Path> {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let wanted = stem(root);
    let holds = |stem: &str| {
        stem.match_indices(wanted.as_str()).any(|(at, _)| {
            let (before, after) = (stem[..at].chars().next_back(), stem[at + wanted.len()..].chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphabetic)
        })
    };
    let is_second = |path: &&Path| {
        let stem = stem(path);
        let is_test = stem.starts_with("test") && !wanted.starts_with("test");
        *path != root && is_source(path, &[language]) && (language == CodeLanguage::Script || holds(&stem) && !is_test)
    };
    let mut found: BTreeSet<&Path> = files.iter().map(PathBuf::as_path).filter(is_second).collect();
    if language == CodeLanguage::Script || found.is_empty() {
        return found;
    }
    // `lib2.rs` is a module where the program says so; no module is called `lib (1)`.
    let texts = Submission::read(graded, &[language]).map(|read| read.files).unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let words: BTreeSet<String> =
        texts.values().flat_map(|text| text.split(move |c: char| !is_word(c))).map(str::to_lowercase).collect();
    // A further root in another folder is told as that, and a module of the root's own name is part of the program.
    found.retain(|path| stem(path) != wanted && !words.contains(&stem(path)));
    found
}

/// What a teacher and a learner are told of files that may have been meant as well.
fn remark(folder: &Path, apart: &[&Path]) -> String {
    let names = named(folder, apart.iter().copied()).join(", ");
    if names.is_empty() { names } else { format!("there is more than was graded: {names}") }
}

/// The first few names, relative to a folder.
pub(super) fn named<'a>(folder: &Path, paths: impl Iterator<Item = &'a Path>) -> Vec<String> {
    paths.take(NAMED_MAX).map(|path| path.strip_prefix(folder).unwrap_or(path).display().to_string()).collect()
}

/// A source file as what is graded.
pub(super) fn source(path: &Path, remark: String) -> Found {
    if is_blank(path) { Found::Empty } else { Found::Source(path.to_owned(), remark) }
}

fn is_blank(path: &Path) -> bool {
    // A larger file is not blank, and grading reports if it is too large.
    let is_blank =
        |bytes: Vec<u8>| bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).iter().all(u8::is_ascii_whitespace);
    read_plain(path, SOURCE_BYTES_MAX).is_ok_and(is_blank)
}
