//! Which items of a class's folder count as a learner's submission, whether they can be graded or not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cachedojo_judge::pack::CodeLanguage;

use super::archive::is_archive;
use super::choose::NAMED_MAX;
use super::look;
use super::platform::{Owner, Platform, owners};

/// A link, pipe or device: its path, its owner, and why it is not read.
pub(super) type SpecialFile = (PathBuf, Owner, &'static str);

/// The links, pipes and devices among the submissions, with the reason why each is not read: its owner must get a row.
pub(super) fn special_files(root: &Path, in_folders: bool, languages: &[CodeLanguage]) -> Result<Vec<SpecialFile>> {
    let mut others = Vec::new();
    for entry in fs::read_dir(root).with_context(|| format!("reading `{}`", root.display()))? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_string_lossy();
        if !(kind.is_file() || kind.is_dir() || look::is_passed_over_in_class(&name)) {
            others.push((entry.path(), if kind.is_symlink() { A_LINK } else { A_SPECIAL_FILE }));
        }
    }
    others.sort();
    let paths: Vec<PathBuf> = others.iter().map(|(path, _)| path.clone()).collect();
    let named = others.into_iter().zip(owners(root, &paths));
    let submissions = named.filter(|((path, _), owner)| {
        path.extension().is_none() || counts_as_submission(path, owner, in_folders, languages)
    });
    Ok(submissions.map(|((path, why), owner)| (path, owner, why)).collect())
}

/// Why a link and a pipe are not read.
const A_LINK: &str = "it is a link, and links are not followed: put the files themselves there";
const A_SPECIAL_FILE: &str = "it is neither a folder nor a file: put the files themselves there";

/// Whether an item of a class's folder counts as a submission, even if it cannot be graded; grade sheets and read-mes do not. In
/// a class in which some hand in files a document counts too: a learner who handed in the wrong file must have a row.
pub(super) fn counts_as_submission(path: &Path, owner: &Owner, in_folders: bool, languages: &[CodeLanguage]) -> bool {
    if path.is_dir() || is_archive(path) || owner.platform != Platform::Other {
        return true;
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let is =
        |kinds: &[&str]| path.extension().is_some_and(|ext| kinds.iter().any(|kind| ext.eq_ignore_ascii_case(kind)));
    if look::is_about_something(&stem)
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

/// The first few hidden files of a folder that would be sources if they were not hidden.
pub(super) fn hidden_sources(folder: &Path, languages: &[CodeLanguage]) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = files.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let names = files.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| look::is_hidden_source(name, languages)).collect();
    names.sort();
    names.truncate(NAMED_MAX);
    names
}
