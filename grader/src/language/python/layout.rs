//! Writes tests as files into the scratch folder, because pytest reads files only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Writes a run's files into an emptied folder: nothing of an earlier run stays.
pub(super) fn lay_out(scratch: &Path, files: &BTreeMap<String, String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(scratch)?.flatten() {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(&path)?;
        } else {
            std::fs::remove_file(&path)?;
        }
    }
    for (name, text) in files {
        let path: PathBuf = scratch.join("tests").join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(scratch))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}
