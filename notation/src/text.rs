//! Bytes and names as text, in one way everywhere: printable characters stay, others are escaped, ambiguous words are
//! quoted.

use std::cmp::Ordering;
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

/// The order in which people list names: `node2` before `node10`. Digits in a row are compared as one number. Cost: O(bytes).
pub fn natural_order(one: &str, other: &str) -> Ordering {
    let (mut a, mut b) = (one.as_bytes(), other.as_bytes());
    while let ([first, ..], [second, ..]) = (a, b) {
        if !(first.is_ascii_digit() && second.is_ascii_digit()) {
            match first.cmp(second) {
                Ordering::Equal => (a, b) = (&a[1..], &b[1..]),
                unequal => return unequal,
            }
            continue;
        }
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let ((x, after_x), (y, after_y)) = (a.split_at(digits(a)), b.split_at(digits(b)));
        let zeros = |text: &[u8]| text.iter().take_while(|&&byte| byte == b'0').count();
        let (x, y) = (&x[zeros(x)..], &y[zeros(y)..]);
        match x.len().cmp(&y.len()).then_with(|| x.cmp(y)) {
            Ordering::Equal => (a, b) = (after_x, after_y),
            unequal => return unequal,
        }
    }
    a.len().cmp(&b.len()).then_with(|| one.cmp(other))
}

/// Stand for bytes that are not part of UTF-8 text: private characters, one for each byte from 0x80 on.
const STAND_INS: std::ops::RangeInclusive<char> = '\u{f780}'..='\u{f7ff}';

/// Any bytes as text that [`to_bytes`] turns back into them: each byte that is not UTF-8, or is part of a stand-in, becomes a
/// private character (U+F780 to U+F7FF). Other text is unchanged. Cost: O(bytes).
pub fn from_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let stand_in = |byte: u8| char::from_u32(0xf700 + u32::from(byte)).expect("a private character");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if STAND_INS.contains(&c) {
                text.extend(c.encode_utf8(&mut [0; 4]).bytes().map(stand_in));
            } else {
                text.push(c);
            }
        }
        text.extend(chunk.invalid().iter().copied().map(stand_in));
    }
    text
}

/// The bytes from which [`from_bytes`] made this text. Cost: O(text).
pub fn to_bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        if STAND_INS.contains(&c) {
            bytes.push(u8::try_from(u32::from(c) - 0xf700).expect("a stand-in is for one byte"));
        } else {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
        }
    }
    bytes
}

/// The language's own answers: a value that looks like one is quoted, so that it cannot be taken for the answer.
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

/// Characters that reorder or hide text around them. They are escaped, so that a report shows what the source really
/// says.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Escaped text in double quotes. Cost: O(length).
pub fn quoted(escaped: &str) -> String {
    format!("\"{}\"", escaped.replace('"', "\\\""))
}

/// A word of the script language: unchanged if it reads back as one word, otherwise quoted; long runs of one character
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
        && !crate::repeat::is_repeat(escaped);
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
#[serde(deny_unknown_fields, expecting = "a text in both languages, as { en = \"…\", fr = \"…\" }")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_text_and_back() {
        let pieces: [&[u8]; 8] = [
            b"",
            b"\xff",
            b"\x80\xc3",
            "é\u{1f980}".as_bytes(),
            "\u{f780}\u{f7ff}".as_bytes(),
            b"\xed\xa0\x80",
            b"\0\r\n",
            b"\xf0\x9f",
        ];
        for first in pieces {
            for second in pieces {
                for third in 0..=255 {
                    let bytes = [first, second, &[third]].concat();
                    assert_eq!(to_bytes(&from_bytes(&bytes)), bytes, "{bytes:?}");
                }
            }
        }
        assert_eq!(from_bytes("plain é\r\n".as_bytes()), "plain é\r\n");
    }

    #[test]
    fn names_are_in_the_order_in_which_people_list_them() {
        let sorted = ["", "A", "B", "n", "n1", "n2", "n10", "n010b", "n11", "node", "x1y2", "x1y10", "\u{e9}"];
        for (i, one) in sorted.iter().enumerate() {
            for (j, other) in sorted.iter().enumerate() {
                assert_eq!(natural_order(one, other), i.cmp(&j), "{one} {other}");
            }
        }
        assert_ne!(natural_order("n1", "n01"), Ordering::Equal);
    }
}
