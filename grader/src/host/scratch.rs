//! Temporary folders. All are in one folder of this process, which is removed however the process ends: by the process
//! itself at a normal end, by a waiting child if it was killed, and by the next grader if both were killed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use super::{itself, machine};

/// The beginning of every such folder's name.
const PREFIX: &str = "cachedojo-";
/// A file that the owner holds locked: if nobody does, the owner is gone.
const ALIVE: &str = "alive";
/// How old a folder without that file must be to count as left behind.
const UNCLAIMED: Duration = Duration::from_hours(1);
/// How often the child tries to remove the folder, and the pause between: processes that still write there are being killed.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// This process's folder.
enum Home {
    Own(Own),
    /// In a folder that the parent process removes.
    Lent(PathBuf),
}

struct Own {
    folder: TempDir,
    _alive: File,
    /// Its standard input ends when this process does.
    guardian: Option<Child>,
}

static HOME: Mutex<Option<Home>> = Mutex::new(None);

fn home() -> MutexGuard<'static, Option<Home>> {
    HOME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new folder, removed when it is dropped, or with this process.
///
/// # Errors
/// There is no space, or no folder for temporary files.
pub fn folder() -> io::Result<TempDir> {
    let mut home = home();
    let parent = match &mut *home {
        Some(Home::Lent(folder)) => folder.clone(),
        Some(Home::Own(own)) => own.folder.path().to_owned(),
        none => {
            let own = Own::new()?;
            let parent = own.folder.path().to_owned();
            *none = Some(Home::Own(own));
            parent
        }
    };
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)
}

/// Puts this process's folders into one that another process removes.
pub fn borrow(folder: &Path) {
    *home() = Some(Home::Lent(folder.to_owned()));
}

/// Removes this process's folder: for the end of a program. A later request makes a new one.
pub fn end() {
    if let Some(Home::Own(Own { folder, guardian, .. })) = home().take() {
        drop(folder);
        if let Some(mut guardian) = guardian {
            drop(guardian.stdin.take());
            _ = guardian.wait();
        }
    }
}

impl Own {
    fn new() -> io::Result<Self> {
        let temporary = fs::canonicalize(std::env::temp_dir())?;
        sweep(&temporary);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&temporary)?;
        let alive = File::create_new(folder.path().join(ALIVE))?;
        alive.try_lock()?;
        // If this fails, the next grader removes the folder of a killed one.
        let guardian = guard(folder.path()).ok();
        Ok(Self { folder, _alive: alive, guardian })
    }
}

/// Starts the child that removes the folder after the end of this process.
fn guard(folder: &Path) -> io::Result<Child> {
    let mut command = itself::again(itself::TIDY).map_err(io::Error::other)?;
    // In a group of its own: Ctrl-C for this process must not end the child.
    machine::in_own_group(&mut command);
    command.arg(folder).current_dir(folder.ancestors().last().unwrap_or(folder));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// The hidden subcommand: waits until its parent has ended, then removes the named folder.
pub(super) fn tidy(arguments: &[OsString]) -> ExitCode {
    machine::keep_descriptors_to_itself();
    let Some(folder) = arguments.first().map(PathBuf::from).filter(|folder| is_ours(folder)) else {
        return ExitCode::FAILURE;
    };
    _ = io::stdin().read_to_end(&mut Vec::new());
    for _ in 0..TRIES {
        if !folder.exists() || fs::remove_dir_all(&folder).is_ok() {
            break;
        }
        std::thread::park_timeout(PAUSE);
    }
    ExitCode::SUCCESS
}

/// Whether a path is a folder made by this module, for this user.
fn is_ours(path: &Path) -> bool {
    let named = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    let own = |metadata: fs::Metadata| metadata.is_dir() && machine::is_own(&metadata);
    named && fs::symlink_metadata(path).is_ok_and(own)
}

/// Removes the folders of processes that have ended.
fn sweep(temporary: &Path) {
    for path in fs::read_dir(temporary).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if is_ours(&path) && is_abandoned(&path) {
            _ = fs::remove_dir_all(&path);
        }
    }
}

fn is_abandoned(folder: &Path) -> bool {
    if let Ok(alive) = File::open(folder.join(ALIVE)) {
        return alive.try_lock().is_ok();
    }
    let changed = fs::symlink_metadata(folder).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > UNCLAIMED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_holds_is_swept() {
        let temporary = tempfile::tempdir().expect("there is room");
        let make = |name: &str| {
            let folder = temporary.path().join(name);
            fs::create_dir_all(folder.join("in/it")).expect("there is room");
            folder
        };
        let (held, dead, young, foreign) =
            (make("cachedojo-a"), make("cachedojo-b"), make("cachedojo-c"), make("other"));
        let alive = File::create(held.join(ALIVE)).expect("there is room");
        alive.lock().expect("nobody else has it");
        for folder in [&dead, &foreign] {
            File::create(folder.join(ALIVE)).expect("there is room");
        }
        std::os::unix::fs::symlink(&foreign, temporary.path().join("cachedojo-link")).expect("links are allowed");
        sweep(temporary.path());
        assert!(held.is_dir() && young.is_dir() && foreign.join("in/it").is_dir());
        assert!(!dead.exists());
        drop(alive);
        sweep(temporary.path());
        assert!(!held.exists());
    }
}
