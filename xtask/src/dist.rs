//! `cargo xtask dist`: makes the release in `dist/`: the page and the grader.

use crate::page;
use crate::project::Project;
use crate::tools;
use anyhow::Result;
use std::path::Path;
use std::process::ExitCode;
use walkdir::WalkDir;
use xshell::cmd;

pub(crate) fn dist(project: &Project) -> Result<ExitCode> {
    let (shell, out) = (&project.shell, project.root.join("dist"));
    shell.remove_path(&out)?;
    copy_folder(&page::build(project)?, &out.join("page"))?;
    cmd!(shell, "cargo build --package grader --release").run()?;
    let grader = tools::executable("grader");
    shell.copy_file(project.target.join("release").join(&grader), &out)?;
    println!("The page is in {}, the grader is {}.", out.join("page").display(), out.join(grader).display());
    Ok(ExitCode::SUCCESS)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
