//! Any text, in any dialect, is parsed and run: mistakes have spans in the text, and the same run gives the same bytes.
#![no_main]

use std::fmt::Write;

use cachedojo_lab::reference::Reference;
use cachedojo_lab::runner::{Runner, render};
use cachedojo_lab::script::{COMMANDS, Dialect, parse};
use cachedojo_notation::text::Language;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// A line of a script. Half of them begin with a command's words; few random texts would get past the first word.
#[derive(Debug, Arbitrary)]
enum Line<'a> {
    Any(&'a str),
    Command { turns: Option<u8>, index: u8, words: [Option<Word<'a>>; 4] },
}

#[derive(Debug, Arbitrary)]
enum Word<'a> {
    Any(&'a str),
    Key(u8),
    Number(i16),
    Repeated(u8),
    Duration(u16),
    Option(u8),
}

const OPTIONS: [&str; 16] = [
    "ttl", "at", "weight", "dead", "lru", "lfu", "fifo", "rf=2", "points=9", "=", "<", "any of", "not", "nothing",
    "hits", "stored",
];

/// The most commands that are run: the costliest take milliseconds each.
const STEPS_MAX: usize = 40;

fn write(lines: &[Line<'_>]) -> String {
    let mut text = String::new();
    for line in lines {
        match line {
            Line::Any(any) => text.push_str(any),
            Line::Command { turns, index, words } => {
                if let Some(turns) = turns {
                    let _ = write!(text, "for 1..{} ", turns % 20);
                }
                text.push_str(COMMANDS[usize::from(*index) % COMMANDS.len()].name);
                for word in words.iter().flatten() {
                    let _ = match word {
                        Word::Any(any) => write!(text, " {any}"),
                        Word::Key(key) => write!(text, " k{}", key % 8),
                        Word::Number(number) => write!(text, " {number}"),
                        Word::Repeated(count) => write!(text, " {count}*x"),
                        Word::Duration(ms) => write!(text, " {ms}ms"),
                        Word::Option(option) => write!(text, " {}", OPTIONS[usize::from(*option) % OPTIONS.len()]),
                    };
                }
            }
        }
        text.push('\n');
    }
    text
}

/// Whether a number in the text could ask for much work: such a text would only be slow, not show bugs.
fn is_costly(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 5)
}

fn events(text: &str, dialect: Dialect, seed: u64) -> (String, String) {
    let script = parse(text, dialect);
    for diagnostic in &script.diagnostics {
        assert!(text.get(diagnostic.span.clone()).is_some(), "{diagnostic:?}");
        for language in [Language::English, Language::French] {
            assert!(!diagnostic.mistake.message(language).is_empty());
        }
    }
    let (mut runner, mut subject, mut events) = (Runner::new(seed), Reference::default(), Vec::new());
    for _ in 0..STEPS_MAX {
        if !runner.step(&script, &mut subject, &mut events) {
            break;
        }
    }
    (render(&events, dialect), serde_json::to_string(&events).expect("events are plain data"))
}

fuzz_target!(|input: (u8, u64, Vec<Line<'_>>)| {
    let (dialect, seed, lines) = input;
    let dialect = Dialect::ALL[usize::from(dialect) % Dialect::ALL.len()];
    let text = write(&lines);
    if !is_costly(&text) {
        assert_eq!(events(&text, dialect, seed), events(&text, dialect, seed));
    }
});
