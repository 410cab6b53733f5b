//! Known bugs: the pack's solution with a patch, built and judged by the very pipeline that judges a submission.
//!
//! A mutant's module and its fingerprint (how it fails) do not change while the pack, the grader and the toolbox stay, so
//! both are kept in the cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use cachedojo_judge::resemblance::{Fingerprint, Resemblance, compare};
use cachedojo_judge::{CheckOutcome, MutantSpec, judge};
use cachedojo_lab::subject::Subject;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};

use crate::intake::submission::{Submission, hex};
use crate::language::rust::build;
use crate::language::rust::toolbox::cache_folder;
use crate::pack::Pack;
use crate::run::bench::Bench;
use crate::run::wasm::{Limits, Program};

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
    let toolbox = bench.toolbox.name();
    let mut parts = vec![toolbox.as_bytes(), source.as_bytes()];
    parts.extend(build::adapter(bench.interface.kind).iter().map(|(_, text)| text.as_bytes()));
    let kept = kept("module", digest(Sha256::new(), &parts), "wasm")?;
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

/// Which rows of a mutant are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Those that its pack says kill it: what recognising it needs.
    Killers,
    /// All: what proves the pack.
    All,
}

/// How a pack's mutants fail under a seed, as far as somebody has asked before.
struct Memory<'a> {
    bench: &'a Bench<'a>,
    rows: Rows,
    seed: u64,
    /// Of everything that all fingerprints depend on.
    digest: Sha256,
}

impl<'a> Memory<'a> {
    fn new(bench: &'a Bench<'_>, rows: Rows, seed: u64) -> Result<Self> {
        let exercise = serde_json::to_vec(&bench.pack.exercise)?;
        let solution = bench.pack.files.get(SOLUTION).map_or("", String::as_str);
        let version = concat!(env!("CARGO_PKG_VERSION"), " ", env!("CACHEDOJO_SOURCES"));
        let toolbox = bench.toolbox.name();
        let parts = [toolbox.as_bytes(), version.as_bytes(), &exercise, solution.as_bytes(), &seed.to_le_bytes()];
        let digest = digest(Sha256::new(), &parts);
        Ok(Self { bench, rows, seed, digest })
    }

    fn place(&self, mutant: &MutantSpec) -> Result<PathBuf> {
        let patch = patch(self.bench.pack, &mutant.id)?;
        kept(
            "fingerprint",
            digest(self.digest.clone(), &[patch.as_bytes(), &[u8::from(self.rows == Rows::All)]]),
            "json",
        )
    }

    fn knows(&self, mutant: &MutantSpec) -> bool {
        self.place(mutant).is_ok_and(|place| place.is_file())
    }

    /// Cost: [`program`] and one judging the first time, a read from the cache later.
    fn fingerprint(&self, mutant: &MutantSpec) -> Result<Fingerprint> {
        let place = self.place(mutant)?;
        if let Some(known) = fs::read(&place).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok(known);
        }
        let program = program(self.bench, &mutant.id)?;
        let mut exercise = self.bench.pack.exercise.clone();
        if self.rows == Rows::Killers {
            exercise.checks.retain(|check| mutant.killed_by.contains(&check.id));
            // The pack says of every other row that the mutant passes it: what is given there is given.
            for case in exercise.checks.iter_mut().flat_map(|check| &mut check.cases) {
                case.given.retain(|id| mutant.killed_by.contains(id));
            }
        }
        let mut fresh = || Ok(Box::new(program.subject(Limits::default())) as Box<dyn Subject>);
        let fingerprint = Fingerprint::of(&judge(&exercise, self.seed, &mut fresh)?);
        keep(&place, &serde_json::to_vec(&fingerprint)?)?;
        Ok(fingerprint)
    }
}

/// How several mutants fail under a seed, in their order, found out on all cores; a bar shows how far it is where that takes
/// a while. Cost: of each [`program`] and one judging the first time, a read from the cache later.
///
/// # Errors
/// A mutant's are those of [`program`].
pub fn fingerprints(
    bench: &Bench<'_>,
    mutants: &[&MutantSpec],
    rows: Rows,
    seed: u64,
) -> Result<Vec<Result<Fingerprint>>> {
    let memory = Memory::new(bench, rows, seed)?;
    let bar = match mutants.iter().filter(|mutant| !memory.knows(mutant)).count() {
        0 | 1 => ProgressBar::hidden(),
        _ => ProgressBar::new(mutants.len() as u64),
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message("learning the known bugs (kept for next time)");
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(mutants.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = mutants.get(index) else { break };
                    let fingerprint = memory.fingerprint(mutant);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, fingerprint));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, fingerprint)| fingerprint).collect())
}

/// Which known bugs a submission with these outcomes is like. Only mutants that it may be like are looked at, so a perfect
/// submission costs nothing and a half-written one little.
///
/// # Errors
/// Those of [`fingerprints`].
pub fn resemblances(bench: &Bench<'_>, outcomes: &[CheckOutcome], seed: u64) -> Result<Vec<Resemblance>> {
    let submission = Fingerprint::of(outcomes);
    let mutants = bench.pack.exercise.mutants.iter();
    let (candidates, others): (Vec<_>, Vec<_>) = mutants.partition(|mutant| submission.may_be_like(mutant));
    let fingerprints = fingerprints(bench, &candidates, Rows::Killers, seed)?;
    let fingerprints: Vec<Fingerprint> = fingerprints.into_iter().collect::<Result<_>>()?;
    let pairs: Vec<_> = candidates.into_iter().zip(&fingerprints).collect();
    let unlike = others.into_iter().map(|mutant| Resemblance {
        mutant: mutant.id.clone(),
        detected: submission.detects(mutant),
        behaves_like: false,
    });
    Ok(compare(&submission, &pairs).into_iter().chain(unlike).collect())
}

fn digest(mut digest: Sha256, parts: &[&[u8]]) -> Sha256 {
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest
}

fn kept(kind: &str, digest: Sha256, extension: &str) -> Result<PathBuf> {
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
