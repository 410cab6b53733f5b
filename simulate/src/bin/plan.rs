//! Turns scenario files of the simulated cluster into plans, which can be run without the script language: `plan FOLDER FILE…`
//! writes a plan of the same name into the folder for each file that makes a cluster.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use cachedojo_lab::families::cluster::ClusterCommand;
use cachedojo_lab::scenario::Scenario;
use cachedojo_lab::script::{Command, parse};
use cachedojo_lab::world::cluster::act::Act;

#[expect(clippy::print_stderr, reason = "this is what the program is for")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((folder, files)) = arguments.split_first() else {
        eprintln!("plan FOLDER FILE…");
        return ExitCode::from(2);
    };
    for file in files {
        let name = Path::new(file).file_name().unwrap_or_default();
        let written = std::fs::read_to_string(file)
            .map_err(|error| error.to_string())
            .and_then(|text| plan(&text))
            .and_then(|plan| std::fs::write(Path::new(folder).join(name), plan).map_err(|error| error.to_string()));
        if let Err(error) = written {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The plan of a scenario.
fn plan(text: &str) -> Result<String, String> {
    let scenario = Scenario::read(text).map_err(|error| error.to_string())?;
    let script = parse(&scenario.commands, scenario.dialect);
    let mut plan = String::new();
    for step in script.commands {
        match step.command {
            Command::World(ClusterCommand::Make(setup)) => {
                let (nodes, copies, points, seed) =
                    (setup.nodes, setup.copies, setup.points, setup.seed.unwrap_or(scenario.seed));
                let haste = if setup.haste { " haste=yes" } else { "" };
                let memory = setup.memory.map_or(String::new(), |bytes| format!(" memory={bytes}"));
                let _ = writeln!(plan, "cluster nodes={nodes} rf={copies} points={points}{haste}{memory} seed={seed}");
            }
            Command::World(ClusterCommand::Do(act)) => {
                let _ = writeln!(plan, "{act}");
            }
            Command::Tick(ms) => {
                let _ = writeln!(plan, "{}", Act::Tick(ms.saturating_mul(1000)));
            }
            _ => {}
        }
    }
    if plan.is_empty() { Err("it makes no simulated cluster".into()) } else { Ok(plan) }
}
