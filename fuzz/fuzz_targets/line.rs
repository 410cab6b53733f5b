//! Any text gives the same answers one line at a time, on threads and with the scheduler; each mistake's span is in its
//! line.
#![no_main]

use cachedojo::protocol::line::{LineCache, parse, simulate_distributed_cache, simulate_scheduled};
use cachedojo::random::Random;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, u64)| {
    let (text, seed) = input;
    let commands: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut cache = LineCache::new();
    let mut expected = Vec::new();
    for command in &commands {
        if let Err(error) = parse(command) {
            assert!(command.get(error.span).is_some());
        }
        expected.push(cache.answer(command).to_string());
        if cache.exited() {
            break;
        }
    }
    assert_eq!(simulate_scheduled(&commands, Random::new(seed)), expected);
    // Threads are slow to start, so only a part of the inputs is run on them.
    if seed % 16 == 0 {
        assert_eq!(simulate_distributed_cache(&commands), expected);
    }
});
