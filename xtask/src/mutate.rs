//! `cargo xtask mutate`: right submissions mutated mechanically, each mutant lived and graded; what the checks miss is listed.

use crate::project::Project;
use anyhow::Result;
use std::process::ExitCode;
use xshell::cmd;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Every so many-th mutant only
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// The grading's seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Judge again what survived, was spared or accused
    #[arg(long)]
    again: bool,
    /// Instead, grade the wrong submissions that are written down in grader/tests/mutation/wrong.toml, under so many seeds
    #[arg(long, value_name = "SEEDS")]
    wrong: Option<u64>,
    /// Instead, grade every so many-th pair of what is written down there and of the known bugs: a further bug raises no mark
    #[arg(long, value_name = "EVERY")]
    pairs: Option<usize>,
    /// Instead, run what every so many-th of them is shown on all right submissions
    #[arg(long, value_name = "EVERY")]
    shown: Option<usize>,
    /// Submissions that are right; without one, the solution and all golden ones (some minutes; what is judged is kept in
    /// target/mutation)
    paths: Vec<String>,
}

pub(crate) fn mutate(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    let shell = &project.shell;
    cmd!(shell, "cargo build --quiet --release --package grader --bin grader --example mutate").quiet().run()?;
    let program = project.target.join("release/examples/mutate");
    let results = project.target.join("mutation");
    let (every, seed) = (arguments.every.to_string(), arguments.seed.to_string());
    let mut options: Vec<String> = vec!["--every".to_owned(), every, "--seed".to_owned(), seed];
    if arguments.again {
        options.push("--again".to_owned());
    }
    if let Some(seeds) = arguments.wrong {
        options.extend(["--wrong".to_owned(), seeds.to_string()]);
    }
    for (name, every) in [("--pairs", arguments.pairs), ("--shown", arguments.shown)] {
        options.extend(every.into_iter().flat_map(|every| [name.to_owned(), every.to_string()]));
    }
    let paths = &arguments.paths;
    let output = cmd!(shell, "{program} --results {results} {options...} {paths...}").quiet().ignore_status();
    let code = output.run().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    Ok(code)
}
