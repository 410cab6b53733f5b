//! A mutant before the checks, and beside the submission that it was made of.

use std::sync::Arc;

use cachedojo_judge::{Verdict, judge};
use cachedojo_lab::runner;
use cachedojo_lab::script::{self, Dialect};
use grader::intake::submission::Submission;
use grader::language::toolchain::{Factory, Limits};
use grader::run::bench::Bench;

use super::lives::{Life, fixed, life};

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It does not compile.
    NotBuilt,
    /// It differs from its original, and this check fails.
    Killed(String),
    /// No random script tells it from its original, and it gets full marks.
    Alike,
    /// No random script tells it from its original, and this check fails: the check asks for what those do not, or for too much.
    Accused(String),
    /// It answers this script differently from its original, and gets full marks.
    Survives(String),
}

/// How many random scripts are tried.
pub(crate) const LIVES: u64 = 40;

/// A run that does not end is cut off early: what it would do is enough to differ.
fn limits() -> Limits {
    Limits { fuel: 400_000_000, ..Limits::default() }
}

/// What an answer was, and at which step.
type Told = Vec<(u32, String)>;

/// A submission that is right: the model of its mutants.
pub(crate) struct Original {
    lives: Vec<(Life, Told)>,
}

fn program(bench: &Bench<'_>, source: &str) -> Option<Arc<dyn Factory>> {
    Some(bench.build(&Submission::from_source("mutant", source)).ok()?.factory)
}

impl Original {
    /// The model that a source is; `None` where it does not build. Cost: a build and [`LIVES`] runs.
    pub(crate) fn new(bench: &Bench<'_>, source: &str) -> Option<Self> {
        let program = program(bench, source)?;
        let lives = (0..LIVES).map(life).map(|life| {
            let told = told(&*program, &life);
            (life, told)
        });
        Some(Self { lives: lives.collect() })
    }

    /// Judges one mutant. Cost: a build, one judging, and at most [`LIVES`] runs.
    pub(crate) fn fate(&self, bench: &Bench<'_>, source: &str, seed: u64) -> Fate {
        let Some(mutant) = program(bench, source) else { return Fate::NotBuilt };
        let failing = failing(bench, &*mutant, seed);
        let parting = self.lives.iter().find_map(|(life, original)| {
            let mutant = told(&*mutant, life);
            (mutant != *original).then(|| parted(life, original, &mutant))
        });
        match (failing, parting) {
            (None, None) => Fate::Alike,
            (None, Some(script)) => Fate::Survives(script),
            (Some(check), None) => Fate::Accused(check),
            (Some(check), Some(_)) => Fate::Killed(check),
        }
    }
}

/// The first check that fails.
fn failing(bench: &Bench<'_>, mutant: &dyn Factory, seed: u64) -> Option<String> {
    let mut fresh = || mutant.subject(&limits()).map_err(|error| error.to_string());
    for check in &bench.pack.exercise.checks {
        let mut exercise = bench.pack.exercise.clone();
        exercise.checks = vec![check.clone()];
        for check in &mut exercise.checks {
            check.depends.clear();
            check.cases.iter_mut().for_each(|case| case.given.clear());
        }
        let outcomes = judge(&exercise, seed, &mut fresh).expect("a sound pack");
        if outcomes[0].verdict != Verdict::Pass {
            return Some(check.id.clone());
        }
    }
    None
}

fn told(program: &dyn Factory, life: &Life) -> Told {
    let script = script::parse(&life.script, Dialect::Lab);
    assert_eq!(script.diagnostics, [], "{}", life.script);
    let mut subject = program.subject(&limits()).expect("it starts");
    fixed(life, &runner::run(&script, subject.as_mut(), 0))
}

/// The script up to where the two part, and both answers.
fn parted(life: &Life, original: &Told, mutant: &Told) -> String {
    let at = original.iter().zip(mutant).find(|(one, other)| one != other);
    let Some(((step, one), (_, other))) = at else { return format!("one run ended early:\n{}", life.script) };
    let lines: Vec<&str> = life.script.lines().take(*step as usize + 1).collect();
    format!("{}\n# the original: {one}\n# the mutant: {other}", lines.join("\n"))
}
