//! What is said about a place in a submission. Whatever text it carries has been made safe to print.

use serde::{Deserialize, Serialize};

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It keeps the submission from being graded, wholly or in part.
    Error,
    /// Worth knowing; it costs nothing.
    Note,
}

/// One remark on a submission, in the learner's own file names, lines and columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// The file, relative to the submission; empty when the remark is about no file.
    pub file: String,
    /// The line, from 1; 0 when unknown.
    pub line: u32,
    /// The column, from 1, in characters; 0 when unknown.
    pub column: u32,
    /// What is said.
    pub message: String,
}

/// Longest message, in characters.
const MESSAGE_CHARS_MAX: usize = 2_000;

impl Diagnostic {
    /// An error at a place.
    pub fn error(file: &str, line: u32, column: u32, message: &str) -> Self {
        Self { severity: Severity::Error, file: printable(file), line, column, message: printable(message) }
    }

    /// A note at a place.
    pub fn note(file: &str, line: u32, column: u32, message: &str) -> Self {
        Self { severity: Severity::Note, ..Self::error(file, line, column, message) }
    }

    /// An error about the submission as a whole.
    pub fn general(message: &str) -> Self {
        Self::error("", 0, 0, message)
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.file.as_str(), self.line) {
            ("", _) => {}
            (file, 0) => write!(f, "{file}: ")?,
            (file, line) => write!(f, "{file}:{line}:{}: ", self.column)?,
        }
        f.write_str(&self.message)
    }
}

/// Text from a stranger, made safe for a terminal and a page's `<pre>`: no control characters but newlines and tabs
/// (so no ANSI sequences), none that turn the writing direction, and not too long. Cost: O(length).
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len().min(MESSAGE_CHARS_MAX));
    for (count, character) in text.chars().enumerate() {
        if count == MESSAGE_CHARS_MAX {
            safe.push('…');
            break;
        }
        match character {
            '\n' | '\t' => safe.push(character),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if character.is_control() => safe.extend(character.escape_default()),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_turned_writing_do_not_survive() {
        assert_eq!(printable("a\x1b[31mred\u{202e}b\r\nc"), "a\\u{1b}[31mredb\\r\nc");
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        let cut = printable(&"é".repeat(MESSAGE_CHARS_MAX + 7));
        assert_eq!(cut.chars().count(), MESSAGE_CHARS_MAX + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn a_diagnostic_prints_its_place_as_compilers_do() {
        assert_eq!(Diagnostic::error("src/lib.rs", 3, 7, "no").to_string(), "src/lib.rs:3:7: no");
        assert_eq!(Diagnostic::general("no").to_string(), "no");
    }
}
