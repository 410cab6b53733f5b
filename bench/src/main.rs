//! `cargo xtask bench engine`: the engine and its rivals in the same run, medians and ratios.
//!
//! Contestants take turns, round by round, so that a busy machine is busy for all of them; the median round counts, and the fastest one.

mod caches;
mod parser;
mod rings;
mod traces;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

/// Rounds for each contestant.
const ROUNDS: usize = 21;

fn main() -> ExitCode {
    let topics: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |topic: &str| topics.is_empty() || topics.iter().any(|asked| asked == topic || asked == "engine");
    if let Some(unknown) =
        topics.iter().find(|t| !["engine", "caches", "traces", "rings", "parser"].contains(&t.as_str()))
    {
        eprintln!("no benchmark `{unknown}`: name `engine`, or `caches`, `traces`, `rings`, `parser`");
        return ExitCode::from(2);
    }
    if is_wanted("caches") {
        caches::run();
    }
    if is_wanted("traces") {
        traces::run();
    }
    if is_wanted("rings") {
        rings::run();
    }
    if is_wanted("parser") {
        parser::run();
    }
    ExitCode::SUCCESS
}

/// Something that can be timed: a name, and a round of work.
struct Contestant<'a> {
    name: &'static str,
    round: Box<dyn FnMut() -> u64 + 'a>,
}

impl<'a> Contestant<'a> {
    fn new(name: &'static str, round: impl FnMut() -> u64 + 'a) -> Self {
        Self { name, round: Box::new(round) }
    }
}

/// Times all contestants, the first of which is ours, and prints what one operation takes them, and how many times as
/// long as ours that is.
fn race(title: &str, operations: usize, mut contestants: Vec<Contestant<'_>>) {
    let mut times = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for contestant in &mut contestants {
        black_box((contestant.round)());
    }
    for _ in 0..ROUNDS {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            times.push(seconds(|| (contestant.round)()));
        }
    }
    println!("{title}");
    for times in &mut times {
        times.sort_by(f64::total_cmp);
    }
    // On an idle machine both lines say the same; on a busy one the fastest round was disturbed least.
    for (label, round) in [("median", ROUNDS / 2), ("fastest", 0)] {
        let ns = |times: &Vec<f64>| times[round] * 1e9 / count(operations);
        let first = ns(&times[0]);
        print!("  {label:<8}");
        for (contestant, times) in contestants.iter().zip(&times) {
            print!("  {} {:.1} ns ({:.2}x)", contestant.name, ns(times), ns(times) / first);
        }
        println!();
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is what reads the host's clock")]
fn seconds(work: impl FnOnce() -> u64) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(operations: usize) -> f64 {
    operations as f64
}
