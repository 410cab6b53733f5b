//! The engine inside a real browser: `cargo xtask test browser`.
#![cfg(target_arch = "wasm32")]

mod corpus;

use cachedojo::random::Random;
use corpus::{LINE_ANSWERS, RING_OWNERS, TRACES, line_answers, outcome, ring_owners, scenarios};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The first numbers that the generator's authors publish for the seed 1234567: 64-bit multiplication wraps here as it does natively.
#[wasm_bindgen_test]
fn the_random_generator_gives_its_published_numbers() {
    let mut random = Random::new(1_234_567);
    let numbers: Vec<u64> = (0..5).map(|_| random.next_u64()).collect();
    let published = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];
    assert_eq!(numbers, published);
}

/// The gate from the first day: what runs here gives the very bytes that it gives natively.
#[wasm_bindgen_test]
fn every_scenario_gives_the_same_bytes_as_natively() {
    let mut traces = String::new();
    for (name, scenario) in scenarios() {
        let (printed, digest) = outcome(&scenario);
        assert_eq!(printed, scenario.output, "{name}");
        traces += &format!("{digest}  {name}\n");
    }
    assert_eq!(traces, TRACES);
}

#[wasm_bindgen_test]
fn ten_thousand_keys_have_the_same_owners_as_natively() {
    assert_eq!(ring_owners(), RING_OWNERS);
}

/// Here a scheduler takes the place of the threads.
#[wasm_bindgen_test]
fn ten_thousand_commands_have_the_same_answers_as_natively_on_threads() {
    let (count, digest) = line_answers();
    assert_eq!((count, digest.as_str()), LINE_ANSWERS);
}
