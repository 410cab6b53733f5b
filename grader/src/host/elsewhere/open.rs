//! Opening plain files with std only: another program could replace the file between the check and the opening.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a plain file; a link, a device or a folder is refused.
///
/// # Errors
/// There is none, or it may not be read.
pub fn open_plain(path: &Path) -> io::Result<File> {
    plain(path, &fs::symlink_metadata(path)?)
}

/// Like [`open_plain`], for a path that the user named: a link is followed.
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
