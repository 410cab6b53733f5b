//! The built-in packs are sound: the reference passes every check, whatever the seed. It answers commands but starts no thread, so
//! checks that count threads are left to the packs' solutions (`grader selfcheck`), as are exercises whose submissions are tests or nodes.

use cachedojo_judge::pack::InterfaceKind;
use cachedojo_judge::simulate::Accept;
use cachedojo_judge::{Verdict, judge};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::Subject;
use grader::pack::{Pack, built_in_ids};

#[test]
fn the_reference_passes_every_check_under_every_seed() {
    let ids = built_in_ids();
    assert!(ids.contains(&grader::pack::DEFAULT_ID.to_owned()));
    for id in ids {
        let mut exercise = Pack::load(&id).unwrap_or_else(|error| panic!("{error:#}")).exercise;
        if matches!(exercise.interface, InterfaceKind::Tests | InterfaceKind::Nodes) {
            continue;
        }
        exercise.checks.retain(|check| check.accept != Accept::ThreadEach);
        assert!(!exercise.checks.is_empty(), "{id} has checks left");
        for seed in 0..20 {
            let mut fresh = || Ok(Box::new(Reference::default()) as Box<dyn Subject>);
            for outcome in judge(&exercise, seed, &mut fresh).expect("a sound pack") {
                let first = outcome.first_failure();
                assert_eq!(outcome.verdict, Verdict::Pass, "{id} {} seed {seed}: {first:#?}", outcome.id);
            }
        }
    }
}
