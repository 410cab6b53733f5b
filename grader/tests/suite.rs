//! Tests in Rust as submissions: what the grader says of right, wrong, idle and hostile ones. A few of the pack's bugs will do: that the
//! solution finds all of them is what `grader selfcheck` looks at.

use std::collections::{BTreeMap, BTreeSet};

use cachedojo_judge::Report;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use grader::host::sandbox::Protection;
use grader::intake::submission::Submission;
use grader::language;
use grader::language::suite::Ran;
use grader::pack::Pack;
use grader::run::bench::Bench;

const BUGS: [&str; 3] = ["alive_at_its_deadline", "increment_lets_go_between", "lock_is_not_reentrant"];

const HEAD: &str = "use std::time::Duration;
use distributed_cache::{CacheSettings, DistributedCache, clock};
fn cache() -> DistributedCache {
    DistributedCache::new(CacheSettings::default())
}
";

fn grade(tests: &str) -> Report {
    let mut pack = Pack::load("integration-tests").expect("a sound pack");
    pack.exercise.mutants.retain(|bug| BUGS.contains(&bug.id.as_str()));
    let bench = Bench::open(&pack, false).expect("this machine can grade");
    let files = BTreeMap::from([("tests.rs".to_owned(), format!("{HEAD}{tests}"))]);
    let submission = Submission::of(CodeLanguage::Rust, "tests", files).expect("it has a root");
    bench.grade(&submission, 0, Language::English).expect("the pack is sound")
}

fn killed(report: &Report) -> Vec<&str> {
    report.mutants.iter().filter(|bug| bug.detected).map(|bug| bug.id.as_str()).collect()
}

#[test]
fn each_test_tells_its_bugs_and_those_that_do_not_count_are_named() {
    let report = grade(
        "
#[test]
fn a_deadline() {
    let cache = cache();
    cache.set_for(\"key\", 1.into(), Duration::from_secs(10));
    clock::advance(Duration::from_secs(10));
    assert_eq!(cache.get(\"key\"), None);
}

#[cfg(test)]
mod inside {
    use super::*;

    #[test]
    fn ten_threads() -> Result<(), std::num::ParseIntError> {
        let cache = cache();
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| (0..100).for_each(|_| drop(cache.increment(\"n\", \"1\".parse().unwrap()))));
            }
        });
        assert_eq!(cache.get(\"n\"), Some(1000.into()));
        Ok(())
    }
}

#[test]
#[should_panic(expected = \"as it should\")]
fn panics() {
    panic!(\"as it should\");
}

#[test]
fn is_wrong() {
    assert_eq!(cache().get(\"missing\"), Some(1.into()), \"of course\");
}

#[test]
fn never_ends() {
    loop {
        std::hint::spin_loop();
    }
}

#[test]
fn waits_for_itself() {
    let lock = std::sync::Mutex::new(0);
    let _one = lock.lock().unwrap();
    let _other = lock.lock().unwrap();
}

#[test]
fn sleeps() {
    std::thread::sleep(Duration::from_secs(3600));
    assert_eq!(cache().get(\"missing\"), None);
}

#[test]
fn sleeps_in_vain() {
    let cache = cache();
    cache.set_for(\"key\", 1.into(), Duration::from_secs(1));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(cache.get(\"key\"), None);
}

#[test]
fn takes_an_order_for_granted() {
    let cache = cache();
    cache.set(\"a\", 1.into());
    cache.set(\"b\", 2.into());
    assert_eq!(cache.keys(\"*\"), [\"a\", \"b\"]);
}

#[test]
fn asserts_nothing() {
    cache().set(\"a\", 1.into());
}

#[test]
fn tells_by_what_it_returns() -> Result<(), String> {
    if cache().get(\"a\").is_none() { Ok(()) } else { Err(\"it is there\".to_owned()) }
}

#[test]
fn returns_what_is_right() -> Result<(), String> {
    cache().set(\"a\", 1.into());
    Ok(())
}
",
    );
    assert_eq!(report.verdict, GradeVerdict::Graded, "{:?}", report.diagnostics);
    assert_eq!(killed(&report), BUGS);
    let row = |id: &str| report.checks.iter().find(|check| check.id == id).expect("the pack has it");
    assert_eq!(row("ttl").transcript, "alive_at_its_deadline: a_deadline");
    assert_eq!(row("increment").transcript, "increment_lets_go_between: inside::ten_threads");
    assert_eq!((row("ttl").points, row("increment").points, row("threads").points), (10, 10, 10));
    for (test, words) in [
        ("is_wrong: ", "fails on a right cache, so it does not count: "),
        ("never_ends: ", "does not come to an end"),
        ("waits_for_itself: ", "wait for each other for ever"),
        ("sleeps: ", "this test sleeps, so it does not count: move the clock instead, `clock::advance("),
        ("sleeps_in_vain: ", "(Duration::from_secs(seconds))`. It also fails on a right cache"),
        ("takes_an_order_for_granted: ", "passes on one right cache and fails on another, so it does not count"),
        ("asserts_nothing: ", "asserts nothing"),
        ("returns_what_is_right: ", "asserts nothing"),
    ] {
        let said: Vec<_> = report.diagnostics.iter().filter(|said| said.message.starts_with(test)).collect();
        assert_eq!(said.len(), 1, "{test}{:?}", report.diagnostics);
        assert!(said[0].message.contains(words), "{}", said[0].message);
    }
    assert_eq!(report.diagnostics.len(), 8, "{:?}", report.diagnostics);
}

#[test]
fn nothing_but_behaviour_tells_a_cache() {
    let report = grade(
        "
use std::any::type_name_of_val;
use std::time::Instant;

#[test]
fn by_its_type_and_size() {
    let cache = cache();
    assert_eq!((type_name_of_val(&cache), size_of_val(&cache)), (\"distributed_cache::DistributedCache\", 4));
    assert!(!format!(\"{cache:?}\").contains(\"mutant\"));
}

#[test]
fn by_the_time_it_takes() {
    let cache = cache();
    cache.increment(\"n\", 1).unwrap_or(0);
    cache.set_for(\"key\", 1.into(), Duration::from_secs(10));
    let began = Instant::now();
    cache.get(\"key\");
    cache.keys(\"*\");
    assert_eq!(began.elapsed(), Duration::from_micros(1));
}

#[test]
fn by_its_files_and_sources() {
    assert!(distributed_cache::disk::files().is_empty());
    assert!(std::fs::read_dir(\".\").is_err() && std::fs::read(\"cache_0.rs\").is_err());
    assert_eq!(std::env::args().count(), 0);
}

#[test]
#[should_panic]
fn by_a_panic() {
    let cache = cache();
    cache.set(\"text\", \"x\".into());
    cache.increment(\"text\", 1).unwrap();
}
",
    );
    assert_eq!(report.verdict, GradeVerdict::Graded, "{:?}", report.diagnostics);
    // A call that never returns is behaviour.
    assert_eq!(killed(&report), ["lock_is_not_reentrant"], "{:?}", report.checks);
    assert!(report.diagnostics.is_empty(), "{:?}", report.diagnostics);
}

#[test]
fn what_is_forbidden_or_does_not_compile_is_told_at_its_line() {
    for (tests, verdict, words) in [
        ("#[cfg(test)]\nmod inside { fn f() { unsafe {} } }", GradeVerdict::Forbidden, "`unsafe` is forbidden"),
        ("#[test]\nfn wrong() { let number: i64 = \"text\"; }", GradeVerdict::BuildFailed, "mismatched types"),
    ] {
        let report = grade(tests);
        assert_eq!(report.verdict, verdict, "{:?}", report.diagnostics);
        let first = &report.diagnostics[0];
        assert_eq!((first.file.as_str(), first.line), ("tests.rs", 7), "{first:?}");
        assert!(first.message.contains(words), "{}", first.message);
    }
}

#[test]
fn where_no_test_counts_that_is_said_once_and_no_row_has_a_hint() {
    for (tests, words) in [
        ("", "no test was found: write functions with `#[test]`"),
        ("#[test]\nfn wrong() { panic!(\"no\"); }", "wrong: this test fails"),
    ] {
        let report = grade(tests);
        assert_eq!((report.verdict, report.score), (GradeVerdict::Graded, 0), "{:?}", report.diagnostics);
        assert!(report.diagnostics[0].message.starts_with(words), "{:?}", report.diagnostics);
        let idle = report.checks.iter().all(|check| check.hint.is_empty() && check.transcript.is_empty());
        assert!(idle, "{:?}", report.checks);
    }
}

/// Tests in Python that come to nothing, and what is said first.
#[test]
fn why_no_test_in_python_counts_is_told_at_its_place() {
    const USES: &str = "from distributed_cache import DistributedCache\n";
    const RIGHT: &str = "def test_a():\n    assert DistributedCache().get('a') is None\n";
    let mut pack = Pack::load("integration-tests").expect("a sound pack");
    pack.exercise.mutants.retain(|bug| bug.id == BUGS[0]);
    let bench = Bench::open(&pack, false).expect("this machine can grade");
    let first = |tests: &str, fixtures: &str| {
        let texts = [("tests/test_cache.py", tests), ("tests/conftest.py", fixtures)];
        let files = texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let submission = Submission::of(CodeLanguage::Python, "tests", files).expect("it has a root");
        let report = bench.grade(&submission, 0, Language::English).expect("the pack is sound");
        let said = report.diagnostics.first().expect("something is said");
        format!("{}:{}: {}", said.file, said.line, said.message)
    };
    for (tests, fixtures, said) in [
        (
            format!("{USES}{RIGHT}"),
            "\n\nMAX = SIZE + 1\n",
            "tests/conftest.py:3: NameError: name 'SIZE' is not defined",
        ),
        (format!("{USES}\nA = B\n"), "", "tests/test_cache.py:3: NameError: name 'B' is not defined"),
        (
            format!(
                "{USES}class TestA:\n    def __init__(self):\n        pass\n    def test_a(self):\n        assert True\n"
            ),
            "",
            ":0: no test was found: why not stands below, for each that looks like one",
        ),
        (
            format!("class DistributedCache:\n    def get(self, key):\n        return None\n\n\n{RIGHT}"),
            "",
            ":0: no test calls the cache under test: begin the file with `from distributed_cache import DistributedCache`",
        ),
    ] {
        let told = first(&tests, fixtures);
        assert!(told.starts_with(said), "{told}, not {said}");
    }
}

#[test]
fn what_is_missing_is_asked_for_by_the_name_of_tests() {
    let pack = Pack::load("integration-tests").expect("a sound pack");
    let empty = tempfile::tempdir().expect("there is room");
    let bench = Bench::open(&pack, false).expect("this machine can grade");
    let report = bench.grade_path(empty.path(), 0, Language::English).expect("a report");
    let said = &report.diagnostics[0].message;
    assert!(said.ends_with("source; hand in `tests/test_cache.py` or `tests.rs`"), "{said}");
}

#[test]
fn what_is_left_to_count_for_says_whether_a_test_begins_and_no_clock_does() {
    let pack = Pack::load("integration-tests").expect("a sound pack");
    let caches = pack.part("right", CodeLanguage::Rust);
    let tests = format!("{HEAD}#[test]\nfn a() {{ cache(); }}\n#[test]\nfn b() {{ cache(); }}\n");
    let files = BTreeMap::from([("tests.rs".to_owned(), tests)]);
    let submission = Submission::of(CodeLanguage::Rust, "tests", files).expect("it has a root");
    let suite = language::open_suite(&submission, &caches, Protection::Sandbox).expect("it builds");
    let (cache, none) = (caches.keys().next().expect("a right cache"), BTreeSet::new());
    for (left_ms, begun) in [(0, 0), (u64::MAX, 2)] {
        match suite.run(cache, 1, &none, &none, left_ms).expect("it runs").0 {
            Ran::Tests(run) => assert_eq!(run.tests.len(), begun, "{left_ms} ms"),
            lost => panic!("{lost:?}"),
        }
    }
}
