//! The libraries that every submission is compiled with: the wire, the adapters' common half and the allowed crates. Built once
//! for `wasm32-wasip1` (and for threads when a submission needs them), and kept in a cache folder named after everything it is
//! made from.

use std::collections::BTreeMap;
use std::env::consts::DLL_EXTENSION;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use super::compiler::{NoRustc, changed, home_of_tool, program, sysroot};
use crate::host::cache;
use crate::host::digest::hex;
use crate::host::sandbox::{self, Ending, Job, libraries_of};
use crate::report::write_whole;

/// The target of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One thread.
    Single,
    /// Threads with a shared memory.
    Threads,
}

impl Target {
    /// The compiler's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "wasm32-wasip1",
            Self::Threads => "wasm32-wasip1-threads",
        }
    }
}

/// The files of the toolbox's workspace, embedded so that the grader works wherever it is installed.
const SOURCES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../../adapter/toolbox/Cargo.toml")),
    ("Cargo.lock", include_str!("../../../adapter/toolbox/Cargo.lock")),
    ("src/lib.rs", include_str!("../../../adapter/toolbox/src/lib.rs")),
    ("wire/Cargo.toml", include_str!("../../../../wire/Cargo.toml")),
    ("wire/src/lib.rs", include_str!("../../../../wire/src/lib.rs")),
    ("wire/src/machine.rs", include_str!("../../../../wire/src/machine.rs")),
];

/// Crates that the adapters use or an exercise may allow, by the names in Rust code.
const CRATES: &[&str] = &["cachedojo_wire", "toolbox", "sha2", "tokio", "twox_hash", "xxhash_rust"];

/// Increased when this file changes the folder's layout, which no source shows.
const LAYOUT: u32 = 4;

/// A toolbox, ready.
#[derive(Debug, Clone)]
pub struct Toolbox {
    /// The target of its libraries.
    pub target: Target,
    /// Its folder.
    pub folder: PathBuf,
    /// The compiler itself, not rustup's proxy.
    pub rustc: PathBuf,
    /// The compiler's version and commit, in its own words.
    pub version: String,
    /// The compiler's sysroot.
    pub sysroot: PathBuf,
    /// The files that the compiler needs: its own libraries and linker, the system's shared libraries, and the toolbox.
    pub visible: Vec<PathBuf>,
    /// Crate name -> library.
    libraries: BTreeMap<String, PathBuf>,
}

/// Why there is no toolbox. Each sentence names the remedy.
#[derive(Debug)]
pub enum NoToolbox {
    /// There is no compiler.
    NoRustc(String),
    /// The compiler lacks the target.
    NoTarget(Target, String),
    /// There is no folder to keep it in.
    NoCache(String),
    /// Cargo did not build it.
    NotBuilt(String),
}

impl fmt::Display for NoToolbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRustc(reason) => {
                write!(f, "no Rust compiler ({reason}); install Rust with rustup, see https://rustup.rs")
            }
            Self::NoTarget(target, reason) => {
                let target = target.name();
                write!(f, "the compiler cannot build for {target} ({reason}); run: rustup target add {target}")
            }
            Self::NoCache(reason) => write!(f, "no place for the toolbox ({reason}); name a folder in CACHEDOJO_CACHE"),
            Self::NotBuilt(reason) => {
                write!(f, "the toolbox did not build; it needs the crates registry once. Cargo says:\n{reason}")
            }
        }
    }
}

impl std::error::Error for NoToolbox {}

impl Toolbox {
    /// Opens the toolbox of this grader and this machine's compiler; if it is missing it is built now, which `say` reports.
    /// Concurrent graders wait for the first.
    ///
    /// # Errors
    /// See [`NoToolbox`].
    pub fn open(target: Target, say: &dyn Fn(&str)) -> Result<Self, NoToolbox> {
        let sysroot = sysroot().map_err(|NoRustc(reason)| NoToolbox::NoRustc(reason))?;
        let rustc = program(&sysroot, "rustc");
        let name = format!("toolbox-{}", key(target, &sysroot, &rustc));
        let folder = match whole(&name) {
            Some(folder) => folder,
            None => made(target, &name, &sysroot, say)?,
        };
        let (version, libraries) = (version(&folder, &rustc)?, libraries(&folder)?);
        let mut visible = system(&folder, &sysroot, &rustc)?;
        visible.extend([sysroot.join("lib/rustlib"), folder.clone()]);
        Ok(Self { target, folder, rustc, version, sysroot, visible, libraries })
    }

    /// Its name, which depends on everything that it is made from.
    pub fn name(&self) -> String {
        self.folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The object file that initialises a library with threads before its first call.
    pub fn reactor(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(self.target.name()).join("lib/self-contained/crt1-reactor.o")
    }

    /// Whether its files are unchanged since they were built, byte for byte. Cost: O(bytes), some 50 ms.
    pub fn is_sound(&self) -> bool {
        cache::is_sound(&self.folder)
    }

    /// Whether a crate that cannot be found should exist on this machine: one of the compiler's own, or a library of the toolbox
    /// that was changed. For a library that a submission may not use, the answer is no.
    pub fn lacks(&self, name: &str) -> bool {
        ["std", "core", "alloc"].contains(&name) || self.libraries.contains_key(name) && !self.is_sound()
    }

    /// The library of a crate, by its name in Rust code.
    pub fn library(&self, name: &str) -> Option<&Path> {
        self.libraries.get(name).map(PathBuf::as_path)
    }
}

/// The complete toolbox with this name, if there is one.
fn whole(name: &str) -> Option<PathBuf> {
    cache::find(name).filter(|folder| {
        // Marked as used first, then examined: so it cannot be removed in between.
        cache::bound::hold(folder);
        cache::is_whole(folder)
    })
}

/// Makes a toolbox, or lets the process that does this for us make it.
fn made(target: Target, name: &str, sysroot: &Path, say: &dyn Fn(&str)) -> Result<PathBuf, NoToolbox> {
    if let Some(made) = cache::made_elsewhere(target.name()) {
        made.map_err(NoToolbox::NotBuilt)?;
        return whole(name).ok_or_else(|| NoToolbox::NotBuilt("it is gone again".to_owned()));
    }
    let no_cache = |error: std::io::Error| NoToolbox::NoCache(error.to_string());
    let cache = cache::place().map_err(no_cache)?;
    let folder = cache.join(name);
    let lock = File::create(cache.join("toolbox.lock")).map_err(no_cache)?;
    lock.lock().map_err(no_cache)?;
    // Another grader may have built it during the wait. An incomplete one was cut off by a full disk.
    if !cache::is_whole(&folder) {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(no_cache)?;
        }
        build(target, &cache, &folder, sysroot, say)?;
    }
    cache::bound::hold(&folder);
    cache::bound::clean(cache::bound::TOOLBOXES);
    Ok(folder)
}

/// A digest of what a toolbox is made from: its sources and the compiler.
fn key(target: Target, sysroot: &Path, rustc: &Path) -> String {
    let mut hash = Sha256::new();
    hash.update(LAYOUT.to_le_bytes());
    if target == Target::Threads {
        hash.update(target.name());
    }
    for (name, text) in SOURCES {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update(text);
    }
    hash.update(sysroot.as_os_str().as_encoded_bytes());
    // A compiler updated in place has another size or date.
    if let Ok(metadata) = fs::metadata(rustc) {
        hash.update(metadata.len().to_le_bytes());
        hash.update(changed(&metadata).to_le_bytes());
    }
    hex(&hash.finalize()[..8])
}

/// The output of `rustc --version`, kept in the toolbox, which belongs to exactly this compiler.
fn version(folder: &Path, rustc: &Path) -> Result<String, NoToolbox> {
    let kept = folder.join("version");
    if let Ok(known) = fs::read_to_string(&kept) {
        return Ok(known);
    }
    let output = Command::new(rustc).arg("--version").output();
    let output = output.map_err(|error| NoToolbox::NoRustc(error.to_string()))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || version.is_empty() {
        return Err(NoToolbox::NoRustc(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    drop(write_whole(&kept, version.as_bytes()));
    Ok(version)
}

/// The shared libraries of the compiler and its linker, kept like the version.
fn system(folder: &Path, sysroot: &Path, rustc: &Path) -> Result<Vec<PathBuf>, NoToolbox> {
    let kept = folder.join("system");
    if let Ok(known) = fs::read_to_string(&kept) {
        let known: Vec<PathBuf> = known.lines().map(PathBuf::from).collect();
        // A system update may have moved them.
        if known.iter().all(|path| path.exists()) {
            return Ok(known);
        }
    }
    let mut programs = vec![rustc.to_owned()];
    let hosts = fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
    programs.extend(hosts.map(|host| program(&host.path(), "rust-lld")).filter(|linker| linker.is_file()));
    let programs: Vec<&Path> = programs.iter().map(PathBuf::as_path).collect();
    let found = libraries_of(&programs).map_err(NoToolbox::NoRustc)?;
    let lines: Vec<_> = found.iter().map(|path| path.to_string_lossy()).collect();
    drop(write_whole(&kept, lines.join("\n").as_bytes()));
    Ok(found)
}

/// Builds in a temporary folder, which is then renamed to `folder`.
fn build(target: Target, cache: &Path, folder: &Path, sysroot: &Path, say: &dyn Fn(&str)) -> Result<(), NoToolbox> {
    let installed = sysroot.join("lib/rustlib").join(target.name());
    if !installed.is_dir() {
        // Two installations into one compiler destroy each other, whichever cache folder the graders have.
        let home = home_of_tool("RUSTUP_HOME", ".rustup");
        let lock = home.and_then(|home| File::create(home.join("cachedojo.lock")).ok());
        if let Some(lock) = &lock {
            lock.lock().map_err(|error| NoToolbox::NoTarget(target, format!("waiting for another grader: {error}")))?;
        }
        if !installed.is_dir() {
            add_target(target, say)?;
        }
    }
    say(&format!(
        "building the toolbox that submissions are compiled against, for {} (once per compiler, about 20 s) …",
        target.name()
    ));
    let io = |error: std::io::Error| NoToolbox::NoCache(error.to_string());
    // No other grader uses this name now, because of the lock: whatever exists there was left by a killed one.
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push("-in-work");
    if cache.join(&name).exists() {
        fs::remove_dir_all(cache.join(&name)).map_err(io)?;
    }
    let work = tempfile::Builder::new().prefix(&name).rand_bytes(0).tempdir_in(cache).map_err(io)?;
    for (name, text) in SOURCES {
        let path = work.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(work.path())).map_err(io)?;
        fs::write(path, text).map_err(io)?;
    }
    cargo(target, work.path(), sysroot).map_err(NoToolbox::NotBuilt)?;
    // Keep only the libraries: of the target, and the host's procedural macros that they use.
    let ready = work.path().join("ready");
    fs::create_dir(&ready).map_err(io)?;
    for (from, extension) in
        [(format!("target/{}/release/deps", target.name()), "rlib"), ("target/release/deps".to_owned(), DLL_EXTENSION)]
    {
        for entry in fs::read_dir(work.path().join(from)).map_err(io)?.flatten() {
            if entry.path().extension().is_some_and(|found| found == extension) {
                fs::copy(entry.path(), ready.join(entry.file_name())).map_err(io)?;
            }
        }
    }
    cache::seal(&ready).map_err(io)?;
    fs::rename(&ready, folder).map_err(io)
}

/// Builds with cargo, which is killed if this process ends.
fn cargo(target: Target, work: &Path, sysroot: &Path) -> Result<(), String> {
    // The compiler's own cargo, not rustup's proxy, which would choose a compiler again.
    let own = program(sysroot, "cargo");
    let cargo = if own.is_file() { own.as_path() } else { Path::new("cargo") };
    let arguments = ["build", "--release", "--locked", "--target", target.name()].map(OsString::from);
    let mut environment: Vec<(String, OsString)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| !steers(name))
        .collect();
    // Panics inside libraries must not show where on this machine their sources are.
    let remapped = [(home_of_tool("CARGO_HOME", ".cargo"), "/cargo"), (Some(work.to_owned()), "/toolbox")]
        .into_iter()
        .filter_map(|(path, name)| {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(path?);
            flag.push(format!("={name}"));
            Some(flag)
        });
    let flags = remapped.collect::<Vec<_>>().join(std::ffi::OsStr::new("\u{1f}"));
    // On the command line these override cargo's settings files.
    for (name, value) in [
        ("CARGO_TARGET_DIR", work.join("target").into_os_string()),
        ("CARGO_ENCODED_RUSTFLAGS", flags),
        ("RUSTC", program(sysroot, "rustc").into_os_string()),
        ("RUSTC_WRAPPER", OsString::new()),
        ("RUSTC_WORKSPACE_WRAPPER", OsString::new()),
    ] {
        environment.push((name.to_owned(), value));
    }
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let job = Job::of_tool(cargo, &arguments, work, &environment);
    let finished = sandbox::run(&job).map_err(|error| format!("cargo: {error}"))?;
    match finished.ending {
        Ending::Success => Ok(()),
        Ending::Killed(signal) => Err(format!("cargo was killed (signal {signal})")),
        _ => Err(tail(&finished.said)),
    }
}

/// Whether an environment variable would change the toolbox built from the same sources: the compiler, its flags and wrappers,
/// targets and profiles; or belongs to a surrounding cargo. Where crates are downloaded from may be set by this machine.
fn steers(name: &str) -> bool {
    const OF_THE_MACHINE: &[&str] =
        &["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_BUILD_JOBS"];
    let of_cargo = name.starts_with("CARGO_") && !OF_THE_MACHINE.iter().any(|kept| name.starts_with(kept));
    of_cargo || ["RUSTC", "RUSTFLAGS", "RUSTDOC", "MAKEFLAGS"].iter().any(|prefix| name.starts_with(prefix))
}

fn add_target(target: Target, say: &dyn Fn(&str)) -> Result<(), NoToolbox> {
    let name = target.name();
    say(&format!("installing the compiler's target {name} (rustup target add {name}) …"));
    let mut rustup = Command::new("rustup");
    // Why it fails is for who reads; where in rustup's sources is not.
    rustup.args(["target", "add", name]).env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
    match rustup.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(NoToolbox::NoTarget(target, tail(&output.stderr))),
        Err(error) => Err(NoToolbox::NoTarget(target, format!("cannot start rustup: {error}"))),
    }
}

fn tail(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn libraries(folder: &Path) -> Result<BTreeMap<String, PathBuf>, NoToolbox> {
    let mut libraries = BTreeMap::new();
    let listing = fs::read_dir(folder).map_err(|error| NoToolbox::NoCache(error.to_string()))?;
    for path in listing.flatten().map(|entry| entry.path()) {
        // `libxxhash_rust-80fb86ead20e78df.rlib`
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = stem.strip_prefix("lib").and_then(|stem| stem.rsplit_once('-')).map(|(name, _)| name);
        if let Some(name) = name.filter(|name| CRATES.contains(name)) {
            libraries.insert(name.to_owned(), path);
        }
    }
    match CRATES.iter().find(|name| !libraries.contains_key(**name)) {
        None => Ok(libraries),
        Some(name) => {
            Err(NoToolbox::NotBuilt(format!("`{}` lacks {name}: delete that folder and try again", folder.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::steers;

    #[test]
    fn the_environment_of_a_shell_steers_no_toolbox() {
        for name in [
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_BOOTSTRAP",
            "RUSTFLAGS",
            "CARGO_BUILD_RUSTC",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "CARGO_BUILD_TARGET",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_INCREMENTAL",
            "CARGO_PROFILE_RELEASE_PANIC",
            "CARGO_TARGET_WASM32_WASIP1_LINKER",
            "MAKEFLAGS",
            "CARGO_MAKEFLAGS",
        ] {
            assert!(steers(name), "{name}");
        }
        for name in ["PATH", "HOME", "CARGO_HOME", "CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_X_INDEX", "RUSTUP_HOME"] {
            assert!(!steers(name), "{name}");
        }
    }
}
