//! `grader doctor`: what this machine lacks for grading, and the command that installs it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::cli::DoctorArgs;
use crate::host::outcome::{Outcome, say};
use crate::host::sandbox::{self, Walls};
use crate::host::{alone, cache, limits, machine};
use crate::language::python::{self, interpreter::Interpreter};
use crate::language::rust::toolbox::{Target, Toolbox};

/// The disk space for the toolbox, the known bugs and a few concurrent gradings, in bytes.
const ROOM_BYTES: u64 = 1 << 30;

/// The result of one examination.
enum Finding {
    /// All right.
    Fine(String),
    /// Required for grading: what is wrong, and the remedy.
    Missing(String, String),
    /// Required only for a part of the grader: what is wrong, which part, and the remedy.
    Optional(String, &'static str, String),
}

/// Examines everything that grading needs, and builds the toolbox if only that is missing; or makes what is made once, and examines
/// nothing else: where an image is built the sandbox need not be there.
///
/// # Errors
/// The findings cannot be printed.
pub fn doctor(args: &DoctorArgs) -> Result<Outcome> {
    if !matches!(cache(), Finding::Fine(_)) {
        // With a temporary cache nothing built now would be kept: examining is no reason to build it.
        cache::leave_making_to(|_| Err("what is built here would not be kept: mend the cache folder first".to_owned()));
    }
    if args.prepare {
        // Whoever prepares a machine prepares it for every exercise.
        let findings = [cache(), toolbox(), python()].map(Finding::required);
        return tell(
            &findings,
            ["Everything that is made once is there.", "Not everything that is made once is there"],
        );
    }
    let mut findings = vec![rust(), limits(), sandbox(), services(), cache()];
    findings.extend(cache::folder().map(|folder| room(&folder)));
    findings.push(room(&std::env::temp_dir()));
    findings.push(toolbox());
    findings.push(python());
    findings.push(tool("node", "install Node 20.19 or newer, see https://nodejs.org"));
    findings.push(tool("chromium", "run: sudo apt-get install chromium"));
    tell(&findings, ["This machine can grade.", "This machine cannot grade yet"])
}

impl Finding {
    /// What is otherwise needed for a part only, as needed.
    fn required(self) -> Self {
        match self {
            Self::Optional(what, _, remedy) => Self::Missing(what, remedy),
            other => other,
        }
    }
}

/// Prints the findings, and whether all that is needed is there.
fn tell(findings: &[Finding], [all, not_all]: [&str; 2]) -> Result<Outcome> {
    let mut out = std::io::stdout().lock();
    for finding in findings {
        match finding {
            Finding::Fine(what) => writeln!(out, "✓ {what}")?,
            Finding::Missing(what, remedy) => writeln!(out, "✗ {what}\n  {remedy}")?,
            Finding::Optional(what, purpose, remedy) => {
                writeln!(out, "– {what}: needed only {purpose}\n  {remedy}")?;
            }
        }
    }
    let missing = findings.iter().filter(|finding| matches!(finding, Finding::Missing(..))).count();
    if missing == 0 {
        writeln!(out, "{all}")?;
        return Ok(Outcome::Passed);
    }
    writeln!(out, "{not_all}: {missing} of the above are to be mended.")?;
    Ok(Outcome::HarnessError)
}

fn rust() -> Finding {
    match version("rustc") {
        Some(version) => Finding::Fine(version),
        None => Finding::Missing(
            "there is no Rust compiler on the PATH".to_owned(),
            "run: curl -sSf https://sh.rustup.rs | sh -s -- --target wasm32-wasip1".to_owned(),
        ),
    }
}

fn python() -> Finding {
    let purpose = "to grade submissions in Python";
    let interpreter = match Interpreter::find() {
        Ok(interpreter) => interpreter,
        Err(error) => {
            return Finding::Optional(error.to_string(), purpose, "or leave Python's exercises out".to_owned());
        }
    };
    match python::toolbox::folder(&interpreter, &say) {
        Ok(_) => Finding::Fine(format!("Python {} with pytest and freezegun", interpreter.version)),
        Err(error) => Finding::Optional(error.to_string(), purpose, "then run again: grader doctor".to_owned()),
    }
}

fn sandbox() -> Finding {
    // If there is no toolbox, the next finding says why.
    let visible = Toolbox::open(Target::Single, &say).map(|toolbox| toolbox.visible).unwrap_or_default();
    match sandbox::available(&visible) {
        Ok(Walls { namespaces: true }) => Finding::Fine(
            "what the grader runs can be confined (namespaces, Landlock, seccomp, limits)".to_owned(),
        ),
        Ok(Walls { namespaces: false }) => Finding::Fine(
            "what the grader runs can be confined (Landlock, seccomp, limits; this machine gives no user namespaces, so \
             whether a file exists can be told from inside: allow them with `sysctl user.max_user_namespaces` or run as root)"
                .to_owned(),
        ),
        Err(reason) => Finding::Missing(
            format!("the compiler cannot be confined here ({reason})"),
            "use Linux 5.13 or newer with Landlock enabled, or --trust for submissions that you trust".to_owned(),
        ),
    }
}

fn services() -> Finding {
    if alone::is_available() {
        return Finding::Fine(
            "a service that is started cannot signal the grader (process numbers of its own)".to_owned(),
        );
    }
    Finding::Optional(
        "a service that is started can signal the grader (this machine gives no namespace of processes)".to_owned(),
        "for services that you do not trust",
        "allow user namespaces with `sysctl user.max_user_namespaces`, or run as root".to_owned(),
    )
}

fn limits() -> Finding {
    match limits::suffice() {
        Ok(()) => Finding::Fine("the shell's limits leave what a grading may need".to_owned()),
        Err(low) => Finding::Missing(low.to_string(), "then run again: grader doctor".to_owned()),
    }
}

fn cache() -> Finding {
    let elsewhere = "run: export CACHEDOJO_CACHE=/a/folder/that/you/may/write/to".to_owned();
    let purpose = "to remember from one run to the next what is made once";
    let Some(folder) = cache::folder() else {
        return Finding::Optional("this machine names no cache folder".to_owned(), purpose, elsewhere);
    };
    let shown = folder.display();
    match fs::create_dir_all(&folder).and_then(|()| tempfile::tempfile_in(&folder)) {
        Ok(_) => Finding::Fine(format!("the cache folder {shown} can be written to")),
        Err(error) => {
            Finding::Optional(format!("the cache folder {shown} cannot be written to ({error})"), purpose, elsewhere)
        }
    }
}

/// Whether there is enough space on the disk of `folder`, which may not exist yet.
fn room(folder: &Path) -> Finding {
    let shown = folder.display();
    let Some(free) = folder.ancestors().find_map(machine::free_bytes) else {
        return Finding::Fine(format!("{shown}: how much room there is cannot be told"));
    };
    let free_mib = free >> 20;
    if free >= ROOM_BYTES {
        return Finding::Fine(format!("{shown} has room ({free_mib} MiB)"));
    }
    let remedy = format!("free {} MiB there, or name another folder in CACHEDOJO_CACHE or TMPDIR", ROOM_BYTES >> 20);
    Finding::Missing(format!("{shown} has little room ({free_mib} MiB)"), remedy)
}

fn toolbox() -> Finding {
    match Toolbox::open(Target::Single, &say).and_then(|_| Toolbox::open(Target::Threads, &say)) {
        Ok(toolbox) => Finding::Fine(format!("the toolbox is ready ({})", toolbox.name())),
        Err(error) => Finding::Missing(error.to_string(), "mend that, then run again: grader doctor".to_owned()),
    }
}

fn tool(name: &str, remedy: &str) -> Finding {
    match version(name) {
        Some(version) => Finding::Fine(format!("{name} {version}, for the playground")),
        None => Finding::Optional(
            format!("there is no {name} on the PATH"),
            "to build and test the playground",
            remedy.to_owned(),
        ),
    }
}

/// What a program says of its version, in one line.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().trim().to_owned())
}
