//! `cargo xtask bench`: the engine and other crates in the same run, medians and ratios; `bench wasm` runs the same program in
//! Node too.
//!
//! Contestants take turns, round by round, so that load on the machine affects all of them alike; the median and the fastest
//! round count. Each is called through a `dyn` reference, so that the compiler inlines the loop into none of them.

mod caches;
mod parser;
mod rings;
mod traces;
mod zipf;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

/// Rounds for each contestant.
const ROUNDS: usize = 21;

type Topic = (&'static str, fn(&Bench));

/// The topics to choose from.
const TOPICS: [Topic; 4] =
    [("caches", caches::run), ("traces", traces::run), ("rings", rings::run), ("parser", parser::run)];

/// Prints `title <tab> nanoseconds` of our own contestants only.
const OURS: &str = "--ours";

/// Prints which topics the arguments select, and measures nothing.
const NAMES: &str = "--topics";

fn main() -> ExitCode {
    let (options, asked): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let unknown_option = options.iter().find(|option| ![OURS, NAMES].contains(&option.as_str()));
    let known = |topic: &String| topic == "engine" || TOPICS.iter().any(|(name, _)| name == topic);
    if let Some(unknown) = unknown_option.or_else(|| asked.iter().find(|topic| !known(topic))) {
        let names = TOPICS.map(|(name, _)| format!("`{name}`")).join(", ");
        eprintln!("no benchmark `{unknown}`: name `engine` for all, or any of {names}");
        return ExitCode::from(2);
    }
    let all = asked.is_empty() || asked.iter().any(|topic| topic == "engine");
    let bench = Bench { only_ours: options.iter().any(|option| option == OURS) };
    for (name, run) in TOPICS.iter().filter(|(name, _)| all || asked.iter().any(|topic| topic == name)) {
        if options.iter().any(|option| option == NAMES) {
            println!("{name}");
        } else {
            run(&bench);
        }
    }
    ExitCode::SUCCESS
}

/// Something that can be timed: a name, and how to prepare a round of work.
struct Contestant<'a> {
    name: &'static str,
    prepare: Box<dyn FnOnce() -> Round<'a> + 'a>,
}

type Round<'a> = Box<dyn FnMut() -> u64 + 'a>;

impl<'a> Contestant<'a> {
    fn new<F: FnMut() -> u64 + 'a>(name: &'static str, prepare: impl FnOnce() -> F + 'a) -> Self {
        Self { name, prepare: Box::new(|| Box::new(prepare())) }
    }
}

/// The settings of a run: whose times are printed.
struct Bench {
    only_ours: bool,
}

impl Bench {
    /// Times all contestants, the first of which is ours, and prints the time of one operation, and its ratio to ours.
    fn race(&self, title: &str, operations: usize, mut contestants: Vec<Contestant<'_>>) {
        if self.only_ours {
            contestants.truncate(1);
        }
        let names: Vec<&str> = contestants.iter().map(|contestant| contestant.name).collect();
        let mut rounds: Vec<Round<'_>> = contestants.into_iter().map(|contestant| (contestant.prepare)()).collect();
        let mut times = vec![Vec::with_capacity(ROUNDS); rounds.len()];
        for round in &mut rounds {
            black_box(round());
        }
        for _ in 0..ROUNDS {
            for (round, times) in rounds.iter_mut().zip(&mut times) {
                times.push(seconds(round) * 1e9 / count(operations));
            }
        }
        for times in &mut times {
            times.sort_by(f64::total_cmp);
        }
        if self.only_ours {
            println!("{title}\t{}", times[0][ROUNDS / 2]);
            return;
        }
        println!("{title}");
        // On an idle machine both lines agree; on a busy one the fastest round was disturbed least.
        for (label, place) in [("median", ROUNDS / 2), ("fastest", 0)] {
            print!("  {label:<8}");
            for (name, own) in names.iter().zip(&times) {
                print!("  {name} {:.1} ns ({:.2}x)", own[place], own[place] / times[0][place]);
            }
            println!();
        }
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
