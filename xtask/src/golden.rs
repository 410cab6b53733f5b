//! `cargo xtask golden`: golden submissions of every pack, all of them; the tests grade a sample.

use crate::project::Project;
use std::process::ExitCode;
use xshell::cmd;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Those whose names have this word; without it, all (some ten minutes)
    word: Option<String>,
}

pub(crate) fn golden(project: &Project, arguments: &Arguments) -> ExitCode {
    let word = arguments.word.clone().unwrap_or_default();
    let command = cmd!(project.shell, "cargo test --quiet --package grader --test golden -- of_the_other_packs");
    let done = command.env("GOLDEN_EVERY", "1").env("GOLDEN", word).quiet().ignore_status().run();
    done.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
