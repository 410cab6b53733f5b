//! Python: a real `CPython` in the sandbox, in another process than the judge.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`interpreter`] | finds this machine's `CPython` |
//! | [`process`] | the runner: one confined process that forks a fresh child for each run |
//! | [`wire`] | the messages to it and back: plain data, bounded |
//! | [`build`] | from a submission's text to a program: compile errors, forbidden names |
//! | [`subject`], `story` | the program as a subject, and the story of a run |
//! | [`suite`], [`toolbox`] | tests as submissions: pytest in one child, the cache under test in another |
//! | `runner/*.py` | the Python side: scheduler, threads on top of it, guard, one run |
//!
//! The runner forks for each run. The child limits and confines itself, loads the submission's module, calls its function once,
//! writes the answer as plain data, and ends. It never gets expected answers. Threads are real, but run one at a time, and which
//! runs next after each instruction depends only on a seed: a race that was found once is found again.

pub mod build;
pub mod interpreter;
mod layout;
pub mod process;
mod story;
pub mod subject;
pub mod suite;
pub mod toolbox;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;

use crate::host::digest::PartsDigest;
use crate::host::sandbox::Protection;
use crate::intake::submission::Submission;
use crate::language::toolchain::{Built, Factory, Rejected, Toolchain};
use interpreter::Interpreter;
use process::Runners;
use subject::Program;

/// The toolchain for Python sources.
#[derive(Debug, Clone)]
pub struct PythonToolchain {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// Whether it is confined.
    pub protection: Protection,
    runners: Arc<Runners>,
}

impl PythonToolchain {
    /// A toolchain with this machine's Python.
    ///
    /// # Errors
    /// There is no complete Python; the message names the remedy.
    pub fn open(protection: Protection) -> Result<Self> {
        let interpreter = Interpreter::find()?;
        let runners = Arc::new(Runners::new(&interpreter, protection));
        Ok(Self { interpreter, protection, runners })
    }
}

impl Toolchain for PythonToolchain {
    fn build(&self, submission: &Submission) -> Result<Built, Rejected> {
        let program = build::prepare(submission, &self.runners)?;
        let artifact = serde_json::to_vec(&(&submission.root, &submission.files));
        let artifact = artifact.map_err(|error| Rejected::harness(&error.to_string()))?;
        let mut diagnostics = submission.notes.clone();
        diagnostics.extend(build::misnamed(submission));
        Ok(Built { factory: Arc::new(program), artifact, missing: Vec::new(), diagnostics })
    }

    fn revive(&self, artifact: &[u8]) -> Option<Arc<dyn Factory>> {
        let (root, files): (String, BTreeMap<String, String>) = serde_json::from_slice(artifact).ok()?;
        Some(Arc::new(Program::new(files, &root, Arc::clone(&self.runners))))
    }

    fn identity(&self) -> String {
        let mut runner = PartsDigest::default();
        for (name, text) in process::MODULES {
            runner.add(name.as_bytes());
            runner.add(text.as_bytes());
        }
        format!("python {} {} {:?}", self.interpreter.version, runner.hex(), self.protection)
    }

    fn backend(&self) -> &'static str {
        "python"
    }
}
