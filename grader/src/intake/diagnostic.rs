//! What is said about a place in a submission. Whatever text it carries is made safe to print here, where it enters.

pub use cachedojo_judge::report::SourceDiagnostic as Diagnostic;

use crate::host::printable::{clip, harmless, line as one_line};

/// Longest message, in characters.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// A diagnostic at a place: line and column count from 1, and are 0 where there is none to name.
pub fn at(file: &str, line: u32, column: u32, message: &str) -> Diagnostic {
    Diagnostic { file: one_line(file), line, column, message: clip(&harmless(message), MESSAGE_CHARS_MAX) }
}

/// A diagnostic about the submission as a whole.
pub fn general(message: &str) -> Diagnostic {
    at("", 0, 0, message)
}
