//! Conversations with a memcached server, written as text.

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::Machine;

/// The Unix time at which the tests' clocks begin.
pub(crate) const BASE_S: u64 = 1_700_000_000;

/// A conversation with a fresh server: `> request`, `< answer` and `+ seconds` in turn. A request's `|` is a line end; an answer lacks its own.
#[track_caller]
pub(crate) fn check(conversation: &str) {
    let mut machine = Machine::new(BASE_S);
    let (mut now_ms, mut answers, mut last) = (0, String::new(), String::new());
    for step in conversation.lines().map(str::trim_start).filter(|step| !step.is_empty()) {
        let (kind, text) = step.split_at(1);
        let text = text.strip_prefix(' ').unwrap_or(text);
        match kind {
            "+" => now_ms += milliseconds(text),
            ">" => {
                assert_eq!(answers, "", "unexpected answer to {last:?}");
                last = text.replace('|', "\r\n") + "\r\n";
                let answer = machine.feed(last.as_bytes(), Instant::from_millis(now_ms));
                answers = String::from_utf8(answer).expect("these tests speak text");
            }
            "<" => {
                let (line, rest) = answers.split_once('\n').unwrap_or(("(no answer)", ""));
                assert_eq!(line.strip_suffix('\r').unwrap_or(line), text, "answer to {last:?}");
                answers = rest.to_owned();
            }
            _ => panic!("{step:?} is no step"),
        }
    }
    assert_eq!(answers, "", "unexpected answer to {last:?}");
}

fn milliseconds(seconds: &str) -> u64 {
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, "0"));
    whole.parse::<u64>().unwrap() * 1000 + format!("{part:0<3}").parse::<u64>().unwrap()
}
