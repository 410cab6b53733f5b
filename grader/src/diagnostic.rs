//! What is said about a place in a submission. Whatever text it carries is made safe to print here, where it enters.

pub use cachedojo::exercise::report::SourceDiagnostic as Diagnostic;

/// Longest message, in characters.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// A diagnostic at a place: line and column count from 1, and are 0 where there is none to name.
pub fn at(file: &str, line: u32, column: u32, message: &str) -> Diagnostic {
    Diagnostic { file: printable(file), line, column, message: printable(message) }
}

/// A diagnostic about the submission as a whole.
pub fn general(message: &str) -> Diagnostic {
    at("", 0, 0, message)
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
}
