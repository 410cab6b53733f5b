//! The settings of a report's rendering.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use cachedojo_notation::text::Language;

use super::classroom50::Identity;
use super::definitions::Definitions;
use super::link::PLAYGROUND;

/// The settings of a report's rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The reader's language.
    pub language: Language,
    /// The address of the playground in links.
    pub playground: String,
    /// The submission's owner, for Classroom 50.
    pub identity: Identity,
    /// Where the submission defines its functions; empty where its source is not at hand.
    pub definitions: Definitions,
    /// The file that GitHub Actions shows as the step's summary.
    pub step_summary: Option<PathBuf>,
    /// The file in which GitHub Actions takes a step's outputs.
    pub step_output: Option<PathBuf>,
}

impl Setting {
    /// Settings without an environment and without a time.
    pub fn plain(language: Language) -> Self {
        Self::from_variables(language, PLAYGROUND, &|_| None, UNIX_EPOCH)
    }

    /// The settings from the process's environment.
    pub fn from_environment(language: Language, playground: &str) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::from_variables(language, playground, &variable, now())
    }

    fn from_variables(
        language: Language,
        playground: &str,
        variable: &dyn Fn(&str) -> Option<String>,
        now: SystemTime,
    ) -> Self {
        Self {
            language,
            playground: playground.to_owned(),
            identity: Identity::from_variables(variable, now),
            definitions: Definitions::default(),
            step_summary: variable("GITHUB_STEP_SUMMARY").map(PathBuf::from),
            step_output: variable("GITHUB_OUTPUT").map(PathBuf::from),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command's edge: a platform wants to know when something was handed in"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
