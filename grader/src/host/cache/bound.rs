//! The size of the cache: of each kind so many things are kept, and the least recently used go first. What a running grader uses
//! stays, and whatever is gone is made again when it is needed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::{LIST, place};

/// A kind of cached things, by the beginning of their names, and how many are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Their folder in the cache; empty for the cache folder itself.
    pub folder: &'static str,
    /// The beginning of their names.
    pub prefix: &'static str,
    /// How many are kept.
    pub most: usize,
    /// Beyond that number, those used more recently than this are kept too.
    pub rest: Duration,
}

/// The compiler's folder, by everything that decides it: a line of text each.
pub const PLACES: Keep = Keep { folder: "", prefix: "sysroot-", most: 64, rest: Duration::ZERO };
/// Libraries that Rust submissions are compiled with: some 35 MB each, two for each grader.
pub const TOOLBOXES: Keep = Keep { folder: "", prefix: "toolbox-", most: 8, rest: DAY };
/// Packages that Python tests run with: some 5 MB each.
pub const PACKAGES: Keep = Keep { folder: "", prefix: "python-", most: 4, rest: DAY };
/// Known bugs, compiled: some 250 KB each.
pub const MODULES: Keep = Keep { folder: "mutants/module", prefix: "", most: 2_000, rest: Duration::ZERO };
/// The fingerprints of known bugs, a file for each bug and seed: some 8 KB each.
pub const FINGERPRINTS: Keep = Keep { folder: "mutants/fingerprint", prefix: "", most: 8_000, rest: Duration::ZERO };

const DAY: Duration = Duration::from_hours(24);

/// The cached folders that this process uses: while their lists are locked, no other process removes them.
static HELD: Mutex<BTreeMap<PathBuf, File>> = Mutex::new(BTreeMap::new());

/// Protects a cached folder from removal as long as this process lives, and records its use. If that fails, the folder is used
/// all the same.
pub fn hold(folder: &Path) {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(list) = File::open(folder.join(LIST)) {
        _ = list.try_lock_shared();
        _ = list.set_modified(now());
        held.insert(folder.to_owned(), list);
    }
}

/// Removes things beyond a kind's bound. Cost: O(n log n) for n things of that kind.
pub fn clean(kind: Keep) {
    if let Ok(cache) = place() {
        clean_in(&cache, kind, now());
    }
}

fn clean_in(cache: &Path, kind: Keep, now: SystemTime) {
    let entries = fs::read_dir(cache.join(kind.folder)).into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(kind.prefix.as_bytes()));
    let mut found: Vec<(SystemTime, PathBuf)> =
        own.map(|entry| entry.path()).filter_map(|path| Some((last_used(&path)?, path))).collect();
    // The newest first; ties are broken by name, so that the result is always the same.
    found.sort_by(|one, other| other.cmp(one));
    for (wanted, path) in found.into_iter().skip(kind.most) {
        if now.duration_since(wanted).is_ok_and(|idle| idle >= kind.rest) {
            remove(&path);
        }
    }
}

/// When something was made or last used.
fn last_used(path: &Path) -> Option<SystemTime> {
    let list = fs::symlink_metadata(path.join(LIST));
    list.or_else(|_| fs::symlink_metadata(path)).and_then(|metadata| metadata.modified()).ok()
}

/// Removes something, unless another process uses it. If that fails, it is left for the next time.
fn remove(path: &Path) {
    let held = match File::open(path.join(LIST)).or_else(|_| File::open(path)) {
        Ok(file) => file.try_lock().is_err(),
        Err(_) => false,
    };
    if !held {
        _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long something on the host's disk was not wanted is on the host's clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Keep = Keep { folder: "", prefix: "one-", most: 2, rest: DAY };

    #[test]
    fn the_newest_stay_and_what_is_held_or_was_just_wanted() {
        let cache = tempfile::tempdir().expect("there is room");
        let now = SystemTime::UNIX_EPOCH + 100 * DAY;
        // As many days old as its name says.
        let make = |name: &str, age: u32| {
            let folder = cache.path().join(name);
            fs::create_dir(&folder).expect("there is room");
            let list = File::create(folder.join(LIST)).expect("there is room");
            list.set_modified(now - age * DAY).expect("a time");
            folder
        };
        let days = ["one-0", "one-1", "one-2", "one-3", "one-4"].into_iter().zip(0..);
        let folders: Vec<PathBuf> = days.map(|(name, age)| make(name, age)).collect();
        let other = make("other-9", 9);
        let lock = cache.path().join("one-9.lock");
        let file = File::create(&lock).expect("there is room");
        file.set_modified(now - 9 * DAY).expect("a time");
        let there = || folders.iter().map(|folder| folder.exists()).collect::<Vec<_>>();
        clean_in(cache.path(), Keep { rest: 3 * DAY, ..KIND }, now);
        assert_eq!(there(), [true, true, true, false, false], "the third is young");
        assert!(other.exists() && !lock.exists(), "a file that was left behind goes, another kind stays");
        let held = File::open(folders[2].join(LIST)).expect("it is there");
        held.lock_shared().expect("nobody has it");
        clean_in(cache.path(), KIND, now);
        assert!(folders[2].exists(), "somebody holds it");
        drop(held);
        clean_in(cache.path(), KIND, now);
        assert_eq!(there(), [true, true, false, false, false]);
    }

    #[test]
    fn what_is_wanted_is_new_again() {
        let cache = tempfile::tempdir().expect("there is room");
        let folder = cache.path().join("one-0");
        fs::create_dir(&folder).expect("there is room");
        let list = File::create(folder.join(LIST)).expect("there is room");
        list.set_modified(SystemTime::UNIX_EPOCH).expect("a time");
        hold(&folder);
        assert!(last_used(&folder).is_some_and(|time| time > SystemTime::UNIX_EPOCH + DAY));
        assert!(list.try_lock().is_err(), "it is held as long as this process lives");
        clean_in(cache.path(), Keep { most: 0, rest: Duration::ZERO, ..KIND }, now());
        assert!(folder.exists());
    }
}
