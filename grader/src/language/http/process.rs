//! The process of a service: its files are laid out, its command is started, what it prints is kept, and all its children end with it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

use cachedojo_lab::script::without_mark;

use crate::host::{alone, machine, scratch};

/// The file of a submission with the command that starts the service, or its URL.
pub const START: &str = "start";
/// The most bytes of its output that are read for a message.
const WORDS_MAX: u64 = 2000;
/// Above so many bytes its output is thrown away between two requests: a service that prints a lot is no worse a service.
const KEPT_MAX: u64 = 1 << 20;
/// The limits of a service that is started outside of a grading, whose limits are lower: five minutes of processor time, files
/// of a gibibyte.
const LIMITS: &str = "{ ulimit -t 300; ulimit -f 2097152; } 2>/dev/null; ";
/// Lets the files after the first argument be run, as on the learner's machine: the text of a submission has no modes.
const RUNNABLE: &str = "script=$1; shift; if [ $# -gt 0 ]; then chmod u+x \"$@\"; fi; ";
/// Runs that script until it ends, or until standard input ends, which happens whenever the grader ends: then the whole group is
/// killed. A shell of its own reads the script, so that a comment, a bracket or a quote in it changes nothing here.
const WATCHED: &str = "exec 3<&0; ( exec sh -c \"$script\" ) </dev/null 3<&- & child=$!; \
    { read -r _ <&3; kill -9 -$$; } & exec 3<&-; wait $child";
/// The environment variables that a service is given, if they are set: where programs, libraries and the tools of its language
/// are, the language and the time zone. Any other might be a secret of whoever grades, and what the service prints is shown to
/// whoever handed it in. A service that needs more sets it in its start file.
const PASSED: &[&str] = &[
    // Any program.
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "TMP",
    "TEMP",
    "LD_LIBRARY_PATH",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    // Programs for Windows.
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    // The tools of languages.
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYENV_ROOT",
    "NVM_DIR",
    "NODE_PATH",
    "JAVA_HOME",
    "GOROOT",
    "GOPATH",
    "GOCACHE",
    "GOMODCACHE",
    "DOTNET_ROOT",
    "GEM_HOME",
];

/// What is started, and where.
#[derive(Debug, PartialEq, Eq)]
struct Script {
    /// What the shell reads.
    text: String,
    /// The learner's own folder, if that is where it runs.
    own: Option<PathBuf>,
}

impl Script {
    /// The script in a start file: all its lines, of whatever system their ends are; a file with an interpreter of its own is run
    /// by that. The second line that `--start` writes names the folder.
    fn of(text: &str) -> Option<Self> {
        let text = without_mark(text).replace("\r\n", "\n");
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let own = text.split_once("\ncwd ").filter(|(_, folder)| !folder.contains('\n'));
        let (script, own) = own.map_or((text, None), |(script, folder)| (script, Some(PathBuf::from(folder))));
        let script = if script.starts_with("#!") { format!("./{START}") } else { script.to_owned() };
        Some(Self { text: script, own })
    }
}

/// Why no process was started.
#[derive(Debug)]
pub enum NotBegun {
    /// The submission has no start file.
    NoStart,
    /// Its start file is empty.
    EmptyStart,
    /// Its files cannot be written.
    NotLaidOut(std::io::Error),
    /// The shell cannot be started.
    NoShell(std::io::Error),
}

impl fmt::Display for NotBegun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStart => write!(
                f,
                "there is no file `{START}`: add one with the command that starts the service, or give --start COMMAND"
            ),
            Self::EmptyStart => {
                write!(f, "the file `{START}` is empty: write the command that starts the service into it")
            }
            Self::NotLaidOut(error) => write!(f, "the service cannot be laid out: {error}"),
            Self::NoShell(error) => {
                write!(
                    f,
                    "`sh` cannot be started ({error}): where there is none, start the service yourself and give --url"
                )
            }
        }
    }
}

/// A process, with its folder and all its children.
#[derive(Debug)]
pub struct Process {
    child: Mutex<Child>,
    words: PathBuf,
    folder: tempfile::TempDir,
}

impl Process {
    /// Starts the service of these files, which is to listen at this port.
    ///
    /// # Errors
    /// There is nothing to start, or it cannot be started: why, and what to do.
    pub fn start(files: &BTreeMap<String, String>, port: u16) -> Result<Self, NotBegun> {
        let script = Script::of(files.get(START).ok_or(NotBegun::NoStart)?).ok_or(NotBegun::EmptyStart)?;
        let folder = scratch::folder().map_err(NotBegun::NotLaidOut)?;
        let place = script.own.clone().unwrap_or_else(|| folder.path().join("service"));
        let runnable =
            if script.own.is_none() { lay_out(files, &place).map_err(NotBegun::NotLaidOut)? } else { Vec::new() };
        let words = folder.path().join("words");
        // Appended to, so that it can be cut while the service writes.
        let log = fs::OpenOptions::new().create(true).append(true).open(&words).map_err(NotBegun::NotLaidOut)?;
        // In a PID namespace of its own, so that it can name no process outside.
        let mut shell = alone::alone("sh");
        shell
            .arg("-c")
            .arg(format!("{LIMITS}{RUNNABLE}{WATCHED}"))
            .args(["sh", &script.text])
            .args(runnable)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| is_passed(&name.to_string_lossy())))
            .env("PORT", port.to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1");
        shell
            .current_dir(place)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(NotBegun::NotLaidOut)?)
            .stderr(log);
        // In a group of its own, so that its children end with it.
        machine::in_own_group(&mut shell);
        let child = shell.spawn().map_err(NotBegun::NoShell)?;
        Ok(Self { child: Mutex::new(child), words, folder })
    }

    /// How it ended, if it has.
    pub fn death(&self) -> Option<String> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        Some(child.try_wait().ok()??.to_string())
    }

    /// The ports at which it takes connections, as far as the system tells.
    pub fn ports(&self) -> Vec<u16> {
        machine::listening_ports(self.child.lock().unwrap_or_else(PoisonError::into_inner).id())
    }

    /// How much it has printed so far, in bytes; what is too much is thrown away first.
    pub fn printed(&self) -> u64 {
        let length = fs::metadata(&self.words).map_or(0, |metadata| metadata.len());
        if length <= KEPT_MAX {
            return length;
        }
        _ = fs::OpenOptions::new().write(true).open(&self.words).and_then(|file| file.set_len(0));
        0
    }

    /// The last of what it printed from there on, without the path of its folder; empty if that is nothing.
    pub fn words(&self, from: u64) -> String {
        let mut words = Vec::new();
        _ = fs::File::open(&self.words).and_then(|mut file| {
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(end.saturating_sub(WORDS_MAX).max(from)))?;
            file.take(WORDS_MAX).read_to_end(&mut words)
        });
        let place = format!("{}/service/", self.folder.path().display());
        String::from_utf8_lossy(&words).replace(&place, "").trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        machine::end_group(child.id());
        _ = child.kill();
        _ = child.wait();
        machine::end_orphans();
    }
}

/// Writes the files, and returns those that name an interpreter: they can be run.
fn lay_out(files: &BTreeMap<String, String>, folder: &Path) -> std::io::Result<Vec<String>> {
    let mut runnable = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        let plain = without_mark(text);
        if plain.starts_with("#!") {
            fs::write(&path, plain.replace("\r\n", "\n"))?;
            runnable.push(format!("./{name}"));
        } else {
            fs::write(&path, text)?;
        }
    }
    Ok(runnable)
}

/// Whether a service is given this variable. Windows does not tell small letters from capitals.
fn is_passed(name: &str) -> bool {
    let is_named = |passed: &str| if cfg!(windows) { name.eq_ignore_ascii_case(passed) } else { name == passed };
    PASSED.iter().any(|passed| is_named(passed)) || name.starts_with("LC_")
}

#[cfg(test)]
mod tests {
    use super::{Script, is_passed};

    #[test]
    fn a_start_file_is_a_script_of_any_length() {
        let script = |text: &str, own: Option<&str>| Some(Script { text: text.to_owned(), own: own.map(Into::into) });
        for (file, expected) in [
            ("", None),
            (" \r\n", None),
            ("python3 main.py\n", script("python3 main.py", None)),
            ("\u{feff}python3 main.py\r\n", script("python3 main.py", None)),
            (
                "# my service\r\nexport A=1\r\npython3 main.py",
                script("# my service\nexport A=1\npython3 main.py", None),
            ),
            ("#!/bin/sh\npython3 main.py\n", script("./start", None)),
            ("node x.js\ncwd /home/me\n", script("node x.js", Some("/home/me"))),
        ] {
            assert_eq!(Script::of(file), expected, "{file:?}");
        }
    }

    #[test]
    fn what_a_service_could_print_for_its_author_it_is_not_given() {
        for (name, passed) in [
            ("PATH", true),
            ("HOME", true),
            ("LC_ALL", true),
            ("CARGO_HOME", true),
            ("GITHUB_TOKEN", false),
            ("db_password", false),
            // No word in it sounds like a secret.
            ("DATABASE_URL", false),
            ("MYSQL_PWD", false),
            ("SSH_AUTH_SOCK", false),
            ("PATHS", false),
        ] {
            assert_eq!(is_passed(name), passed, "{name}");
        }
    }
}
