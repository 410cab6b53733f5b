//! Classifies a script's words for an editor that colours and explains them. It uses the grammar that runs scripts, so a line
//! that is not a command gets no colour.

use std::ops::Range;

use cachedojo::protocol::{line, rest};
use cachedojo_notation::duration::{Duration, parse_size};
use cachedojo_notation::repeat::is_repeat;

use super::help::{Help, help};
use super::parsed::{Dialect, LINES_MAX, Line, lines};
use super::token::{Token, read_tokens};

/// The kind of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    /// The words of a command's name.
    Command = 1,
    /// The words of a command that checks something: `expect`, `always`.
    Judgement = 2,
    /// A word that the command's usage names: `ttl`, `dead`.
    Option = 3,
    /// A number, a duration, a size, a repetition.
    Number = 4,
    /// Text: in quotes, a value, a body.
    Text = 5,
    /// A comment.
    Comment = 6,
}

/// A classified word of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its bytes in the script.
    pub span: Range<usize>,
    /// What it is.
    pub kind: WordKind,
    /// For a command, its index in [`help`]'s list.
    pub help: Option<usize>,
}

/// The most words that are classified.
pub const WORDS_MAX: usize = 60_000;

/// The classified words of a script, in order. Cost: O(text).
pub fn words(text: &str, dialect: Dialect) -> Vec<Word> {
    let mut of_script = Words { dialect, list: help(dialect), found: Vec::new() };
    let mut data_bytes = 0;
    for Line { number, start, raw, content } in lines(text) {
        if number > LINES_MAX || of_script.found.len() >= WORDS_MAX {
            break;
        }
        match dialect {
            Dialect::Lab => of_script.lab(content, start),
            Dialect::Line => of_script.line(content, start),
            Dialect::Rest => of_script.rest(content, start),
            Dialect::Memcached if data_bytes > 0 => {
                of_script.add(start..start + content.len(), WordKind::Text);
                // The data block's line end counts two bytes, whether the script writes one or both.
                data_bytes = usize::saturating_sub(data_bytes, raw.trim_end_matches(['\r', '\n']).len() + 2);
            }
            Dialect::Memcached => data_bytes = of_script.memcached(content, start),
        }
    }
    of_script.found.truncate(WORDS_MAX);
    of_script.found
}

struct Words {
    dialect: Dialect,
    list: Vec<Help>,
    found: Vec<Word>,
}

impl Words {
    fn add(&mut self, span: Range<usize>, kind: WordKind) {
        if !span.is_empty() {
            self.found.push(Word { span, kind, help: None });
        }
    }

    fn command(&mut self, span: Range<usize>, name: &str) {
        let kind =
            if matches!(name, "expect" | "expect http" | "always") { WordKind::Judgement } else { WordKind::Command };
        let help = self.list.iter().position(|entry| entry.name == name);
        self.found.push(Word { span, kind, help });
    }

    fn lab(&mut self, content: &str, start: usize) {
        let mut bare = bare_words(content);
        let Some(first) = bare.next() else { return };
        if content[first.clone()].starts_with('#') {
            return self.add(start + first.start..start + content.len(), WordKind::Comment);
        }
        if &content[first.clone()] != "for" {
            return self.lab_command(content, start);
        }
        self.command(start + first.start..start + first.end, "for");
        if let Some(range) = bare.next() {
            self.add(start + range.start..start + range.end, WordKind::Number);
            self.lab_command(&content[range.end..], start + range.end);
        }
    }

    fn lab_command(&mut self, content: &str, start: usize) {
        let mut bare = bare_words(content);
        let Some(first) = bare.next() else { return };
        let two = bare
            .next()
            .map(|second| (first.start..second.end, format!("{} {}", &content[first.clone()], &content[second])));
        let known = |name: &str| self.list.iter().any(|entry| entry.name == name);
        let (span, name) = match two {
            Some((span, name)) if known(&name) => (span, name),
            _ if known(&content[first.clone()]) => (first.clone(), content[first].to_owned()),
            _ => return,
        };
        self.command(start + span.start..start + span.end, &name);
        let rest = &content[span.end..];
        let at = span.end + rest.len() - rest.trim_start().len();
        match name.as_str() {
            // The rest of the line is in another grammar.
            "line" => self.inner(Dialect::Line, content, start, at),
            "http" => self.inner(Dialect::Rest, content, start, at),
            "mc" | "expect http" => self.add(start + at..start + content.trim_end().len(), WordKind::Text),
            _ => self.arguments(content, start, &span, &name),
        }
    }

    fn inner(&mut self, dialect: Dialect, content: &str, start: usize, at: usize) {
        let mut inner = Self { dialect, list: help(dialect), found: Vec::new() };
        match dialect {
            Dialect::Line => inner.line(&content[at..], start + at),
            _ => inner.rest(&content[at..], start + at),
        }
        // The explanation is the surrounding command's, not the inner line's.
        self.found.extend(inner.found.into_iter().map(|word| Word { help: None, ..word }));
    }

    fn arguments(&mut self, content: &str, start: usize, command: &Range<usize>, name: &str) {
        let Ok(tokens) = read_tokens(content) else { return };
        let usage = self.list.iter().find(|entry| entry.name == name).map_or("", |entry| entry.usage);
        let mut end = command.end;
        let arguments = || tokens.iter().filter(|token| token.span.start >= command.end);
        // `not found` is an answer, and no `not` before one.
        let is_answer = matches!(name, "expect" | "always")
            && arguments().next().is_some_and(|token| token.is("not"))
            && arguments().nth(1).is_some_and(|token| token.is("found"));
        for token in arguments().skip(usize::from(is_answer)) {
            let span = start + token.span.start..start + token.span.end;
            end = token.span.end;
            match kind_of(token, usage) {
                Argument::Is(kind) => self.add(span, kind),
                Argument::Named(length) => {
                    self.add(span.start..span.start + length, WordKind::Option);
                    self.add(span.start + length + 1..span.end, WordKind::Number);
                }
                Argument::Plain => {}
            }
        }
        let rest = content[end..].trim_start();
        if rest.starts_with('#') {
            self.add(start + content.len() - rest.len()..start + content.trim_end().len(), WordKind::Comment);
        }
    }

    fn line(&mut self, content: &str, start: usize) {
        let Ok(command) = line::parse(content) else { return };
        let name = bare_words(content).next().map_or(0, |word| word.end);
        self.command(start..start + name, &content[..name]);
        if let line::Command::Put { key, .. } = command {
            self.add(start + name + 1 + key.len() + 1..start + content.len(), WordKind::Text);
        }
    }

    fn rest(&mut self, content: &str, start: usize) {
        if rest::parse_line(content).is_err() {
            return;
        }
        let mut bare = bare_words(content);
        let (Some(method), Some(path)) = (bare.next(), bare.next()) else { return };
        let asked = format!("{} {}", &content[method.clone()], &content[path.clone()]);
        // Of several forms that match, the most specific one.
        let forms = self.list.iter().enumerate().filter(|(_, entry)| is_form(entry.usage, &asked));
        let help = forms.min_by_key(|(_, entry)| entry.usage.matches('<').count()).map(|(place, _)| place);
        self.found.push(Word { span: start + method.start..start + method.end, kind: WordKind::Command, help });
        let body = content[path.end..].trim_start();
        self.add(start + content.len() - body.len()..start + content.trim_end().len(), WordKind::Text);
    }

    /// How many bytes of data follow this line.
    fn memcached(&mut self, content: &str, start: usize) -> usize {
        debug_assert_eq!(self.dialect, Dialect::Memcached);
        let mut bare = bare_words(content);
        let Some(first) = bare.next() else { return 0 };
        let name = &content[first.clone()];
        if self.list.iter().all(|entry| entry.name != name) {
            return 0;
        }
        self.command(start + first.start..start + first.end, name);
        let arguments: Vec<_> = bare.collect();
        for span in &arguments {
            if content[span.clone()].parse::<i64>().is_ok() {
                self.add(start + span.start..start + span.end, WordKind::Number);
            }
        }
        let length = match name {
            "set" | "add" | "replace" | "append" | "prepend" | "cas" => arguments.get(3),
            "ms" => arguments.get(1),
            _ => None,
        };
        length.and_then(|span| content[span.clone()].parse::<usize>().ok()).map_or(0, |bytes| bytes.saturating_add(2))
    }
}

enum Argument {
    Is(WordKind),
    /// A name of so many bytes, `=`, a value.
    Named(usize),
    Plain,
}

fn kind_of(token: &Token, usage: &str) -> Argument {
    let Some(bare) = token.bare() else { return Argument::Is(WordKind::Text) };
    let number = bare.trim_start_matches(['-', '+']).trim_end_matches('%');
    let is_number = !number.is_empty()
        && (number.bytes().all(|byte| byte.is_ascii_digit())
            || Duration::parse(number).is_some()
            || parse_size(number).is_some()
            || is_repeat(number));
    if is_number {
        return Argument::Is(WordKind::Number);
    }
    let named = |word: &str| usage.split(|c: char| !c.is_ascii_lowercase()).any(|known| known == word);
    match bare.split_once('=') {
        Some((name, _)) if named(name) && usage.contains(&format!("{name}=")) => Argument::Named(name.len()),
        _ if bare.len() > 1 && named(bare) => Argument::Is(WordKind::Option),
        _ => Argument::Plain,
    }
}

/// The words of a line, separated by blanks.
fn bare_words(line: &str) -> impl Iterator<Item = Range<usize>> {
    line.split_whitespace().map(move |word| {
        let start = word.as_ptr() as usize - line.as_ptr() as usize;
        start..start + word.len()
    })
}

/// Whether a request has this form; `{…}` stands for any part of a path.
fn is_form(form: &str, asked: &str) -> bool {
    let asked = asked.split_once('?').map_or(asked, |(path, _)| path);
    let form = form.split(" {\"").next().unwrap_or(form);
    let (mut left, mut right) = (form.split('/'), asked.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(part), Some(found)) if part.starts_with('<') && !found.is_empty() => {}
            (Some(part), Some(found)) if part == found => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{WordKind, words};
    use crate::script::help::help;
    use crate::script::{Dialect, parse};

    #[track_caller]
    fn check(dialect: Dialect, text: &str, expected: &[(&str, WordKind)]) {
        let found: Vec<_> =
            words(text, dialect).into_iter().map(|word| (text[word.span].to_owned(), word.kind)).collect();
        assert_eq!(found, expected.iter().map(|&(at, kind)| (at.to_owned(), kind)).collect::<Vec<_>>(), "{text}");
    }

    #[test]
    fn words_are_what_the_grammar_takes_them_for() {
        use WordKind::{Command, Comment, Judgement, Number, Option, Text};
        let lab = Dialect::Lab;
        check(lab, "  # é all", &[("# é all", Comment)]);
        check(
            lab,
            "node set é 40*x ttl 10s # why",
            &[("node set", Command), ("40*x", Number), ("ttl", Option), ("10s", Number), ("# why", Comment)],
        );
        check(lab, "expect \"a # b\"", &[("expect", Judgement), ("\"a # b\"", Text)]);
        check(lab, "expect not found", &[("expect", Judgement)]);
        check(lab, "expect not nothing", &[("expect", Judgement), ("not", Option)]);
        check(lab, "always entries <= 1", &[("always", Judgement), ("1", Number)]);
        check(lab, "cluster nodes=3", &[("cluster", Command), ("nodes", Option), ("3", Number)]);
        check(lab, "for 1..9 node get k{}", &[("for", Command), ("1..9", Number), ("node get", Command)]);
        check(lab, "line PUT k a # b", &[("line", Command), ("PUT", Command), ("a # b", Text)]);
        check(lab, "node gte k", &[]);
        let (line, mc, rest) = (Dialect::Line, Dialect::Memcached, Dialect::Rest);
        check(
            line,
            "PUT k é\nPUT k a b\nGET k\nEXIT",
            &[("PUT", Command), ("a b", Text), ("GET", Command), ("EXIT", Command)],
        );
        check(line, "put k v", &[]);
        check(
            mc,
            "set k 0 60 8\r\nget\r\nabc\nget k",
            &[
                ("set", Command),
                ("0", Number),
                ("60", Number),
                ("8", Number),
                ("get", Text),
                ("abc", Text),
                ("get", Command),
            ],
        );
        check(
            rest,
            "PUT /api/v1/cache/a/b {\"value\": 1}\nnonsense here",
            &[("PUT", Command), ("{\"value\": 1}", Text)],
        );
    }

    #[test]
    fn a_command_names_its_help() {
        for (dialect, text, expected) in [
            (Dialect::Lab, "for 1..2 node get k", "node get"),
            (Dialect::Line, "GET k", "GET"),
            (Dialect::Memcached, "gat 5 k", "gat"),
            (Dialect::Rest, "POST /api/v1/cache/a/mget {\"keys\": [\"b\"]}", "POST …/mget"),
            (Dialect::Rest, "GET /api/v1/cache/a/stats", "GET …/stats"),
            (Dialect::Rest, "DELETE /api/v1/cache/a?tag=x", "DELETE …/<namespace>"),
        ] {
            let word = words(text, dialect).into_iter().rev().find_map(|word| word.help).expect(text);
            assert_eq!(help(dialect)[word].name, expected, "{text}");
        }
    }

    #[test]
    fn no_text_is_too_much_for_it() {
        let mut random = cachedojo::random::Random::new(11);
        let pieces = [
            "for",
            "1..3",
            " ",
            "é",
            "\n",
            "\"",
            "#",
            "node",
            "set",
            "set k 0 0 5",
            "=",
            "40*x",
            "PUT",
            "/",
            "\r",
            "{",
        ];
        for _ in 0..5_000 {
            let text: String = (0..random.below(12)).map(|_| *random.pick(&pieces)).collect();
            for dialect in Dialect::ALL {
                let found = words(&text, dialect);
                assert!(found.iter().all(|word| text.get(word.span.clone()).is_some()), "{text:?}");
                assert!(found.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{text:?} {found:?}");
                let _ = parse(&text, dialect);
            }
        }
        assert!(words(&"set k 0 0 99999999999999999999\n".repeat(3), Dialect::Memcached).len() < 20);
    }
}
