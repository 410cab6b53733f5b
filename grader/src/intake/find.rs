//! Who handed in what. Course platforms export a folder or a file for each learner, wrapped and named in their own ways.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::host::printable;

use super::archive::{self, is_archive, is_foreign_archive, is_source};

/// Deepest folder looked into.
const DEPTH_MAX: usize = 12;
/// Most files of one learner that are looked at.
const FILES_MAX: usize = 10_000;
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
    let mut by_learner: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
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
        // Names are a stranger's text too, in every report, on the terminal and in the table.
        let learner = printable::line(&learner_of(&path));
        by_learner.entry(learner.clone()).or_default().push(Entry { learner, shown, found });
    }
    Ok(by_learner.into_values().flat_map(latest).collect())
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
            .and_then(|()| archive::unpack(path, &place, archive::LEARNER))
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
    fs::read(path).is_ok_and(|bytes| bytes.iter().all(u8::is_ascii_whitespace))
}

/// A folder's entries in order, without links, hidden files and foreign folders.
fn listing(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_string_lossy();
        if !kind.is_symlink() && !name.starts_with('.') && !FOREIGN_FOLDERS.contains(&name.as_ref()) {
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

/// The learner's name, from the names that platforms give: Moodle's `Ada Lovelace_1234_assignsubmission_file_`, Canvas's
/// `lovelaceada_LATE_1234_5678_lib.rs`. The number stays: two learners may share a name.
fn learner_of(path: &Path) -> String {
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let name = name.unwrap_or_default().to_string_lossy().into_owned();
    let parts: Vec<&str> = name.split('_').collect();
    let is_number = |part: &&str| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.iter().skip(1).position(is_number) {
        Some(at) if parts.len() > at + 2 || name.ends_with('_') => {
            let who =
                parts[..=at].iter().filter(|part| !part.eq_ignore_ascii_case("late")).copied().collect::<Vec<_>>();
            format!("{} ({})", who.join("_"), parts[at + 1])
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::learner_of;
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
            assert_eq!(learner_of(Path::new(name)), learner);
        }
    }
}
