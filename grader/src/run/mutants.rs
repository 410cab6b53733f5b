//! Known bugs: the pack's solution with a patch, built and judged by the same pipeline as a submission.
//!
//! A mutant's module and its fingerprint (how it fails) depend only on the pack, the grader and the toolchain, so both are kept
//! in the cache folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::resemblance::{Fingerprint, Resemblance, compare};
use cachedojo_judge::run::Fresh;
use cachedojo_judge::{CheckOutcome, MutantSpec, Verdict, judge, probe};
use indicatif::{ProgressBar, ProgressStyle};

use crate::host;
use crate::host::cache;
use crate::host::digest::PartsDigest;
use crate::host::outcome::{say, told};
use crate::intake::submission::Submission;
use crate::language::toolchain::{Factory, Limits};
use crate::pack::Pack;
use crate::run::bench::Bench;
use crate::run::parent;

/// A mutant's patch in its pack.
///
/// # Errors
/// The pack has none of that name.
pub fn patch<'a>(pack: &'a Pack, language: CodeLanguage, id: &str) -> Result<&'a str> {
    let path = pack.patch_path(id, language);
    pack.files.get(&path).map(String::as_str).with_context(|| format!("the pack has no {path}: add the patch"))
}

/// A mutant's files: the solution's with its patch applied, which may change several of them.
///
/// # Errors
/// The patch is malformed, or does not fit the solution any more.
pub fn files(pack: &Pack, language: CodeLanguage, id: &str) -> Result<BTreeMap<String, String>> {
    let mut files = pack.part("solution", language);
    ensure!(!files.is_empty(), "the pack has no solution in {}: add it", language.name());
    let path = pack.patch_path(id, language);
    let text = patch(pack, language, id)?;
    let parts = parts(text);
    // An empty patch changes nothing: the course's sound program is the unchanged solution.
    let is_diff = !parts.is_empty() || text.is_empty();
    ensure!(is_diff, "{path} is no unified diff: make it with `diff -u` or `git diff`");
    for part in parts {
        let patch = diffy::Patch::from_str(&part).with_context(|| format!("{path} is no unified diff"))?;
        let named = patch.modified().map_or("", |name| name.strip_prefix("b/").unwrap_or(name));
        let name = file_named(named, files.keys()).unwrap_or_else(|| named.to_owned());
        let Some(file) = files.get_mut(&name) else {
            bail!("{path} changes `{name}`, which is no file of the solution: make it anew");
        };
        *file = diffy::apply(file, &patch)
            .with_context(|| format!("{path} does not fit `{name}` of the solution any more: make it anew"))?;
    }
    Ok(files)
}

/// The file of a solution that a patch names: as it is, or below whatever folder `diff -u solution/src/lib.rs wrong/src/lib.rs`
/// was told. The longest name that fits.
fn file_named<'a>(named: &str, files: impl Iterator<Item = &'a String>) -> Option<String> {
    let fits =
        |file: &&String| named.strip_suffix(file.as_str()).is_some_and(|home| home.is_empty() || home.ends_with('/'));
    files.filter(fits).max_by_key(|file| file.len()).cloned()
}

/// The source of a cache with a bug, for tests to find: the patch names the right cache in `folder` that it changes.
///
/// # Errors
/// The patch is malformed, or does not fit any more.
pub fn patched(pack: &Pack, folder: &str, language: CodeLanguage, id: &str) -> Result<String> {
    let (path, files) = (pack.patch_path(id, language), pack.part(folder, language));
    let text = patch(pack, language, id)?;
    let [part] = &parts(text)[..] else { bail!("{path} is no unified diff of one file: make it anew") };
    let patch = diffy::Patch::from_str(part).with_context(|| format!("{path} is no unified diff"))?;
    let name = patch.modified().map_or("", |name| name.trim_start_matches("b/"));
    let name = name.rsplit('/').next().unwrap_or_default();
    let right = files.get(name).with_context(|| format!("{path} changes `{name}`, which is not in `{folder}`"))?;
    diffy::apply(right, &patch).with_context(|| format!("{path} does not fit `{name}` any more: make it anew"))
}

/// The parts of a unified diff, one for each file: each begins with a line `--- …` before a line `+++ …`. What tools write around
/// them (`diff --git …`, `index …`, a message) is left out. An empty line is an empty context line whose blank an editor has
/// removed.
fn parts(patch: &str) -> Vec<String> {
    // The last line may have lost its line end, and empty lines after it; their blanks are added again below.
    let lines: Vec<&str> = patch.lines().chain([""; CONTEXT_MAX]).collect();
    let mut parts: Vec<String> = Vec::new();
    let (mut old, mut new) = (0_usize, 0_usize);
    for (index, line) in lines.iter().enumerate() {
        let inside = old > 0 || new > 0;
        let begins = line.starts_with("--- ") && lines.get(index + 1).is_some_and(|next| next.starts_with("+++ "));
        if begins && !inside {
            parts.push(String::new());
        }
        let Some(part) = parts.last_mut() else { continue };
        let sign = line.chars().next().unwrap_or(' ');
        if inside {
            match sign {
                '+' => new = new.saturating_sub(1),
                '-' => old = old.saturating_sub(1),
                ' ' => (old, new) = (old.saturating_sub(1), new.saturating_sub(1)),
                _ => continue,
            }
        } else if let Some(counts) = line.strip_prefix("@@ -").and_then(counts) {
            (old, new) = counts;
        } else if !begins && !line.starts_with("+++ ") {
            continue;
        }
        part.push_str(if line.is_empty() { " " } else { line });
        part.push('\n');
    }
    parts
}

/// The usual number of unchanged lines around a change.
const CONTEXT_MAX: usize = 3;

/// How many lines of the old and of the new file follow a hunk's head `1,5 +1,6 @@`, which comes without its first
/// sign.
fn counts(head: &str) -> Option<(usize, usize)> {
    let mut ranges = head.split(" @@").next()?.split(" +");
    let mut count = || {
        let range = ranges.next()?;
        range.split_once(',').map_or(Some(1), |(_, count)| count.parse().ok())
    };
    Some((count()?, count()?))
}

/// A mutant's artifact and its factory. Cost: a build the first time, later a read from the cache.
///
/// # Errors
/// The patch does not fit, or its result does not build: mutants belong to the pack, so both are its mistakes.
pub fn made(bench: &Bench<'_>, language: CodeLanguage, id: &str) -> Result<(Vec<u8>, Arc<dyn Factory>)> {
    let submission = Submission::of(language, id, files(bench.pack, language, id)?)
        .with_context(|| format!("the mutant `{id}` has no file to begin with"))?;
    let toolchain = bench.toolchain(language)?;
    let identity = toolchain.identity();
    let kept =
        cached_path("module", PartsDigest::default().with(&[identity.as_bytes(), submission.sha256.as_bytes()]), "bin");
    if let Some(artifact) = cache::read_kept(&kept)
        && let Some(factory) = toolchain.revive(&artifact)
    {
        return Ok((artifact, factory));
    }
    let built = bench.build(&submission).with_context(|| format!("the mutant `{id}`"))?;
    cache::keep(&kept, &built.artifact);
    Ok((built.artifact, built.factory))
}

/// A mutant's factory. Cost: that of [`made`].
///
/// # Errors
/// Those of [`made`].
pub fn factory(bench: &Bench<'_>, language: CodeLanguage, id: &str) -> Result<Arc<dyn Factory>> {
    Ok(made(bench, language, id)?.1)
}

/// Which checks of a mutant are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Those that its pack lists as killers: enough to recognise it.
    Killers,
    /// All: to prove the pack.
    All,
    /// All, those that the mutant passes according to its pack under a few schedules: to prove many packs in a time that one waits for.
    AllBriefly,
}

/// Under how many schedules a case of a row that a mutant passes according to its pack is tried.
const SCHEDULES_OF_PASSED: u32 = 10;

/// The fingerprints of a pack's mutants under a seed, as far as they were needed before.
struct Memory<'a> {
    bench: &'a Bench<'a>,
    language: CodeLanguage,
    rows: Rows,
    seed: u64,
    /// A digest of everything that all fingerprints depend on.
    digest: PartsDigest,
}

impl<'a> Memory<'a> {
    fn new(bench: &'a Bench<'_>, language: CodeLanguage, rows: Rows, seed: u64) -> Result<Self> {
        let exercise = serde_json::to_vec(&bench.pack.exercise)?;
        let solution = serde_json::to_vec(&bench.pack.part("solution", language))?;
        let version = concat!(env!("CARGO_PKG_VERSION"), " ", env!("CACHEDOJO_SOURCES"));
        let identity = bench.toolchain(language)?.identity();
        let parts = [identity.as_bytes(), version.as_bytes(), &exercise, &solution, &seed.to_le_bytes()];
        let digest = PartsDigest::default().with(&parts);
        Ok(Self { bench, language, rows, seed, digest })
    }

    fn place(&self, mutant: &MutantSpec) -> Result<PathBuf> {
        let patch = patch(self.bench.pack, self.language, &mutant.id)?;
        let rows = [self.rows as u8];
        Ok(cached_path("fingerprint", self.digest.clone().with(&[patch.as_bytes(), &rows]), "json"))
    }

    fn knows(&self, mutant: &MutantSpec) -> bool {
        self.place(mutant).is_ok_and(|place| cache::find(&place.to_string_lossy()).is_some())
    }

    /// Cost: [`factory`] and judging once the first time, later a read from the cache.
    fn fingerprint(&self, mutant: &MutantSpec) -> Result<Fingerprint> {
        let place = self.place(mutant)?;
        if let Some(known) = cache::read_kept(&place).and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok(known);
        }
        let factory = factory(self.bench, self.language, &mutant.id)?;
        let mut exercise = self.bench.pack.exercise.clone();
        if self.rows == Rows::Killers {
            exercise.checks.retain(|check| mutant.killed_by.contains(&check.id));
            // According to the pack the mutant passes every other check, so cases that depend on those are run.
            for case in exercise.checks.iter_mut().flat_map(|check| &mut check.cases) {
                case.retain_given(|id| mutant.killed_by.contains(id));
            }
        }
        if self.rows == Rows::AllBriefly {
            for check in exercise.checks.iter_mut().filter(|check| !mutant.killed_by.contains(&check.id)) {
                check.schedules = check.schedules.min(SCHEDULES_OF_PASSED);
            }
        }
        let mut fresh = || factory.subject(&Limits::default()).map_err(|error| error.to_string());
        let outcomes = judge(&exercise, self.seed, &mut fresh)?;
        // A failure of this machine is not a property of the mutant, and must not be cached.
        let broken = outcomes.iter().find(|outcome| outcome.verdict == Verdict::HarnessError);
        if let Some(case) = broken.and_then(CheckOutcome::first_failure) {
            bail!(
                "{}",
                case.divergence.as_ref().map_or("the grader failed".to_owned(), |found| found.actual.to_string())
            );
        }
        let rows = mutant.killed_by.iter().map(String::as_str).collect();
        let probes = probe(&self.bench.pack.exercise, &rows, self.seed, &mut fresh)?;
        let fingerprint = Fingerprint::of(&outcomes).with(&probes);
        cache::keep(&place, &serde_json::to_vec(&fingerprint)?);
        Ok(fingerprint)
    }
}

/// What is told meanwhile.
const LEARNING: &str = "learning the known bugs (kept for next time) …";

/// The fingerprints of several mutants under a seed, in their order, computed on all cores; a bar shows the progress if it takes
/// a while. Cost for each: [`factory`] and judging once the first time, later a read from the cache.
///
/// # Errors
/// For a mutant those of [`factory`].
pub fn fingerprints(
    bench: &Bench<'_>,
    language: CodeLanguage,
    mutants: &[&MutantSpec],
    rows: Rows,
    seed: u64,
) -> Result<Vec<Result<Fingerprint>>> {
    let memory = Memory::new(bench, language, rows, seed)?;
    let unknown = mutants.iter().filter(|mutant| !memory.knows(mutant)).count();
    let bar = match unknown {
        0 | 1 => ProgressBar::hidden(),
        _ => ProgressBar::new(mutants.len() as u64),
    };
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(told(LEARNING));
    if bar.is_hidden() && unknown > 1 {
        // Where no bar can be drawn.
        say(LEARNING);
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = host::workers(None);
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
    cache::bound::clean(cache::bound::MODULES);
    cache::bound::clean(cache::bound::FINGERPRINTS);
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, fingerprint)| fingerprint).collect())
}

/// The known bugs that a submission with these outcomes resembles. Only mutants that it may resemble are examined, so a perfect
/// submission costs nothing and a half-written one little; then it is asked the probes of their rows too.
///
/// # Errors
/// Those of [`fingerprints`].
pub fn resemblances(
    bench: &Bench<'_>,
    language: CodeLanguage,
    outcomes: &[CheckOutcome],
    seed: u64,
    fresh: &mut Fresh<'_>,
) -> Result<Vec<Resemblance>> {
    let mut submission = Fingerprint::of(outcomes);
    let mutants = bench.pack.exercise.mutants.iter().filter(|mutant| mutant.speaks(language));
    let (candidates, others): (Vec<_>, Vec<_>) = mutants.partition(|mutant| submission.may_be_like(mutant));
    let was_run = |id: &&str| outcomes.iter().any(|outcome| outcome.id == *id && !outcome.cases.is_empty());
    let rows = candidates.iter().flat_map(|mutant| &mutant.killed_by).map(String::as_str).filter(was_run).collect();
    submission = submission.with(&probe(&bench.pack.exercise, &rows, seed, fresh)?);
    let fingerprints = if bench.apart {
        parent::ask(language, &candidates)?
    } else {
        fingerprints(bench, language, &candidates, Rows::Killers, seed)?
    };
    let fingerprints: Vec<Fingerprint> = fingerprints.into_iter().collect::<Result<_>>()?;
    let pairs: Vec<_> = candidates.into_iter().zip(&fingerprints).collect();
    let unlike = others.into_iter().map(|mutant| Resemblance {
        mutant: mutant.id.clone(),
        detected: submission.detects(mutant),
        behaves_like: false,
    });
    Ok(compare(&submission, &pairs).into_iter().chain(unlike).collect())
}

/// The name in the cache.
fn cached_path(kind: &str, digest: PartsDigest, extension: &str) -> PathBuf {
    Path::new("mutants").join(kind).join(format!("{}.{extension}", digest.hex()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::DEFAULT_ID;

    /// A pack of two languages, with a mutant whose patch changes two files in one of them.
    fn pack() -> Pack {
        let mut pack = Pack::load(DEFAULT_ID).expect("a sound pack");
        pack.exercise.languages = vec![CodeLanguage::Rust, CodeLanguage::Python];
        let patch = "--- a/main.py\n+++ b/main.py\n@@ -1 +1 @@\n-one\n+1\n--- a/more/two.py\n+++ b/more/two.py\n@@ -1 +1 @@\n-two\n+2\n";
        pack.files = BTreeMap::from(
            [
                ("solution/python/main.py", "one\n"),
                ("solution/python/more/two.py", "two\n"),
                ("solution/rust/src/lib.rs", "three\n"),
                ("mutants/python/m.patch", patch),
                ("mutants/rust/m.patch", "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1 +1 @@\n-other\n+3\n"),
                ("mutants/rust/n.patch", "--- a/src/gone.rs\n+++ b/src/gone.rs\n@@ -1 +1 @@\n-three\n+3\n"),
            ]
            .map(|(path, text)| (path.to_owned(), text.to_owned())),
        );
        pack
    }

    #[test]
    fn a_patch_may_change_several_files_and_each_language_has_its_own() {
        let files = files(&pack(), CodeLanguage::Python, "m").expect("it fits");
        assert_eq!(
            files,
            [("main.py", "1\n"), ("more/two.py", "2\n")].map(|(a, b)| (a.to_owned(), b.to_owned())).into()
        );
    }

    #[test]
    fn a_patch_may_name_the_folders_that_diff_was_told() {
        let files: Vec<String> = ["lib.rs", "src/lib.rs", "src/a/lib.rs"].map(str::to_owned).into();
        for (named, file) in [
            ("src/lib.rs", Some("src/lib.rs")),
            ("wrong/src/lib.rs", Some("src/lib.rs")),
            ("/home/ada/wrong/src/a/lib.rs", Some("src/a/lib.rs")),
            ("wrong/lib.rs", Some("lib.rs")),
            ("wrong-src/lib.rs", Some("lib.rs")),
            ("wrong/main.rs", None),
            ("xlib.rs", None),
        ] {
            assert_eq!(file_named(named, files.iter()).as_deref(), file, "{named}");
        }
    }

    #[test]
    fn a_patch_that_does_not_fit_says_which_and_where() {
        let said = |id: &str| format!("{:#}", files(&pack(), CodeLanguage::Rust, id).expect_err("it does not fit"));
        assert!(said("m").starts_with("mutants/rust/m.patch does not fit `src/lib.rs` of the solution any more"));
        assert!(said("n").starts_with("mutants/rust/n.patch changes `src/gone.rs`, which is no file of the solution"));
        assert!(said("o").starts_with("the pack has no mutants/rust/o.patch"));
    }
}
