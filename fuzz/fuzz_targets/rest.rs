//! Any text is handled by the REST service: its answers are JSON, and each mistake's span is in its line.
#![no_main]

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{Limits, Machine, parse_line};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let limits = Limits { value_bytes_max: 64, storage_bytes_max: 256 };
    let mut machine = Machine::with_limits(1_704_067_200, limits);
    for (index, line) in text.lines().enumerate() {
        let now = Instant::from_millis(index as u64 * 700);
        let answer = machine.answer_line(line, now);
        assert!(answer.body.starts_with('{') && answer.body.ends_with('}'), "{answer}");
        assert_ne!(answer.reason(), "Unknown");
        assert!(answer.headers.is_sorted());
        if let Err(error) = parse_line(line) {
            assert!(line.get(error.span).is_some());
            assert_eq!(answer.status, 400);
        }
    }
});
