//! The interface of every language to the rest of the grader: from a submission's text to a factory of subjects. Code that uses a
//! factory does not know the language.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use cachedojo_judge::report::CheckReport;
use cachedojo_lab::subject::Subject;
use cachedojo_notation::text::Language;

use crate::host::sandbox::NotRun;
use crate::intake::diagnostic::{self, Diagnostic};
use crate::intake::submission::Submission;
use crate::report::french::in_french;

/// A language's way from text to subjects, for one exercise on this machine.
pub trait Toolchain: Send + Sync + Debug {
    /// Inspects and builds a submission. It ends within the sandbox's limits, whatever the submission contains.
    ///
    /// # Errors
    /// See [`Rejected`].
    fn build(&self, submission: &Submission) -> Result<Built, Rejected>;

    /// The factory of an artifact that an earlier [`Toolchain::build`] with the same [`Toolchain::identity`] made; `None` if the
    /// bytes are not one.
    fn revive(&self, artifact: &[u8]) -> Option<Arc<dyn Factory>>;

    /// Everything except this grader's own code that could change the result of the same pack and submission: the compiler or
    /// interpreter with its version, the adapter, whether the build is confined.
    fn identity(&self) -> String;

    /// The backend, as reports name it.
    fn backend(&self) -> &'static str;
}

/// Makes fresh subjects of one submission.
pub trait Factory: Send + Sync + Debug {
    /// A fresh subject, with no state of an earlier one. Cheap: every run of every check takes one.
    ///
    /// # Errors
    /// This machine cannot start one; this says nothing about the submission.
    fn subject(&self, limits: &Limits) -> Result<Box<dyn Subject>, NotStarted>;

    /// The rows beyond the checks that were asked for; `None` if this kind of submission, or the pack, has none.
    fn extra(&self, _asked: &ExtraAsked<'_>) -> Option<Result<Vec<CheckReport>, String>> {
        None
    }

    /// The backend, if it is not the toolchain's usual one.
    fn backend(&self) -> Option<&'static str> {
        None
    }
}

/// Which rows beyond the checks are asked for.
#[derive(Debug, Clone, Copy)]
pub struct ExtraAsked<'a> {
    /// The pack's files by path.
    pub pack: &'a BTreeMap<String, String>,
    /// Their kinds.
    pub kinds: &'a [Extra],
    /// The report's language.
    pub language: Language,
}

/// The kinds of rows beyond the checks, as `--with` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// The speed, as a share of that of the exercise's own solution on this machine
    Performance,
    /// Connections and bodies that make trouble: answers are counted, nothing is timed
    Chaos,
}

/// A submission that can be run.
#[derive(Debug, Clone)]
pub struct Built {
    /// Its subjects.
    pub factory: Arc<dyn Factory>,
    /// The bytes that are run. Equal bytes behave alike, so they identify the submission in the receipt and the cache.
    pub artifact: Vec<u8>,
    /// Items of the interface that are left out: missing, or with another signature.
    pub missing: Vec<String>,
    /// Messages that do not prevent grading: items left out, and files that were ignored.
    pub diagnostics: Vec<Diagnostic>,
}

/// The limits of one run of a submission.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Work, roughly in instructions of a WebAssembly module.
    pub fuel: u64,
    /// Memory, in bytes.
    pub memory_bytes: usize,
    /// Bytes of output.
    pub output_bytes: usize,
    /// Processor time of all calls together, for work that fuel does not count. Honest submissions run out of fuel long
    /// before.
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
    /// The kind of reason.
    pub reason: Reason,
    /// The details; never empty.
    pub diagnostics: Vec<Diagnostic>,
}

/// The kinds of reasons why a submission is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Reason {
    /// It does not compile, or does not have what the exercise asks for.
    BuildFailed,
    /// It does something that the exercise forbids.
    Forbidden,
    /// The grader itself failed; this says nothing about the submission.
    HarnessError,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text_in(Language::English))
    }
}

impl std::error::Error for Rejected {}

impl From<NotRun> for Rejected {
    fn from(error: NotRun) -> Self {
        Self::harness(&error.to_string())
    }
}

impl Rejected {
    /// The reason and the details, a line each or more; what a compiler says stays in English. Cost: O(text).
    pub fn text_in(&self, language: Language) -> String {
        let is_french = language == Language::French;
        let mut told = match (self.reason, is_french) {
            (Reason::BuildFailed, false) => "the submission does not build",
            (Reason::BuildFailed, true) => "le rendu ne se compile pas",
            (Reason::Forbidden, false) => "the submission holds what the exercise forbids",
            (Reason::Forbidden, true) => "le rendu contient ce que l'exercice interdit",
            (Reason::HarnessError, false) => "the grader itself failed",
            (Reason::HarnessError, true) => "le correcteur lui-même a échoué",
        }
        .to_owned();
        for Diagnostic { file, line, column, message } in &self.diagnostics {
            let message = if is_french { in_french(message) } else { message.clone() };
            told.push_str(&format!("\n  {file}:{line}:{column}: {message}"));
        }
        told
    }

    /// A rejection for this reason; `diagnostics` must not be empty.
    pub fn new(reason: Reason, diagnostics: Vec<Diagnostic>) -> Self {
        Self { reason, diagnostics }
    }

    /// A rejection because the submission does not build.
    pub fn build_failed(message: &str) -> Self {
        Self::new(Reason::BuildFailed, vec![diagnostic::general(message)])
    }

    /// A rejection because the grader failed; the message names the remedy.
    pub fn harness(message: &str) -> Self {
        Self::new(Reason::HarnessError, vec![diagnostic::general(message)])
    }
}

/// This machine could not start a subject; the sentence has the reason and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted(pub String);

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotStarted {}
