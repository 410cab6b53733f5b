//! The table of steps. Each installs what it needs, so each can also be run alone.

use crate::licences;
use crate::page::{self, WASM_TARGET};
use crate::project::Project;
use crate::secrets;
use crate::server::{self, Grader, Server};
use crate::simulate;
use crate::size;
use crate::tidy;
use crate::tools;
use crate::wasm_tests;
use anyhow::{Result, ensure};
use std::path::PathBuf;
use walkdir::WalkDir;
use xshell::cmd;

/// One check of the project.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Earlier steps that must pass first, if they are selected: this one builds on them.
    pub(super) after: &'static [&'static str],
    pub(super) run: fn(&Project) -> Result<()>,
}

pub(super) const STEPS: &[Step] = &[
    Step { name: "format", what: "Rust code is formatted", after: &[], run: format },
    Step { name: "tidy", what: "the rules of the house are kept", after: &[], run: tidy },
    Step { name: "licences", what: "every dependency may be used and passed on", after: &[], run: licences::check },
    Step {
        name: "clippy",
        what: "no warning in any crate, in the engine for browsers, in the fuzz targets",
        after: &[],
        run: clippy,
    },
    Step { name: "native", what: "tests of all crates on this machine", after: &[], run: native },
    Step { name: "selfcheck", what: "the kit grades itself", after: &["native"], run: selfcheck },
    Step {
        name: "simulate",
        what: "3,000 random lives of the cluster, and its mutants die",
        after: &["native"],
        run: simulate::test,
    },
    Step { name: "docs", what: "the engine's documentation has no broken link", after: &[], run: docs },
    Step { name: "browser", what: "the engine's tests inside a headless browser", after: &["native"], run: browser },
    Step { name: "page", what: "the page builds, type-checks and passes its linter", after: &[], run: page },
    Step { name: "size", what: "the page keeps to its size budget", after: &["page"], run: size },
    Step { name: "e2e", what: "a person's steps through the page in a headless browser", after: &["page"], run: e2e },
];

fn format(project: &Project) -> Result<()> {
    tools::rust_component(project, "rustfmt")?;
    cmd!(project.shell, "cargo fmt --all --check").run()?;
    // The adapters are in no crate: the grader compiles them together with each submission.
    let mut adapters: Vec<PathBuf> = Vec::new();
    for entry in WalkDir::new("grader/adapter").sort_by_file_name() {
        adapters.extend(Some(entry?.into_path()).filter(|path| path.extension().is_some_and(|kind| kind == "rs")));
    }
    ensure!(!adapters.is_empty(), "no adapter is in grader/adapter: say in xtask/src/test/steps.rs where they are");
    Ok(cmd!(project.shell, "rustfmt --edition 2024 --check {adapters...}").run()?)
}

fn tidy(project: &Project) -> Result<()> {
    let found = tidy::tidy(project, &tidy::Arguments::default())?;
    ensure!(found == std::process::ExitCode::SUCCESS, "the lines above say what to do");
    Ok(())
}

fn clippy(project: &Project) -> Result<()> {
    tools::rust_component(project, "clippy")?;
    tools::rust_target(project, WASM_TARGET)?;
    let deny = ["--", "--deny", "warnings"];
    cmd!(project.shell, "cargo clippy --workspace --all-targets {deny...}").run()?;
    let for_browsers = ["--package", "cachedojo-page", "--package", "cachedojo", "--lib", "--test", "web"];
    cmd!(project.shell, "cargo clippy {for_browsers...} --target {WASM_TARGET} {deny...}").run()?;
    // The smaller modules leave out features, each in a build of its own.
    for smaller in ["cachedojo-first", "cachedojo-cluster"] {
        cmd!(project.shell, "cargo clippy --package {smaller} --target {WASM_TARGET} {deny...}").run()?;
    }
    // The fuzz targets are a workspace of their own, so no other command sees that one no longer compiles or that their lock file is
    // out of date. Nothing is linked here, so any path spares compiling libFuzzer.
    let fuzz = cmd!(project.shell, "cargo clippy --manifest-path fuzz/Cargo.toml --locked {deny...}");
    Ok(fuzz.env("CARGO_TARGET_DIR", &project.target).env("CUSTOM_LIBFUZZER_PATH", "/not/linked").run()?)
}

fn native(project: &Project) -> Result<()> {
    // The grader's tests compile submissions.
    tools::rust_target(project, "wasm32-wasip1")?;
    tools::rust_target(project, "wasm32-wasip1-threads")?;
    tools::python(project)?;
    tools::stores(project)?;
    // The benchmarks have no tests, and the crates that they compare with take long to compile.
    Ok(cmd!(project.shell, "cargo test --workspace --exclude cachedojo-bench").run()?)
}

fn selfcheck(project: &Project) -> Result<()> {
    let grader = page::grader(project)?;
    Ok(cmd!(project.shell, "{grader} selfcheck").run()?)
}

fn docs(project: &Project) -> Result<()> {
    let libraries =
        ["", "-notation", "-wire", "-lab", "-judge", "-trace"].map(|name| format!("--package=cachedojo{name}"));
    Ok(cmd!(project.shell, "cargo doc --no-deps {libraries...}").env("RUSTDOCFLAGS", "--deny warnings").run()?)
}

fn browser(project: &Project) -> Result<()> {
    let driver = tools::browser(project)?.driver;
    wasm_tests::run(project, "--chrome", "--chromedriver", &driver)
}

fn page(project: &Project) -> Result<()> {
    let dist = page::build(project)?;
    secrets::check(project, &dist)?;
    let _in_www = project.shell.push_dir(project.www());
    Ok(cmd!(project.shell, "npm run check").run()?)
}

fn size(project: &Project) -> Result<()> {
    size::check(&page::build(project)?, &project.root.join("xtask/size-budget.json"))
}

fn e2e(project: &Project) -> Result<()> {
    let dist = page::build(project)?;
    let chromium = tools::browser(project)?.chromium;
    let grader = Grader::start(&page::grader(project)?, &dist, 0)?;
    let server = Server::start(server::listen(Some(0))?, &dist)?;
    let _in_www = project.shell.push_dir(project.www());
    let tests = cmd!(project.shell, "npm run e2e").env("PLAYGROUND", server.url()).env("GRADED", grader.url());
    Ok(tests.env("CHROMIUM", chromium).run()?)
}
