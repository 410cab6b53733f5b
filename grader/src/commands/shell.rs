//! `grader completions` and `grader man`: descriptions of the command line for a shell and for `man`.

use std::fs;
use std::io::Write;

use anyhow::Result;
use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::host::outcome::{Outcome, UsageError};

/// Prints the completions for a shell.
///
/// # Errors
/// Standard output cannot be written to.
pub fn completions(args: &CompletionsArgs) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "grader", &mut script);
    print(&script)
}

/// Prints the manual page of one command, or of all together; or writes each command's page into a folder, named as `man` looks for
/// it.
///
/// # Errors
/// Standard output, or the folder, cannot be written to.
pub fn man(args: &ManArgs) -> Result<Outcome> {
    let pages = pages(Cli::command())?;
    let Some(folder) = &args.out else {
        let name = args.command.as_ref().map_or_else(|| "grader".to_owned(), |command| format!("grader-{command}"));
        let Some((_, page)) = pages.iter().find(|(page, _)| *page == name) else {
            let known: Vec<&str> = pages.iter().filter_map(|(page, _)| page.strip_prefix("grader-")).collect();
            let known = known.join(", ");
            return Err(UsageError(format!("there is no such command: name one of {known}, or none")).into());
        };
        return print(page);
    };
    let unwritable = |error: std::io::Error| {
        UsageError(format!("pages cannot be written to `{}` ({error}): name another folder", folder.display()))
    };
    fs::create_dir_all(folder).map_err(unwritable)?;
    for (name, page) in &pages {
        fs::write(folder.join(format!("{name}.1")), page).map_err(unwritable)?;
    }
    Ok(Outcome::Passed)
}

/// The page of the program and of each of its commands, with their names: `grader`, `grader-class`.
fn pages(command: clap::Command) -> Result<Vec<(String, Vec<u8>)>> {
    let mut command = command.disable_help_subcommand(true);
    // What a page says of a command has the command's whole name only then.
    command.build();
    let own = command.get_subcommands().filter(|one| !one.is_hide_set()).map(|one| {
        let name = format!("grader-{}", one.get_name());
        one.clone().display_name(&name)
    });
    let all: Vec<clap::Command> = [command.clone()].into_iter().chain(own).collect();
    let render = |one: clap::Command| {
        let (name, mut page) = (one.get_display_name().unwrap_or("grader").to_owned(), Vec::new());
        clap_mangen::Man::new(one).render(&mut page)?;
        Ok((name, page))
    };
    all.into_iter().map(render).collect()
}

fn print(bytes: &[u8]) -> Result<Outcome> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(Outcome::Passed)
}
