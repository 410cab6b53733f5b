//! The `CPython` that submissions run on: how it is found, and its version and folders.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::host::sandbox::libraries_with;

/// The oldest version that can trace single instructions as the runner needs it.
pub const OLDEST: (u32, u32) = (3, 11);

/// The variable that names the interpreter, if it should not be the usual one.
pub const VARIABLE: &str = "CACHEDOJO_PYTHON";

/// Prints everything that the grader must know, a line each.
const ASK: &str = "import sys, os; print('%d.%d.%d' % sys.version_info[:3]); print(os.path.realpath(sys.executable)); \
                   print(os.path.dirname(os.path.realpath(os.__file__))); print(sys.base_prefix); \
                   import ctypes, resource, json, random, queue, concurrent.futures, pickle, datetime, bisect, heapq, logging, \
                   hashlib, zlib, array, decimal, statistics, select, uuid; \
                   [print(f) for f in (getattr(m, '__file__', None) for m in list(sys.modules.values())) if f and '.so' in f]";

/// A `CPython`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The program itself, with links resolved.
    pub program: PathBuf,
    /// Such as `3.11.2`.
    pub version: String,
    /// The folder of its library.
    pub library: PathBuf,
    /// The folder that it is installed in.
    pub prefix: PathBuf,
    /// The system's shared libraries that it and its modules need.
    pub libraries: Vec<PathBuf>,
}

/// Why there is no interpreter. Each sentence names the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPython {
    /// No interpreter was found at all.
    Missing,
    /// The newest one found is too old.
    TooOld(String),
    /// A part of its library is missing.
    Incomplete(String),
}

impl fmt::Display for NoPython {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = OLDEST;
        match self {
            Self::Missing => write!(
                f,
                "there is no Python on this machine; run: sudo apt-get install python3 (or name one of {major}.{minor} or \
                 newer in {VARIABLE})"
            ),
            Self::TooOld(version) => write!(
                f,
                "this machine's Python is {version}, and submissions need {major}.{minor} or newer; install one and name it \
                 in {VARIABLE}"
            ),
            Self::Incomplete(reason) => write!(
                f,
                "this machine's Python lacks a part of its library ({reason}); run: sudo apt-get install python3 \
                 libpython3-stdlib"
            ),
        }
    }
}

impl std::error::Error for NoPython {}

impl Interpreter {
    /// The interpreter of this machine: the one named in [`VARIABLE`], else the system's, else the first on the path.
    /// Cost: the start of one or two interpreters, some 30 ms each.
    ///
    /// # Errors
    /// See [`NoPython`].
    pub fn find() -> Result<Self, NoPython> {
        if let Some(named) = std::env::var_os(VARIABLE) {
            return Self::ask(Path::new(&named));
        }
        let mut worst = NoPython::Missing;
        for candidate in ["/usr/bin/python3", "/usr/local/bin/python3", "python3"] {
            match Self::ask(Path::new(candidate)) {
                Ok(found) => return Ok(found),
                Err(NoPython::Missing) => {}
                Err(why) => worst = why,
            }
        }
        Err(worst)
    }

    fn ask(program: &Path) -> Result<Self, NoPython> {
        let mut command = Command::new(program);
        command.args(["-I", "-S", "-B", "-c", ASK]).stdin(Stdio::null());
        let output = command.output().map_err(|_| NoPython::Missing)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        let mut line = || lines.next().map(str::to_owned).ok_or(NoPython::Missing);
        let version = line()?;
        if read_version(&version).is_none_or(|version| version < OLDEST) {
            return Err(NoPython::TooOld(version));
        }
        let (program, library, prefix): (PathBuf, PathBuf, PathBuf) = (line()?.into(), line()?.into(), line()?.into());
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(NoPython::Incomplete(said.lines().last().unwrap_or("it does not say which").to_owned()));
        }
        let modules: Vec<&Path> = lines.map(Path::new).filter(|path| path.is_absolute()).collect();
        let libraries = libraries_with(&[&program], &modules).map_err(NoPython::Incomplete)?;
        Ok(Self { program, version, library, prefix, libraries })
    }

    /// The folders and files that it reads while it runs.
    pub fn readable(&self) -> Vec<PathBuf> {
        let mut readable = vec![self.library.clone()];
        readable.extend(self.libraries.iter().cloned());
        for name in ["lib/python3", "lib/python3.zip"] {
            readable.extend(Some(self.prefix.join(name)).filter(|path| path.exists()));
        }
        readable
    }
}

fn read_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(read_version("3.9.18") < Some(OLDEST));
        assert!(read_version("3.11.2") >= Some(OLDEST));
        assert!(read_version("4.0.0") >= Some(OLDEST));
        assert_eq!(read_version("three"), None);
    }

    #[test]
    fn what_is_missing_is_said_with_its_remedy() {
        for why in
            [NoPython::Missing, NoPython::TooOld("3.9.2".to_owned()), NoPython::Incomplete("no _ctypes".to_owned())]
        {
            let text = why.to_string();
            assert!(text.contains("install"), "{text}");
        }
        assert_eq!(Interpreter::ask(Path::new("/nonexistent/python3")), Err(NoPython::Missing));
    }
}
