//! Finds each learner's submission. Course platforms export a folder or a file for each learner, wrapped and named in their own
//! ways.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cachedojo_judge::pack::CodeLanguage;
use sha2::{Digest, Sha256};

use crate::host::digest::hex;
use crate::host::files::read_plain;
use crate::host::printable;

use super::archive::{self, is_archive};
pub use super::choose::Found;
use super::choose::{NAMED_MAX, choice, named, source};
use super::class_items::{counts_as_submission, hidden_sources, special_files};
use super::look;
use super::names::unrevised;
use super::platform::{Owner, Platform, owners};

/// The deepest folder that is searched.
const DEPTH_MAX: usize = 12;
/// The most files of one learner that are examined.
const FILES_MAX: usize = 10_000;

/// One learner's submission, or the lack of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The learner, as the platform names the folder or the file.
    pub learner: String,
    /// Where it was found, relative to the class.
    pub shown: String,
    /// What is there.
    pub found: Found,
    /// Its owner, for handing results back.
    pub owner: Owner,
}

/// The entries of a class's folder, one for each learner (and one for each superseded file), ordered by name. Archives
/// are unpacked into `scratch`. Links are never followed. Cost: O(files).
///
/// # Errors
/// The folder itself cannot be read.
pub fn entries(class: &Path, scratch: &Path, languages: &[CodeLanguage]) -> Result<Vec<Entry>> {
    let root = unwrapped(class, languages)?;
    let paths = listing(&root).with_context(|| format!("reading `{}`", root.display()))?;
    let all = owners(&root, &paths);
    let hands_in_files = |path: &PathBuf| path.is_file() && (is_archive(path) || look::is_source(path, languages));
    let in_folders = paths.iter().any(|path| path.is_dir()) && !paths.iter().any(hands_in_files);
    let mut finder = Finder { class, scratch, languages, made: 0 };
    let mut by_learner: BTreeMap<(Platform, OsString), Vec<Place>> = BTreeMap::new();
    for (path, owner) in paths.into_iter().zip(all) {
        if counts_as_submission(&path, &owner, in_folders, languages) {
            by_learner.entry((owner.platform, owner.exact.clone())).or_default().push(Place { path, owner });
        }
    }
    let mut entries: Vec<Entry> = by_learner.into_values().flat_map(|places| finder.of_learner(places)).collect();
    let special_files = special_files(&root, in_folders, languages)?.into_iter();
    entries
        .extend(special_files.map(|(path, owner, why)| finder.entry(&path, owner, Found::Unreadable(why.to_owned()))));
    make_distinct(&mut entries);
    entries.sort_by(|one, other| one.learner.cmp(&other.learner));
    Ok(entries)
}

/// Makes the names of two learners different if they look alike after unusual characters were removed.
fn make_distinct(entries: &mut [Entry]) {
    let mut exact: BTreeMap<String, Vec<(Platform, OsString)>> = BTreeMap::new();
    for entry in entries.iter() {
        let known = exact.entry(entry.learner.clone()).or_default();
        let this = (entry.owner.platform, entry.owner.exact.clone());
        if !known.contains(&this) {
            known.push(this);
        }
    }
    for entry in entries.iter_mut().filter(|entry| exact[&entry.learner].len() > 1) {
        let mark = &hex(&Sha256::digest(entry.owner.exact.as_encoded_bytes()))[..6];
        entry.learner = format!("{} [{mark}]", entry.learner);
    }
}

/// The folder with the learners: exports often wrap it in one or two others, with a grade sheet beside it.
fn unwrapped(class: &Path, languages: &[CodeLanguage]) -> Result<PathBuf> {
    let mut root = class.to_owned();
    for _ in 0..DEPTH_MAX {
        let inside = listing(&root).with_context(|| format!("reading `{}`", root.display()))?;
        let (folders, files): (Vec<_>, Vec<_>) = inside.into_iter().partition(|path| path.is_dir());
        let [only] = folders.as_slice() else { break };
        let holds_files = files.iter().any(|path| is_archive(path) || look::is_source(path, languages));
        if holds_files || is_submission(only, languages) || !wraps(only, languages) {
            break;
        }
        root.clone_from(only);
    }
    Ok(root)
}

/// Whether a folder is itself a submission: it has a root file, or a folder `src` or `tests`.
fn is_submission(folder: &Path, languages: &[CodeLanguage]) -> bool {
    ["src", "tests"].iter().any(|name| folder.join(name).is_dir())
        || look::roots(languages).chain(["lib.rs", "main.py"]).any(|root| folder.join(root).is_file())
}

/// Whether a folder that was given as a class is one learner's submission: it has a root file at that language's place, and no
/// folder beside it could be another learner's.
pub fn is_one_submission(folder: &Path, languages: &[CodeLanguage]) -> bool {
    const PARTS: &[&str] = &["src", "tests", "benches", "examples", "cache"];
    let Ok(paths) = listing(folder) else { return false };
    let holds_code = |path: &Path| {
        let mut files = Vec::new();
        walk(path, 0, &mut files).is_ok()
            && files.iter().any(|file| is_archive(file) || look::is_source(file, languages))
    };
    let could_be_anothers = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            !PARTS.contains(&name.as_ref()) && holds_code(path)
        } else {
            is_archive(path) || look::is_source(path, languages) && !look::roots(languages).any(|root| root == name)
        }
    };
    look::roots(languages).any(|root| folder.join(root).is_file()) && !paths.iter().any(could_be_anothers)
}

/// The archive in a learner's folder that has no source to grade beside it, and no other archive.
pub fn archive_alone(folder: &Path, languages: &[CodeLanguage]) -> Option<PathBuf> {
    let mut files = Vec::new();
    walk(folder, 0, &mut files).ok()?;
    if choice(folder, &files, languages).is_some() {
        return None;
    }
    files.retain(|path| is_archive(path));
    <[PathBuf; 1]>::try_from(files).ok().map(|[only]| only)
}

/// Whether a folder that is no submission holds learners: folders, files that a platform named, or several that could each be
/// somebody's.
fn wraps(folder: &Path, languages: &[CodeLanguage]) -> bool {
    let Ok(paths) = listing(folder) else { return false };
    let files: Vec<PathBuf> = paths.iter().filter(|path| !path.is_dir()).cloned().collect();
    let handed_in = files.iter().filter(|path| is_archive(path) || look::is_source(path, languages)).count();
    let named = owners(folder, &files).iter().any(|owner| owner.platform != Platform::Other);
    paths.len() > files.len() || named || handed_in > 1
}

/// An item of a class's folder, with its owner.
struct Place {
    path: PathBuf,
    owner: Owner,
}

struct Finder<'a> {
    class: &'a Path,
    scratch: &'a Path,
    languages: &'a [CodeLanguage],
    /// How many folders have been made so far: each gets a number.
    made: usize,
}

impl Finder<'_> {
    /// The entries of one learner: of several attempts the last with a source is graded; earlier ones get entries, empty ones
    /// beside it do not, but a later one that has none is told.
    fn of_learner(&mut self, mut places: Vec<Place>) -> Vec<Entry> {
        if places.iter().any(|place| !place.owner.is_note) {
            places.retain(|place| !place.owner.is_note);
        }
        places.sort_by(|one, other| one.owner.order.cmp(&other.owner.order).then_with(|| one.path.cmp(&other.path)));
        let tells = places.first().is_some_and(|place| place.owner.platform.tells_attempts());
        let mut attempts: Vec<Vec<Place>> = Vec::new();
        for place in places {
            match attempts.last_mut() {
                Some(last) if !tells || last[0].owner.order == place.owner.order => last.push(place),
                _ => attempts.push(vec![place]),
            }
        }
        let mut entries: Vec<Entry> = attempts.into_iter().flat_map(|attempt| self.of_attempt(attempt)).collect();
        let counts = |entry: &Entry| matches!(entry.found, Found::Source(..) | Found::Ambiguous(_));
        let Some(last) = entries.iter().rposition(counts) else { return entries.pop().into_iter().collect() };
        let later: Vec<&str> = entries[last + 1..].iter().map(|entry| entry.shown.as_str()).collect();
        if tells && !later.is_empty() {
            let said = format!("a later attempt has nothing to grade: {}", later.join(", "));
            if let Found::Source(_, remark) = &mut entries[last].found {
                *remark = if remark.is_empty() { said } else { format!("{said}; {remark}") };
            }
        }
        let kept = entries.into_iter().enumerate().filter_map(|(index, mut entry)| {
            if index != last {
                if !counts(&entry) && entry.found != Found::Superseded {
                    return None;
                }
                entry.found = Found::Superseded;
            }
            Some(entry)
        });
        kept.collect()
    }

    /// The entries of one attempt: the graded one, and the files that a later one of the same name replaces.
    fn of_attempt(&mut self, places: Vec<Place>) -> Vec<Entry> {
        let (folders, files): (Vec<Place>, Vec<Place>) = places.into_iter().partition(|place| place.path.is_dir());
        let (files, mut entries) = self.without_revised(files);
        let mut found: Vec<(String, Owner, Found)> = Vec::new();
        for place in folders {
            let of_folder = self.in_folder(&place.path, 0);
            found.push((self.relative_name(&place.path), place.owner, of_folder));
        }
        let of_platform = files.iter().any(|place| place.owner.file.is_some());
        // The archive was also unpacked: the folder with its name has its content.
        let is_unpacked = found.iter().any(|(_, _, found)| matches!(found, Found::Source(..)));
        if let ([_, _, ..], true) = (files.as_slice(), of_platform) {
            let (late, of_files) = (files.iter().any(|place| place.owner.late), self.in_files(&files));
            let Place { path, owner } = self.graded_of(&files, &of_files);
            found.push((self.relative_name(path), Owner { late, ..owner.clone() }, of_files));
        } else {
            for place in files.into_iter().filter(|place| !(is_unpacked && is_archive(&place.path))) {
                // A platform's own receipt is nobody's submission, whatever the exercise takes.
                let of_file = if place.owner.is_note { missing(&place.path) } else { self.in_file(&place) };
                found.push((self.relative_name(&place.path), place.owner, of_file));
            }
        }
        entries.extend(chosen(found));
        entries
    }

    /// Which of the files is graded or, where several are or none is, stands for all: the one to begin with, else the last.
    fn graded_of<'p>(&self, files: &'p [Place], found: &Found) -> &'p Place {
        let named = |name: &str| {
            files.iter().find(|place| place.owner.file.as_deref().is_some_and(|file| file.eq_ignore_ascii_case(name)))
        };
        let begins = match found {
            Found::Source(path, _) if path.is_file() => {
                path.file_name().and_then(|name| named(&name.to_string_lossy()))
            }
            Found::Source(..) => look::roots(self.languages).find_map(named),
            _ => None,
        };
        begins.unwrap_or(&files[files.len() - 1])
    }

    /// The files without those that a later one of the same name replaces, which get an entry each: Canvas numbers the later
    /// ones. `part-1.rs` and `part-2.rs` are not revisions.
    fn without_revised(&self, files: Vec<Place>) -> (Vec<Place>, Vec<Entry>) {
        let is_canvas = |place: &Place| place.owner.platform == Platform::Canvas;
        let mut kept: Vec<Place> = Vec::new();
        let mut entries = Vec::new();
        let names: Vec<String> = files.iter().filter_map(|place| place.owner.file.clone()).collect();
        for mut place in files {
            if let Some(file) = place.owner.file.clone().filter(|_| is_canvas(&place)) {
                let (plain, _) = unrevised(&file);
                let others = names.iter().filter(|name| **name != file && unrevised(name).0 == plain).count();
                if others == 0 || names.contains(&plain) {
                    place.owner.file = Some(plain);
                }
            }
            let same = |other: &Place| other.owner.file.is_some() && other.owner.file == place.owner.file;
            if let Some(earlier) = kept.iter().position(same) {
                let Place { path, owner } = kept.remove(earlier);
                if look::is_source(&path, self.languages) || is_archive(&path) {
                    entries.push(self.entry(&path, owner, Found::Superseded));
                }
            }
            kept.push(place);
        }
        (kept, entries)
    }

    fn entry(&self, path: &Path, owner: Owner, found: Found) -> Entry {
        Entry { learner: owner.shown.clone(), shown: self.relative_name(path), found, owner }
    }

    fn relative_name(&self, path: &Path) -> String {
        path.strip_prefix(self.class).unwrap_or(path).display().to_string()
    }

    fn in_folder(&mut self, folder: &Path, depth: usize) -> Found {
        let mut files = Vec::new();
        if let Err(error) = walk(folder, 0, &mut files) {
            return Found::Unreadable(format!("the folder cannot be read: {error}"));
        }
        if let Some(found) = choice(folder, &files, self.languages) {
            return found;
        }
        let archives: Vec<&PathBuf> = files.iter().filter(|path| is_archive(path)).collect();
        match archives[..] {
            [archive] if depth == 0 => self.in_archive(archive),
            [] if files.is_empty() => match (hidden_sources(folder, self.languages), unfollowed(folder)) {
                (hidden, _) if !hidden.is_empty() => Found::Missing(hidden),
                (_, unfollowed) => unfollowed.map_or(Found::Empty, Found::Unreadable),
            },
            [_, _, ..] => Found::Ambiguous(named(folder, archives.iter().map(|path| path.as_path()))),
            _ => Found::Missing(named(folder, files.iter().map(PathBuf::as_path))),
        }
    }

    fn in_archive(&mut self, path: &Path) -> Found {
        let place = self.place();
        if let Err(refused) = fs::create_dir_all(&place)
            .map_err(Into::into)
            .and_then(|()| archive::unpack_learner(path, &place, self.languages))
        {
            return Found::Unreadable(refused.named(path).to_string());
        }
        self.in_folder(&place, 1)
    }

    fn in_file(&mut self, Place { path, owner }: &Place) -> Found {
        let own = owner.file.as_deref().map_or(path.as_path(), Path::new);
        if look::is_no_script(own, self.languages) {
            missing(own)
        } else if is_archive(path) {
            self.in_archive(path)
        } else if look::is_source(path, self.languages) {
            source(path, String::new())
        } else {
            missing(path)
        }
    }

    /// Files that a platform exported side by side, under the learner's own names again: one submission.
    fn in_files(&mut self, files: &[Place]) -> Found {
        let place = self.place();
        let laid_out = fs::create_dir_all(&place).and_then(|()| {
            for Place { path, owner } in files {
                let own = owner.file.as_deref().map(Path::new).or(path.file_name().map(Path::new)).unwrap_or(path);
                let wanted = look::is_source(own, self.languages) || is_archive(own);
                // Of a file that is not a source only the name matters.
                let bytes = if wanted { read_plain(path, archive::CLASS.file_bytes)? } else { Vec::new() };
                fs::write(place.join(own.file_name().unwrap_or_default()), bytes)?;
            }
            Ok(())
        });
        match laid_out {
            Ok(()) => self.in_folder(&place, 0),
            Err(error) => Found::Unreadable(format!("its files cannot be read: {error}")),
        }
    }

    fn place(&mut self) -> PathBuf {
        self.made += 1;
        archive::place(self.scratch, self.made)
    }
}

/// Why a folder in which nothing can be read is not empty: it holds a link, a pipe or a device.
fn unfollowed(folder: &Path) -> Option<String> {
    let mut others: Vec<_> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_string_lossy().into_owned(), entry.file_type().ok()?)))
        .filter(|(name, kind)| !kind.is_file() && !kind.is_dir() && !look::is_passed_over_in_class(name))
        .collect();
    others.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (name, kind) = others.first()?;
    let name = printable::line(name);
    Some(if kind.is_symlink() {
        format!("`{name}` is a link, and links are not followed: hand in the file itself")
    } else {
        format!("`{name}` is neither a file nor a folder: hand in a file")
    })
}

/// Folders at the place of the learners' that are passed over because of their names, and hold sources all the same. Cost: O(entries).
///
/// # Errors
/// The folder itself cannot be read.
pub fn passed_over(class: &Path, languages: &[CodeLanguage]) -> Result<Vec<String>> {
    let root = unwrapped(class, languages)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(&root).with_context(|| format!("reading `{}`", root.display()))?.flatten() {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && look::is_passed_over_in_class(&name) && holds_a_submission(&path, languages) {
            names.push(printable::line(&name));
        }
    }
    names.sort();
    Ok(names)
}

/// Whether a folder has a source or an archive at its top, or is a submission otherwise.
fn holds_a_submission(folder: &Path, languages: &[CodeLanguage]) -> bool {
    let files = listing(folder).unwrap_or_default();
    is_submission(folder, languages)
        || files.iter().any(|path| path.is_file() && (is_archive(path) || look::is_source(path, languages)))
}

/// A file that is no source.
fn missing(path: &Path) -> Found {
    Found::Missing(vec![path.file_name().unwrap_or_default().to_string_lossy().into_owned()])
}

/// The item of one attempt that is graded: its only source. With two sources, nothing shows which is meant.
fn chosen(mut found: Vec<(String, Owner, Found)>) -> Option<Entry> {
    let counts = |found: &Found| matches!(found, Found::Source(..) | Found::Ambiguous(_));
    let sources: Vec<usize> = (0..found.len()).filter(|index| counts(&found[*index].2)).collect();
    let (shown, owner, found) = match sources[..] {
        [] => found.pop()?,
        [only] => found.swap_remove(only),
        _ => {
            let named = sources.iter().take(NAMED_MAX).map(|index| found[*index].0.clone()).collect();
            let (shown, owner, _) = found.swap_remove(sources[0]);
            (shown, owner, Found::Ambiguous(named))
        }
    };
    Some(Entry { learner: owner.shown.clone(), shown, found, owner })
}

/// A folder's files and folders in order, without links, pipes, hidden files and generated folders.
fn listing(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_string_lossy();
        // A link leads elsewhere, and reading a pipe or a device may never end.
        if (kind.is_file() || kind.is_dir()) && !look::is_passed_over_in_class(&name) {
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
