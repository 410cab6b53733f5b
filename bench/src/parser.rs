//! The memcached parser against a winnow parser of the same grammar; memchr's line split is the ceiling. Times are per
//! 1000 bytes, so 1000 ns are 1 GB/s.

use crate::{Bench, Contestant};
use cachedojo::protocol::memcached::{self, Parsed, Request};
use winnow::ascii::dec_uint;
use winnow::combinator::{alt, opt, repeat, terminated};
use winnow::prelude::*;
use winnow::token::{literal, take, take_while};

/// About as much input as many reads from a socket.
const REQUESTS: usize = 10_000;

pub(crate) fn run(bench: &Bench) {
    let gets: String = (0..REQUESTS).map(|i| format!("get user:profile:{i:07}\r\n")).collect();
    let many: String = (0..REQUESTS / 10)
        .map(|i| (0..10).fold("get".to_owned(), |line, j| format!("{line} user:profile:{:07}", i * 10 + j)) + "\r\n")
        .collect();
    let value = "v".repeat(1024);
    let sets: String =
        (0..REQUESTS / 10).map(|i| format!("set user:profile:{i:07} 0 300 1024\r\n{value}\r\n")).collect();
    for (title, input) in [("get, 20-byte keys", gets), ("get of 10 keys", many), ("set, 1 KiB values", sets)] {
        let bytes = input.as_bytes();
        assert_eq!(ours(bytes), by_winnow(bytes));
        bench.race(
            &format!("{title} (per 1000 bytes)"),
            bytes.len() / 1000,
            vec![
                Contestant::new("cachedojo", move || move || ours(bytes)),
                Contestant::new("winnow", move || move || by_winnow(bytes)),
                Contestant::new("memchr lines", move || move || lines(bytes)),
            ],
        );
    }
}

/// A number that depends on every key and value found, so that the compiler cannot skip any work.
fn ours(mut input: &[u8]) -> u64 {
    let (mut parser, mut sum) = (memcached::Parser::new(), 0);
    while let Parsed::Request { request, used, .. } = parser.parse(input) {
        sum += match request {
            Request::Get { keys, .. } => keys.map(|key| key.len() as u64).sum(),
            Request::Store { key, data, .. } => (key.len() + data.len()) as u64,
            _ => 0,
        };
        input = &input[used..];
    }
    sum
}

fn by_winnow(mut input: &[u8]) -> u64 {
    let mut sum = 0;
    while !input.is_empty() {
        match request.parse_next(&mut input) {
            Ok(bytes) => sum += bytes,
            Err(_) => break,
        }
    }
    sum
}

fn lines(input: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', input).map(|at| at as u64).sum()
}

fn request(input: &mut &[u8]) -> ModalResult<u64> {
    alt((get, set)).parse_next(input)
}

fn key<'a>(input: &mut &'a [u8]) -> ModalResult<&'a [u8]> {
    take_while(1..=250, |byte: u8| byte > b' ' && byte != 0x7f).parse_next(input)
}

fn spaces<'a>(input: &mut &'a [u8]) -> ModalResult<&'a [u8]> {
    take_while(1.., b' ').parse_next(input)
}

fn line_end<'a>(input: &mut &'a [u8]) -> ModalResult<&'a [u8]> {
    (take_while(0.., b' '), alt((literal("\r\n"), literal("\n")))).take().parse_next(input)
}

fn get(input: &mut &[u8]) -> ModalResult<u64> {
    (alt((literal("gets"), literal("get"))), spaces).parse_next(input)?;
    let keys = repeat(1.., terminated(key, take_while(0.., b' '))).fold(|| 0, |sum, key: &[u8]| sum + key.len() as u64);
    terminated(keys, line_end).parse_next(input)
}

fn set(input: &mut &[u8]) -> ModalResult<u64> {
    let verbs = ("set", "add", "replace", "append", "prepend");
    let verb = alt((literal(verbs.0), literal(verbs.1), literal(verbs.2), literal(verbs.3), literal(verbs.4)));
    (verb, spaces).parse_next(input)?;
    let (key, _, _flags, _, _exptime, _, length) = (
        key,
        spaces,
        dec_uint::<_, u32, _>,
        spaces,
        winnow::ascii::dec_int::<_, i32, _>,
        spaces,
        dec_uint::<_, u32, _>,
    )
        .parse_next(input)?;
    (opt((spaces, literal("noreply"))), line_end).parse_next(input)?;
    let data: &[u8] = terminated(take(length), line_end).parse_next(input)?;
    Ok((key.len() + data.len()) as u64)
}
