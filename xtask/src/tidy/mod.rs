//! `cargo xtask tidy`: the project's rules that no compiler checks, each a function of the project's files.
//!
//! `layers`: which crate and which room may use which. `circles`: no file imports in a circle. `calls`: what must be passed in is
//! not taken from the host. `pointers`: files and commands that texts name exist. `types`: the TypeScript types are those of
//! Rust. `ratchet`: violations of the other rules only get fewer.

mod calls;
mod circles;
mod layers;
mod pointers;
mod ratchet;
mod rust;
mod tree;
mod types;

use crate::project::Project;
use anyhow::Result;
use std::process::ExitCode;
use tree::{Finding, Tree};

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command's own")]
#[derive(clap::Args, Default)]
pub(crate) struct Arguments {
    /// Take what got better off the list of what does not keep a rule yet
    #[arg(long)]
    shrink: bool,
    /// Write the whole list anew, with what got worse: only for a rule that is new
    #[arg(long)]
    list_all: bool,
    /// Write the TypeScript of the Rust types that cross to the page
    #[arg(long)]
    types: bool,
    /// Show the files that import in a circle, and what each names of which other
    #[arg(long)]
    circles: bool,
}

pub(crate) fn tidy(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    let mut tree = Tree::read(&project.root)?;
    if arguments.shrink || arguments.list_all {
        let list = ratchet::list(&tree, arguments.list_all);
        std::fs::write(project.root.join(ratchet::LIST), &list)?;
        tree.files.insert(ratchet::LIST.to_owned(), list);
    }
    if arguments.types {
        let types = types::made(&tree)?;
        std::fs::write(project.root.join(types::FILE), &types)?;
        tree.files.insert(types::FILE.to_owned(), types);
    }
    if arguments.circles {
        for line in circles::lines_of_circles(&tree) {
            println!("{line}");
        }
    }
    let findings = findings(&tree);
    for Finding { path, line, message } in &findings {
        println!("{path}:{line}: {message}");
    }
    println!("tidy: {} files, {} findings", tree.files.len(), findings.len());
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    layers::check(tree, &mut findings);
    calls::check(tree, &mut findings);
    pointers::check(tree, &mut findings);
    types::check(tree, &mut findings);
    ratchet::check(tree, &mut findings);
    findings.sort();
    findings
}
