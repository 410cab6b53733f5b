//! What grading costs, where the time goes, and how that compares: `cargo xtask bench grader`. All in one run, in
//! processor time (user and system, with children), because wall time depends on the machine's other work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cachedojo_judge::{growth, judge, shorten};
use cachedojo_lab::subject::Subject;
use cachedojo_notation::text::Language;
use grader::intake::submission::Submission;
use grader::language::rust::inspect;
use grader::language::rust::interface::Interface;
use grader::language::wasm::Program;
use grader::pack::{DEFAULT_ID, Pack};
use grader::report::{Format, Setting, render};
use grader::run::bench::Bench;
use grader::run::mutants;

#[path = "../tests/class_of/mod.rs"]
mod class_of;

/// Gradings of each submission, after one for warming up.
const ROUNDS: usize = 7;
/// The kernel counts processor time in hundredths of a second.
const TICK_MS: u64 = 10;
/// Learners of the generated class.
const LEARNERS: usize = 40;
const SEED: u64 = 1;

/// The tests of the document, with as many assertions as a learner's own suite would have: still far fewer runs than a grading
/// makes (some sixty scripts under two seeds).
const TESTS: &str = include_str!("bench_tests.rs.txt");

fn main() -> Result<()> {
    let grader = std::env::args().nth(1).context("name the grader's binary: use `cargo xtask bench grader`")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pack = Pack::load(DEFAULT_ID)?;
    let scratch = tempfile::tempdir()?;
    let solution = scratch.path().join("solution.rs");
    fs::write(&solution, &pack.files["solution/src/lib.rs"])?;
    let golden = |name: &str| root.join("tests/submissions").join(name);
    let submissions = [
        ("the solution", solution.clone()),
        ("correct, a slab list", golden("correct_slab_list_in_modules")),
        ("correct, BTreeMaps", golden("correct_btreemap_sequence_sha2")),
        ("scenario A's bug", golden("failure_a")),
        ("scenario C's bug", golden("failure_c")),
    ];
    println!("warm gradings of `{DEFAULT_ID}`, source to report; processor time, median of {ROUNDS}\n");
    println!(
        "  {:24} {:>8} {:>14} {:>6} {:>8} {:>8}",
        "submission", "grading", "its two rustc", "ratio", "wall", "memory"
    );
    let bench = Bench::open(&pack, false)?;
    let mut gradings = Vec::new();
    for (name, path) in &submissions {
        let graded = grading(Path::new(&grader), path)?;
        let compiled = median((0..ROUNDS).map(|_| compiling(&bench, path)).collect::<Result<_>>()?);
        let ratio = hundredths(graded.cpu_ms, compiled);
        println!(
            "  {name:24} {:5} ms {compiled:11} ms {ratio:>6} {:5} ms {:5} MB",
            graded.cpu_ms,
            graded.wall_ms,
            graded.memory_kb / 1024
        );
        gradings.push(graded.cpu_ms);
    }
    let median_ms = median(gradings);
    println!("  {:24} {median_ms:5} ms", "median");
    phases(&bench, &submissions[1].1)?;
    cargo_test(scratch.path(), &solution, median_ms)?;
    class(Path::new(&grader), scratch.path(), &pack, &golden(""))
}

/// The resources that one process used.
struct Used {
    cpu_ms: u64,
    wall_ms: u64,
    memory_kb: u64,
}

/// Warm gradings of one submission, each in a process of its own.
fn grading(grader: &Path, path: &Path) -> Result<Used> {
    let grade = || -> Result<Used> {
        let mut command = Command::new(grader);
        command.arg("grade").arg(path).args(["--format", "json"]).stdout(Stdio::null());
        used(&mut command)
    };
    grade()?;
    let rounds: Vec<Used> = (0..ROUNDS).map(|_| grade()).collect::<Result<_>>()?;
    Ok(Used {
        cpu_ms: median(rounds.iter().map(|used| used.cpu_ms).collect()),
        wall_ms: median(rounds.iter().map(|used| used.wall_ms).collect()),
        memory_kb: rounds.iter().map(|used| used.memory_kb).max().unwrap_or(0),
    })
}

/// What this process's children have used so far, in milliseconds: those that have ended.
fn children_ms() -> Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name, in brackets; it may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat")?;
    let ticks = |index: usize| fields.split_whitespace().nth(index).and_then(|field| field.parse::<u64>().ok());
    Ok((ticks(13).context("cutime")? + ticks(14).context("cstime")?) * TICK_MS)
}

fn own_us() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000 + time.tv_nsec.unsigned_abs() / 1_000
}

fn wall_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000 + time.tv_nsec.unsigned_abs() / 1_000_000
}

/// Runs a command to its end, and samples its memory for the peak.
fn used(command: &mut Command) -> Result<Used> {
    let (cpu_before, wall_before) = (children_ms()?, wall_ms());
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory_kb = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok());
        memory_kb = memory_kb.max(peak.unwrap_or(0));
        match child.try_wait()? {
            Some(ended) => break ended,
            None => std::thread::park_timeout(std::time::Duration::from_millis(5)),
        }
    };
    ensure!(ended.code().is_some_and(|code| code <= 1), "{command:?} ended with {ended}");
    Ok(Used { cpu_ms: children_ms()? - cpu_before, wall_ms: wall_ms() - wall_before, memory_kb })
}

/// The compiler's share of one grading.
fn compiling(bench: &Bench<'_>, path: &Path) -> Result<u64> {
    let submission = Submission::read(path, &bench.pack.exercise.languages)?;
    let before = children_ms()?;
    bench.build(&submission)?;
    Ok(children_ms()? - before)
}

/// Where the time of one grading goes.
fn phases(bench: &Bench<'_>, path: &Path) -> Result<()> {
    println!("\nwhere it goes, for a correct submission and then for one with scenario A's bug\n");
    let exercise = &bench.pack.exercise;
    let interface = Interface::of(bench.pack)?;
    let golden = path.with_file_name("failure_a");
    for path in [path, golden.as_path()] {
        let mut rows: Vec<(&str, u64)> = Vec::new();
        let mut last = own_us();
        let mut lap = |name: &'static str, rows: &mut Vec<(&str, u64)>| {
            let now = own_us();
            rows.push((name, now - last));
            last = now;
        };
        let submission = Submission::read(path, &bench.pack.exercise.languages)?;
        drop(inspect::inspect(&submission, &interface));
        lap("read and inspect", &mut rows);
        let compiled = median((0..ROUNDS).map(|_| compiling(bench, path)).collect::<Result<_>>()?);
        rows.push(("two rustc", compiled * 1_000));
        let built = bench.build(&submission)?;
        lap("", &mut rows);
        rows.pop();
        let program = Program::new(&built.artifact).map_err(anyhow::Error::msg)?;
        lap("Wasm to machine code", &mut rows);
        let mut fresh = || Ok(Box::new(program.subject(bench.limits)) as Box<dyn Subject>);
        let mut outcomes = judge(exercise, 0, &mut fresh)?;
        lap("checks, two seeds", &mut rows);
        shorten(exercise, &mut outcomes, 0, &mut fresh);
        lap("shortest scripts", &mut rows);
        growth::measure(&exercise.growth, 0, &mut fresh)?;
        lap("complexity", &mut rows);
        if outcomes.iter().any(|outcome| outcome.first_failure().is_some()) {
            mutants::resemblances(bench, submission.language, &outcomes, 0, &mut fresh)?;
        }
        lap("known bugs", &mut rows);
        let report = bench.grade(&submission, 0, Language::English)?;
        lap("", &mut rows);
        rows.pop();
        render(&report, Format::Html, &Setting::plain(Language::English));
        lap("report", &mut rows);
        let total: u64 = rows.iter().map(|(_, us)| us).sum();
        for (name, us) in rows {
            println!("  {name:24} {:4}.{} ms {:3} %", us / 1_000, us % 1_000 / 100, us * 100 / total);
        }
        println!();
    }
    Ok(())
}

/// The same source under `cargo test`: once in an empty target folder, then with everything but the submission warm.
fn cargo_test(scratch: &Path, solution: &Path, median_ms: u64) -> Result<()> {
    let folder = scratch.join("cargo-test");
    fs::create_dir_all(folder.join("src"))?;
    fs::create_dir_all(folder.join("tests"))?;
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"submission\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nsha2 = \"0.10\"\n\
         tokio = { version = \"1\", default-features = false, features = [\"rt\", \"macros\", \"sync\", \"time\"] }\n",
    )?;
    fs::copy(solution, folder.join("src/lib.rs"))?;
    fs::write(folder.join("tests/checks.rs"), TESTS)?;
    let test = || -> Result<Used> {
        let mut command = Command::new("cargo");
        command.args(["test", "--quiet"]).current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        used(&mut command)
    };
    let cold = test()?.cpu_ms;
    let warm = (0..3).map(|round| {
        let source = format!("{}\n// submission {round}\n", fs::read_to_string(solution)?);
        fs::write(folder.join("src/lib.rs"), source)?;
        Ok(test()?.cpu_ms)
    });
    let warm = median(warm.collect::<Result<_>>()?);
    println!(
        "`cargo test` of the seven tests of the seed and {} assertions, on the solution\n",
        TESTS.matches("assert").count()
    );
    println!("  cold                     {cold:5} ms {:>6} times a grading", hundredths(cold, median_ms));
    println!("  warm shared target       {warm:5} ms {:>6} times a grading\n", hundredths(warm, median_ms));
    Ok(())
}

/// A class, graded without earlier results, on all cores.
fn class(grader: &Path, scratch: &Path, pack: &Pack, golden: &Path) -> Result<()> {
    println!("classes of generated submissions (mutations of several solutions), nothing known of them before\n");
    for learners in [LEARNERS / 2, LEARNERS] {
        let folder: PathBuf = scratch.join(format!("class-{learners}"));
        fs::create_dir_all(&folder)?;
        class_of::write(learners, SEED, pack, golden, &folder)?;
        let mut command = Command::new(grader);
        command.arg("class").arg(&folder).arg("--out").arg(scratch.join(format!("out-{learners}")));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let used = used(&mut command)?;
        println!(
            "  {learners:4} learners  {:6} ms on the wall  {:4} submissions a minute  {:6} ms of processor  {:4} MB",
            used.wall_ms,
            learners as u64 * 60_000 / used.wall_ms.max(1),
            used.cpu_ms,
            used.memory_kb / 1024
        );
    }
    Ok(())
}

fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// A ratio in figures, without floating point.
fn hundredths(over: u64, under: u64) -> String {
    let ratio = over * 100 / under.max(1);
    format!("{}.{:02}", ratio / 100, ratio % 100)
}
