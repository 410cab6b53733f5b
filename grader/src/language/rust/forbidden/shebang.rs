//! The first line for a shell, which a file of Rust may have and the tokens may not.

/// A file's text as the compiler reads it: without a byte order mark and without a first line for a shell.
pub fn without_shebang(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // `#![…]` is an attribute, even with white space and comments in between; the compiler looks at the next token too.
    match text.strip_prefix("#!") {
        Some(rest) if !after_blanks(rest).starts_with('[') => {
            let line = text.find('\n').unwrap_or(text.len());
            // All other positions stay the same.
            format!("{}{}", " ".repeat(line), &text[line..])
        }
        _ => text.to_owned(),
    }
}

/// The text after white space and comments.
fn after_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let after = match rest.get(..2) {
            Some("//") => rest.find('\n').map(|end| &rest[end..]),
            Some("/*") => after_comment(rest),
            _ => return rest,
        };
        match after {
            Some(after) => rest = after.trim_start(),
            None => return "",
        }
    }
}

/// The text after the block comment at the beginning; block comments nest.
fn after_comment(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find(['/', '*']).map(|found| at + found) {
        match text.get(found..found + 2) {
            Some("/*") => (depth, at) = (depth + 1, found + 2),
            Some("*/") if depth <= 1 => return text.get(found + 2..),
            Some("*/") => (depth, at) = (depth - 1, found + 2),
            _ => at = found + 1,
        }
    }
    None
}
