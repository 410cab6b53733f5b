//! A bug counts as told only if a test tells it again. Tests that fail by chance are found out by that: where one is, every bug
//! is tried again so often that chance does not pass.

use std::collections::BTreeSet;

use cachedojo_judge::pack::MutantSpec;

use super::words::Unfit;
use super::{COST_MS_MAX, Grading, SEEDS, Together};
use crate::language::toolchain::Rejected;

/// How often every bug is tried again, and how often right caches are, once a run came to something else than the same run before.
/// Together with the runs before that, 400 tests that toss coins tell one of 50 bugs in less than one of a hundred gradings.
const OFTEN: usize = 8;
/// How many tests together are tried so often for each bug: one that tells it is enough.
const TOGETHER: usize = 3;
/// How many bugs are looked at to tell chance from tests that depend on each other.
const PROBES: usize = 3;
/// What all runs may count for up to which bugs are tried again, in milliseconds.
const COST_MS_CONFIRM: u64 = 52_000;
/// How many bugs have to be tried again for those to count that there is no time to try again.
const SAMPLE: usize = 12;

impl Grading<'_> {
    /// Tries each bug that was told again, with only the tests that told it: what a test does not tell again does not count, since it
    /// failed by chance, or only because of what the bug did to a test before it. Begins with the bug at `drawn`, and where time does
    /// not last for all, it is enough for a test that a `SAMPLE` of bugs was tried again and none put it in doubt.
    pub(super) fn confirm(&mut self, light: &Together, alone: &Together, drawn: usize) -> Result<(), Rejected> {
        let mut told: Vec<_> =
            (0..self.found.bugs.len()).filter(|&bug| !self.found.bugs[bug].killers.is_empty()).collect();
        let first = drawn % told.len().max(1);
        told.rotate_left(first);
        let mut confirmed = 0;
        for &bug in &told {
            if !self.has_time(COST_MS_CONFIRM) {
                break;
            }
            let spec = self.found.bugs[bug].spec;
            let killers = self.found.bugs[bug].killers.iter().cloned().collect();
            let again = self.told_again(spec, &killers)?;
            if again.len() < killers.len() && !self.found.by_chance && self.probes < PROBES {
                // Tests that depend on each other come to the same in the same run; tests that toss coins do not.
                self.probes += 1;
                let tried = if killers.iter().any(|name| alone.but.contains(name)) { light } else { alone };
                let same = self.try_bug(spec, &tried.but, &tried.heavy)? == killers;
                self.found.by_chance = !same || self.told_again(spec, &killers)? != again;
            }
            self.doubtful.extend(&killers - &again);
            self.found.bugs[bug].killers = again.into_iter().collect();
            confirmed += 1;
        }
        for &bug in &told[confirmed..] {
            let killers = &mut self.found.bugs[bug].killers;
            killers.retain(|name| confirmed >= SAMPLE && !self.doubtful.contains(name));
            self.found.unconfirmed += usize::from(killers.is_empty());
        }
        Ok(())
    }

    /// Those of the tests that tell a bug now, alone.
    fn told_again(&mut self, spec: &MutantSpec, killers: &BTreeSet<String>) -> Result<BTreeSet<String>, Rejected> {
        if killers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let others = self.all_but(killers);
        Ok(&self.try_bug(spec, &others, &BTreeSet::new())? & killers)
    }

    pub(super) fn all_but(&self, tests: &BTreeSet<String>) -> BTreeSet<String> {
        self.found.tests.keys().filter(|name| !tests.contains(*name)).cloned().collect()
    }

    /// The tests that still tell a bug.
    fn killers(&self) -> BTreeSet<String> {
        self.found.bugs.iter().flat_map(|bug| bug.killers.iter().cloned()).collect()
    }

    /// A test that tells nothing again does not count at all.
    pub(super) fn note_doubtful(&mut self) {
        let steady = self.killers();
        for name in self.doubtful.iter().filter(|name| !steady.contains(*name)) {
            if let Some(known) = self.found.tests.get_mut(name) {
                known.unfit.get_or_insert(Unfit::Dependent);
            }
        }
    }

    /// What a test tells that does not count does not count.
    pub(super) fn drop_unfit(&mut self) {
        let unfit = self.named(|test| test.unfit.is_some());
        for bug in &mut self.found.bugs {
            bug.killers.retain(|name| !unfit.contains(name));
        }
    }

    /// Looks for chance where a test failed on a right cache after it had passed on it: whether the same run comes to the same.
    pub(super) fn look_for_chance(&mut self, right: &str) -> Result<(), Rejected> {
        let flaky = |unfit: &Unfit| matches!(unfit, Unfit::Flaky(_));
        if self.found.by_chance || !self.found.tests.values().any(|test| test.unfit.as_ref().is_some_and(flaky)) {
            return Ok(());
        }
        let skip = self.endless();
        let mut first = None;
        for _ in 0..PROBES {
            let failed = self.failed(right, SEEDS[0], &skip, &BTreeSet::new())?;
            self.found.by_chance |= first.get_or_insert_with(|| failed.clone()) != &failed;
        }
        Ok(())
    }

    /// Tries all tests that tell a bug on right caches again and again, and then every bug on the tests that are said to tell it. What
    /// there is no time for does not count.
    pub(super) fn confirm_often(&mut self, right: &[String]) -> Result<(), Rejected> {
        let rounds = SEEDS.iter().flat_map(|seed| right.iter().map(move |cache| (cache, *seed))).cycle();
        for (cache, seed) in rounds.take(OFTEN) {
            let killers = self.killers();
            if !killers.is_empty() && self.has_time(COST_MS_MAX) {
                self.try_right(cache, seed, &self.all_but(&killers), &BTreeSet::new())?;
                self.drop_unfit();
            }
        }
        for index in 0..self.found.bugs.len() {
            let mut left = std::mem::take(&mut self.found.bugs[index].killers);
            left.sort_by_key(|name| std::cmp::Reverse(self.found.tests.get(name).map_or(0, |test| test.calls)));
            while !left.is_empty() && self.found.bugs[index].killers.is_empty() {
                let these = left.split_off(left.len().saturating_sub(TOGETHER)).into_iter().collect();
                let Some(steady) = self.told_often(self.found.bugs[index].spec, these)? else {
                    self.found.unconfirmed += 1;
                    break;
                };
                self.found.bugs[index].killers = steady.into_iter().collect();
            }
        }
        self.note_doubtful();
        Ok(())
    }

    /// Those of the tests that tell a bug each time; `None` where time does not last.
    fn told_often(
        &mut self,
        spec: &MutantSpec,
        mut tests: BTreeSet<String>,
    ) -> Result<Option<BTreeSet<String>>, Rejected> {
        for _ in 0..OFTEN {
            if tests.is_empty() {
                break;
            }
            if !self.has_time(COST_MS_MAX) {
                return Ok(None);
            }
            let again = self.told_again(spec, &tests)?;
            self.doubtful.extend(&tests - &again);
            tests = again;
        }
        Ok(Some(tests))
    }
}
