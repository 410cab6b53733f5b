//! The built-in packs are sound: the reference passes every check, whatever the seed. It answers commands but starts no thread, so
//! checks that count threads are left to the packs' solutions (`grader selfcheck`), as are exercises whose submissions are tests or nodes.

use cachedojo_judge::pack::InterfaceKind;
use cachedojo_judge::simulate::Accept;
use cachedojo_judge::{Verdict, judge};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response};
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

/// The line cache as somebody reads document 000 who takes letters of every alphabet for a key's, and `""` for an empty value.
#[derive(Default)]
struct OtherReading(Reference);

impl Subject for OtherReading {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        let Request::Simulate(commands) = request else { return self.0.call(world, request) };
        let read = |line: &String| match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
            ["PUT", key, "\"\""] => format!("PUT {key} "),
            ["PUT", key, value] => format!("PUT {} {value}", key.replace('é', "e")),
            ["GET", key] => format!("GET {}", key.replace('é', "e")),
            _ => line.clone(),
        };
        self.0.call(world, &Request::Simulate(commands.iter().map(read).collect()))
    }
}

#[test]
fn what_document_000_leaves_open_may_be_read_either_way() {
    let mut exercise = Pack::load("line-cache").expect("a sound pack").exercise;
    exercise.checks.retain(|check| check.accept != Accept::ThreadEach);
    let mut fresh = || Ok(Box::new(OtherReading::default()) as Box<dyn Subject>);
    for outcome in judge(&exercise, 0, &mut fresh).expect("a sound pack") {
        assert_eq!(outcome.verdict, Verdict::Pass, "{}: {:#?}", outcome.id, outcome.first_failure());
    }
    // The test would see it if only one reading were taken.
    let open = exercise.checks.iter_mut().flat_map(|check| &mut check.cases).filter_map(|case| case.output.as_mut());
    let mut two = 0;
    for output in open {
        if let Some((first, _)) = output.split_once("\n----\n") {
            *output = first.to_owned();
            two += 1;
        }
    }
    assert_eq!(two, 2, "letters, and two quotes");
    let judged = judge(&exercise, 0, &mut fresh).expect("a sound pack");
    assert!(judged.iter().any(|outcome| outcome.verdict == Verdict::Fail));
}
