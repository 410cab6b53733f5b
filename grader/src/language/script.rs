//! The script language: a submission is itself a script, which the reference engine runs.

use std::sync::Arc;

use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::Subject;

use super::toolchain::{Built, Factory, Limits, NotStarted, Rejected, Toolchain};
use crate::intake::submission::Submission;

/// Scripts need no building.
#[derive(Debug)]
pub struct ScriptToolchain;

#[derive(Debug)]
struct References;

impl Factory for References {
    fn subject(&self, _: &Limits) -> Result<Box<dyn Subject>, NotStarted> {
        Ok(Box::new(Reference::default()))
    }
}

impl Toolchain for ScriptToolchain {
    fn build(&self, submission: &Submission) -> Result<Built, Rejected> {
        let text = submission.files.get(&submission.root).cloned().unwrap_or_default();
        let diagnostics = submission.notes.clone();
        Ok(Built { factory: Arc::new(References), artifact: text.into_bytes(), missing: Vec::new(), diagnostics })
    }

    fn revive(&self, _: &[u8]) -> Option<Arc<dyn Factory>> {
        Some(Arc::new(References))
    }

    fn identity(&self) -> String {
        "script".to_owned()
    }

    fn backend(&self) -> &'static str {
        "script"
    }
}
