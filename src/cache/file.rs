//! Saving to and loading from a file: the only access to the host's files. A saved cache is replaced whole or not at
//! all.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::CacheNode;

/// The most links to follow before the path counts as circular: Linux's limit.
const LINKS_MAX: usize = 40;
/// How many bytes of a long name are kept in the temporary file's name: with the suffix it fits into the 255 bytes that file
/// systems allow.
const STEM_BYTES_MAX: usize = 200;
/// How many names are tried for the temporary file. A name that is taken was left by a killed process with our process
/// id.
const NAMES_MAX: usize = 1000;
/// The first bytes of every file that we write: by them our leftovers are told from other programs' files.
const HEAD: &[u8] = b"\x80\x04}(\x8d\x06\0\0\0\0\0\0\0format";

/// Writes [`CacheNode::save`] with a checksum to a file. The bytes go to a temporary file beside it, which is then renamed over
/// it, so that a reader never sees half a file. A symbolic link is followed and stays. A file that is replaced keeps its
/// permissions, but not its owner or its hard links (those keep the old content).
///
/// Temporary files that a killed process left beside this file are removed. O(n log n) for the entries, and a look at each name
/// in the folder.
///
/// # Errors
/// The host's error, or [`io::ErrorKind::InvalidInput`] where the path names something other than a file. What was there before,
/// if anything, is unchanged.
pub fn save_to_file(node: &CacheNode, path: &Path) -> io::Result<()> {
    write(path, &node.save_sealed())
}

/// Writes a saved cache to a file, whole or not at all.
pub(super) fn write(path: &Path, saved: &[u8]) -> io::Result<()> {
    let target = follow(path)?;
    let permissions = fs::metadata(&target).ok().map(|known| known.permissions());
    sweep(&target);
    let (mut file, part) = create_part(&target)?;
    let outcome = fill(&mut file, permissions, saved).and_then(|()| fs::rename(&part, &target));
    if outcome.is_err() {
        let _ = fs::remove_file(&part);
    }
    outcome
}

fn fill(file: &mut File, permissions: Option<Permissions>, saved: &[u8]) -> io::Result<()> {
    // Permissions first: no moment at which others could read what they must not.
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(saved)?;
    file.sync_all()
}

/// The path at the end of a chain of symbolic links.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::symlink_metadata(&path) {
            Ok(known) if known.is_symlink() => path = folder_of(&path).join(fs::read_link(&path)?),
            Ok(known) if !known.is_file() => {
                let message = "something else than a file stands there: name a file to save to";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            _ => return Ok(path),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "the link leads round in a circle: name a file to save to"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the names of a file's temporary files begin with.
fn stem_of(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let end = name.floor_char_boundary(STEM_BYTES_MAX);
    format!("{}.part", &name[..end])
}

/// A new temporary file beside `target`, locked until it is closed: several savings may be under way, and the lock
/// tells a file in use from one that was left behind.
fn create_part(target: &Path) -> io::Result<(File, PathBuf)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..NAMES_MAX {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let part = folder_of(target).join(format!("{}{}-{number}", stem_of(target), std::process::id()));
        match File::create_new(&part) {
            Ok(file) => {
                // On a file system without locks no temporary file is ever taken for a leftover.
                let _ = file.lock();
                if is_at(&file, &part) {
                    return Ok((file, part));
                }
                // Another process removed it as a leftover before it was locked: try the next name.
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Removes a file's temporary files whose writer is gone. What cannot be read stays.
fn sweep(target: &Path) {
    let stem = stem_of(target);
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_named_so = name.strip_prefix(&stem).is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        });
        if is_named_so {
            remove_leftover(&entry.path());
        }
    }
}

/// Removes one of our temporary files (perhaps cut off) whose writer is gone. Other programs may use such names too, so the content
/// decides. The lock is held until the name is gone: a file that is just being created waits for it in [`create_part`], and then
/// sees that its name is gone.
fn remove_leftover(part: &Path) {
    if !fs::symlink_metadata(part).is_ok_and(|known| known.is_file()) {
        return;
    }
    let Ok(file) = File::open(part) else { return };
    let mut head = Vec::new();
    let is_read = (&file).take(HEAD.len() as u64).read_to_end(&mut head).is_ok();
    if is_read && HEAD.starts_with(&head) && file.try_lock().is_ok() && is_at(&file, part) {
        let _ = fs::remove_file(part);
    }
}

/// Whether `path` still names that file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |known: fs::Metadata| (known.dev(), known.ino());
    let (ours, there) = (file.metadata().map(identity), fs::symlink_metadata(path).map(identity));
    matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
}

/// Whether `path` still names that file. Always, here: the name has this process's id in it, so no other process
/// creates it.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// [`CacheNode::load`] from a file.
///
/// # Errors
/// What the host says, or what is wrong with the file (as [`io::ErrorKind::InvalidData`]). The cache then stays as it was.
pub fn load_from_file(node: &mut CacheNode, path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    node.load(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
