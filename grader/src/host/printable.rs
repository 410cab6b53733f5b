//! Makes a stranger's text harmless for a terminal, a browser and an XML parser. The only place that does.

/// Removes control characters except tabs and line ends (a script that has tabs is another one with spaces), characters that reorder or hide text, characters that XML
/// forbids, and commands for a log's reader ([`obeyed_by_none`]). Cost: O(length).
pub fn harmless(text: &str) -> String {
    let replaced = text.chars().map(|c| match c {
        '\n' | '\t' => c,
        c if c.is_control() || hides(c) => '\u{fffd}',
        c => c,
    });
    obeyed_by_none(&replaced.collect::<String>())
}

/// Whether a character is invisible or changes how others look: Unicode's format characters and its other invisible ones, and the
/// two that XML forbids.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Text without what readers of build logs execute as commands: GitHub's `::error …` at the start of a line, and
/// `##[…`, `##vso[…`, `##teamcity[…` anywhere. Cost: O(length).
pub fn obeyed_by_none(text: &str) -> String {
    let mut quiet = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let (indent, mut rest) = line.split_at(indent);
        quiet.push_str(indent);
        if let Some(after) = rest.strip_prefix("::") {
            quiet.push_str(": :");
            rest = after;
        }
        while let Some(at) = rest.find("##") {
            let after = &rest[at + 2..];
            let word = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).len();
            let obeyed = after[word..].starts_with('[');
            quiet.push_str(&rest[..=at]);
            quiet.push_str(if obeyed { " " } else { "" });
            rest = &rest[at + 1..];
        }
        quiet.push_str(rest);
    }
    quiet
}

/// [`harmless`] text on one line; a tab becomes a space.
pub fn line(text: &str) -> String {
    harmless(text).replace('\n', "\u{fffd}").replace('\t', " ")
}

/// A word of a command that the user may copy: quoted if this system's shell would change it.
pub fn argument(text: &str) -> String {
    if cfg!(windows) { for_windows(text) } else { for_unix(text) }
}

/// Whether every shell leaves a word unchanged.
fn is_bare(text: &str, more: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "_-./:,+@".contains(c) || more.contains(c);
    !text.is_empty() && text.chars().all(plain)
}

fn for_unix(text: &str) -> String {
    if is_bare(text, "%") { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Double quotes make a path one word in both of Windows's shells; a path there cannot contain a double quote.
fn for_windows(text: &str) -> String {
    if is_bare(text, "\\") { text.to_owned() } else { format!("\"{}\"", text.replace('"', "")) }
}

/// The first `most` of these names, which are harmless already, and how many more there are. Cost: O(names).
pub fn first_names(names: impl Iterator<Item = String>, most: usize) -> String {
    let all: Vec<String> = names.collect();
    let first = all[..most.min(all.len())].join(", ");
    if all.len() > most { format!("{first} and {} more", all.len() - most) } else { first }
}

/// At most `chars_max` characters; if the text was longer, the last one shows that.
pub fn clip(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A number of things, in English: `1 mistake`, `2 mistakes`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_breaks_xml_is_replaced() {
        assert_eq!(
            harmless("a\u{1b}[31mb\r\n\tc\0\u{202e}\u{ffff}é"),
            "a\u{fffd}[31mb\u{fffd}\n\tc\u{fffd}\u{fffd}\u{fffd}é"
        );
        assert_eq!(line("a\nb\tc"), "a\u{fffd}b c");
        assert_eq!(harmless("###[error]x"), "## #[error]x");
    }

    #[test]
    fn what_is_not_to_be_seen_is_shown() {
        for c in ['\u{61c}', '\u{ad}', '\u{fff9}', '\u{e0041}', '\u{200b}', '\u{2066}', '\u{3164}', '\u{feff}'] {
            assert_eq!(harmless(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        assert_eq!(harmless("é 漢 🦀 ## std::fmt a::b"), "é 漢 🦀 ## std::fmt a::b");
    }

    #[test]
    fn no_log_obeys_a_line() {
        for (said, quiet) in [
            ("::error::x", ": :error::x"),
            ("a\n  ::set-output x\n", "a\n  : :set-output x\n"),
            ("a ##[error]b", "a # #[error]b"),
            ("##vso[task.x]", "# #vso[task.x]"),
            ("###[group]", "## #[group]"),
            ("## title [x] std::fmt", "## title [x] std::fmt"),
        ] {
            assert_eq!(obeyed_by_none(said), quiet);
            assert_eq!(obeyed_by_none(quiet), quiet);
        }
    }

    #[test]
    fn a_printed_command_can_be_typed() {
        for (text, unix, windows) in [
            ("cache", "cache", "cache"),
            ("my cache", "'my cache'", "\"my cache\""),
            ("../été/x_1", "../été/x_1", "../été/x_1"),
            ("it's", "'it'\\''s'", "\"it's\""),
            ("a;rm -rf $HOME", "'a;rm -rf $HOME'", "\"a;rm -rf $HOME\""),
            ("C:\\Users\\Ada L", "'C:\\Users\\Ada L'", "\"C:\\Users\\Ada L\""),
            ("C:\\cache", "'C:\\cache'", "C:\\cache"),
            ("R&D", "'R&D'", "\"R&D\""),
            ("", "''", "\"\""),
        ] {
            assert_eq!((for_unix(text).as_str(), for_windows(text).as_str()), (unix, windows), "{text}");
        }
    }

    #[test]
    fn a_clipped_text_says_so_within_its_length() {
        assert_eq!(clip("abcd", 4), "abcd");
        assert_eq!(clip("éàüöî", 4), "éàü…");
    }
}
