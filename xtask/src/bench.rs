//! `cargo xtask bench`: the engine and its rivals, measured in the same run, or the engine natively and in WebAssembly.

use crate::page;
use crate::project::Project;
use crate::server::{self, Server};
use crate::size;
use crate::tools;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::ExitCode;
use xshell::{Cmd, cmd};

const WASI_TARGET: &str = "wasm32-wasip1";

/// How often each program runs, in turns with the others; the median counts.
const TURNS: usize = 3;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to measure: `engine` for all, or any of `caches`, `traces`, `rings`, `parser`; with `wasm`, natively and in Node;
    /// `grader`, which stands alone, for what grading costs; `page`, which stands alone too, for what a learner's browser waits for;
    /// `service`, alone as well, for the cache service beside memcached, Redis and a bare axum handler;
    /// `capacity`, for two of its servers on one Redis behind nginx
    topics: Vec<String>,
}

pub(crate) fn bench(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    if arguments.topics.iter().any(|topic| topic == "grader") {
        return grader(project);
    }
    if arguments.topics.iter().any(|topic| topic == "page") {
        return page(project);
    }
    for (topic, words) in [("service", &[][..]), ("capacity", &["capacity"])] {
        if arguments.topics.iter().any(|asked| asked == topic) {
            return service(project, words);
        }
    }
    let (in_wasm, topics): (Vec<&String>, Vec<&String>) = arguments.topics.iter().partition(|topic| *topic == "wasm");
    if in_wasm.is_empty() {
        let shell = &project.shell;
        cmd!(shell, "cargo run --quiet --release --package cachedojo-bench -- {topics...}").quiet().run()?;
    } else {
        compare_with_wasm(project, &topics)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Times what grading costs, and where the time goes.
fn grader(project: &Project) -> Result<ExitCode> {
    let shell = &project.shell;
    cmd!(shell, "cargo build --quiet --release --package grader --bin grader --example bench").quiet().run()?;
    let built = project.target.join("release");
    let (bench, grader) =
        (built.join("examples").join(tools::executable("bench")), built.join(tools::executable("grader")));
    cmd!(shell, "{bench} {grader}").quiet().run()?;
    Ok(ExitCode::SUCCESS)
}

/// Document 002's performance table: the cache service beside memcached, Redis and a bare axum handler, in one run; or its capacity.
fn service(project: &Project, words: &[&str]) -> Result<ExitCode> {
    tools::stores(project)?;
    tools::rivals(project)?;
    let shell = &project.shell;
    cmd!(
        shell,
        "cargo build --quiet --release --package cachedojo-server --bin cachedojo-server --example service_bench"
    )
    .quiet()
    .run()?;
    let built = project.target.join("release");
    let bench = built.join("examples").join(tools::executable("service_bench"));
    let server = built.join(tools::executable("cachedojo-server"));
    cmd!(shell, "{bench} {words...} {server}").quiet().run()?;
    Ok(ExitCode::SUCCESS)
}

/// Measures the page's size, and what a person waits for in it: ten runs in a headless browser.
fn page(project: &Project) -> Result<ExitCode> {
    let dist = page::build(project)?;
    size::check(&dist, &project.root.join("xtask/size-budget.json"))?;
    let chromium = tools::browser(project)?.chromium;
    let server = Server::start(server::listen(Some(0))?, &dist)?;
    let _in_www = project.shell.push_dir(project.www());
    let bench = cmd!(project.shell, "node tests/bench.mjs").env("PLAYGROUND", server.url()).env("CHROMIUM", chromium);
    println!("{:<66} {:>8}   least - most", "", "median");
    bench.quiet().run()?;
    Ok(ExitCode::SUCCESS)
}

/// Our own rows natively, in Node as optimised for speed, and in Node as the page has them, optimised for size. Node's optimising
/// compiler is used from the start, so that it does not start in the middle of a row; and in one thread, because Node 20 crashes
/// if it ends while other threads compile.
fn compare_with_wasm(project: &Project, topics: &[&String]) -> Result<()> {
    tools::rust_target(project, WASI_TARGET)?;
    let shell = &project.shell;
    tools::node(shell)?;
    let build = |options: &[&str]| {
        cmd!(shell, "cargo build --package cachedojo-bench {options...}").run().context("the benchmarks do not compile")
    };
    build(&["--release"])?;
    build(&["--release", "--target", WASI_TARGET])?;
    build(&["--profile", "wasm", "--target", WASI_TARGET])?;
    let native = project.target.join("release/cachedojo-bench");
    let topics = cmd!(shell, "{native} --topics {topics...}").quiet().read()?;
    // One process for each topic: Node 20 crashes at the end of a process that has used the memory of several.
    let in_node = |profile: &str, topic: &str| {
        let (runner, wasm) = (project.root.join("bench/in_node.mjs"), wasm_program(project, profile));
        cmd!(shell, "node --no-warnings --no-liftoff --single-threaded {runner} {wasm} --ours {topic}").quiet()
    };
    println!("{:<50} {:>12} {:>18} {:>18}", "median, ns an operation", "native", "Wasm", "Wasm of the page");
    for topic in topics.lines() {
        let mut runs = [const { Vec::new() }; 3];
        for _ in 0..TURNS {
            runs[0].push(rows(&cmd!(shell, "{native} --ours {topic}").quiet())?);
            runs[1].push(rows(&in_node("release", topic))?);
            runs[2].push(rows(&in_node("wasm", topic))?);
        }
        for (place, (title, _)) in runs[0][0].iter().enumerate() {
            let [native, wasm, page] = runs.each_ref().map(|runs| median(runs.iter().map(|rows| rows[place].1)));
            let beside = |time: f64| format!("{time:.1} ({:.2}x)", time / native);
            println!("{title:<50} {native:>12.1} {:>18} {:>18}", beside(wasm), beside(page));
        }
    }
    Ok(())
}

fn wasm_program(project: &Project, profile: &str) -> impl AsRef<Path> + AsRef<std::ffi::OsStr> {
    project.target.join(WASI_TARGET).join(profile).join("cachedojo-bench.wasm")
}

/// The benchmark's lines about our contestants: titles and nanoseconds.
fn rows(program: &Cmd<'_>) -> Result<Vec<(String, f64)>> {
    let printed = program.read()?;
    let rows: Vec<_> = printed.lines().filter_map(|line| line.split_once('\t')).collect();
    ensure!(!rows.is_empty(), "the benchmark printed no row: {printed}");
    rows.into_iter().map(|(title, ns)| Ok((title.to_owned(), ns.parse()?))).collect()
}

fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
