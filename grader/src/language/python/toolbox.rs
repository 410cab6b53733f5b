//! What tests are run with: pytest and freezegun, pinned with all that they need, fetched once with pip and kept in the
//! grader's cache.

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::interpreter::Interpreter;
use crate::intake::submission::hex;
use crate::language::rust::toolbox::cache_folder;

/// The packages, by their exact versions: wheels from the Python package index.
pub const PACKAGES: &[&str] = &[
    "freezegun==1.5.1",
    "iniconfig==2.3.1",
    "packaging==26.4",
    "pluggy==1.7.0",
    "pytest==8.3.4",
    "python-dateutil==4.0.0",
];

/// Why there is no toolbox. Each names the remedy.
#[derive(Debug)]
pub enum NoToolbox {
    /// No folder to keep it in.
    NoCache(String),
    /// Python has no pip.
    NoPip,
    /// pip did not install it.
    NotInstalled(String),
}

impl fmt::Display for NoToolbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCache(reason) => {
                write!(f, "no place for pytest and freezegun ({reason}); name a folder in CACHEDOJO_CACHE")
            }
            Self::NoPip => f.write_str("this machine's Python has no pip; run: sudo apt-get install python3-pip"),
            Self::NotInstalled(reason) => {
                write!(
                    f,
                    "pytest and freezegun could not be installed; they need the package index once. pip says: {reason}"
                )
            }
        }
    }
}

impl std::error::Error for NoToolbox {}

/// The folder that holds the packages; installed first where there is none, which `say` is told. Graders that want it at
/// once wait for the first.
///
/// # Errors
/// See [`NoToolbox`].
pub fn folder(interpreter: &Interpreter, say: &dyn Fn(&str)) -> Result<PathBuf, NoToolbox> {
    let no_cache = |error: &dyn fmt::Display| NoToolbox::NoCache(error.to_string());
    let cache = cache_folder().map_err(|error| no_cache(&error))?;
    let mut digest = Sha256::new();
    digest.update(&interpreter.version);
    for package in PACKAGES {
        digest.update(package);
        digest.update([0]);
    }
    let folder = cache.join(format!("python-{}", &hex(&digest.finalize())[..16]));
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&cache).map_err(|error| no_cache(&error))?;
    let lock = File::create(folder.with_extension("lock")).map_err(|error| no_cache(&error))?;
    lock.lock().map_err(|error| no_cache(&error))?;
    // Another grader may have installed it while this one waited.
    if !folder.is_dir() {
        say("installing pytest and freezegun for Python's tests (once)");
        install(interpreter, &cache, &folder)?;
    }
    Ok(folder)
}

fn install(interpreter: &Interpreter, cache: &std::path::Path, folder: &std::path::Path) -> Result<(), NoToolbox> {
    let no_cache = |error: std::io::Error| NoToolbox::NoCache(error.to_string());
    let draft = tempfile::Builder::new().prefix("python-draft-").tempdir_in(cache).map_err(no_cache)?;
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(&interpreter.program);
        command.args(["-I", "-m", "pip"]).args(arguments).stdin(Stdio::null()).output()
    };
    if !pip(&["--version"]).is_ok_and(|output| output.status.success()) {
        return Err(NoToolbox::NoPip);
    }
    let target = draft.path().join("site").display().to_string();
    let mut arguments = vec!["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", &target];
    arguments.extend(PACKAGES);
    let output = pip(&arguments).map_err(|error| NoToolbox::NotInstalled(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| line.contains("ERROR")).or(said.lines().last()).unwrap_or("nothing");
        return Err(NoToolbox::NotInstalled(last.to_owned()));
    }
    fs::rename(draft.path().join("site"), folder).map_err(no_cache)
}
