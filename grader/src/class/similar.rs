//! What two submissions have in common beyond what was given: fingerprints of token sequences (winnowing), which ignore names,
//! values, comments and layout. Code of the starter and the solution is left out, and so is code that many learners wrote. The
//! result is evidence to look at, never a verdict.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Tokens of one fingerprint: shorter matches are chance.
const GRAM: usize = 15;
/// One fingerprint is kept of every WINDOW neighbours, so any match of GRAM + WINDOW - 1 tokens is found.
const WINDOW: usize = 10;
/// The least share of the shorter submission, in percent, that is reported.
const PERCENT_MIN: usize = 40;
/// The fewest shared fingerprints that are reported.
const SHARED_MIN: usize = 8;
/// Most pairs that are reported.
const PAIRS_MAX: usize = 100;
/// Most passages shown of a pair, and most lines of each.
const PASSAGES_MAX: usize = 3;
const LINES_MAX: usize = 24;

/// A submission's files by name.
pub type Files = Vec<(String, String)>;

/// Two submissions with much in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The first submission's index.
    pub one: usize,
    /// The second submission's index.
    pub other: usize,
    /// How much of the shorter submission is in the longer one, in percent of its own fingerprints.
    pub percent: usize,
    /// The longest shared passages, longest first.
    pub passages: Vec<Passage>,
}

/// A passage that is in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// Its place in the first.
    pub one: Place,
    /// Its place in the second.
    pub other: Place,
}

/// The place of a passage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The first line, counted from 1.
    pub from: usize,
    /// The last line.
    pub to: usize,
    /// Its text.
    pub text: String,
}

/// Each submission's fingerprints without those of the code that every learner was given, in order, each once. Cost: O(tokens x GRAM).
pub fn prints(submissions: &[Files], given: &[Files]) -> Vec<Vec<u64>> {
    let given = grams_of(given);
    submissions.iter().map(|files| Prints::of(files, &given).places.into_keys().collect()).collect()
}

/// The most similar pairs first. `given` is the code that every learner was given. Cost: O(tokens x GRAM), and O(pairs)
/// for each shared fingerprint.
pub fn pairs(submissions: &[Files], given: &[Files]) -> Vec<Pair> {
    let given = grams_of(given);
    let prints: Vec<Prints> = submissions.iter().map(|files| Prints::of(files, &given)).collect();
    let mut holders: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, prints) in prints.iter().enumerate() {
        for hash in prints.places.keys() {
            holders.entry(*hash).or_default().push(index);
        }
    }
    let common = (submissions.len() / 4).max(8);
    let mut own = vec![0_usize; prints.len()];
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for holders in holders.values().filter(|holders| holders.len() <= common) {
        for (at, &one) in holders.iter().enumerate() {
            own[one] += 1;
            for &other in &holders[at + 1..] {
                *shared.entry((one, other)).or_default() += 1;
            }
        }
    }
    let mut pairs: Vec<Pair> = shared
        .into_iter()
        .map(|((one, other), shared)| (one, other, shared, shared * 100 / own[one].min(own[other]).max(1)))
        .filter(|(.., shared, percent)| *shared >= SHARED_MIN && *percent >= PERCENT_MIN)
        .map(|(one, other, _, percent)| Pair { one, other, percent, passages: Vec::new() })
        .collect();
    pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.percent), pair.one, pair.other));
    pairs.truncate(PAIRS_MAX);
    for pair in &mut pairs {
        let (one, other) = (&submissions[pair.one], &submissions[pair.other]);
        pair.passages = passages((one, &prints[pair.one]), (other, &prints[pair.other]));
    }
    pairs
}

fn grams_of(given: &[Files]) -> BTreeSet<u64> {
    given.iter().flat_map(|files| grams(&tokens_of(files))).collect()
}

/// A submission's own fingerprints, with the first place of each.
struct Prints {
    tokens: Vec<Token>,
    places: BTreeMap<u64, usize>,
}

impl Prints {
    fn of(files: &Files, given: &BTreeSet<u64>) -> Self {
        let tokens = tokens_of(files);
        let grams = grams(&tokens);
        let mut places = BTreeMap::new();
        for window in 0..(grams.len() + 1).saturating_sub(WINDOW) {
            let least = (window..window + WINDOW).rev().min_by_key(|at| grams[*at]).unwrap_or(window);
            if !given.contains(&grams[least]) {
                places.entry(grams[least]).or_insert(least);
            }
        }
        Self { tokens, places }
    }
}

/// Runs of fingerprints that are consecutive in both submissions.
fn passages(one: (&Files, &Prints), other: (&Files, &Prints)) -> Vec<Passage> {
    let both = one.1.places.iter().filter_map(|(hash, at)| Some((*at, *other.1.places.get(hash)?)));
    let mut matches: Vec<(usize, usize)> = both.collect();
    matches.sort_unstable();
    let mut runs: Vec<[(usize, usize); 2]> = Vec::new();
    for (a, b) in matches {
        let follows = |[_, (last_a, last_b)]: &[(usize, usize); 2]| {
            let near = |last: usize, now: usize| now >= last && now - last <= GRAM + WINDOW;
            let same_file = one.1.tokens[*last_a].file == one.1.tokens[a].file;
            near(*last_a, a) && near(*last_b, b) && same_file && other.1.tokens[*last_b].file == other.1.tokens[b].file
        };
        match runs.last_mut() {
            Some(run) if follows(run) => run[1] = (a, b),
            _ => runs.push([(a, b), (a, b)]),
        }
    }
    runs.sort_by_key(|[(from, _), (to, _)]| (std::cmp::Reverse(to - from), *from));
    let shown = runs
        .iter()
        .take(PASSAGES_MAX)
        .map(|[from, to]| Passage { one: place(one, from.0, to.0), other: place(other, from.1, to.1) });
    shown.collect()
}

fn place((files, prints): (&Files, &Prints), from: usize, to: usize) -> Place {
    let (first, last) = (&prints.tokens[from], &prints.tokens[to + GRAM - 1]);
    let (file, text) = &files[first.file];
    let last_line = if last.file == first.file { last.line } else { first.line };
    let lines = text.lines().skip(first.line - 1).take((last_line - first.line + 1).min(LINES_MAX));
    Place { file: file.clone(), from: first.line, to: last_line, text: lines.collect::<Vec<_>>().join("\n") }
}

#[derive(Debug, Clone, Copy)]
struct Token {
    kind: u64,
    file: usize,
    line: usize,
}

fn grams(tokens: &[Token]) -> Vec<u64> {
    let hash = |window: &[Token]| {
        let bytes: Vec<u8> = window.iter().flat_map(|token| token.kind.to_le_bytes()).collect();
        cachedojo::ring::hash64(&bytes)
    };
    tokens.windows(GRAM).map(hash).collect()
}

fn tokens_of(files: &Files) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (file, (name, text)) in files.iter().enumerate() {
        let python = std::path::Path::new(name).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("py"));
        Lexer { rest: text, line: 1 }.all(python, |kind, line| tokens.push(Token { kind, file, line }));
    }
    tokens
}

/// Words that show the code's structure; all other names are treated alike.
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "class", "const", "continue", "def", "elif", "else", "enum", "except", "finally",
    "fn", "for", "from", "if", "impl", "import", "in", "let", "lambda", "loop", "match", "mod", "mut", "not", "or",
    "and", "pub", "ref", "return", "self", "struct", "trait", "try", "type", "use", "where", "while", "with", "yield",
    "Some", "None", "Ok", "Err", "true", "false", "True", "False",
];

/// A rough lexer for Rust and Python: good enough to compare structure, and it never fails.
struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl Lexer<'_> {
    fn all(mut self, python: bool, mut push: impl FnMut(u64, usize)) {
        while let Some(c) = self.rest.chars().next() {
            let line = self.line;
            if c.is_whitespace() {
                self.skip(c.len_utf8());
            } else if (python && c == '#') || self.rest.starts_with("//") && !python {
                self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.skip(self.rest.find("*/").map_or(self.rest.len(), |end| end + 2));
            } else if c == '"' || (c == '\'' && (python || self.is_char())) {
                self.literal(c);
                push(1, line);
            } else if c.is_alphabetic() || c == '_' {
                let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
                let word = &self.rest[..end];
                push(KEYWORDS.iter().position(|keyword| *keyword == word).map_or(2, |at| 1000 + at as u64), line);
                self.skip(end);
            } else if c.is_ascii_digit() {
                let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
                push(3, line);
                self.skip(end);
            } else {
                push(10_000 + u64::from(u32::from(c)), line);
                self.skip(c.len_utf8());
            }
        }
    }

    /// Whether a single quote begins a character rather than a lifetime.
    fn is_char(&self) -> bool {
        let mut chars = self.rest.chars().skip(1);
        chars.next() == Some('\\') || chars.next() == Some('\'')
    }

    fn literal(&mut self, quote: char) {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = !escaped && *c == quote;
            escaped = !escaped && *c == '\\';
            ends
        });
        self.skip(end.map_or(self.rest.len(), |(at, _)| at + 1));
    }

    fn skip(&mut self, bytes: usize) {
        self.line += self.rest[..bytes].matches('\n').count();
        self.rest = &self.rest[bytes..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Files {
        vec![("src/lib.rs".to_owned(), text.to_owned())]
    }

    /// Some code whose shape depends on `seed`.
    fn code(seed: u64) -> String {
        let mut random = cachedojo::random::Random::new(seed);
        let mut line = |n: u64| {
            let operators = ["+", "-", "*", "/", "<<", "&&", "||", "==", "..", "%", "^", "|"];
            let sum: String = (0..6).map(|at| format!(" {} queue{at}", random.pick(&operators))).collect();
            format!("    let a{n} = sum{sum}; // {n}\n")
        };
        (0..60).map(&mut line).collect()
    }

    #[test]
    fn a_copy_with_other_names_and_comments_is_found_with_its_passage() {
        let copied = code(1).replace("sum", "total").replace("queue", "todo").replace("let a", "// mine\n\n  let z");
        let submissions = [rust(&code(1)), rust(&code(2)), rust(&copied)];
        let pairs = pairs(&submissions, &[]);
        assert_eq!(pairs.iter().map(|pair| (pair.one, pair.other)).collect::<Vec<_>>(), [(0, 2)]);
        assert!(pairs[0].percent >= 90, "{}", pairs[0].percent);
        let passage = &pairs[0].passages[0];
        assert!(passage.one.to > passage.one.from + 20 && passage.other.to > passage.other.from, "{passage:?}");
        assert!(passage.other.text.contains("// mine"));
    }

    #[test]
    fn what_everyone_was_given_is_no_likeness() {
        let submissions = [rust(&(code(1) + &code(2))), rust(&(code(3) + &code(1)))];
        assert_eq!(pairs(&submissions, &[]).len(), 1);
        assert_eq!(pairs(&submissions, &[rust(&code(1))]), []);
    }

    #[test]
    fn what_many_learners_wrote_is_no_likeness() {
        let submissions: Vec<_> = (0..12).map(|seed| rust(&(code(99) + &code(seed)))).collect();
        assert_eq!(pairs(&submissions, &[]), []);
    }

    #[test]
    fn any_bytes_are_lexed() {
        for text in ["", "\"", "'", "'a", "/*", "é\u{0}\"\\", "r#\"x", "b'\\''", "// x"] {
            assert!(tokens_of(&rust(text)).len() <= text.chars().count(), "{text}");
        }
    }
}
