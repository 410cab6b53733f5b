//! Who handed in what. Course platforms export a folder or a file for each learner, wrapped and named in their own ways.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::host::files::read_plain;
use crate::host::printable;
use crate::intake::submission::hex;

use super::archive::{self, is_archive, is_foreign_archive, is_source};

/// Deepest folder looked into.
const DEPTH_MAX: usize = 12;
/// Most files of one learner that are looked at.
const FILES_MAX: usize = 10_000;
/// Largest source that is looked into, in bytes.
const SOURCE_BYTES_MAX: u64 = 1 << 20;
/// Folders that hold nothing of a learner's own.
const FOREIGN_FOLDERS: &[&str] = &["target", "node_modules", "__MACOSX", "__pycache__"];

/// What one learner handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The learner, as the platform names the folder or the file.
    pub learner: String,
    /// Where it was found, relative to the class.
    pub shown: String,
    /// What is there.
    pub found: Found,
}

/// What was found in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Something to grade, and a remark where there was a choice.
    Source(PathBuf, String),
    /// Nothing, or a source without a word in it.
    Empty,
    /// Files, but no source among them.
    Missing(Vec<String>),
    /// An earlier file of a learner of whom a later one is graded.
    Superseded,
    /// An archive that was refused, or a folder that cannot be read.
    Unreadable(String),
}

/// The entries of a class's folder, one a learner (and one for each superseded file), in order of their names.
/// `scratch` takes what archives hold. Links are never followed. Cost: O(files).
///
/// # Errors
/// The folder itself cannot be read.
pub fn entries(class: &Path, scratch: &Path) -> Result<Vec<Entry>> {
    let root = unwrapped(class)?;
    let mut finder = Finder { scratch, archives: 0 };
    let mut by_learner: BTreeMap<Who, Vec<Entry>> = BTreeMap::new();
    for path in listing(&root).with_context(|| format!("reading `{}`", root.display()))? {
        let shown = path.strip_prefix(class).unwrap_or(&path).display().to_string();
        let found = if path.is_dir() {
            finder.in_folder(&path)
        } else if is_archive(&path) {
            finder.in_archive(&path)
        } else if is_source(&path) {
            source(&path, String::new())
        } else if is_foreign_archive(&path) {
            foreign(&path)
        } else {
            continue; // A grade sheet, a read-me: nobody's submission.
        };
        let who = Who::of(&path);
        let learner = who.shown.clone();
        by_learner.entry(who).or_default().push(Entry { learner, shown, found });
    }
    tell_apart(&mut by_learner);
    Ok(by_learner.into_values().flat_map(latest).collect())
}

/// Two learners whose names look alike, for what is odd in them is not shown, get a mark each.
fn tell_apart(by_learner: &mut BTreeMap<Who, Vec<Entry>>) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for who in by_learner.keys() {
        *times.entry(who.shown.clone()).or_default() += 1;
    }
    for (who, entries) in by_learner.iter_mut().filter(|(who, _)| times[&who.shown] > 1) {
        let mark = &hex(&Sha256::digest(who.exact.as_encoded_bytes()))[..6];
        for entry in entries {
            entry.learner = format!("{} [{mark}]", who.shown);
        }
    }
}

/// Of one learner's entries the last with a source is graded; the earlier ones are named, and empty ones beside it are not.
fn latest(mut entries: Vec<Entry>) -> Vec<Entry> {
    let is_source = |entry: &Entry| matches!(entry.found, Found::Source(..));
    let Some(last) = entries.iter().rposition(is_source) else {
        return entries.pop().into_iter().collect();
    };
    let kept = entries.into_iter().enumerate().filter_map(|(index, mut entry)| {
        if index != last {
            if !is_source(&entry) {
                return None;
            }
            entry.found = Found::Superseded;
        }
        Some(entry)
    });
    kept.collect()
}

/// The folder in which the learners are: exports often wrap them in a folder, or in two.
fn unwrapped(class: &Path) -> Result<PathBuf> {
    let mut root = class.to_owned();
    for _ in 0..DEPTH_MAX {
        let inside = listing(&root).with_context(|| format!("reading `{}`", root.display()))?;
        let [only] = inside.as_slice() else { break };
        let learners = |path: &Path| listing(path).is_ok_and(|paths| paths.iter().any(|path| path.is_dir()));
        let is_submission =
            ["src", "tests"].iter().any(|name| only.join(name).is_dir()) || only.join("lib.rs").is_file();
        if !only.is_dir() || is_submission || !learners(only) {
            break;
        }
        root.clone_from(only);
    }
    Ok(root)
}

struct Finder<'a> {
    scratch: &'a Path,
    archives: usize,
}

impl Finder<'_> {
    fn in_folder(&mut self, folder: &Path) -> Found {
        let mut files = Vec::new();
        if let Err(error) = walk(folder, 0, &mut files) {
            return Found::Unreadable(format!("the folder cannot be read: {error}"));
        }
        if let Some(found) = root_among(folder, &files) {
            return found;
        }
        match files.iter().rfind(|path| is_archive(path)) {
            Some(archive) => self.in_archive(archive),
            None if files.is_empty() => Found::Empty,
            None => {
                if let Some(archive) = files.iter().rfind(|path| is_foreign_archive(path)) {
                    return foreign(archive);
                }
                let name = |path: &PathBuf| path.strip_prefix(folder).unwrap_or(path).display().to_string();
                Found::Missing(files.iter().take(5).map(name).collect())
            }
        }
    }

    fn in_archive(&mut self, path: &Path) -> Found {
        self.archives += 1;
        let place = archive::place(self.scratch, self.archives);
        if let Err(refused) = fs::create_dir_all(&place)
            .map_err(Into::into)
            .and_then(|()| archive::unpack(path, &place, archive::LEARNER).map(drop))
        {
            return Found::Unreadable(refused.to_string());
        }
        let mut files = Vec::new();
        match walk(&place, 0, &mut files) {
            Ok(()) if files.is_empty() => Found::Empty,
            Ok(()) => root_among(&place, &files).unwrap_or_else(|| Found::Missing(Vec::new())),
            Err(error) => Found::Unreadable(format!("the archive's files cannot be read: {error}")),
        }
    }
}

/// What of a learner's files is graded: the crate or program whose root stands least deep; of several, the last by name.
fn root_among(folder: &Path, files: &[PathBuf]) -> Option<Found> {
    let depth = |path: &Path| path.components().count();
    for name in ["src/lib.rs", "lib.rs", "main.py", "tests.rs"] {
        let roots: Vec<_> = files.iter().filter(|path| path.ends_with(name)).collect();
        let Some(least) = roots.iter().map(|path| depth(path)).min() else { continue };
        let nearest: Vec<_> = roots.into_iter().filter(|path| depth(path) == least).collect();
        let chosen = nearest.last()?;
        let home = chosen.ancestors().nth(name.split('/').count()).unwrap_or(folder);
        if is_blank(chosen) {
            return Some(Found::Empty);
        }
        let shown = home.strip_prefix(folder).unwrap_or(home).display();
        let remark = if nearest.len() > 1 {
            format!("{} of {} was graded: {shown}", name, nearest.len())
        } else {
            String::new()
        };
        return Some(Found::Source(home.to_owned(), remark));
    }
    let mut sources = files.iter().filter(|path| is_source(path));
    let (first, second) = (sources.next()?, sources.next());
    // One file, whatever its name, is what is meant; several, and the grader says what it wants.
    if second.is_none() {
        Some(source(first, String::new()))
    } else {
        Some(Found::Source(folder.to_owned(), String::new()))
    }
}

fn foreign(path: &Path) -> Found {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Found::Unreadable(format!("`{name}` is an archive of another kind: hand in a plain zip file"))
}

fn source(path: &Path, remark: String) -> Found {
    if is_blank(path) { Found::Empty } else { Found::Source(path.to_owned(), remark) }
}

fn is_blank(path: &Path) -> bool {
    // A larger one holds something, and grading says what it thinks of its size.
    read_plain(path, SOURCE_BYTES_MAX).is_ok_and(|bytes| bytes.iter().all(u8::is_ascii_whitespace))
}

/// A folder's files and folders in order, without links, pipes, hidden files and foreign folders.
fn listing(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_string_lossy();
        // A link leads elsewhere, and a pipe or a device is no file: reading it may never end.
        if (kind.is_file() || kind.is_dir()) && !name.starts_with('.') && !FOREIGN_FOLDERS.contains(&name.as_ref()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The files below a folder, in order, within limits.
pub(crate) fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for path in listing(folder)? {
        if files.len() >= FILES_MAX {
            break;
        }
        if !path.is_dir() {
            files.push(path);
        } else if depth < DEPTH_MAX {
            walk(&path, depth + 1, files)?;
        }
    }
    Ok(())
}

/// Who handed something in, as the platform's name for it tells. Two entries are of one learner only where the platform
/// writes both names in the same way, with the same number and the very same letters: what a learner can choose (a name, a
/// file's name) never passes for another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Who {
    /// As it is shown: a stranger's text too, in every report, on the terminal and in the table.
    shown: String,
    platform: Platform,
    /// What makes it this learner.
    exact: OsString,
}

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Platform {
    /// `Ada Lovelace_1234_assignsubmission_file_`
    Moodle,
    /// `lovelaceada_LATE_1234_5678_lib.rs`
    Canvas,
    /// Any other way: the whole name.
    Other,
}

impl Who {
    fn of(path: &Path) -> Self {
        let is_folder = path.is_dir();
        let name = if is_folder { path.file_name() } else { path.file_stem() }.unwrap_or_default();
        let known = name.to_str().and_then(|name| {
            let canvas = || canvas(name).filter(|_| !is_folder).map(|who| (Platform::Canvas, who));
            moodle(name).map(|who| (Platform::Moodle, who)).or_else(canvas)
        });
        let (platform, shown, exact) = match known {
            Some((platform, (who, number))) => {
                (platform, format!("{who} ({number})"), format!("{who}_{number}").into())
            }
            None => (Platform::Other, name.to_string_lossy().into_owned(), name.to_owned()),
        };
        Self { shown: printable::line(&shown), platform, exact }
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name and the number that stands right before Moodle's own word. A name that has the word twice is of nobody's making
/// but the learner's, and tells nothing.
fn moodle(name: &str) -> Option<(&str, &str)> {
    let (before, after) = name.split_once("_assignsubmission_")?;
    let (who, number) = before.rsplit_once('_')?;
    (is_number(number) && !after.contains("_assignsubmission_")).then_some((who, number))
}

/// A name of letters alone, perhaps `LATE`, the learner's number, the file's number, and the file's name.
fn canvas(name: &str) -> Option<(&str, &str)> {
    let (who, rest) = name.split_once('_')?;
    let rest = rest.strip_prefix("LATE_").or(rest.strip_prefix("late_")).unwrap_or(rest);
    let mut parts = rest.splitn(3, '_');
    let (number, file, _) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = who.chars().all(char::is_alphanumeric) && is_number(number) && is_number(file);
    fits.then_some((who, number))
}

#[cfg(test)]
mod tests {
    use super::Who;
    use std::path::Path;

    #[test]
    fn platforms_names_become_learners() {
        for (name, learner) in [
            ("Ada Lovelace_1234_assignsubmission_file.rs", "Ada Lovelace (1234)"),
            ("lovelaceada_1234_5678_lib.rs", "lovelaceada (1234)"),
            ("lovelaceada_LATE_1234_5678_lib-2.rs", "lovelaceada (1234)"),
            ("ada.rs", "ada"),
            ("cache_ada.rs", "cache_ada"),
            ("submission_123456.zip", "submission_123456"),
        ] {
            assert_eq!(Who::of(Path::new(name)).shown, learner);
        }
    }

    #[test]
    fn no_name_that_a_learner_can_choose_passes_for_anothers() {
        let ada = Who::of(Path::new("Ada Lovelace_1234_assignsubmission_file_"));
        for name in [
            "Ada Lovelace_LATE_1234_9999_assignsubmission_file_",
            "Ada Lovelace_1234_9999_assignsubmission_file_",
            "Ada Lovelace_1234_assignsubmission_file__9999_assignsubmission_file_",
            "Mallory_9999_assignsubmission_file_Ada Lovelace_1234_assignsubmission_file_",
            "Ada\u{200b} Lovelace_1234_assignsubmission_file_",
            "Ada Lovelace_01234_assignsubmission_file_",
            "Ada Lovelace_1234_5678_lib",
            "Ada Lovelace (1234)",
        ] {
            let other = Who::of(Path::new(name));
            assert_ne!((ada.platform, &ada.exact), (other.platform, &other.exact), "{name}");
        }
        let again = Who::of(Path::new("Ada Lovelace_1234_assignsubmission_onlinetext_"));
        assert_eq!(ada, again);
    }
}
