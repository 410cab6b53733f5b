//! The memcached parser allocates nothing, whatever it reads, and a full REST service little. A test binary of its own,
//! because it counts with the global allocator.
#![cfg(not(target_arch = "wasm32"))]

use cachedojo::clock::Instant;
use cachedojo::protocol::memcached::{Parsed, Parser, Request};
use cachedojo::protocol::rest::{Limits, Machine};

/// Reads all of `input`, given in parts that grow by `step` bytes; the number of requests and of mistakes.
fn read(input: &[u8], step: usize) -> (usize, usize) {
    let (mut parser, mut start, mut requests, mut mistakes) = (Parser::new(), 0, 0, 0);
    let mut end = 0;
    while end < input.len() {
        end = (end + step).min(input.len());
        loop {
            start += match parser.parse(&input[start..end]) {
                Parsed::Request { request, used, .. } => {
                    requests += 1;
                    if let Request::Get { keys, .. } = request {
                        assert!(keys.count() > 0);
                    }
                    used
                }
                Parsed::Refused { used, .. } => {
                    mistakes += 1;
                    used
                }
                Parsed::Skipped(used) => used,
                Parsed::Incomplete | Parsed::HangUp => break,
            };
        }
    }
    (requests, mistakes)
}

#[test]
fn the_parser_allocates_nothing() {
    let large = "v".repeat(100_000);
    let input = format!(
        "get a b c\r\nset a 1 2 3 noreply\r\nabc\r\nset b 0 0 100000\r\n{large}\r\ngats 5 a\r\nincr a 5\r\ndelete a 0\r\n\
         touch a 5\r\nmg a s v t Oabc\r\nms YQ== 2 b T5\r\nhi\r\nma a N0 J5\r\nmd a\r\nme a\r\nmn\r\nstats items\r\n\
         stats cachedump 1 0\r\nwatch fetchers\r\nslabs reassign 1 2\r\nlru tune 1 2 0.5 2\r\nlru_crawler metadump 1,2\r\n\
         lru_crawler crawl\r\nbogus\r\nset a x 0 3\r\nabc\r\nms a 1 v v\r\nx\r\nset a 0 0 3000000\r\n{large}"
    );
    for step in [1, 7, 4096, input.len()] {
        let mut found = (0, 0);
        let allocations = allocation_counter::measure(|| found = read(input.as_bytes(), step));
        assert_eq!(allocations.count_total, 0, "in steps of {step} bytes");
        assert_eq!(found, (19, 5), "in steps of {step} bytes");
    }
    let allocations = allocation_counter::measure(|| drop(vec![1_u8; 10]));
    assert_eq!(allocations.count_total, 1, "the counter counts");
}

#[test]
fn a_put_into_a_full_service_does_not_look_at_what_is_in_it() {
    let put = |number: u32| format!("PUT /api/v1/cache/n/key{number:05} {{\"value\": 1}}");
    let limits = Limits { storage_bytes_max: 5_000 * "key000001".len(), ..Limits::default() };
    let (mut machine, now) = (Machine::with_limits(0, limits), Instant::from_millis(0));
    for number in 0..5_000 {
        machine.answer_line(&put(number), now);
    }
    let request = put(5_000);
    let allocations = allocation_counter::measure(|| drop(machine.answer_line(&request, now)));
    assert_eq!(machine.entries().count(), 5_000, "one went");
    assert!(allocations.count_total < 100, "{allocations:?}");
}
