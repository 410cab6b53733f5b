//! The flags of the meta commands.

use super::mistake::Mistake;
use super::parse::{MetaVerb, Request, Sign, Stop, StoreMode, Words, check_key, number, refused};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Words that a meta command may have, its name and key included.
const WORDS_MAX: usize = 20;
/// Bytes of an opaque token, its `O` included.
const OPAQUE_BYTES_MAX: usize = 32;
const KNOWN: &[u8] = b"bNTRlOPLkstcfvhuqxFCEMJDI";

/// What the flags of a meta command say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaFlags {
    /// One bit a letter (all are ASCII).
    letters: u128,
    /// `b`: the key is base64.
    pub binary: bool,
    /// `T`: the new exptime.
    pub exptime: Option<i32>,
    /// `N`: make an item on a miss, with this exptime.
    pub vivify: Option<i32>,
    /// `R`: fetch anew below this exptime.
    pub recache: Option<i32>,
    /// `F`: the client flags, 0 if not given.
    pub client_flags: u32,
    /// `C`: the CAS that the item must have.
    pub compare_cas: Option<u64>,
    /// `E`: the CAS that a changed item gets.
    pub new_cas: Option<u64>,
    /// `J`: the first value of a made item, 0 if not given.
    pub initial: u64,
    /// `D`: the amount, 1 if not given.
    pub delta: u64,
    /// The first byte after `M`; 0 if there is none.
    mode: Option<u8>,
}

impl MetaFlags {
    /// Whether a flag is given.
    pub fn has(&self, letter: u8) -> bool {
        self.letters & (1 << (letter & 127)) != 0
    }
}

/// The flags of a meta command as written: letter and token, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags<'a> {
    words: Words<'a>,
}

impl<'a> Iterator for Flags<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let word = self.words.next()?;
        Some((word[0], &word[1..]))
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
    let flags = read_flags(key, words.clone(), WORDS_MAX - 2)?;
    check_opaque(&words)?;
    Ok(Request::Meta { verb, key, flags, order: Flags { words } })
}

pub(super) fn arithmetic(mut words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    let key = words.need()?;
    let flags = read_flags(key, words.clone(), WORDS_MAX - 2).map_err(|stop| match stop {
        Stop::Refused { span, .. } => refused(Mistake::ArithmeticFlag, span),
        other => other,
    })?;
    let sign = match flags.mode {
        None | Some(b'I' | b'+') => Sign::Plus,
        Some(b'D' | b'-') => Sign::Minus,
        Some(_) => return Err(refused(Mistake::ArithmeticMode, mode_word(words))),
    };
    check_opaque(&words)?;
    Ok(Request::Meta { verb: MetaVerb::Arithmetic { sign }, key, flags, order: Flags { words } })
}

/// What stands in an `ms` line behind its length.
pub(super) struct Set<'a> {
    pub(super) mode: StoreMode,
    pub(super) flags: MetaFlags,
    pub(super) order: Flags<'a>,
}

pub(super) fn set<'a>(key: &'a [u8], words: Words<'a>) -> Result<Set<'a>, Stop<'a>> {
    let flags = read_flags(key, words.clone(), WORDS_MAX - 3)?;
    let mode = match flags.mode {
        None | Some(b'S' | b'R') if flags.has(b'C') => StoreMode::Cas,
        None | Some(b'S') => StoreMode::Set,
        Some(b'E') => StoreMode::Add,
        Some(b'A') => StoreMode::Append,
        Some(b'P') => StoreMode::Prepend,
        Some(b'R') => StoreMode::Replace,
        Some(_) => return Err(refused(Mistake::SetMode, mode_word(words))),
    };
    check_opaque(&words)?;
    Ok(Set { mode, flags, order: Flags { words } })
}

pub(super) fn debug(mut words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    let key = words.need()?;
    let binary = words.next() == Some(b"b");
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    if binary && decode_key(key, &mut [0; 256]).is_none() {
        return Err(refused(Mistake::KeyBase64, key));
    }
    Ok(Request::MetaDebug { key, binary })
}

fn check_opaque<'a>(words: &Words<'a>) -> Result<(), Stop<'a>> {
    match words.clone().find(|word| word[0] == b'O' && word.len() > OPAQUE_BYTES_MAX) {
        Some(word) => Err(refused(Mistake::OpaqueTooLong, word)),
        None => Ok(()),
    }
}

fn mode_word(mut words: Words<'_>) -> &[u8] {
    words.find(|word| word[0] == b'M').unwrap_or_default()
}

fn read_flags<'a>(key: &'a [u8], words: Words<'a>, words_max: usize) -> Result<MetaFlags, Stop<'a>> {
    if let Some(word) = words.clone().find(|word| !matches!(word[0], b'0'..=b'9' | b'A'..=b'z')) {
        return Err(Stop::Malformed { mistake: Mistake::FlagCharacter, span: word });
    }
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    let mut flags = MetaFlags {
        letters: 0,
        binary: false,
        exptime: None,
        vivify: None,
        recache: None,
        client_flags: 0,
        compare_cas: None,
        new_cas: None,
        initial: 0,
        delta: 1,
        mode: None,
    };
    // As in memcached, a flag that does not exist stops the reading; of other mistakes the last one is told, but
    // that of `F` only if there is no other.
    let mut wrong: Option<(Mistake, &[u8])> = None;
    for (index, word) in words.enumerate() {
        let letter = word[0];
        if index == words_max {
            return Err(refused(Mistake::TooManyFlags, word));
        } else if flags.has(letter) {
            return Err(refused(Mistake::DuplicateFlag, word));
        } else if !KNOWN.contains(&letter) {
            return Err(refused(Mistake::UnknownFlag, word));
        }
        flags.letters |= 1 << letter;
        match flags.read(letter, key, &word[1..]) {
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

impl MetaFlags {
    fn read(&mut self, letter: u8, key: &[u8], token: &[u8]) -> Result<(), Mistake> {
        fn some<T: std::str::FromStr>(token: &[u8]) -> Result<Option<T>, Mistake> {
            number(token).map(Some).ok_or(Mistake::FlagNumber)
        }
        match letter {
            b'T' => self.exptime = some(token)?,
            b'N' => self.vivify = some(token)?,
            b'R' => self.recache = some(token)?,
            b'F' => self.client_flags = number(token).ok_or(Mistake::FlagClientFlags)?,
            b'C' => self.compare_cas = some(token)?,
            b'E' => self.new_cas = some(token)?,
            b'J' => self.initial = number(token).ok_or(Mistake::FlagInitial)?,
            b'D' => self.delta = number(token).ok_or(Mistake::FlagDelta)?,
            b'M' => self.mode = Some(token.first().copied().unwrap_or_default()),
            b'b' => {
                self.binary = true;
                decode_key(key, &mut [0; 256]).ok_or(Mistake::KeyBase64)?;
            }
            _ => {}
        }
        Ok(())
    }
}
