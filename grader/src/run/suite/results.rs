//! What is known of tests and bugs, and what is said of them and of the requirements.

use std::collections::BTreeMap;

use cachedojo_judge::pack::{Check, Exercise, MutantSpec};
use cachedojo_judge::report::{CheckReport, MutantReport, SubmissionId};
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;

use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::Submission;
use crate::language::suite::{Suite, Uncollected};
use crate::run::identity::grader;
use crate::run::suite::words::{self, Unfit, no_test};

/// What is known of one test.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) line: u32,
    pub(super) unfit: Option<Unfit>,
    pub(super) passed: bool,
    /// What it is marked with, if it is skipped.
    pub(super) skipped: Option<String>,
    /// What it came to on each right cache.
    pub(super) on: BTreeMap<String, Seen>,
    pub(super) calls: u64,
    /// Whether it makes so many calls that it was not tried on each cache.
    pub(super) is_slow: bool,
    /// The calls of each of its threads.
    pub(super) operations: Vec<u64>,
    pub(super) kills: usize,
}

/// What came of a test's runs on one right cache.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) passed: bool,
    pub(super) failed: bool,
}

impl Known {
    /// Why a test that fails on right caches does not count: it fails always, on some of them, or now and then.
    pub(super) fn fails(&self, text: String) -> Unfit {
        if self.on.values().any(|seen| seen.passed && seen.failed) {
            Unfit::Flaky(text)
        } else if self.on.values().any(|seen| seen.passed) {
            Unfit::Picky(text)
        } else {
            Unfit::Wrong(text)
        }
    }

    /// Whether it never ends, or its threads wait for each other for ever.
    pub(super) fn is_endless(&self) -> bool {
        let unfit = match &self.unfit {
            Some(Unfit::Sleeps(besides)) => besides.as_deref(),
            unfit => unfit.as_ref(),
        };
        matches!(unfit, Some(Unfit::Endless | Unfit::Deadlock(_)))
    }
}

/// What came of one bug.
#[derive(Debug)]
pub(super) struct Bug<'a> {
    pub(super) spec: &'a MutantSpec,
    /// The tests that told it; none where it survives.
    pub(super) killers: Vec<String>,
    /// Whether it was tried at all.
    pub(super) tried: bool,
}

/// What the tests have come to.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// What is known of each test, by its name.
    pub(super) tests: BTreeMap<String, Known>,
    /// The bugs that were tried, in the pack's order.
    pub(super) bugs: Vec<Bug<'a>>,
    /// How many bugs do not count as told because time did not last for trying them again often enough.
    pub(super) unconfirmed: usize,
    /// Whether a run has come to something else than the same run before.
    pub(super) by_chance: bool,
}

/// Whether there is a test at all, and one that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Have {
    NoTest,
    NoneThatCounts,
    TestsThatCount,
}

const fn no_test_counts(language: Language) -> &'static str {
    match language {
        Language::English => "No test counts yet: why not stands above.",
        Language::French => "Aucun test ne compte encore : la raison est dite plus haut.",
    }
}

/// What is said of one requirement.
struct Row<'a> {
    check: &'a Check,
    killed: usize,
    bugs: Vec<&'a Bug<'a>>,
    /// Whether a test has the threads that the requirement asks for.
    threads: bool,
}

impl Found<'_> {
    fn rows<'r>(&'r self, exercise: &'r Exercise) -> Vec<Row<'r>> {
        let rows = exercise.checks.iter().map(|check| {
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

    /// The report. `id` is the submission's, with the seed.
    pub(super) fn report(
        &self,
        exercise: &Exercise,
        suite: &dyn Suite,
        (id, seed): (SubmissionId, u64),
        submission: &Submission,
        language: Language,
    ) -> Report {
        let rows = self.rows(exercise);
        let checks = rows.iter().map(|row| row.report(language, self.have())).collect();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mutants = self.bugs.iter().map(|bug| {
            let requirement = bug.spec.killed_by.first().map_or("", String::as_str);
            let number = numbers.entry(requirement).or_default();
            *number += 1;
            let detected = !bug.killers.is_empty();
            // A bug that nobody has told is named by its requirement alone: finding it is the exercise.
            let title =
                rows.iter().find(|row| row.check.id == requirement).map_or("", |row| row.check.title.get(language));
            MutantReport {
                id: if detected { bug.spec.id.clone() } else { format!("{requirement}_{number}") },
                scenario: String::new(),
                detected,
                behaves_like: false,
                hunted: true,
                withheld: false,
                message: if detected { bug.spec.sentence.get(language).to_owned() } else { title.to_owned() },
            }
        });
        let mutants = mutants.collect();
        let module = submission.sha256.as_bytes();
        Report::of_rows(
            exercise,
            seed,
            id,
            grader(suite.backend()),
            module,
            checks,
            mutants,
            self.diagnostics(suite, submission, language),
        )
    }

    fn have(&self) -> Have {
        if self.tests.values().any(|test| test.passed && test.unfit.is_none()) {
            Have::TestsThatCount
        } else if self.tests.is_empty() {
            Have::NoTest
        } else {
            Have::NoneThatCounts
        }
    }

    /// What there is to say of single tests.
    fn diagnostics(&self, suite: &dyn Suite, submission: &Submission, language: Language) -> Vec<Diagnostic> {
        let mut diagnostics = submission.notes.clone();
        if self.tests.is_empty() {
            let told =
                if suite.uncollected().is_empty() { no_test(submission, language) } else { words::none_read(language) };
            diagnostics.insert(0, diagnostic::general(&told));
        } else if self.tests.values().all(|test| test.calls == 0) && self.tests.values().any(|test| test.passed) {
            diagnostics.insert(0, diagnostic::general(&words::no_call(submission.language, language)));
        }
        for it in suite.uncollected() {
            let told = format!("{}: {}", it.name, words::unread(it.why, language));
            diagnostics.push(diagnostic::at(&it.file, it.line, 0, &told));
        }
        if self.unconfirmed > 0 {
            diagnostics.insert(0, diagnostic::general(&words::unconfirmed(self.unconfirmed, self.by_chance, language)));
        }
        for (name, test) in &self.tests {
            let (file, function) = name.split_once("::").unwrap_or((name, ""));
            let is_told = |it: &Uncollected| it.file == file && function.rsplit("::").next() == Some(&it.name);
            if suite.uncollected().iter().any(is_told) {
                continue;
            }
            let mut say =
                |message: &str| diagnostics.push(diagnostic::at(file, test.line, 0, &format!("{function}: {message}")));
            if let Some(unfit) = &test.unfit {
                say(&unfit.sentence(language, submission.language));
            } else if let Some(mark) = &test.skipped {
                say(words::skipped(mark, language));
            } else if test.is_slow {
                say(&words::slow(test.calls, language));
            } else if test.kills == 0 && suite.silent().contains(function.split('[').next().unwrap_or_default()) {
                say(match language {
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

    fn report(&self, language: Language, have: Have) -> CheckReport {
        let points = self.points();
        let verdict = match points {
            _ if have == Have::NoTest => Verdict::NotImplemented,
            points if points == self.check.points => Verdict::Pass,
            _ => Verdict::Fail,
        };
        let untold = self.bugs.iter().filter(|bug| bug.killers.is_empty() && bug.tried).count();
        let not_tried = self.bugs.iter().filter(|bug| bug.killers.is_empty() && !bug.tried).count();
        let told = self.bugs.iter().filter(|bug| !bug.killers.is_empty()).map(|bug| {
            let killers: Vec<_> =
                bug.killers.iter().map(|name| name.split_once("::").map_or(name.as_str(), |it| it.1)).collect();
            format!("{}: {}", bug.spec.id, killers.join(", "))
        });
        let late = (not_tried > 0).then(|| match language {
            Language::English => format!("({not_tried} not tried: the tests took all their time before)"),
            Language::French => format!("({not_tried} pas essayés : les tests avaient pris tout leur temps)"),
        });
        // One line for all of them: which they are is for the learner to find out.
        let rest = match (untold, language) {
            (0, _) => None,
            (1, Language::English) => Some("(a bug that no test tells)".to_owned()),
            (1, Language::French) => Some("(un défaut qu'aucun test ne révèle)".to_owned()),
            (_, Language::English) => Some(format!("({untold} bugs that no test tells)")),
            (_, Language::French) => Some(format!("({untold} défauts qu'aucun test ne révèle)")),
        };
        let mut table: Vec<String> = told.chain(late).chain(rest).collect();
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
        let mut hint = self.check.hint.get(language);
        if have != Have::TestsThatCount {
            // What is wrong stands above the rows, once: no hint helps before that is mended.
            (hint, message) = ("", no_test_counts(language).to_owned());
            table.clear();
        }
        CheckReport {
            title: self.check.title.get(language).to_owned(),
            category: self.check.category.clone(),
            points,
            max_points: self.check.points,
            expected: if fails { format!("{bugs}/{bugs}") } else { String::new() },
            actual: if fails { format!("{killed}/{bugs}") } else { String::new() },
            message: if fails { message } else { String::new() },
            hint: if fails { hint.to_owned() } else { String::new() },
            transcript: table.join("\n"),
            visibility: self.check.visibility,
            ..CheckReport::empty(&self.check.id, verdict)
        }
    }
}
