//! What comes in, whatever it comes in: one reader, one set of limits.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`submission`] | a submission as text, whatever folder it comes in |
//! | `look` | how submissions look in each language |
//! | [`archive`] | zip and tar archives, unpacked within limits |
//! | [`platform`], `names`, `told`, `whose` | whose a folder or a file is, by the rules by which course platforms name them |
//! | [`find`] | who handed in what, in the folders that course platforms export |
//! | [`diagnostic`] | what is said of a source |

pub mod archive;
pub mod diagnostic;
pub mod find;
mod look;
mod names;
pub mod platform;
pub mod submission;
mod told;
mod whose;

use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;
use tempfile::TempDir;

use crate::host::scratch;
use archive::Refused;

/// What an archive that somebody names as a submission holds, in a folder of its own that is gone when it is dropped; nothing
/// where the path is no archive.
///
/// # Errors
/// See [`Refused`].
pub fn unpacked(path: &Path, languages: &[CodeLanguage]) -> Result<Option<TempDir>, Refused> {
    // What is not there, or cannot be read, is told by whoever reads the submission.
    if !path.is_file() || !(archive::is_archive(path) || archive::is_packed_file(path).unwrap_or(false)) {
        return Ok(None);
    }
    let home = scratch::folder()?;
    let into = home.path().join("submission");
    std::fs::create_dir(&into)?;
    archive::unpack_learner(path, &into, languages)?;
    Ok(Some(home))
}
