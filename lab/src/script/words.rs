//! The words with which a line begins, and the command that may be meant by one that is none.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cachedojo_notation::text::distance;

use super::COMMANDS;
use super::mistake::Mistake;

/// What other caches, shells and languages call a command of ours.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("get", &["read", "node get", "cluster get", "line GET"]),
    ("set", &["write", "node set", "cluster set", "line PUT"]),
    ("put", &["write", "node set", "cluster set", "line PUT"]),
    ("delete", &["erase", "node delete", "cluster delete", "line DELETE"]),
    ("del", &["erase", "node delete", "cluster delete", "line DELETE"]),
    ("remove", &["erase", "ring remove", "cluster remove", "leave"]),
    ("flush", &["invalidate", "node clear"]),
    ("stop", &["kill", "pause"]),
    ("crash", &["kill"]),
    ("start", &["restart", "join"]),
    ("add", &["join", "ring add", "cluster add"]),
    ("split", &["partition"]),
    ("cut", &["partition", "block"]),
    ("wait", &["tick", "settle"]),
    ("sleep", &["tick"]),
    ("status", &["health"]),
    ("assert", &["expect"]),
    ("repeat", &["for"]),
];

/// Some of the words with which a line may begin: all of them would fill a screen, and nobody would find the one.
const FIRST: &[&str] = &["node", "ring", "cluster", "line", "mc", "http", "tick", "expect"];

/// The commands of each object, which begin with its name.
static VERBS: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut verbs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (object, name) in COMMANDS.iter().filter_map(|entry| Some((entry.name.split_once(' ')?.0, entry.name))) {
        verbs.entry(object).or_default().push(name);
    }
    verbs
});

/// What is wrong with the words at the beginning of a line, which are no command.
pub(super) fn mistake(first: &str, second: Option<&str>, found: String) -> Mistake {
    match (meant(first, second), VERBS.get(first)) {
        (Some(meant), _) => Mistake::UnknownCommand { found, meant },
        (None, Some(verbs)) => Mistake::NoVerb { found, verbs },
        (None, None) => Mistake::NoCommand { found, words: FIRST },
    }
}

/// Whether a word is an object, whose commands begin with it.
pub(super) fn is_object(word: &str) -> bool {
    VERBS.contains_key(word)
}

/// The commands that may be meant by the words at the beginning of a line.
fn meant(first: &str, second: Option<&str>) -> Option<&'static [&'static str]> {
    // A text much longer than any command is not close to one.
    let short = |text: &str| text.chars().take(40).collect::<String>().to_lowercase();
    let (one, two) = (short(first), second.map(|second| short(&format!("{first} {second}"))));
    let elsewhere = || ELSEWHERE.iter().find(|(word, _)| *word == one).map(|(_, ours)| *ours);
    let nearest = |text: &str| {
        let all = COMMANDS.iter().map(|entry| (distance(text, entry.name), &entry.name));
        all.min().filter(|(distance, name)| *distance <= 1 + name.len() / 4).map(|(_, name)| name)
    };
    let of_two = || two.and_then(|two| nearest(&two)).filter(|name| name.contains(' ')).map(std::slice::from_ref);
    if is_object(first) {
        return of_two();
    }
    elsewhere().or_else(of_two).or_else(|| nearest(&one).map(std::slice::from_ref))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_proposed_is_one() {
        for word in FIRST {
            assert!(COMMANDS.iter().any(|entry| entry.name.split(' ').next() == Some(word)), "{word}");
        }
        for (word, ours) in ELSEWHERE {
            assert!(COMMANDS.iter().all(|entry| entry.name != *word), "{word} is one of ours");
            for name in *ours {
                let is_line = name.strip_prefix("line ").is_some();
                assert!(is_line || COMMANDS.iter().any(|entry| entry.name == *name), "{name}");
            }
        }
    }
}
