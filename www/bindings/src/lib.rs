//! The page's way into the engine: the one crate that knows wasm-bindgen.
//!
//! A few calls that each do much: [`diagnose`] checks a script, a [`Session`] runs one and shows its state, [`example`] parses a
//! scenario file, [`help::commands`] lists the language. Events cross as the same JSON as natively, everything else as the plain
//! objects below, from which TypeScript types are generated. After a trap the instance is unusable: drop it and make another.
#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod count;
#[cfg(feature = "whole")]
pub mod course;
pub mod help;
#[cfg(feature = "whole")]
pub mod module;
#[cfg(feature = "whole")]
pub mod program;
#[cfg(feature = "whole")]
pub mod race;
mod told;
#[cfg(feature = "whole")]
pub mod traces;
mod utf16;
pub mod view;

use std::collections::VecDeque;

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use cachedojo_lab::event::{Event, What};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::runner::Runner;
use cachedojo_lab::scenario::Scenario;
use cachedojo_lab::script::{
    Build, Command, Dialect, Mistake, Script, advise, colour, fork, likely_dialect, parse_session,
};
use cachedojo_lab::subject::Subject;
use cachedojo_lab::trail::Trail;
use cachedojo_notation::text::Language;
use cachedojo_wire::{Request, RingRequest};

use crate::count::count;
#[cfg(feature = "whole")]
use crate::module::{ModuleSubject, Program};
use crate::utf16::Utf16;
use crate::view::{ENTRIES_SHOWN_MAX, NUMBER_MAX, View, node_view, pair_count, pairs, ring_view};

/// What is known of a script before it runs.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// How many commands it has.
    pub commands: u32,
    /// Its mistakes, in order of place: the first [`DIAGNOSTICS_SHOWN_MAX`] of them.
    pub diagnostics: Vec<Marked>,
    /// The dialect in which it was probably written, if that is another.
    #[tsify(type = "\"line\" | \"memcached\" | \"rest\" | \"lab\"", optional)]
    pub meant: Option<&'static str>,
    /// The larger module that must read the script, where it takes what this one leaves out.
    #[tsify(type = "\"cluster\" | \"whole\"", optional)]
    pub lacks: Option<&'static str>,
}

/// A mistake, with its place.
#[derive(Serialize, Tsify)]
pub struct Marked {
    /// From here, in UTF-16 code units of the script.
    pub from: u32,
    /// To here.
    pub to: u32,
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong, in one sentence that names the remedy.
    pub message: String,
    /// What is the matter.
    pub sort: MarkSort,
}

/// Why a place of a script is marked.
#[derive(Serialize, Tsify, Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub enum MarkSort {
    /// The line cannot be read: it is not executed.
    Mistake,
    /// The protocol answers the line with an error.
    Refused,
    /// The line is executed, and probably means something else.
    Doubt,
    /// Nothing is wrong: a lesson left this place for an answer.
    Blank,
}

/// A scenario file as an example.
#[derive(Serialize, Tsify)]
pub struct Example {
    /// What it shows.
    pub title: String,
    /// Its language.
    pub dialect: &'static str,
    /// Its seed, in decimal digits.
    pub seed: String,
    /// Its commands.
    pub script: String,
}

/// A script, the subject that it runs on, and its progress.
#[wasm_bindgen]
pub struct Session {
    script: Script,
    subject: Driven,
    runner: Runner,
    /// Saved states for going back; a program has none, because its memory cannot be copied.
    trail: Trail,
    is_done: bool,
    /// The keys whose owner was asked for, the latest last.
    asked: VecDeque<String>,
}

/// The subject of a session.
enum Driven {
    /// The engine, whose state can be shown.
    Reference(Box<Reference>),
    /// A program, of which only the answers are known.
    #[cfg(feature = "whole")]
    Program(ModuleSubject),
}

impl Default for Driven {
    fn default() -> Self {
        Self::Reference(Box::default())
    }
}

#[cfg(feature = "whole")]
impl Driven {
    /// Fresh: a program, or the reference where there is none.
    fn by(program: Option<Program>) -> Result<Self, JsError> {
        program.map_or_else(|| Ok(Self::default()), |program| Self::of(&program))
    }

    fn of(program: &Program) -> Result<Self, JsError> {
        ModuleSubject::new(program).map(Self::Program).map_err(|why| JsError::new(&why))
    }
}

impl Driven {
    fn subject(&mut self) -> &mut dyn Subject {
        match self {
            Self::Reference(reference) => reference.as_mut(),
            #[cfg(feature = "whole")]
            Self::Program(program) => program,
        }
    }

    #[cfg_attr(not(feature = "whole"), expect(clippy::unnecessary_wraps, reason = "a program has none"))]
    fn reference_mut(&mut self) -> Option<&mut Reference> {
        match self {
            Self::Reference(reference) => Some(reference),
            #[cfg(feature = "whole")]
            Self::Program(_) => None,
        }
    }

    #[cfg_attr(not(feature = "whole"), expect(clippy::unnecessary_wraps, reason = "a program has none"))]
    fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Reference(reference) => Some(reference),
            #[cfg(feature = "whole")]
            Self::Program(_) => None,
        }
    }
}

/// The most mistakes that are shown.
const DIAGNOSTICS_SHOWN_MAX: usize = 200;
/// The most keys that are kept in the picture because the script asked for them.
const ASKED_MAX: usize = 8;
/// Among how many commands those keys are searched again after going back.
const ASKED_SOUGHT: usize = 2_000;

/// The name of a module that is larger than the first.
fn name_of(build: Build) -> &'static str {
    if build == Build::Whole { "whole" } else { "cluster" }
}

#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
}

/// The engine's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Parses a script and returns its mistakes, and which lines a protocol will refuse and why, in the language of that tag (`en`,
/// `fr`).
///
/// # Errors
/// When there is no such dialect.
#[wasm_bindgen]
pub fn diagnose(text: &str, dialect: &str, language: &str) -> Result<Ts<Reading>, JsError> {
    let dialect = dialect_of(dialect)?;
    let script = parse_session(text, dialect);
    let (commands, lacks) = (count(script.commands.len()), script.lacks().map(name_of));
    let mut utf16 = Utf16::new(text);
    // A protocol's script is obeyed whole, whatever is wrong with it.
    let advice = advise(text, dialect).into_iter().map(|diagnostic| {
        let sort = if diagnostic.mistake.is_refusal() { MarkSort::Refused } else { MarkSort::Doubt };
        (diagnostic, sort)
    });
    let mistakes = script.diagnostics.into_iter().map(|diagnostic| {
        let sort = if diagnostic.mistake == Mistake::Blank { MarkSort::Blank } else { MarkSort::Mistake };
        (diagnostic, sort)
    });
    let diagnostics = advice.chain(mistakes).take(DIAGNOSTICS_SHOWN_MAX).map(|(diagnostic, sort)| Marked {
        from: utf16.offset(diagnostic.span.start),
        to: utf16.offset(diagnostic.span.end),
        line: diagnostic.line,
        message: diagnostic.mistake.message(language_of(language)),
        sort,
    });
    let meant = likely_dialect(text, dialect).map(Dialect::name);
    Ok(Reading { commands, diagnostics: diagnostics.collect(), meant, lacks }.into_ts()?)
}

/// Classifies a script's words for an editor, four numbers for each: from and to, in UTF-16 code units; the kind (as
/// numbered by `colour::WordKind`); and 1 + the command's index in [`commands`], or 0. At most [`colour::WORDS_MAX`]
/// words.
///
/// # Errors
/// When there is no such dialect.
#[wasm_bindgen]
pub fn colours(text: &str, dialect: &str) -> Result<Vec<u32>, JsError> {
    let mut utf16 = Utf16::new(text);
    let words = colour::words(text, dialect_of(dialect)?);
    Ok(words
        .into_iter()
        .flat_map(|word| {
            let (from, to) = (utf16.offset(word.span.start), utf16.offset(word.span.end));
            [from, to, word.kind as u32, word.help.map_or(0, |place| 1 + count(place))]
        })
        .collect())
}

/// The script that consists of this one's first `position` commands.
///
/// # Errors
/// When there is no such dialect.
#[wasm_bindgen(js_name = forkAt)]
pub fn fork_at(text: &str, dialect: &str, position: u32) -> Result<String, JsError> {
    Ok(fork(text, dialect_of(dialect)?, position as usize))
}

/// A scenario file as an example.
///
/// # Errors
/// When the file is not a scenario.
#[wasm_bindgen]
pub fn example(file: &str, language: &str) -> Result<Ts<Example>, JsError> {
    let scenario = Scenario::read(file)?;
    let example = Example {
        title: scenario.title.get(language_of(language)).to_owned(),
        dialect: scenario.dialect.name(),
        seed: scenario.seed.to_string(),
        script: scenario.commands,
    };
    Ok(example.into_ts()?)
}

#[wasm_bindgen]
impl Session {
    /// A session at a script's beginning.
    ///
    /// # Errors
    /// When there is no such dialect.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str, dialect: &str, seed: u64) -> Result<Session, JsError> {
        Self::with(Driven::default(), text, dialect, seed)
    }

    /// A session whose subject is a program, not the reference.
    ///
    /// # Errors
    /// When there is no such dialect, or the program cannot be instantiated.
    #[cfg(feature = "whole")]
    #[wasm_bindgen(js_name = ofProgram)]
    pub fn of_program(text: &str, dialect: &str, seed: u64, program: &Program) -> Result<Session, JsError> {
        Self::with(Driven::of(program)?, text, dialect, seed)
    }

    /// Executes up to `count` commands. Returns their events as a JSON array; each with its `text`, its text in the language of
    /// that tag as `told` if that differs, and the first of each command with the command as `source`.
    ///
    /// # Errors
    /// None that the page could cause.
    pub fn step(&mut self, count: u32, language: &str) -> Result<String, JsError> {
        let language = language_of(language);
        let mut events = Vec::new();
        self.obey(count, &mut events);
        Ok(serde_json::to_string(&told::told(&events, &self.script.commands, language))?)
    }

    /// Executes up to `count` commands without returning events, for a part that was shown before.
    pub fn skip(&mut self, count: u32) {
        for _ in 0..count {
            let mut events = Vec::new();
            if !self.obey(1, &mut events) {
                break;
            }
        }
    }

    /// Goes back to the latest saved state at or before `position`. `false` if there is none: then the run must start again.
    pub fn rewind(&mut self, position: u32) -> bool {
        let Some(subject) = self.subject.reference_mut() else { return false };
        let Some((runner, reference)) = self.trail.at_most(position as usize) else { return false };
        self.runner = runner;
        *subject = reference;
        self.is_done = self.runner.position() == self.script.commands.len();
        self.asked.clear();
        for step in self.script.commands[..self.runner.position()].iter().rev().take(ASKED_SOUGHT) {
            if let Command::Ask(Request::Ring(RingRequest::Owner { key })) | Command::Where { key } = &step.command
                && self.asked.len() < ASKED_MAX
                && !self.asked.contains(key)
            {
                self.asked.push_front(key.clone());
            }
        }
        true
    }

    /// How many commands were executed.
    #[wasm_bindgen(getter)]
    pub fn position(&self) -> u32 {
        count(self.runner.position())
    }

    /// How many commands are in this line and those above it.
    #[wasm_bindgen(js_name = commandsTo)]
    pub fn commands_to(&self, line: u32) -> u32 {
        count(self.script.commands.partition_point(|step| step.line <= line))
    }

    /// How many commands there are.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> u32 {
        count(self.script.commands.len())
    }

    /// Whether there is nothing left to execute: the script is at its end, or its subject has ended.
    #[wasm_bindgen(getter, js_name = isDone)]
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// The larger module in which the script must run, where it takes what this one leaves out: `cluster` or `whole`.
    #[wasm_bindgen(getter, unchecked_return_type = "\"cluster\" | \"whole\" | undefined")]
    pub fn lacks(&self) -> Option<String> {
        self.script.lacks().map(name_of).map(str::to_owned)
    }

    /// The present state, with these `keys` placed on the ring beside those that the script asked for.
    ///
    /// # Errors
    /// None that the page could cause.
    #[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands a vector over")]
    pub fn view(&self, keys: Vec<String>) -> Result<Ts<View>, JsError> {
        let now_ms = self.runner.world().monotonic_ns / 1_000_000;
        let seen = self.subject.reference();
        let view = View {
            clock_ms: self.runner.passed_ms().min(NUMBER_MAX),
            node: seen.and_then(Reference::node).map(|node| node_view(node, now_ms)),
            ring: seen.and_then(Reference::ring).map(|ring| ring_view(ring, self.asked.iter().chain(&keys))),
            cluster: self.runner.cluster().map(|play| serde_json::to_string(&play.view())).transpose()?,
            pair_count: seen.map_or(0, |seen| count(pair_count(seen))),
            pairs: seen.into_iter().flat_map(|seen| pairs(seen, now_ms)).take(ENTRIES_SHOWN_MAX).collect(),
        };
        Ok(view.into_ts()?)
    }

    fn with(subject: Driven, text: &str, dialect: &str, seed: u64) -> Result<Session, JsError> {
        let script = parse_session(text, dialect_of(dialect)?);
        let is_done = script.commands.is_empty();
        let (runner, trail) = (Runner::new(seed), Trail::default());
        Ok(Self { script, subject, runner, trail, is_done, asked: VecDeque::new() })
    }

    fn obey(&mut self, count: u32, events: &mut Vec<Event>) -> bool {
        for _ in 0..count {
            let first = events.len();
            self.is_done = !self.runner.step(&self.script, self.subject.subject(), events);
            for event in &events[first..] {
                if let What::Owner { key, .. } = &event.what {
                    remember(&mut self.asked, key);
                }
            }
            self.is_done |= self.runner.position() == self.script.commands.len();
            if let (false, Driven::Reference(reference)) = (self.is_done, &self.subject) {
                self.trail.note(&self.runner, reference);
            }
            if self.is_done {
                return false;
            }
        }
        true
    }
}

fn remember(asked: &mut VecDeque<String>, key: &str) {
    asked.retain(|known| known != key);
    asked.push_back(key.to_owned());
    if asked.len() > ASKED_MAX {
        asked.pop_front();
    }
}

fn dialect_of(name: &str) -> Result<Dialect, JsError> {
    Dialect::from_name(name)
        .ok_or_else(|| JsError::new("there is no such dialect: choose line, memcached, rest or lab"))
}

fn language_of(tag: &str) -> Language {
    if tag.starts_with("fr") { Language::French } else { Language::English }
}
