//! Visits the states that the consensus core can reach, with the model checker stateright: `cargo xtask simulate --model`. The
//! transition system and its properties are `src/cluster/raft/model.rs`.
//!
//! `model STATES` visits at most about so many in each world, the nearest first. It exits with 1 when the core breaks a promise in
//! one, or when a core with a defect breaks none.

use std::process::ExitCode;

use model::cluster::raft::model::{ALWAYS, Bounds, CoreState, CoreStep, Defect, SOMETIMES, removal};
use stateright::{Checker, HasDiscoveries, Model, Property};

struct Core(Bounds);

impl Model for Core {
    type State = CoreState;
    type Action = CoreStep;

    fn init_states(&self) -> Vec<CoreState> {
        vec![self.0.first()]
    }

    fn actions(&self, state: &CoreState, steps: &mut Vec<CoreStep>) {
        steps.extend(self.0.steps(state));
    }

    fn next_state(&self, state: &CoreState, step: CoreStep) -> Option<CoreState> {
        self.0.after(state, step)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // The function of a property captures nothing, so each has its place written out.
        vec![
            Property::always(ALWAYS[0].0, |_, state| ALWAYS[0].1(state)),
            Property::always(ALWAYS[1].0, |_, state| ALWAYS[1].1(state)),
            Property::always(ALWAYS[2].0, |_, state| ALWAYS[2].1(state)),
            Property::always(ALWAYS[3].0, |_, state| ALWAYS[3].1(state)),
            Property::sometimes(SOMETIMES[0].0, |_, state| SOMETIMES[0].1(state)),
            Property::sometimes(SOMETIMES[1].0, |_, state| SOMETIMES[1].1(state)),
            Property::sometimes(SOMETIMES[2].0, |_, state| SOMETIMES[2].1(state)),
            Property::sometimes(SOMETIMES[3].0, |_, state| SOMETIMES[3].1(state)),
        ]
    }
}

/// Visits a world. Whether what must come of it came: with a defect a broken promise, and without none.
fn visit(name: &str, bounds: Bounds, states: usize) -> bool {
    let defect = bounds.defect;
    let checker =
        Core(bounds).checker().target_state_count(states).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let (all, unique, depth) = (checker.state_count(), checker.unique_state_count(), checker.max_depth());
    let share = if all < states && defect.is_none() { "every state" } else { "the nearest states" };
    println!("{name}: {share}, {unique} of them, after {all} steps, {depth} in a row at most");
    let mut is_broken = false;
    for (promise, _) in ALWAYS {
        let Some(path) = checker.discovery(promise) else { continue };
        is_broken = true;
        let steps = path.into_actions();
        println!("    broken after {} steps: {promise}", steps.len());
        if defect.is_none() {
            println!("    {steps:?}");
        }
    }
    let reached = SOMETIMES.iter().filter(|(name, _)| checker.discovery(name).is_some()).count();
    println!("    {reached} of the {} things that should be seen are", SOMETIMES.len());
    is_broken == defect.is_some() && reached > 0
}

fn main() -> ExitCode {
    let states = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let worlds = [
        ("three nodes, one term, a crash", Bounds { crashes: 1, ..Bounds::fresh(3, 1, 2) }),
        ("three nodes, one term, pre-votes", Bounds { trials: true, ..Bounds::fresh(3, 1, 2) }),
        ("three nodes, two terms", Bounds::fresh(3, 2, 2)),
        ("three nodes, two terms, longer logs", Bounds::fresh(3, 2, 3)),
        ("three nodes, two terms, a crash", Bounds { crashes: 1, ..Bounds::fresh(3, 2, 3) }),
        ("three nodes, two terms, n3 is removed", Bounds { proposals: vec![removal(3)], ..Bounds::fresh(3, 2, 4) }),
        ("three nodes, three terms", Bounds::fresh(3, 3, 3)),
        ("figure 8 of the paper", Bounds::figure_8()),
    ];
    let defects = [
        ("a node votes twice", Defect::VotesTwice, Bounds::fresh(3, 1, 2)),
        ("a node votes whatever log the candidate has", Defect::VotesForAnyLog, Bounds::fresh(3, 2, 2)),
        ("a leader counts who has an older term's entry", Defect::CountsOldTerms, Bounds::figure_8()),
    ];
    let mut is_right = true;
    for (name, bounds) in worlds {
        is_right &= visit(name, bounds, states);
    }
    for (name, defect, bounds) in defects {
        is_right &= visit(name, Bounds { defect: Some(defect), ..bounds }, states);
    }
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
