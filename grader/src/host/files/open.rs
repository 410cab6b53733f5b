//! Opening files without blocking and without following links.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

/// Opens a plain file; a link, a pipe, a device or a folder is refused without blocking.
///
/// # Errors
/// There is none, or it may not be read.
pub fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    plain(path, flags)
}

/// Like [`open_plain`], for a path that the user named: a link is followed.
///
/// # Errors
/// There is none, or it may not be read.
pub fn open_named(path: &Path) -> io::Result<File> {
    plain(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY)
}

fn plain(path: &Path, flags: OFlags) -> io::Result<File> {
    let file = open(path, flags, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&file)?.st_mode) == FileType::RegularFile {
        Ok(file.into())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"))
    }
}
