//! What is told of whom, in small.

use super::super::said::Said;
use super::super::verdict::Divergence;
use super::*;
use cachedojo_lab::event::{Event, Move};
use cachedojo_notation::text::Bilingual;

/// A case that breaks at these steps.
fn case(steps: &[u32]) -> Trait {
    let breaks = steps.iter().map(|step| Break {
        step: *step,
        expected: "x".to_owned(),
        actual: step.to_string(),
        by_chance: false,
    });
    Trait { verdict: if steps.is_empty() { Verdict::Pass } else { Verdict::Fail }, breaks: breaks.collect() }
}

/// A fingerprint of one row of five cases, each with the step at which it fails, or 0.
fn print(steps: [u32; 5]) -> Fingerprint {
    let traits = steps.map(|step| case(if step == 0 { &[] } else { std::slice::from_ref(&step) }));
    Fingerprint { checks: vec![("row".to_owned(), traits.into_iter().enumerate().collect())] }
}

fn named(submission: [u32; 5], mutants: &[[u32; 5]]) -> Vec<usize> {
    named_where(&print(submission), mutants)
}

fn named_where(submission: &Fingerprint, mutants: &[[u32; 5]]) -> Vec<usize> {
    let spec = MutantSpec {
        id: "m".to_owned(),
        scenario: None,
        sentence: Bilingual::default(),
        hint: Bilingual::default(),
        killed_by: vec!["row".to_owned()],
        languages: Vec::new(),
        races: false,
        planted: false,
    };
    let prints: Vec<Fingerprint> = mutants.iter().copied().map(print).collect();
    let pairs: Vec<_> = prints.iter().map(|print| (&spec, print)).collect();
    let rows = compare(submission, &pairs);
    rows.iter().enumerate().filter(|(_, row)| row.behaves_like).map(|(index, _)| index).collect()
}

#[test]
fn two_bugs_in_one_row_are_both_named() {
    let mutants = [[0, 3, 0, 4, 0], [5, 0, 0, 7, 6], [0, 0, 2, 0, 0]];
    assert_eq!(named([5, 3, 0, 4, 6], &mutants), [0, 1]);
    assert_eq!(named([0, 3, 0, 4, 0], &mutants), [0]);
}

#[test]
fn a_failure_that_nothing_explains_names_nothing() {
    assert!(named([5, 3, 0, 4, 0], &[[0, 3, 0, 4, 0]]).is_empty());
    assert!(named([0, 3, 0, 9, 0], &[[0, 3, 0, 4, 0]]).is_empty());
}

#[test]
fn a_case_that_was_not_run_says_nothing_and_moves_no_other() {
    let mut submission = print([0, 3, 0, 4, 0]);
    submission.checks[0].1.remove(&0);
    assert_eq!(named_where(&submission, &[[0, 3, 0, 4, 0], [7, 3, 0, 4, 0], [3, 0, 4, 0, 0]]), [0, 1]);
}

#[test]
fn a_bug_that_does_less_is_not_named_beside_one_that_does_more() {
    assert_eq!(named([0, 3, 0, 4, 0], &[[0, 3, 0, 0, 0], [0, 3, 0, 4, 0]]), [1]);
}

/// An outcome of a case with these answers and broken expectations, a step each.
fn outcome(verdict: Verdict, told: Vec<What>) -> CaseOutcome {
    let event = |(step, what)| Event { step, line: step + 1, at_ms: 0, what };
    let events: Vec<Event> = (0..).zip(told).map(event).collect();
    let first = events.iter().find_map(|event| match &event.what {
        What::Broken { expected, actual } => Some((event.step, expected.clone(), actual.clone())),
        _ => None,
    });
    let (step, expected, actual) = first.unwrap_or_default();
    let (expected, actual) = (Said::Value(expected), Said::Value(actual));
    let divergence = Some(Divergence { step, expected, actual, ..Divergence::default() });
    let (script, shortest, schedule) = (String::new(), None, None);
    CaseOutcome { index: 0, verdict, events, script, divergence, shortest, schedules: 0, schedule }
}

#[test]
fn a_race_that_leaves_a_command_without_an_answer_is_another_bug() {
    let raced = |said: &[&str]| {
        let told = said.iter().map(|text| What::Said { text: (*text).to_owned() }).collect();
        Trait::of(&CaseOutcome { script: "PUT a 1\nGET a\n".to_owned(), ..outcome(Verdict::Race, told) })
    };
    let early = raced(&["STORED", "NOT_FOUND"]);
    assert_eq!(early, raced(&["NOT_FOUND", "STORED"]));
    for lacking in [&["STORED"][..], &["STORED", ""], &["\u{27e8}None: NoneType\u{27e9}", "1"], &["1"]] {
        assert_eq!(raced(lacking), raced(&["STORED"]), "{lacking:?}");
        assert_ne!(raced(lacking), early, "{lacking:?}");
    }
}

fn broken(expected: &str, actual: &str) -> What {
    What::Broken { expected: expected.to_owned(), actual: actual.to_owned() }
}

fn moved(pairs: &[(&str, &str)]) -> What {
    let hop = |(from, to): &(&str, &str)| Move { from: (*from).to_owned(), to: (*to).to_owned(), keys: 1 };
    What::Moved { keys: 200, moved: 9, moves: pairs.iter().map(hop).collect() }
}

#[test]
fn of_what_hangs_on_chance_only_the_rest_is_compared() {
    let spread = || What::Spread { keys: 600, unowned: 0, shares: Vec::new() };
    let owner = |node: &str| What::Owner { key: "k".to_owned(), node: Some(node.to_owned()) };
    let fails = |told: Vec<What>| outcome(Verdict::Fail, told);
    let flaky = |told: Vec<What>| outcome(Verdict::Flaky, told);
    let left = |told: Vec<What>| {
        let gone = What::Left { id: "n".to_owned() };
        fails(std::iter::once(gone).chain(told).collect())
    };
    let rows: [(&str, CaseOutcome, CaseOutcome, bool); 10] = [
        (
            "one copy or another is missing when a server has gone",
            left(vec![broken("v1", "nothing")]),
            left(vec![What::Miss { key: "k".to_owned() }, broken("v4", "not found")]),
            true,
        ),
        (
            "a copy that is missing, and one that is there too long",
            left(vec![broken("v1", "nothing")]),
            left(vec![What::Miss { key: "k".to_owned() }, broken("any of nothing | not found", "v1")]),
            false,
        ),
        (
            "one share too large, or another too small",
            fails(vec![spread(), broken("largest <= 155%", "180%")]),
            fails(vec![spread(), broken("smallest >= 45%", "3%")]),
            true,
        ),
        (
            "shares that are uneven, and keys that are nobody's",
            fails(vec![spread(), broken("largest <= 155%", "180%")]),
            fails(vec![spread(), broken("unowned = 0", "unowned = 7")]),
            false,
        ),
        (
            "keys of the same nodes move, to wherever",
            fails(vec![moved(&[("n1", "n2"), ("n10", "n3")]), broken("only from n1", "1 of 9")]),
            fails(vec![moved(&[("n1", "n4"), ("n10", "n2")]), broken("only from n1", "2 of 9")]),
            true,
        ),
        (
            "keys of other nodes move",
            fails(vec![moved(&[("n1", "n2"), ("n10", "n3"), ("n11", "n3")]), broken("only from n1", "2 of 9")]),
            fails(vec![moved(&[("n1", "n2"), ("n11", "n3")]), broken("only from n1", "1 of 9")]),
            false,
        ),
        (
            "copies are missing for one key or another",
            fails(vec![What::Nodes { nodes: Vec::new() }, broken("count = 3", "count = 2")]),
            fails(vec![owner("n"), What::Nodes { nodes: Vec::new() }, broken("count = 3", "count = 1")]),
            true,
        ),
        ("two runs disagree", flaky(vec![owner("a")]), flaky(vec![owner("c"), owner("d")]), true),
        (
            "a value at one step, or at another",
            fails(vec![broken("nothing", "x")]),
            fails(vec![spread(), What::Miss { key: "k".to_owned() }, broken("nothing", "x")]),
            false,
        ),
        (
            "two kinds of chance are two breaks",
            fails(vec![spread(), broken("largest <= 155%", "180%"), broken("unowned = 0", "unowned = 7")]),
            fails(vec![spread(), broken("largest <= 155%", "180%")]),
            false,
        ),
    ];
    for (what, one, other, expected) in &rows {
        assert_eq!(Trait::of(one).is_within(&Trait::of(other)), *expected, "{what}");
    }
}

#[test]
fn what_breaks_one_script_alike_and_another_otherwise_is_not_named() {
    let row = |cases: [&[u32]; 2]| Fingerprint {
        checks: vec![("row".to_owned(), cases.into_iter().map(case).enumerate().collect())],
    };
    let mutant = row([&[3, 5], &[4]]);
    let like = |submission: &Fingerprint| !submission.shared(&mutant).is_empty();
    assert!(like(&row([&[3, 5], &[4]])));
    assert!(like(&row([&[3, 4, 5], &[4]])), "with another bug besides");
    assert!(!like(&row([&[3], &[4]])), "it fails first alike, then otherwise");
    assert!(!like(&row([&[3, 5], &[]])));
    assert!(!like(&row([&[3, 5], &[2]])), "one script is too little");
}

fn spec(id: &str) -> MutantSpec {
    MutantSpec {
        id: id.to_owned(),
        scenario: None,
        sentence: Bilingual::default(),
        hint: Bilingual::default(),
        killed_by: vec!["row".to_owned()],
        languages: Vec::new(),
        races: false,
        planted: false,
    }
}

#[test]
fn a_probe_that_fails_otherwise_takes_the_name_away() {
    let probed = |steps: [u32; 2], probe: &[u32]| {
        let mut of = print([0, steps[0], 0, steps[1], 0]);
        of.checks[0].1.insert(9, case(probe));
        of
    };
    let (known, mutant) = (spec("known"), probed([3, 4], &[2]));
    let is_named = |submission: &Fingerprint| compare(submission, &[(&known, &mutant)])[0].behaves_like;
    assert!(is_named(&probed([3, 4], &[2])));
    assert!(!is_named(&probed([3, 4], &[])), "the probe passes");
    assert!(!is_named(&probed([3, 4], &[5])), "it fails elsewhere");
    let passes = probed([3, 4], &[]);
    assert!(!compare(&probed([3, 4], &[2]), &[(&known, &passes)])[0].behaves_like, "nothing explains the probe");
}

#[test]
fn of_a_services_answer_only_what_is_wrong_is_compared() {
    let answers = |answers: &[&str]| {
        let cases = answers.iter().enumerate().map(|(index, answer)| {
            let told = if answer.is_empty() { Vec::new() } else { vec![broken("200 {\"value\": 1}", answer)] };
            let verdict = if answer.is_empty() { Verdict::Pass } else { Verdict::Fail };
            (index, Trait::of(&outcome(verdict, told)))
        });
        Fingerprint { checks: vec![("row".to_owned(), cases.collect())] }
    };
    let (known, mutant) =
        (spec("known"), answers(&["value is 2 in: HTTP/1.1 200 | X: 1 | {}", "HTTP/1.1 404 | at 08:00"]));
    let lone = answers(&["HTTP/1.1 404 | {}", ""]);
    for (why, submission, mutant, is_named) in [
        (
            "other headers, body and time",
            ["value is 2 in: HTTP/1.1 200 | {\"value\":2}", "HTTP/1.1 404 | at 09:00"],
            &mutant,
            true,
        ),
        ("another value", ["value is 3 in: HTTP/1.1 200 | X: 1 | {}", "HTTP/1.1 404 | at 08:00"], &mutant, false),
        ("another status", ["value is 2 in: HTTP/1.1 200 | X: 1 | {}", "HTTP/1.1 400 | at 08:00"], &mutant, false),
        ("one script only", ["value is 2 in: HTTP/1.1 200 | X: 1 | {}", ""], &mutant, false),
        ("a bug that one script shows", ["HTTP/1.1 404 | [1]", ""], &lone, true),
    ] {
        assert_eq!(compare(&answers(&submission), &[(&known, mutant)])[0].behaves_like, is_named, "{why}");
    }
}
