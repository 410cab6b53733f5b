//! Learners' tests, apart from how a whole grading goes.

use std::collections::{BTreeMap, BTreeSet};

use grader::host::sandbox::Protection;
use grader::language::python::suite::PythonSuite;
use grader::language::suite::{Ran, Suite};

#[test]
fn a_test_meets_the_same_order_of_threads_alone_and_after_others() {
    let tests = "from distributed_cache import DistributedCache\nimport threading\n\n\
                 def work(calls):\n    cache = DistributedCache()\n    \
                 threads = [threading.Thread(target=lambda: [cache.increment('n') for _ in range(calls)]) for _ in range(3)]\n    \
                 for thread in threads: thread.start()\n    for thread in threads: thread.join()\n    return cache.get('n')\n\n\
                 def test_before():\n    work(7)\n\ndef test_told():\n    assert work(20) == 60\n";
    let cache = "class DistributedCache:\n    def __init__(self, **_): self.n = 0\n    def get(self, key): return self.n\n    \
                 def increment(self, *_):\n        n = self.n\n        n = n + 1\n        self.n = n\n";
    let files = BTreeMap::from([("tests/test_a.py".to_owned(), tests.to_owned())]);
    let caches = BTreeMap::from([("cache".to_owned(), cache.to_owned())]);
    let suite = PythonSuite::open(&files, &caches, Protection::Sandbox).expect("it compiles");
    let told = |seed: u64, skip: &[&str]| {
        let skip = skip.iter().map(|name| format!("tests/test_a.py::{name}")).collect();
        match suite.run("cache", seed, &skip, &BTreeSet::new(), u64::MAX).expect("it runs").0 {
            Ran::Tests(run) => {
                run.tests.last().map(|test| (test.outcome, test.text.clone(), test.steps)).expect("a test")
            }
            lost => panic!("{lost:?}"),
        }
    };
    let alone: Vec<_> = (0..12).map(|seed| told(seed, &["test_before"])).collect();
    let after: Vec<_> = (0..12).map(|seed| told(seed, &[])).collect();
    assert_eq!(alone, after);
    let texts: BTreeSet<_> = alone.iter().map(|(_, text, _)| text).collect();
    assert!(texts.len() > 1, "seeds are different orders: {texts:?}");
}

#[test]
fn assertions_that_cannot_fail_assert_nothing() {
    let tests = "import pytest\n\ndef test_tuple():\n    assert (1 == 2, 'no')\n\n\
                 def test_forgets():\n    try:\n        assert 1 == 2\n    except (ValueError, AssertionError):\n        pass\n\n\
                 def test_other():\n    try:\n        assert 1 == 1\n    except KeyError:\n        pass\n\n\
                 def test_after():\n    try:\n        int('a')\n    except Exception:\n        pass\n    assert 1 == 1\n\n\
                 def test_tells():\n    try:\n        int('a')\n    except Exception:\n        assert True\n";
    let files = BTreeMap::from([("tests/test_a.py".to_owned(), tests.to_owned())]);
    let suite = PythonSuite::open(&files, &BTreeMap::new(), Protection::Sandbox).expect("it compiles");
    let silent: Vec<_> = suite.silent().iter().map(String::as_str).collect();
    assert_eq!(silent, ["test_forgets", "test_tuple"]);
}
