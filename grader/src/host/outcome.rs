//! How a command ends, as the calling process sees it, and what it says beside its result.

use std::sync::OnceLock;

/// How a command ends. Listed in `--help`; scripts rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Passed, or done.
    Passed,
    /// Graded, below the passing score; or an expectation of a script failed.
    NotPassed,
    /// Wrong usage.
    Usage,
    /// The submission did not build or is forbidden.
    Rejected,
    /// The grader itself failed.
    HarnessError,
    /// Somebody stopped it before it was done.
    Interrupted,
}

impl Outcome {
    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::NotPassed => 1,
            Self::Usage => 2,
            Self::Rejected => 3,
            Self::HarnessError => 4,
            // As shells do for a program that an interrupt ended.
            Self::Interrupted => 130,
        }
    }
}

/// Wrong usage of the grader: exit code 2. Any other error is the grader's own failure.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A message in the language that was asked for.
type Translate = fn(&str) -> String;

static TRANSLATE: OnceLock<Translate> = OnceLock::new();

/// From now on messages are told in another language, as far as it has them. The first one stays.
pub(crate) fn speak(translate: Translate) {
    _ = TRANSLATE.set(translate);
}

/// Prints a message for the user on standard error, beside the report.
#[expect(clippy::print_stderr, reason = "the command line's own voice, while the report has stdout")]
pub fn say(line: &str) {
    eprintln!("grader: {}", told(line));
}

/// A message as it is told.
pub(crate) fn told(line: &str) -> String {
    TRANSLATE.get().map_or_else(|| line.to_owned(), |translate| translate(line))
}
