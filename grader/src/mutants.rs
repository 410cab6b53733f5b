//! Known bugs: the pack's solution with a patch, built and judged by the very pipeline that judges a submission.
//!
//! A mutant's module and its fingerprint (how it fails) do not change while the pack, the grader and the toolbox stay, so
//! both are kept in the cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use cachedojo::exercise::resemblance::{Fingerprint, Resemblance, compare};
use cachedojo::exercise::{CheckOutcome, MutantSpec, judge};
use cachedojo::subject::Subject;
use sha2::{Digest, Sha256};

use crate::bench::Bench;
use crate::pack::Pack;
use crate::submission::{Submission, hex};
use crate::toolbox::cache_folder;
use crate::wasm::{Limits, Program};

/// The one file of a solution that patches change.
const SOLUTION: &str = "solution/src/lib.rs";

/// A mutant's patch, as its pack has it.
///
/// # Errors
/// The pack has none of that name.
pub fn patch<'a>(pack: &'a Pack, id: &str) -> Result<&'a str> {
    let path = format!("mutants/{id}.patch");
    pack.files.get(&path).map(String::as_str).with_context(|| format!("the pack has no {path}: add the patch"))
}

/// A mutant's source: the solution with its patch.
///
/// # Errors
/// The patch cannot be read, or does not fit the solution any more.
pub fn source(pack: &Pack, id: &str) -> Result<String> {
    let solution = pack.files.get(SOLUTION).with_context(|| format!("the pack has no {SOLUTION}: add it"))?;
    let text = patch(pack, id)?;
    let patch = diffy::Patch::from_str(text).with_context(|| format!("mutants/{id}.patch is no unified diff"))?;
    diffy::apply(solution, &patch)
        .with_context(|| format!("mutants/{id}.patch does not fit {SOLUTION} any more: make it anew"))
}

/// A mutant's program. Cost: two calls of the compiler the first time, a read from the cache later.
///
/// # Errors
/// The patch does not fit, or what it makes does not build: mutants are part of the pack, so both are its mistakes.
pub fn program(bench: &Bench<'_>, id: &str) -> Result<Program> {
    let source = source(bench.pack, id)?;
    let kept = kept("module", &[bench.toolbox.name().as_bytes(), source.as_bytes()], "wasm")?;
    if let Ok(bytes) = fs::read(&kept)
        && let Ok(program) = Program::new(&bytes)
    {
        return Ok(program);
    }
    let submission = Submission::from_source(id, &source);
    let built = bench.build(&submission).with_context(|| format!("the mutant `{id}`"))?;
    keep(&kept, &built.module)?;
    Ok(built.program)
}

/// How a mutant fails under a seed. Cost: [`program`] and one judging the first time, a read from the cache later.
///
/// # Errors
/// Those of [`program`].
pub fn fingerprint(bench: &Bench<'_>, id: &str, seed: u64) -> Result<Fingerprint> {
    let source = source(bench.pack, id)?;
    let exercise = serde_json::to_vec(&bench.pack.exercise)?;
    let version = concat!(env!("CARGO_PKG_VERSION"), " ", env!("CACHEDOJO_SOURCES"));
    let toolbox = bench.toolbox.name();
    let parts = [toolbox.as_bytes(), version.as_bytes(), &exercise, source.as_bytes(), &seed.to_le_bytes()];
    let kept = kept("fingerprint", &parts, "json")?;
    if let Some(known) = fs::read(&kept).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        return Ok(known);
    }
    let program = program(bench, id)?;
    let mut fresh = || Ok(Box::new(program.subject(Limits::default())) as Box<dyn Subject>);
    let fingerprint = Fingerprint::of(&judge(&bench.pack.exercise, seed, &mut fresh)?);
    keep(&kept, &serde_json::to_vec(&fingerprint)?)?;
    Ok(fingerprint)
}

/// The fingerprints of several mutants, in their order, made on all cores. Cost: those of [`fingerprint`].
pub fn fingerprints(bench: &Bench<'_>, mutants: &[&MutantSpec], seed: u64) -> Vec<Result<Fingerprint>> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(mutants.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = mutants.get(index) else { break };
                    let fingerprint = fingerprint(bench, &mutant.id, seed);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, fingerprint));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, fingerprint)| fingerprint).collect()
}

/// Which known bugs a submission with these outcomes is like. Only mutants that fail no other checks than the submission
/// are looked at, so a perfect submission costs nothing.
///
/// # Errors
/// Those of [`fingerprint`].
pub fn resemblances(bench: &Bench<'_>, outcomes: &[CheckOutcome], seed: u64) -> Result<Vec<Resemblance>> {
    let submission = Fingerprint::of(outcomes);
    let failing = submission.failing();
    let candidates: Vec<&MutantSpec> = bench
        .pack
        .exercise
        .mutants
        .iter()
        .filter(|mutant| mutant.killed_by.iter().all(|id| failing.contains(&id.as_str())))
        .collect();
    let fingerprints: Vec<Fingerprint> = fingerprints(bench, &candidates, seed).into_iter().collect::<Result<_>>()?;
    let pairs: Vec<_> = candidates.into_iter().zip(&fingerprints).collect();
    Ok(compare(&submission, &pairs))
}

fn kept(kind: &str, parts: &[&[u8]], extension: &str) -> Result<PathBuf> {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let name = format!("{}.{extension}", hex(&digest.finalize()));
    Ok(cache_folder()?.join("mutants").join(kind).join(name))
}

/// Writes whole or not at all: another grader may be reading.
fn keep(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a kept file stands in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("making `{}`", folder.display()))?;
    let draft = tempfile::NamedTempFile::new_in(folder).context("writing to the cache folder")?;
    fs::write(draft.path(), bytes).context("writing to the cache folder")?;
    draft.persist(path).context("writing to the cache folder")?;
    Ok(())
}
