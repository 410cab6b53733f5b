//! From bytes to requests: no copy, no allocation, the same result however the bytes are split.
//!
//! It is fast because the most frequent line, a `get` of one key, is read in one pass; every other line end is found by one
//! `memchr`; words are slices of the input; and a data block is skipped by its length without being read.

use super::admin::{self, Admin, Setting};
use super::limits::{GET_BYTES_MAX, ITEM_BYTES_MAX, KEY_BYTES_MAX, LINE_BYTES_MAX, item_bytes};
use super::meta;
use super::mistake::Mistake;
use super::request::{MetaVerb, Request, Sign, StoreMode};
use super::stop::{Stop, refused};
use super::words::{Words, check_key, has_control, number, plain_length, word_length};
use crate::protocol::Located;
use std::ops::Range;

/// The longest data block that can be announced.
const DATA_BYTES_MAX: u64 = i32::MAX as u64 - 2;
/// The highest level of `verbosity`.
const VERBOSITY_MAX: u32 = 2;

/// What the parser found at the front of its input.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed<'a> {
    /// Too few bytes: call again with the same bytes and more after them.
    Incomplete,
    /// So many bytes are data of a refused request: drop them.
    Skipped(usize),
    /// A request.
    Request {
        /// What is asked for.
        request: Request<'a>,
        /// Whether it ends with `noreply`. (The meta commands' `q` is in their flags: it silences some answers only.)
        noreply: bool,
        /// Bytes that the request took.
        used: usize,
    },
    /// A mistake.
    Refused {
        /// Which, and where.
        refusal: Located<Mistake>,
        /// An item to delete: the value that was to replace it is too large (and whether its key is base64).
        stale: Option<(&'a [u8], bool)>,
        /// Whether the request ends with `noreply`, which silences errors too.
        noreply: bool,
        /// Bytes that the request's line took; its data is skipped by the following calls.
        used: usize,
    },
    /// This is no client of ours (an HTTP request, or a line without an end): close the connection.
    HangUp,
}

/// What the parser remembers between calls so as not to scan bytes twice; it keeps no bytes.
#[derive(Debug, Clone, Default)]
pub struct Parser {
    /// How many bytes at the front are known to contain no line end.
    searched: usize,
    /// With fewer bytes than this there is nothing to parse yet.
    needed: usize,
    skip: Option<Skip>,
}

/// Data of a refused request: so many bytes are still to come, then a line end (or any two bytes in its place).
#[derive(Debug, Clone, Copy)]
struct Skip {
    left: u64,
    /// Whether the last byte was a `\r`; then a lone `
    /// ` is not the end: see [`data_block`].
    after_cr: bool,
}

impl Parser {
    /// A parser for the beginning of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the request at the front of `input`. O(the line's length), each byte looked at once over all calls, except
    /// that a line whose data is still to come is read again when the data is there.
    pub fn parse<'a>(&mut self, input: &'a [u8]) -> Parsed<'a> {
        if let Some(skip) = self.skip {
            return self.skip(skip, input);
        }
        if self.searched == 0
            && let Some(parsed) = get_of_one_key(input)
        {
            return parsed;
        }
        if input.len() < self.needed {
            return Parsed::Incomplete;
        }
        let Some(end) = memchr::memchr(b'\n', &input[self.searched..]).map(|at| self.searched + at) else {
            self.searched = input.len();
            return if line_too_long(input) { Parsed::HangUp } else { Parsed::Incomplete };
        };
        self.searched = end;
        let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
        if line_too_long(line) {
            return Parsed::HangUp;
        }
        let verb = &line[..word_length(line)];
        let words = Words::new(&line[verb.len()..]);
        if !matches!(verb, b"get" | b"gets") {
            let parsed = parse_line(verb, line, words, &input[end + 1..]);
            return self.settle(line, end + 1, parsed);
        }
        // The most frequent request is built right where it is returned: copying a result would take as long as reading
        // the line.
        match check_keys(&words) {
            Ok(()) => {
                self.searched = 0;
                let request = Request::Get { keys: words, with_cas: verb.len() == 4, exptime: None };
                Parsed::Request { request, noreply: false, used: end + 1 }
            }
            Err(stop) => self.settle(line, end + 1, Err(stop)),
        }
    }

    /// Translates a parsed line into what the caller does with the input.
    fn settle<'a>(&mut self, line: &'a [u8], used: usize, parsed: Result<Line<'a>, Stop<'a>>) -> Parsed<'a> {
        let noreply = says_noreply(line);
        let refused = |mistake, span, stale, noreply, data_bytes| {
            let refusal = Located { mistake, span };
            Parsed::Refused { refusal, stale, noreply, used: used + data_bytes }
        };
        let settled = match parsed {
            Ok(Line { request, data_bytes }) => Parsed::Request { request, noreply, used: used + data_bytes },
            Err(Stop::Incomplete { data_bytes }) => {
                self.needed = used + data_bytes;
                return Parsed::Incomplete;
            }
            Err(Stop::BadData { data_bytes }) => {
                refused(Mistake::DataEnd, used..used + data_bytes, None, noreply, data_bytes)
            }
            Err(Stop::HangUp) => Parsed::HangUp,
            Err(Stop::Malformed { mistake, span }) => refused(mistake, span_of(line, span), None, false, 0),
            Err(Stop::Refused { mistake, span, data_bytes, stale }) => {
                self.skip = data_bytes.map(|left| Skip { left, after_cr: false });
                refused(mistake, span_of(line, span), stale, noreply, 0)
            }
        };
        self.searched = 0;
        self.needed = 0;
        settled
    }

    fn skip<'a>(&mut self, skip: Skip, input: &[u8]) -> Parsed<'a> {
        let here = skip.left.min(input.len() as u64);
        let (taken, left) = (usize::try_from(here).expect("no more than the input"), skip.left - here);
        let after_cr = input[..taken].last().map_or(skip.after_cr, |&byte| byte == b'\r');
        let used = match input[taken..] {
            [b'\n', ..] if left == 0 && !after_cr => taken + 1,
            [_, _, ..] if left == 0 => taken + 2,
            _ if taken == 0 => return Parsed::Incomplete,
            _ => {
                self.skip = Some(Skip { left, after_cr });
                return Parsed::Skipped(taken);
            }
        };
        self.skip = None;
        Parsed::Skipped(used)
    }
}

/// `get <key>` alone, if the input begins with that: the search for the key's end, which is needed anyway, also finds the end of
/// the line.
#[inline]
fn get_of_one_key(input: &[u8]) -> Option<Parsed<'_>> {
    let rest = input.strip_prefix(b"get ")?;
    let length = plain_length(&rest[..rest.len().min(KEY_BYTES_MAX + 1)]);
    let end_bytes = match &rest[length..] {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => return None,
    };
    let end = b"get ".len() + length;
    let request = Request::Get { keys: Words::new(&input[b"get".len()..end]), with_cas: false, exptime: None };
    (1..=KEY_BYTES_MAX).contains(&length).then_some(Parsed::Request { request, noreply: false, used: end + end_bytes })
}

/// A valid line with its data block.
struct Line<'a> {
    request: Request<'a>,
    data_bytes: usize,
}

/// Parses a line; the keys of `get` and `gets` are checked elsewhere.
fn parse_line<'a>(verb: &'a [u8], line: &'a [u8], mut words: Words<'a>, rest: &'a [u8]) -> Result<Line<'a>, Stop<'a>> {
    if line.len() < 2 {
        return Err(Stop::Malformed { mistake: Mistake::Blank, span: line });
    }
    let request = match verb {
        b"set" => return store(StoreMode::Set, words, rest),
        b"mg" => meta::get(words)?,
        b"ms" => return meta_set(words, rest),
        b"md" => meta::delete(words)?,
        b"ma" => meta::arithmetic(words)?,
        b"me" => meta::debug(words)?,
        b"mn" => Request::MetaNoop,
        b"add" => return store(StoreMode::Add, words, rest),
        b"replace" => return store(StoreMode::Replace, words, rest),
        b"append" => return store(StoreMode::Append, words, rest),
        b"prepend" => return store(StoreMode::Prepend, words, rest),
        b"cas" => return store(StoreMode::Cas, words, rest),
        b"gat" | b"gats" => {
            let exptime = words.need()?;
            let keys = words.clone();
            words.need()?;
            let seconds = number(exptime).ok_or_else(|| refused(Mistake::Exptime, exptime))?;
            check_keys(&keys)?;
            Request::Get { keys, with_cas: verb == b"gats", exptime: Some(seconds) }
        }
        b"delete" => delete(words)?,
        b"incr" => arithmetic(Sign::Plus, words)?,
        b"decr" => arithmetic(Sign::Minus, words)?,
        b"touch" => {
            let (key, exptime) = (words.need()?, words.need()?);
            check_key(key).map_err(|mistake| refused(mistake, key))?;
            let seconds = number(exptime).ok_or_else(|| refused(Mistake::Exptime, exptime))?;
            Request::Touch { key, exptime: seconds }
        }
        b"flush_all" => match (words.next(), words.clone().next()) {
            (None, _) | (Some(b"noreply"), None) => Request::FlushAll { delay: 0 },
            (Some(delay), _) => {
                let seconds = number(delay).ok_or_else(|| refused(Mistake::Exptime, delay))?;
                Request::FlushAll { delay: seconds }
            }
        },
        b"verbosity" => {
            let level = words.next().unwrap_or_default();
            let level = number::<u32>(level).ok_or_else(|| refused(Mistake::Verbosity, level))?;
            Request::Admin(Admin::Set(Setting::Verbosity(level.min(VERBOSITY_MAX))))
        }
        b"cache_memlimit" => {
            let limit = words.next().unwrap_or_default();
            Request::MemoryLimit { mebibytes: number(limit).ok_or_else(|| refused(Mistake::MemoryLimit, limit))? }
        }
        b"version" => Request::Version,
        b"stats" => Request::Stats(admin::stats(words)?),
        b"watch" => Request::Watch { streams: admin::watch(words)? },
        b"slabs" => Request::Admin(admin::slabs(words)?),
        b"lru" => Request::Admin(Admin::Set(admin::lru(words)?)),
        b"lru_crawler" => Request::Admin(admin::crawler(words)?),
        b"shutdown" => Request::Shutdown,
        b"quit" => Request::Quit,
        _ if last_word(line).starts_with(b"HTTP/") && words.next().is_some() => return Err(Stop::HangUp),
        _ => return Err(refused(Mistake::UnknownCommand, verb)),
    };
    Ok(Line { request, data_bytes: 0 })
}

/// Checks that there is at least one key and that all are valid.
fn check_keys<'a>(keys: &Words<'a>) -> Result<(), Stop<'a>> {
    let bytes = keys.bytes();
    if bytes.iter().all(|&byte| byte == b' ') {
        return Err(Stop::Malformed { mistake: Mistake::MissingWord, span: &[] });
    }
    // One scan settles nearly every line: with no control character, and no longer than a key may be, no key can be wrong.
    if has_control(bytes) || bytes.len() > KEY_BYTES_MAX {
        for key in keys.clone() {
            check_key(key).map_err(|mistake| refused(mistake, key))?;
        }
    }
    Ok(())
}

fn delete(mut words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    let key = words.need()?;
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    match (words.next(), words.next(), words.next()) {
        (None | Some(b"0" | b"noreply"), None, None) | (Some(b"0"), Some(b"noreply"), None) => {
            Ok(Request::Delete { key })
        }
        (time, ..) => Err(refused(Mistake::DeleteTime, time.unwrap_or_default())),
    }
}

fn arithmetic(sign: Sign, mut words: Words<'_>) -> Result<Request<'_>, Stop<'_>> {
    let (key, delta) = (words.need()?, words.need()?);
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    let number = number(delta).ok_or_else(|| refused(Mistake::Delta, delta))?;
    Ok(Request::Arithmetic { key, sign, delta: number })
}

fn store<'a>(mode: StoreMode, mut words: Words<'a>, rest: &'a [u8]) -> Result<Line<'a>, Stop<'a>> {
    let (key, flags, exptime, length) = (words.need()?, words.need()?, words.need()?, words.need()?);
    let announced = data_length(length)?;
    let refused = |mistake, span| Stop::Refused { mistake, span, data_bytes: Some(announced), stale: None };
    check_key(key).map_err(|mistake| refused(mistake, key))?;
    let flags = number(flags).ok_or_else(|| refused(Mistake::ClientFlags, flags))?;
    let exptime = number(exptime).ok_or_else(|| refused(Mistake::StoreExptime, exptime))?;
    let cas = if mode == StoreMode::Cas {
        let cas = words.next().unwrap_or_default();
        Some(number(cas).ok_or_else(|| refused(Mistake::Cas, cas))?)
    } else {
        None
    };
    let stale = (mode == StoreMode::Set).then_some((key, false));
    let length = fitting(item_bytes(key, flags, 0), length, announced, stale)?;
    let (data, data_bytes) = data_block(rest, length)?;
    Ok(Line { request: Request::Store { mode, key, flags, exptime, cas, data }, data_bytes })
}

fn meta_set<'a>(mut words: Words<'a>, rest: &'a [u8]) -> Result<Line<'a>, Stop<'a>> {
    let (key, length) = (words.need()?, words.need()?);
    let announced = data_length(length)?;
    let (mode, flags) = meta::set(key, words).map_err(|stop| match stop {
        Stop::Refused { mistake, span, .. } => {
            Stop::Refused { mistake, span, data_bytes: Some(announced), stale: None }
        }
        other => other,
    })?;
    let beside = item_bytes(key, flags.client_flags(), 0);
    let length = fitting(beside, length, announced, Some((key, flags.binary())))?;
    let (data, data_bytes) = data_block(rest, length)?;
    let verb = MetaVerb::Set { mode, data };
    Ok(Line { request: Request::Meta { verb, key, flags }, data_bytes })
}

fn data_length(word: &[u8]) -> Result<u64, Stop<'_>> {
    let length = number(word).filter(|&length: &u64| length <= DATA_BYTES_MAX);
    length.ok_or(Stop::Malformed { mistake: Mistake::DataLength, span: word })
}

/// The data block's length, if an item of that and `beside` other bytes is not too large.
fn fitting<'a>(
    beside: usize,
    word: &'a [u8],
    announced: u64,
    stale: Option<(&'a [u8], bool)>,
) -> Result<usize, Stop<'a>> {
    let length = usize::try_from(announced).ok().filter(|length| beside + length <= ITEM_BYTES_MAX);
    let too_large = || Stop::Refused { mistake: Mistake::TooLarge, span: word, data_bytes: Some(announced), stale };
    length.ok_or_else(too_large)
}

/// The data block at the front of `rest`, and its bytes with its end. After a `\r` a lone `
/// ` is not an end: the block is one byte too short, and must not be taken for one that ends with `\r`.
fn data_block(rest: &[u8], length: usize) -> Result<(&[u8], usize), Stop<'_>> {
    match rest.get(length..).unwrap_or_default() {
        [b'\n', ..] if !rest[..length].ends_with(b"\r") => Ok((&rest[..length], length + 1)),
        [b'\r', b'\n', ..] => Ok((&rest[..length], length + 2)),
        [_, _, ..] => Err(Stop::BadData { data_bytes: length + 2 }),
        [_] => Err(Stop::Incomplete { data_bytes: length + 2 }),
        [] => Err(Stop::Incomplete { data_bytes: length + 1 }),
    }
}

fn line_too_long(line: &[u8]) -> bool {
    // A last `\r` may be half of the line's end, so it does not count: the length must not depend on where the bytes
    // were split.
    let length = line.strip_suffix(b"\r").unwrap_or(line).len();
    let is_get = line.starts_with(b"get ") || line.starts_with(b"gets ");
    length > if is_get { GET_BYTES_MAX } else { LINE_BYTES_MAX }
}

/// Whether a line ends with `noreply` and its command accepts that.
fn says_noreply(line: &[u8]) -> bool {
    // Nearly no line does, so the cheap test comes first.
    without_spaces_behind(line).ends_with(b" noreply")
        && !matches!(
            &line[..word_length(line)],
            b"get"
                | b"gets"
                | b"gat"
                | b"gats"
                | b"mg"
                | b"ms"
                | b"md"
                | b"ma"
                | b"me"
                | b"mn"
                | b"version"
                | b"stats"
                | b"watch"
                | b"quit"
        )
}

fn without_spaces_behind(mut line: &[u8]) -> &[u8] {
    while let [before @ .., b' '] = line {
        line = before;
    }
    line
}

fn last_word(line: &[u8]) -> &[u8] {
    let line = without_spaces_behind(line);
    &line[memchr::memrchr(b' ', line).map_or(0, |at| at + 1)..]
}

/// The byte range of `part` in `line`; the line's end if it is not a part of it.
fn span_of(line: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
    if start + part.len() <= line.len() && !part.is_empty() {
        start..start + part.len()
    } else {
        line.len()..line.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Parsed;

    #[test]
    fn what_the_parser_gives_is_small_enough_to_be_passed_on_by_value() {
        assert!(size_of::<Parsed<'_>>() <= 128, "{}", size_of::<Parsed<'_>>());
    }
}
