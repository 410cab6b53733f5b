//! Which compiler `rustc` means on this machine, and where it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::host::cache;
use crate::host::digest::PartsDigest;
use crate::host::programs;

/// There is no compiler, and why.
#[derive(Debug)]
pub(super) struct NoRustc(pub(super) String);

/// The sysroot of the compiler that `rustc` means here. Finding it takes two processes, as long as a tenth of a compilation, so
/// the answer is cached under everything that rustup's choice depends on.
pub(super) fn sysroot() -> Result<PathBuf, NoRustc> {
    let name = format!("sysroot-{}", choice_of_rustc());
    let name = Path::new(&name);
    let known = cache::read_kept(name).and_then(|bytes| String::from_utf8(bytes).ok()).map(PathBuf::from);
    if let Some(known) = known.filter(|path| program(path, "rustc").is_file()) {
        return Ok(known);
    }
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let output = output.map_err(|error| NoRustc(error.to_string()))?;
    if !output.status.success() {
        return Err(NoRustc(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    cache::keep(name, path.as_bytes());
    cache::bound::clean(cache::bound::PLACES);
    Ok(PathBuf::from(path))
}

/// A key for which compiler `rustc` is: the first one on the path; if that is rustup's proxy, also its settings and the toolchain
/// files above this folder.
fn choice_of_rustc() -> String {
    let mut hash = PartsDigest::default();
    let mut part = |bytes: &[u8]| hash.add(bytes);
    for name in ["PATH", "RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "CARGO_HOME", "HOME", "USERPROFILE"] {
        part(std::env::var_os(name).unwrap_or_default().as_encoded_bytes());
    }
    if let Some(metadata) = programs::on_path("rustc").and_then(|file| fs::metadata(file).ok()) {
        part(&metadata.len().to_le_bytes());
        part(&changed(&metadata).to_le_bytes());
    }
    if let Some(rustup) = home_of_tool("RUSTUP_HOME", ".rustup") {
        let settings = fs::read(rustup.join("settings.toml")).unwrap_or_default();
        part(&settings);
        // The current folder matters only if some folders have a compiler of their own.
        if has_overrides(&settings) {
            part(std::env::current_dir().unwrap_or_default().as_os_str().as_encoded_bytes());
        }
    }
    let here = std::env::current_dir().unwrap_or_default();
    for folder in here.ancestors() {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            // The path matters too: the file may name a compiler relative to it.
            if let Ok(text) = fs::read(folder.join(name)) {
                part(folder.as_os_str().as_encoded_bytes());
                part(&text);
            }
        }
    }
    hash.hex()[..16].to_owned()
}

/// Whether rustup's settings have compilers for single folders; unreadable settings may.
fn has_overrides(settings: &[u8]) -> bool {
    let table = std::str::from_utf8(settings).ok().and_then(|text| toml::from_str::<toml::Table>(text).ok());
    table.is_none_or(|table| match table.get("overrides") {
        None => false,
        Some(toml::Value::Table(folders)) => !folders.is_empty(),
        Some(_) => true,
    })
}

/// A program of a toolchain, in the folder `bin` of its sysroot.
pub(super) fn program(home: &Path, name: &str) -> PathBuf {
    home.join("bin").join(programs::file(name))
}

/// The folder of a tool: from its variable, else in the user's folder.
pub(super) fn home_of_tool(variable: &str, folder: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.or_else(|| programs::home().map(|home| home.join(folder)))
}

/// When a file was last modified, in nanoseconds since 1970.
pub(super) fn changed(metadata: &fs::Metadata) -> u128 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.unwrap_or_default().as_nanos()
}

#[cfg(test)]
mod tests {
    use super::has_overrides;

    #[test]
    fn the_folder_counts_only_where_rustup_has_a_compiler_for_some() {
        let check =
            |settings: &str, expected: bool| assert_eq!(has_overrides(settings.as_bytes()), expected, "{settings}");
        check("", false);
        check("version = \"12\"\ndefault_toolchain = \"stable\"\n\n[overrides]\n", false);
        check("[overrides]\n\"/home/ada\" = \"nightly\"\n", true);
        check("overrides = 3", true);
        check("[overrides", true);
    }
}
