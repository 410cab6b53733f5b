//! Splitting a line into words, and reading keys and numbers.

use super::limits::KEY_BYTES_MAX;
use super::mistake::Mistake;
use super::stop::Stop;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The words of a line, separated by spaces; none is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Words<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The rest of the line.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.rest
    }

    /// The next word; an error if there is none.
    pub(super) fn need(&mut self) -> Result<&'a [u8], Stop<'a>> {
        self.next().ok_or(Stop::Malformed { mistake: Mistake::MissingWord, span: self.rest })
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = match self.rest {
            [b' ', rest @ ..] if rest.first().is_some_and(|&byte| byte != b' ') => rest,
            rest => &rest[rest.iter().position(|&byte| byte != b' ')?..],
        };
        let (word, rest) = rest.split_at(word_length(rest));
        self.rest = rest;
        Some(word)
    }
}

/// The bytes before the first space.
#[inline]
pub(super) fn word_length(bytes: &[u8]) -> usize {
    let plain = plain_length(bytes);
    match bytes.get(plain) {
        None | Some(b' ') => plain,
        // A control character: it is part of the word, and makes it invalid.
        Some(_) => plain + memchr::memchr(b' ', &bytes[plain..]).unwrap_or(bytes.len() - plain),
    }
}

/// The bytes before the first space or control character. Eight bytes at a time: words are too short for `memchr` to
/// pay.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let end_in = |eight: u64| {
        let ends = ends(eight, b' ' + 1);
        if ends == 0 { None } else { Some(ends.trailing_zeros() as usize / 8) }
    };
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().position(|&byte| byte <= b' ' || byte == 0x7f).unwrap_or(bytes.len());
    };
    for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        if let Some(at) = end_in(u64::from_le_bytes(*eight)) {
            return index * 8 + at;
        }
    }
    // The last eight bytes overlap those before, in which no end was found.
    end_in(u64::from_le_bytes(*last)).map_or(bytes.len(), |at| bytes.len() - 8 + at)
}

/// Whether there is a control character. Eight bytes at a time, with one branch for all.
#[inline]
pub(super) fn has_control(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let found = words.iter().fold(0, |found, &eight| found | ends(u64::from_le_bytes(eight), 0x20));
    found != 0 || rest.iter().any(u8::is_ascii_control)
}

/// Has the high bit set in each byte that is below `least` or is 0x7f; bits above the first such byte mean nothing.
#[inline]
const fn ends(eight: u64, least: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let delete = eight ^ (ONES * 0x7f);
    // Subtracting borrows into the high bit of a byte that is too small. The borrow corrupts only higher bytes, and the
    // lowest hit counts.
    (eight.wrapping_sub(ONES * least as u64) & !eight | delete.wrapping_sub(ONES) & !delete) & (ONES << 7)
}

/// A key is 1 to 250 bytes without spaces and control characters.
pub(super) fn check_key(key: &[u8]) -> Result<(), Mistake> {
    if key.len() > KEY_BYTES_MAX {
        Err(Mistake::KeyTooLong)
    } else if plain_length(key) < key.len() {
        Err(Mistake::KeyCharacter)
    } else {
        Ok(())
    }
}

/// Decodes a key from base64 into `buffer`; its bytes.
pub(super) fn decode_key<'b>(key: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let length = STANDARD.decode_slice(key, buffer).ok()?;
    (length > 0).then_some(&buffer[..length])
}

/// Writes a key in base64.
pub(super) fn encode_key(key: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + key.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(key, &mut out[start..]).expect("four bytes for three are enough");
    out.truncate(start + written);
}

/// A decimal number: digits with at most a `-`, nothing else.
#[inline]
pub(super) fn number<T: std::str::FromStr + TryFrom<u64>>(word: &[u8]) -> Option<T> {
    // Nearly all numbers have at most 18 digits: those need no check for overflow.
    if (1..=18).contains(&word.len()) && word.iter().all(u8::is_ascii_digit) {
        let number = word.iter().fold(0, |number, &digit| number * 10 + u64::from(digit - b'0'));
        return T::try_from(number).ok();
    }
    if word.first() == Some(&b'+') { None } else { std::str::from_utf8(word).ok()?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::{has_control, number, plain_length};

    #[test]
    fn numbers_are_what_the_standard_library_takes_but_for_a_plus() {
        for text in [
            "",
            "0",
            "00",
            "007",
            "-0",
            "-1",
            "+1",
            "-",
            "1 ",
            " 1",
            "1x",
            "2147483647",
            "2147483648",
            "-2147483648",
            "4294967295",
            "4294967296",
            "999999999999999999",
            "1000000000000000000",
            "18446744073709551615",
            "18446744073709551616",
            "000000000000000000000000000001",
            "\u{661}",
        ] {
            let word = text.as_bytes();
            assert_eq!(number::<i32>(word), text.parse().ok().filter(|_| !text.starts_with('+')), "{text:?}");
            assert_eq!(number::<u32>(word), text.parse().ok().filter(|_| !text.starts_with('+')), "{text:?}");
            assert_eq!(number::<u64>(word), text.parse().ok().filter(|_| !text.starts_with('+')), "{text:?}");
        }
    }

    #[test]
    fn eight_bytes_at_a_time_find_what_one_at_a_time_does() {
        for end in 0..=255_u8 {
            for before in [b'!', b'a', b'~', 0x80, 0xff] {
                for at in 0..20 {
                    let mut bytes = [before; 20];
                    bytes[at] = end;
                    let expected = bytes.iter().position(|&byte| byte == b' ' || byte.is_ascii_control()).unwrap_or(20);
                    assert_eq!(plain_length(&bytes), expected, "{bytes:?}");
                    assert_eq!(has_control(&bytes), end.is_ascii_control(), "{bytes:?}");
                }
            }
        }
    }
}
