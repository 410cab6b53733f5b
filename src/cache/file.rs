//! The one effect on the host's files: a saved cache appears under its name whole, or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::CacheNode;

/// Links that lead to links, before they are taken for a circle: as many as Linux follows.
const LINKS_MAX: usize = 40;
/// Of a long name so many bytes stay in the name of the part: with what is added it fits into the 255 that file systems take.
const STEM_BYTES_MAX: usize = 200;
/// Names that are tried for a part. One that exists is what a killed process of the same number left.
const NAMES_MAX: usize = 1000;
/// How each of our files begins.
const HEAD: &[u8] = b"\x80\x04}(\x8d\x06\0\0\0\0\0\0\0format";

/// Writes [`CacheNode::save`] to a file, with a checksum behind it: under another name beside it first, which then takes its
/// place in one step. A link is followed: what it leads to is replaced, and the link stays. A file that is replaced hands its
/// permissions on, but not its owner or its other names (hard links keep the old content).
///
/// Parts that a killed process left beside this file are removed. O(n log n) for the entries, and a look at each name in the
/// folder.
///
/// # Errors
/// What the host says, or [`io::ErrorKind::InvalidInput`] where something else than a file stands there. The file is then the
/// one that was there before, if any.
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
    // Before there is anything to be read that others must not read.
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(saved)?;
    file.sync_all()
}

/// Where the links end that a path may be.
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

/// What the names of a file's parts begin with.
fn stem_of(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let end = name.floor_char_boundary(STEM_BYTES_MAX);
    format!("{}.part", &name[..end])
}

/// A new file beside `target`, of this saving alone, and locked until it is closed: several savings may be under way.
fn create_part(target: &Path) -> io::Result<(File, PathBuf)> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..NAMES_MAX {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let part = folder_of(target).join(format!("{}{}-{number}", stem_of(target), std::process::id()));
        match File::create_new(&part) {
            Ok(file) => {
                // A file system without locks does without: then no part is ever taken for one that was left.
                let _ = file.lock();
                if is_at(&file, &part) {
                    return Ok((file, part));
                }
                // Somebody swept it away before it was locked.
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Removes the parts of a file that nobody writes any more. What cannot be looked at stays.
fn sweep(target: &Path) {
    let stem = stem_of(target);
    for entry in fs::read_dir(folder_of(target)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_named_so = name.strip_prefix(&stem).is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        });
        if is_named_so && is_left_over(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether that is a file of ours, perhaps cut off, whose writer has gone. Others may name theirs alike.
fn is_left_over(part: &Path) -> bool {
    if !fs::symlink_metadata(part).is_ok_and(|known| known.is_file()) {
        return false;
    }
    let Ok(file) = File::open(part) else { return false };
    let mut head = Vec::new();
    let is_read = (&file).take(HEAD.len() as u64).read_to_end(&mut head).is_ok();
    is_read && HEAD.starts_with(&head) && file.try_lock().is_ok()
}

/// Whether `path` still names that file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |known: fs::Metadata| (known.dev(), known.ino());
    let (ours, there) = (file.metadata().map(identity), fs::symlink_metadata(path).map(identity));
    matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
}

/// Whether `path` still names that file: its name is this process's own, so another one does not stand there.
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
