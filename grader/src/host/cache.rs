//! What the grader makes once on a machine and keeps: toolboxes, known bugs, answers of the compiler. If the cache folder cannot
//! be written to, a temporary folder of this process replaces it: everything works, but nothing is kept. The size is bounded: see
//! [`bound`].

pub mod bound;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::outcome::say;
use super::programs;
use super::scratch;

/// The list of a cached folder's files, in that folder.
const LIST: &str = "list";

/// The cache folder: `$CACHEDOJO_CACHE`, else the user's; `None` if the machine has neither.
pub fn folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("CACHEDOJO_CACHE")
        .or_else(|| named("XDG_CACHE_HOME").map(|cache| cache.join("cachedojo")))
        .or_else(|| named("LOCALAPPDATA").filter(|_| cfg!(windows)).map(|local| local.join("cachedojo")))
        .or_else(|| programs::home().map(|home| home.join(".cache/cachedojo")))
}

/// The path of a cached file or folder, if it exists. Cost: a look or two.
pub fn find(name: &str) -> Option<PathBuf> {
    let stands_in = state().as_ref().and_then(|place| place.stands_in.as_ref().map(|one| one.path.clone()));
    let folders = [folder(), stands_in].into_iter().flatten();
    folders.map(|folder| folder.join(name)).find(|path| path.exists())
}

/// A folder to keep things in: the cache folder, or a temporary one, about which standard error gets one message.
///
/// # Errors
/// Not even a folder for temporary files can be written to.
pub fn place() -> io::Result<PathBuf> {
    let mut state = state();
    if let Some(place) = &*state {
        return Ok(place.path.clone());
    }
    let found = match usable() {
        Ok(path) => Place { path, stands_in: None },
        Err(why) => {
            let kept = scratch::folder()?;
            say(&format!(
                "{why}: nothing that is made once is remembered; name a folder that you may write to in CACHEDOJO_CACHE"
            ));
            let path = kept.path().to_owned();
            Place { path: path.clone(), stands_in: Some(StandIn { path, _kept: Some(kept) }) }
        }
    };
    let path = found.path.clone();
    *state = Some(found);
    Ok(path)
}

/// The temporary folder that replaces the cache in this process, if there is one.
pub fn stand_in() -> Option<PathBuf> {
    let state = state();
    state.as_ref().and_then(|place| place.stands_in.as_ref().map(|one| one.path.clone()))
}

/// Uses another process's temporary folder as the cache.
pub fn borrow(path: &Path) {
    let stands_in = Some(StandIn { path: path.to_owned(), _kept: None });
    *state() = Some(Place { path: path.to_owned(), stands_in });
}

struct Place {
    path: PathBuf,
    stands_in: Option<StandIn>,
}

struct StandIn {
    path: PathBuf,
    /// Removed with this process; a folder of another process is not this one's to remove.
    _kept: Option<TempDir>,
}

static PLACE: Mutex<Option<Place>> = Mutex::new(None);

fn state() -> std::sync::MutexGuard<'static, Option<Place>> {
    PLACE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn usable() -> Result<PathBuf, String> {
    let path = folder().ok_or("neither CACHEDOJO_CACHE nor HOME is set")?;
    let written = fs::create_dir_all(&path).and_then(|()| tempfile::tempfile_in(&path));
    match written {
        Ok(_) => Ok(path),
        Err(error) => Err(format!("the cache folder {} cannot be written to ({error})", path.display())),
    }
}

/// Makes something that is made once on a machine, for a process that grades a submission: its own time must not be
/// used for that.
pub type Maker = fn(&str) -> Result<(), String>;

static MAKER: OnceLock<Maker> = OnceLock::new();

/// From now on another process makes such things for this one.
pub fn leave_making_to(maker: Maker) {
    _ = MAKER.set(maker);
}

/// Has something made by the other process; `None` if this process makes it itself.
pub fn made_elsewhere(what: &str) -> Option<Result<(), String>> {
    MAKER.get().map(|maker| maker(what))
}

/// The cached bytes under a name.
pub fn read_kept(name: &Path) -> Option<Vec<u8>> {
    fs::read(find(&name.to_string_lossy())?).ok()
}

/// Caches bytes under a name, whole or not at all, because another grader may be reading. If it fails, they are made again next
/// time.
pub fn keep(name: &Path, bytes: &[u8]) {
    let write = || -> io::Result<()> {
        let path = place()?.join(name);
        let folder = path.parent().ok_or(io::ErrorKind::InvalidFilename)?;
        fs::create_dir_all(folder)?;
        let draft = tempfile::NamedTempFile::new_in(folder)?;
        fs::write(draft.path(), bytes)?;
        draft.persist(path)?;
        Ok(())
    };
    drop(write());
}

/// Writes the list of a folder's files, with size and digest of each. Cost: O(bytes).
///
/// # Errors
/// A file cannot be read, or the list not written.
pub fn seal(folder: &Path) -> io::Result<()> {
    let mut lines = String::new();
    for path in files(folder)? {
        let bytes = fs::read(&path)?;
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        lines += &format!("{} {:x} {name}\n", bytes.len(), Sha256::digest(&bytes));
    }
    fs::write(folder.join(LIST), lines)
}

/// Whether a cached folder has all its files, by their sizes: this notices a full disk or an incomplete copy. Cost: O(files).
pub fn is_whole(folder: &Path) -> bool {
    entries(folder).is_some_and(|mut entries| {
        entries.all(|(size, _, path)| fs::metadata(path).is_ok_and(|found| found.len() == size))
    })
}

/// The same, comparing the files' contents. Cost: O(bytes).
pub fn is_sound(folder: &Path) -> bool {
    let same =
        |digest: &str, path: &Path| fs::read(path).is_ok_and(|bytes| format!("{:x}", Sha256::digest(&bytes)) == digest);
    entries(folder).is_some_and(|mut entries| entries.all(|(_, digest, path)| same(&digest, &path)))
}

/// The entries of a folder's list: size, digest and path; `None` if there is no readable list.
fn entries(folder: &Path) -> Option<impl Iterator<Item = (u64, String, PathBuf)>> {
    let text = fs::read_to_string(folder.join(LIST)).ok()?;
    let entry = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let size = parts.next()?.parse().ok()?;
        Some((size, parts.next()?.to_owned(), folder.join(parts.next()?)))
    };
    let entries: Option<Vec<_>> = text.lines().map(entry).collect();
    entries.filter(|entries| !entries.is_empty()).map(Vec::into_iter)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_changed_or_gone_shows() {
        let folder = tempfile::tempdir().expect("there is room");
        let (one, two) = (folder.path().join("one"), folder.path().join("in/two"));
        fs::create_dir(folder.path().join("in")).expect("there is room");
        fs::write(&one, "12345").expect("there is room");
        fs::write(&two, "67890").expect("there is room");
        assert!(!is_whole(folder.path()), "it has no list");
        seal(folder.path()).expect("it can be read");
        assert!(is_whole(folder.path()) && is_sound(folder.path()));
        fs::write(&two, "6789x").expect("there is room");
        assert!(is_whole(folder.path()) && !is_sound(folder.path()));
        fs::write(&two, "6789").expect("there is room");
        assert!(!is_whole(folder.path()));
        fs::remove_file(&two).expect("it was there");
        assert!(!is_whole(folder.path()) && !is_sound(folder.path()));
        fs::write(folder.path().join(LIST), "").expect("there is room");
        assert!(!is_whole(folder.path()), "an empty list lists nothing");
    }
}
