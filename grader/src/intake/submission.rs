//! A submission as plain data: the `.rs` files of a folder, or a single file. Nothing in it is run or followed here.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::host::printable;
use crate::intake::diagnostic::{self, Diagnostic};

/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Most bytes of all files together.
const TOTAL_BYTES_MAX: u64 = 4 << 20;
/// Most source files.
const FILES_MAX: usize = 256;
/// Most directory entries looked at.
const ENTRIES_MAX: usize = 10_000;
/// Deepest folder looked into.
const DEPTH_MAX: usize = 12;

/// Files that would steer a build by cargo, and what is said about them.
const IGNORED: &[(&str, &str)] = &[
    ("build.rs", "build scripts are never run here: the submission is graded without this file"),
    (".cargo", "cargo's settings are ignored: the grader has its own"),
    ("rust-toolchain", "the toolchain is the grader's: this file is ignored"),
    ("rust-toolchain.toml", "the toolchain is the grader's: this file is ignored"),
];

/// A submission, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Where it was read from, as told by whoever runs the grader.
    pub path: String,
    /// Path, relative to the submission and with `/`, to text.
    pub files: BTreeMap<String, String>,
    /// The crate's root among `files`: `src/lib.rs`, `lib.rs`, or the one file there is.
    pub root: String,
    /// Digest of `root` and `files`, in hexadecimal.
    pub sha256: String,
    /// What was left out, and why.
    pub notes: Vec<Diagnostic>,
}

/// Why a path holds no submission. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// The path cannot be read at all.
    Io {
        /// The path.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// A folder without a crate root.
    NoRoot {
        /// The path.
        path: String,
        /// The source files that are there.
        found: Vec<String>,
    },
    /// The root file cannot be used.
    BadRoot(Diagnostic),
    /// More than the limits allow.
    TooBig {
        /// The path.
        path: String,
        /// Which limit.
        limit: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, reason } => {
                write!(f, "cannot read `{path}`: {reason}; give a folder with src/lib.rs, or a .rs file")
            }
            Self::NoRoot { path, found } if found.is_empty() => {
                write!(f, "`{path}` holds no Rust source; hand in `src/lib.rs`")
            }
            Self::NoRoot { path, found } => {
                write!(
                    f,
                    "`{path}` holds no `src/lib.rs` (it has {}); name the file to be graded `src/lib.rs`",
                    found.join(", ")
                )
            }
            Self::BadRoot(diagnostic) => write!(f, "{}:{}: {}", diagnostic.file, diagnostic.line, diagnostic.message),
            Self::TooBig { path, limit } => {
                write!(f, "`{path}` is too big: at most {limit}; hand in source files only")
            }
        }
    }
}

impl std::error::Error for Unreadable {}

impl Unreadable {
    /// As a diagnostic of a report.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::BadRoot(diagnostic) => diagnostic.clone(),
            other => diagnostic::general(&other.to_string()),
        }
    }
}

impl Submission {
    /// Reads `path`: a folder with `src/lib.rs` or `lib.rs` (at its top, or in its only such sub-folder), a folder with a
    /// single `.rs` file, or one `.rs` file. Symbolic links below `path` are never followed.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let shown = printable::line(&path.display().to_string());
        let io = |error: &std::io::Error| Unreadable::Io { path: shown.clone(), reason: error.to_string() };
        let metadata = fs::metadata(path).map_err(|error| io(&error))?;
        if metadata.is_dir() {
            return Self::read_folder(path, shown);
        }
        if !metadata.is_file() {
            return Err(Unreadable::Io { path: shown, reason: "it is neither a folder nor a file".to_owned() });
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // `grade …/src/lib.rs` means the crate: its modules stand beside it.
        if let (true, Some(src)) = (name == "lib.rs", path.parent().filter(|parent| parent.ends_with("src")))
            && let Some(folder) = src.parent()
        {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            return Self::read_folder(folder, shown);
        }
        if metadata.len() > FILE_BYTES_MAX {
            return Err(Unreadable::TooBig { path: shown, limit: format!("{FILE_BYTES_MAX} bytes a file") });
        }
        let bytes = fs::read(path).map_err(|error| io(&error))?;
        let root = if is_plain(&name) { name } else { "lib.rs".to_owned() };
        let text = text_of(&root, bytes).map_err(Unreadable::BadRoot)?;
        Ok(Self::new(shown, root.clone(), BTreeMap::from([(root, text)]), Vec::new()))
    }

    /// A submission from text at hand: a mutant, a test.
    pub fn from_source(name: &str, source: &str) -> Self {
        let root = "src/lib.rs".to_owned();
        Self::new(name.to_owned(), root.clone(), BTreeMap::from([(root, source.to_owned())]), Vec::new())
    }

    fn new(path: String, root: String, files: BTreeMap<String, String>, notes: Vec<Diagnostic>) -> Self {
        let sha256 = digest(&root, &files);
        Self { path, files, root, sha256, notes }
    }

    fn read_folder(path: &Path, shown: String) -> Result<Self, Unreadable> {
        let mut walk =
            Walk { base: path, shown: &shown, sources: BTreeMap::new(), notes: Vec::new(), entries: 0, bytes: 0 };
        walk.folder(path, 0)?;
        let Walk { sources, mut notes, .. } = walk;
        let Some(root) = find_root(sources.keys()) else {
            let found = sources.into_keys().take(5).collect();
            return Err(Unreadable::NoRoot { path: shown, found });
        };
        let home = &root[..root.rfind('/').map_or(0, |slash| slash + 1)];
        // What stands outside the crate (another try, a test beside it) is not part of it.
        let crate_folder = home.strip_suffix("src/").unwrap_or(home);
        notes.retain(|note| note.file.starts_with(crate_folder));
        let mut files = BTreeMap::new();
        for (name, source) in sources {
            if !name.starts_with(home) {
                continue;
            }
            match source {
                Ok(text) => drop(files.insert(name, text)),
                Err(diagnostic) if name == root => return Err(Unreadable::BadRoot(diagnostic)),
                Err(diagnostic) => notes.push(diagnostic),
            }
        }
        // The learner's own names: relative to the crate, however deep the platform's export has buried it.
        let cut = crate_folder.len();
        let files = files.into_iter().map(|(name, text)| (name[cut..].to_owned(), text)).collect();
        for note in &mut notes {
            note.file.drain(..cut);
        }
        Ok(Self::new(shown, root[cut..].to_owned(), files, notes))
    }
}

/// A folder being read.
struct Walk<'a> {
    base: &'a Path,
    shown: &'a str,
    sources: BTreeMap<String, Result<String, Diagnostic>>,
    notes: Vec<Diagnostic>,
    entries: usize,
    bytes: u64,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Unreadable> {
        let listing = match fs::read_dir(folder) {
            Ok(listing) => listing,
            Err(error) if depth == 0 => {
                return Err(Unreadable::Io { path: self.shown.to_owned(), reason: error.to_string() });
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
                self.notes.push(diagnostic::at(
                    &relative,
                    0,
                    0,
                    "symbolic links are not followed: this one is ignored",
                ));
            } else if kind.is_dir() {
                if depth < DEPTH_MAX
                    && !matches!(name.as_str(), "target" | "node_modules" | "__MACOSX")
                    && !name.starts_with('.')
                {
                    self.folder(&path, depth + 1)?;
                }
            } else if kind.is_file()
                && path.extension().is_some_and(|extension| extension == "rs")
                && !name.starts_with("._")
            {
                self.source(&path, relative)?;
            }
        }
        Ok(())
    }

    fn source(&mut self, path: &Path, relative: String) -> Result<(), Unreadable> {
        if !is_plain(&relative) {
            self.notes.push(diagnostic::at(
                &relative,
                0,
                0,
                "this file's name holds characters that no module has: it is ignored",
            ));
            return Ok(());
        }
        let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
        self.bytes = self.bytes.saturating_add(bytes);
        if bytes > FILE_BYTES_MAX || self.bytes > TOTAL_BYTES_MAX {
            return Err(self.too_big(format!("{FILE_BYTES_MAX} bytes a source file, {TOTAL_BYTES_MAX} in all")));
        }
        if self.sources.len() == FILES_MAX {
            return Err(self.too_big(format!("{FILES_MAX} source files")));
        }
        let read = fs::read(path).map_err(|error| diagnostic::at(&relative, 0, 0, &format!("cannot be read: {error}")));
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

/// The crate root among source files: the shallowest `src/lib.rs`, else the shallowest `lib.rs`, else the only file.
/// Two candidates at the same depth are none: the grader does not guess which one was meant.
fn find_root<'a>(names: impl Iterator<Item = &'a String> + Clone) -> Option<String> {
    for wanted in ["src/lib.rs", "lib.rs"] {
        let depth = |name: &String| name.matches('/').count();
        let fits = |name: &&String| name.as_str() == wanted || name.ends_with(&format!("/{wanted}"));
        if let Some(shallowest) = names.clone().filter(fits).map(depth).min() {
            let mut roots = names.clone().filter(fits).filter(|name| depth(name) == shallowest);
            let root = roots.next();
            return if roots.next().is_none() { root.cloned() } else { None };
        }
    }
    let mut names = names;
    let only = names.next();
    if names.next().is_none() { only.cloned() } else { None }
}

/// Whether a relative path is of letters, digits and `_ - . /` and space only, as every module's is.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|character| character.is_alphanumeric() || "_-./ ()".contains(character))
        && !name.contains("..")
}

fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Diagnostic> {
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = String::from_utf8_lossy(good).matches('\n').count() + 1;
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        diagnostic::at(name, line, 0, "this file is not UTF-8 from here on; save it as UTF-8")
    })
}

fn digest(root: &str, files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    part(root);
    for (name, text) in files {
        part(name);
        part(text);
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}
