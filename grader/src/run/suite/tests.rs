use super::*;
use crate::language::suite::{SLOWER, cost_ms};
use crate::pack::Pack;

/// Tests that look at which others are run beside them, and in which order, instead of at the cache.
#[derive(Debug)]
struct Watcher {
    names: &'static [&'static str],
    calls: u64,
    /// Whether a test fails, by its name, those that are run in their order, and the cache.
    fails: fn(&str, &[&str], &str) -> bool,
    /// What the steps of a run count for, and what it takes, in milliseconds.
    counted_ms: u64,
    took_ms: u64,
    silent: BTreeSet<String>,
}

impl Suite for Watcher {
    fn run(
        &self,
        cache: &str,
        _: u64,
        skip: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
        _: u64,
    ) -> Result<(Ran, u64), String> {
        let mut run: Vec<&str> = self.names.iter().copied().filter(|name| !skip.contains(*name)).collect();
        run.sort_by_key(|name| heavy.contains(*name));
        let tests = run.iter().map(|name| Test {
            name: (*name).to_owned(),
            line: 1,
            outcome: if (self.fails)(name, &run, cache) { TestOutcome::Failed } else { TestOutcome::Passed },
            text: String::new(),
            threads: 0,
            operations: Vec::new(),
            calls: if *name == "a" { self.calls } else { 1 },
            slept: 0,
            steps: 0,
        });
        let tests = tests.collect();
        let last = run.last().copied().unwrap_or_default().to_owned();
        Ok((
            Ran::Tests(TestRun { ended: Ended::Done, last, waits: Vec::new(), tests, errors: Vec::new() }),
            cost_ms(self.counted_ms, self.took_ms),
        ))
    }

    fn silent(&self) -> &BTreeSet<String> {
        &self.silent
    }

    fn backend(&self) -> &'static str {
        "python"
    }
}

/// How many bugs these tests are said to tell, wherever the right cache among them is drawn to stand.
fn bugs_found(names: &'static [&'static str], fails: fn(&str, &[&str], &str) -> bool) -> Vec<usize> {
    bugs_found_in((1, 1), names, fails).iter().map(|(bugs, _)| *bugs).collect()
}

/// The same where a run's steps count for so many milliseconds and it takes so many; and how many bugs do not count for want of time.
fn bugs_found_in(
    (counted_ms, took_ms): (u64, u64),
    names: &'static [&'static str],
    fails: fn(&str, &[&str], &str) -> bool,
) -> Vec<(usize, usize)> {
    let pack = Pack::load("integration-tests").expect("it is sound");
    let bench = Bench::open(&pack, false).expect("nothing is needed yet");
    let suite = Watcher { names, calls: CALLS_HEAVY + 1, fails, counted_ms, took_ms, silent: BTreeSet::new() };
    let told = [0, 9, 255].map(|drawn| {
        let mut grading = Grading::new(&bench, &suite, CodeLanguage::Python);
        grading.run(drawn).expect("nothing is forbidden");
        (grading.found.bugs.iter().filter(|bug| !bug.killers.is_empty()).count(), grading.found.unconfirmed)
    });
    told.to_vec()
}

#[test]
fn tests_that_toss_coins_tell_no_bug() {
    use std::sync::atomic::{AtomicU64, Ordering};

    const NAMES: &[&str] =
        &["b", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "ca", "cb", "cc", "cd", "ce"];
    static TOSSED: AtomicU64 = AtomicU64::new(1);
    // One in eight.
    fn coin() -> bool {
        let next =
            |state: u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        TOSSED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok_and(|state| state >> 61 == 0)
    }
    assert_eq!(bugs_found(NAMES, |name, _, _| name != "b" && coin()), [0, 0, 0]);
    // What a test beside them tells honestly is told.
    let honest = bugs_found(NAMES, |name, _, cache| if name == "b" { cache.starts_with("expires") } else { coin() });
    assert_eq!(honest, [1, 1, 1]);
}

#[test]
fn where_time_does_not_last_for_all_a_sample_is_told_again() {
    let all: fn(&str, &[&str], &str) -> bool = |name, _, cache| name == "b" && !cache.contains('.');
    let bugs = bugs_found(&["a", "b"], all)[0];
    for (cost_ms, expected) in [(400, (bugs, 0)), (600, (bugs, 0)), (700, (51, 0)), (1_100, (8, 22))] {
        assert_eq!(bugs_found_in((cost_ms, cost_ms), &["a", "b"], all)[0], expected, "{cost_ms} ms");
        // A machine that is slower comes as far, as long as it is not slower than is allowed for.
        let slow = bugs_found_in((cost_ms, SLOWER * cost_ms), &["a", "b"], all)[0];
        assert_eq!(slow, expected, "{cost_ms} ms on a slow machine");
    }
    // What is told by chance does not count either, whether or not there is time to find that out.
    let chance: fn(&str, &[&str], &str) -> bool =
        |name, run, cache| name == "b" && !cache.contains('.') && run.len() > 1;
    for cost_ms in [400, 600, 700, 1_100] {
        assert_eq!(bugs_found_in((cost_ms, cost_ms), &["a", "b"], chance)[0].0, 0, "{cost_ms} ms");
    }
}

#[test]
fn tests_that_look_at_their_neighbours_instead_of_the_cache_tell_no_bug() {
    let honest: fn(&str, &[&str], &str) -> bool = |name, _, cache| name == "b" && cache.starts_with("expires");
    assert_eq!(bugs_found(&["a", "b", "z"], honest), [1, 1, 1]);
    // What takes long is run last once that is known; and nothing is beside what is tried again.
    let order: fn(&str, &[&str], &str) -> bool = |name, run, _| {
        let at = |name| run.iter().position(|other| *other == name);
        name == "b" && (at("a") > at("b") || at("z").is_none())
    };
    assert_eq!(bugs_found(&["a", "b", "z"], order), [0, 0, 0]);
    // A test less in each run on a right cache counts them; one that does not tell twice what it told counts as well.
    let count: fn(&str, &[&str], &str) -> bool = |name, run, _| {
        let (there, counted) = (|name| run.contains(&name), !run.contains(&"3"));
        match name {
            "0" => true,
            "1" => !there("0"),
            "2" => !there("1"),
            "3" => !there("2"),
            "e" => counted && there("z"),
            "b" => counted && there("e"),
            _ => false,
        }
    };
    assert_eq!(bugs_found(&["0", "1", "2", "3", "b", "e", "z"], count), [0, 0, 0]);
}
