//! The type of a command's table entry, and parsing of its arguments, one by one.

use cachedojo_wire::Policy;

use super::command::Command;
use super::expect::{Expectation, read};
use super::mistake::{Fault, Mistake};
use super::token::Token;
use cachedojo_notation::duration::Duration;

/// A command of the language.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The words it begins with.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it does, in English.
    pub help_en: &'static str,
    /// What it does, in French.
    pub help_fr: &'static str,
    pub(crate) read: fn(&mut Args<'_>) -> Result<Command, Fault>,
}

/// The most keys that `ring spread` and `ring mark` look at.
const KEYS_MAX: u32 = 100_000;

/// The arguments of one command, taken from left to right.
pub(crate) struct Args<'a> {
    pub(crate) line: &'a str,
    pub(crate) tokens: &'a [Token],
    /// The token to take next.
    pub(crate) next: usize,
    /// The first token that was taken as an option.
    pub(crate) options_from: Option<usize>,
    pub(crate) entry: &'static Entry,
}

/// Why `name=value` is not one of a command's options.
pub(crate) enum Unfit {
    /// There is none of that name.
    Name,
    /// It does not take that value: the usage has those that it takes.
    Value,
    /// Its value is wrong in a way that has a sentence of its own.
    Mistake(Mistake),
}

impl<'a> Args<'a> {
    pub(crate) fn fault_here(&self, mistake: Mistake) -> Fault {
        if let Some(token) = self.tokens.get(self.next) {
            return (token.span.clone(), mistake);
        }
        // A missing argument is marked behind the last word.
        let end = self.tokens.last().map_or(self.line.trim_end().len(), |token| token.span.end);
        let last = self.line[..end].chars().next_back().map_or(0, char::len_utf8);
        (end - last..end, mistake)
    }

    pub(crate) fn take(&mut self, what: &'static str) -> Result<&Token, Fault> {
        match self.tokens.get(self.next) {
            Some(token) => {
                self.next += 1;
                Ok(token)
            }
            None => Err(self.fault_here(Mistake::Missing { what, usage: self.entry.usage })),
        }
    }

    pub(crate) fn end(&self) -> Result<(), Fault> {
        match self.tokens.get(self.next) {
            None => Ok(()),
            Some(token) => {
                Err((token.span.start..self.line.trim_end().len(), Mistake::Leftover { usage: self.entry.usage }))
            }
        }
    }

    /// Takes the next word if it is `word`.
    pub(crate) fn flag(&mut self, word: &str) -> bool {
        let there = self.tokens.get(self.next).is_some_and(|token| token.is(word));
        self.next += usize::from(there);
        there
    }

    pub(crate) fn bytes(&mut self, what: &'static str) -> Result<Vec<u8>, Fault> {
        let token = self.take(what)?;
        token.bytes().ok_or((token.span.clone(), Mistake::ValueTooLarge))
    }

    pub(crate) fn string(&mut self, what: &'static str) -> Result<String, Fault> {
        let bytes = self.bytes(what)?;
        let token = &self.tokens[self.next - 1];
        String::from_utf8(bytes).map_err(|_| (token.span.clone(), Mistake::Escape { found: token.raw.clone() }))
    }

    pub(crate) fn key(&mut self) -> Result<String, Fault> {
        self.string("<key>")
    }

    pub(crate) fn number<N: std::str::FromStr>(&mut self, what: &'static str) -> Result<N, Fault> {
        let token = self.take(what)?;
        token.raw.parse().map_err(|_| token.no_number())
    }

    /// A count that costs the engine work or memory, so it has a maximum.
    pub(crate) fn count(&mut self, what: &'static str, max: u32) -> Result<u32, Fault> {
        let count = self.number(what)?;
        if count > max {
            let token = &self.tokens[self.next - 1];
            return Err(token.no_number());
        }
        Ok(count)
    }

    pub(crate) fn duration(&mut self) -> Result<u64, Fault> {
        let token = self.take("<duration>")?;
        match Duration::parse(&token.raw) {
            Some(duration) => Ok(duration.as_ms()),
            None => Err((token.span.clone(), Mistake::Duration { found: token.raw.clone() })),
        }
    }

    pub(crate) fn policy(&mut self) -> Result<Policy, Fault> {
        let token = self.take("<policy>")?;
        policy(&token.raw).ok_or((token.span.clone(), Mistake::Policy { found: token.raw.clone() }))
    }

    /// The next word as `name=value`, parsed by `read`; `None` at the end of the line.
    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&str, &str) -> Result<T, Unfit>) -> Result<Option<T>, Fault> {
        let Some(token) = self.tokens.get(self.next) else { return Ok(None) };
        let from = *self.options_from.get_or_insert(self.next);
        let usage = self.entry.usage;
        let name_of = |token: &'a Token| token.raw.split_once('=').map_or(token.raw.as_str(), |(name, _)| name);
        let (name, value) = token.raw.split_once('=').unwrap_or((&token.raw, ""));
        if self.tokens[from..self.next].iter().any(|other| name_of(other) == name) {
            return Err((token.span.clone(), Mistake::Twice { name: name.to_owned() }));
        }
        self.next += 1;
        let mistake = match (read(name, value), form_of(usage, name)) {
            (Ok(value), _) => return Ok(Some(value)),
            (Err(Unfit::Mistake(mistake)), _) => mistake,
            (Err(Unfit::Value), Some(form)) if token.raw.contains('=') => {
                Mistake::Value { found: value.to_owned(), name: name.to_owned(), form }
            }
            (Err(_), _) => Mistake::Option { found: token.raw.clone(), usage },
        };
        Err((token.span.clone(), mistake))
    }

    pub(crate) fn entry(&mut self) -> Result<(String, Vec<u8>, Option<u64>), Fault> {
        let (key, value) = (self.key()?, self.bytes("<value>")?);
        let ttl_ms = if self.flag("ttl") { Some(self.duration()?) } else { None };
        Ok((key, value, ttl_ms))
    }

    /// `at <address>`; without it, an address made from the id.
    pub(crate) fn address(&mut self, id: &str) -> Result<String, Fault> {
        if self.flag("at") { self.string("<address>") } else { Ok(format!("{id}:11211")) }
    }

    pub(crate) fn run_of_keys(&mut self) -> Result<(String, u32), Fault> {
        let prefix = self.string("<prefix>")?;
        let count = self.count("<count>", KEYS_MAX)?;
        Ok((prefix, count))
    }

    /// The rest of the line with its spaces, except the one after the command's name.
    pub(crate) fn rest(&mut self) -> String {
        self.next = self.tokens.len();
        let after_name = &self.line.trim_start()[self.entry.name.len()..];
        after_name.strip_prefix(' ').unwrap_or(after_name).to_owned()
    }

    pub(crate) fn rest_of_tokens(&mut self) -> Result<&'a [Token], Fault> {
        if self.next >= self.tokens.len() {
            return Err(self.fault_here(Mistake::NoAnswer));
        }
        let tokens = self.tokens;
        let rest = &tokens[self.next..];
        self.next = self.tokens.len();
        Ok(rest)
    }

    /// The expected answer over HTTP: the rest of the line, in its own grammar.
    pub(crate) fn http_shape(&mut self) -> Result<Expectation, Fault> {
        let shape = self.rest();
        let matcher = read::http(self.line, &shape, self.entry.usage)?;
        Ok(Expectation { source: format!("http {}", shape.trim()), matcher })
    }

    pub(crate) fn expectation(&mut self) -> Result<Expectation, Fault> {
        let usage = self.entry.usage;
        // An answer over HTTP is expected in a grammar of its own, which may have other quotes.
        if let Some((is_negated, shape)) = read::shape_after_not(&self.line.trim_start()[self.entry.name.len()..]) {
            let source = self.rest().trim().to_owned();
            let matcher = read::http(self.line, shape, usage)?;
            return Ok(Expectation { source, matcher: read::negated(matcher, is_negated) });
        }
        let from = self.tokens.get(self.next).map_or(self.line.len(), |token| token.span.start);
        let source = self.line[from..].trim_end().to_owned();
        let matcher = read::matcher(self.line, self.rest_of_tokens()?)?;
        Ok(Expectation { source, matcher })
    }
}

/// How a usage writes the option of that name: `rf=<1-9>`.
fn form_of(usage: &'static str, name: &str) -> Option<&'static str> {
    usage.split(['[', ']', ' ']).find(|form| form.split_once('=').is_some_and(|(known, _)| known == name))
}

/// The policy of that name, in any case.
pub(crate) fn policy(name: &str) -> Option<Policy> {
    Some(match name.to_ascii_lowercase().as_str() {
        "lru" => Policy::Lru,
        "lfu" => Policy::Lfu,
        "fifo" => Policy::Fifo,
        "ttl" => Policy::Ttl,
        _ => return None,
    })
}
