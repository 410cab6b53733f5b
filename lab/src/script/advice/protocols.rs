//! Why a protocol refuses a line, as the protocol's own reader says it: in the protocol's own scripts, and in those of the `lab`
//! language.

use std::ops::Range;

use crate::script::mistake::{Fault, Mistake};
use crate::script::parsed::{Diagnostic, Dialect, LINES_MAX, Line, lines};
#[cfg(feature = "services")]
use cachedojo::protocol::memcached;
use cachedojo::protocol::{line, rest};

/// What is wrong in a protocol's script.
#[derive(Default)]
pub(super) struct Advice {
    pub(super) found: Vec<Diagnostic>,
    /// The line that ends the session.
    pub(super) end: Option<u32>,
}

pub(super) fn advise(text: &str, dialect: Dialect) -> Advice {
    let mut advice = match dialect {
        Dialect::Line => advise_line(text),
        #[cfg(feature = "services")]
        Dialect::Memcached => advise_memcached(text),
        #[cfg(not(feature = "services"))]
        Dialect::Memcached => Advice::default(),
        Dialect::Rest => Advice { found: advise_rest(text), end: None },
        Dialect::Lab => Advice::default(),
    };
    if let Some(end) = advice.end {
        let below = lines(text).take_while(is_read).skip(end as usize).filter(|line| !line.content.trim().is_empty());
        advice.found.extend(below.map(|Line { number, start, content, .. }| Diagnostic {
            line: number,
            span: start..start + content.len(),
            mistake: Mistake::AfterEnd { line: end },
        }));
    }
    advice
}

/// The lines of one protocol in a script of another language: together they are a script of that protocol.
pub(super) struct Quoted {
    dialect: Dialect,
    script: String,
    /// Of each line its number, its place, and where it begins in `script`.
    lines: Vec<(u32, Place, usize)>,
}

/// Where a line of a protocol stands in the other script.
pub(super) enum Place {
    /// From this byte on, letter for letter.
    At(usize),
    /// Here, otherwise written.
    Whole(Range<usize>),
}

impl Quoted {
    pub(super) const fn new(dialect: Dialect) -> Self {
        Self { dialect, script: String::new(), lines: Vec::new() }
    }

    pub(super) fn add(&mut self, number: u32, place: Place, said: &str) {
        self.lines.push((number, place, self.script.len()));
        self.script.push_str(said);
        self.script.push_str("\r\n");
    }

    /// What is wrong with these lines, at their places in the other script.
    pub(super) fn advise(self) -> Vec<Diagnostic> {
        let number_of = |line: u32| self.lines.get(line as usize - 1).map_or(line, |(number, ..)| *number);
        let found = advise(&self.script, self.dialect).found.into_iter().filter_map(|one| {
            let (number, place, from) = self.lines.get(one.line as usize - 1)?;
            let span = match place {
                Place::At(start) => start + one.span.start - from..start + one.span.end - from,
                Place::Whole(span) => span.clone(),
            };
            let mistake = match one.mistake {
                Mistake::AfterEnd { line } => Mistake::AfterEnd { line: number_of(line) },
                mistake => mistake,
            };
            Some(Diagnostic { line: *number, span, mistake })
        });
        found.collect()
    }
}

fn advise_line(text: &str) -> Advice {
    let mut advice = Advice::default();
    for Line { number, start, content, .. } in lines(text).take_while(is_read) {
        match line::parse(content) {
            Ok(line::Command::Exit) => {
                advice.end = Some(number);
                break;
            }
            Ok(_) => {}
            Err(error) => {
                let span = start + error.span.start..start + error.span.end;
                advice.found.push(Diagnostic { line: number, span, mistake: Mistake::Line(error.mistake) });
            }
        }
    }
    advice
}

fn advise_rest(text: &str) -> Vec<Diagnostic> {
    let advice = lines(text).take_while(is_read).filter_map(|Line { number, start, content, .. }| {
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

/// A memcached request may take several lines: its data follows the command.
#[cfg(feature = "services")]
fn advise_memcached(text: &str) -> Advice {
    let mut advice = Advice::default();
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
                    advice.found.push(Diagnostic { line: number, span: at..at + line, mistake: Mistake::NoData });
                }
                return advice;
            }
            memcached::Parsed::Request { request: memcached::Request::Quit, .. } => {
                number += line_ends(&text[counted..at]);
                advice.end = Some(number);
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
                    advice.found.push(Diagnostic { line: number, span, mistake: Mistake::Memcached(refusal.mistake) });
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

#[cfg(feature = "services")]
fn line_ends(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|&byte| byte == b'\n').count()).unwrap_or(u32::MAX)
}

/// Of a longer script the rest is not read.
pub(super) fn is_read(line: &Line<'_>) -> bool {
    line.number <= LINES_MAX
}
