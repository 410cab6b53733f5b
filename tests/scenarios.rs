//! Every scenario file says what it prints. `UPDATE=1 cargo test --test scenarios` writes what is printed now.
//!
//! The same files are the page's examples, and the gate that native and Wasm runs give the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use cachedojo::reference::Reference;
use cachedojo::runner::{render, run};
use cachedojo::scenario::Scenario;
use cachedojo::script::parse;
use cachedojo::text::Language;

#[test]
fn every_scenario_prints_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the scenarios are there");
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a readable file");
        let scenario = Scenario::read(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let script = parse(&scenario.commands, scenario.dialect);
        let mut printed: String = script
            .diagnostics
            .iter()
            .flat_map(|diagnostic| {
                let message = diagnostic.mistake.message(Language::English);
                ["line ".to_owned(), diagnostic.line.to_string(), ": ".to_owned(), message, "\n".to_owned()]
            })
            .collect();
        printed += &render(&run(&script, &mut Reference::default(), scenario.seed), scenario.dialect).replace('\r', "");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&file, scenario.with_output(&printed)).expect("a writable file");
        } else if printed != scenario.output {
            wrong.push(format!("{}:\n--- expected\n{}--- printed\n{printed}", file.display(), scenario.output));
        }
    }
    assert!(wrong.is_empty(), "{} scenarios differ (UPDATE=1 rewrites them):\n{}", wrong.len(), wrong.join("\n"));
}
