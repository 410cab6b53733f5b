//! Rust: inspected with `syn`, compiled by the host's rustc inside the sandbox, run as WebAssembly.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`interface`], [`prototype`] | an exercise's requirements: what is called, which items, which crates |
//! | [`inspect`], [`forbidden`] | which items a submission has, and what it must not contain |
//! | `compiler` | which compiler `rustc` means on this machine |
//! | [`toolbox`] | the libraries that it is compiled with, built once |
//! | [`rustc`] | one call of the compiler, confined |
//! | [`build`] | all steps in order: from text to a program |
//! | [`suite`] | tests as submissions |
//! | [`companion`] | a crate of ours that a submission is compiled with |
//! | `words` | the compiler's messages about the adapter, in a learner's words |

pub mod build;
pub mod companion;
mod compiler;
pub mod forbidden;
pub mod inspect;
pub mod interface;
mod places;
pub mod prototype;
pub mod rustc;
pub mod suite;
pub mod toolbox;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use cachedojo_judge::pack::InterfaceKind;

use crate::host::digest::PartsDigest;
use crate::host::outcome::say;
use crate::host::sandbox::Protection;
use crate::intake::diagnostic;
use crate::intake::submission::Submission;
use crate::language::threads::ThreadedFactory;
use crate::language::toolchain::{Built, Factory, Reason, Rejected, Toolchain};
use crate::language::wasm::{self, Program};
use crate::pack::Pack;
use interface::Interface;
use toolbox::{Target, Toolbox};

/// The toolchain from Rust sources to WebAssembly modules.
#[derive(Debug, Clone)]
pub struct RustToolchain {
    /// The requirements on submissions.
    pub interface: Interface,
    /// The libraries that they are compiled with.
    pub toolbox: Toolbox,
    /// The same for submissions with threads; opened when the first of them comes.
    threads: Arc<OnceLock<Result<Toolbox, String>>>,
    /// Whether the compiler is confined.
    pub protection: Protection,
}

impl RustToolchain {
    /// The toolchain for a pack. If this machine has no toolbox yet, it is built now, with a message on standard error.
    ///
    /// # Errors
    /// The pack's prototype cannot be read, or the toolbox cannot be built; the message names the remedy.
    pub fn open(pack: &Pack, protection: Protection) -> Result<Self> {
        let (interface, toolbox) = (Interface::of(pack)?, Toolbox::open(Target::Single, &say)?);
        Ok(Self { interface, toolbox, threads: Arc::default(), protection })
    }

    fn threads(&self) -> Result<&Toolbox, Rejected> {
        let open = || Toolbox::open(Target::Threads, &say).map_err(|error| error.to_string());
        self.threads.get_or_init(open).as_ref().map_err(|error| Rejected::harness(error))
    }
}

impl Toolchain for RustToolchain {
    fn build(&self, submission: &Submission) -> Result<Built, Rejected> {
        let inspection = inspect::inspect(submission, &self.interface)?;
        // A node of a cluster is a state machine: one thread, and its memory is measured.
        let spawns = inspection.spawns && self.interface.kind != InterfaceKind::Nodes;
        let toolbox = if spawns { self.threads()? } else { &self.toolbox };
        let built = build::compile(submission, &self.interface, toolbox, self.protection, &inspection)?;
        let build::Module { bytes, missing, diagnostics } = built;
        wasm::ready().map_err(|reason| Rejected::harness(&reason))?;
        let no_program = |reason: String| Rejected::new(Reason::BuildFailed, vec![diagnostic::general(&reason)]);
        let factory: Arc<dyn Factory> = if spawns {
            Arc::new(ThreadedFactory::new(&bytes, submission.files.clone()).map_err(no_program)?)
        } else {
            Arc::new(Program::new(&bytes).map_err(no_program)?)
        };
        Ok(Built { factory, artifact: bytes, missing, diagnostics })
    }

    fn revive(&self, artifact: &[u8]) -> Option<Arc<dyn Factory>> {
        // A module without threads defines its own memory; one with threads imports a shared one.
        match ThreadedFactory::new(artifact, BTreeMap::new()) {
            Ok(factory) => Some(Arc::new(factory)),
            Err(_) => Program::new(artifact).ok().map(|program| Arc::new(program) as Arc<dyn Factory>),
        }
    }

    fn identity(&self) -> String {
        let mut adapter = PartsDigest::default();
        for (name, text) in build::adapter(self.interface.kind) {
            adapter.add(name.as_bytes());
            adapter.add(text.as_bytes());
        }
        // What compiles, and what is an error, depends on the compiler.
        let (toolbox, version) = (self.toolbox.name(), &self.toolbox.version);
        format!("rust {version} {toolbox} {} {:?}", adapter.hex(), self.protection)
    }

    fn backend(&self) -> &'static str {
        "wasm"
    }
}
