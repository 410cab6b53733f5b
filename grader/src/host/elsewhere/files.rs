//! Files that a stranger made, or may have: read only where they are plain files, and only so much of them.

use std::fs::{self, File};
use std::io::{self, Read};
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

/// What is in a file, where that is at most `most` bytes; whatever its size is said to be, no more is read.
///
/// # Errors
/// It cannot be read; or it holds more, which is [`io::ErrorKind::FileTooLarge`].
pub fn read_at_most(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// [`open_plain`] and [`read_at_most`].
///
/// # Errors
/// Those of both.
pub fn read_plain(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_at_most(open_plain(path)?, most)
}
