//! Runs thousands of random lives of the cluster, checks each, and counts rare events: `cargo xtask simulate`.
//!
//! `simulate FIRST COUNT` runs the seeds `FIRST..FIRST + COUNT` on all processors. At the lowest seed that breaks a promise it
//! exits with 1, and prints that life shrunk to a script. `simulate found FIRST COUNT` prints only the seed. `simulate play
//! FILE…` runs the lives in files and prints the clients' answers.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use cachedojo_lab::world::cluster::simulate::{Life, live, relive, script, shrink};
use cachedojo_lab::world::cluster::story::Counts;

mod listener;

/// The most lives that are run to shrink a failing one.
const SHRINK_TRIES: usize = 600;
/// In this many lives every rare event must have happened; the rarest happens about twenty times in a thousand.
const LIVES_THAT_SHOW_ALL: u64 = 2000;

#[derive(Default)]
struct Sum {
    counts: Counts,
    lives: u64,
    operations: usize,
    succeeded: usize,
    faults: usize,
    fewest: (usize, usize),
    digest: u64,
    broken: Option<(u64, Life, String)>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("play", files)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return play(files);
    }
    let finds = arguments.first().is_some_and(|word| word == "found");
    let numbers: Vec<u64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let (first, count) = (numbers.first().copied().unwrap_or(0), numbers.get(1).copied().unwrap_or(1000));
    let sum = Mutex::new(Sum { fewest: (usize::MAX, usize::MAX), ..Sum::default() });
    let next = AtomicU64::new(first);
    let end = AtomicU64::new(first.saturating_add(count));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| work(&next, &end, &sum));
        }
    });
    let sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if finds { found(&sum) } else { report(&sum) }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what the program is for")]
fn play(files: &[String]) -> ExitCode {
    for file in files {
        let life = std::fs::read_to_string(file).ok().as_deref().and_then(Life::read);
        let Some(life) = life else {
            eprintln!("{file} holds no life: make it with the simulation");
            return ExitCode::from(2);
        };
        println!("{file}");
        for line in life.transcript() {
            println!("  {line}");
        }
    }
    println!("listeners\n  {}", listener::listen());
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn found(sum: &Sum) -> ExitCode {
    match &sum.broken {
        Some((seed, _, broken)) => println!("{seed} {broken}"),
        None => println!("none"),
    }
    ExitCode::SUCCESS
}

fn work(next: &AtomicU64, end: &AtomicU64, sum: &Mutex<Sum>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end.load(Ordering::Relaxed) {
            return;
        }
        let (life, lived) = live(seed);
        let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sum.counts.add(&lived.counts);
        sum.lives += 1;
        sum.operations += lived.operations.0;
        sum.succeeded += lived.operations.1;
        sum.faults += lived.faults;
        sum.fewest = (sum.fewest.0.min(lived.operations.0), sum.fewest.1.min(lived.faults));
        sum.digest ^= lived.digest.rotate_left(u32::try_from(seed % 64).unwrap_or(0));
        if let Some(broken) = lived.broken {
            // Lower seeds are finished first, so that the answer is the lowest one.
            end.fetch_min(seed, Ordering::Relaxed);
            if sum.broken.as_ref().is_none_or(|(other, ..)| seed < *other) {
                sum.broken = Some((seed, life, broken));
            }
        }
    }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what the program is for")]
fn report(sum: &Sum) -> ExitCode {
    if let Some((seed, life, broken)) = &sum.broken {
        eprintln!("seed {seed}: {broken}");
        let short = shrink(life, SHRINK_TRIES);
        let still = relive(&short).broken.unwrap_or_default();
        eprintln!("shrunk from {} to {} lines: {still}", life.acts.len(), short.acts.len());
        print!("{}", script(&short));
        return ExitCode::FAILURE;
    }
    println!(
        "{} lives, {} operations ({} succeeded; at least {} a life), {} faults (at least {} a life), digest {:016x}",
        sum.lives, sum.operations, sum.succeeded, sum.fewest.0, sum.faults, sum.fewest.1, sum.digest
    );
    for (name, count) in sum.counts.all() {
        println!("{count:>12}  {name}");
    }
    let never: Vec<_> = sum.counts.all().filter(|&(_, count)| count == 0).map(|(name, _)| name).collect();
    if sum.lives >= LIVES_THAT_SHOW_ALL && !never.is_empty() {
        eprintln!(
            "in {} lives this never happened: {}; the simulation has become too tame",
            sum.lives,
            never.join(", ")
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
