//! Parsing of the meta commands.

use super::flags::{self, Flags, check_letters, check_opaque, mode_byte};
use super::mistake::Mistake;
use super::request::{MetaVerb, Request, Sign, StoreMode};
use super::stop::{Stop, refused};
use super::words::{Words, check_key, decode_key};

/// The most words of a meta command, its name and key included.
const WORDS_MAX: usize = 20;
pub(super) fn get(words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    command(MetaVerb::Get, words)
}

pub(super) fn delete(words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    command(MetaVerb::Delete, words)
}

fn command<'a>(verb: MetaVerb<'a>, mut words: Words<'a>) -> Result<Request<'a>, Stop<'a>> {
    let key = words.need()?;
    let flags = flags::read(key, words, WORDS_MAX - 2)?;
    check_opaque(&flags)?;
    Ok(Request::Meta { verb, key, flags })
}

pub(super) fn arithmetic(mut words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    let key = words.need()?;
    let flags = flags::read(key, words, WORDS_MAX - 2).map_err(|stop| match stop {
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

/// The rest of an `ms` line, behind its length.
pub(super) fn set<'a>(key: &'a [u8], words: Words<'a>) -> Result<(StoreMode, Flags<'a>), Stop<'a>> {
    let flags = flags::read(key, words, WORDS_MAX - 3)?;
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
