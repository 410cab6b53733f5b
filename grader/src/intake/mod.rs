//! Reading of submissions, in whatever form they come: one reader, one set of limits.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`submission`] | a submission as text, whatever its folder looks like |
//! | `python` | where a Python program is started |
//! | `unreadable` | why there is no submission at a path |
//! | `look` | how submissions look in each language |
//! | [`archive`] | zip and tar archives, unpacked within limits |
//! | [`platform`], `names`, `owner_files`, `owner` | the owner of a folder or file, from the names that course platforms give |
//! | [`left_out`] | what of a class's archive is not used, told to whom it belongs |
//! | `class_items` | which items of a class's folder count as a submission |
//! | `choose` | which of a learner's files are graded: one rule |
//! | [`find`] | each learner's submission in the exports of course platforms |
//! | [`diagnostic`] | messages about a source |

pub mod archive;
mod choose;
mod class_items;
pub mod diagnostic;
pub mod find;
pub mod left_out;
mod look;
mod names;
mod owner;
mod owner_files;
pub mod platform;
mod python;
pub mod submission;
mod unreadable;

use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;
use tempfile::TempDir;

use crate::host::scratch;
use archive::Refused;
pub use look::folder_of;

/// The content of an archive that was named as a submission, or is all that the named folder holds of one, in a folder that is
/// removed when dropped; `None` if there is none.
///
/// # Errors
/// See [`Refused`].
pub fn unpacked(path: &Path, languages: &[CodeLanguage]) -> Result<Option<TempDir>, Refused> {
    let archive = if path.is_dir() {
        find::archive_alone(path, languages)
    } else {
        // A missing or unreadable path is reported by the reader of submissions.
        let is_packed = path.is_file() && (archive::is_archive(path) || archive::is_packed_file(path).unwrap_or(false));
        is_packed.then(|| path.to_owned())
    };
    let Some(archive) = archive else { return Ok(None) };
    let home = scratch::folder()?;
    let into = home.path().join("submission");
    std::fs::create_dir(&into)?;
    archive::unpack_learner(&archive, &into, languages).map_err(|refused| refused.named(&archive))?;
    Ok(Some(home))
}
