//! Tests as submissions: run on right caches first, then on caches with a bug each. What fails on a right one does not count;
//! a requirement's points are those of its bugs that a test tells.

mod confirm;
mod likely;
mod results;
#[cfg(test)]
mod tests;
mod turns;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use cachedojo_judge::Report;
use cachedojo_judge::pack::{CodeLanguage, MutantSpec};
use cachedojo_judge::report::{GradeVerdict, SubmissionId};
use cachedojo_notation::text::Language;

use crate::host::printable::{clip, harmless};
use crate::intake::diagnostic;
use crate::intake::submission::Submission;
use crate::language;
use crate::language::suite::{CALLS_HEAVY, COST_MS_MAX, Ended, Ran, Suite, Test, TestOutcome, TestRun};
use crate::language::toolchain::{Reason, Rejected};
use crate::run::bench::Bench;
use crate::run::identity::grader;
use crate::run::{mutants, parent};
use results::{Bug, Found, Known};
use turns::Turns;
use words::Unfit;

/// The folder of the pack with the right caches.
const RIGHT: &str = "right";
/// The seeds of the caches' threads under which right caches are tried.
const SEEDS: [u64; 2] = [1, 2];
/// Up to here bugs are tried: what comes after says so. The rest is left for trying again what was told.
const COST_MS_TRY: u64 = 40_000;
/// Tests of many calls are run by themselves, after all others, in the time that is left up to here.
const COST_MS_HEAVY: u64 = 42_000;
/// How many tests are left out, one after the other, because nothing after them is run.
const LOST_MAX: usize = 6;

/// Grades tests.
///
/// # Errors
/// The pack is unsound, or the grader itself failed.
pub(super) fn grade(bench: &Bench<'_>, submission: &Submission, seed: u64, language: Language) -> Result<Report> {
    let id = SubmissionId { path: submission.path.clone(), sha256: submission.sha256.clone(), files: Vec::new() };
    let code = submission.language;
    let caches = caches(bench, code)?;
    if bench.apart {
        // What is made once on a machine is made there: its time is not the submission's.
        parent::prepare(code)?;
    }
    let suite = match language::open_suite(submission, &caches, bench.protection) {
        Ok(suite) => suite,
        Err(rejected) => return Ok(rejection(bench, id, seed, code.name(), with_sources(rejected, submission))),
    };
    if bench.apart {
        parent::now_running()?;
    }
    let mut grading = Grading::new(bench, &*suite, code);
    let drawn = u8::from_str_radix(submission.sha256.get(..2).unwrap_or_default(), 16).unwrap_or(0);
    match grading.run(drawn) {
        Ok(()) => Ok(grading.found.report(&bench.pack.exercise, &*suite, (id, seed), submission, language)),
        Err(rejected) => Ok(rejection(bench, id, seed, suite.backend(), rejected)),
    }
}

/// Makes what is made once on a machine for tests in a language.
///
/// # Errors
/// The pack is unsound, or this machine lacks what that needs.
pub(super) fn prepare(bench: &Bench<'_>, code: CodeLanguage) -> Result<()> {
    Ok(language::prepare_suite(code, &caches(bench, code)?, bench.protection)?)
}

/// The right caches by their files, and those with a bug each by its name.
fn caches(bench: &Bench<'_>, code: CodeLanguage) -> Result<BTreeMap<String, String>> {
    let mut caches = bench.pack.part(RIGHT, code);
    ensure!(caches.len() > 1, "the pack's folder `{RIGHT}` needs two right caches in {} at least", code.name());
    for spec in bench.pack.exercise.mutants.iter().filter(|spec| spec.speaks(code)) {
        caches.insert(spec.id.clone(), mutants::patched(bench.pack, RIGHT, code, &spec.id)?);
    }
    Ok(caches)
}

fn with_sources(mut rejected: Rejected, submission: &Submission) -> Rejected {
    let found = rejected.diagnostics.into_iter();
    rejected.diagnostics = found.map(|found| diagnostic::with_source(found, &submission.files)).collect();
    rejected
}

fn rejection(bench: &Bench<'_>, id: SubmissionId, seed: u64, backend: &str, rejected: Rejected) -> Report {
    let verdict = match rejected.reason {
        Reason::BuildFailed => GradeVerdict::BuildFailed,
        Reason::Forbidden => GradeVerdict::Forbidden,
        Reason::HarnessError => GradeVerdict::HarnessError,
    };
    Report::without_checks(&bench.pack.exercise, verdict, seed, id, grader(backend), rejected.diagnostics)
}

/// How a bug's tests were run together.
struct Together {
    /// The tests that were left out.
    but: BTreeSet<String>,
    /// Those that were run last.
    heavy: BTreeSet<String>,
}

/// A grading under way.
struct Grading<'a> {
    bench: &'a Bench<'a>,
    suite: &'a dyn Suite,
    /// What the tests are written in.
    code: CodeLanguage,
    found: Found<'a>,
    /// Tests that told a bug once and not again.
    doubtful: BTreeSet<String>,
    /// The few tests that a right cache has met together.
    together: BTreeSet<BTreeSet<String>>,
    /// How many bugs were looked at to find out why, and whether it is chance.
    probes: usize,
    cost_ms: u64,
}

impl<'a> Grading<'a> {
    fn new(bench: &'a Bench<'_>, suite: &'a dyn Suite, code: CodeLanguage) -> Self {
        Self {
            bench,
            suite,
            code,
            found: Found::default(),
            doubtful: BTreeSet::new(),
            together: BTreeSet::new(),
            probes: 0,
            cost_ms: 0,
        }
    }

    /// Whether the tests may count for more, of so many milliseconds.
    fn has_time(&self, cost_ms_max: u64) -> bool {
        self.cost_ms < cost_ms_max
    }

    /// Tells whoever waits for the report how many caches with a bug have been tried.
    fn tell_progress(&self, tried: usize, of: usize) -> Result<(), Rejected> {
        if !self.bench.apart {
            return Ok(());
        }
        parent::progress(tried, of).map_err(|error| Rejected::harness(&format!("{error:#}")))
    }

    /// Right caches first, then those with a bug, then right ones again. A test sees which others are run beside it and in which
    /// order: so a right cache is tried amid those with a bug, and one at last, exactly as these are.
    fn run(&mut self, drawn: u8) -> Result<(), Rejected> {
        let right: Vec<String> = self.bench.pack.part(RIGHT, self.code).into_keys().collect();
        let none = BTreeSet::new();
        // Tests of many calls meet the first right cache here, the others amid the bugs that they are tried on.
        let mut heavy = BTreeSet::new();
        for (cache, seed) in right.iter().zip(SEEDS.into_iter().cycle()) {
            self.try_right(cache, seed, &(&self.endless() | &heavy), &none)?;
            heavy = self.named(|test| test.passed && test.unfit.is_none() && test.calls > CALLS_HEAVY);
        }
        for (cache, seed) in right.iter().zip(SEEDS.into_iter().cycle().skip(1)) {
            self.try_right(cache, seed, &(&self.endless() | &heavy), &none)?;
        }
        let light = Together { but: &self.skipped() | &heavy, heavy: BTreeSet::new() };
        let counts = |test: &Known| test.passed && test.unfit.is_none();
        let any_light = self.found.tests.iter().any(|(name, test)| counts(test) && !heavy.contains(name));
        let any = self.found.tests.values().any(counts);
        let code = self.code;
        let bugs = self.bench.pack.exercise.mutants.iter().filter(|spec| spec.speaks(code));
        self.found.bugs = bugs.map(|spec| Bug { spec, killers: Vec::new(), tried: !any }).collect();
        let mut turns = Turns::of(self.found.bugs.iter().map(|bug| bug.spec));
        let (amid, count) = (usize::from(drawn) % self.found.bugs.len().max(1), self.found.bugs.len());
        for turn in 0..if any_light { count } else { 0 } {
            if turn == amid {
                self.try_right(&right[0], SEEDS[0], &light.but, &light.heavy)?;
            }
            self.tell_progress(turn + 1, count)?;
            if let Some(bug) = turns.next().filter(|_| self.has_time(COST_MS_TRY)) {
                let killers = self.killers_of(self.found.bugs[bug].spec, &light, &right[0])?;
                self.found.bugs[bug].killers = killers.into_iter().collect();
                self.found.bugs[bug].tried = true;
            }
        }
        // Of these, one that tells a bug is enough.
        let alone = Together { but: self.all_but(&heavy), heavy: heavy.clone() };
        if !heavy.is_empty() {
            self.try_heavy(&alone, &right, amid)?;
        }
        self.confirm(&light, &alone, amid)?;
        self.note_doubtful();
        // A test that fails by chance, or after so many runs, has failed on bugs that it does not see: it shows now.
        let but = &self.skipped() | &heavy;
        for cache in &right[..right.len() - 1] {
            self.try_right(cache, SEEDS[0], &but, &none)?;
        }
        self.try_right(&right[right.len() - 1], SEEDS[0], &light.but, &light.heavy)?;
        self.drop_unfit();
        self.look_for_chance(&right[0])?;
        if self.found.by_chance {
            self.confirm_often(&right)?;
        }
        for bug in &self.found.bugs {
            for name in &bug.killers {
                self.found.tests.entry(name.clone()).or_default().kills += 1;
            }
        }
        Ok(())
    }

    /// Tests of many calls, by themselves, on the bugs that no other test has told: they take no time from the others. The right
    /// caches that they have not met yet come amid them and at last.
    fn try_heavy(&mut self, alone: &Together, right: &[String], amid: usize) -> Result<(), Rejected> {
        let untold: Vec<usize> =
            (0..self.found.bugs.len()).filter(|&bug| self.found.bugs[bug].killers.is_empty()).collect();
        let mut turns = Turns::of(untold.iter().map(|&bug| self.found.bugs[bug].spec));
        let (mut left_out, count) = (false, untold.len());
        for turn in 0..count {
            if turn == amid % count {
                self.try_right(&right[1], SEEDS[0], &alone.but, &alone.heavy)?;
            }
            self.tell_progress(turn + 1, count)?;
            let Some(at) = turns.next() else { break };
            if self.has_time(COST_MS_HEAVY) {
                let bug = untold[at];
                let killers = self.try_bug(self.found.bugs[bug].spec, &alone.but, &alone.heavy)?;
                if !killers.is_empty() {
                    turns.go_on_with(at);
                }
                self.found.bugs[bug].killers = killers.into_iter().collect();
                self.found.bugs[bug].tried = true;
            } else {
                left_out = true;
            }
        }
        for (cache, seed) in right[2..].iter().zip(SEEDS.into_iter().cycle().skip(1)) {
            self.try_right(cache, seed, &alone.but, &alone.heavy)?;
        }
        for name in alone.heavy.iter().filter(|_| left_out) {
            self.found.tests.entry(name.clone()).or_default().is_slow = true;
        }
        Ok(())
    }

    fn skipped(&self) -> BTreeSet<String> {
        self.named(|test| test.unfit.is_some() || !test.passed)
    }

    /// Tests that do not end are not run again on right caches; those that failed are, since they may fail by chance only.
    fn endless(&self) -> BTreeSet<String> {
        self.named(Known::is_endless)
    }

    fn named(&self, is_so: impl Fn(&Known) -> bool) -> BTreeSet<String> {
        self.found.tests.iter().filter(|(_, test)| is_so(test)).map(|(name, _)| name.clone()).collect()
    }

    /// Runs all tests but those on a cache; again without the last one where nothing came after it.
    fn ran(
        &mut self,
        cache: &str,
        seed: u64,
        but: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<Vec<TestRun>, Rejected> {
        let mut skip = but.clone();
        let mut runs = Vec::new();
        for _ in 0..LOST_MAX {
            let left_ms = COST_MS_MAX.saturating_sub(self.cost_ms);
            let (ran, cost_ms) =
                self.suite.run(cache, seed, &skip, heavy, left_ms).map_err(|reason| Rejected::harness(&reason))?;
            self.cost_ms += cost_ms;
            let run = match ran {
                Ran::Tests(run) => run,
                Ran::Forbidden(what) => {
                    let told = format!("the tests do what no test has to do: one {what}");
                    return Err(Rejected::new(Reason::Forbidden, vec![diagnostic::general(&told)]));
                }
                Ran::Lost(why) => return Err(Rejected::new(Reason::BuildFailed, vec![diagnostic::general(&why)])),
            };
            let (ended, last) = (run.ended, run.last.clone());
            skip.extend(run.tests.iter().map(|test| test.name.clone()));
            runs.push(run);
            if ended == Ended::Done || last.is_empty() {
                break;
            }
        }
        Ok(runs)
    }

    fn try_right(
        &mut self,
        cache: &str,
        seed: u64,
        but: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<(), Rejected> {
        for run in self.ran(cache, seed, but, heavy)? {
            if !run.errors.is_empty() {
                let diagnostics = run.errors.iter().map(|(file, text)| {
                    let (file, line) = words::place(file);
                    diagnostic::at(file, line, 0, &words::not_read(text))
                });
                return Err(Rejected::new(Reason::BuildFailed, diagnostics.collect()));
            }
            // Where the cache has ended (see `Ended::Broken`) the last test has failed like any other.
            let lost = matches!(run.ended, Ended::Deadlock | Ended::Steps).then(|| run.last.clone());
            for test in &run.tests {
                let lost = lost.as_ref() == Some(&test.name);
                self.note(cache, test, lost.then_some(&run));
            }
        }
        Ok(())
    }

    /// Notes what came of a test on a right cache. `lost` is the run that it brought to its end.
    fn note(&mut self, cache: &str, test: &Test, lost: Option<&TestRun>) {
        let known = self.found.tests.entry(test.name.clone()).or_default();
        known.line = test.line;
        known.calls = known.calls.max(test.calls);
        known.operations.clone_from(&test.operations);
        if lost.is_none() && test.outcome == TestOutcome::Skipped {
            known.skipped = Some(test.text.clone());
        }
        let text = words::with_import(&clip(&harmless(words::without_mark(&test.text)), 600));
        let failed = lost.is_none() && test.outcome == TestOutcome::Failed;
        let other = match lost {
            Some(run) if run.ended == Ended::Deadlock => {
                Some(Unfit::Deadlock(clip(&harmless(&run.waits.join("; ")), 600)))
            }
            Some(_) => Some(Unfit::Endless),
            None => failed.then_some(Unfit::Wrong(text)),
        };
        // No time passes for a cache while a test sleeps, so that is often why it fails, or does not end.
        let unfit = if test.slept > 0 { Some(Unfit::Sleeps(other.map(Box::new))) } else { other };
        let passes = unfit.is_none() && test.outcome == TestOutcome::Passed;
        known.passed |= passes;
        let seen = known.on.entry(cache.to_owned()).or_default();
        seen.passed |= passes;
        seen.failed |= failed;
        known.unfit = match known.unfit.take().or(unfit) {
            Some(Unfit::Wrong(text) | Unfit::Picky(text) | Unfit::Flaky(text)) => Some(known.fails(text)),
            other => other,
        };
    }

    /// The tests that tell a bug.
    fn try_bug(
        &mut self,
        spec: &MutantSpec,
        but: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Rejected> {
        self.failed(&spec.id, SEEDS[0], but, heavy)
    }

    /// The tests that fail on a cache.
    fn failed(
        &mut self,
        cache: &str,
        seed: u64,
        but: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Rejected> {
        let mut names = BTreeSet::new();
        for run in self.ran(cache, seed, but, heavy)? {
            let lost = (run.ended != Ended::Done).then(|| run.last.clone());
            let failed = run
                .tests
                .iter()
                .filter(|test| test.outcome == TestOutcome::Failed || lost.as_ref() == Some(&test.name));
            names.extend(failed.map(|test| test.name.clone()));
        }
        Ok(names)
    }
}
