//! Suites of many tests: a bug is tried first on the tests that have told another bug of its requirement and on those beside them, and on all
//! tests only where none of these tells it. So a thorough suite does not run out of time, at the price of a table that does not name every test that would tell.

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
        light: &Together,
        right: &str,
    ) -> Result<BTreeSet<String>, Rejected> {
        if self.found.tests.len() - light.but.len() >= MANY {
            let likely = self.likely(spec, &light.but);
            if !likely.is_empty() {
                let killers = self.killers_among(likely, spec, light, right)?;
                if !killers.is_empty() {
                    return Ok(killers);
                }
            }
        }
        self.try_bug(spec, &light.but, &light.heavy)
    }

    /// The tests that have told a bug of the same requirement, and those that stand in one class or module with them, where that is not
    /// most of the suite.
    fn likely(&self, spec: &MutantSpec, but: &BTreeSet<String>) -> BTreeSet<String> {
        let others = self.found.bugs.iter().filter(|bug| bug.spec.killed_by.first() == spec.killed_by.first());
        let told: BTreeSet<String> = others.flat_map(|bug| bug.killers.iter().cloned()).collect();
        let groups: BTreeSet<&str> = told.iter().map(|name| group(name)).collect();
        let all = self.found.tests.keys().filter(|name| !but.contains(*name));
        let near: BTreeSet<String> = all.clone().filter(|name| groups.contains(group(name))).cloned().collect();
        if near.len() * 2 <= all.count() { near } else { &told - but }
    }

    /// Those of a few tests that tell a bug. Tests can see which others are run beside them, so a right cache meets the same few first.
    fn killers_among(
        &mut self,
        likely: BTreeSet<String>,
        spec: &MutantSpec,
        light: &Together,
        right: &str,
    ) -> Result<BTreeSet<String>, Rejected> {
        let others = self.all_but(&likely);
        if self.together.insert(likely) {
            self.try_right(right, SEEDS[0], &others, &light.heavy)?;
        }
        let unfit = self.named(|test| test.unfit.is_some());
        Ok(&self.try_bug(spec, &others, &light.heavy)? - &unfit)
    }
}

/// The class or module of a test, by its name: what stands before the last `::`, without a case's values.
fn group(name: &str) -> &str {
    name.split('[').next().and_then(|name| name.rsplit_once("::")).map_or("", |(group, _)| group)
}
