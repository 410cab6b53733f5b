//! What must be the same in a browser as natively: the scenario files with the digests of their events, the keys' owners on a
//! ring, and ten thousand commands at once.

use cachedojo::protocol::line::simulate_distributed_cache;
use cachedojo::random::Random;
use cachedojo::ring::{HashRing, NodeInfo, hash64};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::runner::{render, run};
use cachedojo_lab::scenario::Scenario;
use cachedojo_lab::script::parse;
use cachedojo_notation::text::Language;
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

static SCENARIOS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/scenarios");

/// For each scenario file the SHA-256 of the JSON of its events, as a native run wrote it.
pub(crate) const TRACES: &str = include_str!("../scenarios.sha256");

/// The scenario files by name, in order.
pub(crate) fn scenarios() -> Vec<(String, Scenario)> {
    let mut scenarios: Vec<_> = SCENARIOS
        .files()
        .map(|file| {
            let name = file.path().display().to_string();
            let text = file.contents_utf8().expect("scenarios are text");
            let scenario = Scenario::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, scenario)
        })
        .collect();
    scenarios.sort_by(|(a, _), (b, _)| a.cmp(b));
    scenarios
}

/// What running a scenario prints (mistakes first), and the SHA-256 of its events as JSON.
pub(crate) fn outcome(scenario: &Scenario) -> (String, String) {
    let script = parse(&scenario.commands, scenario.dialect);
    let mut printed = String::new();
    for diagnostic in &script.diagnostics {
        let message = diagnostic.mistake.message(Language::English);
        printed += &format!("line {}: {message}\n", diagnostic.line);
    }
    let events = run(&script, &mut Reference::default(), scenario.seed);
    printed += &render(&events, scenario.dialect).replace('\r', "");
    let json = serde_json::to_vec(&events).expect("events are plain data");
    (printed, hexadecimal(&json))
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The owners of `key0` to `key9999` on a ring of `node0` to `node9`, 150 points each, a digit a key, and above them
/// their hash. `tests/ring_golden.py` computes them from the definition.
pub(crate) const RING_OWNERS: &str = include_str!("../ring_golden.txt");

/// [`RING_OWNERS`] as the ring gives them.
pub(crate) fn ring_owners() -> String {
    let mut ring = HashRing::new(150);
    for i in 0..10 {
        ring.add_node(NodeInfo { id: format!("node{i}"), addr: String::new(), weight: 1, is_alive: true });
    }
    let owner = |i| ring.get_node(&format!("key{i}")).expect("a node").id.trim_start_matches("node").to_owned();
    let owners: String = (0..10_000).map(owner).collect();
    format!("{:016x}\n{owners}\n", hash64(owners.as_bytes()))
}

/// The SHA-256 of the answers to ten thousand commands of the line protocol, and how many there are, as a run natively
/// on threads gave them.
pub(crate) const LINE_ANSWERS: (usize, &str) =
    (10_001, "916179a44ed428aa140666350d82e1bb8dd0ca9c36728da1a9722178f2d2bd82");

/// [`LINE_ANSWERS`] as they are now.
pub(crate) fn line_answers() -> (usize, String) {
    let mut random = Random::new(1);
    let mut command = || {
        let key = random.below(300);
        match random.below(10) {
            0..=3 => format!("PUT k{key} v {}", random.below(1000)),
            4..=7 => format!("GET k{key}"),
            8 => format!("DELETE k{key}"),
            _ => format!("GET k{key} "),
        }
    };
    let commands: Vec<String> = (0..10_000).map(|_| command()).chain(["EXIT".into(), "GET k1".into()]).collect();
    let answers = simulate_distributed_cache(&commands);
    (answers.len(), hexadecimal(answers.join("\n").as_bytes()))
}
