//! The scenario files, embedded, so that a browser can run them too; and what a run of one leaves behind.

use cachedojo::reference::Reference;
use cachedojo::runner::{render, run};
use cachedojo::scenario::Scenario;
use cachedojo::script::parse;
use cachedojo::text::Language;
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
    let digest = Sha256::digest(&json).iter().map(|byte| format!("{byte:02x}")).collect();
    (printed, digest)
}
