//! `cargo xtask schema`: schemathesis against the OpenAPI document that the cache service serves: requests made from it, right and
//! wrong ones, each of whose answers must be as it says. About a minute; `--examples` sets how many are made for each endpoint.

use crate::project::Project;
use crate::tools;
use anyhow::{Context, Result};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use xshell::cmd;

/// What the service prints before its address, once it answers.
const ANNOUNCED: &str = "Cache service: ";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Requests for each endpoint
    #[arg(long, default_value_t = 40)]
    examples: u32,
}

/// The service, which ends when this is dropped.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

pub(crate) fn schema(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    let (shell, examples) = (&project.shell, arguments.examples.to_string());
    let schemathesis = tools::schemathesis(project)?;
    cmd!(shell, "cargo build --quiet --package cachedojo-server --bin cachedojo-server").quiet().run()?;
    let program = project.target.join("debug").join(tools::executable("cachedojo-server"));
    let mut command = Command::new(&program);
    command.args(["--listen", "127.0.0.1:0", "--log", "off"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut service = Service(command.spawn().with_context(|| format!("cannot start {}", program.display()))?);
    let mut line = String::new();
    BufReader::new(service.0.stdout.take().context("a service without a standard output")?).read_line(&mut line)?;
    let url = line.trim().strip_prefix(ANNOUNCED).context("the service ended before it served")?.trim_end_matches('/');
    // Examples are not made smaller, which takes far longer than to find them. Of a node of a cluster this service is none.
    let bounds = ["--hypothesis-phases=explicit,generate", "--hypothesis-suppress-health-check=all"];
    let what = ["--experimental=openapi-3.1", "--checks=all", "--data-generation-method=all"];
    cmd!(shell, "{schemathesis} run {url}/openapi.json --base-url {url} --hypothesis-max-examples {examples}")
        .args(what)
        .args(bounds)
        .args(["--exclude-path-regex", "^/cluster"])
        .run()?;
    Ok(ExitCode::SUCCESS)
}
