//! The bench: everything that grading any number of submissions to one exercise needs.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_notation::text::Language;

use crate::host::outcome::UsageError;
use crate::host::progress::{Counted, ServiceProgress};
use crate::host::sandbox::Protection;
use crate::host::{budget, limits, progress};
use crate::intake::diagnostic::with_source;
use crate::intake::submission::Submission;
use crate::language::toolchain::{Built, Extra, Limits, Reason, Rejected, Toolchain};
use crate::language::{self, http};
use crate::pack::Pack;
use crate::run::parent;

/// A toolchain that is opened when it is first asked for, or why it could not be.
type Slot = OnceLock<Result<Arc<dyn Toolchain>, NotOpened>>;

/// Everything that grading any number of submissions to one exercise needs.
#[derive(Debug, Clone)]
pub struct Bench<'a> {
    /// The exercise.
    pub pack: &'a Pack,
    /// Whether builds are confined.
    pub protection: Protection,
    /// The limits of one run of a submission.
    pub limits: Limits,
    /// Whether this process grades for another one, which knows the fingerprints of known bugs.
    pub apart: bool,
    /// The language in which it is told how far a long grading has come; `None` if it is not.
    pub progress: Option<Language>,
    /// The language in which it is told that a service is waited for; `None` if it is not.
    pub waited_in: Option<Language>,
    /// The rows beyond the checks that are tried too.
    pub with: Vec<Extra>,
    /// One for each language of the exercise: a learner's machine need not have what other languages need.
    toolchains: BTreeMap<CodeLanguage, Slot>,
}

/// Why a language could not be opened, kept for whoever asks again.
#[derive(Debug, Clone)]
struct NotOpened {
    message: String,
    /// Whether the caller or the pack is to blame, and not this machine.
    is_usage: bool,
}

impl NotOpened {
    fn of(error: &anyhow::Error) -> Self {
        Self { message: format!("{error:#}"), is_usage: error.is::<UsageError>() }
    }

    fn to_error(&self) -> anyhow::Error {
        let message = self.message.clone();
        if self.is_usage { UsageError(message).into() } else { anyhow::anyhow!(message) }
    }
}

impl<'a> Bench<'a> {
    /// Tells on a terminal which of so many checks, or of the caches that tests are tried on, it has come to.
    pub(super) fn tell_progress(&self, at: usize, of: usize) {
        let is_suite = self.pack.exercise.interface == InterfaceKind::Tests;
        let counted = if is_suite { Counted::Caches } else { Counted::Checks };
        if let Some(language) = self.progress {
            progress::tell(language, counted, at, of);
        }
    }

    /// Tells what a service takes time for, if somebody waits for this one grading.
    pub(super) fn tell_service(&self, at: &ServiceProgress) {
        if let Some(language) = self.waited_in {
            progress::tell_service(language, at);
        }
    }

    /// A bench for a pack. Things that this machine needs once are made now if the exercise has one language, otherwise
    /// when they are first needed, with a message on standard error. `trust` leaves builds unconfined.
    ///
    /// # Errors
    /// The pack or this machine lacks what its only language needs, or a limit is too low; the message names the remedy.
    pub fn open(pack: &'a Pack, trust: bool) -> Result<Self> {
        if !budget::is_begun() {
            limits::suffice()?;
        }
        let protection = if trust { Protection::Trust } else { Protection::Sandbox };
        let languages = &pack.exercise.languages;
        let toolchains = languages.iter().map(|&language| (language, Slot::new())).collect();
        let (limits, with) = (Limits::default(), Vec::new());
        let bench = Self { pack, protection, limits, apart: false, progress: None, waited_in: None, with, toolchains };
        if let [only] = languages[..] {
            bench.toolchain(only)?;
        }
        Ok(bench)
    }

    /// The toolchain of a language of the exercise.
    ///
    /// # Errors
    /// The exercise does not take the language, or this machine lacks what it needs; the message names the remedy.
    pub fn toolchain(&self, language: CodeLanguage) -> Result<&dyn Toolchain> {
        let slot = self.toolchains.get(&language);
        let slot = slot.ok_or_else(|| anyhow::anyhow!("the exercise takes no submission in {}", language.name()))?;
        // A second caller waits for the first: what is made once on this machine is made once.
        let opened = slot.get_or_init(|| self.open_language(language).map_err(|error| NotOpened::of(&error)));
        opened.as_deref().map_err(NotOpened::to_error)
    }

    fn open_language(&self, language: CodeLanguage) -> Result<Arc<dyn Toolchain>> {
        if self.apart {
            parent::prepare(language)?;
        }
        language::open(language, self.pack, self.protection)
    }

    /// The same bench with another toolchain for a language.
    #[must_use]
    pub fn with_toolchain(mut self, language: CodeLanguage, toolchain: Arc<dyn Toolchain>) -> Self {
        self.toolchains.insert(language, OnceLock::from(Ok(toolchain)));
        self
    }

    /// Whether builds are left unconfined.
    pub fn is_trusting(&self) -> bool {
        matches!(self.protection, Protection::Trust)
    }

    /// Whether a submission may be run here at all. Cost: O(1).
    ///
    /// # Errors
    /// It is a program that nothing confines, and whoever grades has not said that it is trusted: their mistake, and no verdict.
    pub fn check_trusted(&self, submission: &Submission) -> Result<(), UsageError> {
        if http::needs_trust(submission, self.protection) {
            return Err(UsageError(http::NOT_TRUSTED.to_owned()));
        }
        Ok(())
    }

    /// Inspects and builds a submission.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub fn build(&self, submission: &Submission) -> Result<Built, Rejected> {
        let toolchain =
            self.toolchain(submission.language).map_err(|error| Rejected::harness(&format!("{error:#}")))?;
        toolchain.build(submission).map_err(|mut rejected| {
            let found = rejected.diagnostics.into_iter().map(|found| with_source(found, &submission.files));
            // What was left out may be what is missing.
            let notes = submission.notes.iter().filter(|_| rejected.reason == Reason::BuildFailed).cloned();
            rejected.diagnostics = found.chain(notes).collect();
            rejected
        })
    }
}
