//! `cargo xtask test`: every check there is, cheapest first, and one line at the end that says how it went.

mod steps;

use crate::project::Project;
use crate::tools::timed;
use anyhow::{Result, bail};
use std::process::ExitCode;
use std::time::Duration;
use steps::{STEPS, Step};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only these steps (see --list)
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
    /// Say which steps there are, and run none
    #[arg(long)]
    list: bool,
}

/// A step, with its result and its time.
struct Done {
    step: &'static Step,
    outcome: Outcome,
    took: Duration,
}

enum Outcome {
    Passed,
    Failed,
    /// Not run, because this earlier step did not pass.
    Skipped {
        because: &'static str,
    },
}

pub(crate) fn test(project: &Project, arguments: &Arguments) -> Result<ExitCode> {
    let chosen = choose(&arguments.steps)?;
    if arguments.list {
        for step in chosen {
            println!("{:<12} {}", step.name, step.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut done: Vec<Done> = Vec::new();
    for (index, step) in chosen.iter().copied().enumerate() {
        println!("\n== {} ({} of {}): {} ==", step.name, index + 1, chosen.len(), step.what);
        let (outcome, took) = timed(|| run(project, step, &done));
        done.push(Done { step, outcome, took });
    }
    Ok(summarise(&done))
}

fn choose(names: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str())) {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step `{unknown}`: the steps are {}", known.join(", "));
    }
    Ok(STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name)).collect())
}

fn run(project: &Project, step: &Step, done: &[Done]) -> Outcome {
    let blocker = done
        .iter()
        .find(|earlier| step.after.contains(&earlier.step.name) && !matches!(earlier.outcome, Outcome::Passed));
    if let Some(blocker) = blocker {
        println!("Not run, because `{}` has not passed.", blocker.step.name);
        return Outcome::Skipped { because: blocker.step.name };
    }
    match (step.run)(project) {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            println!("FAILED: {error:#}");
            Outcome::Failed
        }
    }
}

/// Prints a line for each step, then a summary; a skipped step means that another one failed.
fn summarise(done: &[Done]) -> ExitCode {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!("\n== summary ==");
    for Done { step, outcome, took } in done {
        let outcome = match outcome {
            Outcome::Passed => {
                passed += 1;
                "passed".to_owned()
            }
            Outcome::Failed => {
                failed += 1;
                format!("FAILED: again with `cargo xtask test {}`", step.name)
            }
            Outcome::Skipped { because } => {
                skipped += 1;
                format!("skipped: `{because}` has not passed")
            }
        };
        println!("{:<12} {:>7.1} s  {outcome}", step.name, took.as_secs_f64());
    }
    let total: Duration = done.iter().map(|done| done.took).sum();
    println!("{:<12} {:>7.1} s", "all", total.as_secs_f64());
    let skipped = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
    println!("\n{passed} passed, {failed} failed{skipped}");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
