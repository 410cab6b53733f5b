//! Mutates submissions that are right, mechanically, and lists the mutants that the checks do not see.
//!
//! `cargo run -p grader --example mutate -- [--sample N] [--from K] [--seed N] PATH…`: every so many-th mutant of each file, `N` in all
//! (60 unless told), from the `K`-th on. One line a mutant as it is judged, and a table at the end. Cost: about two seconds of
//! processor time a mutant.

#![allow(clippy::print_stdout, reason = "a tool's own voice")]

#[path = "../tests/mutation/judge.rs"]
mod fates;
#[path = "../tests/mutation/lives.rs"]
mod lives;
#[path = "../tests/mutation/operators.rs"]
mod operators;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use fates::{Fate, Original};
use grader::pack::{DEFAULT_ID, Pack};
use grader::run::bench::Bench;

#[derive(Parser)]
struct Args {
    /// How many mutants of each file.
    #[arg(long, default_value_t = 60)]
    sample: usize,
    /// From which on.
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// The grading's seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Single files: `src/lib.rs` of submissions that are right.
    paths: Vec<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let pack = Pack::load(DEFAULT_ID)?;
    let bench = Bench::open(&pack, false)?;
    for path in &args.paths {
        let source = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let original = Original::new(&bench, &source).with_context(|| format!("{} does not build", path.display()))?;
        let mutants = operators::mutants(&source);
        let step = (mutants.len() / args.sample.max(1)).max(1);
        let mut table: BTreeMap<&str, usize> = BTreeMap::new();
        println!("{}: {} mutants, every {step}th from {}", path.display(), mutants.len(), args.from);
        for mutant in mutants.iter().skip(args.from).step_by(step).take(args.sample) {
            let fate = original.fate(&bench, &mutant.source, args.seed);
            let (name, told) = match &fate {
                Fate::NotBuilt => ("not built", ""),
                Fate::Killed(check) => ("killed", check.as_str()),
                Fate::Alike => ("alike", ""),
                Fate::Accused(check) => ("ACCUSED", check.as_str()),
                Fate::Survives(script) => ("SURVIVES", script.as_str()),
            };
            *table.entry(name).or_default() += 1;
            println!("{name}: line {}: {} {told}", mutant.line, mutant.what);
        }
        println!("{}: {table:?}", path.display());
    }
    Ok(())
}
