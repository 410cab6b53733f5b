//! Bytes and names as text, one way for all: printable stays, the rest is escaped, what would be misread is quoted.

use std::fmt::Write;

/// Bytes as text: UTF-8 stays readable; controls, backslashes and stray bytes become `\n`, `\\`, `\x1b` and the like.
/// Reversed by the script language's quoted strings. Cost: O(bytes).
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\\' => text.push_str("\\\\"),
                c if c.is_control() || is_deceptive(c) => _ = write!(text, "{}", c.escape_unicode()),
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The language's own answers: a value that reads like one is quoted, so that nobody can pass it off as the answer.
const RESERVED: [&str; 12] = [
    "nothing",
    "stored",
    "refused",
    "deleted",
    "touched",
    "nobody",
    "rebalanced",
    "incomplete",
    "yes",
    "no",
    "error",
    "|",
];

/// Whether a bare word is one of the language's own answers.
pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// The edit distance between two words (Levenshtein). Cost: O(a x b).
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Characters that reorder or hide text around them: shown by number, lest a report say what its source does not.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Escaped text in double quotes. Cost: O(length).
pub fn quoted(escaped: &str) -> String {
    format!("\"{}\"", escaped.replace('"', "\\\""))
}

/// A word of the script language: as it is where that reads back as one word, else quoted; long runs of one character
/// are written `40*x`. Cost: O(length).
pub fn word(escaped: &str) -> String {
    let mut chars = escaped.chars();
    if let Some(first) = chars.next()
        && escaped.len() > 16
        && first.is_ascii_alphanumeric()
        && chars.all(|c| c == first)
    {
        return format!("{}*{first}", escaped.len());
    }
    let plain = !escaped.is_empty()
        && !is_reserved(escaped)
        && escaped.chars().all(|c| !c.is_whitespace() && c != '"' && c != '#' && c != '\\')
        && !crate::script::is_repeat(escaped);
    if plain { escaped.to_owned() } else { quoted(escaped) }
}

/// The languages a learner may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// French.
    #[serde(rename = "fr")]
    French,
}

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// In English.
    pub en: String,
    /// In French.
    pub fr: String,
}

impl Bilingual {
    /// The text in `language`.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::French => &self.fr,
        }
    }
}
