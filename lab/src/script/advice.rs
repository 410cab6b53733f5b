//! Why a protocol will answer a line with an error. The protocols' answers are only a word or two, and the line protocol's is the
//! same for every mistake, so a learner cannot see from them what is wrong.

use super::command::Command;
use super::expect::doubt::doubt;
use super::expect::{Expectation, Matcher};
use super::lab;
use super::mistake::{Fault, Mistake};
use super::parsed::{Diagnostic, Dialect, LINES_MAX, Line, lines};
use super::token::{Token, read_tokens};
use crate::event::FIELDS;
use crate::families::cluster::ClusterCommand;
#[cfg(feature = "services")]
use cachedojo::protocol::memcached;
use cachedojo::protocol::{line, rest};

/// The lines of a protocol's script that are not requests, each with its reason, in order of place. They are executed all the
/// same, and answered as the protocol says. In the `lab` language, whose mistakes [`super::parse`] reports, what is probably meant
/// otherwise: expectations that no answer can hold, and more copies than nodes. Cost: O(text).
pub fn advise(text: &str, dialect: Dialect) -> Vec<Diagnostic> {
    match dialect {
        Dialect::Line => advise_line(text),
        #[cfg(feature = "services")]
        Dialect::Memcached => advise_memcached(text),
        #[cfg(not(feature = "services"))]
        Dialect::Memcached => Vec::new(),
        Dialect::Rest => advise_rest(text),
        Dialect::Lab => advise_lab(text),
    }
}

fn advise_lab(text: &str) -> Vec<Diagnostic> {
    let mut advice = Vec::new();
    for Line { number, start, content, .. } in lines(text).take_while(is_read) {
        if !matches!(content.split_whitespace().next(), Some("expect" | "always" | "cluster")) {
            continue;
        }
        let Ok(Some(command)) = lab::read_command(content) else { continue };
        let doubtful = match command {
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
    advice
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

fn advise_line(text: &str) -> Vec<Diagnostic> {
    let mut advice = Vec::new();
    for Line { number, start, content, .. } in lines(text).take_while(is_read) {
        match line::parse(content) {
            Ok(line::Command::Exit) => {
                advice.extend(after_end(text, number));
                break;
            }
            Ok(_) => {}
            Err(error) => {
                let span = start + error.span.start..start + error.span.end;
                advice.push(Diagnostic { line: number, span, mistake: Mistake::Line(error.mistake) });
            }
        }
    }
    advice
}

fn advise_rest(text: &str) -> Vec<Diagnostic> {
    let requests = lines(text).take_while(is_read).filter(|line| !line.content.trim().is_empty());
    let advice = requests.filter_map(|Line { number, start, content, .. }| {
        let (span, mistake) = match rest::parse_line(content) {
            Ok(request) => refused(content, request)?,
            Err(error) => (error.span, Mistake::Rest(error.mistake)),
        };
        Some(Diagnostic { line: number, span: start + span.start..start + span.end, mistake })
    });
    advice.collect()
}

/// Why the REST API refuses a request whatever it holds, and the part of the line that is to blame.
#[cfg(feature = "services")]
fn refused(content: &str, request: rest::Line<'_>) -> Option<Fault> {
    let rest::Line { method, target, body } = request;
    let read = |body| rest::Request::read(method, target, body, &rest::Limits::default()).err();
    let failure = read(body)?;
    let part = match failure {
        rest::Failure::MethodNotAllowed { .. } => method,
        rest::Failure::InvalidNamespace
        | rest::Failure::InvalidPattern
        | rest::Failure::UnknownParameter
        | rest::Failure::NotFound => target,
        // It is in the path, unless another body changes that: that of a request for several keys.
        rest::Failure::InvalidKey if read(None) == Some(failure) => target,
        _ => body.unwrap_or(target),
    };
    let at = part.as_ptr() as usize - content.as_ptr() as usize;
    Some((at..at + part.len(), Mistake::Refused(failure)))
}

#[cfg(not(feature = "services"))]
const fn refused(_: &str, _: rest::Line<'_>) -> Option<Fault> {
    None
}

/// The lines below the one that ends the session: nobody answers them.
fn after_end(text: &str, end: u32) -> impl Iterator<Item = Diagnostic> {
    let below = lines(text).take_while(is_read).skip(end as usize).filter(|line| !line.content.trim().is_empty());
    below.map(move |Line { number, start, content, .. }| Diagnostic {
        line: number,
        span: start..start + content.len(),
        mistake: Mistake::AfterEnd { line: end },
    })
}

/// A memcached request may take several lines: its data follows the command.
#[cfg(feature = "services")]
fn advise_memcached(text: &str) -> Vec<Diagnostic> {
    let mut advice = Vec::new();
    let mut parser = memcached::Parser::new();
    let mut script = text.to_owned();
    if !text.ends_with('\n') {
        script.push_str("\r\n");
    }
    // `number` is the line of the byte `counted`.
    let (mut at, mut counted, mut number) = (0, 0, 1);
    // Where a line begins again, if a value of another length than announced ended within one.
    let mut whole_from = 0;
    loop {
        match parser.parse(&script.as_bytes()[at..]) {
            memcached::Parsed::Incomplete if at < text.len() => {
                let line = lines(&text[at..]).next().map_or(0, |line| line.content.len());
                number += line_ends(&text[counted..at]);
                if number <= LINES_MAX {
                    advice.push(Diagnostic { line: number, span: at..at + line, mistake: Mistake::NoData });
                }
                return advice;
            }
            memcached::Parsed::Request { request: memcached::Request::Quit, .. } => {
                number += line_ends(&text[counted..at]);
                advice.extend(after_end(text, number));
                return advice;
            }
            memcached::Parsed::Incomplete
            | memcached::Parsed::HangUp
            | memcached::Parsed::Request { request: memcached::Request::Watch { .. }, .. } => return advice,
            memcached::Parsed::Skipped(used) | memcached::Parsed::Request { used, .. } => at += used,
            memcached::Parsed::Refused { refusal, used, .. } => {
                let start = text.floor_char_boundary(at + refusal.span.start);
                number += line_ends(&text[counted..start]);
                counted = start;
                if number > LINES_MAX {
                    return advice;
                }
                let line_end = text[start..].find(['\r', '\n']).map_or(text.len(), |length| start + length);
                let end = text.ceil_char_boundary(at + refusal.span.end).min(line_end);
                let span = start..end.max(start);
                // What is left of a line that went into such a value is refused too: that is told once.
                if at >= whole_from {
                    advice.push(Diagnostic { line: number, span, mistake: Mistake::Memcached(refusal.mistake) });
                }
                at += used;
                if refusal.mistake == memcached::Mistake::DataEnd {
                    let rest = script.as_bytes()[at - 1..].iter().position(|&byte| byte == b'\n');
                    whole_from = rest.map_or(script.len(), |length| at + length);
                }
            }
        }
    }
}

fn is_read(line: &Line<'_>) -> bool {
    line.number <= LINES_MAX
}

#[cfg(feature = "services")]
fn line_ends(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|&byte| byte == b'\n').count()).unwrap_or(u32::MAX)
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
