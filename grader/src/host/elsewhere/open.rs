//! Opening plain files with what std has: somebody may put something else at the path between the look and the opening.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a plain file. A link, a device and a folder are none.
///
/// # Errors
/// There is none, or it may not be read.
pub fn open_plain(path: &Path) -> io::Result<File> {
    plain(path, &fs::symlink_metadata(path)?)
}

/// Like [`open_plain`], for a path that its owner named: a link there is followed.
///
/// # Errors
/// There is none, or it may not be read.
pub fn open_named(path: &Path) -> io::Result<File> {
    plain(path, &fs::metadata(path)?)
}

fn plain(path: &Path, metadata: &fs::Metadata) -> io::Result<File> {
    if metadata.is_file() {
        File::open(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"))
    }
}
