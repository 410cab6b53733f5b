//! Files that a stranger may have made: read only if they are plain files, and only up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

#[cfg_attr(not(target_os = "linux"), path = "elsewhere/open.rs")]
mod open;

pub use open::{open_named, open_plain};

/// The content of a file, if it is at most `most` bytes; never more is read, whatever size the file claims.
///
/// # Errors
/// It cannot be read; or it has more bytes, which is [`io::ErrorKind::FileTooLarge`].
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
/// Those of either.
pub fn read_plain(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_at_most(open_plain(path)?, most)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::fs::{FileType, Mode};

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
