//! Files that a stranger made, or may have: read only where they are plain files, and only so much of them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

/// Opens a plain file. A link, a pipe, a device and a folder are none: opening them waits for nobody and follows nothing.
///
/// # Errors
/// There is none, or it may not be read.
pub fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    plain(path, flags)
}

/// Like [`open_plain`], for a path that its owner named: a link there is followed.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_file_of_the_allowed_size_is_read() {
        let folder = tempfile::tempdir().expect("there is room");
        let (file, link, pipe) = (folder.path().join("file"), folder.path().join("link"), folder.path().join("pipe"));
        std::fs::write(&file, "12345").expect("there is room");
        std::os::unix::fs::symlink("/dev/zero", &link).expect("links are allowed");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).expect("pipes are allowed");
        assert_eq!(read_plain(&file, 5).expect("it fits"), b"12345");
        assert_eq!(read_plain(&file, 4).expect_err("it does not").kind(), io::ErrorKind::FileTooLarge);
        for path in [&link, &pipe, folder.path()] {
            assert!(read_plain(path, 5).is_err(), "{}", path.display());
        }
        assert!(open_named(&link).is_err());
    }
}
