//! `grader`: grades submissions to Cachedojo's exercises, and runs scripts. See `grader --help`.

use std::process::ExitCode;

use anyhow::Error;
use clap::Parser;
use grader::cli::{Cli, Command};
use grader::commands;
use grader::host::outcome::{Outcome, UsageError, say};
use grader::host::{self, itself, scratch};
use grader::language::toolchain::{Reason, Rejected};
use grader::run::isolated;

/// Parses the arguments, runs the command, and reports its outcome.
fn main() -> ExitCode {
    if let Some(code) = host::obey(&[(itself::GRADE, isolated::obey)]) {
        return code;
    }
    let code = obey();
    scratch::end();
    code
}

fn obey() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Outcome::Usage.code() } else { Outcome::Passed.code() });
        }
    };
    commands::speak(&cli.command);
    let outcome = match cli.command {
        Command::Grade(args) => commands::grade::grade(&args),
        Command::Watch(args) => commands::watch::watch(&args),
        Command::Class(args) => commands::class::class(&args),
        Command::Worker(args) => commands::worker::worker(&args),
        Command::Serve(args) => commands::serve::serve(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Selfcheck(args) => commands::selfcheck::selfcheck(&args),
        Command::Build(args) => commands::build::build(&args),
        Command::ExportCourse(args) => commands::build::export_course(&args),
        Command::Trace(args) => commands::trace::trace(&args),
        Command::Doctor(args) => commands::doctor::doctor(&args),
        Command::Exercises => commands::exercises::list(),
        Command::Show(args) => commands::exercises::show(&args),
        Command::Init(args) => commands::exercises::init(&args),
        Command::Completions(args) => commands::shell::completions(&args),
        Command::Man(args) => commands::shell::man(&args),
    };
    let outcome = outcome.unwrap_or_else(|error| report_error(&error));
    ExitCode::from(outcome.code())
}

fn report_error(error: &Error) -> Outcome {
    // A closed pipe (`grader … | head`) is not a failure.
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        let of_json = || cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        let kind = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or_else(of_json);
        kind == Some(std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return Outcome::Passed;
    }
    say(&format!("{error:#}"));
    match error.downcast_ref::<Rejected>() {
        Some(rejected) if rejected.reason != Reason::HarnessError => Outcome::Rejected,
        _ if error.is::<UsageError>() => Outcome::Usage,
        _ => Outcome::HarnessError,
    }
}
