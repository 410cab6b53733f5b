//! Any bytes give the same answers in one piece and split into parts of any size, and the counters stay consistent.
#![no_main]

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::{Machine, Session};
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
    // The classes' sums equal the store's, to the byte; and statistics can be asked for in every state.
    let (mut asked, mut rows) = (store.clone(), Vec::new());
    Session::new().feed(&mut asked, b"stats items\r\nstats slabs\r\n", now, &mut rows);
    let rows = String::from_utf8(rows).expect("numbers are text");
    let sum = |name: &str| -> u64 {
        let numbers = rows.lines().filter_map(|row| row.split_once(name));
        numbers.map(|(_, number)| number.parse::<u64>().expect("a number")).sum()
    };
    assert_eq!((sum(":number "), sum(":mem_requested ")), (asked.len() as u64, asked.bytes()));
    assert!(sum(":used_chunks ") >= asked.len() as u64);
    assert_eq!(sum(":total_chunks "), sum(":used_chunks ") + sum(":free_chunks "));
});
