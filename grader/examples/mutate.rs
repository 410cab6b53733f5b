//! Mutates right submissions mechanically, and lists the mutants that the checks do not notice. `cargo xtask mutate` runs it.

#![allow(clippy::print_stdout, reason = "a tool's own voice")]

#[path = "../tests/mutation/batch.rs"]
mod batch;
#[path = "../tests/mutation/fates.rs"]
mod fates;
#[path = "../tests/mutation/lives/mod.rs"]
mod lives;
#[path = "../tests/mutation/operators.rs"]
mod operators;
#[path = "../tests/mutation/wrong.rs"]
mod wrong;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use batch::{Batch, Mutant};
use cachedojo_judge::pack::CodeLanguage;
use clap::Parser;
use fates::{Fate, Judged, Lives};
use grader::intake::submission::Submission;
use grader::language::toolchain::Limits;
use grader::pack::Pack;
use grader::run::bench::Bench;
use serde::{Deserialize, Serialize};

/// The most mutants of one module: as many as the compiler takes in a few seconds.
const BATCH_MAX: usize = 400;

#[derive(Parser)]
struct Args {
    /// Every so many-th mutant only
    #[arg(long, default_value = "1")]
    every: NonZeroUsize,
    /// The grading's seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where results are kept, a file a submission: what stands there is not judged again
    #[arg(long, default_value = "target/mutation")]
    results: PathBuf,
    /// Judge again what survived, was spared or accused
    #[arg(long)]
    again: bool,
    /// Instead, grade the submissions of wrong.toml under so many seeds
    #[arg(long)]
    wrong: Option<u64>,
    /// Instead, grade every so many-th pair of the submissions of wrong.toml and the known bugs: a further bug raises no mark
    #[arg(long, value_name = "EVERY")]
    pairs: Option<usize>,
    /// Instead, run what every so many-th of them is shown on all right submissions, which must pass it
    #[arg(long, value_name = "EVERY")]
    shown: Option<usize>,
    /// Submissions that are right; without one, the pack's solution and all golden ones
    paths: Vec<PathBuf>,
}

/// One line of a file of results.
#[derive(Serialize, Deserialize)]
struct Row {
    number: usize,
    file: String,
    line: usize,
    what: String,
    #[serde(flatten)]
    judged: Judged,
}

fn main() -> Result<()> {
    let args = Args::parse();
    // From its folder, so that a changed pack needs no new build of this program.
    let pack = Pack::load(concat!(env!("CARGO_MANIFEST_DIR"), "/../exercises/distributed-cache"))?;
    let bench = Bench::open(&pack, false)?;
    if let Some(seeds) = args.wrong {
        return wrong(&bench, seeds);
    }
    if let Some(every) = args.pairs {
        return pairs(&bench, every.max(1), args.seed);
    }
    if let Some(every) = args.shown {
        return shown(&bench, every.max(1), args.seed);
    }
    let lives = Lives::new();
    fs::create_dir_all(&args.results)?;
    let mut table: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for path in if args.paths.is_empty() { right_submissions()? } else { args.paths.clone() } {
        let name = name(&path);
        let rows = one(&args, &bench, &lives, &path, &name).with_context(|| name.clone())?;
        let counts = table.entry(name).or_default();
        for row in &rows {
            *counts.entry(format!("{:?}", row.judged.fate)).or_default() += 1;
        }
    }
    print_table(&table);
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn right_submissions() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = fs::read_dir(root.join("tests/submissions"))?.map(|entry| Ok(entry?.path()));
    let mut golden: Vec<PathBuf> = golden.collect::<Result<_>>()?;
    golden.retain(|path| name(path).starts_with("correct_"));
    golden.sort();
    golden.insert(0, root.join("../exercises/distributed-cache/solution"));
    Ok(golden)
}

fn one(args: &Args, bench: &Bench<'_>, lives: &Lives, path: &Path, name: &str) -> Result<Vec<Row>> {
    let original = Submission::read(path, &bench.pack.exercise.languages).map_err(|error| anyhow!("{error}"))?;
    let mutants = batch::mutants(&original.files);
    let file = args.results.join(format!("{name}.jsonl"));
    let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
    for line in fs::read_to_string(&file).unwrap_or_default().lines() {
        // A line that was cut off is ignored, so its mutant is judged again.
        let Ok(row) = serde_json::from_str::<Row>(line) else { continue };
        rows.insert(row.number, row);
    }
    rows.retain(|_, row| !args.again || matches!(row.judged.fate, Fate::NotBuilt | Fate::Killed | Fate::Alike));
    let wanted: BTreeSet<usize> = (1..=mutants.len()).skip(args.every.get() / 2).step_by(args.every.get()).collect();
    rows.retain(|number, _| wanted.contains(number));
    let missing: Vec<usize> = wanted.into_iter().filter(|number| !rows.contains_key(number)).collect();
    println!("{name}: {} mutants, {} known, {} to judge", mutants.len(), rows.len(), missing.len());
    let mut to = OpenOptions::new().create(true).append(true).open(&file)?;
    for part in missing.chunks(BATCH_MAX) {
        let part: BTreeSet<usize> = part.iter().copied().collect();
        let batch = Batch::build(bench, &original, &mutants, &part).map_err(|error| anyhow!(error))?;
        let mistakes = lives.mistakes(&batch);
        ensure!(mistakes.is_empty(), "the lives accuse a right submission:\n{}", mistakes.join("\n"));
        for number in part {
            let alone = batch.unplaced().contains(&number).then(|| Batch::alone(bench, &original, &mutants, number));
            let judged = match alone {
                Some(Err(_)) => Judged { fate: Fate::NotBuilt, lost: BTreeMap::new(), why: String::new() },
                Some(Ok(alone)) => lives.fate(bench, &alone, number, args.seed),
                None => lives.fate(bench, &batch, number, args.seed),
            };
            let Mutant { file, changes } = &mutants[number - 1];
            let (text, change) = (&original.files[file], &changes[0]);
            let row =
                Row { number, file: file.clone(), line: change.line(text), what: change.description(text), judged };
            if matches!(row.judged.fate, Fate::Survives | Fate::Spared | Fate::Accused) {
                println!(
                    "{:?} {number}: {}:{}: {} {:?}",
                    row.judged.fate, row.file, row.line, row.what, row.judged.lost
                );
            }
            writeln!(to, "{}", serde_json::to_string(&row)?)?;
            rows.insert(number, row);
        }
    }
    Ok(rows.into_values().collect())
}

fn wrong(bench: &Bench<'_>, seeds: u64) -> Result<()> {
    let files = bench.pack.part("solution", CodeLanguage::Rust);
    let solution = Submission::of(CodeLanguage::Rust, "solution", files).context("a solution")?;
    let (entries, mutants): (Vec<_>, Vec<_>) = wrong::entries(&solution).into_iter().unzip();
    let all: BTreeSet<usize> = (1..=mutants.len()).collect();
    let batch = Batch::build(bench, &solution, &mutants, &all).map_err(|error| anyhow!(error))?;
    let mut outside = 0;
    for (number, entry) in (1..).zip(&entries) {
        ensure!(batch.has(number), "{} does not compile", entry.id);
        for seed in 1..=seeds {
            let lost = fates::losses(bench, &batch, number, seed).into_iter().filter(|(_, (lost, _))| *lost > 0);
            let lost: BTreeMap<String, u32> = lost.map(|(row, (lost, _))| (row, lost)).collect();
            let wrong = entry.out_of_range(&lost);
            if !wrong.is_empty() {
                outside += 1;
                println!("{} under seed {seed}: {}; it loses {lost:?}", entry.id, wrong.join(", "));
            }
        }
    }
    println!("{} submissions under {seeds} seeds: {outside} gradings outside their ranges", entries.len());
    ensure!(outside == 0, "some submissions lose too much or too little");
    Ok(())
}

/// The solution, the names of all that is known to be wrong, and the batch of them.
fn all_wrong(bench: &Bench<'_>) -> Result<(Vec<String>, Batch)> {
    let files = bench.pack.part("solution", CodeLanguage::Rust);
    let solution = Submission::of(CodeLanguage::Rust, "solution", files).context("a solution")?;
    let entries = wrong::entries(&solution).into_iter().map(|(entry, mutant)| (entry.id, mutant));
    let source = &solution.files[&solution.root];
    let known = wrong::known(bench.pack, &solution).into_iter();
    let known = known.filter(|(_, mutant)| batch::can_be_chosen(source, mutant));
    let (names, mutants): (Vec<_>, Vec<_>) = entries.chain(known).unzip();
    let all: BTreeSet<usize> = (1..=mutants.len()).collect();
    let batch = Batch::build(bench, &solution, &mutants, &all).map_err(|error| anyhow!(error))?;
    Ok((names, batch))
}

fn pairs(bench: &Bench<'_>, every: usize, seed: u64) -> Result<()> {
    let (names, batch) = all_wrong(bench)?;
    let numbers: Vec<usize> = (1..=names.len()).filter(|number| batch.has(*number)).collect();
    let alone: BTreeMap<usize, _> =
        numbers.iter().map(|number| (*number, fates::losses(bench, &batch, *number, seed))).collect();
    let (mut tried, mut raised) = (0, 0);
    let all = numbers.iter().flat_map(|one| numbers.iter().map(move |other| (*one, *other)));
    let all = all.filter(|(one, other)| one < other && batch.has_both(*one, *other));
    for (one, other) in all.step_by(every) {
        let both = fates::losses_of(bench, &batch, (one, other), seed);
        tried += 1;
        for (first, second) in [(one, other), (other, one)] {
            let (less, more) = (fates::total(&both), fates::total(&alone[&first]));
            if less < more {
                raised += 1;
                let (first_rows, both_rows) = (fates::lost(&alone[&first]), fates::lost(&both));
                println!(
                    "{} loses {more}, with {} {less}: {first_rows:?}, {both_rows:?}",
                    names[first - 1],
                    names[second - 1]
                );
            }
        }
    }
    println!("{tried} pairs: {raised} raise a mark");
    ensure!(raised == 0, "a further bug raises a mark");
    Ok(())
}

fn shown(bench: &Bench<'_>, every: usize, seed: u64) -> Result<()> {
    let (names, batch) = all_wrong(bench)?;
    let mut right = Vec::new();
    for path in right_submissions()? {
        let original = Submission::read(&path, &bench.pack.exercise.languages).map_err(|error| anyhow!("{error}"))?;
        right.push((name(&path), bench.build(&original).map_err(|rejected| anyhow!("{rejected}"))?.factory));
    }
    let (mut scripts, mut failures) = (0, 0);
    for number in (1..=names.len()).step_by(every).filter(|number| batch.has(*number)) {
        for (row, script) in fates::shown(bench, &batch, number, seed) {
            scripts += 1;
            for (who, factory) in &right {
                let mut subject = factory.subject(&Limits::default())?;
                if let Some(parted) = fates::fails(&script, subject.as_mut(), seed) {
                    failures += 1;
                    println!("{}: {row}: {who} fails what is shown:\n{parted}\n", names[number - 1]);
                }
            }
        }
    }
    println!("{scripts} scripts on {} right submissions: {failures} are failed", right.len());
    ensure!(failures == 0, "a right submission fails what somebody is shown");
    Ok(())
}

fn print_table(table: &BTreeMap<String, BTreeMap<String, usize>>) {
    let fates = ["Killed", "Alike", "Spared", "Survives", "Accused", "NotBuilt"];
    println!("{:<40}{}", "", fates.map(|fate| format!("{fate:>10}")).concat());
    let mut sums = [0; 6];
    for (name, counts) in table {
        let numbers = fates.map(|fate| counts.get(fate).copied().unwrap_or_default());
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        println!("{name:<40}{}", numbers.map(|number| format!("{number:>10}")).concat());
    }
    println!("{:<40}{}", "together", sums.map(|sum| format!("{sum:>10}")).concat());
}
