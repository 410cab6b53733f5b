//! What is known of tests and bugs, and what is said of them and of the requirements.

use std::collections::BTreeMap;

use cachedojo_judge::pack::{Check, CodeLanguage, Exercise, MutantSpec};
use cachedojo_judge::report::{CheckReport, MutantReport, SubmissionId};
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;

use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::Submission;
use crate::language::suite::Suite;
use crate::run::identity::grader;

/// What is known of one test.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) line: u32,
    pub(super) unfit: Option<Unfit>,
    pub(super) passed: bool,
    /// What it came to on each right cache.
    pub(super) on: BTreeMap<String, Seen>,
    pub(super) calls: u64,
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
}

/// Why a test does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It fails on a right cache, every time.
    Wrong(String),
    /// It fails on one right cache, every time, and passes on another.
    Picky(String),
    /// It fails on right caches now and then.
    Flaky(String),
    /// On a cache with a bug it fails in one run and not in another, which had fewer tests before it.
    Dependent,
    /// It does not end.
    Endless,
    /// Its threads wait for each other for ever.
    Deadlock(String),
    /// It sleeps; and what else is wrong with it.
    Sleeps(Option<Box<Self>>),
}

impl Unfit {
    /// Why it does not count, with the remedy. `code` is what the test is written in.
    pub(super) fn sentence(&self, language: Language, code: CodeLanguage) -> String {
        match language {
            Language::English => format!("this test {}", self.english(code)),
            Language::French => format!("ce test {}", self.french(code)),
        }
    }

    fn english(&self, code: CodeLanguage) -> String {
        match self {
            Self::Wrong(text) => format!("fails on a right cache, so it does not count: {text}"),
            Self::Picky(text) => format!(
                "passes on one right cache and fails on another, so it does not count: it depends on what the statement does not \
                 promise, such as the order of keys (sort before you compare): {text}"
            ),
            Self::Flaky(text) => format!(
                "fails on right caches now and then, by chance or by what ran before it, so it does not count: {text}"
            ),
            Self::Dependent => {
                "sees a bug only after other tests have run, or by chance, so it does not count: make a new cache \
                 in each test (in pytest, a fixture without `scope`)"
                    .to_owned()
            }
            Self::Endless => "does not come to an end, so it does not count".to_owned(),
            Self::Deadlock(waits) => {
                format!("has threads that wait for each other for ever, so it does not count: {waits}")
            }
            Self::Sleeps(besides) => {
                let told = format!("sleeps, so it does not count: move the clock instead, {}", moved_by(code));
                besides
                    .as_ref()
                    .map_or_else(|| told.clone(), |other| format!("{told}. It also {}", other.english(code)))
            }
        }
    }

    fn french(&self, code: CodeLanguage) -> String {
        match self {
            Self::Wrong(text) => format!("échoue sur un cache juste, il ne compte donc pas : {text}"),
            Self::Picky(text) => format!(
                "réussit sur un cache juste et échoue sur un autre, il ne compte donc pas : il dépend de ce que l'énoncé ne promet \
                 pas, comme l'ordre des clés (triez avant de comparer) : {text}"
            ),
            Self::Flaky(text) => format!(
                "échoue parfois sur des caches justes, par hasard ou selon ce qui le précède, il ne compte donc pas : {text}"
            ),
            Self::Dependent => {
                "ne voit un bug qu'après d'autres tests, ou par hasard, il ne compte donc pas : créez un cache neuf \
                 dans chaque test (avec pytest, une fixture sans `scope`)"
                    .to_owned()
            }
            Self::Endless => "ne se termine pas, il ne compte donc pas".to_owned(),
            Self::Deadlock(waits) => {
                format!("a des threads qui s'attendent sans fin, il ne compte donc pas : {waits}")
            }
            Self::Sleeps(besides) => {
                let told = format!("dort, il ne compte donc pas : avancez plutôt l'horloge, {}", moved_by(code));
                besides
                    .as_ref()
                    .map_or_else(|| told.clone(), |other| format!("{told}. De plus, il {}", other.french(code)))
            }
        }
    }
}

/// The call that moves the clock that entries expire by. The same in both languages of words.
const fn moved_by(code: CodeLanguage) -> &'static str {
    match code {
        CodeLanguage::Python => "`with freeze_time(…) as clock: … clock.tick(seconds)`",
        _ => "`clock::advance(Duration::from_secs(seconds))`",
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
        let checks = rows.iter().map(|row| row.report(language, !self.tests.is_empty())).collect();
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

    /// What there is to say of single tests.
    fn diagnostics(&self, suite: &dyn Suite, submission: &Submission, language: Language) -> Vec<Diagnostic> {
        let mut diagnostics = submission.notes.clone();
        for (name, test) in &self.tests {
            let (file, function) = name.split_once("::").unwrap_or((name, ""));
            let mut say =
                |message: &str| diagnostics.push(diagnostic::at(file, test.line, 0, &format!("{function}: {message}")));
            if let Some(unfit) = &test.unfit {
                say(&unfit.sentence(language, submission.language));
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

    fn report(&self, language: Language, any_test: bool) -> CheckReport {
        let points = self.points();
        let verdict = match points {
            _ if !any_test => Verdict::NotImplemented,
            points if points == self.check.points => Verdict::Pass,
            _ => Verdict::Fail,
        };
        let untold = self.bugs.iter().filter(|bug| bug.killers.is_empty() && bug.tried).count();
        let told = self.bugs.iter().filter(|bug| !bug.killers.is_empty() || !bug.tried);
        let table = told.map(|bug| {
            let killers: Vec<_> =
                bug.killers.iter().map(|name| name.split_once("::").map_or(name.as_str(), |it| it.1)).collect();
            match (killers.is_empty(), language) {
                (false, _) => format!("{}: {}", bug.spec.id, killers.join(", ")),
                (true, Language::English) => "(not tried: the tests took all their time before)".to_owned(),
                (true, Language::French) => "(pas essayé : les tests avaient pris tout leur temps)".to_owned(),
            }
        });
        // One line for all of them: which they are is for the learner to find out.
        let rest = match (untold, language) {
            (0, _) => None,
            (1, Language::English) => Some("(a bug that no test tells)".to_owned()),
            (1, Language::French) => Some("(un défaut qu'aucun test ne révèle)".to_owned()),
            (_, Language::English) => Some(format!("({untold} bugs that no test tells)")),
            (_, Language::French) => Some(format!("({untold} défauts qu'aucun test ne révèle)")),
        };
        let table: Vec<String> = table.chain(rest).collect();
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
            title: self.check.title.get(language).to_owned(),
            category: self.check.category.clone(),
            points,
            max_points: self.check.points,
            expected: if fails { format!("{bugs}/{bugs}") } else { String::new() },
            actual: if fails { format!("{killed}/{bugs}") } else { String::new() },
            message: if fails { message } else { String::new() },
            hint: if fails { self.check.hint.get(language).to_owned() } else { String::new() },
            transcript: table.join("\n"),
            visibility: self.check.visibility,
            ..CheckReport::empty(&self.check.id, verdict)
        }
    }
}

/// What pytest says, without its mark where it says one line. Of several the mark tells what is code from what came of it.
pub(super) fn without_mark(said: &str) -> &str {
    match said.strip_prefix("E ") {
        Some(line) if !line.contains('\n') => line.trim_start(),
        _ => said,
    }
}

/// Why a file of tests could not be read, with the remedy for an import that fails.
pub(super) fn not_read(said: &str) -> String {
    let text = without_mark(said);
    let remedy = if text.contains("No module named") {
        "; import what is tested as the statement does, and hand in your own modules"
    } else {
        ""
    };
    format!("{text}{remedy}")
}

#[cfg(test)]
mod tests {
    use super::{CodeLanguage, Known, Language, Seen, Unfit, not_read};

    #[test]
    fn whoever_sleeps_is_told_what_moves_the_clock() {
        let both =
            |unfit: Unfit, code| [Language::English, Language::French].map(|language| unfit.sentence(language, code));
        for (code, call) in [(CodeLanguage::Rust, "clock::advance("), (CodeLanguage::Python, "clock.tick(")] {
            for said in both(Unfit::Sleeps(None), code) {
                assert!(said.contains(call) && !said.contains('1'), "{said}");
            }
            for said in both(Unfit::Sleeps(Some(Box::new(Unfit::Wrong("1 != 2".to_owned())))), code) {
                assert!(said.contains(call) && said.ends_with("1 != 2"), "{said}");
            }
        }
    }

    #[test]
    fn what_fails_on_one_right_cache_is_not_what_fails_now_and_then() {
        const PASSED: Seen = Seen { passed: true, failed: false };
        const FAILED: Seen = Seen { passed: false, failed: true };
        const BOTH: Seen = Seen { passed: true, failed: true };
        let fails = |seen: [Seen; 2]| {
            let on = ["a", "b"].map(str::to_owned).into_iter().zip(seen).collect();
            Known { on, ..Known::default() }.fails("why".to_owned())
        };
        let why = || "why".to_owned();
        assert_eq!(fails([FAILED, FAILED]), Unfit::Wrong(why()));
        assert_eq!(fails([PASSED, FAILED]), Unfit::Picky(why()));
        assert_eq!(fails([PASSED, BOTH]), Unfit::Flaky(why()));
    }

    #[test]
    fn an_import_that_fails_is_told_with_its_remedy() {
        for (said, told) in [
            (
                "E   ModuleNotFoundError: No module named 'cache'",
                "ModuleNotFoundError: No module named 'cache'; import what is tested as the statement does, and hand in your own modules",
            ),
            ("E   NameError: name 'x' is not defined", "NameError: name 'x' is not defined"),
            ("no mark", "no mark"),
            (">   assert 1 == 2\nE   assert 1 == 2", ">   assert 1 == 2\nE   assert 1 == 2"),
        ] {
            assert_eq!(not_read(said), told);
        }
    }
}
