//! Suites of many tests: a bug is tried first on the tests that have told another bug of its requirement, and on all tests only where none
//! of these tells it. So a thorough suite does not run out of time, at the price of a table that does not name every test that would tell.

use std::collections::BTreeSet;

use cachedojo_judge::pack::MutantSpec;

use super::{Grading, SEEDS, Together};
use crate::language::toolchain::Rejected;

/// From how many tests on. A number, not a time: which tests are tried must not depend on the machine.
const MANY: usize = 60;

impl Grading<'_> {
    /// The tests that tell a bug; in a suite of many tests, at least one of them if there is one. Cost: a run, or two.
    pub(super) fn killers_of(
        &mut self,
        spec: &MutantSpec,
        quick: &Together,
        right: &str,
    ) -> Result<BTreeSet<String>, Rejected> {
        if self.found.tests.len() - quick.but.len() >= MANY {
            let likely = self.likely(spec, &quick.but);
            if !likely.is_empty() {
                let killers = self.killers_among(likely, spec, quick, right)?;
                if !killers.is_empty() {
                    return Ok(killers);
                }
            }
        }
        self.try_bug(spec, &quick.but, &quick.heavy)
    }

    /// The tests that have told a bug of the same requirement.
    fn likely(&self, spec: &MutantSpec, but: &BTreeSet<String>) -> BTreeSet<String> {
        let others = self.found.bugs.iter().filter(|bug| bug.spec.killed_by.first() == spec.killed_by.first());
        others.flat_map(|bug| &bug.killers).filter(|name| !but.contains(*name)).cloned().collect()
    }

    /// Those of a few tests that tell a bug. Tests can see which others are run beside them, so a right cache meets the same few first.
    fn killers_among(
        &mut self,
        likely: BTreeSet<String>,
        spec: &MutantSpec,
        quick: &Together,
        right: &str,
    ) -> Result<BTreeSet<String>, Rejected> {
        let others = self.all_but(&likely);
        if self.together.insert(likely) {
            self.try_right(right, SEEDS[0], &others, &quick.heavy)?;
        }
        let unfit = self.named(|test| test.unfit.is_some());
        Ok(&self.try_bug(spec, &others, &quick.heavy)? - &unfit)
    }
}
