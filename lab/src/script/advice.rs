//! Why a protocol will answer a line with an error. The protocols' answers are only a word or two, and the line protocol's is the
//! same for every mistake, so a learner cannot see from them what is wrong.

mod protocols;

use super::command::Command;
use super::expect::doubt::doubt;
use super::expect::{Expectation, Matcher};
use super::lab;
use super::mistake::{Fault, Mistake};
use super::parsed::{Diagnostic, Dialect, Line, lines};
use super::token::{Token, read_tokens};
use crate::event::FIELDS;
use crate::families::cluster::ClusterCommand;
use cachedojo::protocol::rest;
use cachedojo_wire::{ExtraRequest, Request};
use protocols::{Place, Quoted, is_read};

/// The lines of a protocol that are not requests, each with its reason, in order of place; in the `lab` language too. They are
/// executed all the same, and answered as the protocol says, but for those below the end of a session. Of the `lab` language also
/// what is probably meant otherwise: expectations that no answer can hold, and more copies than nodes. Its mistakes
/// [`super::parse`] reports. Cost: O(text).
pub fn advise(text: &str, dialect: Dialect) -> Vec<Diagnostic> {
    if dialect == Dialect::Lab {
        return advise_lab(text);
    }
    let mut found = protocols::advise(text, dialect).found;
    // Between requests a script of the REST API may have blank lines.
    found.retain(|one| one.mistake != Mistake::Rest(rest::LineMistake::Blank));
    found
}

/// The line that ends the session of a protocol's script: nobody answers those below it. Cost: O(text).
pub(super) fn session_end(text: &str, dialect: Dialect) -> Option<u32> {
    if dialect == Dialect::Lab { None } else { protocols::advise(text, dialect).end }
}

fn advise_lab(script: &str) -> Vec<Diagnostic> {
    let mut advice = Vec::new();
    let mut quoted = [Dialect::Line, Dialect::Memcached, Dialect::Rest].map(Quoted::new);
    let [of_line, of_memcached, of_rest] = &mut quoted;
    for Line { number, start, content, .. } in lines(script).take_while(is_read) {
        if !matches!(
            content.split_whitespace().next(),
            Some("expect" | "always" | "cluster" | "line" | "mc" | "http" | "for")
        ) {
            continue;
        }
        let Some((command, turn)) = lab::first_command(content) else { continue };
        let doubtful = match command {
            Command::Ask(Request::Extra(request)) => {
                let (quoted, said) = match request {
                    ExtraRequest::Line(said) => (&mut *of_line, said),
                    ExtraRequest::Memcached(said) => (&mut *of_memcached, String::from_utf8(said).unwrap_or_default()),
                    ExtraRequest::Rest(said) => (&mut *of_rest, said),
                    _ => continue,
                };
                let said = said.trim_end_matches("\r\n");
                // Of a `for` the first turn is looked at, and its whole command marked.
                let place = turn.map_or(Place::At(start + content.len() - said.len()), |turn| {
                    Place::Whole(start + turn.start..start + turn.end)
                });
                quoted.add(number, place, said);
                continue;
            }
            _ if turn.is_some() => None,
            Command::Expect(Expectation { matcher, .. }) | Command::Always(Expectation { matcher, .. }) => {
                unknown_number(&matcher, content).or_else(|| {
                    let tokens = read_tokens(content).ok()?;
                    doubt(tokens.get(1..).filter(|_| !matches!(matcher, Matcher::Http(_)))?)
                })
            }
            Command::World(ClusterCommand::Make(setup)) if setup.copies > usize::from(setup.nodes) => {
                let is_copies = |token: &Token| token.raw.starts_with("rf=");
                let token = read_tokens(content).ok().and_then(|tokens| tokens.into_iter().find(is_copies));
                token.map(|token| (token.span, Mistake::Copies { copies: setup.copies, nodes: setup.nodes }))
            }
            _ => None,
        };
        if let Some((span, mistake)) = doubtful {
            advice.push(Diagnostic { line: number, span: start + span.start..start + span.end, mistake });
        }
    }
    quoted.into_iter().map(Quoted::advise).fold(advice, merged)
}

/// Two lists in order of lines as one. (A sort is several thousand bytes of a page's module.)
fn merged(one: Vec<Diagnostic>, other: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    let mut all = Vec::new();
    loop {
        let [this, that] = [&mut one, &mut other].map(|list| list.peek().map(|next| next.line));
        let is_later = that.is_some_and(|that| this.is_none_or(|this| that < this));
        let Some(next) = (if is_later { other.next() } else { one.next() }) else { return all };
        all.push(next);
    }
}

/// The name of a number that no answer has.
fn unknown_number(matcher: &Matcher, content: &str) -> Option<Fault> {
    let names = matcher.parts().iter().flat_map(Matcher::parts).filter_map(|part| match part {
        Matcher::Field { name, .. } => Some(name.split('+')),
        _ => None,
    });
    let found = names.flatten().find(|name| !FIELDS.contains(name))?;
    let at = content.find(found).unwrap_or(0);
    Some((at..at + found.len(), Mistake::Field { found: found.to_owned() }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use cachedojo_notation::text::Language;

    #[test]
    fn the_list_of_numbers_has_those_that_answers_have() {
        let source = include_str!("../event.rs");
        let (_, from) = source.split_once("pub fn field(").expect("the function is there");
        let (body, _) = from.split_once("\n    }\n").expect("it ends");
        let is_name = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
        let known: BTreeSet<&str> = body.split('"').skip(1).step_by(2).filter(is_name).collect();
        assert_eq!(known, BTreeSet::from(FIELDS));
    }

    /// The lines with advice: each one's marked text, and the advice's first words.
    #[track_caller]
    fn check(dialect: Dialect, text: &str, expected: &[(u32, &str, &str)]) {
        let advice = advise(text, dialect);
        let found: Vec<_> = advice.iter().map(|one| (one.line, &text[one.span.clone()])).collect();
        assert_eq!(found, expected.iter().map(|&(line, at, _)| (line, at)).collect::<Vec<_>>(), "{text:?}");
        for (one, &(.., words)) in advice.iter().zip(expected) {
            let message = one.mistake.message(Language::English);
            assert!(message.starts_with(words), "{message}");
            assert_ne!(one.mistake.message(Language::French), message);
        }
    }

    #[test]
    fn a_line_that_is_answered_with_error_is_told_why() {
        check(
            Dialect::Line,
            "PUT é 1\n\nPUT a\nget a\r\nEXIT now\nGET a\nEXIT\nget b",
            &[
                (1, "é", "A key has only"),
                (2, "", "The line is empty"),
                (3, "", "The value is missing"),
                (4, "get", "This is no command"),
                (5, " now", "The command is complete"),
                (8, "get b", "This is not run: the session ends at line 7."),
            ],
        );
    }

    #[test]
    fn a_request_that_is_refused_is_told_why_wherever_its_data_ends() {
        check(
            Dialect::Memcached,
            "set a 0 0 5\nhello\nfoo\nset b 0 0 2\nlong\nincr a x\nquit\nbar\n\nquit",
            &[
                (3, "foo", "This is no command"),
                (5, "long", "The value has not"),
                (6, "x", "The amount is a number"),
                (8, "bar", "This is not run: the session ends at line 7."),
                (10, "quit", "This is not run"),
            ],
        );
        check(Dialect::Memcached, "set k 0 0 2\nhello\nget k", &[(2, "hell", "The value has not")]);
        check(Dialect::Memcached, "get a", &[]);
        check(Dialect::Memcached, "gte a", &[(1, "gte", "This is no command")]);
        check(Dialect::Memcached, "set a 0 0 5\nhel", &[(1, "set a 0 0 5", "The value is missing or too short")]);
        check(
            Dialect::Memcached,
            "set a 0 0 5\nhell\nget a\nset c 0 0 2",
            &[(2, "hell", "The value has not"), (4, "set c 0 0 2", "The value is missing")],
        );
        check(
            Dialect::Memcached,
            "set a 0 0 2\nlong\nfoo",
            &[(2, "long", "The value has not"), (3, "foo", "This is no command")],
        );
    }

    #[test]
    fn a_line_that_is_no_http_request_is_told_why() {
        check(
            Dialect::Rest,
            "GET /health\n\nget /health\nGET health",
            &[(3, "get", "A request begins"), (4, "health", "A path begins")],
        );
    }

    #[test]
    fn a_request_that_is_refused_whatever_is_stored_is_told_why() {
        check(
            Dialect::Rest,
            "PATCH /api/v1/cache/n/k\nPUT /api/v1/cache/n/k {\"value\":\nPUT /api/v1/cache/n/k {\"ttl\": 1}\n\
             PUT /api/v1/cache/n/k\nGET /api/v1/cache/n%20m/k\nGET /nowhere\nDELETE /api/v1/cache/n?pattern=\n\
             PUT /api/v1/namespaces/n {\"eviction_policy\": \"LIFO\"}\nGET /api/v1/cache/n/none\n\
             PUT /api/v1/cache/n/%0A {\"value\": 1}\nDELETE /api/v1/cache/n/%0A\n\
             POST /api/v1/cache/n/mget {\"keys\": [\"\"]}\n\
             POST /api/v1/cache/n/mset {\"entries\": [{\"key\": \"\", \"value\": 1}]}",
            &[
                (1, "PATCH", "This path does not take that method: write DELETE or GET or PUT."),
                (2, "{\"value\":", "The body is missing or no JSON"),
                (3, "{\"ttl\": 1}", "The value is missing"),
                (4, "/api/v1/cache/n/k", "The body is missing or no JSON"),
                (5, "/api/v1/cache/n%20m/k", "A namespace has"),
                (6, "/nowhere", "There is no such path"),
                (7, "/api/v1/cache/n?pattern=", "The pattern or the tag"),
                (8, "{\"eviction_policy\": \"LIFO\"}", "There is no such policy"),
                (10, "/api/v1/cache/n/%0A", "A key has"),
                (11, "/api/v1/cache/n/%0A", "A key has"),
                (12, "{\"keys\": [\"\"]}", "A key has"),
                (13, "{\"entries\": [{\"key\": \"\", \"value\": 1}]}", "A key has"),
            ],
        );
    }

    #[test]
    fn a_protocols_line_in_the_lab_language_is_told_as_in_its_own() {
        for (name, dialect, said) in [
            ("line", Dialect::Line, &["PUT é 1", "PUT a", " get a", "EXIT now", "", "EXIT", "GET a", "blah"][..]),
            ("mc", Dialect::Memcached, &["set a 0 0 2", "long", "foo", "get", "incr a x", "quit", "get a"]),
            ("mc", Dialect::Memcached, &["set a 0 0 12", "hello", "world", "gte", "set k 0 0 9"]),
            ("http", Dialect::Rest, &["PATCH /api/v1/cache/n/k", "DELETE", "PUT /api/v1/cache/n/k {", "GET /health"]),
        ] {
            // The lab language ends each line as the protocols do.
            let own = said.join("\r\n");
            let lab: Vec<_> = said.iter().map(|line| format!(" {name} {line}")).collect();
            let lab = lab.join("\n");
            let marked = |text: &str, dialect| -> Vec<_> {
                let told = advise(text, dialect).into_iter();
                told.map(|one| (one.line, text[one.span.clone()].to_owned(), one.mistake)).collect()
            };
            assert!(!marked(&own, dialect).is_empty());
            assert_eq!(marked(&lab, Dialect::Lab), marked(&own, dialect), "{lab}");
        }
        check(
            Dialect::Lab,
            "# é\nline EXIT\nmc get é\nline GET a\nfor 1..3 mc foo {}\nhttp\nfor 1..2 line GET k{}\nfor 1..2 # line",
            &[
                (4, "GET a", "This is not run: the session ends at line 2. Move"),
                (5, "mc foo {}", "This is no command"),
                (6, "", "The line is empty"),
                (7, "line GET k{}", "This is not run: the session ends at line 2."),
            ],
        );
    }

    #[test]
    fn the_lab_language_has_its_own_diagnostics() {
        check(Dialect::Lab, "nodd\nnode stats\nexpect hits >= 0\nexpect foo", &[]);
        check(
            Dialect::Lab,
            "node stats\n expect hits+foo >= 0\nalways bar < 1\nexpect not any of hits = 1 | fooo = 2",
            &[
                (2, "foo", "No answer has a number named `foo`"),
                (3, "bar", "No answer has"),
                (4, "fooo", "No answer has"),
            ],
        );
    }

    #[test]
    fn an_expectation_that_is_text_and_looks_like_more_is_doubted() {
        for (expected, at, meant) in [
            ("contians n1", "contians", "contains <id>…"),
            ("Contains n1", "Contains", "contains <id>…"),
            ("contains", "contains", "contains <id>…"),
            ("withuot n1 n2", "withuot", "without <id>…"),
            ("not", "not", "not <answer>"),
            ("nto v", "nto", "not <answer>"),
            ("NOT v", "NOT", "not <answer>"),
            ("not contians n1", "contians", "contains <id>…"),
            ("any of nothing | contians n1", "contians", "contains <id>…"),
            ("nothing | v", "nothing", "any of <a> | <b>"),
            ("only n1", "only", "only to <id>"),
            ("only to", "only", "only to <id>"),
            ("onyl to n1", "onyl", "only to <id>"),
            ("eror", "eror", "error"),
            ("hits=3", "hits=3", "hits = 3"),
            ("not hits =3", "hits =3", "hits = 3"),
            ("moved 5%", "moved 5%", "moved = 5%"),
        ] {
            let text = format!("node stats\nexpect {expected}");
            let advice = advise(&text, Dialect::Lab);
            let [one] = advice.as_slice() else { panic!("{expected}: {advice:?}") };
            let message = one.mistake.message(Language::English);
            assert_eq!(&text[one.span.clone()], at, "{expected}");
            assert!(message.contains(&format!("`{meant}`")), "{expected}: {message}");
            assert_ne!(one.mistake.message(Language::French), message);
        }
        for expected in [
            "not found",
            "nothing",
            "error",
            "ERROR",
            "ERR 4",
            "v",
            "value",
            "n1 n2",
            "hits=0 misses=0",
            "\"contains\"",
            "\"not\" v",
            "hot coffee",
            "one two",
            "an only to",
            "removed 3",
            "moved 9 of 9: n1->n2=9",
            "error: no node",
            "any of nothing | not found",
            "http 200 {\"a\": \"hits=3\"}",
            "not http 200",
            "contains those before",
        ] {
            let text = format!("node stats\nnode stats\nexpect {expected}");
            assert_eq!(advise(&text, Dialect::Lab), [], "{expected}");
        }
        let advice = advise("cluster nodes=3 rf=5\ncluster nodes=2\ncluster nodes=3 rf=3", Dialect::Lab);
        assert_eq!(advice.iter().map(|one| one.line).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn no_text_is_too_strange_for_advice() {
        let pieces = ["set", "é", " ", "a", "0", "5", "\n", "\r\n", "mg", "PUT", "GET", "/", "99999999999", "🦀", "\0"];
        let mut random = cachedojo::random::Random::new(11);
        for _ in 0..20_000 {
            let text: String = (0..random.below(16)).map(|_| *random.pick(&pieces)).collect();
            for one in Dialect::ALL.into_iter().flat_map(|dialect| advise(&text, dialect)) {
                assert!(text.get(one.span.clone()).is_some(), "{text:?} {one:?}");
                assert!(one.line as usize <= text.split('\n').count(), "{text:?} {one:?}");
            }
        }
    }
}
