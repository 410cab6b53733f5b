//! The folder for the results: made, or found to be one.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::Result;

use crate::class::store::Store;
use crate::class::summary::SCHEMA;
use crate::cli::ClassArgs;
use crate::host::outcome::UsageError;

/// The class's memory in that folder.
pub(super) const MEMORY: &str = "results.redb";
/// The page, the table and the data.
pub(super) const PAGE: &str = "index.html";
pub(super) const TABLE: &str = "results.csv";
pub(super) const DATA: &str = "results.json";
/// Where learners' pages are.
pub(super) const PAGES: &str = "learners";
/// How much of a file is read to see whether it is a class's data.
const START_BYTES: u64 = 4 << 10;

/// Opens the class's memory in the folder for the results, which is made once there is a class: a command that is refused leaves
/// nothing behind.
///
/// # Errors
/// It cannot be made; it holds files of somebody's own, or the results of another exercise or another seed.
pub(super) fn open(args: &ClassArgs, exercise: &str) -> Result<Store> {
    let out = args.out.display();
    if args.out.exists() && !args.out.is_dir() {
        return Err(UsageError(format!("`{out}` is no folder: name another with --out")).into());
    }
    if let Some(name) = would_overwrite(&args.out) {
        let why = format!("`{out}` holds `{name}`, which no grading of a class wrote");
        return Err(UsageError(format!("{why}: name another folder with --out, or move that file away")).into());
    }
    if let Err(error) = fs::create_dir_all(&args.out) {
        return Err(UsageError(format!("no folder `{out}` can be made ({error}): name another with --out")).into());
    }
    let store = Store::open(&args.out.join(MEMORY))?;
    store.claim(exercise, args.seed).map_err(|error| match error.downcast::<UsageError>() {
        Ok(UsageError(why)) => UsageError(format!("`{out}` {why}")).into(),
        Err(error) => error,
    })?;
    Ok(store)
}

/// Whether a folder is one of an earlier grading's results.
pub(super) fn is_results(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(MEMORY)).is_ok_and(|there| there.is_file())
}

/// Whether a folder holds the data of a graded class.
pub(super) fn holds_data(folder: &Path) -> bool {
    let mut start = Vec::new();
    let read = fs::File::open(folder.join(DATA)).and_then(|file| file.take(START_BYTES).read_to_end(&mut start));
    read.is_ok() && start.windows(SCHEMA.len()).any(|part| part == SCHEMA.as_bytes())
}

/// Whether a file of that name goes back to a platform.
pub(super) fn is_handed_back(name: &str) -> bool {
    name == super::hand_back::FEEDBACK || name.starts_with("marks-") && name.to_lowercase().ends_with(".csv")
}

/// What would be written over although no grading wrote it: a folder in which there is neither a class's memory nor its data.
fn would_overwrite(out: &Path) -> Option<String> {
    if is_results(out) || holds_data(out) {
        return None;
    }
    let is_ours = |name: &str| [PAGE, TABLE, DATA, PAGES].contains(&name) || is_handed_back(name);
    let entries = match fs::read_dir(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        entries => entries.ok()?,
    };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| is_ours(name));
    names.into_iter().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_its_own_is_written_to() {
        let check = |files: &[(&str, &str)], own: Option<&str>| {
            let home = tempfile::tempdir().expect("there is room");
            for (name, text) in files {
                fs::write(home.path().join(name), text).expect("there is room");
            }
            assert_eq!(would_overwrite(home.path()).as_deref(), own, "{files:?}");
        };
        check(&[], None);
        check(&[("notes.md", "mine")], None);
        check(&[("results.csv", "mine"), ("index.html", "mine")], Some("index.html"));
        check(&[("marks-moodle.csv", "mine")], Some("marks-moodle.csv"));
        check(&[("results.json", "[1]")], Some("results.json"));
        check(&[("results.csv", ""), ("results.json", r#"{"schema": "cachedojo/class/v1"}"#)], None);
        check(&[("results.csv", ""), ("results.redb", "")], None);
        assert_eq!(would_overwrite(Path::new("/no/such/folder")), None);
    }
}
