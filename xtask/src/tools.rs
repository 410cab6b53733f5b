//! Tools that a machine may lack: which version, why, and how to install it.
//!
//! Rust targets and components come through rustup, wasm tools through `cargo install` into a cache of this user's that all
//! clones share, the page's packages through npm, a browser through apt-get. Nothing is installed into the user's own
//! `~/.cargo/bin`.

use crate::project::{Project, is_fresh};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;
use xshell::{Shell, cmd};

const WASM_PACK: &str = "0.15.1";
const GECKODRIVER: &str = "0.37.1";
const SCHEMATHESIS: &str = "3.39.16";
const HYPOTHESIS: &str = "6.118.8";
const NODE_OLDEST: u32 = 20;

/// A browser and its driver for tests; their versions must match.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Firefox and its driver.
pub(crate) struct Firefox {
    pub(crate) firefox: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Adds a compilation target such as `wasm32-unknown-unknown` to the Rust toolchain in use.
pub(crate) fn rust_target(project: &Project, target: &str) -> Result<()> {
    let shell = &project.shell;
    let libraries = cmd!(shell, "rustc --print target-libdir --target {target}").quiet().read()?;
    if Path::new(&libraries).is_dir() {
        return Ok(());
    }
    install(&format!("the Rust target {target}"), "Rust's standard library for WebAssembly; some seconds", || {
        cmd!(shell, "rustup target add {target}")
            .run()
            .context("install rustup (the Rust toolchain installer), then try again")
    })
}

/// Adds a component of the Rust toolchain, such as `clippy`, that a minimal rustup profile lacks.
pub(crate) fn rust_component(project: &Project, component: &str) -> Result<()> {
    let shell = &project.shell;
    let program = component.strip_suffix("fmt").map_or(component, |_| "fmt");
    if cmd!(shell, "cargo {program} --version").quiet().ignore_stderr().read().is_ok() {
        return Ok(());
    }
    install(&format!("the Rust component {component}"), "a check that this project is held to; some seconds", || {
        cmd!(shell, "rustup component add {component}")
            .run()
            .context("install rustup (the Rust toolchain installer), then try again")
    })
}

/// The folder that holds `wasm-bindgen` and `wasm-bindgen-test-runner`, at exactly the version of the crate in `Cargo.lock`.
pub(crate) fn wasm_bindgen(project: &Project) -> Result<PathBuf> {
    let package = cmd!(project.shell, "cargo pkgid wasm-bindgen").quiet().read()?;
    let version = package.rsplit_once('@').context("`cargo pkgid wasm-bindgen` names no version")?.1;
    // Without the default features it has no TLS, which it would need only for a remote browser. Not `--locked`: the lock file
    // that 0.2.130 was published with needs a TLS crate that not every mirror of the registry has.
    cargo_tool(
        project,
        &CargoTool {
            package: "wasm-bindgen-cli",
            version,
            programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
            options: &["--no-default-features"],
            why: "makes the compiled engine a module that a page can import",
        },
    )
}

/// The folder that holds `wasm-pack`.
pub(crate) fn wasm_pack(project: &Project) -> Result<PathBuf> {
    cargo_tool(
        project,
        &CargoTool {
            package: "wasm-pack",
            version: WASM_PACK,
            programs: &["wasm-pack"],
            options: &["--locked"],
            why: "runs the engine's tests inside a real browser",
        },
    )
}

/// The page's npm packages, exactly those of `www/package-lock.json`.
pub(crate) fn npm_packages(project: &Project) -> Result<()> {
    let www = project.www();
    // npm writes this file last, so it marks a complete installation.
    let installed = www.join("node_modules/.package-lock.json");
    if is_fresh(&installed, &[&www.join("package-lock.json")]) {
        return Ok(());
    }
    let shell = &project.shell;
    node(shell)?;
    install("npm packages in www/node_modules", "what the page is built and checked with; about half a minute", || {
        let _in_www = shell.push_dir(&www);
        Ok(cmd!(shell, "npm ci --no-audit --no-fund").run()?)
    })
}

/// Chromium (or Chrome) and `ChromeDriver`: those on PATH, otherwise Debian's.
pub(crate) fn browser(project: &Project) -> Result<Browser> {
    if let Some(browser) = browser_on_path() {
        return Ok(browser);
    }
    install("Chromium and ChromeDriver", "the browser that the tests open; about a minute", || {
        apt_get(&project.shell, &["chromium", "chromium-driver"]).context(
            "install a Chromium and the ChromeDriver of the same version so that both are on PATH, then try again",
        )
    })?;
    browser_on_path().context(
        "apt-get installed Chromium and ChromeDriver, yet they are not on PATH: put them there, then try again",
    )
}

/// Firefox: the one on PATH, otherwise Debian's; its driver comes through `cargo install`, for Debian has none.
pub(crate) fn firefox(project: &Project) -> Result<Firefox> {
    let found = || ["firefox", "firefox-esr"].into_iter().find_map(on_path);
    if found().is_none() {
        install("Firefox", "the second browser that the page is tried in; about a minute", || {
            apt_get(&project.shell, &["firefox-esr"]).context("install a Firefox so that it is on PATH, then try again")
        })?;
    }
    let firefox = found().context("apt-get installed Firefox, yet it is not on PATH: put it there, then try again")?;
    let folder = cargo_tool(
        project,
        &CargoTool {
            package: "geckodriver",
            version: GECKODRIVER,
            programs: &["geckodriver"],
            options: &["--locked"],
            why: "drives Firefox",
        },
    )?;
    Ok(Firefox { firefox, driver: folder.join(executable("geckodriver")) })
}

/// Python 3: the one on PATH, otherwise Debian's.
pub(crate) fn python(project: &Project) -> Result<()> {
    if on_path("python3").is_some() {
        return Ok(());
    }
    install("Python 3", "it reads and writes saved caches, and computes the ring's golden vector", || {
        apt_get(&project.shell, &["python3"]).context("install Python 3 so that python3 is on PATH, then try again")
    })
}

/// schemathesis in a folder of its own under `target`, with the hypothesis that it can work with: with later ones it ends in an error of
/// its own.
pub(crate) fn schemathesis(project: &Project) -> Result<PathBuf> {
    python(project)?;
    let folder = project.target.join("tools").join(format!("schemathesis-{SCHEMATHESIS}"));
    let (program, pip) = (folder.join("bin/schemathesis"), folder.join("bin/pip"));
    if !program.is_file() {
        let shell = &project.shell;
        install("schemathesis", "it asks the cache service what its description allows; about a minute", || {
            cmd!(shell, "python3 -m venv {folder}")
                .run()
                .context("install Python's venv (on Debian: apt-get install python3-venv), then try again")?;
            Ok(cmd!(shell, "{pip} install --quiet schemathesis=={SCHEMATHESIS} hypothesis=={HYPOTHESIS}").run()?)
        })?;
    }
    Ok(program)
}

/// Redis and PostgreSQL: those on this machine, otherwise Debian's. Tests start their own instances on ports of their own; the
/// services that Debian's packages start are not used.
pub(crate) fn stores(project: &Project) -> Result<()> {
    let has_postgres = std::fs::read_dir("/usr/lib/postgresql").is_ok_and(|versions| {
        versions.filter_map(Result::ok).any(|version| version.path().join("bin/postgres").is_file())
    });
    if on_path("redis-server").is_some() && has_postgres {
        return Ok(());
    }
    install("Redis and PostgreSQL", "the stores that the cache service is tested with; about a minute", || {
        apt_get(&project.shell, &["redis-server", "postgresql"])
            .context("install redis-server on PATH and PostgreSQL under /usr/lib/postgresql, then try again")
    })
}

/// memcached and nginx: those on PATH, otherwise Debian's.
pub(crate) fn rivals(project: &Project) -> Result<()> {
    if on_path("memcached").is_some() && on_path("nginx").is_some() {
        return Ok(());
    }
    install("memcached and nginx", "what the cache service is measured beside, and behind; some seconds", || {
        apt_get(&project.shell, &["memcached", "nginx"])
            .context("install both so that they are on PATH, then try again")
    })
}

struct CargoTool<'a> {
    package: &'a str,
    version: &'a str,
    programs: &'a [&'a str],
    options: &'a [&'a str],
    why: &'a str,
}

/// The folder in the user's cache with the tool's programs, which are installed there first if necessary.
fn cargo_tool(project: &Project, tool: &CargoTool<'_>) -> Result<PathBuf> {
    let &CargoTool { package, version, programs, options, why } = tool;
    let root = cache()?.join(format!("{package}-{version}"));
    let folder = root.join("bin");
    if programs.iter().all(|program| folder.join(executable(program)).is_file()) {
        return Ok(folder);
    }
    let shell = &project.shell;
    let bins = programs.iter().flat_map(|program| ["--bin", program]);
    // Unoptimised: it compiles in half the time, and these tools run only for a second or two here.
    install(
        &format!("{package} {version} in {}", root.display()),
        &format!("{why}; about a minute, once for this user"),
        || {
            Ok(cmd!(shell, "cargo install --quiet {package}@{version} --root {root} {options...} {bins...}")
                .env_remove("CARGO_TARGET_DIR")
                .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
                .run()?)
        },
    )?;
    Ok(folder)
}

/// `$XDG_CACHE_HOME/cachedojo/tools`.
fn cache() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(base) => base,
        None => std::env::home_dir()
            .context("no home folder to cache tools in: set XDG_CACHE_HOME to a folder of yours")?
            .join(".cache"),
    };
    Ok(base.join("cachedojo/tools"))
}

/// Makes sure that there is a recent Node.js.
pub(crate) fn node(shell: &Shell) -> Result<()> {
    let remedy =
        || format!("install Node.js {NODE_OLDEST} or newer with npm, so that both are on PATH, then try again");
    let version = cmd!(shell, "node --version").quiet().read().with_context(remedy)?;
    let major: u32 =
        version.trim_start_matches('v').split('.').next().unwrap_or_default().parse().with_context(remedy)?;
    ensure!(major >= NODE_OLDEST, "Node.js {version} is too old: {}", remedy());
    Ok(())
}

fn browser_on_path() -> Option<Browser> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path)?;
    Some(Browser { chromium, driver: on_path("chromedriver")? })
}

/// The file name of a program: `grader`, on Windows `grader.exe`.
pub(crate) fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(executable(program)))
        .find(|path| path.is_file())
}

/// Installs Debian packages, through sudo unless this is root already.
fn apt_get(shell: &Shell, packages: &[&str]) -> Result<()> {
    if on_path("apt-get").is_none() {
        bail!("there is no apt-get on this machine");
    }
    let is_root = cmd!(shell, "id -u").quiet().read()? == "0";
    let (program, env) = if is_root { ("env", None) } else { ("sudo", Some("env")) };
    let quiet = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2", "--option=DPkg::Lock::Timeout=300"];
    cmd!(shell, "{program} {env...} {quiet...} update").run()?;
    cmd!(shell, "{program} {env...} {quiet...} install --yes --no-install-recommends {packages...}").run()?;
    Ok(())
}

/// Prints what is installed and why, does it, and prints how long it took.
fn install(what: &str, why: &str, how: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("Installing {what}: {why}.");
    let (outcome, took) = timed(how);
    outcome.with_context(|| format!("could not install {what}"))?;
    println!("Installed {what} in {:.0} s.", took.as_secs_f64());
    Ok(())
}

/// Runs `work` and tells how long it took.
#[expect(clippy::disallowed_methods, reason = "a person wants to know how long a step took; nothing is decided by it")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = std::time::Instant::now();
    let done = work();
    (done, started.elapsed())
}
