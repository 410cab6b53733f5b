//! `cargo xtask systems`: whether what learners run compiles on Windows and macOS too. Nothing is linked, so this machine needs no
//! compiler of theirs: where a dependency has a little C, a script stands in, which makes empty objects. From nothing it takes some
//! four minutes of one processor, most of them for wasmtime, twice: too long for `cargo xtask test`.

use crate::project::Project;
use crate::tools;
use anyhow::{Context, Result};
use std::process::ExitCode;
use xshell::cmd;

/// One system of each kind.
const TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "x86_64-apple-darwin"];
/// What learners run or read there, and this program. Not the cache service: its stores are Linux's.
const PACKAGES: [&str; 6] = ["grader", "cachedojo", "cachedojo-lab", "cachedojo-judge", "cachedojo-trace", "xtask"];
/// Takes the place of a C compiler: makes the file that it is asked for, however the question is put.
const STAND_IN: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
    -o) shift; : >"$1" ;;
    -Fo*) : >"${1#-Fo}" ;;
    esac
    shift
done
"#;

pub(crate) fn systems(project: &Project) -> Result<ExitCode> {
    let shell = &project.shell;
    let compiler = project.target.join("stand-in-cc");
    shell.write_file(&compiler, STAND_IN)?;
    cmd!(shell, "chmod +x {compiler}").quiet().run().context("this command wants a Unix: run it on Linux or macOS")?;
    for target in TARGETS {
        tools::rust_target(project, target)?;
        let packages = PACKAGES.iter().flat_map(|package| ["--package", package]);
        let name = target.replace('-', "_");
        cmd!(shell, "cargo check {packages...} --target {target}")
            .env(format!("CC_{name}"), &compiler)
            .env(format!("AR_{name}"), "ar")
            .run()
            .with_context(|| format!("what learners run does not compile for {target}: the lines above say where"))?;
    }
    println!("The packages that learners run compile for {}.", TARGETS.join(" and "));
    Ok(ExitCode::SUCCESS)
}
