//! Every scenario file says what it prints. `UPDATE=1 cargo test --test scenarios` writes what is printed now.
//!
//! `tests/web.rs` runs the same files in a browser and compares the same text and the same digests: so native and Wasm
//! runs give the same bytes.
#![cfg(not(target_arch = "wasm32"))]

mod corpus;

use std::fs;
use std::path::Path;

use corpus::{LINE_ANSWERS, RING_OWNERS, TRACES, line_answers, outcome, ring_owners, scenarios};

#[test]
fn every_scenario_prints_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let update = std::env::var_os("UPDATE").is_some();
    let (mut wrong, mut traces) = (Vec::new(), String::new());
    for (name, scenario) in scenarios() {
        let (printed, digest) = outcome(&scenario);
        traces += &format!("{digest}  {name}\n");
        if update {
            fs::write(folder.join("scenarios").join(&name), scenario.with_output(&printed)).expect("a writable file");
        } else if printed != scenario.output {
            wrong.push(format!("{name}:\n--- expected\n{}--- printed\n{printed}", scenario.output));
        }
    }
    if update {
        fs::write(folder.join("scenarios.sha256"), &traces).expect("a writable file");
        return;
    }
    assert!(wrong.is_empty(), "{} scenarios differ (UPDATE=1 rewrites them):\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(traces, TRACES, "the events changed though the text did not (UPDATE=1 rewrites the digests)");
}

#[test]
fn ten_thousand_keys_have_the_owners_that_they_had_ever() {
    assert_eq!(ring_owners(), RING_OWNERS);
}

#[test]
fn ten_thousand_commands_on_threads_have_the_answers_that_they_have_in_a_browser() {
    let (count, digest) = line_answers();
    assert_eq!((count, digest.as_str()), LINE_ANSWERS);
}
