//! How a command ends, as the calling process sees it.

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

/// Prints a message for the user on standard error, beside the report.
#[expect(clippy::print_stderr, reason = "the command line's own voice, while the report has stdout")]
pub(crate) fn say(line: &str) {
    eprintln!("grader: {line}");
}
