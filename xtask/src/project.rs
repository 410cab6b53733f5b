//! Paths of the project's folders, starting commands, and finding what is out of date.

use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use walkdir::WalkDir;
use xshell::{Shell, cmd};

pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// Starts commands in `root`.
    pub(crate) shell: Shell,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        // Asked at run time, not through `env!`: clones may share one target folder, and so one xtask.
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
            .context("this program finds its project through cargo: start it as `cargo xtask`")?;
        let root = Path::new(&xtask).parent().context("xtask is not inside a project")?.to_owned();
        let shell = Shell::new()?;
        shell.change_dir(&root);
        let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps").quiet().read()?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
        let target = metadata["target_directory"].as_str().context("`cargo metadata` names no target folder")?.into();
        Ok(Self { root, target, shell })
    }

    pub(crate) fn www(&self) -> PathBuf {
        self.root.join("www")
    }
}

/// Whether `output` exists and is newer than all `inputs` (files, or folders with all their content).
pub(crate) fn is_fresh(output: &Path, inputs: &[&Path]) -> bool {
    let Some(written) = modified(output) else { return false };
    inputs.iter().filter_map(|input| newest(input)).all(|changed| changed <= written)
}

/// Generated folders inside `www`.
const MADE: [&str; 4] = ["node_modules", "dist", "test-results", "playwright-report"];

/// When `input` last changed, if it exists. For a folder, its subfolders' own times count (a removed file is a change), but not
/// its own, because commands that write results into it would change that.
fn newest(input: &Path) -> Option<SystemTime> {
    WalkDir::new(input)
        .into_iter()
        .filter_entry(|entry| !MADE.iter().any(|made| entry.file_name() == OsStr::new(made)))
        .filter_map(Result::ok)
        .filter(|entry| entry.depth() > 0 || entry.file_type().is_file())
        .filter_map(|entry| modified(entry.path()))
        .max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::is_fresh;
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, SystemTime};
    use xshell::Shell;

    /// Writes a file with a modification time so many seconds after a fixed moment in the past.
    fn write(path: &Path, second: u64) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        let file = File::create(path).expect("a new file");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + second)).expect("a time");
    }

    #[test]
    fn an_output_is_fresh_while_no_input_is_newer() {
        let folder = Shell::new().expect("a shell").create_temp_dir().expect("a folder");
        let (output, input) = (folder.path().join("out"), folder.path().join("in/a/file"));
        assert!(!is_fresh(&output, &[]), "there is no output");
        write(&input, 1);
        write(&output, 2);
        assert!(is_fresh(&output, &[&input]));
        write(&input, 3);
        assert!(!is_fresh(&output, &[&input]));
    }

    #[test]
    fn what_is_made_inside_a_folder_is_no_input() {
        let folder = Shell::new().expect("a shell").create_temp_dir().expect("a folder");
        let (output, input) = (folder.path().join("dist/index.html"), folder.path().join("index.html"));
        write(&input, 1);
        write(&output, 2);
        write(&folder.path().join("node_modules/package/file"), 3);
        assert!(is_fresh(&output, &[folder.path()]));
        write(&input, 3);
        assert!(!is_fresh(&output, &[folder.path()]));
    }
}
