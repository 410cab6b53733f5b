//! Text from a stranger, made safe for a terminal, a browser and an XML parser: the one place where it is.

/// No controls but the line's end (a tab becomes a space), nothing that reorders or hides text, nothing that XML forbids.
/// Cost: O(length).
pub fn harmless(text: &str) -> String {
    let replaced = text.chars().map(|c| match c {
        '\n' => '\n',
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fffe}'..='\u{ffff}' => '\u{fffd}',
        c => c,
    });
    replaced.collect()
}

/// [`harmless`] text in one line.
pub fn line(text: &str) -> String {
    harmless(text).replace('\n', "\u{fffd}")
}

/// At most `chars_max` characters, the last of them saying that there was more.
pub fn clip(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_breaks_xml_is_replaced() {
        assert_eq!(
            harmless("a\u{1b}[31mb\r\n\tc\0\u{202e}\u{ffff}é"),
            "a\u{fffd}[31mb\u{fffd}\n c\u{fffd}\u{fffd}\u{fffd}é"
        );
        assert_eq!(line("a\nb"), "a\u{fffd}b");
    }

    #[test]
    fn a_clipped_text_says_so_within_its_length() {
        assert_eq!(clip("abcd", 4), "abcd");
        assert_eq!(clip("éàüöî", 4), "éàü…");
    }
}
