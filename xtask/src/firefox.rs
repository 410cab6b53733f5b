//! `cargo xtask firefox`: the tests in WebAssembly and a person's first steps through the page, in Firefox. `cargo xtask test` does
//! all of it in Chromium alone: a second browser and its driver take minutes to install.

use crate::page;
use crate::project::Project;
use crate::server::{self, Server};
use crate::tools;
use crate::wasm_tests;
use anyhow::Result;
use std::process::ExitCode;
use xshell::cmd;

pub(crate) fn firefox(project: &Project) -> Result<ExitCode> {
    let tools::Firefox { firefox, driver } = tools::firefox(project)?;
    wasm_tests::run(project, "--firefox", "--geckodriver", &driver)?;
    let dist = page::build(project)?;
    let server = Server::start(server::listen(Some(0))?, &dist)?;
    let _in_www = project.shell.push_dir(project.www());
    let steps = cmd!(project.shell, "node tests/firefox.mjs").env("PLAYGROUND", server.url());
    steps.env("FIREFOX", firefox).env("GECKODRIVER", driver).run()?;
    Ok(ExitCode::SUCCESS)
}
