//! What of a class's folder counts as somebody's submission, whether it can be graded or not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cachedojo_judge::pack::CodeLanguage;

use super::archive::is_archive;
use super::look::{self, FOREIGN_FOLDERS};
use super::platform::{Platform, Whose, whose};

/// What is neither a file nor a folder, whose it is, and why it is not looked into.
pub(super) type NoFile = (PathBuf, Whose, &'static str);

/// What stands where submissions do and is neither a file nor a folder, with the reason why it is not looked into: nobody must vanish.
pub(super) fn no_files(root: &Path, in_folders: bool, languages: &[CodeLanguage]) -> Result<Vec<NoFile>> {
    let mut others = Vec::new();
    for entry in fs::read_dir(root).with_context(|| format!("reading `{}`", root.display()))? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_string_lossy();
        let is_foreign = FOREIGN_FOLDERS.contains(&name.as_ref()) || name.starts_with('.') || name == "__pycache__";
        if !(kind.is_file() || kind.is_dir() || is_foreign) {
            others.push((entry.path(), if kind.is_symlink() { A_LINK } else { NO_FILE }));
        }
    }
    others.sort();
    let paths: Vec<PathBuf> = others.iter().map(|(path, _)| path.clone()).collect();
    let named = others.into_iter().zip(whose(root, &paths));
    let somebodys = named
        .filter(|((path, _), whose)| path.extension().is_none() || is_somebodys(path, whose, in_folders, languages));
    Ok(somebodys.map(|((path, why), whose)| (path, whose, why)).collect())
}

/// Why a link and a pipe are not looked into.
const A_LINK: &str = "it is a link, and links are not followed: put the files themselves there";
const NO_FILE: &str = "it is neither a folder nor a file: put the files themselves there";

/// Whether an item of a class's folder counts as a submission, even if it cannot be graded; grade sheets and read-mes do not. In
/// a class in which some hand in files a document counts too: a learner who handed in the wrong file must have a row.
pub(super) fn is_somebodys(path: &Path, whose: &Whose, in_folders: bool, languages: &[CodeLanguage]) -> bool {
    if path.is_dir() || is_archive(path) || whose.platform != Platform::Other {
        return true;
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is =
        |kinds: &[&str]| path.extension().is_some_and(|ext| kinds.iter().any(|kind| ext.eq_ignore_ascii_case(kind)));
    let is_about = ["readme", "index", "grades", "notes", "instructions", "statement", "license", "manifest"];
    if is_about.contains(&stem.as_str())
        || is(&["csv", "tsv", "xls", "xlsx", "json", "yml", "yaml", "toml", "xml", "log"])
    {
        return false;
    }
    look::is_source(path, languages)
        || !in_folders
            && is(&[
                "rs", "py", "txt", "md", "doc", "docx", "odt", "rtf", "pdf", "html", "ipynb", "c", "cpp", "java", "js",
            ])
}
