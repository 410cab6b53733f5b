//! Any bytes, in one piece and in parts of any one size, are answered alike, and the books stay in order.
#![no_main]

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::Machine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&size, bytes)) = input.split_first() else { return };
    let now = Instant::from_millis(5_000);
    let mut whole = Machine::new(1_700_000_000);
    let expected = whole.feed(bytes, now);
    let mut split = Machine::new(1_700_000_000);
    let mut answers = Vec::new();
    for part in bytes.chunks(usize::from(size).max(1)) {
        answers.extend(split.feed(part, now));
    }
    assert_eq!(answers, expected);
    assert_eq!(split.closed(), whole.closed());
    let store = whole.store();
    assert!(store.bytes() <= store.bytes_max());
    assert_eq!(store.is_empty(), store.bytes() == 0);
});
