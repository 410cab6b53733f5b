//! The tests in WebAssembly, of the engine and of the page's crate, inside a headless browser.

use crate::page::WASM_TARGET;
use crate::project::Project;
use crate::tools;
use anyhow::Result;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use xshell::cmd;

/// Runs them in the browser that `browser` names to wasm-pack; `driver_option` tells it where the driver is.
pub(crate) fn run(project: &Project, browser: &str, driver_option: &str, driver: &Path) -> Result<()> {
    tools::rust_target(project, WASM_TARGET)?;
    let wasm_bindgen = tools::wasm_bindgen(project)?;
    let wasm_pack = tools::wasm_pack(project)?.join("wasm-pack");
    // wasm-pack takes the wasm-bindgen that it finds first on PATH, if the version is right, and else would build one.
    let path = first_on_path(wasm_bindgen)?;
    for [folder, test] in [[".", "web"], ["www/bindings", "crossing"]] {
        cmd!(
            project.shell,
            "{wasm_pack} test --headless {browser} {driver_option} {driver} --mode no-install {folder} --test {test}"
        )
        .env("PATH", &path)
        // Seconds; the defaults (5 and 20) are short for a busy machine of two cores.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "180")
        .run()?;
    }
    Ok(())
}

fn first_on_path(folder: PathBuf) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path)))?)
}
