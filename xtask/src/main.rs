//! The project's own commands. `main` reads the command line; each command has a file:
//!
//! - `play` builds the playground and serves it,
//! - `test` runs every check there is,
//! - `bench` measures the engine against its rivals,
//! - `firefox` tries the engine and the page in Firefox,
//! - `simulate` runs random lives of the simulated cluster, and tests that its mutants are found,
//! - `mutate` mutates right submissions, and lists what the checks miss,
//! - `golden` grades the golden submissions of every pack,
//! - `schema` asks the cache service what its OpenAPI document allows,
//! - `tidy` checks the project's own rules,
//! - `systems` checks that what learners run compiles for Windows and macOS,
//! - `dist` makes the release.
//!
//! They share `project` (paths, and what is out of date), `tools` (what this machine lacks, and how to install it), `licences`
//! (those of dependencies), `page` (from Rust to a folder of static files), `wasm_tests` (in a browser), `size` (what that folder weighs) and `server` (that
//! folder over HTTP).

mod bench;
mod dist;
mod firefox;
mod golden;
mod licences;
mod mutate;
mod page;
mod play;
mod project;
mod schema;
mod secrets;
mod server;
mod simulate;
mod size;
mod systems;
mod test;
mod tidy;
mod tools;
mod wasm_tests;

use anyhow::Result;
use clap::{Parser, Subcommand};
use project::Project;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Cachedojo's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the playground and serve it on this machine, installing what is missing
    Play(play::Arguments),
    /// Run every check there is, installing what is missing
    Test(test::Arguments),
    /// Measure the engine against the crates that people would use instead
    Bench(bench::Arguments),
    /// Run the tests in WebAssembly, and take the page's first steps, in Firefox
    Firefox,
    /// Live random lives of the simulated cluster, or find its mutants with them
    Simulate(simulate::Arguments),
    /// Grade the golden submissions of the packs beside distributed-cache, all of them
    Golden(golden::Arguments),
    /// Mutate right submissions, and list the mutants that the checks miss
    Mutate(mutate::Arguments),
    /// Ask the cache service what its OpenAPI document allows, with schemathesis
    Schema(schema::Arguments),
    /// Look whether the rules of the house are kept
    Tidy(tidy::Arguments),
    /// Look whether what learners run compiles on Windows and macOS
    Systems,
    /// Make what is handed to people who do not build it, in dist/: the page and the grader
    Dist,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let project = Project::find()?;
    match command {
        Command::Play(arguments) => play::play(&project, &arguments),
        Command::Test(arguments) => test::test(&project, &arguments),
        Command::Bench(arguments) => bench::bench(&project, &arguments),
        Command::Firefox => firefox::firefox(&project),
        Command::Simulate(arguments) => simulate::simulate(&project, &arguments),
        Command::Golden(arguments) => Ok(golden::golden(&project, &arguments)),
        Command::Mutate(arguments) => mutate::mutate(&project, &arguments),
        Command::Schema(arguments) => schema::schema(&project, &arguments),
        Command::Tidy(arguments) => tidy::tidy(&project, &arguments),
        Command::Systems => systems::systems(&project),
        Command::Dist => dist::dist(&project),
    }
}
