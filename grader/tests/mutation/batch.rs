//! Many mutants in one module: a function's body becomes a choice among its variants, and a first call selects one, or two that
//! change different bodies. So one call of the compiler serves some hundred mutants and their pairs. A mutant behaves exactly as its
//! source says, because a variant is a whole body.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{ParserRequest, Request, Response};
use grader::intake::submission::Submission;
use grader::language::toolchain::{Factory, Limits, Reason};
use grader::run::bench::Bench;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::operators::{self, Change};

/// A mutant of a submission, which may have several files.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    /// The file that is changed.
    pub(crate) file: String,
    /// The changes, none inside another.
    pub(crate) changes: Vec<Change>,
}

/// A submission and its mutants, compiled to one module.
pub(crate) struct Batch {
    factory: Arc<dyn Factory>,
    /// The mutants that compile; a mutant's number is its index among all, from 1.
    built: BTreeSet<usize>,
    unplaced: BTreeSet<usize>,
    /// For each mutant the bodies that it changes: their files, and where they begin.
    bodies: BTreeMap<usize, BTreeSet<(String, usize)>>,
}

/// Every mutant of a submission's sources. Cost: O(tokens).
pub(crate) fn mutants(files: &BTreeMap<String, String>) -> Vec<Mutant> {
    let of_file = |(file, text): (&String, &String)| {
        let changes = operators::changes(text);
        changes.into_iter().map(|change| Mutant { file: file.clone(), changes: vec![change] }).collect::<Vec<_>>()
    };
    files
        .iter()
        .filter(|(name, _)| std::path::Path::new(name).extension().is_some_and(|extension| extension == "rs"))
        .flat_map(of_file)
        .collect()
}

/// The most times a batch is compiled: each try leaves out the mutants that did not compile.
const TRIES_MAX: usize = 12;

/// What is added to the crate's root.
const CHOICE: &str = "
static MUTANTS: [std::sync::atomic::AtomicU32; 2] = [const { std::sync::atomic::AtomicU32::new(0) }; 2];
pub(crate) fn mutants() -> (u32, u32) {
    let [one, other] = &MUTANTS;
    (one.load(std::sync::atomic::Ordering::Relaxed), other.load(std::sync::atomic::Ordering::Relaxed))
}
pub(crate) fn choose_mutants(input: &[u8]) -> bool {
    let Some(numbers) = input.strip_prefix(b\"mutants \") else { return false };
    for (place, number) in MUTANTS.iter().zip(numbers.split(|byte| *byte == b' ')) {
        let number = number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        place.store(number, std::sync::atomic::Ordering::Relaxed);
    }
    true
}
";

impl Batch {
    /// Compiles the mutants with these numbers, together with the original. Mutants outside of any body that can be a choice
    /// count as not built. Cost: some calls of the compiler.
    ///
    /// # Errors
    /// In words, where the submission itself does not build.
    pub(crate) fn build(
        bench: &Bench<'_>,
        original: &Submission,
        mutants: &[Mutant],
        of: &BTreeSet<usize>,
    ) -> Result<Self, String> {
        let mut chosen = of.clone();
        for _ in 0..TRIES_MAX {
            let mut files = original.files.clone();
            let mut arms: BTreeMap<String, Vec<(Range<usize>, usize)>> = BTreeMap::new();
            let (mut placed, mut bodies) = (BTreeSet::new(), BTreeMap::<usize, BTreeSet<_>>::new());
            for (name, text) in &original.files {
                let own: Vec<(usize, &Mutant)> = chosen
                    .iter()
                    .map(|number| (*number, &mutants[*number - 1]))
                    .filter(|(_, mutant)| mutant.file == *name)
                    .collect();
                let mut file = many(text, &own);
                placed.extend(file.arms.iter().map(|(_, number)| *number));
                for (number, body) in file.bodies {
                    bodies.entry(number).or_default().insert((name.clone(), body));
                }
                if *name == original.root {
                    file.text += CHOICE;
                }
                files.insert(name.clone(), file.text);
                arms.insert(name.clone(), file.arms);
            }
            let mut submission = original.clone();
            submission.files = files;
            let rejected = match bench.build(&submission) {
                Ok(built) => {
                    let unplaced = chosen.difference(&placed).copied().collect();
                    return Ok(Self { factory: built.factory, built: placed, unplaced, bodies });
                }
                Err(rejected) => rejected,
            };
            if rejected.reason != Reason::BuildFailed {
                return Err(rejected.to_string());
            }
            let wrong = rejected.diagnostics.iter().filter_map(|told| {
                let line = usize::try_from(told.line).ok()?;
                arms.get(&told.file)?.iter().find(|(lines, _)| lines.contains(&line)).map(|(_, number)| *number)
            });
            let wrong: BTreeSet<usize> = wrong.collect();
            if wrong.is_empty() {
                return Err(rejected.to_string());
            }
            chosen.retain(|number| !wrong.contains(number));
        }
        Err("too many rounds of errors".to_owned())
    }

    /// A single mutant outside of such bodies, built from its changed source. Cost: one build.
    ///
    /// # Errors
    /// In words, where it does not build.
    pub(crate) fn alone(
        bench: &Bench<'_>,
        original: &Submission,
        mutants: &[Mutant],
        number: usize,
    ) -> Result<Self, String> {
        let Mutant { file, changes } = &mutants[number - 1];
        let mut submission = original.clone();
        let text = &original.files[file];
        submission.files.insert(file.clone(), changed(text, 0..text.len(), changes));
        let built = bench.build(&submission).map_err(|rejected| rejected.to_string())?;
        let (built_now, none) = (BTreeSet::from([number]), BTreeSet::new());
        Ok(Self { factory: built.factory, built: built_now, unplaced: none, bodies: BTreeMap::new() })
    }

    /// The mutants outside of bodies that can be a choice.
    pub(crate) fn unplaced(&self) -> &BTreeSet<usize> {
        &self.unplaced
    }

    /// Whether a mutant compiles. Number 0 is the original.
    pub(crate) fn has(&self, number: usize) -> bool {
        number == 0 || self.built.contains(&number)
    }

    /// Whether two mutants can be one: both are built, and no body is changed by both.
    pub(crate) fn has_both(&self, one: usize, other: usize) -> bool {
        let of = |number: usize| self.bodies.get(&number).filter(|_| self.has(number));
        of(one).zip(of(other)).is_some_and(|(one, other)| one.is_disjoint(other))
    }

    /// A fresh subject that is this mutant.
    pub(crate) fn subject(&self, number: usize, limits: &Limits) -> Result<Box<dyn Subject>, String> {
        self.subject_of((number, 0), limits)
    }

    /// A fresh subject that is both of these mutants.
    pub(crate) fn subject_of(&self, numbers: (usize, usize), limits: &Limits) -> Result<Box<dyn Subject>, String> {
        let inner = self.factory.subject(limits).map_err(|error| error.to_string())?;
        Ok(Box::new(Chosen { inner, numbers, told: false }))
    }
}

/// A subject that is told which mutants it is before its first call, in the world of that call.
struct Chosen {
    inner: Box<dyn Subject>,
    numbers: (usize, usize),
    told: bool,
}

impl Subject for Chosen {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        if !self.told {
            self.told = true;
            let choice = format!("mutants {} {}", self.numbers.0, self.numbers.1).into_bytes();
            self.inner.call(world, &Request::Parser(ParserRequest::Parse(choice)))?;
        }
        self.inner.call(world, request)
    }

    fn fuel_used(&self) -> u64 {
        self.inner.fuel_used()
    }
}

/// A file in which every body with changes becomes a choice.
struct Many {
    text: String,
    /// The lines of each variant.
    arms: Vec<(Range<usize>, usize)>,
    /// Each mutant with the beginning of a body that it changes.
    bodies: Vec<(usize, usize)>,
}

fn many(source: &str, mutants: &[(usize, &Mutant)]) -> Many {
    let tokens: TokenStream = source.parse().expect("a submission that is right is Rust");
    let mut bodies = Vec::new();
    find_bodies(source, &tokens.into_iter().collect::<Vec<_>>(), &mut bodies);
    let mut file = Many { text: String::new(), arms: Vec::new(), bodies: Vec::new() };
    let mut done = 0;
    for Body { range, input } in &bodies {
        let is_here = |change: &Change| range.start <= change.start && change.end <= range.end;
        let own: Vec<_> = mutants.iter().filter(|(_, mutant)| mutant.changes.iter().any(is_here)).collect();
        if own.is_empty() && input.is_none() {
            continue;
        }
        file.text += &source[done..range.start];
        done = range.end;
        file.text += "{\n";
        if let Some(input) = input {
            file.text +=
                &format!("if crate::choose_mutants({input}) {{ return Err(crate::ParseError::InvalidCommand); }}\n");
        }
        file.text += "match crate::mutants() {\n";
        for (number, mutant) in own {
            let first = file.text.matches('\n').count() + 1;
            let variant = changed(source, range.clone(), &mutant.changes);
            file.text += &format!("({number}, _) | (_, {number}) => {variant}\n");
            file.bodies.push((*number, range.start));
            file.arms.push((first..file.text.matches('\n').count() + 1, *number));
        }
        file.text += &format!("_ => {}\n}}\n}}", &source[range.clone()]);
    }
    file.text += &source[done..];
    // A change outside of any body would get lost.
    let lines = |number: usize| file.arms.iter().filter(|(_, other)| *other == number).count();
    let bodies: Vec<Range<usize>> = bodies.into_iter().map(|body| body.range).collect();
    let is_in_one = |change: &Change| bodies.iter().any(|body| body.start <= change.start && change.end <= body.end);
    let outside: Vec<usize> = mutants
        .iter()
        .filter(|(number, mutant)| lines(*number) > 0 && !mutant.changes.iter().all(is_in_one))
        .map(|(number, _)| *number)
        .collect();
    file.arms.retain(|(_, number)| !outside.contains(number));
    file
}

/// Whether every change is inside a body that can be a choice.
pub(crate) fn can_be_chosen(source: &str, mutant: &Mutant) -> bool {
    let tokens: TokenStream = source.parse().expect("a submission that is right is Rust");
    let mut bodies = Vec::new();
    find_bodies(source, &tokens.into_iter().collect::<Vec<_>>(), &mut bodies);
    let is_in =
        |change: &Change| bodies.iter().any(|body| body.range.start < change.start && change.end < body.range.end);
    mutant.changes.iter().all(is_in)
}

/// A part of a source with the changes that are inside it.
fn changed(source: &str, part: Range<usize>, changes: &[Change]) -> String {
    let mut text = String::new();
    let mut done = part.start;
    let mut changes: Vec<&Change> =
        changes.iter().filter(|change| part.start <= change.start && change.end <= part.end).collect();
    changes.sort_by_key(|change| change.start);
    for change in changes {
        text += &source[done..change.start];
        text += &change.text;
        done = change.end;
    }
    text + &source[done..part.end]
}

/// A function's body, with its braces.
struct Body {
    range: Range<usize>,
    /// The parameter of `parse`, through which a mutant is chosen.
    input: Option<String>,
}

/// The bodies of all functions that are not inside another. A function that returns an opaque type (`impl …`) has one body only:
/// two closures never have the same type.
fn find_bodies(source: &str, tokens: &[TokenTree], bodies: &mut Vec<Body>) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(word) if word == "macro_rules" => at += 3,
            TokenTree::Ident(word) if word == "fn" => {
                let is_end = |token: &TokenTree| match token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    TokenTree::Punct(punct) => punct.as_char() == ';',
                    _ => false,
                };
                let end = tokens[at..].iter().position(is_end).map_or(tokens.len() - 1, |more| at + more);
                if let TokenTree::Group(body) = &tokens[end] {
                    let (head, range) = (tokens[at].span().byte_range().start, body.span().byte_range());
                    let text = &source[head..range.start];
                    let is_const = matches!(at.checked_sub(1).map(|at| &tokens[at]), Some(TokenTree::Ident(word)) if word == "const");
                    let input = text
                        .starts_with("fn parse(")
                        .then(|| text["fn parse(".len()..].split(':').next().unwrap_or_default().trim().to_owned());
                    let input = input.filter(|_| text.contains("[u8]"));
                    if !is_const && !text.contains("-> impl") {
                        bodies.push(Body { range, input });
                    }
                }
                at = end;
            }
            TokenTree::Group(group) => {
                find_bodies(source, &group.stream().into_iter().collect::<Vec<_>>(), bodies);
            }
            _ => {}
        }
        at += 1;
    }
}
