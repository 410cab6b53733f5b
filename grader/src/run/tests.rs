//! Tests as submissions: run on right caches first, then on caches with a bug each. A test that fails on a right cache does not
//! count; a requirement's points are for those of its bugs that a test finds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Result, ensure};
use cachedojo_judge::pack::{Check, CodeLanguage, MutantSpec};
use cachedojo_judge::report::{CheckReport, GradeVerdict, MutantReport, SubmissionId};
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;

use crate::host::budget;
use crate::host::printable::{clip, harmless};
use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::Submission;
use crate::language;
use crate::language::suite::{CALLS_HEAVY, Ended, Ran, Suite, Test, TestOutcome, TestRun};
use crate::language::toolchain::{Reason, Rejected};
use crate::run::bench::Bench;
use crate::run::grading::grader;
use crate::run::{mutants, parent};

/// The folder of the pack with the right caches.
const RIGHT: &str = "right";
/// The seeds of the caches' threads with which right caches are tried.
const SEEDS: [u64; 2] = [1, 2];
/// Processor time of a whole grading, in milliseconds: bugs that come after it are not tried, and the report says so.
const CPU_MS_MAX: u64 = 55_000;
/// How many of its bugs each test must find a second time.
const CONFIRMATIONS: u32 = 2;
/// How many tests that end the run are left out, one after the other, so that the tests after them are run.
const LOST_MAX: usize = 6;

/// Grades tests.
///
/// # Errors
/// The pack is invalid, or the grader itself failed.
pub(super) fn grade(bench: &Bench<'_>, submission: &Submission, seed: u64, language: Language) -> Result<Report> {
    let id = SubmissionId { path: submission.path.clone(), sha256: submission.sha256.clone(), files: Vec::new() };
    let code = submission.language;
    let caches = caches(bench, code)?;
    if bench.apart {
        // Things that are made once on a machine are made by the parent process, so their time is not charged to the
        // submission.
        parent::prepare(code)?;
    }
    let suite = match language::open_suite(submission, &caches, bench.protection) {
        Ok(suite) => suite,
        Err(rejected) => return Ok(rejection(bench, id, seed, code.name(), with_sources(rejected, submission))),
    };
    if bench.apart {
        parent::now_running()?;
    }
    let mut grading = Grading::new(bench, &*suite, code, language);
    match grading.run() {
        Ok(()) => Ok(grading.report(id, seed, submission)),
        Err(rejected) => Ok(rejection(bench, id, seed, suite.backend(), rejected)),
    }
}

/// Makes what tests in a language need once on a machine.
///
/// # Errors
/// The pack is invalid, or this machine lacks something.
pub(super) fn prepare(bench: &Bench<'_>, code: CodeLanguage) -> Result<()> {
    Ok(language::prepare_suite(code, &caches(bench, code)?, bench.protection)?)
}

/// The right caches by their files' names, and the caches with a bug by the bugs' names.
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

/// Why a test does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unfit {
    /// It fails on a right cache, every time.
    Wrong(String),
    /// It sometimes fails on right caches.
    Flaky(String),
    /// It does not end.
    Endless,
    /// Its threads wait for each other for ever.
    Deadlock(String),
    /// It sleeps.
    Sleeps,
}

impl Unfit {
    fn sentence(&self, language: Language) -> String {
        match (self, language) {
            (Self::Wrong(text), Language::English) => {
                format!("this test fails on a right cache, so it does not count: {text}")
            }
            (Self::Wrong(text), Language::French) => {
                format!("ce test échoue sur un cache juste, il ne compte donc pas : {text}")
            }
            (Self::Flaky(text), Language::English) => {
                format!("this test fails on right caches now and then, so it does not count: {text}")
            }
            (Self::Flaky(text), Language::French) => {
                format!("ce test échoue parfois sur des caches justes, il ne compte donc pas : {text}")
            }
            (Self::Endless, Language::English) => "this test does not come to an end, so it does not count".to_owned(),
            (Self::Endless, Language::French) => "ce test ne se termine pas, il ne compte donc pas".to_owned(),
            (Self::Deadlock(waits), Language::English) => {
                format!("the threads of this test wait for each other for ever, so it does not count: {waits}")
            }
            (Self::Deadlock(waits), Language::French) => {
                format!("les threads de ce test s'attendent sans fin, il ne compte donc pas : {waits}")
            }
            (Self::Sleeps, Language::English) => {
                "this test sleeps, so it does not count: move the clock instead".to_owned()
            }
            (Self::Sleeps, Language::French) => {
                "ce test dort, il ne compte donc pas : avancez plutôt l'horloge".to_owned()
            }
        }
    }
}

/// What is known about one test.
#[derive(Debug, Clone, Default)]
struct Known {
    line: u32,
    unfit: Option<Unfit>,
    passed: bool,
    calls: u64,
    /// The calls of each of its threads.
    operations: Vec<u64>,
    kills: usize,
}

/// The result for one bug.
#[derive(Debug)]
struct Bug<'a> {
    spec: &'a MutantSpec,
    /// The tests that found it; empty if it survives.
    killers: Vec<String>,
    /// Whether it was tried.
    tried: bool,
}

/// A grading in progress.
struct Grading<'a> {
    bench: &'a Bench<'a>,
    suite: &'a dyn Suite,
    /// The tests' language, and the report's.
    code: CodeLanguage,
    language: Language,
    tests: BTreeMap<String, Known>,
    bugs: Vec<Bug<'a>>,
    cpu_ms: u64,
}

impl<'a> Grading<'a> {
    fn new(bench: &'a Bench<'_>, suite: &'a dyn Suite, code: CodeLanguage, language: Language) -> Self {
        let (tests, bugs) = (BTreeMap::new(), Vec::new());
        Self { bench, suite, code, language, tests, bugs, cpu_ms: 0 }
    }

    /// Whether there is time left for running tests.
    fn has_time(&self) -> bool {
        self.cpu_ms < CPU_MS_MAX && budget::left_to_run() != Some(Duration::ZERO)
    }

    fn run(&mut self) -> Result<(), Rejected> {
        let right: Vec<String> = self.bench.pack.part(RIGHT, self.code).into_keys().collect();
        for seed in SEEDS {
            for cache in &right {
                self.try_right(cache, seed, &BTreeSet::new())?;
            }
        }
        let heavy = self.named(|test| test.calls > CALLS_HEAVY);
        let any = self.tests.values().any(|test| test.passed && test.unfit.is_none());
        let code = self.code;
        for spec in self.bench.pack.exercise.mutants.iter().filter(|spec| spec.speaks(code)) {
            let tried = any && self.has_time();
            let killers = if tried { self.try_bug(spec, &BTreeSet::new(), &heavy)? } else { Vec::new() };
            self.bugs.push(Bug { spec, killers, tried: tried || !any });
        }
        self.confirm()?;
        // A test that fails by chance, or after so many runs, has failed on bugs that it does not find: run on right
        // caches again, it fails there too.
        for cache in &right {
            self.try_right(cache, SEEDS[0], &heavy)?;
        }
        let unfit = self.named(|test| test.unfit.is_some());
        for bug in &mut self.bugs {
            bug.killers.retain(|name| !unfit.contains(name));
        }
        for bug in &self.bugs {
            for name in &bug.killers {
                self.tests.entry(name.clone()).or_default().kills += 1;
            }
        }
        Ok(())
    }

    /// Each test that found bugs must find two of them again. A bug that it does not find again does not count: it may have
    /// failed only because of what the bug did to an earlier test. A test that finds none again fails by chance.
    fn confirm(&mut self) -> Result<(), Rejected> {
        let mut confirmed: BTreeMap<String, u32> = BTreeMap::new();
        let mut doubtful: BTreeSet<String> = BTreeSet::new();
        for index in 0..self.bugs.len() {
            let due = |name: &&String| confirmed.get(*name).is_none_or(|times| *times < CONFIRMATIONS);
            let due: BTreeSet<String> = self.bugs[index].killers.iter().filter(due).cloned().collect();
            let spec = self.bugs[index].spec;
            if due.is_empty() || !self.has_time() {
                continue;
            }
            let others: BTreeSet<String> = self.tests.keys().filter(|name| !due.contains(*name)).cloned().collect();
            let again: BTreeSet<String> = self.try_bug(spec, &others, &BTreeSet::new())?.into_iter().collect();
            for name in due {
                if again.contains(&name) {
                    *confirmed.entry(name).or_default() += 1;
                } else {
                    self.bugs[index].killers.retain(|killer| *killer != name);
                    doubtful.insert(name);
                }
            }
        }
        for name in doubtful.iter().filter(|name| !confirmed.contains_key(*name)) {
            if let Some(known) = self.tests.get_mut(name) {
                known.unfit = Some(Unfit::Flaky("once it failed on a cache with a bug, once it did not".to_owned()));
            }
        }
        Ok(())
    }

    fn skipped(&self) -> BTreeSet<String> {
        self.named(|test| test.unfit.is_some() || !test.passed)
    }

    /// What does not end is not run again on right caches; what failed is, for it may do so by chance only.
    fn endless(&self) -> BTreeSet<String> {
        self.named(|test| matches!(test.unfit, Some(Unfit::Endless | Unfit::Deadlock(_))))
    }

    fn named(&self, is_so: impl Fn(&Known) -> bool) -> BTreeSet<String> {
        self.tests.iter().filter(|(_, test)| is_so(test)).map(|(name, _)| name.clone()).collect()
    }

    /// Runs all tests but the excluded ones on a cache; again without the last one if none was run after it.
    fn ran(
        &mut self,
        cache: &str,
        seed: u64,
        mut skip: BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<Vec<TestRun>, Rejected> {
        let mut runs = Vec::new();
        for _ in 0..LOST_MAX {
            let (ran, cpu_ms) =
                self.suite.run(cache, seed, &skip, heavy).map_err(|reason| Rejected::harness(&reason))?;
            self.cpu_ms += cpu_ms;
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

    fn try_right(&mut self, cache: &str, seed: u64, but: &BTreeSet<String>) -> Result<(), Rejected> {
        for run in self.ran(cache, seed, self.endless().union(but).cloned().collect(), &BTreeSet::new())? {
            if !run.errors.is_empty() {
                let diagnostics = run.errors.iter().map(|(file, text)| diagnostic::at(file, 0, 0, text));
                return Err(Rejected::new(Reason::BuildFailed, diagnostics.collect()));
            }
            let lost = (run.ended != Ended::Done).then(|| run.last.clone());
            for test in &run.tests {
                let lost = lost.as_ref() == Some(&test.name);
                self.note(test, lost.then_some(&run));
            }
        }
        Ok(())
    }

    /// Records the result of a test on a right cache. `lost` is the run that it ended.
    fn note(&mut self, test: &Test, lost: Option<&TestRun>) {
        let known = self.tests.entry(test.name.clone()).or_default();
        known.line = test.line;
        known.calls = known.calls.max(test.calls);
        known.operations.clone_from(&test.operations);
        let text = clip(&harmless(&test.text), 600);
        let unfit = match lost {
            Some(run) if run.ended == Ended::Deadlock => {
                Some(Unfit::Deadlock(clip(&harmless(&run.waits.join("; ")), 600)))
            }
            Some(_) => Some(Unfit::Endless),
            None if test.outcome == TestOutcome::Failed && known.passed => Some(Unfit::Flaky(text)),
            None if test.outcome == TestOutcome::Failed => Some(Unfit::Wrong(text)),
            None if test.slept > 0 => Some(Unfit::Sleeps),
            None => None,
        };
        let passes = unfit.is_none() && test.outcome == TestOutcome::Passed;
        known.passed |= passes;
        known.unfit = match known.unfit.take() {
            Some(Unfit::Wrong(text)) if passes => Some(Unfit::Flaky(text)),
            before => before.or(unfit),
        };
    }

    /// Runs the tests on the cache with a bug, and records which find it.
    fn try_bug(
        &mut self,
        spec: &MutantSpec,
        but: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<Vec<String>, Rejected> {
        let mut killers = Vec::new();
        for run in self.ran(&spec.id, SEEDS[0], self.skipped().union(but).cloned().collect(), heavy)? {
            let lost = (run.ended != Ended::Done).then(|| run.last.clone());
            let failed = run
                .tests
                .iter()
                .filter(|test| test.outcome == TestOutcome::Failed || lost.as_ref() == Some(&test.name));
            killers.extend(failed.map(|test| test.name.clone()));
        }
        Ok(killers)
    }
}

/// The row of one requirement.
struct Row<'a> {
    check: &'a Check,
    killed: usize,
    bugs: Vec<&'a Bug<'a>>,
    /// Whether a test has the threads that the requirement asks for.
    threads: bool,
}

impl Grading<'_> {
    fn rows(&self) -> Vec<Row<'_>> {
        let rows = self.bench.pack.exercise.checks.iter().map(|check| {
            let bugs: Vec<_> = self.bugs.iter().filter(|bug| bug.spec.killed_by.contains(&check.id)).collect();
            let killed = bugs.iter().filter(|bug| !bug.killers.is_empty()).count();
            let busy = |test: &Known| {
                let calls = test.operations.iter().filter(|calls| **calls >= u64::from(check.operations)).count();
                test.unfit.is_none() && test.passed && calls >= check.threads as usize
            };
            let threads = check.threads == 0 || self.tests.values().any(busy);
            Row { check, killed, bugs, threads }
        });
        rows.collect()
    }

    fn report(&self, id: SubmissionId, seed: u64, submission: &Submission) -> Report {
        let rows = self.rows();
        let checks = rows.iter().map(|row| row.report(self.language, !self.tests.is_empty())).collect();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mutants = self.bugs.iter().map(|bug| {
            let requirement = bug.spec.killed_by.first().map_or("", String::as_str);
            let number = numbers.entry(requirement).or_default();
            *number += 1;
            let detected = !bug.killers.is_empty();
            // A bug that no test has found is named only by its requirement: finding it is the exercise.
            let title = rows
                .iter()
                .find(|row| row.check.id == requirement)
                .map_or("", |row| row.check.title.get(self.language));
            MutantReport {
                id: if detected { bug.spec.id.clone() } else { format!("{requirement}_{number}") },
                scenario: String::new(),
                detected,
                behaves_like: false,
                hunted: true,
                message: if detected { bug.spec.sentence.get(self.language).to_owned() } else { title.to_owned() },
            }
        });
        let mutants = mutants.collect();
        let exercise = &self.bench.pack.exercise;
        let module = submission.sha256.as_bytes();
        Report::of_rows(
            exercise,
            seed,
            id,
            grader(self.suite.backend()),
            module,
            checks,
            mutants,
            self.diagnostics(submission),
        )
    }

    /// Messages about single tests.
    fn diagnostics(&self, submission: &Submission) -> Vec<Diagnostic> {
        let mut diagnostics = submission.notes.clone();
        for (name, test) in &self.tests {
            let (file, function) = name.split_once("::").unwrap_or((name, ""));
            let mut say =
                |message: &str| diagnostics.push(diagnostic::at(file, test.line, 0, &format!("{function}: {message}")));
            if let Some(unfit) = &test.unfit {
                say(&unfit.sentence(self.language));
            } else if test.kills == 0 && self.suite.silent().contains(function.split('[').next().unwrap_or_default()) {
                say(match self.language {
                    Language::English => "this test asserts nothing, and tells no bug",
                    Language::French => "ce test n'affirme rien, et ne révèle aucun défaut",
                });
            }
        }
        diagnostics
    }
}

impl Row<'_> {
    fn points(&self) -> u32 {
        let (killed, bugs) =
            (u32::try_from(self.killed).unwrap_or(0), u32::try_from(self.bugs.len()).unwrap_or(u32::MAX));
        if self.threads && bugs > 0 { self.check.points * killed / bugs } else { 0 }
    }

    fn report(&self, language: Language, any_test: bool) -> CheckReport {
        let points = self.points();
        let verdict = match points {
            _ if !any_test => Verdict::NotImplemented,
            points if points == self.check.points => Verdict::Pass,
            _ => Verdict::Fail,
        };
        let table = self.bugs.iter().map(|bug| {
            let killers: Vec<_> =
                bug.killers.iter().map(|name| name.split_once("::").map_or(name.as_str(), |it| it.1)).collect();
            match (killers.is_empty(), bug.tried, language) {
                (false, _, _) => format!("{}: {}", bug.spec.id, killers.join(", ")),
                (true, true, Language::English) => "(a bug that no test tells)".to_owned(),
                (true, true, Language::French) => "(un défaut qu'aucun test ne révèle)".to_owned(),
                (true, false, Language::English) => "(not tried: the tests took all their time before)".to_owned(),
                (true, false, Language::French) => "(pas essayé : les tests avaient pris tout leur temps)".to_owned(),
            }
        });
        let table: Vec<String> = table.collect();
        let (killed, bugs) = (self.killed, self.bugs.len());
        let mut message = match language {
            Language::English => format!("The tests tell {killed} of {bugs} caches with a bug here."),
            Language::French => format!("Les tests révèlent {killed} caches défectueux sur {bugs}."),
        };
        if !self.threads {
            let (threads, operations) = (self.check.threads, self.check.operations);
            message += &match language {
                Language::English => format!(
                    " But no test that counts has {threads} threads with {operations} operations each, which this requirement asks for."
                ),
                Language::French => format!(
                    " Mais aucun test valable n'a {threads} threads de {operations} opérations chacun, ce que demande cette exigence."
                ),
            };
        }
        let fails = verdict != Verdict::Pass;
        CheckReport {
            id: self.check.id.clone(),
            title: self.check.title.get(language).to_owned(),
            category: self.check.category.clone(),
            points,
            max_points: self.check.points,
            verdict,
            expected: if fails { format!("{bugs}/{bugs}") } else { String::new() },
            actual: if fails { format!("{killed}/{bugs}") } else { String::new() },
            message: if fails { message } else { String::new() },
            hint: if fails { self.check.hint.get(language).to_owned() } else { String::new() },
            script: String::new(),
            transcript: table.join("\n"),
            schedule: String::new(),
            fuel: 0,
            visibility: self.check.visibility,
            link: String::new(),
            also_fails: Vec::new(),
        }
    }
}
