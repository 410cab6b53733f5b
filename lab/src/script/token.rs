//! Words of the `lab` dialect: bare words, "quoted text" with escapes, and repetitions as `40*x`.

use std::ops::Range;

use super::mistake::{Fault, Mistake};
use cachedojo_notation::repeat::repeat;
use cachedojo_notation::text;

/// The largest value that a repetition may write, in bytes: more than any limit that an exercise sets.
const REPEAT_BYTES_MAX: usize = 8 << 20;

/// One word of a line.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// Its bytes in the line.
    pub(crate) span: Range<usize>,
    /// As written, without quotes.
    pub(crate) raw: String,
    /// Whether it stood in quotes.
    pub(crate) quoted: bool,
    value: Vec<u8>,
}

impl Token {
    /// The word, if it was not quoted.
    pub(crate) fn bare(&self) -> Option<&str> {
        (!self.quoted).then_some(self.raw.as_str())
    }

    pub(crate) fn is(&self, word: &str) -> bool {
        self.bare() == Some(word)
    }

    /// Whether it stands for too many bytes.
    pub(crate) fn is_too_large(&self) -> bool {
        let repeated = self.bare().and_then(repeat);
        repeated.is_some_and(|(count, what)| count.saturating_mul(what.len()) > REPEAT_BYTES_MAX)
    }

    /// The bytes that the word stands for; `None` if there are too many.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        if self.is_too_large() {
            return None;
        }
        match self.bare().and_then(repeat) {
            Some((count, what)) => Some(what.repeat(count).into_bytes()),
            None => Some(self.value.clone()),
        }
    }

    /// What stands in place of a number: the `?` that a lesson left there, or something wrong.
    pub(super) fn no_number(&self) -> Fault {
        let found = self.raw.clone();
        (self.span.clone(), if found == "?" { Mistake::Blank } else { Mistake::Number { found } })
    }

    /// As events print it. A quoted word is never taken for one of the language's own answers.
    pub(crate) fn canonical(&self) -> String {
        match self.bare() {
            Some(word) if text::is_reserved(word) => word.to_owned(),
            _ => text::word(&text::escape(&self.bytes().unwrap_or_default())),
        }
    }
}

/// Splits a line into words. A `#` that begins a word begins a comment.
pub(crate) fn read_tokens(line: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(skipped) = line[at..].find(|c: char| !c.is_whitespace()) {
        at += skipped;
        match line.as_bytes()[at] {
            b'#' => break,
            b'"' => {
                let (token, end) = read_quoted(line, at)?;
                tokens.push(token);
                at = end;
            }
            _ => {
                let end = line[at..].find(char::is_whitespace).map_or(line.len(), |length| at + length);
                let raw = line[at..end].to_owned();
                tokens.push(Token { span: at..end, value: raw.clone().into_bytes(), raw, quoted: false });
                at = end;
            }
        }
    }
    Ok(tokens)
}

fn read_quoted(line: &str, start: usize) -> Result<(Token, usize), Fault> {
    let mut value = Vec::new();
    let mut rest = line[start + 1..].char_indices();
    while let Some((offset, c)) = rest.next() {
        let at = start + 1 + offset;
        match c {
            '"' => {
                let raw = line[start + 1..at].to_owned();
                return Ok((Token { span: start..at + 1, raw, quoted: true, value }, at + 1));
            }
            '\\' => {
                let (bytes, length) = read_escape(&line[at..]).ok_or_else(|| {
                    let found: String = line[at..].chars().take(2).collect();
                    (at..at + found.len(), Mistake::Escape { found })
                })?;
                value.extend(bytes);
                // The backslash itself was consumed already.
                for _ in 1..length {
                    rest.next();
                }
            }
            c => value.extend(c.to_string().as_bytes()),
        }
    }
    Err((start..line.len(), Mistake::OpenQuote))
}

/// The bytes that an escape at the start of `text` stands for, and the escape's length.
fn read_escape(text: &str) -> Option<(Vec<u8>, usize)> {
    let one = |byte| Some((vec![byte], 2));
    match text.as_bytes().get(1)? {
        b'n' => one(b'\n'),
        b'r' => one(b'\r'),
        b't' => one(b'\t'),
        b'0' => one(0),
        b'\\' => one(b'\\'),
        b'"' => one(b'"'),
        b'x' => Some((vec![u8::from_str_radix(text.get(2..4)?, 16).ok()?], 4)),
        b'u' => {
            let digits = text.get(2..)?.strip_prefix('{')?.split_once('}')?.0;
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some((c.to_string().into_bytes(), digits.len() + 4))
        }
        _ => None,
    }
}
