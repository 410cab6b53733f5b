//! A submission as plain data: the source files of a folder, or a single file. Nothing in it is executed, no link is
//! followed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cachedojo_judge::pack::CodeLanguage;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::host::digest::PartsDigest;
use crate::host::files::{open_named, read_at_most, read_plain};
use crate::host::printable;
use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::look::{
    find_language, find_root, folder_of, is_foreign, is_hidden_source, is_of_another_kind, is_told_by_name,
    language_of, look, passed_over,
};
use crate::intake::python;
use crate::intake::unreadable::size_text;
pub use crate::intake::unreadable::{Unreadable, name_of, root_names, roots, roots_in};

/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The most bytes of all files together.
const TOTAL_BYTES_MAX: u64 = 4 << 20;
/// The most source files.
const FILES_MAX: usize = 256;
/// The most directory entries that are examined.
const ENTRIES_MAX: usize = 10_000;
/// The deepest folder that is searched.
const DEPTH_MAX: usize = 12;
/// Most names that a message gives.
const NAMED_MAX: usize = 5;

/// Files that would configure a cargo build, with the message about each.
const IGNORED: &[(&str, &str)] = &[
    ("build.rs", "build scripts are never run here: the submission is graded without this file"),
    (".cargo", "cargo's settings are ignored: the grader has its own"),
    ("rust-toolchain", "the toolchain is the grader's: this file is ignored"),
    ("rust-toolchain.toml", "the toolchain is the grader's: this file is ignored"),
];

/// A submission that was read. It can be sent to another machine; it is as untrusted there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Its language, from its files.
    pub language: CodeLanguage,
    /// The path that it was read from, as the user named it.
    pub path: String,
    /// Path, relative to the submission and with `/`, to text.
    pub files: BTreeMap<String, String>,
    /// The root file among `files`: `src/lib.rs`, `lib.rs`, `main.py`, or the only file.
    pub root: String,
    /// Digest of `root` and `files`, in hexadecimal.
    pub sha256: String,
    /// What was left out, and why.
    pub notes: Vec<Diagnostic>,
    /// Whether it is part of a pack, and therefore trusted.
    #[serde(skip)]
    pub is_of_pack: bool,
}

impl Submission {
    /// Reads `path` as a submission in one of `languages`: a folder with a root file (`src/lib.rs`, `lib.rs`, `main.py`; at its
    /// top, or in its only such sub-folder), a folder with a single source file, or one file. Symbolic links below `path` are
    /// never followed. If a folder matches several languages, the first one with a root file is used.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn read(path: &Path, languages: &[CodeLanguage]) -> Result<Self, Unreadable> {
        let shown = printable::line(&path.display().to_string());
        let io = |error: &std::io::Error| Unreadable::Io {
            path: shown.clone(),
            reason: error.to_string(),
            languages: languages.to_vec(),
        };
        let metadata = fs::metadata(path).map_err(|error| io(&error))?;
        if metadata.is_dir() {
            return Self::read_folder(path, &shown, languages);
        }
        if !metadata.is_file() {
            let (reason, languages) = ("it is neither a folder nor a file".to_owned(), languages.to_vec());
            return Err(Unreadable::Io { path: shown, reason, languages });
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // `grade …/src/lib.rs` means the whole crate: its modules are beside that file.
        if let (true, Some(src)) = (name == "lib.rs", path.parent().filter(|parent| parent.ends_with("src")))
            && let Some(folder) = src.parent()
        {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            return Self::read_folder(folder, &shown, languages);
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(Unreadable::TooBig {
                path: shown,
                limit: format!("{FILE_BYTES_MAX} bytes a file (it has {})", size_text(metadata.len())),
            });
        }
        let bytes = open_named(path).and_then(|file| read_at_most(file, FILE_BYTES_MAX)).map_err(|error| io(&error))?;
        // A file of any name is graded in the language of its extension; without one, in the exercise's first language.
        let first = languages.first().copied().unwrap_or(CodeLanguage::Rust);
        let language = language_of(&name, languages).unwrap_or(first);
        if is_of_another_kind(&name, language) || is_told_by_name(language) && name != look(language).alone {
            return Err(Unreadable::NotSource { path: shown, languages: languages.to_vec(), tests: false });
        }
        let plain = || look(language).alone.to_owned();
        let root = if is_plain(&name) { name } else { plain() };
        let text = text_of(&root, bytes).map_err(Unreadable::BadRoot)?;
        if is_blank(&text) {
            return Err(Unreadable::Empty { path: shown, root: None, languages: languages.to_vec(), tests: false });
        }
        Ok(Self::new(language, shown, root.clone(), BTreeMap::from([(root, text)]), Vec::new()))
    }

    /// A Rust submission of one file, for tests.
    pub fn from_source(name: &str, source: &str) -> Self {
        let root = "src/lib.rs".to_owned();
        let files = BTreeMap::from([(root.clone(), source.to_owned())]);
        Self::new(CodeLanguage::Rust, name.to_owned(), root, files, Vec::new())
    }

    /// A submission of given files: a pack's solution, a mutant. `None` if none of them is a root file. Files that are not
    /// sources of the language are left out.
    pub fn of(language: CodeLanguage, name: &str, mut files: BTreeMap<String, String>) -> Option<Self> {
        files.retain(|name, _| language_of(name, &[language]).is_some());
        let root = find_root(language, files.keys())?;
        Some(Self { is_of_pack: true, ..Self::new(language, name.to_owned(), root, files, Vec::new()) })
    }

    fn new(
        language: CodeLanguage,
        path: String,
        root: String,
        files: BTreeMap<String, String>,
        notes: Vec<Diagnostic>,
    ) -> Self {
        let sha256 = digest(&root, &files);
        Self { language, path, files, root, sha256, notes, is_of_pack: false }
    }

    fn read_folder(path: &Path, shown: &str, languages: &[CodeLanguage]) -> Result<Self, Unreadable> {
        let (sources, others, notes) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut walk = Walk { base: path, shown, languages, sources, others, notes, entries: 0, bytes: 0 };
        walk.folder(path, 0)?;
        let Walk { mut sources, mut notes, others, .. } = walk;
        let Some((language, root)) = find_language(languages, &sources.keys()) else {
            if let Some(unread) = notes.iter().find_map(|note| in_place_of_a_source(note, languages)) {
                return Err(Unreadable::Unfollowed(unread));
            }
            let (languages, found) = (languages.to_vec(), sources.into_keys().take(NAMED_MAX).collect());
            return Err(Unreadable::NoRoot { path: shown.to_owned(), languages, found, others, tests: false });
        };
        if sources.get(&root).is_some_and(|text| text.as_ref().is_ok_and(|text| is_blank(text))) {
            let (languages, root) = (languages.to_vec(), Some(printable::line(&root)));
            return Err(Unreadable::Empty { path: shown.to_owned(), root, languages, tests: false });
        }
        notes.extend(passed_over(languages, language, &root, &sources.keys()));
        sources.retain(|name, _| language_of(name, &[language]).is_some());
        if language == CodeLanguage::Python && python::is_of_package(&root, &sources) {
            return Self::of_package(path, shown, &root, &sources, notes);
        }
        let home = folder_of(&root);
        // Files outside the crate (another attempt, a test beside it) are not part of it.
        let crate_folder =
            if language == CodeLanguage::Rust { home.strip_suffix("src/").unwrap_or(home) } else { home };
        notes.retain(|note| note.file.starts_with(crate_folder));
        // Paths relative to the crate, as the learner knows them, however deep the platform's export has put it.
        let cut = crate_folder.len();
        for note in &mut notes {
            note.file.drain(..cut);
        }
        let own = |name: &str| composed(&name[cut..]);
        let mut named = own(&root);
        if !is_plain(&named) {
            // A single file is graded whatever its name.
            look(language).alone.clone_into(&mut named);
        }
        let mut files = BTreeMap::new();
        for (name, source) in sources.into_iter().filter(|(name, _)| name.starts_with(home)) {
            let is_root = name == root;
            let name = if is_root { named.clone() } else { own(&name) };
            match source {
                Err(diagnostic) if is_root => return Err(Unreadable::BadRoot(diagnostic)),
                _ if !is_plain(&name) => notes.push(diagnostic::at(
                    &name,
                    0,
                    0,
                    "this file's name holds characters that no module has: it is ignored",
                )),
                Ok(text) => drop(files.insert(name, text)),
                Err(diagnostic) => notes.push(diagnostic),
            }
        }
        Ok(Self::new(language, shown.to_owned(), named, files, notes))
    }
}

impl Submission {
    /// A Python program that is started from above its folder, whose name it therefore needs.
    fn of_package(
        path: &Path,
        shown: &str,
        root: &str,
        sources: &Sources,
        notes: Vec<Diagnostic>,
    ) -> Result<Self, Unreadable> {
        if let Some(Err(diagnostic)) = sources.get(root) {
            return Err(Unreadable::BadRoot(diagnostic.clone()));
        }
        let (top, above) = python::package_of(root, path);
        let named = |name: &str| composed(&format!("{above}{}", &name[top.len()..]));
        let files = sources.iter().filter(|(name, _)| name.starts_with(top) && is_plain(&named(name)));
        let files = files.filter_map(|(name, text)| Some((named(name), text.clone().ok()?))).collect();
        Ok(Self::new(CodeLanguage::Python, shown.to_owned(), named(root), files, notes))
    }
}

/// What is said of a link, and of what is neither file, folder nor link, such as a pipe.
const LINK: &str = "symbolic links are not followed: this one is ignored";
const NO_FILE: &str = "this is neither a file nor a folder: it is ignored";

/// What is said where nothing can be graded, if this note is about a link or a pipe in the place of a source or of a root file's
/// folder.
fn in_place_of_a_source(note: &Diagnostic, languages: &[CodeLanguage]) -> Option<Diagnostic> {
    let why = match note.message.as_str() {
        LINK => "this is a link, and links are not followed: hand in the file itself",
        NO_FILE => "this is neither a file nor a folder: hand in a file",
        _ => return None,
    };
    let is_folder_of = |root: &str| root.strip_prefix(note.file.as_str()).is_some_and(|rest| rest.starts_with('/'));
    let is_wanted = language_of(&note.file, languages).is_some()
        || languages.iter().any(|language| look(*language).roots.iter().any(|root| is_folder_of(root)));
    is_wanted.then(|| diagnostic::at(&note.file, 0, 0, why))
}

/// Source files by name: the text of each, or what is wrong with it.
type Sources = BTreeMap<String, Result<String, Diagnostic>>;

/// A folder being read.
struct Walk<'a> {
    base: &'a Path,
    shown: &'a str,
    languages: &'a [CodeLanguage],
    sources: Sources,
    /// The first few files that are no sources, hidden ones aside.
    others: Vec<String>,
    notes: Vec<Diagnostic>,
    entries: usize,
    bytes: u64,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Unreadable> {
        let listing = match fs::read_dir(folder) {
            Ok(listing) => listing,
            Err(error) if depth == 0 => {
                let (path, reason) = (self.shown.to_owned(), error.to_string());
                return Err(Unreadable::Io { path, reason, languages: self.languages.to_vec() });
            }
            Err(_) => return Ok(()),
        };
        let mut entries: Vec<(PathBuf, fs::FileType)> = listing
            .flatten()
            .filter_map(|entry| Some((entry.path(), entry.file_type().ok()?)))
            .take(ENTRIES_MAX + 1)
            .collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (path, kind) in entries {
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return Err(self.too_big(format!("{ENTRIES_MAX} files and folders")));
            }
            let relative = self.relative(&path);
            let name = relative.rsplit('/').next().unwrap_or_default().to_owned();
            if let Some((_, why)) = IGNORED.iter().find(|(ignored, _)| *ignored == name) {
                self.notes.push(diagnostic::at(&relative, 0, 0, why));
            } else if kind.is_symlink() {
                self.notes.push(diagnostic::at(&relative, 0, 0, LINK));
            } else if kind.is_dir() {
                if depth < DEPTH_MAX && !is_foreign(&name) {
                    self.folder(&path, depth + 1)?;
                }
            } else if kind.is_file() && self.may_be_source(&name) {
                self.source(&path, relative)?;
            } else if !kind.is_file() {
                self.notes.push(diagnostic::at(&relative, 0, 0, NO_FILE));
            } else if (!name.starts_with('.') || is_hidden_source(&name, self.languages))
                && self.others.len() < NAMED_MAX
            {
                self.others.push(printable::line(&relative));
            }
        }
        Ok(())
    }

    /// Whether a file of that name is read. A hidden one is part of nothing but a service.
    fn may_be_source(&self, name: &str) -> bool {
        match language_of(name, self.languages) {
            Some(language) if is_told_by_name(language) => !name.starts_with("._"),
            language => language.is_some() && !name.starts_with('.'),
        }
    }

    fn source(&mut self, path: &Path, relative: String) -> Result<(), Unreadable> {
        if self.sources.len() == FILES_MAX {
            return Err(self.too_big(format!("{FILES_MAX} source files")));
        }
        // The bytes read are counted; the file's claimed size is not trusted.
        let read = read_plain(path, FILE_BYTES_MAX);
        self.bytes += read.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let too_big = read.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::FileTooLarge);
        if too_big || self.bytes > TOTAL_BYTES_MAX {
            let size = size_text(fs::metadata(path).map_or(0, |file| file.len()));
            return Err(self.too_big(format!(
                "{FILE_BYTES_MAX} bytes a source file, {TOTAL_BYTES_MAX} in all (`{}` alone has {size})",
                printable::line(&relative)
            )));
        }
        let read = read.map_err(|error| diagnostic::at(&relative, 0, 0, &format!("cannot be read: {error}")));
        let source = read.and_then(|bytes| text_of(&relative, bytes));
        self.sources.insert(relative, source);
        Ok(())
    }

    fn too_big(&self, limit: String) -> Unreadable {
        Unreadable::TooBig { path: self.shown.to_owned(), limit }
    }

    fn relative(&self, path: &Path) -> String {
        let relative = path.strip_prefix(self.base).unwrap_or(path);
        let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        parts.join("/")
    }
}

/// Whether a relative path is of letters, digits and `_ - . /` and space only, as every module's is.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|character| character.is_alphanumeric() || "_-./ ()".contains(character))
        && !name.contains("..")
}

/// A name with accents as single characters, as editors write them in `mod`: some file systems store accents
/// separately.
fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// A source's text, without a byte order mark.
fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Diagnostic> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(diagnostic::at(name, 1, 0, "this file is UTF-16; save it as UTF-8"));
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x1f\x8b") {
        let why = "this is a packed file, whatever its name says: hand in what is in it, or name it .zip";
        return Err(diagnostic::at(name, 0, 0, why));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = String::from_utf8_lossy(good).matches('\n').count() + 1;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        diagnostic::at(name, line, 0, "this file is not UTF-8 from here on; save it as UTF-8")
    })
}

/// Whether a file has nothing in it.
fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_whitespace())
}

fn digest(root: &str, files: &BTreeMap<String, String>) -> String {
    let mut digest = PartsDigest::default();
    digest.add(root.as_bytes());
    for (name, text) in files {
        digest.add(name.as_bytes());
        digest.add(text.as_bytes());
    }
    digest.hex()
}

#[cfg(test)]
mod tests;
