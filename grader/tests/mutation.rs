//! A sample of mechanical mutants of the solution: whoever breaks a promise loses what it is worth, and no right submission is
//! accused. `cargo xtask mutate` tries them all, of the golden submissions too.

#[path = "mutation/batch.rs"]
#[allow(dead_code, reason = "the command uses the rest")]
mod batch;
#[path = "mutation/fates.rs"]
mod fates;
#[path = "mutation/lives/mod.rs"]
mod lives;
#[path = "mutation/operators.rs"]
#[allow(dead_code, reason = "the command uses the rest")]
mod operators;
#[path = "mutation/wrong.rs"]
#[allow(dead_code, reason = "the command uses the rest")]
mod wrong;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use batch::Batch;
use cachedojo_judge::pack::CodeLanguage;
use fates::{Fate, Lives};
use grader::intake::submission::Submission;
use grader::pack::{DEFAULT_ID, Pack};
use grader::run::bench::Bench;

/// Every so many-th mutant is tried here.
const EVERY: usize = 23;

#[test]
fn a_mutant_that_breaks_a_promise_loses_what_it_is_worth() {
    let pack = Pack::load(DEFAULT_ID).expect("a sound pack");
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let solution =
        Submission::of(CodeLanguage::Rust, "solution", pack.part("solution", CodeLanguage::Rust)).expect("a solution");
    let mutants = batch::mutants(&solution.files);
    let sample: BTreeSet<usize> = (1..=mutants.len()).skip(EVERY / 2).step_by(EVERY).collect();
    let batch = Batch::build(&bench, &solution, &mutants, &sample).expect("it builds");
    let lives = Lives::new();
    assert!(lives.mistakes(&batch).is_empty(), "the solution keeps every promise: {:?}", lives.mistakes(&batch));
    let mut killed = 0;
    for number in sample.iter().copied().filter(|number| batch.has(*number)) {
        let judged = lives.fate(&bench, &batch, number, 0);
        let told = mutants[number - 1].changes[0].description(&solution.files[&solution.root]);
        assert!(
            !matches!(judged.fate, Fate::Survives | Fate::Spared),
            "{told} loses {:?}, but:\n{}",
            judged.lost,
            judged.why
        );
        killed += usize::from(judged.fate == Fate::Killed);
    }
    assert!(killed * 2 > sample.len(), "{killed} of {} are killed: the sample shows little", sample.len());
}

/// Every so many-th of the written-down submissions is graded here.
const WRONG_EVERY: usize = 12;

/// Pairs in which the second excused what the first costs: a case that is given a row was not run where that row had lost a point by
/// anything. `cargo xtask mutate --pairs 1` tries all pairs.
const PAIRS: [(&str, &str); 3] = [
    ("what_incr_has_met_no_clean_up_finds", "a_vain_delete_is_a_miss"),
    ("evicted_keys_leave_their_deadlines", "lfu_is_lru"),
    ("servers_know_no_limit", "fifo_prefers_deadlines"),
];

/// Submissions whose failure shows only by a line that changes nothing for the reference. `cargo xtask mutate --shown 1` tries all,
/// on all right submissions.
const SHOWN: [&str; 3] = ["a_rebalance_does_nothing", "a_clean_up_does_nothing", "only_owners_hand_over"];

/// What somebody is shown is run on this one: each of its servers has a store of its own.
const RIGHT: &str = "correct_tokio_one_node_a_server";

#[test]
fn what_somebody_wrote_down_loses_what_it_should() {
    let pack = Pack::load(DEFAULT_ID).expect("a sound pack");
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let files = pack.part("solution", CodeLanguage::Rust);
    let solution = Submission::of(CodeLanguage::Rust, "solution", files).expect("a solution");
    let (entries, mutants): (Vec<_>, Vec<_>) = wrong::entries(&solution).into_iter().unzip();
    let number = |id: &str| entries.iter().position(|entry| entry.id == id).expect("an entry") + 1;
    let pairs = PAIRS.map(|(one, other)| (number(one), number(other)));
    let mut sample: BTreeSet<usize> = (1..=mutants.len()).step_by(WRONG_EVERY).collect();
    sample.extend(pairs.iter().flat_map(|(one, other)| [one, other]));
    sample.extend(SHOWN.map(number));
    let batch = Batch::build(&bench, &solution, &mutants, &sample).expect("it builds");
    let mut alone = BTreeMap::new();
    for number in sample {
        let entry = &entries[number - 1];
        assert!(batch.has(number), "{} compiles", entry.id);
        let losses = fates::losses(&bench, &batch, number, 1);
        let wrong = entry.out_of_range(&fates::lost(&losses));
        assert!(wrong.is_empty(), "{}: {}", entry.id, wrong.join(", "));
        alone.insert(number, fates::total(&losses));
    }
    for ((one, other), names) in pairs.into_iter().zip(PAIRS) {
        assert!(batch.has_both(one, other), "{names:?} can be one");
        let both = fates::losses_of(&bench, &batch, (one, other), 1);
        let most = alone[&one].max(alone[&other]);
        assert!(fates::total(&both) >= most, "a further bug raises the mark of {names:?}: {:?}", fates::lost(&both));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions").join(RIGHT);
    let right = Submission::read(&path, &pack.exercise.languages).expect("a submission");
    let right = bench.build(&right).expect("it builds").factory;
    for id in SHOWN {
        let shown = fates::shown(&bench, &batch, number(id), 1);
        assert!(!shown.is_empty(), "{id} is shown something");
        for (row, script) in shown {
            let mut subject = right.subject(&bench.limits).expect("it starts");
            let failed = fates::fails(&script, subject.as_mut(), 1);
            assert_eq!(failed, None, "{id}: a right submission fails what is shown of `{row}`");
        }
    }
}

#[test]
fn operators_change_what_runs_and_nothing_else() {
    let source = "#[derive(Debug)] struct S { a: [u8; 4] }\nfn f(a: Vec<u8>, b: u8) -> bool {\n    g(b);\n    if b < 1 && !a.is_empty() { true } else { h!(b) }\n}";
    let changes = operators::changes(source);
    let told: Vec<String> = changes.iter().map(|change| change.description(source)).collect();
    assert_eq!(
        told,
        [
            "{ g(b); if b < 1 && !a.is_empty() { true } else { h!(b) } } -> { false }",
            "{ g(b); if b < 1 && !a.is_empty() { true } else { h!(b) } } -> { true }",
            "g(b) -> ",
            "b < 1 && !a.is_empty() -> false",
            "b < 1 && !a.is_empty() -> true",
            "< -> <=",
            "< -> >",
            "1 -> 0",
            "1 -> 2",
            "&& -> ||",
            "! -> ",
            "true -> false"
        ]
    );
}
