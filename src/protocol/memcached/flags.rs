//! The flags of the meta commands.

use super::mistake::Mistake;
use super::stop::{Stop, refused};
use super::words::{Words, check_key, decode_key, number};

/// Bytes of an opaque token, its `O` included.
const OPAQUE_BYTES_MAX: usize = 32;
const KNOWN: &[u8] = b"bNTRlOPLkstcfvhuqxFCEMJDI";

/// The flags of a meta command, checked: each is known, occurs once, and has its number if it needs one.
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
    pub(super) fn word(&self, letter: u8) -> Option<&'a [u8]> {
        if self.has(letter) { self.words.clone().find(|word| word[0] == letter) } else { None }
    }

    fn number<T: std::str::FromStr + TryFrom<u64>>(&self, letter: u8) -> Option<T> {
        number(&self.word(letter)?[1..])
    }
}

/// The bit of a letter; 0 for a byte that cannot be a flag.
fn bit(letter: u8) -> u64 {
    match letter {
        b'A'..=b'z' => 1 << (letter - b'A'),
        _ => 0,
    }
}

pub(super) fn check_opaque<'a>(flags: &Flags<'a>) -> Result<(), Stop<'a>> {
    match flags.word(b'O') {
        Some(word) if word.len() > OPAQUE_BYTES_MAX => Err(refused(Mistake::OpaqueTooLong, word)),
        _ => Ok(()),
    }
}

/// The first byte after `M`; 0 if there is none.
pub(super) fn mode_byte(flags: &Flags<'_>) -> Option<u8> {
    Some(flags.word(b'M')?.get(1).copied().unwrap_or_default())
}

/// Checks that each word begins with a character that a flag may have.
pub(super) fn check_letters<'a>(words: &Words<'a>) -> Result<(), Stop<'a>> {
    match words.clone().find(|word| !matches!(word[0], b'0'..=b'9' | b'A'..=b'z')) {
        Some(word) => Err(Stop::Malformed { mistake: Mistake::FlagCharacter, span: word }),
        None => Ok(()),
    }
}

pub(super) fn read<'a>(key: &'a [u8], words: Words<'a>, words_max: usize) -> Result<Flags<'a>, Stop<'a>> {
    check_letters(&words)?;
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    if let Some(word) = words.clone().nth(words_max) {
        return Err(refused(Mistake::TooManyFlags, word));
    }
    let mut flags = Flags { words, letters: 0 };
    // As in memcached, an unknown flag ends the reading at once; of other mistakes the last is reported, but one of `F`
    // only if it is the only kind.
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

/// Checks a flag's token.
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
