//! `cargo xtask systems`: checks that what learners run compiles for Windows and macOS too. Nothing is linked, so no compiler for
//! those systems is needed: where a dependency has a little C, a script stands in for it and makes empty objects. A first run
//! takes some four minutes of one processor, most of them for compiling wasmtime twice: too long for `cargo xtask test`.

use crate::project::Project;
use crate::tools;
use anyhow::{Context, Result};
use std::process::ExitCode;
use xshell::cmd;

/// One system of each kind.
const TARGETS: [&str; 2] = ["x86_64-pc-windows-msvc", "aarch64-apple-darwin"];
/// What learners run or read there, and this program; not the cache service, whose stores run on Linux.
const PACKAGES: [&str; 6] = ["grader", "cachedojo", "cachedojo-lab", "cachedojo-judge", "cachedojo-trace", "xtask"];
/// Stands in for a C compiler and an archiver: makes the output file that its arguments name.
const STAND_IN: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
    -o) shift; : >"$1" ;;
    -Fo*) : >"${1#-Fo}" ;;
    -out:*) : >"${1#-out:}" ;;
    *.a) : >"$1" ;;
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
            .env(format!("AR_{name}"), &compiler)
            .run()
            .with_context(|| format!("what learners run does not compile for {target}: the lines above say where"))?;
    }
    println!("The packages that learners run compile for {}.", TARGETS.join(" and "));
    Ok(ExitCode::SUCCESS)
}
