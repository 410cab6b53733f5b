//! What is said of single tests: why one does not count, and what to do instead.

use cachedojo_judge::pack::CodeLanguage;
use cachedojo_notation::text::Language;

use crate::intake::submission::Submission;
use crate::language::suite::NotRead;

/// Why a test does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It fails on a right cache, every time.
    Wrong(String),
    /// It fails on one right cache, every time, and passes on another.
    Picky(String),
    /// It fails on right caches now and then.
    Flaky(String),
    /// On a cache with a bug it fails in one run and not in another, which had fewer tests before it. (In which order its threads go does
    /// not depend on these.)
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

/// What is said where no test was found, with the remedy.
pub(super) fn no_test(submission: &Submission, language: Language) -> String {
    // pytest's own rule.
    let is_read = |name: &str| {
        let stem = name.rsplit('/').next().and_then(|name| name.strip_suffix(".py"));
        stem.is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test"))
    };
    let python = submission.language == CodeLanguage::Python;
    let misnamed = submission.files.keys().find(|name| {
        let stem = name.rsplit('/').next().and_then(|name| name.strip_suffix(".py"));
        stem.is_some_and(|stem| stem != "conftest")
    });
    let misnamed = misnamed.filter(|_| python && !submission.files.keys().any(|name| is_read(name)));
    match (misnamed, python, language) {
        (Some(file), _, Language::English) => format!(
            "no test was found: pytest reads files whose names begin with `test_`; rename `{file}` to `tests/test_cache.py`"
        ),
        (Some(file), _, Language::French) => format!(
            "aucun test trouvé : pytest lit les fichiers dont le nom commence par `test_` ; renommez `{file}` en `tests/test_cache.py`"
        ),
        (None, true, Language::English) => {
            "no test was found: write functions whose names begin with `test_`, in `tests/test_cache.py`".to_owned()
        }
        (None, true, Language::French) => {
            "aucun test trouvé : écrivez des fonctions dont le nom commence par `test_`, dans `tests/test_cache.py`"
                .to_owned()
        }
        (None, false, Language::English) => "no test was found: write functions with `#[test]`".to_owned(),
        (None, false, Language::French) => "aucun test trouvé : écrivez des fonctions avec `#[test]`".to_owned(),
    }
}

/// What is said where no test was found, but what looks like one.
pub(super) fn none_read(language: Language) -> String {
    match language {
        Language::English => "no test was found: why not stands below, for each that looks like one".to_owned(),
        Language::French => "aucun test trouvé : la raison est dite plus bas, pour chacun qui en a l'air".to_owned(),
    }
}

/// Why something that looks like a test is none for pytest, with the remedy.
pub(super) const fn unread(why: NotRead, language: Language) -> &'static str {
    match (why, language) {
        (NotRead::Constructor, Language::English) => {
            "pytest reads no class that has an `__init__`: make what its tests share in a fixture, or in `setup_method`"
        }
        (NotRead::Constructor, Language::French) => {
            "pytest ne lit pas une classe qui a un `__init__` : créez ce que ses tests partagent dans une fixture, ou dans `setup_method`"
        }
        (NotRead::ClassName, Language::English) => {
            "pytest reads only classes whose names begin with `Test`: rename this one"
        }
        (NotRead::ClassName, Language::French) => {
            "pytest ne lit que les classes dont le nom commence par `Test` : renommez celle-ci"
        }
        (NotRead::Async, Language::English) => "pytest does not run an `async def`: write it with `def`",
        (NotRead::Async, Language::French) => "pytest n'exécute pas un `async def` : écrivez-le avec `def`",
    }
}

/// What is said of a test that is skipped.
pub(super) fn skipped(mark: &str, language: Language) -> &'static str {
    match (mark, language) {
        ("xfail", Language::English) => "this test is marked `xfail`, so it tells no bug",
        ("xfail", Language::French) => "ce test est marqué `xfail`, il ne révèle donc aucun défaut",
        (_, Language::English) => "this test is skipped, so it tells no bug",
        (_, Language::French) => "ce test n'est pas exécuté (il est marqué ainsi), il ne révèle donc aucun défaut",
    }
}

/// What is said of a test that took the time in which others could have been tried.
pub(super) fn slow(calls: u64, language: Language) -> String {
    match language {
        Language::English => format!(
            "this test makes {calls} calls, so there was no time to try it on every cache: make fewer, and move the clock \
             instead of waiting"
        ),
        Language::French => format!(
            "ce test fait {calls} appels, le temps a donc manqué pour l'essayer sur chaque cache : faites-en moins, et avancez \
             l'horloge au lieu d'attendre"
        ),
    }
}

/// What is said where the tests call something else than the cache under test.
pub(super) fn no_call(code: CodeLanguage, language: Language) -> String {
    let import = match code {
        CodeLanguage::Python => "from distributed_cache import DistributedCache",
        _ => "use distributed_cache::DistributedCache;",
    };
    match language {
        Language::English => format!(
            "no test calls the cache under test: begin the file with `{import}`, and write no `DistributedCache` of your own"
        ),
        Language::French => format!(
            "aucun test n'appelle le cache à tester : commencez le fichier par `{import}`, et n'écrivez pas de `DistributedCache` vous-même"
        ),
    }
}

/// A file, and the line behind its name if there is one.
pub(super) fn place(told: &str) -> (&str, u32) {
    let parts = told.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
    parts.unwrap_or((told, 0))
}

/// What pytest says, without its mark where it says one line. Of several the mark tells what is code from what came of it.
pub(super) fn without_mark(said: &str) -> &str {
    match said.strip_prefix("E ") {
        Some(line) if !line.contains('\n') => line.trim_start(),
        _ => said,
    }
}

/// The same, with the line that is missing where a test uses what the statement has it import.
pub(super) fn with_import(said: &str) -> String {
    let imports = [
        ("DistributedCache", "from distributed_cache import DistributedCache"),
        ("freeze_time", "from freezegun import freeze_time"),
        ("pytest", "import pytest"),
    ];
    let missing = imports.iter().find(|(name, _)| said.contains(&format!("name '{name}' is not defined")));
    missing.map_or_else(|| said.to_owned(), |(_, line)| format!("{said}; begin the file with `{line}`"))
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

/// What is said where time did not last for trying bugs again.
pub(super) fn unconfirmed(bugs: usize, by_chance: bool, language: Language) -> String {
    let (why, remedy) = match (language, by_chance) {
        (Language::English, true) => {
            ("some tests fail by chance, so every bug was tried again several times", "let no test depend on chance")
        }
        (Language::English, false) => {
            ("a bug counts once it is told a second time", "let the tests take less of the processor's time")
        }
        (Language::French, true) => (
            "certains tests échouent par hasard, chaque défaut a donc été réessayé plusieurs fois",
            "qu'aucun test ne dépende du hasard",
        ),
        (Language::French, false) => (
            "un défaut compte quand il est révélé une seconde fois",
            "que les tests prennent moins de temps de processeur",
        ),
    };
    match language {
        Language::English => {
            format!("{why}; time did not last for that, and {bugs} of the bugs that were told do not count: {remedy}")
        }
        Language::French => {
            format!("{why} ; le temps n'y a pas suffi, et {bugs} des défauts révélés ne comptent pas : {remedy}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::run::suite::results::{Known, Seen};

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

    #[test]
    fn whoever_has_no_test_is_told_where_tests_are_looked_for() {
        for (code, file, words) in [
            (CodeLanguage::Python, "tests/cache_tests.py", "rename `tests/cache_tests.py` to `tests/test_cache.py`"),
            (CodeLanguage::Python, "tests/test_cache.py", "functions whose names begin with `test_`"),
            (CodeLanguage::Python, "tests/cache_test.py", "functions whose names begin with `test_`"),
            (CodeLanguage::Rust, "tests.rs", "functions with `#[test]`"),
        ] {
            let files = BTreeMap::from([(file.to_owned(), String::new())]);
            let submission = Submission::of(code, "x", files).expect("its only file is its root");
            let said = no_test(&submission, Language::English);
            assert!(said.starts_with("no test was found: ") && said.contains(words), "{said}");
            assert!(no_test(&submission, Language::French).starts_with("aucun test trouvé : "));
        }
    }

    #[test]
    fn a_name_that_the_statement_has_imported_is_told_with_its_import() {
        let said = "E   NameError: name 'DistributedCache' is not defined";
        assert_eq!(
            with_import(said),
            format!("{said}; begin the file with `from distributed_cache import DistributedCache`")
        );
        let other = "E   NameError: name 'x' is not defined";
        assert_eq!(with_import(other), other);
    }
}
