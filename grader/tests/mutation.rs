//! A sample of mechanical mutants of the solution: whoever differs from it loses points. `cargo run -p grader --example mutate --
//! --sample 100 PATH…` tries as many as you like, of any submission that is right.

#[path = "mutation/judge.rs"]
mod fates;
#[path = "mutation/lives.rs"]
mod lives;
#[path = "mutation/operators.rs"]
mod operators;

use fates::{Fate, Original};
use grader::pack::{DEFAULT_ID, Pack};
use grader::run::bench::Bench;

/// Every so many-th mutant is tried here.
const EVERY: usize = 29;

#[test]
fn a_mutant_that_differs_from_the_solution_loses_points() {
    let pack = Pack::load(DEFAULT_ID).expect("a sound pack");
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let solution = pack.files.get("solution/src/lib.rs").expect("a solution");
    let original = Original::new(&bench, solution).expect("it builds");
    let sample: Vec<_> = operators::mutants(solution).into_iter().skip(EVERY / 2).step_by(EVERY).collect();
    let mut killed = 0;
    for mutant in &sample {
        match original.fate(&bench, &mutant.source, 0) {
            Fate::Survives(script) => panic!("line {}: {}: full marks, but:\n{script}", mutant.line, mutant.what),
            Fate::Killed(_) => killed += 1,
            Fate::NotBuilt | Fate::Alike | Fate::Accused(_) => {}
        }
    }
    assert!(killed * 3 > sample.len(), "{killed} of {} are killed: the sample shows little", sample.len());
}

#[test]
fn operators_change_what_runs_and_nothing_else() {
    let source = "#[derive(Debug)] struct S { a: [u8; 4] }\nfn f(a: Vec<u8>, b: u8) -> bool {\n    g(b);\n    if b < 1 && !a.is_empty() { true } else { h!(b) }\n}";
    let told: Vec<String> = operators::mutants(source).iter().map(|mutant| mutant.what.clone()).collect();
    assert_eq!(
        told,
        [
            "g(b) -> ",
            "b < 1 && !a.is_empty() -> true",
            "b < 1 && !a.is_empty() -> false",
            "< -> <=",
            "< -> >",
            "1 -> 2",
            "1 -> 0",
            "&& -> ||",
            "! -> ",
            "true -> false"
        ]
    );
}
