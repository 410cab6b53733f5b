//! The line protocol: the rules and tables of its specification, then the concurrent run against a naive model.

use cachedojo::protocol::line::{LineCache, Mistake, parse, simulate_distributed_cache, simulate_scheduled};
use cachedojo::random::Random;
use cachedojo_notation::text::Language;
use proptest::prelude::*;
use std::collections::HashMap;

fn sequential(commands: &[String]) -> Vec<String> {
    let mut cache = LineCache::new();
    let mut answers = Vec::new();
    for command in commands {
        answers.push(cache.answer(command).to_string());
        if cache.exited() {
            break;
        }
    }
    answers
}

#[test]
fn a_command_knows_its_key() {
    let key = |line| parse(line).expect("the line is right").key();
    assert_eq!(["PUT a b", "GET b2", "DELETE C", "EXIT"].map(key), [Some("a"), Some("b2"), Some("C"), None]);
}

#[test]
fn nothing_follows_exit() {
    assert!(simulate_distributed_cache(&[]).is_empty() && simulate_scheduled(&[], Random::new(7)).is_empty());
    let mut cache = LineCache::new();
    let answers = ["PUT b B", "PUT a A", "EXIT", "PUT a B", "frob"].map(|line| cache.answer(line).to_string());
    assert_eq!(answers, ["STORED", "STORED", "BYE", "BYE", "BYE"]);
    assert_eq!(cache.entries().collect::<Vec<_>>(), [("a", "A"), ("b", "B")]);
}

#[test]
fn ten_thousand_commands_are_answered_in_input_order() {
    let puts = (0..5_000).map(|i| format!("PUT k{i} v{i}"));
    let gets = (0..5_000).map(|i| format!("GET k{i}"));
    let commands: Vec<String> = puts.chain(gets).chain(["EXIT".to_owned()]).collect();
    let answers = simulate_distributed_cache(&commands);
    assert_eq!(answers.len(), 10_001);
    assert!(answers[..5_000].iter().all(|answer| answer == "STORED"));
    assert!(answers[5_000..10_000].iter().enumerate().all(|(i, answer)| *answer == format!("v{i}")));
    assert_eq!(answers[10_000], "BYE");
}

/// The standard library numbers threads as they are spawned, so two threads spawned before and after a run tell how many
/// it had. Other tests may spawn some meanwhile, but not a thousand unless the function under test does.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_command_runs_on_a_thread_of_its_own() {
    let next_thread = || {
        let id = std::thread::spawn(|| std::thread::current().id()).join().expect("it only looks at itself");
        let digits: String = format!("{id:?}").chars().filter(char::is_ascii_digit).collect();
        digits.parse::<usize>().expect("a thread's id has a number")
    };
    let commands: Vec<String> = (0..1_000).map(|i| format!("PUT k{i} v")).collect();
    let before = next_thread();
    simulate_distributed_cache(&commands);
    assert!(next_thread() - before > commands.len());
}

#[test]
fn every_mistake_has_its_place() {
    #[track_caller]
    fn check(line: &str, mistake: Mistake, wrong: &str) {
        let error = parse(line).expect_err("the line is wrong");
        assert_eq!(error.to_string(), mistake.message(Language::English));
        assert!(error.to_string().ends_with('.'), "{error}");
        assert_eq!((error.mistake, &line[error.span]), (mistake, wrong), "{line:?}");
    }
    check("", Mistake::Blank, "");
    check(" GET a", Mistake::UnknownCommand, "");
    check("SET a 1", Mistake::UnknownCommand, "SET");
    check("PUT", Mistake::MissingKey, "");
    check("PUT  a", Mistake::MissingKey, "");
    check("PUT a-b c", Mistake::KeyCharacter, "-");
    check("GET clé", Mistake::KeyCharacter, "é");
    check(&format!("GET {}", "k".repeat(65)), Mistake::KeyTooLong, &"k".repeat(65));
    check("PUT a", Mistake::MissingValue, "");
    check("PUT a ", Mistake::MissingValue, "");
    check("PUT a b\tc", Mistake::ValueCharacter, "\t");
    check(&format!("PUT a {}", "v".repeat(257)), Mistake::ValueTooLong, &"v".repeat(257));
    check("GET a b", Mistake::Extra, " b");
    check("EXIT now", Mistake::Extra, " now");
}

/// A ten-line implementation of the specification, on a map.
fn naive(commands: &[String]) -> Vec<String> {
    let valid_key = |key: &str| (1..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric());
    let valid_value = |value: &str| (1..=256).contains(&value.len()) && value.bytes().all(|b| (32..127).contains(&b));
    let mut map = HashMap::new();
    let mut answers = Vec::new();
    for command in commands {
        let parts: Vec<&str> = command.splitn(3, ' ').collect();
        answers.push(match parts[..] {
            ["PUT", key, value] if valid_key(key) && valid_value(value) => {
                map.insert(key, value);
                "STORED"
            }
            ["GET", key] if valid_key(key) => map.get(key).copied().unwrap_or("NOT_FOUND"),
            ["DELETE", key] if valid_key(key) => map.remove(key).map_or("NOT_FOUND", |_| "DELETED"),
            ["EXIT"] => "BYE",
            _ => "ERROR",
        });
        if answers.last() == Some(&"BYE") {
            break;
        }
    }
    answers.into_iter().map(str::to_owned).collect()
}

const LONGEST_KEY: &str = "k123456789k123456789k123456789k123456789k123456789k123456789k123";

fn command(random: &mut Random) -> String {
    let keys = ["a", "b", "a1", "B", LONGEST_KEY];
    let key = *random.pick(&keys);
    match random.below(12) {
        0..=3 => format!("PUT {key} {}", text(random, 8)),
        4..=6 => format!("GET {key}"),
        7 | 8 => format!("DELETE {key}"),
        9 if random.below(4) == 0 => "EXIT".into(),
        9 => format!("{}{}", random.pick(&["PUT", "GET ", "DELETE ", "EXIT", "put", "\t"]), text(random, 4)),
        10 => format!("PUT {key}{}", text(random, 3)),
        _ => text(random, 6),
    }
}

/// A text of up to so many characters, most of them characters that commands consist of.
fn text(random: &mut Random, length_max: u64) -> String {
    let characters = ['a', '1', 'Z', ' ', ' ', '~', '"', '-', '\t', '\r', '\u{7f}', 'é', '\u{1f980}'];
    (0..random.below(length_max + 1)).map(|_| *random.pick(&characters)).collect()
}

/// Equality with the model means linearizability per key (each key's commands took effect in input order) and answers
/// in input order, because commands on different keys commute.
#[test]
fn threads_scheduler_and_sequence_answer_as_the_naive_model() {
    for seed in 0..100_000 {
        let random = &mut Random::new(seed);
        let count = if seed % 1000 == 0 { 200 } else { random.below(12) };
        let commands: Vec<String> = (0..count).map(|_| command(random)).collect();
        let expected = naive(&commands);
        assert_eq!(sequential(&commands), expected, "seed {seed}");
        assert_eq!(simulate_scheduled(&commands, Random::new(seed)), expected, "seed {seed}");
        // A thread for every command takes its time: a part of the sequences is enough for them.
        if seed % 10 == 0 {
            assert_eq!(simulate_distributed_cache(&commands), expected, "seed {seed}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_answered_as_the_naive_model_does(line in "\\PC{0,40}|[A-Z]{0,6} [ -~\\t]{0,300}") {
        let commands = [line];
        prop_assert_eq!(sequential(&commands), naive(&commands));
    }
}
