//! The type of a command's table entry, and parsing of its arguments, one by one.

use cachedojo_wire::Policy;

use super::command::Command;
use super::expect::{Comparison, Expectation, Ids, Matcher, Wording};
use super::http::HttpShape;
use super::mistake::{Fault, Mistake};
use super::token::Token;
use crate::event::FIELDS;
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
    pub(crate) entry: &'static Entry,
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
        token.raw.parse().map_err(|_| no_number(token))
    }

    /// A count that costs the engine work or memory, so it has a maximum.
    pub(crate) fn count(&mut self, what: &'static str, max: u32) -> Result<u32, Fault> {
        let count = self.number(what)?;
        if count > max {
            let token = &self.tokens[self.next - 1];
            return Err(no_number(token));
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
            return Err(self.fault_here(Mistake::Missing { what: "<answer>", usage: self.entry.usage }));
        }
        let tokens = self.tokens;
        let rest = &tokens[self.next..];
        self.next = self.tokens.len();
        Ok(rest)
    }

    /// The expected answer over HTTP: the rest of the line, in its own grammar.
    pub(crate) fn http_shape(&mut self) -> Result<Expectation, Fault> {
        let shape = self.rest();
        let whole = self.line.len() - shape.len()..self.line.len();
        let usage = self.entry.usage;
        let test = HttpShape::new(&shape).ok_or((whole, Mistake::Missing { what: "<status>", usage }))?;
        Ok(Expectation { source: format!("http {}", shape.trim()), matcher: Matcher::Http(test) })
    }

    pub(crate) fn expectation(&mut self) -> Result<Expectation, Fault> {
        let from = self.tokens.get(self.next).map_or(self.line.len(), |token| token.span.start);
        let source = self.line[from..].trim_end().to_owned();
        let usage = self.entry.usage;
        let tokens = self.rest_of_tokens()?;
        let words = |tokens: &[Token]| -> Vec<String> {
            tokens.iter().map(|t| String::from_utf8_lossy(&t.bytes().unwrap_or_default()).into_owned()).collect()
        };
        let ids = |tokens: &[Token]| match tokens {
            [those, before] if those.is("those") && before.is("before") => Ids::Before,
            tokens => Ids::Listed(words(tokens)),
        };
        let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(word));
        let missing = |what| Err((from..source.len() + from, Mistake::Missing { what, usage }));
        let matcher = if let [names @ .., symbol, number] = tokens
            && let Some(is) = symbol.bare().and_then(Comparison::from_symbol)
            && let Some(name) = sum_of(names)
        {
            let (digits, percent) =
                number.raw.strip_suffix('%').map_or((number.raw.as_str(), false), |digits| (digits, true));
            let parsed = digits.parse().map_err(|_| no_number(number))?;
            Matcher::Field { name, is, number: parsed, percent }
        } else if is(0, "error") && tokens.len() == 1 {
            Matcher::Error
        } else if is(0, "not") && tokens.len() > 1 && !is(1, "found") {
            Matcher::IsNot(wording(self.line, &tokens[1..]))
        } else if is(0, "any") && is(1, "of") {
            let choices: Vec<_> =
                tokens[2..].split(|token| token.is("|")).filter(|choice| !choice.is_empty()).collect();
            if choices.is_empty() {
                return missing("<answer>");
            }
            Matcher::AnyOf(choices.into_iter().map(|choice| wording(self.line, choice)).collect())
        } else if is(0, "contains") && tokens.len() > 1 {
            Matcher::Contains(ids(&tokens[1..]))
        } else if is(0, "without") && tokens.len() > 1 {
            Matcher::Without(ids(&tokens[1..]))
        } else if is(0, "only") && is(1, "to") && tokens.len() == 3 {
            Matcher::OnlyTo(words(&tokens[2..]).concat())
        } else if is(0, "only") && is(1, "from") && tokens.len() == 3 {
            Matcher::OnlyFrom(words(&tokens[2..]).concat())
        } else {
            Matcher::Is(wording(self.line, tokens))
        };
        Ok(Expectation { source, matcher })
    }
}

/// What stands in place of a number: the `?` that a lesson left there, or something wrong.
fn no_number(token: &Token) -> Fault {
    let found = token.raw.clone();
    (token.span.clone(), if found == "?" { Mistake::Blank } else { Mistake::Number { found } })
}

/// The names of a sum of numbers, with a `+` between them; `None` where the words are none. With spaces around the `+` they are a
/// sum only where each is a number's name: otherwise they are an answer's text.
fn sum_of(tokens: &[Token]) -> Option<String> {
    let sum: String = tokens.iter().map(|token| token.raw.as_str()).collect();
    let meets = |pair: &[Token]| pair[0].raw.ends_with('+') != pair[1].raw.starts_with('+');
    let is_joined = tokens.windows(2).all(meets) && tokens.iter().all(|token| !token.quoted);
    let is_known = || is_joined && sum.split('+').all(|name| FIELDS.contains(&name));
    let is_sum = tokens.len() == 1 || (tokens.len() > 1 && is_known());
    is_sum.then_some(sum)
}

/// The words to compare with: in canonical form, as events print them, and verbatim, for the protocols' lines.
fn wording(line: &str, tokens: &[Token]) -> Wording {
    let canonical = tokens.iter().map(Token::canonical).collect::<Vec<_>>().join(" ");
    let verbatim = match tokens {
        [only] if only.quoted => String::from_utf8_lossy(&only.bytes().unwrap_or_default()).into_owned(),
        [first, .., last] => line[first.span.start..last.span.end].to_owned(),
        tokens => tokens.iter().map(|token| token.raw.as_str()).collect(),
    };
    Wording { canonical, verbatim }
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
