//! All caches of a pack in one module: compiled once on a machine, so that more caches cost a learner nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::host::digest::PartsDigest;
use crate::host::files::read_plain;
use crate::host::sandbox::Protection;
use crate::host::{cache, scratch};
use crate::language::rust::build::reactor_flags;
use crate::language::rust::rustc::{CPU_S, Call, Outcome};
use crate::language::rust::toolbox::Toolbox;
use crate::language::toolchain::Rejected;

/// The code around the caches.
const SOURCES: &[(&str, &str)] = &[
    ("stage.rs", include_str!("../../../../adapter/integration_tests/stage.rs")),
    ("types.rs", include_str!("../../../../adapter/integration_tests/types.rs")),
];

/// Small code: what makes machine code of it at each grading is faster too.
const OPTIMISED: &str = "-Copt-level=s";

/// The largest module that is read, in bytes.
const MODULE_BYTES_MAX: u64 = 64 << 20;

/// The module of these caches, numbered by the order of their names. Cost: some fifteen seconds of processor time the first time on a
/// machine, later a read from the cache folder.
///
/// # Errors
/// A cache does not build, which is the pack's mistake, or this machine lacks something.
pub(super) fn module(
    toolbox: &Toolbox,
    caches: &BTreeMap<String, String>,
    protection: Protection,
) -> Result<Vec<u8>, Rejected> {
    let mut digest = PartsDigest::default();
    let around = SOURCES.iter().map(|(name, text)| (*name, *text));
    let own = caches.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    for (name, text) in around.chain(own).chain([(OPTIMISED, toolbox.version.as_str())]) {
        digest.add(name.as_bytes());
        digest.add(text.as_bytes());
    }
    let kept = PathBuf::from("mutants/module").join(format!("{}.bin", digest.hex()));
    if let Some(module) = cache::read_kept(&kept) {
        return Ok(module);
    }
    let module = compile(toolbox, caches, protection)?;
    cache::keep(&kept, &module);
    Ok(module)
}

fn compile(toolbox: &Toolbox, caches: &BTreeMap<String, String>, protection: Protection) -> Result<Vec<u8>, Rejected> {
    let io = |error: std::io::Error| Rejected::harness(&format!("cannot write to the scratch folder: {error}"));
    let scratch = scratch::folder().map_err(io)?;
    let folder = scratch.path().canonicalize().map_err(io)?;
    let names: Vec<&String> = caches.keys().collect();
    lay_out(&folder, caches).map_err(io)?;
    // Lines and names in it are never shown.
    // Optimised, unlike submissions: compiled once, and run some two thousand times in each grading.
    let quiet = ["-Awarnings", "-Cdebuginfo=0", "-Cstrip=symbols", OPTIMISED].map(str::to_owned);
    let flags = [&quiet[..], &reactor_flags(toolbox)].concat();
    let call = Call {
        toolbox,
        scratch: &folder,
        root: "stage.rs",
        name: "stage",
        kind: "cdylib",
        output: "module.wasm",
        externs: &[],
        cfgs: &[],
        flags: &flags,
        // Some fifty caches, each as long as a submission, and optimised.
        cpu_s: 12 * CPU_S,
        protection,
    };
    match call.run()? {
        Outcome::Built => read_plain(&folder.join("module.wasm"), MODULE_BYTES_MAX).map_err(io),
        Outcome::GaveUp(why) | Outcome::Machine(why) => Err(Rejected::harness(&why)),
        Outcome::Errors(messages) => {
            let first = messages.first().map(|message| {
                let number = message.diagnostic.file.strip_prefix("cache_").and_then(|rest| rest.strip_suffix(".rs"));
                let name = number.and_then(|number| names.get(number.parse::<usize>().ok()?));
                let (line, text) = (message.diagnostic.line, &message.diagnostic.message);
                format!("`{}`, line {line}: {text}", name.map_or("stage.rs", |name| name.as_str()))
            });
            let first = first.unwrap_or_default();
            Err(Rejected::harness(&format!("a cache of the pack does not compile: mend {first}")))
        }
    }
}

fn lay_out(folder: &Path, caches: &BTreeMap<String, String>) -> std::io::Result<()> {
    for (name, text) in SOURCES {
        fs::write(folder.join(name), text)?;
    }
    let mut list = String::from("caches! {");
    for (number, text) in caches.values().enumerate() {
        fs::write(folder.join(format!("cache_{number}.rs")), text)?;
        // Writing to a string cannot fail.
        _ = write!(list, " {number} => cache_{number},");
    }
    fs::write(folder.join("caches.rs"), list + " }\n")
}
