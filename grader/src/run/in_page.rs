//! Which submissions run in the page: those that are one WebAssembly module with one thread, and are called.

use std::fmt;

use cachedojo_judge::pack::InterfaceKind;
use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

use crate::language::toolchain::{Built, Toolchain};

/// What the factory of a module with one thread calls itself.
const ONE_THREAD: &str = "wasm";

/// Why a submission that builds does not run in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotInPage {
    /// It starts threads.
    Threads,
    /// It is interpreted.
    Language,
    /// Nothing of it is called: it is tests, a script, or a service.
    NotCalled,
}

impl NotInPage {
    /// Why what this toolchain built for an exercise of this kind does not run in the page, where it does not.
    pub fn of(interface: InterfaceKind, toolchain: &dyn Toolchain, built: &Built) -> Option<Self> {
        let usual = toolchain.backend();
        match (interface, built.factory.backend().unwrap_or(usual)) {
            (InterfaceKind::Tests | InterfaceKind::Script | InterfaceKind::Service, _) => Some(Self::NotCalled),
            (_, ONE_THREAD) => None,
            (_, _) if usual == ONE_THREAD => Some(Self::Threads),
            (_, _) => Some(Self::Language),
        }
    }

    /// The sentence for a learner.
    pub const fn sentence(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Threads, Language::English) => {
                "a submission that starts threads does not run in the page: `grader run SCRIPT --subject PATH` runs it"
            }
            (Self::Threads, Language::French) => {
                "un rendu qui lance des threads ne s'exécute pas dans la page : `grader run SCRIPT --subject CHEMIN` l'exécute"
            }
            (Self::Language, Language::English) => {
                "only a submission in Rust runs in the page: `grader run SCRIPT --subject PATH` runs this one"
            }
            (Self::Language, Language::French) => {
                "seul un rendu en Rust s'exécute dans la page : `grader run SCRIPT --subject CHEMIN` exécute celui-ci"
            }
            (Self::NotCalled, Language::English) => {
                "a submission to this exercise obeys no script, so it does not run in the page: grade it"
            }
            (Self::NotCalled, Language::French) => {
                "un rendu pour cet exercice n'obéit à aucun script, et ne s'exécute donc pas dans la page : notez-le"
            }
        }
    }
}

impl fmt::Display for NotInPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence(Language::English))
    }
}

impl std::error::Error for NotInPage {}
