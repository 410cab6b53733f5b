//! `grader doctor`: what this machine lacks for grading, and the command that mends it.

use std::io::Write;

use anyhow::Result;

use crate::cli::Outcome;
use crate::sandbox;
use crate::toolbox::{Toolbox, cache_folder};

/// Looks at everything that grading needs, and prepares the toolbox if only that is missing.
///
/// # Errors
/// The findings cannot be printed.
pub fn doctor() -> Result<Outcome> {
    let mut out = std::io::stdout().lock();
    let mut findings = Vec::new();
    findings.push(match sandbox::available() {
        Ok(()) => Ok("the compiler can be confined (Landlock, seccomp)".to_owned()),
        Err(reason) => Err(format!(
            "the compiler cannot be confined here ({reason}): use Linux 5.13 or newer with Landlock, or --trust for submissions that you trust"
        )),
    });
    findings.push(
        cache_folder()
            .map_err(|error| error.to_string())
            .map(|folder| format!("the cache folder is {}", folder.display())),
    );
    let say = |line: &str| crate::bench::say(line);
    findings.push(
        Toolbox::open(&say)
            .map_err(|error| error.to_string())
            .map(|toolbox| format!("the toolbox is ready ({})", toolbox.name())),
    );
    for finding in &findings {
        match finding {
            Ok(fine) => writeln!(out, "✓ {fine}")?,
            Err(missing) => writeln!(out, "✗ {missing}")?,
        }
    }
    Ok(if findings.iter().all(Result::is_ok) { Outcome::Passed } else { Outcome::HarnessError })
}
