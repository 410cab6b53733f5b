use cachedojo_notation::text::Language;

use crate::event::What;
use crate::french::met_in;
use crate::reference::Reference;
use crate::runner::run;
use crate::script::{Command, Dialect, Expectation, parse};

/// What the last line of a script answers on the reference.
#[track_caller]
fn check(text: &str, shows: &str) {
    let script = parse(text, Dialect::Lab);
    assert_eq!(script.diagnostics, []);
    let events = run(&script, &mut Reference::default(), 0);
    assert_eq!(events.last().expect("an event").what.to_string(), shows, "{text}");
}

#[test]
fn an_answer_is_measured_by_the_ids_of_the_one_before() {
    let ring = "ring new 150\nfor 1..4 ring add n{}\n";
    let then = |rest: &str| format!("{ring}{rest}");
    check(&then("ring where k\nring replicas k 2\nexpect contains those before"), "ok: contains those before");
    check(
        &then("ring replicas k 2\nring where k\nexpect contains those before"),
        "BROKEN: expected contains those before, got n1; before: n1 n2",
    );
    check(
        &then("ring where k\nring replicas k 2\nexpect without those before"),
        "BROKEN: expected without those before, got n1 n2; before: n1",
    );
    check(
        &then("ring where k\nring remove n1\nring where k\nexpect contains those before"),
        "BROKEN: expected contains those before, got n2; before: n1 left",
    );
    check("ring new\nring where k\nring where k\nexpect contains those before", "ok: contains those before");
    check(
        &then("ring where k\nring nodes\nexpect contains \"those\" before"),
        "BROKEN: expected contains \"those\" before, got n1 n2 n3 n4",
    );
}

#[test]
fn no_number_is_too_large_to_compare_with() {
    let (most, least) = (i128::MAX, i128::MIN);
    check(
        &format!("ring new 1\nring add n1\nring spread k 10\nexpect largest < {most}%"),
        &format!("ok: largest < {most}%"),
    );
    check(
        &format!("ring new 1\nring mark k 10\nring add n1\nring moved\nexpect moved <= {least}%"),
        &format!("BROKEN: expected moved <= {least}%, got moved = 100.0%"),
    );
}

#[test]
fn numbers_add_up() {
    let node = "node new 10\nfor 1..7 node set k{} xx\nnode stats\n";
    check(&format!("{node}expect entries+evictions+expired = 7"), "ok: entries+evictions+expired = 7");
    check(
        &format!("{node}expect entries+evictions < 7"),
        "BROKEN: expected entries+evictions < 7, got entries+evictions = 7",
    );
    check(
        &format!("{node}expect entries+lemons = 7"),
        "BROKEN: expected entries+lemons = 7, got hits=0 misses=0 evictions=5 expired=0 bytes=8 entries=2",
    );
}

#[test]
fn wrong_moves_are_named_the_largest_first() {
    let ring = "ring new 150\nfor 1..4 ring add n{}\nring mark k 1000\nring add n5\nring moved\n";
    check(&format!("{ring}expect only to n5"), "ok: only to n5");
    check(
        &format!("{ring}expect only from n2"),
        "BROKEN: expected only from n2, got 119 of 185 moved otherwise: n3->n5=62 n1->n5=31 n4->n5=26",
    );
    check(
        &format!("{ring}expect only from n5"),
        "BROKEN: expected only from n5, got 185 of 185 moved otherwise: n2->n5=66 n3->n5=62 n1->n5=31 …",
    );
}

/// Answers of every kind that an expectation may meet: what makes each, as the end of a script.
const ANSWERS: [(&str, &str); 13] = [
    ("node new 10\nnode get k", "nothing"),
    ("node new 99\nnode set k \"error\"\nnode get k", "\"error\""),
    ("node new 99\nnode set k found\nnode get k", "found"),
    ("node new 10\nnode set k v", "stored"),
    ("node new 10\nnode delete k", "not found"),
    ("node new 10\nnode stats", "hits=0 misses=0 evictions=0 expired=0 bytes=0 entries=0"),
    ("ring new 9\nring where k", "nobody"),
    ("ring new 9\nfor 1..3 ring add n{}\nring nodes", "n1 n2 n3"),
    ("ring new 9\nfor 1..2 ring add n{}\nring where k\nring nodes", "n1 n2"),
    ("ring new 9\nring add n1\nring mark k 9\nring add n2\nring remove n1\nring moved", "moved 9 of 9: n1->n2=9"),
    ("parse \"get\\r\\n\"", "invalid arguments"),
    ("cluster nodes=3\nkill n9", "error: there is no node n9: the nodes are n1 n2 n3"),
    ("line PUT k error\nline GET k", "error"),
];

/// Expectations of every form, and for which of the answers each holds.
const FORMS: [(&str, &[usize]); 22] = [
    ("nothing", &[0]),
    ("\"error\"", &[1, 12]),
    ("error", &[10, 11]),
    ("stored", &[3]),
    ("not found", &[4]),
    ("\"found\"", &[2]),
    ("invalid arguments", &[10]),
    ("error: there is no node n9: the nodes are n1 n2 n3", &[11]),
    ("hits = 0", &[5]),
    ("hits != 0", &[]),
    ("hits + misses < 1", &[5]),
    ("count >= 2", &[7, 8]),
    ("moved = 100%", &[9]),
    ("moved < 5%", &[]),
    ("contains n1 n3", &[7]),
    ("without n3", &[6, 8]),
    ("contains those before", &[8]),
    ("without those before", &[]),
    ("only to n2", &[9]),
    ("only to n1", &[]),
    ("only from n1", &[9]),
    ("n1 n2", &[8]),
];

/// Whether an expectation holds for the answer of a script.
#[track_caller]
fn holds(script: &str, expected: &str) -> bool {
    let text = format!("{script}\nexpect {expected}");
    let parsed = parse(&text, Dialect::Lab);
    assert_eq!(parsed.diagnostics, [], "{text}");
    let last = run(&parsed, &mut Reference::default(), 0).pop().expect("an event").what;
    assert!(matches!(last, What::Held { .. } | What::Broken { .. }), "{text}: {last}");
    matches!(last, What::Held { .. })
}

#[track_caller]
fn read(expected: &str) -> Expectation {
    let parsed = parse(&format!("node new 9\nnode get k\nexpect {expected}"), Dialect::Lab);
    assert_eq!(parsed.diagnostics, [], "{expected}");
    match parsed.commands.into_iter().next_back().map(|step| step.command) {
        Some(Command::Expect(expectation)) => expectation,
        other => panic!("{expected}: {other:?}"),
    }
}

#[test]
fn a_word_means_the_same_alone_after_not_and_in_any_of() {
    for (number, (script, answer)) in ANSWERS.into_iter().enumerate() {
        let events = run(&parse(script, Dialect::Lab), &mut Reference::default(), 0);
        let answers: Vec<What> = events.into_iter().map(|event| event.what).filter(What::is_answer).collect();
        let (last, before) = answers.split_last().map(|(last, before)| (last, before.last())).expect("an answer");
        assert_eq!(last.to_string(), answer, "{script}");
        let holds = |expected: &str| read(expected).check(last, before).is_ok();
        let all = FORMS.map(|(form, which)| (form, which.contains(&number)));
        for (form, is_so) in all {
            for (written, expected) in [
                (form.to_owned(), is_so),
                (format!("not {form}"), !is_so),
                (format!("not not {form}"), is_so),
                (format!("any of {form}"), is_so),
                (format!("not any of {form}"), !is_so),
                (format!("any of not {form}"), !is_so),
                (format!("any of any of {form}"), is_so),
                (format!("any of elsewhere | {form}"), is_so),
                (format!("any of {form} | not {form}"), true),
                (format!("not any of {form} | elsewhere"), !is_so),
                (format!("any of elsewhere | not any of {form}"), !is_so),
            ] {
                assert_eq!(holds(&written), expected, "expect {written} of {answer}");
            }
        }
        for pair in all.windows(2) {
            let either = format!("any of {} | {}", pair[0].0, pair[1].0);
            assert_eq!(holds(&either), pair[0].1 || pair[1].1, "{either} of {answer}");
        }
    }
}

#[test]
fn a_whole_answer_over_http_can_be_refused_too() {
    let script = "http PUT /api/v1/cache/a/k {\"value\": \"a b\"}\nhttp GET /api/v1/cache/a/k";
    for (expected, is_so) in [
        ("http 200 {\"value\": \"a b\"}", true),
        ("not http 200 {\"value\": \"a b\"}", false),
        ("not http 200 {\"value\": \"a  b\"}", true),
        ("not http 404", true),
        ("not not http 404|200", true),
    ] {
        assert_eq!(holds(script, expected), is_so, "{expected}");
    }
    check(
        &format!("{script}\nexpect not http 200"),
        "BROKEN: expected not http 200, got HTTP/1.1 200 OK | X-Cache-Hit: true | X-Cache-TTL: 3600 | \
         {\"value\":\"a b\",\"metadata\":{\"ttl_remaining\":3600,\"created_at\":\"2026-01-01T00:00:00Z\",\
         \"last_accessed\":\"2026-01-01T00:00:00Z\",\"access_count\":1,\"size_bytes\":5}}",
    );
}

#[test]
fn ids_are_looked_for_in_lists_and_a_value_is_told_to_be_none() {
    let node = "node new 99\nnode set k \"v w\"\nnode get k\n";
    for (expected, told) in [
        ("contains v", "BROKEN: expected contains v, got \"v w\", which is no list of ids"),
        ("without x", "BROKEN: expected without x, got \"v w\", which is no list of ids"),
        ("not contains v", "ok: not contains v"),
    ] {
        check(&format!("{node}expect {expected}"), told);
    }
    check("ring new 9\nring where k\nexpect contains n1", "BROKEN: expected contains n1, got nobody");
    check("node new 9\nnode get k\nexpect contains n1", "BROKEN: expected contains n1, got nothing");
    assert_eq!(met_in("v, which is no list of ids", Language::French), "v, qui n'est pas une liste d'ids");
}

#[test]
fn what_was_looked_at_is_shown_if_it_is_one_thing() {
    let ring = "ring new 150\nfor 1..4 ring add n{}\nring spread k 100\n";
    check(&format!("{ring}expect not keys = 100"), "BROKEN: expected not keys = 100, got keys = 100");
    check(
        &format!("{ring}expect any of keys = 1 | keys > 100"),
        "BROKEN: expected any of keys = 1 | keys > 100, got keys = 100",
    );
    check(
        &format!("{ring}expect any of nodes = 1 | keys > 100"),
        "BROKEN: expected any of nodes = 1 | keys > 100, got 100 keys: n1=16 n2=28 n3=33 n4=23",
    );
}

#[test]
fn thousands_of_words_are_read_and_compared_in_a_loop() {
    let nots = "not ".repeat(100_000);
    assert!(holds("node new 9\nnode get k", &format!("{nots}nothing")));
    assert!(!holds("node new 9\nnode get k", &format!("{nots}not nothing")));
    assert!(holds("node new 9\nnode get k", &format!("{}nothing", "any of ".repeat(100_000))));
    assert!(holds("node new 9\nnode get k", &format!("any of {}nothing", "x | ".repeat(10_000))));
}
