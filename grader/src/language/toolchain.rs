//! What every language is to the rest of the grader: something that turns a submission's text into a factory of subjects.
//! Behind the factory nobody knows which language it was.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use cachedojo_lab::subject::Subject;

use crate::host::sandbox::NotRun;
use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::Submission;

/// A language's way from text to subjects, for one exercise on this machine.
pub trait Toolchain: Send + Sync + Debug {
    /// Inspects and builds a submission. Whatever the submission holds, this ends, within the sandbox's limits.
    ///
    /// # Errors
    /// See [`Rejected`].
    fn build(&self, submission: &Submission) -> Result<Built, Rejected>;

    /// The factory of an artifact that an earlier [`Toolchain::build`] made under the same [`Toolchain::identity`]; `None`
    /// when the bytes are none.
    fn revive(&self, artifact: &[u8]) -> Option<Arc<dyn Factory>>;

    /// All that could make another result of the same pack and submission besides this grader's own code: the compiler or
    /// interpreter and its version, the adapter, whether the build is confined.
    fn identity(&self) -> String;

    /// What runs the submission, as reports name it.
    fn backend(&self) -> &'static str;
}

/// Makes fresh subjects of one submission.
pub trait Factory: Send + Sync + Debug {
    /// A fresh subject: nothing of an earlier one is left in it. Cheap, for every run of every check takes one.
    ///
    /// # Errors
    /// This machine cannot start one; nothing is said about the submission.
    fn subject(&self, limits: &Limits) -> Result<Box<dyn Subject>, NotStarted>;

    /// What runs the submission, as reports name it, where that is something else than its toolchain's usual.
    fn backend(&self) -> Option<&'static str> {
        None
    }
}

/// A submission that can be run.
#[derive(Debug, Clone)]
pub struct Built {
    /// Its subjects.
    pub factory: Arc<dyn Factory>,
    /// What is run, as bytes: equal bytes behave alike, so they go into the receipt and the cache.
    pub artifact: Vec<u8>,
    /// Items of the interface that are left out, because they are missing or have another signature.
    pub missing: Vec<String>,
    /// What there is to say all the same: items left out, and what the reader ignored.
    pub diagnostics: Vec<Diagnostic>,
}

/// What one run of a submission may use.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Work, in instructions of a WebAssembly module (roughly).
    pub fuel: u64,
    /// Memory, in bytes.
    pub memory_bytes: usize,
    /// Bytes printed.
    pub output_bytes: usize,
    /// Processor time of all calls together: for work that fuel does not see. Honest ones end by fuel long before.
    pub instance_cpu: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 2_000_000_000,
            memory_bytes: 64 << 20,
            output_bytes: 1 << 20,
            instance_cpu: Duration::from_secs(12),
        }
    }
}

/// Why a submission is not run.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Rejected {
    /// In a word.
    pub reason: Reason,
    /// In detail; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a submission is not run, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Reason {
    /// It does not compile, or is not what the exercise asks for.
    BuildFailed,
    /// It does what the exercise forbids.
    Forbidden,
    /// The grader itself failed; nothing is said about the submission.
    HarnessError,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            Reason::BuildFailed => "the submission does not build",
            Reason::Forbidden => "the submission holds what the exercise forbids",
            Reason::HarnessError => "the grader itself failed",
        })?;
        for diagnostic in &self.diagnostics {
            write!(f, "\n  {}:{}:{}: {}", diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejected {}

impl From<NotRun> for Rejected {
    fn from(error: NotRun) -> Self {
        Self::harness(&error.to_string())
    }
}

impl Rejected {
    /// A submission is not run for this reason; `diagnostics` must not be empty.
    pub fn new(reason: Reason, diagnostics: Vec<Diagnostic>) -> Self {
        Self { reason, diagnostics }
    }

    /// It does not build, for this reason.
    pub fn build_failed(message: &str) -> Self {
        Self::new(Reason::BuildFailed, vec![diagnostic::general(message)])
    }

    /// The grader itself failed; the message names the remedy.
    pub fn harness(message: &str) -> Self {
        Self::new(Reason::HarnessError, vec![diagnostic::general(message)])
    }
}

/// This machine could not start a subject, and why; the sentence names the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted(pub String);

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotStarted {}
