//! Scripts: text in four dialects, one command a line. [`parse`] never fails: a line that it cannot read becomes a
//! [`Diagnostic`] with a byte span, and the other lines still run.

mod advice;
pub(crate) mod args;
pub mod colour;
mod command;
pub mod expect;
mod fork;
mod guess;
mod help;
pub mod http;
mod lab;
pub(crate) mod mistake;
mod parsed;
mod requests;
pub(crate) mod token;
mod words;

use cachedojo_notation::text;
use cachedojo_wire::{ExtraRequest, Request};

pub use crate::families::COMMANDS;
pub use advice::advise;
pub use args::Entry;
pub use command::Command;
pub use expect::{Expectation, Matcher};
pub use fork::fork;
pub use guess::likely_dialect;
pub use help::{Help, help};
pub use mistake::Mistake;
pub use parsed::{Build, COMMANDS_MAX, Diagnostic, Dialect, EXPANDED_BYTES_MAX, LINES_MAX, Script, Step, without_mark};

use parsed::{Line, lines};
use requests::beginnings;

/// Parses a script. Never fails, never panics. Cost: O(text + commands).
pub fn parse(text: &str, dialect: Dialect) -> Script {
    let mut script = Script { dialect, commands: Vec::new(), diagnostics: Vec::new(), expanded_bytes: 0, answers: 0 };
    let mut memcached = Vec::new();
    for Line { number: line, start, raw, content } in lines(text) {
        if line > LINES_MAX {
            let span = start..start + raw.len();
            script.diagnostics.push(Diagnostic { line, span, mistake: Mistake::TooLong });
            break;
        }
        match dialect {
            Dialect::Line => script.ask(line, content, ExtraRequest::Line(content.to_owned())),
            Dialect::Memcached => {
                // The line end is part of the protocol; a script's last line gets one too.
                let bytes = if raw.ends_with('\n') { raw.into() } else { format!("{raw}\r\n") };
                memcached.push((line, content, text::to_bytes(&bytes)));
            }
            Dialect::Rest if content.trim().is_empty() => {}
            Dialect::Rest => script.ask(line, content, ExtraRequest::Rest(content.to_owned())),
            Dialect::Lab => lab::read_line(&mut script, line, start, content),
        }
    }
    script.ask_memcached(memcached);
    script
}

/// [`parse`] without what follows the end of a protocol's session, which nobody answers. Cost: O(text + commands).
pub fn parse_session(text: &str, dialect: Dialect) -> Script {
    let mut script = parse(text, dialect);
    if let Some(end) = advice::session_end(text, dialect) {
        let answered = script.commands.partition_point(|step| step.line <= end);
        script.commands.truncate(answered);
    }
    script
}

impl Script {
    /// One command for each request: a value is part of the command that announces it.
    fn ask_memcached(&mut self, lines: Vec<(u32, &str, Vec<u8>)>) {
        let (heads, bytes): (Vec<_>, Vec<_>) =
            lines.into_iter().map(|(line, source, bytes)| ((line, source), bytes)).unzip();
        let mut request = Vec::new();
        let mut head = None;
        for ((next, begins), more) in heads.into_iter().zip(beginnings(&bytes)).zip(bytes) {
            if begins && let Some((line, source)) = head.replace(next) {
                self.ask(line, source, ExtraRequest::Memcached(std::mem::take(&mut request)));
            }
            request.extend(more);
        }
        if let Some((line, source)) = head {
            self.ask(line, source, ExtraRequest::Memcached(request));
        }
    }

    fn ask(&mut self, line: u32, source: &str, request: ExtraRequest) {
        let command = Command::Ask(Request::Extra(request));
        self.commands.push(Step { line, source: source.to_owned(), command });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachedojo_notation::text::Language;

    /// The message of a lab script's only mistake, and the text that it marks.
    #[track_caller]
    fn check_mistake(text: &str, at: &str, message: &str) {
        let script = parse(text, Dialect::Lab);
        let [diagnostic] = script.diagnostics.as_slice() else {
            panic!("one mistake in {text:?}: {:?}", script.diagnostics)
        };
        assert_eq!(&text[diagnostic.span.clone()], at, "{text}");
        assert_eq!(diagnostic.mistake.message(Language::English), message);
        assert_ne!(diagnostic.mistake.message(Language::French), message);
    }

    #[test]
    fn the_mark_before_a_text_is_none_of_it() {
        for (dialect, text) in [
            (Dialect::Line, "PUT a b\nGET a\n"),
            (Dialect::Line, "PUT a b\r\nGET a\r\n"),
            (Dialect::Memcached, "set a 0 0 1\r\nb\r\n"),
            (Dialect::Rest, "GET /api/v1/cache/a"),
            (Dialect::Lab, "node new 10\nnode get a"),
            (Dialect::Lab, "for 1..2 node get {}\r\n"),
            (Dialect::Lab, "# a comment\nring new"),
            (Dialect::Lab, ""),
        ] {
            let (plain, marked) = (parse(text, dialect), parse(&format!("\u{feff}{text}"), dialect));
            assert_eq!(plain.commands, marked.commands, "{text:?}");
            assert!(marked.diagnostics.is_empty(), "{text:?}: {:?}", marked.diagnostics);
        }
        check_mistake("\u{feff}tikc", "tikc", "`tikc` is no command; did you mean `tick`?");
    }

    #[test]
    fn every_mistake_is_named_where_it_stands() {
        check_mistake("nodd get k", "nodd", "`nodd` is no command; did you mean `node get`?");
        check_mistake(
            "blah",
            "blah",
            "`blah` is no command; a line begins with one, such as `node`, `ring`, `cluster`, `line`, `mc`, `http`, `tick` or \
             `expect`.",
        );
        check_mistake("wall clock", "wall clock", "`wall clock` is no command; write `wall jump`.");
        check_mistake(
            "get k",
            "get",
            "`get` is no command; did you mean `read`, `node get`, `cluster get` or `line GET`?",
        );
        check_mistake("node gte k", "node gte", "`node gte` is no command; did you mean `node get`?");
        check_mistake("node de", "node de", "`node de` is no command; did you mean `node get`?");
        check_mistake("ring  in x", "ring  in", "`ring in` is no command; did you mean `ring add`?");
        check_mistake("tikc 5s", "tikc", "`tikc` is no command; did you mean `tick`?");
        check_mistake("node get", "t", "<key> is missing here; write `node get <key>`.");
        check_mistake("node get # é", "t", "<key> is missing here; write `node get <key>`.");
        check_mistake("node set é", "é", "<value> is missing here; write `node set <key> <value> [ttl <duration>]`.");
        check_mistake(
            "node get a b",
            "b",
            "Nothing may follow here: the command is `node get <key>`; put a value with spaces in \"quotes\".",
        );
        check_mistake("node incr a x", "x", "`x` is not a whole number in range; write digits, such as 42.");
        check_mistake(
            "node new 9\nnode stats\nexpect hits = ?",
            "?",
            "Put the answer that you expect in the place of the `?`.",
        );
        let blank = "Put the answer that you expect in the place of the `?`.";
        for expected in ["?", "not ?", "contains ?", "any of a | ?", "a ?", "moved ?", "hits + misses ?"] {
            check_mistake(&format!("node new 9\nnode stats\nexpect {expected}"), "?", blank);
        }
        check_mistake("tick 5", "5", "`5` is not a duration; write a number and ms, s, m, h or d, as 9.9s.");
        check_mistake("node new 5x", "5x", "`5x` is not a size in bytes; write 100, 4KiB or 1MiB.");
        check_mistake("node new 5 mru", "mru", "`mru` is not an eviction policy; choose lru, lfu, fifo or ttl.");
        check_mistake("node get \"a", "\"a", "This quote is never closed; end the text with another \".");
        check_mistake(
            "node get \"\\q\"",
            "\\q",
            "`\\q` is no escape; use \\n, \\r, \\t, \\\\, \\\", \\x41 or \\u{e9}, and write a lone backslash twice.",
        );
        check_mistake(
            "expect 5",
            "expect 5",
            "There is no answer to look at yet; put `expect` after a command that answers.",
        );
        check_mistake(
            "ring new\nexpect contains those before",
            "expect contains those before",
            "There is no answer before the last one yet; put the command whose ids are meant in front of the last one.",
        );
        check_mistake(
            "for 1-3 stats",
            "1-3 stats",
            "`1-3` is not a range; write two numbers, as 1..10 (both ends count).",
        );
        check_mistake("for", "", "`` is not a range; write two numbers, as 1..10 (both ends count).");
        check_mistake("for 1..2", "1..2", "<command> is missing here; write `for <first>..<last> <command with {}>`.");
        check_mistake(
            "for 1..3 for 1..2 stats",
            "1..3 for 1..2 stats",
            "A `for` cannot stand inside a `for`; write two lines.",
        );
        check_mistake(
            "node set k 99999999*x",
            "99999999*x",
            "This value is larger than 8 MiB; make the repetition shorter.",
        );
        check_mistake(
            "for 1..99 node set k{} 8000000*x",
            "1..99 node set k{} 8000000*x",
            "The script is longer than 200,000 commands or 64 MiB of values and repetitions; what follows is left out, so split it.",
        );
        check_mistake(
            "node set k 99999999999999999999*x",
            "99999999999999999999*x",
            "This value is larger than 8 MiB; make the repetition shorter.",
        );
        check_mistake(
            "node get k\nexpect 99999999*x",
            "99999999*x",
            "This value is larger than 8 MiB; make the repetition shorter.",
        );
        check_mistake("for 3..1 stats", "3..1", "This range ends before it begins, so nothing would run; write 1..3.");
        check_mistake(
            "node get k\nexpect any of http 200 | nothing",
            "http",
            "`http` cannot be a choice of `any of`; write `expect http 200|201 …`, or \"http\" in quotes if it is text.",
        );
        check_mistake("cluster new rf=x", "rf=x", "`x` is not a whole number in range; write digits, such as 42.");
        check_mistake(
            "ring new 99999999",
            "99999999",
            "`99999999` is not a whole number in range; write digits, such as 42.",
        );
    }

    #[test]
    fn an_argument_that_is_wrong_is_told_what_it_may_be() {
        let usage = "write <key> <value> [ttl=<duration>] [tag=<word>] [level=one|quorum|all] [via=<node>]";
        for (line, at, message) in [
            (
                "write k v level=Quorum",
                "level=Quorum",
                "`Quorum` is no value of `level`; write `level=one|quorum|all`.",
            ),
            ("write k v level=", "level=", "`` is no value of `level`; write `level=one|quorum|all`."),
            ("write k v via=N1", "via=N1", "`N1` names no node; write n1 to n63."),
            ("read k via=n0", "via=n0", "`n0` names no node; write n1 to n63."),
            ("write k v ttl=10", "ttl=10", "`10` is not a duration; write a number and ms, s, m, h or d, as 9.9s."),
            ("write k v ttl=-1s", "ttl=-1s", "`-1s` is not a duration; write a number and ms, s, m, h or d, as 9.9s."),
            ("write k v tag=", "tag=", "`` is no value of `tag`; write `tag=<word>`."),
            ("write k v level=one level=all", "level=all", "`level` stands here twice; write it once."),
            ("write k level=one level=all", "", ""),
            ("cluster nodes=3 rf=10", "rf=10", "`10` is no value of `rf`; write `rf=<1-9>`."),
            ("cluster nodes=17", "nodes=17", "`17` is no value of `nodes`; write `nodes=<1-16>`."),
            ("cluster nodes=3 nodes=4", "nodes=4", "`nodes` stands here twice; write it once."),
            ("cluster nodes=3 memory=0", "memory=0", "`0` is no value of `memory`; write `memory=<size>`."),
            ("cluster nodes=3 memory=x", "memory=x", "`x` is not a size in bytes; write 100, 4KiB or 1MiB."),
            ("cluster nodes=3 seed=abc", "seed=abc", "`abc` is not a whole number in range; write digits, such as 42."),
            ("cluster nodes=3 haste=maybe", "haste=maybe", "`maybe` is no value of `haste`; write `haste=yes|no`."),
            ("cluster nodes=3 haste=no", "", ""),
            ("cluster new rf=2 rf=3", "rf=3", "`rf` stands here twice; write it once."),
            ("restart n1 with=disk", "with=disk", "`disk` is no value of `with`; write `with=nothing`."),
            ("join n4 weight=9", "weight=9", "`9` is no value of `weight`; write `weight=<1-8>`."),
            ("block n1->n2", "", ""),
            ("block n1 -> n2", "", ""),
            ("block n1-> n2", "", ""),
            ("delay n1 ->n2 5s", "", ""),
            ("delay n1 n2 5s", "n1", "`n1` is no way from a node to another; write n1->n2."),
            ("block n1 ->", "n1 ->", "`n1->` is no way from a node to another; write n1->n2."),
            ("block n1->n64", "n1->n64", "`n64` names no node; write n1 to n63."),
            ("invalidate user:[ab]*", "", ""),
            ("invalidate tag:hot", "", ""),
            (
                "invalidate a:b[",
                "a:b[",
                "`a:b[` selects nothing; write user:*, user:[ab]*, tag:hot, namespace:user or a key.",
            ),
            (
                "invalidate tag:",
                "tag:",
                "`tag:` selects nothing; write user:*, user:[ab]*, tag:hot, namespace:user or a key.",
            ),
            ("invalidate tag:[", "", ""),
        ] {
            if message.is_empty() {
                assert_eq!(parse(line, Dialect::Lab).diagnostics, [], "{line}");
            } else {
                check_mistake(line, at, message);
            }
        }
        check_mistake(
            "write k two words",
            "words",
            &format!("`words` is not an option here; write `{usage}`; put a value with spaces in \"quotes\"."),
        );
        check_mistake(
            "write k v levle=one",
            "levle=one",
            &format!("`levle=one` is not an option here; write `{usage}`."),
        );
    }

    #[test]
    fn a_sum_is_a_sum_with_spaces_or_without_and_words_stay_words() {
        for (words, is_sum) in [
            ("hits+misses = 0", true),
            ("hits + misses = 0", true),
            ("hits +misses= = 0", false),
            ("hits+mi sses = 0", false),
            ("hits + foo = 0", false),
            ("hits misses = 0", false),
            ("not hits = 0", false),
        ] {
            let script = parse(&format!("node stats\nexpect {words}"), Dialect::Lab);
            let found = match &script.commands.last().expect("a command").command {
                Command::Expect(Expectation { matcher: Matcher::Field { name, .. }, .. }) => name == "hits+misses",
                _ => false,
            };
            assert_eq!(found, is_sum, "{words}");
        }
    }

    #[test]
    fn a_few_letters_never_stand_for_more_than_a_script_may_hold() {
        let too_long = |text: &str| {
            let script = parse(text, Dialect::Lab);
            let bytes: usize = script.commands.iter().map(|step| step.source.len()).sum();
            assert!(bytes <= EXPANDED_BYTES_MAX && script.commands.len() <= COMMANDS_MAX);
            matches!(script.diagnostics.as_slice(), [Diagnostic { mistake: Mistake::TooLong, .. }])
        };
        // Without the bound none of these would end in reasonable time or memory.
        assert!(!too_long("for 0..4294967295 # nothing"));
        assert!(too_long("for 0..4294967295 stats"));
        assert!(too_long(&format!("for 1..100000 http GET /{{}}{}", "x".repeat(8 << 20))));
        let parsed = parse("for\t1..3\tnode get k{}\nfor 4294967295..4294967295 node get k{}", Dialect::Lab);
        let sources: Vec<_> = parsed.commands.iter().map(|step| step.source.as_str()).collect();
        assert_eq!(sources, ["node get k1", "node get k2", "node get k3", "node get k4294967295"]);
        // Looking for the answer of an `expect` must not visit every command before it.
        assert!(!too_long("node get a\nfor 1..99999 tick 1ms\nfor 1..100000 expect nothing"));
        assert_eq!(parse(&"x".repeat(1 << 20), Dialect::Lab).diagnostics.len(), 1);
    }

    #[test]
    fn a_mistake_costs_its_line_only() {
        let script = parse("node new 100\nnode gte k\n\n# comment\nnode get k # after", Dialect::Lab);
        assert_eq!(script.commands.iter().map(|step| step.line).collect::<Vec<_>>(), [1, 5]);
        assert_eq!(script.diagnostics[0].line, 2);
    }

    #[test]
    fn the_protocols_take_every_line_as_it_is() {
        let lines = |text, dialect| parse(text, dialect).commands.len();
        assert_eq!(lines("PUT a b\n\n# no comment\nEXIT\n", Dialect::Line), 4);
        assert_eq!(lines("PUT a b\r\nEXIT", Dialect::Line), 2);
        let sources =
            parse("PUT a b\r\nPUT a b\r\r\nEXIT\r", Dialect::Line).commands.into_iter().map(|step| step.source);
        assert!(sources.eq(["PUT a b", "PUT a b\r", "EXIT\r"]));
        assert_eq!(lines("GET /health\n\n", Dialect::Rest), 1);
        let heads = parse("set a 0 0 5\nhello\nget a", Dialect::Memcached).commands.into_iter();
        assert!(heads.map(|step| (step.line, step.source)).eq([(1, "set a 0 0 5".into()), (3, "get a".into())]));
        assert_eq!(lines("", Dialect::Line), 0);
    }

    #[test]
    fn a_session_ends_where_its_protocol_says() {
        for (dialect, text, expected) in [
            (Dialect::Line, "PUT a 1\nEXIT\nGET a\n\nblah", 2),
            (Dialect::Line, "PUT a 1\nEXIT now\nGET a", 3),
            (Dialect::Memcached, "set a 0 0 5\nquit!\nget a\nquit\nget a", 3),
            (Dialect::Rest, "GET /health\nEXIT", 2),
            (Dialect::Lab, "line EXIT\nline GET a\nmc quit\nmc get a\nnode stats", 5),
        ] {
            assert_eq!(parse_session(text, dialect).commands.len(), expected, "{text:?}");
        }
    }

    #[test]
    fn no_text_makes_the_parser_fail() {
        let mut random = cachedojo::random::Random::new(7);
        let pieces = [
            "node",
            "set",
            "ring",
            "add",
            "\"",
            "\\",
            "\\x",
            "40*x",
            "for",
            "1..3",
            "{}",
            " ",
            "é",
            "\n",
            "\r\n",
            "expect",
            "=",
            "%",
            "any of",
            "|",
            "#",
            "wall jump",
            "-",
            "🦀",
            "\u{0}",
            "ttl",
            "5s",
            "\nmc ",
            "\nline ",
            "\nhttp ",
            "EXIT",
            "a 0 0 2",
        ];
        for _ in 0..10_000 {
            let text: String = (0..random.below(12)).map(|_| *random.pick(&pieces)).collect();
            for dialect in Dialect::ALL {
                for diagnostic in parse(&text, dialect).diagnostics.into_iter().chain(advise(&text, dialect)) {
                    assert!(text.get(diagnostic.span.clone()).is_some(), "{text:?} {diagnostic:?}");
                }
            }
        }
    }
}
