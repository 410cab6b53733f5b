//! Archives (zip, tar, tar.gz): only sources are unpacked, only below the given folder, and only up to a limit.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use cachedojo_judge::pack::CodeLanguage;
use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;

use super::look::{FOREIGN_FOLDERS, is_source};

/// The limits of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most entries that are examined; those in generated folders (`target`) are skipped.
    pub entries: usize,
    /// The most bytes that are written, all files together.
    pub total_bytes: u64,
    /// The most bytes below one learner's folder; more is that learner's loss, not the others'.
    pub learner_bytes: u64,
    /// The largest file that is unpacked; larger ones are not sources, and left out.
    pub file_bytes: u64,
    /// Whether files that are not unpacked are created empty, so that messages can name them.
    pub names_all: bool,
}

/// A class's archive.
pub const CLASS: Limits =
    Limits { entries: 100_000, total_bytes: 2 << 30, learner_bytes: 32 << 20, file_bytes: 16 << 20, names_all: true };
/// One learner's archive.
pub const LEARNER: Limits =
    Limits { entries: 10_000, total_bytes: 16 << 20, learner_bytes: 16 << 20, file_bytes: 1 << 20, names_all: false };

/// The most entries that an archive may list, including skipped ones.
const LISTED_MAX: usize = 1_000_000;
/// The most bytes that a compressed tar archive may unpack to while it is read, whether they are kept or not.
const STREAM_BYTES_MAX: u64 = 8 << 30;
/// The largest source that is graded, in bytes.
const SOURCE_BYTES_MAX: u64 = 1 << 20;
/// How deep archives may be nested: the class's, a learner's, and one that a platform or the learner wrapped around it.
const NESTED_MAX: usize = 3;

/// Why an archive was not unpacked.
#[derive(Debug)]
pub enum Refused {
    /// It cannot be read.
    Unreadable(String),
    /// It is of an unsupported kind.
    Foreign(&'static str),
    /// It has too many entries.
    TooManyEntries(usize),
    /// It unpacks to too many bytes.
    TooManyBytes(u64),
    /// The files cannot be written.
    Io(io::Error),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(reason) => write!(f, "the archive cannot be read ({reason}): hand in a plain zip file"),
            Self::Foreign(kind) => {
                write!(f, "it is an archive of another kind ({kind}): hand in a plain zip file or a .tar.gz")
            }
            Self::TooManyEntries(most) => {
                write!(f, "the archive has more than {most} entries: hand in source files only")
            }
            Self::TooManyBytes(most) => {
                write!(f, "the archive unpacks to more than {most} bytes: hand in source files only")
            }
            Self::Io(error) => write!(f, "the archive cannot be unpacked here: {error}"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The format of an archive, from its bytes, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    Gzip,
    Foreign(&'static str),
}

/// Unpacks the sources in `languages` and the archives in `path` below `into`. Entries that would land elsewhere, links and
/// devices are left out. Sizes are counted while unpacking, never taken from the archive. Returns the learners' folders that
/// exceeded a learner's limit: they are empty now. Cost: O(entries + bytes), both within `limits`.
///
/// # Errors
/// See [`Refused`].
pub fn unpack(path: &Path, into: &Path, limits: Limits, languages: &[CodeLanguage]) -> Result<Vec<PathBuf>, Refused> {
    let mut names = Vec::new();
    each_entry(path, &mut |entry| {
        names.push((entry.path, entry.is_folder));
        if names.len() > LISTED_MAX { Err(Refused::TooManyEntries(LISTED_MAX)) } else { Ok(()) }
    })?;
    if names.len() > limits.entries {
        return Err(Refused::TooManyEntries(limits.entries));
    }
    let depth = shared_folders(&names) + 1;
    let (left, taken, refused) = (limits.total_bytes, BTreeMap::new(), Vec::new());
    let mut unpacking = Unpacking { into, limits, languages, depth, left, taken, refused };
    each_entry(path, &mut |entry| unpacking.entry(entry))?;
    Ok(unpacking.refused)
}

/// An entry of an archive: a folder or a file that may be examined.
struct Entry<'a> {
    /// Its path below the destination.
    path: PathBuf,
    is_folder: bool,
    content: &'a mut dyn Read,
}

/// Calls `each` for every file and folder of an archive, in order, except those in generated folders.
fn each_entry(path: &Path, each: &mut dyn FnMut(Entry<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
    let mut file = File::open(path)?;
    match kind_of(&mut file)? {
        Kind::Zip => each_of_zip(file, each),
        Kind::Tar => each_of_tar(BufReader::new(file), each),
        Kind::Gzip => each_of_tar(MultiGzDecoder::new(BufReader::new(file)).take(STREAM_BYTES_MAX), each),
        Kind::Foreign(name) => Err(Refused::Foreign(name)),
    }
}

fn each_of_zip(file: File, each: &mut dyn FnMut(Entry<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| Refused::Unreadable(error.to_string()))?;
    if archive.len() > LISTED_MAX {
        return Err(Refused::TooManyEntries(LISTED_MAX));
    }
    for index in 0..archive.len() {
        // An entry that is encrypted or compressed in an unknown way is skipped; the archive is not refused.
        let Ok(mut entry) = archive.by_index(index) else { continue };
        let Some(path) = entry.name().ok().and_then(|name| inside(&name)) else { continue };
        if !entry.is_symlink() && (entry.is_dir() || entry.is_file()) {
            let is_folder = entry.is_dir();
            each(Entry { path, is_folder, content: &mut entry })?;
        }
    }
    Ok(())
}

fn each_of_tar(stream: impl Read, each: &mut dyn FnMut(Entry<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
    let unreadable = |error: io::Error| Refused::Unreadable(error.to_string());
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let kind = entry.header().entry_type();
        let Some(path) = inside(&String::from_utf8_lossy(&entry.path_bytes())) else { continue };
        if kind.is_dir() || kind.is_file() || kind.is_contiguous() {
            each(Entry { path, is_folder: kind.is_dir(), content: &mut entry })?;
        }
    }
    Ok(())
}

fn kind_of(file: &mut File) -> io::Result<Kind> {
    let mut head = Vec::new();
    Read::by_ref(file).take(512).read_to_end(&mut head)?;
    file.rewind()?;
    let starts = |magic: &[u8]| head.starts_with(magic);
    Ok(if starts(b"PK\x03\x04") {
        Kind::Zip
    } else if starts(b"\x1f\x8b") {
        Kind::Gzip
    } else if head.get(257..262) == Some(b"ustar") {
        Kind::Tar
    } else if starts(b"7z\xbc\xaf\x27\x1c") {
        Kind::Foreign("7z")
    } else if starts(b"Rar!") {
        Kind::Foreign("rar")
    } else if starts(b"\xfd7zXZ\0") {
        Kind::Foreign("xz")
    } else if starts(b"BZh") {
        Kind::Foreign("bzip2")
    } else if starts(b"\x28\xb5\x2f\xfd") {
        Kind::Foreign("zstd")
    } else {
        // Possibly with a program in front, or not a zip file at all: its reader finds out, or reports why not.
        Kind::Zip
    })
}

/// An entry's name as a path that stays below its destination. A backslash is a separator too, because some programs for Windows
/// write it. `None` for a name that leads elsewhere, is in a generated folder, or that no file system accepts.
fn inside(name: &str) -> Option<PathBuf> {
    const PARTS_MAX: usize = 24;
    const NAME_BYTES_MAX: usize = 200;
    let mut path = PathBuf::new();
    for (number, part) in name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").enumerate() {
        let leads_elsewhere = part == ".." || part.ends_with(':') || part.contains('\0');
        let is_foreign = FOREIGN_FOLDERS.contains(&part) || part.starts_with('.');
        if number == PARTS_MAX || part.len() >= NAME_BYTES_MAX || leads_elsewhere || is_foreign {
            return None;
        }
        path.push(part);
    }
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && path.components().next().is_some()).then_some(path)
}

/// An archive being unpacked into a folder.
struct Unpacking<'a> {
    into: &'a Path,
    limits: Limits,
    languages: &'a [CodeLanguage],
    /// How many parts of a path lead to a learner's folder.
    depth: usize,
    /// How many bytes may still be written.
    left: u64,
    /// How many bytes each learner's folder has.
    taken: BTreeMap<PathBuf, u64>,
    refused: Vec<PathBuf>,
}

impl Unpacking<'_> {
    fn entry(&mut self, entry: Entry<'_>) -> Result<(), Refused> {
        let inner = entry.path;
        if entry.is_folder {
            unless_in_the_way(fs::create_dir_all(self.into.join(inner)))?;
            return Ok(());
        }
        if !is_wanted(&inner, self.languages) {
            return if self.limits.names_all { Ok(write(&self.into.join(inner), b"")?) } else { Ok(()) };
        }
        let learner: PathBuf = inner.components().take(self.depth).collect();
        if self.refused.contains(&learner) {
            return Ok(());
        }
        let most = self.limits.file_bytes.min(self.left);
        let mut bytes = Vec::new();
        // Of a source that is too large to be graded, only enough is kept to show that: many such files must not use up the
        // class's limit.
        let kept = if is_archive(&inner) { u64::MAX } else { SOURCE_BYTES_MAX + 1 };
        if entry.content.take(most.saturating_add(1).min(kept)).read_to_end(&mut bytes).is_err() {
            return Ok(());
        }
        if bytes.len() as u64 > most {
            if most < self.limits.file_bytes {
                return Err(Refused::TooManyBytes(self.limits.total_bytes));
            }
            return if self.limits.names_all { Ok(write(&self.into.join(inner), b"")?) } else { Ok(()) };
        }
        let share = self.taken.entry(learner.clone()).or_default();
        if learner != inner
            && *share + bytes.len() as u64 > self.limits.learner_bytes
            && self.limits.learner_bytes < self.limits.total_bytes
        {
            self.left += *share;
            fs::remove_dir_all(self.into.join(&learner))?;
            fs::create_dir(self.into.join(&learner))?;
            self.refused.push(learner);
            return Ok(());
        }
        *share += bytes.len() as u64;
        self.left -= bytes.len() as u64;
        Ok(write(&self.into.join(inner), &bytes)?)
    }
}

/// How many folders are common to all files: the learners' own folders are one level below.
fn shared_folders(names: &[(PathBuf, bool)]) -> usize {
    let mut files = names.iter().filter(|(_, is_folder)| !is_folder).map(|(path, _)| path.as_path());
    let mut shared: Vec<Component<'_>> = match files.next().and_then(Path::parent) {
        Some(parent) => parent.components().collect(),
        None => return 0,
    };
    for file in files {
        let folders = file.parent().into_iter().flat_map(Path::components);
        let same = shared.iter().zip(folders).take_while(|(one, other)| **one == *other).count();
        shared.truncate(same);
    }
    shared.len()
}

/// Whether these bytes are a supported archive, whatever its name and whatever is in front of it (a self-extracting zip
/// file has a program there): the end record identifies a zip file. Cost: O(64 KiB), the longest comment that may
/// follow that record.
pub fn is_packed(bytes: &[u8]) -> bool {
    const END: &[u8] = b"PK\x05\x06";
    const END_BYTES_MAX: usize = 22 + 0xffff;
    let tail = &bytes[bytes.len().saturating_sub(END_BYTES_MAX)..];
    bytes.starts_with(b"PK\x03\x04")
        || bytes.starts_with(b"\x1f\x8b")
        || bytes.get(257..262) == Some(b"ustar")
        || tail.windows(END.len()).any(|window| window == END)
}

/// [`is_packed`] for a file: its start and its end are read.
///
/// # Errors
/// It cannot be read.
pub fn is_packed_file(path: &Path) -> io::Result<bool> {
    const TAIL_BYTES: u64 = 22 + 0xffff;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(512).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(bytes.len() as u64)))?;
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(is_packed(&bytes))
}

/// Unpacks a learner's archive into `into`, and an archive that it contains instead of sources: the learner or the platform
/// packed it twice. Cost: as [`unpack`], at most three times.
///
/// # Errors
/// See [`Refused`].
pub fn unpack_learner(path: &Path, into: &Path, languages: &[CodeLanguage]) -> Result<(), Refused> {
    unpack(path, into, LEARNER, languages)?;
    for _ in 1..NESTED_MAX {
        let Some(inner) = alone_in(into, languages)? else { break };
        let moved = into.with_extension("inner");
        fs::rename(&inner, &moved)?;
        fs::remove_dir_all(into)?;
        fs::create_dir(into)?;
        unpack(&moved, into, LEARNER, languages)?;
        fs::remove_file(&moved)?;
    }
    Ok(())
}

/// The archive in a folder that has one archive and no source.
fn alone_in(folder: &Path, languages: &[CodeLanguage]) -> io::Result<Option<PathBuf>> {
    let (mut folders, mut archives) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_archive(&path) {
                archives.push(path);
            } else if kind.is_file() && is_source(&path, languages) {
                return Ok(None);
            }
        }
    }
    Ok(if let [_] = archives[..] { archives.pop() } else { None })
}

fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = target.parent().unwrap_or(target);
    let opened = fs::create_dir_all(parent)
        .and_then(|()| File::options().write(true).create_new(true).open(target))
        .map(|mut file| file.write_all(bytes));
    unless_in_the_way(opened)?.unwrap_or(Ok(()))
}

/// Skips an entry whose name is taken by another one, or that no file system accepts: the first one stays. Any other
/// error is this machine's.
fn unless_in_the_way<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory};
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error)
            if [AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory].contains(&error.kind()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether a file could be part of a submission, or identifies its owner.
fn is_wanted(path: &Path, languages: &[CodeLanguage]) -> bool {
    let is = |wanted: &str| path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case(wanted));
    is_source(path, languages) || is_archive(path) || is("toml") || super::platform::tells_whose(path)
}

/// Whether a file is called like an archive, of whatever kind: what it is shows when it is opened, and whoever hands in one
/// that is not looked into is to be told.
pub fn is_archive(path: &Path) -> bool {
    let kinds = ["zip", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "7z", "rar", "jar"];
    path.extension().is_some_and(|ext| kinds.iter().any(|name| ext.eq_ignore_ascii_case(name)))
}

/// The folder where a learner's archive is unpacked: below the run's scratch folder, by number, whatever its name.
pub(super) fn place(scratch: &Path, number: usize) -> PathBuf {
    scratch.join(format!("archive-{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entrys_name_leads_nowhere_else() {
        for (name, path) in [
            ("ada/src/lib.rs", Some("ada/src/lib.rs")),
            ("./ada//lib.rs", Some("ada/lib.rs")),
            ("/ada/lib.rs", Some("ada/lib.rs")),
            ("ada\\src\\lib.rs", Some("ada/src/lib.rs")),
            ("C:\\ada\\lib.rs", None),
            ("a/../../lib.rs", None),
            ("..\\lib.rs", None),
            ("ada/target/debug/lib.rs", None),
            ("ada/.git/hooks/x.rs", None),
            ("__MACOSX/ada/._lib.rs", None),
            ("", None),
            ("./", None),
        ] {
            assert_eq!(inside(name), path.map(PathBuf::from), "{name}");
        }
    }
}
