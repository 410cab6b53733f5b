//! `cargo xtask play`: build the playground, serve it with grading, show it.

use crate::page;
use crate::project::Project;
use crate::server::{self, Grader, Server};
use anyhow::Result;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Port on 127.0.0.1; 0 is any free one [default: 8080, or any free one where that is taken]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Do not open a browser
    #[arg(long)]
    no_open: bool,
}

pub(crate) fn play(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    // The port first: a user whose port is taken should not have to wait for a build to learn it.
    let listener = server::listen(arguments.port)?;
    let page = page::build(project)?;
    let program = page::grader(project)?;
    let port = listener.local_addr()?.port();
    drop(listener);
    let served = match Grader::start(&program, &page, port) {
        Ok(grader) => Served::Graded(grader),
        Err(why) => {
            println!("{why:#}");
            println!("So nothing can be graded here; all else works. `grader doctor` says what this machine lacks.");
            Served::Plain(Server::start(server::listen(Some(port))?, &page)?)
        }
    };
    let url = served.url();
    println!("Playground: {url}");
    if !arguments.no_open
        && let Err(error) = open::that_detached(&url)
    {
        println!("No browser could be opened ({error}): open the address yourself.");
    }
    match served {
        Served::Graded(grader) => grader.wait()?,
        Served::Plain(server) => server.wait_for_ctrl_c()?,
    }
    println!("\nThe playground is closed.");
    Ok(ExitCode::SUCCESS)
}

/// The running server.
enum Served {
    /// `grader serve`: the page and a grader.
    Graded(Grader),
    /// The page alone, where this machine cannot grade.
    Plain(Server),
}

impl Served {
    fn url(&self) -> String {
        match self {
            Self::Graded(grader) => grader.url().to_owned(),
            Self::Plain(server) => server.url(),
        }
    }
}
