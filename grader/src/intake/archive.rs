//! Zip archives: only sources are unpacked, only below the given folder, and only so many bytes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

/// How much an archive may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most entries that are looked at.
    pub entries: usize,
    /// Most bytes that are written, all files together.
    pub total_bytes: u64,
    /// Most bytes that are written below one learner's folder; more costs that learner, not the others.
    pub learner_bytes: u64,
    /// Largest file that is unpacked; larger ones are no sources, and left out.
    pub file_bytes: u64,
}

/// A class's archive.
pub const CLASS: Limits =
    Limits { entries: 100_000, total_bytes: 2 << 30, learner_bytes: 32 << 20, file_bytes: 16 << 20 };
/// One learner's archive.
pub const LEARNER: Limits =
    Limits { entries: 10_000, total_bytes: 16 << 20, learner_bytes: 16 << 20, file_bytes: 1 << 20 };

/// Why an archive was not unpacked.
#[derive(Debug)]
pub enum Refused {
    /// It cannot be read.
    Unreadable(String),
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

/// Unpacks the sources and the archives in `path` below `into`. Entries that would land elsewhere, links and devices are
/// left out, whatever the archive calls them. Sizes are counted while unpacking, never believed.
/// Returns the learners' folders that held more than a learner's share: they are empty now.
/// Cost: O(entries + bytes), both within `limits`.
///
/// # Errors
/// See [`Refused`].
pub fn unpack(path: &Path, into: &Path, limits: Limits) -> Result<Vec<PathBuf>, Refused> {
    let file = File::open(path)?;
    let unreadable = |error: zip::result::ZipError| Refused::Unreadable(error.to_string());
    let mut archive = ZipArchive::new(file).map_err(unreadable)?;
    if archive.len() > limits.entries {
        return Err(Refused::TooManyEntries(limits.entries));
    }
    let mut left = limits.total_bytes;
    let depth = shared_folders(&archive) + 1;
    let (mut taken, mut refused): (BTreeMap<PathBuf, u64>, Vec<PathBuf>) = (BTreeMap::new(), Vec::new());
    for index in 0..archive.len() {
        // An entry that is encrypted or packed in an unknown way costs itself, not the archive.
        let Ok(entry) = archive.by_index(index) else { continue };
        let Some(inner) = entry.enclosed_name() else { continue };
        if entry.is_dir() && is_plain(&inner) {
            unless_in_the_way(fs::create_dir_all(into.join(inner)))?;
            continue;
        }
        if !entry.is_file() || entry.is_symlink() || !is_plain(&inner) || !is_wanted(&inner) {
            continue;
        }
        let learner: PathBuf = inner.components().take(depth).collect();
        if refused.contains(&learner) {
            continue;
        }
        let most = limits.file_bytes.min(left);
        let mut bytes = Vec::new();
        if entry.take(most + 1).read_to_end(&mut bytes).is_err() {
            continue;
        }
        if bytes.len() as u64 > most {
            if most < limits.file_bytes {
                return Err(Refused::TooManyBytes(limits.total_bytes));
            }
            continue;
        }
        let share = taken.entry(learner.clone()).or_default();
        if learner != inner
            && *share + bytes.len() as u64 > limits.learner_bytes
            && limits.learner_bytes < limits.total_bytes
        {
            left += *share;
            fs::remove_dir_all(into.join(&learner))?;
            fs::create_dir(into.join(&learner))?;
            refused.push(learner);
            continue;
        }
        *share += bytes.len() as u64;
        left -= bytes.len() as u64;
        write(&into.join(inner), &bytes)?;
    }
    Ok(refused)
}

/// How many folders all entries are wrapped in: the learners' own are the next.
fn shared_folders(archive: &ZipArchive<File>) -> usize {
    let folders = |name: std::borrow::Cow<'_, str>| name.split('/').map(str::to_owned).collect::<Vec<_>>();
    let mut files = archive.file_names().flatten().filter(|name| !name.ends_with('/')).map(folders);
    let Some(mut shared) = files.next() else { return 0 };
    shared.pop();
    for file in files {
        let same = shared.iter().zip(&file[..file.len() - 1]).take_while(|(one, other)| one == other).count();
        shared.truncate(same);
    }
    shared.len()
}

/// Whether these bytes are a zip file, whatever its name and whatever stands in front of it (a self-extracting one has a
/// program there): its end record is what makes one. Cost: O(64 KiB), the longest comment that may follow the record.
pub fn is_packed(bytes: &[u8]) -> bool {
    const END: &[u8] = b"PK\x05\x06";
    const END_BYTES_MAX: usize = 22 + 0xffff;
    let tail = &bytes[bytes.len().saturating_sub(END_BYTES_MAX)..];
    bytes.starts_with(b"PK\x03\x04") || tail.windows(END.len()).any(|window| window == END)
}

/// The archive of a folder that holds one and no source: someone packed, or dropped, a folder with their archive in it.
///
/// # Errors
/// When the folder cannot be read.
pub fn alone_in(folder: &Path) -> io::Result<Option<PathBuf>> {
    let (mut folders, mut archives) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_source(&path) {
                return Ok(None);
            } else if kind.is_file() && is_archive(&path) {
                archives.push(path);
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

/// An entry whose name another entry has, as a file or a folder, or that no file system takes, costs itself: the first
/// stands. Any other error is this machine's.
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

/// Whether the path stays below where it is put, and a file system can hold it.
fn is_plain(path: &Path) -> bool {
    let normal =
        |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(name) if name.len() < 200);
    path.components().count() <= 24 && path.components().all(normal)
}

/// Whether a file could be part of a submission.
pub(super) fn is_wanted(path: &Path) -> bool {
    is_source(path) || is_archive(path) || path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("toml"))
}

pub(super) fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("rs") || ext.eq_ignore_ascii_case("py"))
}

pub(super) fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("zip"))
}

/// Whether it is an archive of a kind that is not looked into: whoever hands it in is to be told.
pub(super) fn is_foreign_archive(path: &Path) -> bool {
    let foreign = ["tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar"];
    path.extension().is_some_and(|ext| foreign.iter().any(|name| ext.eq_ignore_ascii_case(name)))
}

/// Where a learner's archive is unpacked: below the run's scratch folder, by number, whatever its name.
pub(super) fn place(scratch: &Path, number: usize) -> PathBuf {
    scratch.join(format!("archive-{number}"))
}
