//! Archives (zip, tar, tar.gz): only sources are unpacked, only below the given folder, and only up to a limit.

mod entries;
mod refused;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use cachedojo_judge::pack::CodeLanguage;

use super::look::is_source;
use super::unreadable::EXACT_BYTES_MAX;
use crate::host::printable;
use entries::{Content, Entry, each_entry};
pub use entries::{is_packed, is_packed_file};
use refused::LISTED_MAX;
pub use refused::Refused;

/// The limits of an archive.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most entries that are examined; those in generated folders (`target`) are skipped.
    pub entries: usize,
    /// The most bytes that are written, all files together.
    pub total_bytes: u64,
    /// The most bytes below one learner's folder; more is that learner's loss, not the others'.
    pub learner_bytes: u64,
    /// The largest archive that is unpacked; of a larger source only the start is kept.
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

/// The largest source that is graded, in bytes.
const SOURCE_BYTES_MAX: u64 = 1 << 20;
/// The most bytes of a larger source that are counted, to tell how large it is: one more than are told.
const COUNTED_BYTES_MAX: u64 = EXACT_BYTES_MAX + 1;
/// How deep archives may be nested: the class's, a learner's, and one that a platform or the learner wrapped around it.
const NESTED_MAX: usize = 3;

/// What of an archive is not used, although it could be somebody's submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The learner's folder or file, relative to the archive.
    pub place: PathBuf,
    /// A sentence that names the file, the reason and the remedy.
    pub why: String,
    /// Whether nothing else of this learner may be graded either: a mark would be a guess.
    pub is_all: bool,
}

/// Unpacks the sources in `languages` and the archives in `path` below `into`. Entries that would land elsewhere, links and
/// devices are left out. Sizes are counted while unpacking, never taken from the archive. Returns what is not used of whom: with
/// [`Limits::names_all`] their folder or file is there all the same. Cost: O(entries + bytes), both within `limits`.
///
/// # Errors
/// See [`Refused`].
pub fn unpack(path: &Path, into: &Path, limits: Limits, languages: &[CodeLanguage]) -> Result<Vec<LeftOut>, Refused> {
    let mut names = Vec::new();
    each_entry(path, &mut |entry| {
        names.push((entry.path, entry.content.is_folder()));
        if names.len() > LISTED_MAX { Err(Refused::TooManyEntries(LISTED_MAX)) } else { Ok(()) }
    })?;
    if names.len() > limits.entries {
        return Err(Refused::TooManyEntries(limits.entries));
    }
    let depth = shared_folders(&names, languages) + 1;
    let (left, taken, left_out) = (limits.total_bytes, BTreeMap::new(), BTreeMap::new());
    let mut unpacking = Unpacking { into, limits, languages, depth, left, taken, left_out, other: None };
    each_entry(path, &mut |entry| unpacking.entry(entry))?;
    // Of what could be nobody's submission it matters only that nothing else is there.
    let other = unpacking.other.filter(|_| unpacking.left_out.is_empty() && !limits.names_all);
    Ok(unpacking.left_out.into_values().chain(other).collect())
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
    /// What is not used, the first of each learner.
    left_out: BTreeMap<PathBuf, LeftOut>,
    /// The first of the rest that is not used.
    other: Option<LeftOut>,
}

impl Unpacking<'_> {
    fn entry(&mut self, entry: Entry<'_>) -> Result<(), Refused> {
        let inner = entry.path;
        match entry.content {
            Content::Folder => {
                unless_in_the_way(fs::create_dir_all(self.into.join(inner)))?;
                Ok(())
            }
            Content::Lost(why) => self.leave_out(&inner, why),
            Content::Twice => {
                self.twice(&inner);
                Ok(())
            }
            Content::File(content) if is_wanted(&inner, self.languages) => self.file(&inner, content),
            Content::File(_) => self.name(&inner),
        }
    }

    fn learner(&self, inner: &Path) -> PathBuf {
        inner.components().take(self.depth).collect()
    }

    fn file(&mut self, inner: &Path, content: &mut dyn Read) -> Result<(), Refused> {
        let learner = self.learner(inner);
        if self.left_out.get(&learner).is_some_and(|left_out| left_out.is_all) {
            return Ok(());
        }
        // Of a source that is too large to be graded, only enough is kept to show that: many such files must not use up the
        // class's limit.
        let largest = if is_archive(inner) { self.limits.file_bytes } else { SOURCE_BYTES_MAX };
        let mut bytes = Vec::new();
        let limit = largest.min(self.left).saturating_add(1);
        if (&mut *content).take(limit).read_to_end(&mut bytes).is_err() {
            return self.leave_out(inner, "cannot be unpacked, it is damaged: pack it anew");
        }
        let size = bytes.len() as u64;
        if size > self.left {
            return Err(Refused::TooManyBytes(self.limits.total_bytes));
        }
        if size > largest && is_archive(inner) {
            return self.leave_out(inner, &format!("has more than {largest} bytes: hand in source files only"));
        }
        let share = self.taken.entry(learner.clone()).or_default();
        let is_too_much = *share + size > self.limits.learner_bytes;
        if learner != inner && is_too_much && self.limits.learner_bytes < self.limits.total_bytes {
            self.left += *share;
            fs::remove_dir_all(self.into.join(&learner))?;
            fs::create_dir(self.into.join(&learner))?;
            let most = self.limits.learner_bytes >> 20;
            let why = format!("it unpacks to more than {most} MiB: hand in source files only");
            self.left_out.insert(learner.clone(), LeftOut { place: learner, why, is_all: true });
            return Ok(());
        }
        *share += size;
        self.left -= size;
        match write(&self.into.join(inner), &bytes)? {
            Written::New if size > largest => self.mark_size(inner, size, content),
            Written::New => Ok(()),
            Written::Twice => {
                self.twice(inner);
                Ok(())
            }
            Written::InTheWay => self.leave_out(inner, "is called like another entry: pack it anew"),
        }
    }

    /// Gives a file whose start was written the size of the whole, without its bytes.
    fn mark_size(&mut self, inner: &Path, kept: u64, content: &mut dyn Read) -> Result<(), Refused> {
        // What cannot be read any more is not counted.
        let more = io::copy(&mut content.take(COUNTED_BYTES_MAX - kept), &mut io::sink()).unwrap_or_default();
        // In a class such a file must not use up the others' share.
        if self.limits.learner_bytes == self.limits.total_bytes {
            self.left = self.left.checked_sub(more).ok_or(Refused::TooManyBytes(self.limits.total_bytes))?;
        }
        Ok(File::options().write(true).open(self.into.join(inner))?.set_len(kept + more)?)
    }

    /// Makes an empty file of an entry that is not unpacked, for messages.
    fn name(&self, inner: &Path) -> Result<(), Refused> {
        if self.limits.names_all {
            write(&self.into.join(inner), b"")?;
        }
        Ok(())
    }

    /// Notes that an entry is not used. Its learner's folder or file is made all the same: nobody must vanish from a class.
    fn leave_out(&mut self, inner: &Path, why: &str) -> Result<(), Refused> {
        let learner = self.learner(inner);
        if self.limits.names_all && learner == inner {
            self.name(inner)?;
        } else if self.limits.names_all {
            unless_in_the_way(fs::create_dir_all(self.into.join(&learner)))?;
        }
        let left_out =
            || LeftOut { place: learner.clone(), why: format!("`{}` {why}", end_of_path(inner)), is_all: false };
        if is_source(inner, self.languages) || is_archive(inner) {
            self.left_out.entry(learner.clone()).or_insert_with(left_out);
        } else if self.other.is_none() {
            self.other = Some(left_out());
        }
        Ok(())
    }

    /// Notes that a name stands for two files: nothing shows which is meant.
    fn twice(&mut self, inner: &Path) {
        if is_source(inner, self.languages) || is_archive(inner) {
            let place = self.learner(inner);
            let name = end_of_path(inner);
            let why = format!("`{name}` is in the archive twice, with different content: pack it anew, with one");
            self.left_out.insert(place.clone(), LeftOut { place, why, is_all: true });
        }
    }
}

/// The end of an entry's path, in a message.
fn end_of_path(inner: &Path) -> String {
    const CHARS_MAX: usize = 80;
    let whole = printable::line(&inner.display().to_string());
    let skipped = whole.chars().count().saturating_sub(CHARS_MAX);
    if skipped == 0 { whole } else { format!("…{}", whole.chars().skip(skipped).collect::<String>()) }
}

/// How many folders are common to all sources and archives: the learners' own folders are one level below. A grade sheet beside
/// the folder with the learners says nothing.
fn shared_folders(names: &[(PathBuf, bool)], languages: &[CodeLanguage]) -> usize {
    let files = || names.iter().filter(|(_, is_folder)| !is_folder).map(|(path, _)| path.as_path());
    let counts_as_submission = |path: &&Path| is_source(path, languages) || is_archive(path);
    let is_any = files().any(|path| counts_as_submission(&path));
    let mut files = files().filter(|path| !is_any || counts_as_submission(path));
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

/// Unpacks a learner's archive into `into`, and an archive that it contains instead of sources: the learner or the platform
/// packed it twice. Cost: as [`unpack`], at most three times.
///
/// # Errors
/// See [`Refused`].
pub fn unpack_learner(path: &Path, into: &Path, languages: &[CodeLanguage]) -> Result<(), Refused> {
    let mut left_out = unpack(path, into, LEARNER, languages)?;
    for _ in 1..NESTED_MAX {
        let Some(inner) = alone_in(into, languages)? else { break };
        let moved = into.with_extension("inner");
        fs::rename(&inner, &moved)?;
        fs::remove_dir_all(into)?;
        fs::create_dir(into)?;
        left_out.extend(unpack(&moved, into, LEARNER, languages)?);
        fs::remove_file(&moved)?;
    }
    // Beside a source that is used, what is not used is missing where it is named, and the compiler says so.
    let why = left_out.iter().find(|left_out| left_out.is_all).or(left_out.first());
    match why {
        Some(why) if why.is_all || !holds_source(into, languages)? => Err(Refused::LeftOut(why.why.clone())),
        _ => Ok(()),
    }
}

fn holds_source(folder: &Path, languages: &[CodeLanguage]) -> io::Result<bool> {
    Ok(files_below(folder)?.iter().any(|file| is_source(file, languages)))
}

/// The files of an unpacked archive.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}

/// The archive in a folder that has one archive and no source.
fn alone_in(folder: &Path, languages: &[CodeLanguage]) -> io::Result<Option<PathBuf>> {
    let mut files = files_below(folder)?;
    if files.iter().any(|file| is_source(file, languages)) {
        return Ok(None);
    }
    files.retain(|file| is_archive(file));
    Ok(if let [_] = files[..] { files.pop() } else { None })
}

/// What became of a file that was to be written.
enum Written {
    /// It is there, or was with the same content.
    New,
    /// A file of this name with other content is there.
    Twice,
    /// Something else of this name is there, or no file system accepts the name.
    InTheWay,
}

fn write(target: &Path, bytes: &[u8]) -> io::Result<Written> {
    let parent = target.parent().unwrap_or(target);
    let opened = fs::create_dir_all(parent).and_then(|()| File::options().write(true).create_new(true).open(target));
    if let Some(mut file) = unless_in_the_way(opened)? {
        file.write_all(bytes)?;
        return Ok(Written::New);
    }
    Ok(match fs::symlink_metadata(target) {
        Ok(there) if there.is_file() && fs::read(target)? == bytes => Written::New,
        Ok(there) if there.is_file() => Written::Twice,
        _ => Written::InTheWay,
    })
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
    is_source(path, languages) || is_archive(path) || is("toml") || super::platform::names_owners(path)
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
