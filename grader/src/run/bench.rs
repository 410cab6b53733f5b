//! The bench: what grading any number of submissions to one exercise needs.

use anyhow::Result;

use crate::host::sandbox::Protection;
use crate::intake::submission::Submission;
use crate::language::rust::build::{self, Built, Rejected};
use crate::language::rust::interface::Interface;
use crate::language::rust::toolbox::Toolbox;
use crate::pack::Pack;
use crate::run::wasm::Limits;

/// What grading any number of submissions to one exercise needs.
#[derive(Debug)]
pub struct Bench<'a> {
    /// The exercise.
    pub pack: &'a Pack,
    /// What its submissions have to be.
    pub interface: Interface,
    /// What they are compiled against.
    pub toolbox: Toolbox,
    /// Whether the compiler is confined.
    pub protection: Protection,
    /// What one run of a submission may use.
    pub limits: Limits,
}

impl<'a> Bench<'a> {
    /// A bench for a pack. Where this machine has no toolbox yet, it is built now, once, and standard error says so.
    /// `trust` leaves the compiler unconfined.
    ///
    /// # Errors
    /// The pack's prototype cannot be read, or the toolbox cannot be built; the message names the remedy.
    pub fn open(pack: &'a Pack, trust: bool) -> Result<Self> {
        let protection = if trust { Protection::Trust } else { Protection::Sandbox };
        Ok(Self {
            pack,
            interface: Interface::of(pack)?,
            toolbox: Toolbox::open(&say)?,
            protection,
            limits: Limits::default(),
        })
    }

    /// Inspects and compiles a submission.
    ///
    /// # Errors
    /// See [`Rejected`].
    pub fn build(&self, submission: &Submission) -> Result<Built, Rejected> {
        build::prepare(submission, &self.interface, &self.toolbox, self.protection)
    }
}

#[expect(clippy::print_stderr, reason = "the command line's own voice, while the report has stdout")]
pub(crate) fn say(line: &str) {
    eprintln!("grader: {line}");
}
