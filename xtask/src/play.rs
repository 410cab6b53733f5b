//! `cargo xtask play`: build the playground, serve it, show it.

use crate::page;
use crate::project::Project;
use crate::server::{self, Server};
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
    // The port first: whoever asked for one that is taken should not wait for a build to hear it.
    let listener = server::listen(arguments.port)?;
    let server = Server::start(listener, &page::build(project)?)?;
    let url = server.url();
    println!("Playground: {url}");
    if !arguments.no_open
        && let Err(error) = open::that_detached(&url)
    {
        println!("No browser could be opened ({error}): open the address yourself.");
    }
    server.wait_for_ctrl_c()?;
    println!("\nThe playground is closed.");
    Ok(ExitCode::SUCCESS)
}
