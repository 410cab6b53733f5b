//! The judge on subjects with known faults: each verdict, the points that it costs, and what the learner is shown.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use cachedojo_judge::report::{GraderId, SubmissionId};
use cachedojo_judge::{CheckOutcome, Exercise, PackError, Report, Verdict, judge, probe, shorten};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::schedule::Observed;
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_notation::text::Language;
use cachedojo_wire::{NodeRequest, Request, Response};

/// What is wrong with a subject that else is the reference.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    CountsMissesAsHits,
    LosesEverySecondValue,
    AnswersByLot,
    PanicsInTouch,
    LacksTouch,
    StartsThreads,
    Exits,
    Loops,
}

struct Faulty {
    reference: Reference,
    fault: Fault,
    sets: u32,
}

impl Subject for Faulty {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        let Request::Node(node_request) = request else { return self.reference.call(world, request) };
        match (self.fault, node_request) {
            (Fault::PanicsInTouch, NodeRequest::Touch { .. }) => Err(Crash::Panic { message: "no touch".into() }),
            (Fault::LacksTouch, NodeRequest::Touch { .. }) => {
                Ok(Response::NotImplemented { item: "CacheNode::touch".into() })
            }
            (Fault::Exits, NodeRequest::Get { .. }) => Err(Crash::Exit { code: 0 }),
            (Fault::Loops, NodeRequest::Get { .. }) => Err(Crash::OutOfFuel),
            (Fault::AnswersByLot, NodeRequest::Get { .. }) if world.random.below(2) == 0 => Ok(Response::Entry(None)),
            (Fault::LosesEverySecondValue, NodeRequest::Set { .. }) => {
                self.sets += 1;
                if self.sets.is_multiple_of(2) { Ok(Response::Bool(true)) } else { self.reference.call(world, request) }
            }
            (Fault::CountsMissesAsHits, NodeRequest::Stats) => match self.reference.call(world, request)? {
                Response::Stats(stats) => {
                    Ok(Response::Stats(cachedojo_wire::Stats { hits: stats.hits + stats.misses, ..stats }))
                }
                other => Ok(other),
            },
            _ => self.reference.call(world, request),
        }
    }

    fn observed(&self) -> Option<Observed> {
        let started = u32::from(matches!(self.fault, Fault::StartsThreads));
        Some(Observed { started, steps: 1, ..Observed::default() })
    }
}

const PACK: &str = r#"{
  "id": "small", "title": {"en": "Small", "fr": "Petit"}, "languages": ["rust"], "subject": "prototype", "passing_score": 6,
  "checks": [
    {"id": "set_get", "title": {"en": "Set, get", "fr": "Écrire, lire"}, "category": "Basic", "points": 5, "hint": {"en": "h", "fr": "i"}},
    {"id": "touch", "title": {"en": "Touch", "fr": "Toucher"}, "category": "Core", "points": 5, "depends": ["set_get"], "hint": {"en": "h", "fr": "i"}}
  ]
}"#;

const SET_GET: &str = "
== A value is read back // Une valeur est relue
node new 1KiB
node set ${k1} ${v1}
node get ${k1}
expect ${v1}

== [2 as both] Two values live side by side // Deux valeurs cohabitent
node new 1KiB
node set ${k1} ${v1}
node delete nobody
node set ${k2} ${v2}
node get ${k2}
expect ${v2}

== [1] A miss is no hit // Un échec n'est pas un succès
node new 1KiB
node get ${k1}
node stats
expect hits = 0
";

const TOUCH: &str = "
== touch finds the key // touch trouve la clé
node new 1KiB
node set ${k1} ${v1}
node touch ${k1} 5s
expect touched

== [1 given set_get] touch leaves the counters alone // touch laisse les compteurs
node new 1KiB
node set ${k1} ${v1}
node get ${k2}
node touch ${k1} 5s
node stats
expect hits = 0

== [1 given set_get.both some set_get] touch of a missing key finds nothing // touch d'une clé absente ne trouve rien
node new 1KiB
node touch ${k2} 5s
expect not found
";

fn pack() -> Exercise {
    let exercise: Exercise = serde_json::from_str(PACK).expect("a pack");
    let scripts = BTreeMap::from([("set_get".to_owned(), SET_GET.to_owned()), ("touch".to_owned(), TOUCH.to_owned())]);
    exercise.with_scripts(&scripts).expect("a sound pack")
}

fn outcomes(fault: Fault) -> Vec<CheckOutcome> {
    let mut fresh = || Ok(Box::new(Faulty { reference: Reference::default(), fault, sets: 0 }) as Box<dyn Subject>);
    let mut outcomes = judge(&pack(), 7, &mut fresh).expect("a sound pack");
    shorten(&pack(), &mut outcomes, 7, &mut fresh);
    outcomes
}

#[track_caller]
fn check(fault: Fault, expected: [(Verdict, u32); 2]) {
    let found: Vec<_> = outcomes(fault).iter().map(|outcome| (outcome.verdict, outcome.points)).collect();
    assert_eq!(found, expected, "{fault:?}");
}

#[test]
fn every_fault_gets_its_verdict_and_costs_what_it_should() {
    check(Fault::None, [(Verdict::Pass, 5), (Verdict::Pass, 5)]);
    check(Fault::CountsMissesAsHits, [(Verdict::Fail, 4), (Verdict::Pass, 5)]);
    check(Fault::LosesEverySecondValue, [(Verdict::Fail, 3), (Verdict::Pass, 5)]);
    check(Fault::PanicsInTouch, [(Verdict::Pass, 5), (Verdict::Panic, 0)]);
    check(Fault::LacksTouch, [(Verdict::Pass, 5), (Verdict::NotImplemented, 0)]);
    check(Fault::Exits, [(Verdict::Forbidden, 0), (Verdict::Skipped, 0)]);
    check(Fault::Loops, [(Verdict::Timeout, 0), (Verdict::Skipped, 0)]);
}

#[test]
fn what_depends_on_chance_is_neither_passed_nor_failed() {
    let outcomes = outcomes(Fault::AnswersByLot);
    assert_eq!((outcomes[0].verdict, outcomes[0].points), (Verdict::Flaky, 0));
    let divergence = outcomes[0].first_failure().and_then(|case| case.divergence.clone()).expect("both sides");
    assert_ne!(divergence.expected, divergence.actual);
}

#[test]
fn a_failure_is_shown_by_its_shortest_script() {
    let outcomes = outcomes(Fault::LosesEverySecondValue);
    let shortest = outcomes[0].first_failure().and_then(|case| case.shortest.clone()).expect("a shortest script");
    // The delete goes, the first `set` stays: without it the second would be the first, and found.
    let words: Vec<_> =
        shortest.script.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    let value = shortest.divergence.expected.clone();
    assert_eq!(words, ["node new", "node set", "node set", "node get", &format!("expect {value}")]);
    assert_eq!(shortest.divergence.actual.to_string(), "nothing");
}

#[test]
fn a_panic_is_shown_by_its_shortest_script_and_its_own_advice() {
    let outcomes = outcomes(Fault::PanicsInTouch);
    let shortest = outcomes[1].first_failure().and_then(|case| case.shortest.clone()).expect("a shortest script");
    let words: Vec<_> = shortest.script.lines().map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(words, [Some("touch")], "{}", shortest.script);
    let hint = |language| report(Fault::PanicsInTouch, language).checks.remove(1).hint;
    assert!(hint(Language::English).contains("`unwrap`"), "{}", hint(Language::English));
    assert!(hint(Language::French).contains("paniquer"), "{}", hint(Language::French));
}

#[test]
fn a_case_given_another_row_is_run_where_that_row_is_whole() {
    let cases = |fault| outcomes(fault)[1].cases.len();
    assert_eq!(cases(Fault::None), 3);
    // The second would fail there too, for the reason that `set_get` has told already; the third needs only its core, and one of
    // its cases.
    assert_eq!(cases(Fault::CountsMissesAsHits), 2);
    assert_eq!(outcomes(Fault::CountsMissesAsHits)[1].cases[1].index, 2);
    assert_eq!(cases(Fault::LosesEverySecondValue), 1);
}

#[test]
fn a_case_may_wait_for_one_of_its_own_row_ask_nothing_of_threads_or_only_probe() {
    let counts = "node new 1KiB\nnode get k\nnode stats\nexpect hits = 0\n";
    let row = format!(
        "== [1 as both] A // A\n{counts}== [2 given set_get.both] B // B\n{counts}== [1 unless threads] C // C\n{counts}\
         == [probe] D // D\n{counts}== E // E\nnode new 1KiB\nnode get k\nexpect nothing\n"
    );
    let exercise: Exercise = serde_json::from_str(PACK).expect("a pack");
    let scripts = BTreeMap::from([("set_get".to_owned(), row), ("touch".to_owned(), TOUCH.to_owned())]);
    let exercise = exercise.with_scripts(&scripts).expect("a sound pack");
    assert_eq!(exercise.public().checks[0].cases.len(), 4, "a learner's machine needs no probe");
    for (fault, cases, points, probed) in [
        (Fault::None, &[0, 1, 2, 4][..], 5, Verdict::Pass),
        (Fault::CountsMissesAsHits, &[0, 2, 4], 3, Verdict::Fail),
        (Fault::StartsThreads, &[0, 1, 4], 5, Verdict::Pass),
    ] {
        let fresh = || Ok(Box::new(Faulty { reference: Reference::default(), fault, sets: 0 }) as Box<dyn Subject>);
        let outcome = judge(&exercise, 7, &mut { fresh }).expect("a sound pack").remove(0);
        let run: Vec<usize> = outcome.cases.iter().map(|case| case.index).collect();
        assert_eq!((run.as_slice(), outcome.points), (cases, points), "{fault:?}");
        let probes = probe(&exercise, &BTreeSet::from(["set_get"]), 7, &mut { fresh }).expect("a sound pack");
        let probes: Vec<_> = probes.iter().flat_map(|row| &row.cases).map(|case| (case.index, case.verdict)).collect();
        assert_eq!(probes, [(3, probed)], "{fault:?}");
    }
}

fn report(fault: Fault, language: Language) -> Report {
    let submission = SubmissionId { path: "somewhere".into(), sha256: "0".into(), files: Vec::new() };
    let grader = GraderId { version: "test".into(), backend: "wasm".into() };
    Report::of_checks(&pack(), 7, language, submission, grader, b"module", &outcomes(fault), &[], Vec::new())
}

#[test]
fn a_report_adds_up_and_its_receipt_repeats() {
    let sound = report(Fault::None, Language::English);
    assert_eq!((sound.score, sound.max_score, sound.passed), (10, 10, true));
    assert_eq!(sound.receipt, report(Fault::None, Language::French).receipt, "the language changes no result");
    let faulty = report(Fault::Exits, Language::English);
    assert_eq!((faulty.score, faulty.passed), (0, false));
    assert_ne!(sound.receipt, faulty.receipt);
    assert!(faulty.checks[1].message.contains("set_get"), "{}", faulty.checks[1].message);
    let english = report(Fault::CountsMissesAsHits, Language::English).checks.remove(0);
    assert_eq!(english.message, "Expected hits = 0 after `node stats`, got hits = 1. The rule: A miss is no hit.");
    assert_eq!(english.transcript.lines().last(), Some("  BROKEN: expected hits = 0, got hits = 1"));
    let french = report(Fault::CountsMissesAsHits, Language::French).checks.remove(0);
    assert_eq!(
        french.message,
        "Attendu hits = 0 après « node stats », obtenu hits = 1. La règle : Un échec n'est pas un succès."
    );
}

#[track_caller]
fn check_pack_error(set_get: &str, touch: &str, message: &str) {
    let exercise: Exercise = serde_json::from_str(PACK).expect("a pack");
    let scripts = BTreeMap::from([("set_get".to_owned(), set_get.to_owned()), ("touch".to_owned(), touch.to_owned())]);
    let error: PackError = exercise.with_scripts(&scripts).expect_err("an unsound pack");
    assert_eq!(error.to_string(), message);
}

#[test]
fn an_unsound_pack_is_refused_with_the_remedy() {
    check_pack_error("", TOUCH, "checks/set_get.txt has no case: begin one with `== title // titre`");
    check_pack_error(
        "node new 5",
        TOUCH,
        "checks/set_get.txt:1: commands stand before the first `== title // titre`: give them one",
    );
    check_pack_error(
        "== title\nnode new 5",
        TOUCH,
        "checks/set_get.txt:1: write the title as `== [points] english // français`, or with `[points given check…]`",
    );
    check_pack_error(
        "== [1 given touch] a // b\nnode new 5\nexpect node ready",
        TOUCH,
        "exercise.toml: `set_get` names the check `touch`, which is not there (a dependency must come earlier)",
    );
    check_pack_error(
        SET_GET,
        "== [1 given set_get.neither] a // b\nnode new 5\nexpect node ready",
        "exercise.toml: `touch` names the check `set_get.neither`, which is not there (a dependency must come earlier)",
    );
    check_pack_error(
        "== [1 given set_get.late] a // b\nnode new 5\nexpect node ready\n== [1 as late] a // b\nnode new 5\nexpect node ready",
        TOUCH,
        "exercise.toml: `set_get` names the check `set_get.late`, which is not there (a dependency must come earlier)",
    );
    check_pack_error(
        "== a // b\n?? c // d\nnode new 5\n---\nready",
        TOUCH,
        "checks/set_get.txt:4: four dashes, `----`, begin the output, and these are not four: add or take away some",
    );
    check_pack_error(
        "== a // b\nnode new 5",
        TOUCH,
        "checks/set_get.txt:1: this case expects nothing, so it could not fail: add an `expect`",
    );
    check_pack_error(
        "== a // b\nnode get ${x}\nexpect 5",
        TOUCH,
        "checks/set_get.txt:1: `${x}` is no placeholder: use ${k1}, ${v1}, ${n1:1..9} and sums of numbers",
    );
    check_pack_error(
        "== a // b\nnode new 5\nnode gte k",
        TOUCH,
        "checks/set_get.txt:3: `node gte` is no command; did you mean `node get`?",
    );
    check_pack_error(
        "== [6] a // b\nnode new 5\nexpect node ready",
        TOUCH,
        "checks/set_get.txt:1: this case costs more than the row has points: give it at most those",
    );
}
