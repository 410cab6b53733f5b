//! From Rust to a folder of static files: the engine's .wasm, the module around it, the page.

use crate::project::{Project, is_fresh};
use crate::tools;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use xshell::cmd;

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Builds what has changed since the last time, and returns the folder to serve.
pub(crate) fn build(project: &Project) -> Result<PathBuf> {
    tools::npm_packages(project)?;
    engine(project)?;
    course(project)?;
    let www = project.www();
    let dist = www.join("dist");
    let examples = project.root.join("tests/scenarios");
    if !is_fresh(&dist.join("index.html"), &[&www, &examples]) {
        let shell = &project.shell;
        let _in_www = shell.push_dir(&www);
        cmd!(shell, "npm run build").run().context("the page does not build: the lines above say why")?;
    }
    Ok(dist)
}

/// Compiles the engine for browsers and writes its three modules, which the page imports, to `www/src/wasm`, which it returns.
pub(crate) fn engine(project: &Project) -> Result<PathBuf> {
    tools::rust_target(project, WASM_TARGET)?;
    let programs = tools::wasm_bindgen(project)?;
    let shell = &project.shell;
    let folder = project.www().join("src/wasm");
    // One after the other: built together, each would get the other's features too.
    for (module, name) in [("first", "first"), ("cluster", "cluster"), ("whole", "cachedojo")] {
        cmd!(shell, "cargo build --package cachedojo-{module} --profile wasm --target {WASM_TARGET}")
            .run()
            .context("the engine does not compile for browsers: the lines above say why")?;
        let compiled = project.target.join(WASM_TARGET).join(format!("wasm/cachedojo_{module}.wasm"));
        if !is_fresh(&folder.join(format!("{name}_bg.wasm")), &[&compiled, &programs]) {
            let wasm_bindgen = programs.join("wasm-bindgen");
            let small = ["--remove-name-section", "--remove-producers-section"];
            cmd!(shell, "{wasm_bindgen} --target web --out-name {name} {small...} --out-dir {folder} {compiled}")
                .run()?;
        }
    }
    Ok(folder)
}

/// What the grader is made of.
const GRADER: [&str; 15] = [
    "Cargo.lock",
    "Cargo.toml",
    "exercises",
    "grader/Cargo.toml",
    "grader/adapter",
    "grader/build.rs",
    "grader/setups",
    "grader/src",
    "grader/templates",
    "judge",
    "lab",
    "notation",
    "src",
    "trace",
    "wire",
];

/// Builds the grader, in the profile in which the course was made with it, and returns its path. If the tests have built one
/// already, that is used: building it alone would mean other features of its libraries, which would all be compiled again.
pub(crate) fn grader(project: &Project) -> Result<PathBuf> {
    tools::rust_target(project, "wasm32-wasip1")?;
    let program = project.target.join("debug").join(tools::executable("grader"));
    let made_of = GRADER.map(|part| project.root.join(part));
    let made_of: Vec<&Path> = made_of.iter().map(PathBuf::as_path).collect();
    if is_fresh(&program, &made_of) {
        return Ok(program);
    }
    cmd!(project.shell, "cargo build --quiet --package grader --bin grader")
        .run()
        .context("the grader does not compile: the lines above say why")?;
    Ok(program)
}

/// Writes the course's lessons, and their programs, to `www/public/course`.
fn course(project: &Project) -> Result<()> {
    let folder = project.www().join("public/course");
    let made_of =
        ["exercises", "grader/adapter", "grader/src", "judge/src", "wire/src"].map(|part| project.root.join(part));
    let made_of: Vec<&Path> = made_of.iter().map(PathBuf::as_path).collect();
    if is_fresh(&folder.join("course.json"), &made_of) {
        return Ok(());
    }
    let grader = grader(project)?;
    cmd!(project.shell, "{grader} export-course {folder}")
        .run()
        .context("the course's programs do not build: the lines above say why")
}
