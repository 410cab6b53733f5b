//! Messages about a place in a submission. Their text is made harmless here, where it enters.

pub use cachedojo_judge::report::SourceDiagnostic as Diagnostic;

use std::collections::BTreeMap;

use crate::host::printable::{clip, harmless, line as one_line};

/// The longest message, in characters.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// A diagnostic at a place: line and column count from 1, and are 0 if unknown.
pub fn at(file: &str, line: u32, column: u32, message: &str) -> Diagnostic {
    Diagnostic { file: one_line(file), line, column, message: clip(&harmless(message), MESSAGE_CHARS_MAX) }
}

/// The most characters of a source line that are shown.
const SOURCE_CHARS_MAX: usize = 120;

/// The diagnostic with its source line, and a mark for the column, below its first line.
pub fn with_source(mut found: Diagnostic, files: &BTreeMap<String, String>) -> Diagnostic {
    let number = usize::try_from(found.line).unwrap_or(usize::MAX);
    let line = files.get(&found.file).and_then(|text| text.lines().nth(number.checked_sub(1)?));
    let Some(line) = line.filter(|line| !line.trim().is_empty()) else { return found };
    let margin = " ".repeat(number.to_string().len());
    let shown = clip(&one_line(line), SOURCE_CHARS_MAX);
    let column = usize::try_from(found.column).unwrap_or(usize::MAX);
    let mark =
        (1..=shown.chars().count()).contains(&column).then(|| format!("\n{margin} | {}^", " ".repeat(column - 1)));
    let (head, rest) = found.message.split_once('\n').map_or((found.message.as_str(), ""), |(head, rest)| (head, rest));
    let rest = if rest.is_empty() { String::new() } else { format!("\n{rest}") };
    let text = format!("{head}\n{number} | {shown}{}{rest}", mark.unwrap_or_default());
    found.message = clip(&harmless(&text), MESSAGE_CHARS_MAX);
    found
}

/// A diagnostic about the submission as a whole.
pub fn general(message: &str) -> Diagnostic {
    at("", 0, 0, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_the_line_it_is_about() {
        let files = BTreeMap::from([("src/lib.rs".to_owned(), "fn a() {\n\tlet é = \"x\";\n\n}\r\n".to_owned())]);
        for (line, column, message, shown) in [
            (2, 2, "no such name\nhelp: none", "no such name\n2 |  let é = \"x\";\n  |  ^\nhelp: none"),
            (2, 0, "here", "here\n2 |  let é = \"x\";"),
            (2, 99, "here", "here\n2 |  let é = \"x\";"),
            (4, 1, "here", "here\n4 | }\n  | ^"),
            (3, 1, "blank", "blank"),
            (9, 1, "past the end", "past the end"),
            (0, 0, "of the file", "of the file"),
        ] {
            assert_eq!(with_source(at("src/lib.rs", line, column, message), &files).message, shown);
        }
        assert_eq!(with_source(at("other.rs", 1, 1, "elsewhere"), &files).message, "elsewhere");
    }
}
