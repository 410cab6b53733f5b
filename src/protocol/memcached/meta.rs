//! The flags of the meta commands.

use super::mistake::Mistake;
use super::parse::{Stop, refused};
use super::request::{MetaVerb, Request, Sign, StoreMode};
use super::words::{Words, check_key, number};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Words that a meta command may have, its name and key included.
const WORDS_MAX: usize = 20;
/// Bytes of an opaque token, its `O` included.
const OPAQUE_BYTES_MAX: usize = 32;
const KNOWN: &[u8] = b"bNTRlOPLkstcfvhuqxFCEMJDI";

/// The flags of a meta command, checked: each is known, stands there once, and has the number that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags<'a> {
    words: Words<'a>,
    /// One bit for each letter from `A` on.
    letters: u64,
}

impl<'a> Flags<'a> {
    /// Letter and token of each flag, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        self.words.clone().map(|word| (word[0], &word[1..]))
    }

    /// Whether a flag is given.
    pub fn has(&self, letter: u8) -> bool {
        self.letters & bit(letter) != 0
    }

    /// `b`: the key is base64.
    pub fn binary(&self) -> bool {
        self.has(b'b')
    }

    /// `T`: the new exptime.
    pub fn exptime(&self) -> Option<i32> {
        self.number(b'T')
    }

    /// `N`: make an item on a miss, with this exptime.
    pub fn vivify(&self) -> Option<i32> {
        self.number(b'N')
    }

    /// `R`: fetch anew below this exptime.
    pub fn recache(&self) -> Option<i32> {
        self.number(b'R')
    }

    /// `F`: the client flags, 0 if not given.
    pub fn client_flags(&self) -> u32 {
        self.number(b'F').unwrap_or(0)
    }

    /// `C`: the CAS that the item must have.
    pub fn compare_cas(&self) -> Option<u64> {
        self.number(b'C')
    }

    /// `E`: the CAS that a changed item gets.
    pub fn new_cas(&self) -> Option<u64> {
        self.number(b'E')
    }

    /// `J`: the first value of a made item, 0 if not given.
    pub fn initial(&self) -> u64 {
        self.number(b'J').unwrap_or(0)
    }

    /// `D`: the amount, 1 if not given.
    pub fn delta(&self) -> u64 {
        self.number(b'D').unwrap_or(1)
    }

    /// The word of a flag, if it is given.
    fn word(&self, letter: u8) -> Option<&'a [u8]> {
        if self.has(letter) { self.words.clone().find(|word| word[0] == letter) } else { None }
    }

    fn number<T: std::str::FromStr + TryFrom<u64>>(&self, letter: u8) -> Option<T> {
        number(&self.word(letter)?[1..])
    }
}

/// The bit of a letter; 0 of what cannot be a flag.
fn bit(letter: u8) -> u64 {
    match letter {
        b'A'..=b'z' => 1 << (letter - b'A'),
        _ => 0,
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

pub(super) fn get(words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    command(MetaVerb::Get, words)
}

pub(super) fn delete(words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    command(MetaVerb::Delete, words)
}

fn command<'a>(verb: MetaVerb<'a>, mut words: Words<'a>) -> Result<Request<'a>, Stop<'a>> {
    let key = words.need()?;
    let flags = read_flags(key, words, WORDS_MAX - 2)?;
    check_opaque(&flags)?;
    Ok(Request::Meta { verb, key, flags })
}

pub(super) fn arithmetic(mut words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    let key = words.need()?;
    let flags = read_flags(key, words, WORDS_MAX - 2).map_err(|stop| match stop {
        Stop::Refused { span, .. } => refused(Mistake::ArithmeticFlag, span),
        other => other,
    })?;
    let sign = match mode_byte(&flags) {
        None | Some(b'I' | b'+') => Sign::Plus,
        Some(b'D' | b'-') => Sign::Minus,
        Some(_) => return Err(refused(Mistake::ArithmeticMode, flags.word(b'M').unwrap_or_default())),
    };
    check_opaque(&flags)?;
    Ok(Request::Meta { verb: MetaVerb::Arithmetic { sign }, key, flags })
}

/// What stands in an `ms` line behind its length.
pub(super) fn set<'a>(key: &'a [u8], words: Words<'a>) -> Result<(StoreMode, Flags<'a>), Stop<'a>> {
    let flags = read_flags(key, words, WORDS_MAX - 3)?;
    let mode = match mode_byte(&flags) {
        None | Some(b'S' | b'R') if flags.has(b'C') => StoreMode::Cas,
        None | Some(b'S') => StoreMode::Set,
        Some(b'E') => StoreMode::Add,
        Some(b'A') => StoreMode::Append,
        Some(b'P') => StoreMode::Prepend,
        Some(b'R') => StoreMode::Replace,
        Some(_) => return Err(refused(Mistake::SetMode, flags.word(b'M').unwrap_or_default())),
    };
    check_opaque(&flags)?;
    Ok((mode, flags))
}

pub(super) fn debug(mut words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    let key = words.need()?;
    check_letters(&words)?;
    let binary = words.next() == Some(b"b");
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    if binary && decode_key(key, &mut [0; 256]).is_none() {
        return Err(refused(Mistake::DebugKeyBase64, key));
    }
    Ok(Request::MetaDebug { key, binary })
}

fn check_opaque<'a>(flags: &Flags<'a>) -> Result<(), Stop<'a>> {
    match flags.word(b'O') {
        Some(word) if word.len() > OPAQUE_BYTES_MAX => Err(refused(Mistake::OpaqueTooLong, word)),
        _ => Ok(()),
    }
}

/// The first byte after `M`; 0 if there is none.
fn mode_byte(flags: &Flags<'_>) -> Option<u8> {
    Some(flags.word(b'M')?.get(1).copied().unwrap_or_default())
}

/// Whether each word begins as a flag may.
fn check_letters<'a>(words: &Words<'a>) -> Result<(), Stop<'a>> {
    match words.clone().find(|word| !matches!(word[0], b'0'..=b'9' | b'A'..=b'z')) {
        Some(word) => Err(Stop::Malformed { mistake: Mistake::FlagCharacter, span: word }),
        None => Ok(()),
    }
}

fn read_flags<'a>(key: &'a [u8], words: Words<'a>, words_max: usize) -> Result<Flags<'a>, Stop<'a>> {
    check_letters(&words)?;
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    if let Some(word) = words.clone().nth(words_max) {
        return Err(refused(Mistake::TooManyFlags, word));
    }
    let mut flags = Flags { words, letters: 0 };
    // As in memcached, a flag that does not exist stops the reading; of other mistakes the last one is told, but
    // that of `F` only if there is no other.
    let mut wrong: Option<(Mistake, &[u8])> = None;
    for word in flags.words.clone() {
        let letter = word[0];
        if !KNOWN.contains(&letter) {
            return Err(refused(Mistake::UnknownFlag, word));
        } else if flags.has(letter) {
            return Err(refused(Mistake::DuplicateFlag, word));
        }
        flags.letters |= bit(letter);
        match check_token(letter, key, &word[1..]) {
            Err(mistake) if wrong.is_none() || mistake != Mistake::FlagClientFlags => {
                wrong = Some((mistake, if mistake == Mistake::KeyBase64 { key } else { word }));
            }
            _ => {}
        }
    }
    match wrong {
        Some((mistake, span)) => Err(refused(mistake, span)),
        None => Ok(flags),
    }
}

/// Whether a flag's token is what the flag needs.
fn check_token(letter: u8, key: &[u8], token: &[u8]) -> Result<(), Mistake> {
    let (is_right, mistake) = match letter {
        b'T' | b'N' | b'R' => (number::<i32>(token).is_some(), Mistake::FlagNumber),
        b'C' | b'E' => (number::<u64>(token).is_some(), Mistake::FlagNumber),
        b'F' => (number::<u32>(token).is_some(), Mistake::FlagClientFlags),
        b'J' => (number::<u64>(token).is_some(), Mistake::FlagInitial),
        b'D' => (number::<u64>(token).is_some(), Mistake::FlagDelta),
        b'b' => (decode_key(key, &mut [0; 256]).is_some(), Mistake::KeyBase64),
        _ => return Ok(()),
    };
    if is_right { Ok(()) } else { Err(mistake) }
}
