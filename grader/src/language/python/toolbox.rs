//! The packages for tests: pytest and freezegun with all their dependencies, pinned, installed once with pip and kept
//! in the grader's cache.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::interpreter::Interpreter;
use crate::host::cache;
use crate::host::digest::hex;
use crate::host::sandbox::{self, Ending, Finished, Job, NotRun};

/// Its name among the things that are made once.
pub const NAME: &str = "python-tests";
/// Increased when this file changes the folder's layout, which no package version shows.
const LAYOUT: u8 = 1;

/// The packages with their exact versions: wheels from the Python package index.
pub const PACKAGES: &[&str] = &[
    "freezegun==1.5.1",
    "iniconfig==2.3.1",
    "packaging==26.4",
    "pluggy==1.7.0",
    "pytest==8.3.4",
    "python-dateutil==4.0.0",
];

/// Why the packages are missing. Each sentence names the remedy.
#[derive(Debug)]
pub enum NoToolbox {
    /// There is no folder to keep them in.
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

/// The folder with the packages; if it is missing it is installed now, which `say` reports. Concurrent graders wait for the
/// first.
///
/// # Errors
/// See [`NoToolbox`].
pub fn folder(interpreter: &Interpreter, say: &dyn Fn(&str)) -> Result<PathBuf, NoToolbox> {
    let no_cache = |error: &dyn fmt::Display| NoToolbox::NoCache(error.to_string());
    let mut digest = Sha256::new();
    digest.update([LAYOUT]);
    digest.update(&interpreter.version);
    for package in PACKAGES {
        digest.update(package);
        digest.update([0]);
    }
    let name = format!("python-{}", &hex(&digest.finalize())[..16]);
    let whole = || {
        cache::find(&name).filter(|folder| {
            cache::bound::hold(folder);
            cache::is_whole(folder)
        })
    };
    if let Some(folder) = whole() {
        return Ok(folder);
    }
    if let Some(made) = cache::made_elsewhere(NAME) {
        made.map_err(NoToolbox::NotInstalled)?;
        return whole().ok_or_else(|| NoToolbox::NotInstalled("it is gone again".to_owned()));
    }
    let cache = cache::place().map_err(|error| no_cache(&error))?;
    let folder = cache.join(&name);
    let lock = File::create(cache.join("python.lock")).map_err(|error| no_cache(&error))?;
    lock.lock().map_err(|error| no_cache(&error))?;
    // Another grader may have installed it during the wait. An incomplete one was cut off by a full disk.
    if !cache::is_whole(&folder) {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| no_cache(&error))?;
        }
        say("installing pytest and freezegun for Python's tests (once)");
        install(interpreter, &cache, &folder)?;
    }
    cache::bound::hold(&folder);
    cache::bound::clean(cache::bound::PACKAGES);
    Ok(folder)
}

fn install(interpreter: &Interpreter, cache: &Path, folder: &Path) -> Result<(), NoToolbox> {
    let no_cache = |error: std::io::Error| NoToolbox::NoCache(error.to_string());
    // No other grader uses this name now, because of the lock: whatever exists there was left by a killed one.
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push("-draft");
    if cache.join(&name).exists() {
        fs::remove_dir_all(cache.join(&name)).map_err(no_cache)?;
    }
    let draft = tempfile::Builder::new().prefix(&name).rand_bytes(0).tempdir_in(cache).map_err(no_cache)?;
    let environment: Vec<(String, OsString)> =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let pip = |arguments: &[&str]| -> Result<Finished, NotRun> {
        let arguments: Vec<OsString> = ["-I", "-m", "pip"].iter().chain(arguments).map(OsString::from).collect();
        sandbox::run(&Job::of_tool(&interpreter.program, &arguments, draft.path(), &environment))
    };
    if !pip(&["--version"]).is_ok_and(|finished| finished.ending == Ending::Success) {
        return Err(NoToolbox::NoPip);
    }
    let target = draft.path().join("site").display().to_string();
    let mut arguments = vec!["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", &target];
    arguments.extend(PACKAGES);
    let finished = pip(&arguments).map_err(|error| NoToolbox::NotInstalled(error.to_string()))?;
    if finished.ending != Ending::Success {
        let said = String::from_utf8_lossy(&finished.said);
        let last = said.lines().rfind(|line| line.contains("ERROR")).or(said.lines().last()).unwrap_or("nothing");
        return Err(NoToolbox::NotInstalled(last.to_owned()));
    }
    let site = draft.path().join("site");
    cache::seal(&site).map_err(no_cache)?;
    fs::rename(site, folder).map_err(no_cache)
}
