//! Executes the meta commands.

use super::change::{Counted, Incoming, Outcome};
use super::classes::class_of;
use super::counters::Tally;
use super::flags::Flags;
use super::items::Item;
use super::limits::item_bytes;
use super::request::{MetaVerb, Sign, StoreMode};
use super::store::{Store, seconds_left, write_ttl};
use super::words::{decode_key, encode_key};
use super::write::{INFALLIBLE, NOT_NUMERIC, line};
use crate::clock::Instant;
use std::io::Write as _;

/// A meta command's flags and the moment of its execution.
pub(super) struct Call<'a> {
    pub(super) verb: MetaVerb<'a>,
    pub(super) key: &'a [u8],
    pub(super) flags: Flags<'a>,
    pub(super) now: Instant,
}

pub(super) fn obey(store: &mut Store, call: &Call<'_>, out: &mut Vec<u8>) {
    let mut buffer = [0; 256];
    let key = plain_key(call.key, call.flags.binary(), &mut buffer);
    let (start, quiet) = (out.len(), call.flags.has(b'q'));
    let nominal = match call.verb {
        MetaVerb::Get => get(store, key, call, out),
        MetaVerb::Set { mode, data } => set(store, key, mode, data, call, out),
        MetaVerb::Delete => delete(store, key, call, out),
        MetaVerb::Arithmetic { sign } => arithmetic(store, key, sign, call, out),
    };
    if quiet && nominal {
        out.truncate(start);
    }
}

/// The bytes of a key that may be written in base64.
pub(super) fn plain_key<'k>(key: &'k [u8], binary: bool, buffer: &'k mut [u8; 256]) -> &'k [u8] {
    if binary { decode_key(key, buffer).expect("the parser has checked it") } else { key }
}

/// `mg`. Returns whether `q` suppresses this answer (a miss).
fn get(store: &mut Store, key: &[u8], call: &Call<'_>, out: &mut Vec<u8>) -> bool {
    let (flags, now) = (&call.flags, call.now);
    let mut made = false;
    if store.look_up(key, now).is_none() && flags.has(b'N') {
        let stub = Incoming { flags: 0, binary: false, ..incoming(&[], None, flags) };
        made = matches!(store.link(key, &[], &stub, now), Outcome::Stored { .. });
    }
    let deadline = |exptime: Option<i32>| store.deadline(exptime.unwrap_or(0).into(), now);
    let (touched, first) = (deadline(flags.exptime()), deadline(flags.vivify()));
    let recache = flags.recache().and_then(|exptime| store.deadline(exptime.into(), now));
    let Some(place) = store.find(key, now) else {
        store.counters.cmd_get += 1;
        store.counters.get_misses += 1;
        out.extend_from_slice(b"EN");
        echo(call, out);
        return true;
    };
    let item = store.items.at_mut(place);
    let class = item.class();
    let with_value = flags.has(b'v') && flags.compare_cas() != Some(item.head().cas);
    status(if with_value { Some(item.data().len()) } else { None }, out);
    let mut won = made;
    for (letter, token) in call.flags.iter() {
        match letter {
            b'T' => item.change(|head| head.deadline = touched),
            b'N' if made => item.change(|head| head.deadline = first),
            b'R' => won |= !item.head().won && !made && item.deadline() < recache && item.deadline().is_some(),
            b'h' => number(out, 'h', u64::from(item.head().fetched)),
            b'l' => number(out, 'l', (now - item.head().used_at).as_secs()),
            b'f' => number(out, 'f', item.flags().into()),
            b'k' => write_key(key, item.head().binary, out),
            _ => reply(letter, token, item, item.data().len(), now, out),
        }
    }
    let head = item.head();
    if head.won {
        out.extend_from_slice(b" Z");
    }
    if head.stale {
        out.extend_from_slice(b" X");
        won |= !head.won;
    }
    if won {
        out.extend_from_slice(b" W");
        item.change(|head| head.won = true);
    }
    out.extend_from_slice(b"\r\n");
    if with_value {
        out.extend_from_slice(item.data());
        out.extend_from_slice(b"\r\n");
    }
    if !flags.has(b'u') {
        store.bump(place, now);
    }
    if flags.has(b'T') {
        store.counters.cmd_touch += 1;
        store.tallies.add(class, Tally::TouchHits);
    } else {
        store.counters.cmd_get += 1;
        store.tallies.add(class, Tally::GetHits);
    }
    false
}

/// `ms`. Returns whether `q` suppresses this answer (stored).
fn set(store: &mut Store, key: &[u8], mode: StoreMode, data: &[u8], call: &Call<'_>, out: &mut Vec<u8>) -> bool {
    let (flags, now) = (&call.flags, call.now);
    let appends = matches!(mode, StoreMode::Append | StoreMode::Prepend);
    let exptime = if appends { flags.vivify() } else { flags.exptime() };
    let deadline = store.deadline(exptime.unwrap_or(0).into(), now);
    let value = incoming(data, deadline, flags);
    let value = Incoming { new_cas: value.new_cas.filter(|&cas| cas != 0), ..value };
    store.tallies.add(class_of(item_bytes(key, value.flags, data.len())), Tally::CmdSet);
    let outcome = store.store(mode, key, &value, now);
    let (cas, size) = match outcome {
        Outcome::Stored { cas, data_bytes } => (cas, data_bytes),
        _ => (0, data.len()),
    };
    out.extend_from_slice(match outcome {
        Outcome::Stored { .. } => b"HD",
        Outcome::NotStored => b"NS",
        Outcome::Exists => b"EX",
        Outcome::NotFound => b"NF",
        Outcome::NoMemory => {
            line(out, "SERVER_ERROR out of memory storing object");
            return false;
        }
    });
    for (letter, token) in call.flags.iter() {
        match letter {
            b'c' => number(out, 'c', cas),
            b's' => number(out, 's', size as u64),
            b'k' => write_key(key, flags.binary(), out),
            b'O' => opaque(token, out),
            _ => {}
        }
    }
    out.extend_from_slice(b"\r\n");
    matches!(outcome, Outcome::Stored { .. })
}

/// `md`. Returns whether `q` suppresses this answer (done).
fn delete(store: &mut Store, key: &[u8], call: &Call<'_>, out: &mut Vec<u8>) -> bool {
    let (flags, now) = (&call.flags, call.now);
    let found = store.look_up(key, now).map(|place| store.items.at(place).head().cas);
    let code = match found {
        None => b"NF",
        Some(cas) if flags.compare_cas().is_some_and(|compare| compare != cas) => b"EX",
        Some(_) => b"HD",
    };
    store.counters.delete_misses += u64::from(code != b"HD");
    if let (b"HD", Some(cas)) = (code, found) {
        let deadline = store.deadline(flags.exptime().unwrap_or(0).into(), now);
        if flags.has(b'x') {
            let new_cas = flags.new_cas().or(Some(cas));
            let empty = Incoming { new_cas, binary: false, ..incoming(&[], deadline, flags) };
            store.store(StoreMode::Set, key, &empty, now);
        }
        if flags.has(b'I') {
            let cas = flags.new_cas().unwrap_or_else(|| store.next_cas());
            if let Some(place) = store.find(key, now) {
                store.items.at_mut(place).change(|head| {
                    (head.stale, head.won, head.cas) = (true, false, cas);
                    if flags.exptime().is_some() {
                        head.deadline = deadline;
                    }
                });
            }
        } else {
            store.count_deletion("md", key, now);
            if !flags.has(b'x') {
                store.remove(key);
            }
        }
    }
    out.extend_from_slice(code);
    echo(call, out);
    code == b"HD"
}

/// `ma`. Returns whether `q` suppresses this answer (done).
fn arithmetic(store: &mut Store, key: &[u8], sign: Sign, call: &Call<'_>, out: &mut Vec<u8>) -> bool {
    let (flags, now) = (&call.flags, call.now);
    let mut made = false;
    let number_now = match store.count(key, sign, flags.delta(), flags.compare_cas(), now) {
        Counted::NotNumeric => {
            line(out, NOT_NUMERIC);
            return false;
        }
        Counted::Number(number) => Some(number),
        Counted::NotFound if flags.vivify().is_some() => {
            let data = flags.initial().to_string();
            let first = Incoming { flags: 0, binary: false, ..incoming(data.as_bytes(), None, flags) };
            made = matches!(store.store(StoreMode::Add, key, &first, now), Outcome::Stored { .. });
            Some(flags.initial())
        }
        Counted::NotFound => {
            store.miss(sign);
            None
        }
        Counted::Exists => None,
    };
    let deadline = |exptime: Option<i32>| store.deadline(exptime.unwrap_or(0).into(), now);
    let (touched, first) = (deadline(flags.exptime()), deadline(flags.vivify()));
    let place = store.find(key, now);
    let (Some(number_now), Some(place)) = (number_now, place) else {
        out.extend_from_slice(if place.is_some() { b"EX" } else { b"NF" });
        echo(call, out);
        return false;
    };
    let item = store.items.at_mut(place);
    if let Some(cas) = flags.new_cas() {
        item.change(|head| head.cas = cas);
    }
    let digits = number_now.to_string();
    status(flags.has(b'v').then_some(digits.len()), out);
    for (letter, token) in call.flags.iter() {
        match letter {
            b'T' => item.change(|head| head.deadline = touched),
            b'N' if made => item.change(|head| head.deadline = first),
            b'k' => write_key(key, flags.binary(), out),
            b's' => {}
            _ => reply(letter, token, item, 0, now, out),
        }
    }
    out.extend_from_slice(b"\r\n");
    if flags.has(b'v') {
        line(out, &digits);
    }
    true
}

/// `me`.
pub(super) fn debug(store: &mut Store, key: &[u8], binary: bool, now: Instant, out: &mut Vec<u8>) {
    let mut buffer = [0; 256];
    let key = plain_key(key, binary, &mut buffer);
    let Some(place) = store.look_up(key, now) else { return line(out, "EN") };
    let item = store.items.at(place);
    out.extend_from_slice(b"ME ");
    let head = item.head();
    if head.binary {
        encode_key(key, out);
    } else {
        out.extend_from_slice(key);
    }
    let fetched = if head.fetched { "yes" } else { "no" };
    out.extend_from_slice(b" exp=");
    write_ttl(seconds_left(head.deadline, now), out);
    let used_s = (now - head.used_at).as_secs();
    let (cas, class, size) = (head.cas, item.class(), item.bytes());
    write!(out, " la={used_s} cas={cas} fetch={fetched} cls={class} size={size}\r\n").expect(INFALLIBLE);
}

/// A value to be stored, with what the flags say about it.
fn incoming<'a>(data: &'a [u8], deadline: Option<Instant>, flags: &Flags<'_>) -> Incoming<'a> {
    Incoming {
        data,
        flags: flags.client_flags(),
        deadline,
        compare_cas: flags.compare_cas(),
        new_cas: flags.new_cas(),
        stale_allowed: flags.has(b'I'),
        vivify: flags.vivify().is_some(),
        binary: flags.binary(),
    }
}

/// `VA <length>` or `HD`.
fn status(value_bytes: Option<usize>, out: &mut Vec<u8>) {
    match value_bytes {
        Some(length) => write!(out, "VA {length}").expect(INFALLIBLE),
        None => out.extend_from_slice(b"HD"),
    }
}

/// The part of an answer for one flag, the same for every command that returns an item.
fn reply(letter: u8, token: &[u8], item: &Item, size: usize, now: Instant, out: &mut Vec<u8>) {
    match letter {
        b'c' => number(out, 'c', item.head().cas),
        b's' => number(out, 's', size as u64),
        b't' => {
            out.extend_from_slice(b" t");
            write_ttl(seconds_left(item.deadline(), now), out);
        }
        b'O' => opaque(token, out),
        _ => {}
    }
}

/// Ends the line, after the flags that are repeated even on a miss.
fn echo(call: &Call<'_>, out: &mut Vec<u8>) {
    for (letter, token) in call.flags.iter() {
        match letter {
            b'O' => opaque(token, out),
            b'k' => {
                out.extend_from_slice(b" k");
                out.extend_from_slice(call.key);
                if call.flags.binary() {
                    out.extend_from_slice(b" b");
                }
            }
            _ => {}
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn number(out: &mut Vec<u8>, letter: char, number: u64) {
    write!(out, " {letter}{number}").expect(INFALLIBLE);
}

fn opaque(token: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b" O");
    out.extend_from_slice(token);
}

fn write_key(key: &[u8], binary: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(b" k");
    if binary {
        encode_key(key, out);
        out.extend_from_slice(b" b");
    } else {
        out.extend_from_slice(key);
    }
}
