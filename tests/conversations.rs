//! Conversations in the protocols: `tests/conversations/<protocol>/*.txt` have each request with its expected answer.
//!
//! A file has cases headed `== title`, each with a fresh server: `> a request`, then `< a line of its answer` for each line, and
//! `+ seconds` to let time pass. `#` begins a comment. In a request `\t`, `\r`, `\\` and `\x7f` stand for invisible characters,
//! `{65*k}` for 65 times `k`, and in memcached's `|` ends a line; a REST path is relative to the API's root unless it is
//! complete.
#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::Path;

use cachedojo::clock::Instant;
use cachedojo::protocol::line::{LineCache, simulate_distributed_cache, simulate_scheduled};
use cachedojo::protocol::{memcached, rest};
use cachedojo::random::Random;

/// Answers a request at a moment, in lines.
type Server = Box<dyn FnMut(&str, Instant) -> Vec<String>>;

/// Starts a server.
type Fresh = fn() -> Server;

/// Each protocol's folder, and its servers: the seed of the hashes changes no answer.
const PROTOCOLS: [(&str, Fresh); 5] = [
    ("line", line),
    ("memcached", || memcached(0)),
    ("memcached", || memcached(SEED)),
    ("rest", || rest(0)),
    ("rest", || rest(SEED)),
];

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

fn line() -> Server {
    let mut cache = LineCache::new();
    Box::new(
        move |request, _| {
            if cache.exited() { Vec::new() } else { vec![cache.answer(&unescape(request)).to_string()] }
        },
    )
}

/// The clock begins at the Unix time 1,700,000,000.
fn memcached(seed: u64) -> Server {
    let mut store = memcached::Store::new(1_700_000_000, 64 * 1024 * 1024).with_hash_seed(seed);
    let mut session = memcached::Session::new();
    Box::new(move |request, now| {
        let request = unescape(request).replace('|', "\r\n") + "\r\n";
        let mut answer = Vec::new();
        session.feed(&mut store, request.as_bytes(), now, &mut answer);
        let answer = String::from_utf8(answer).expect("these conversations are text");
        answer.split_terminator('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect()
    })
}

/// The clock begins at 2024-01-01T00:00:00Z.
fn rest(seed: u64) -> Server {
    let mut machine = rest::Machine::new(1_704_067_200).with_hash_seed(seed);
    Box::new(move |request, now| {
        let is_whole = request.contains(" /api/") || request.contains(" /health");
        let request = if is_whole { request.to_owned() } else { request.replacen(" /", " /api/v1/cache/", 1) };
        machine.answer_line(&unescape(&request), now).to_string().lines().map(str::to_owned).collect()
    })
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let inside = (c == '{').then(|| rest.split_once('}')).flatten();
        let repeated = inside.and_then(|(inside, after)| {
            let (count, what) = inside.split_once('*')?;
            Some((what.repeat(count.parse().ok()?), after))
        });
        if let Some((text, after)) = repeated {
            plain += &text;
            rest = after;
        } else if c == '\\' {
            let (escape, after) = rest.split_at(1);
            rest = after;
            plain.push(match escape {
                "t" => '\t',
                "r" => '\r',
                "\\" => '\\',
                "x" => {
                    let (digits, after) = rest.split_at(2);
                    rest = after;
                    char::from(u8::from_str_radix(digits, 16).expect("two digits"))
                }
                _ => panic!("\\{escape} is no escape"),
            });
        } else {
            plain.push(c);
        }
    }
    plain
}

fn milliseconds(seconds: &str) -> u64 {
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, "0"));
    whole.parse::<u64>().expect("seconds") * 1000 + format!("{part:0<3}").parse::<u64>().expect("milliseconds")
}

/// Runs the conversations of a file; returns how many lines were checked.
fn hold(file: &Path, protocol: &str, fresh: Fresh) -> usize {
    let text = fs::read_to_string(file).expect("a text");
    let (mut server, mut now_ms, mut said) = (fresh(), 0, 0);
    let (mut answer, mut asked) = (Vec::<String>::new().into_iter(), String::new());
    let (mut requests, mut answers) = (Vec::new(), Vec::new());
    for (number, step) in text.lines().enumerate().chain([(0, "== the end")]).filter(|(_, step)| !step.is_empty()) {
        let at = || format!("{}:{}", file.display(), number + 1);
        let (kind, text) = step.split_at(1);
        let text = text.strip_prefix(' ').unwrap_or(text);
        if kind != "<" {
            assert_eq!(answer.next(), None, "{}: more is answered to {asked:?}", at());
        }
        said += usize::from(kind == "<" || kind == ">");
        match kind {
            "#" => {}
            "=" => {
                if protocol == "line" {
                    check_at_once(&std::mem::take(&mut requests), &std::mem::take(&mut answers), &at());
                }
                (server, now_ms) = (fresh(), 0);
            }
            "+" => now_ms += milliseconds(text),
            ">" => {
                asked = text.to_owned();
                requests.push(unescape(text));
                answer = server(text, Instant::from_millis(now_ms)).into_iter();
            }
            "<" => {
                let expected = if protocol == "line" { unescape(text) } else { text.to_owned() };
                assert_eq!(answer.next().as_ref(), Some(&expected), "{}: the answer to {asked:?}", at());
                answers.push(expected);
            }
            _ => panic!("{}: {step:?} is no step", at()),
        }
    }
    said
}

/// The commands of the line protocol all at once have these answers too, on threads and by the scheduler.
fn check_at_once(commands: &[String], expected: &[String], at: &str) {
    assert_eq!(simulate_distributed_cache(commands), expected, "before {at}: on threads");
    assert_eq!(simulate_scheduled(commands, Random::new(7)), expected, "before {at}: by the scheduler");
}

#[test]
fn every_request_is_answered_as_the_conversations_say() {
    for (protocol, fresh) in PROTOCOLS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations").join(protocol);
        let files = fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").path());
        let said: usize = files.map(|file| hold(&file, protocol, fresh)).sum();
        assert!(said > 50, "{protocol}: {said} lines are hardly all");
    }
}

#[test]
#[should_panic(expected = "the answer to \"GET a\"")]
fn another_answer_is_a_failure() {
    let file = std::env::temp_dir().join(format!("conversation-{}.txt", std::process::id()));
    fs::write(&file, "== a\n> PUT a b\n< STORED\n> GET a\n< c\n").expect("a writable folder");
    hold(&file, "line", line);
}
