//! How a command ends, as the process that called the grader sees it.

/// How every command ends. Listed in `--help`, relied on by scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Passed, or done.
    Passed,
    /// Graded, below the passing score; or a script's expectation was broken.
    NotPassed,
    /// Wrong usage.
    Usage,
    /// The submission did not build or is forbidden.
    Rejected,
    /// The grader itself failed.
    HarnessError,
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
        }
    }
}

/// A mistake in how the grader was called: exit code 2, where any other error is the grader's own.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Says something to whoever called the grader, beside the report.
#[expect(clippy::print_stderr, reason = "the command line's own voice, while the report has stdout")]
pub(crate) fn say(line: &str) {
    eprintln!("grader: {line}");
}
