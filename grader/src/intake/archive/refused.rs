//! Why an archive is refused as a whole.

use std::io;
use std::path::Path;

use crate::host::printable;

/// The most entries that an archive may list, including skipped ones.
pub(super) const LISTED_MAX: usize = 1_000_000;
/// The most bytes that a compressed tar archive may unpack to while it is read, whether they are kept or not.
pub(super) const STREAM_BYTES_MAX: u64 = 8 << 30;

/// Why an archive was not unpacked.
#[derive(Debug)]
pub enum Refused {
    /// It cannot be read; the reason is the reader's, which says nothing to who packed it.
    Unreadable(String),
    /// It is of an unsupported kind.
    Foreign(&'static str),
    /// It has too many entries.
    TooManyEntries(usize),
    /// It unpacks to too many bytes.
    TooManyBytes(u64),
    /// What would have been graded is not used; the sentence says why.
    LeftOut(String),
    /// The files cannot be written.
    Io(io::Error),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(_) => {
                write!(f, "the archive cannot be read, it is damaged or not complete: hand in a plain zip file")
            }
            Self::Foreign(kind) => {
                write!(f, "it is an archive of another kind ({kind}): hand in a plain zip file or a .tar.gz")
            }
            Self::TooManyEntries(most) => {
                write!(f, "the archive has more than {most} entries: hand in source files only")
            }
            Self::TooManyBytes(most) => {
                write!(f, "the archive unpacks to more than {most} bytes: hand in source files only")
            }
            Self::LeftOut(why) => write!(f, "{why}"),
            Self::Io(error) => write!(f, "the archive cannot be unpacked here: {error}"),
        }
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// The same with the archive's name before it; an error of this machine stays one.
    #[must_use]
    pub fn named(self, path: &Path) -> Self {
        let name = printable::line(&path.file_name().unwrap_or_default().to_string_lossy());
        match self {
            Self::Io(error) => Self::Io(error),
            refused => Self::LeftOut(format!("`{name}`: {refused}")),
        }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
