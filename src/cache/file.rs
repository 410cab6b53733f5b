//! The one effect on the host's files: a saved cache appears under its name whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::CacheNode;

/// Writes [`CacheNode::save`] to a file: under another name beside it first, which then takes its place in one step.
///
/// # Errors
/// What the host says. The file is then the one that was there before, if any.
pub fn save_to_file(node: &CacheNode, path: &Path) -> io::Result<()> {
    let (mut file, beside) = create_beside(path)?;
    let written = file.write_all(&node.save()).and_then(|()| file.sync_all());
    let outcome = written.and_then(|()| fs::rename(&beside, path));
    if outcome.is_err() {
        let _ = fs::remove_file(&beside);
    }
    outcome
}

/// A new file beside `path`, of this saving alone: several may be under way at once, and one that was killed may have
/// left its own behind.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut number = 0_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".part{number}"));
        match File::create_new(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
            created => return Ok((created?, name.into())),
        }
    }
}

/// [`CacheNode::load`] from a file.
///
/// # Errors
/// What the host says, or what is wrong with the file (as [`io::ErrorKind::InvalidData`]). The cache then stays as it was.
pub fn load_from_file(node: &mut CacheNode, path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    node.load(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
