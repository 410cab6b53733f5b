//! `cargo xtask bench`: the engine and its rivals, measured in the same run.

use crate::project::Project;
use anyhow::Result;
use std::process::ExitCode;
use xshell::cmd;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to measure: `engine` for all, or any of `caches`, `traces`, `rings`
    topics: Vec<String>,
}

pub(crate) fn bench(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    let shell = &project.shell;
    let topics = &arguments.topics;
    cmd!(shell, "cargo run --quiet --release --package cachedojo-bench -- {topics...}").quiet().run()?;
    Ok(ExitCode::SUCCESS)
}
