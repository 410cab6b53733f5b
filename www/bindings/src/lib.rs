//! The page's way into the engine: the one crate that knows wasm-bindgen.
//!
//! Few calls that each do much: [`diagnose`] reads a script, a [`Session`] runs one and is looked at, [`example`] takes a
//! scenario file apart, [`commands`] is the language's table. Events cross as the JSON that they are natively; everything
//! else as the plain objects below, whose TypeScript types are made from these. A trap ruins the instance: whoever
//! catches one must throw the instance away and make another.
#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

pub mod course;
pub mod module;

use std::collections::VecDeque;

use serde::Serialize;
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use cachedojo::cache::CacheNode;
use cachedojo::clock::Instant;
use cachedojo::ring::HashRing;
use cachedojo_lab::event::{Event, StatsView, What};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::runner::{Runner, render, run};
use cachedojo_lab::scenario::Scenario;
use cachedojo_lab::script::{COMMANDS, Dialect, Script, advise, parse};
use cachedojo_notation::text::{Language, escape};

/// What a script is before it runs.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// How many commands it has.
    pub commands: u32,
    /// Its mistakes, in order of place: the first [`DIAGNOSTICS_SHOWN_MAX`] of them.
    pub diagnostics: Vec<Marked>,
}

/// A mistake and where to underline it.
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
}

/// What can be seen of a run's world.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Time since the run began, in milliseconds.
    pub clock_ms: u64,
    /// The cache node, once there is one.
    pub node: Option<NodeView>,
    /// The ring, once there is one.
    pub ring: Option<RingView>,
    /// What the protocols' servers hold: the first [`ENTRIES_SHOWN_MAX`].
    pub pairs: Vec<Pair>,
    /// How many entries they hold.
    pub pair_count: u32,
}

/// An entry of a protocol's server.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// The key, escaped; with its namespace, where there is one.
    pub key: String,
    /// The value's first [`VALUE_SHOWN_BYTES`], escaped.
    pub value: String,
    /// How long it has to live yet, in milliseconds; none has no deadline; 0 is expired.
    pub left_ms: Option<u64>,
}

/// A cache node.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Its limit, in bytes.
    pub limit_bytes: u64,
    /// Its eviction policy, as scripts spell it.
    pub policy: &'static str,
    /// Its counters.
    #[tsify(
        type = "{ hits: number; misses: number; evictions: number; expired: number; bytes: number; entries: number }"
    )]
    pub stats: StatsView,
    /// Hits per thousand reads; none before the first read.
    pub hit_rate_per_mille: Option<u32>,
    /// Its entries, the next to leave first: the first [`ENTRIES_SHOWN_MAX`].
    pub entries: Vec<EntryView>,
}

/// An entry of a cache node.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// The key, escaped.
    pub key: String,
    /// The value's first [`VALUE_SHOWN_BYTES`], escaped.
    pub value: String,
    /// What key and value weigh.
    pub bytes: u64,
    /// Reads since it was stored.
    pub access_count: u64,
    /// How long it has to live yet, in milliseconds; none lives until evicted; 0 is expired.
    pub left_ms: Option<u64>,
    /// From its storing to its deadline, in milliseconds.
    pub span_ms: Option<u64>,
}

/// A hash ring. Places are the upper 32 bits of a position: a picture needs no more.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct RingView {
    /// Its members, by id.
    pub members: Vec<MemberView>,
    /// Where each point stands, clockwise from zero; empty when there are more than [`POINTS_SHOWN_MAX`].
    pub places: Vec<u32>,
    /// For each point, the index of the member whose it is.
    pub owners: Vec<u32>,
    /// For each point, the index of the member who answers for the arc that ends there; none when all are dead.
    pub heirs: Vec<Option<u32>>,
    /// The keys that the script asked for last, and those that the page asks for, where they stand.
    pub keys: Vec<KeyView>,
}

/// A member of a ring.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// Its id, escaped.
    pub id: String,
    /// Its weight.
    pub weight: u32,
    /// Whether it answers.
    pub is_alive: bool,
    /// How many points it has.
    pub points: u32,
    /// The part of the circle that it answers for, in millionths.
    pub share_ppm: u32,
}

/// A key's place on a ring.
#[derive(Serialize, Tsify)]
pub struct KeyView {
    /// The key.
    pub key: String,
    /// Its position, in 16 hexadecimal digits.
    pub position: String,
    /// The position's upper 32 bits.
    pub place: u32,
    /// The index of the member who answers for it.
    pub owner: Option<u32>,
}

/// A command of the `lab` language.
#[derive(Serialize, Tsify)]
pub struct CommandHelp {
    /// The words it begins with.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// A scenario file as something to try.
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

/// An event with what a reader needs beside it.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    event: &'a Event,
    text: String,
    /// The command, beside its first event only.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
}

/// A script, the reference that obeys it, and how far they have come.
#[wasm_bindgen]
pub struct Session {
    script: Script,
    subject: Reference,
    runner: Runner,
    is_done: bool,
    /// The keys whose owner was asked for, the latest last.
    asked: VecDeque<String>,
}

/// More mistakes than these help nobody.
const DIAGNOSTICS_SHOWN_MAX: usize = 200;
/// More entries than these nobody reads.
const ENTRIES_SHOWN_MAX: usize = 200;
/// More of a value than this nobody reads.
const VALUE_SHOWN_BYTES: usize = 200;
/// More points than these make no picture.
const POINTS_SHOWN_MAX: usize = 4_000;
/// Keys asked for by the script that stay in the picture.
const ASKED_MAX: usize = 8;
/// The largest whole number that every JavaScript number up to it can say.
const NUMBER_MAX: u64 = (1 << 53) - 1;

#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
}

/// The engine's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Reads a script and tells its mistakes, and what a protocol will refuse and why, in the language of that tag (`en`, `fr`).
///
/// # Errors
/// When there is no such dialect.
#[wasm_bindgen]
pub fn diagnose(text: &str, dialect: &str, language: &str) -> Result<Ts<Reading>, JsError> {
    let dialect = dialect_of(dialect)?;
    let script = parse(text, dialect);
    let language = language_of(language);
    let mut utf16 = Utf16::new(text);
    let shown = advise(text, dialect).into_iter().chain(script.diagnostics).take(DIAGNOSTICS_SHOWN_MAX);
    let diagnostics = shown.map(|diagnostic| Marked {
        from: utf16.offset(diagnostic.span.start),
        to: utf16.offset(diagnostic.span.end),
        line: diagnostic.line,
        message: diagnostic.mistake.message(language),
    });
    let diagnostics = diagnostics.collect();
    Ok(Reading { commands: count(script.commands.len()), diagnostics }.into_ts()?)
}

/// The `lab` language's commands, explained in the language of that tag.
///
/// # Errors
/// None that the page could cause.
#[wasm_bindgen]
pub fn commands(language: &str) -> Result<Vec<Ts<CommandHelp>>, JsError> {
    let language = language_of(language);
    let help = COMMANDS.iter().map(|entry| CommandHelp {
        name: entry.name,
        usage: entry.usage,
        help: match language {
            Language::English => entry.help_en,
            Language::French => entry.help_fr,
        },
    });
    Ok(help.map(|command| command.into_ts()).collect::<Result<_, _>>()?)
}

/// A scenario file as something to try.
///
/// # Errors
/// When the file is none.
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

/// Runs a whole script; its events as JSON, byte for byte what `grader run --format json` prints.
///
/// # Errors
/// When there is no such dialect.
#[wasm_bindgen(js_name = runJson)]
pub fn run_json(text: &str, dialect: &str, seed: u64) -> Result<String, JsError> {
    let script = parse(text, dialect_of(dialect)?);
    Ok(serde_json::to_string(&run(&script, &mut Reference::default(), seed))?)
}

/// Runs a whole script; its answers as text, byte for byte what `grader run` prints.
///
/// # Errors
/// When there is no such dialect.
#[wasm_bindgen(js_name = runText)]
pub fn run_text(text: &str, dialect: &str, seed: u64) -> Result<String, JsError> {
    let dialect = dialect_of(dialect)?;
    let script = parse(text, dialect);
    Ok(render(&run(&script, &mut Reference::default(), seed), dialect))
}

#[wasm_bindgen]
impl Session {
    /// A session at a script's beginning.
    ///
    /// # Errors
    /// When there is no such dialect.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str, dialect: &str, seed: u64) -> Result<Session, JsError> {
        let script = parse(text, dialect_of(dialect)?);
        let is_done = script.commands.is_empty();
        let (subject, runner) = (Reference::default(), Runner::new(seed));
        Ok(Self { script, subject, runner, is_done, asked: VecDeque::new() })
    }

    /// Obeys up to `count` commands. Their events as a JSON array; each with its `text`, and the first of each command
    /// with the command as `source`.
    ///
    /// # Errors
    /// None that the page could cause.
    pub fn step(&mut self, count: u32) -> Result<String, JsError> {
        let mut events = Vec::new();
        self.obey(count, &mut events);
        let mut last_step = None;
        let told: Vec<Told<'_>> = events
            .iter()
            .map(|event| {
                let is_first = last_step.replace(event.step) != Some(event.step);
                let source = is_first.then(|| self.script.commands[event.step as usize].source.as_str());
                Told { event, text: event.what.to_string(), source }
            })
            .collect();
        Ok(serde_json::to_string(&told)?)
    }

    /// Obeys up to `count` commands without telling: for a way that was gone before.
    pub fn skip(&mut self, count: u32) {
        for _ in 0..count {
            let mut events = Vec::new();
            if !self.obey(1, &mut events) {
                break;
            }
        }
    }

    /// How many commands were obeyed.
    #[wasm_bindgen(getter)]
    pub fn position(&self) -> u32 {
        count(self.runner.position())
    }

    /// How many commands there are.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> u32 {
        count(self.script.commands.len())
    }

    /// Whether there is nothing left to obey: the script is at its end, or its subject is.
    #[wasm_bindgen(getter, js_name = isDone)]
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// The world as it stands now, with these `keys` placed on the ring beside those that the script asked for.
    ///
    /// # Errors
    /// None that the page could cause.
    #[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands a vector over")]
    pub fn view(&self, keys: Vec<String>) -> Result<Ts<View>, JsError> {
        let now_ms = self.runner.world().monotonic_ns / 1_000_000;
        let view = View {
            clock_ms: self.runner.passed_ms().min(NUMBER_MAX),
            node: self.subject.node().map(|node| node_view(node, now_ms)),
            ring: self.subject.ring().map(|ring| ring_view(ring, self.asked.iter().chain(&keys))),
            pair_count: count(pair_count(&self.subject)),
            pairs: pairs(&self.subject, now_ms).take(ENTRIES_SHOWN_MAX).collect(),
        };
        Ok(view.into_ts()?)
    }

    fn obey(&mut self, count: u32, events: &mut Vec<Event>) -> bool {
        for _ in 0..count {
            let first = events.len();
            self.is_done = !self.runner.step(&self.script, &mut self.subject, events);
            for event in &events[first..] {
                if let What::Owner { key, .. } = &event.what {
                    remember(&mut self.asked, key);
                }
            }
            self.is_done |= self.runner.position() == self.script.commands.len();
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

/// What the protocols' servers hold, one after the other; a script mostly speaks to one of them.
fn pairs(subject: &Reference, now_ms: u64) -> impl Iterator<Item = Pair> {
    let left_ms = move |deadline: Instant| deadline.as_millis().saturating_sub(now_ms).min(NUMBER_MAX);
    let line = subject.line_entries().into_iter();
    let line = line.map(|(key, value)| Pair { key: key.to_owned(), value: value.to_owned(), left_ms: None });
    let memcached = subject.memcached().entries().map(move |(key, value, deadline)| Pair {
        key: escape(key),
        value: shown(value),
        left_ms: deadline.map(left_ms),
    });
    let rest = subject.rest().entries().map(move |(namespace, key, value, deadline)| Pair {
        key: escape(format!("{namespace}/{key}").as_bytes()),
        value: shown(value.as_bytes()),
        left_ms: Some(left_ms(deadline)),
    });
    line.chain(memcached).chain(rest)
}

fn pair_count(subject: &Reference) -> usize {
    subject.line_entries().len() + subject.memcached().len() + subject.rest().len()
}

fn shown(value: &[u8]) -> String {
    escape(&value[..value.len().min(VALUE_SHOWN_BYTES)])
}

fn node_view(node: &CacheNode, now_ms: u64) -> NodeView {
    let stats = node.stats();
    let entries = node.entries().into_iter().take(ENTRIES_SHOWN_MAX).map(|entry| {
        let deadline_ms = entry.expires_at.map(Instant::as_millis);
        EntryView {
            key: escape(entry.key.as_bytes()),
            value: shown(entry.value),
            bytes: (entry.key.len() + entry.value.len()) as u64,
            access_count: entry.access_count.min(NUMBER_MAX),
            left_ms: deadline_ms.map(|at| at.saturating_sub(now_ms).min(NUMBER_MAX)),
            span_ms: deadline_ms.map(|at| at.saturating_sub(entry.created_at.as_millis()).min(NUMBER_MAX)),
        }
    });
    NodeView {
        limit_bytes: node.max_bytes().min(NUMBER_MAX),
        policy: node.policy().name(),
        stats: StatsView {
            hits: stats.hits,
            misses: stats.misses,
            evictions: stats.evictions,
            expired: stats.expired,
            bytes: stats.bytes_stored as u64,
            entries: stats.entry_count as u64,
        },
        hit_rate_per_mille: stats.hit_rate_per_mille(),
        entries: entries.collect(),
    }
}

fn ring_view<'a>(ring: &HashRing, keys: impl Iterator<Item = &'a String>) -> RingView {
    let nodes = ring.nodes();
    let points: Vec<_> = ring.points().collect();
    let index = |id: &str| nodes.binary_search_by(|node| node.id.as_str().cmp(id)).ok();
    let owners: Vec<usize> = points.iter().filter_map(|point| index(point.node_id)).collect();
    let mut heirs: Vec<Option<u32>> = vec![None; points.len()];
    let mut shares = vec![0_u128; nodes.len()];
    let mut held = vec![0_u32; nodes.len()];
    // Twice backwards around the circle: the first round finds the heir of the arcs that cross zero.
    let mut heir = None;
    for i in (0..points.len()).chain(0..points.len()).rev() {
        if nodes[owners[i]].is_alive {
            heir = Some(owners[i]);
        }
        heirs[i] = heir.map(count);
    }
    for (i, point) in points.iter().enumerate() {
        held[owners[i]] += 1;
        let before = points[(i + points.len() - 1) % points.len()].position;
        let arc = if points.len() == 1 { 1 << 64 } else { u128::from(point.position.wrapping_sub(before)) };
        if let Some(heir) = heirs[i] {
            shares[heir as usize] += arc;
        }
    }
    let members = nodes.iter().enumerate().map(|(i, node)| MemberView {
        id: escape(node.id.as_bytes()),
        weight: node.weight,
        is_alive: node.is_alive,
        points: held[i],
        share_ppm: u32::try_from((shares[i] * 1_000_000) >> 64).unwrap_or(u32::MAX),
    });
    let key_view = |key: &String| {
        let position = ring.hash(key);
        let owner = ring.get_node(key).and_then(|node| index(&node.id)).map(count);
        KeyView { key: key.clone(), position: format!("{position:016x}"), place: upper(position), owner }
    };
    let (members, keys) = (members.collect(), keys.map(key_view).collect());
    if points.len() > POINTS_SHOWN_MAX {
        return RingView { members, places: Vec::new(), owners: Vec::new(), heirs: Vec::new(), keys };
    }
    let places = points.iter().map(|point| upper(point.position)).collect();
    RingView { members, places, owners: owners.into_iter().map(count).collect(), heirs, keys }
}

const fn upper(position: u64) -> u32 {
    (position >> 32) as u32
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn dialect_of(name: &str) -> Result<Dialect, JsError> {
    Dialect::from_name(name)
        .ok_or_else(|| JsError::new("there is no such dialect: choose line, memcached, rest or lab"))
}

fn language_of(tag: &str) -> Language {
    if tag.starts_with("fr") { Language::French } else { Language::English }
}

/// Byte offsets of a text as UTF-16 offsets; cheap for offsets that ascend.
struct Utf16<'a> {
    text: &'a str,
    bytes: usize,
    units: usize,
}

impl<'a> Utf16<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, bytes: 0, units: 0 }
    }

    fn offset(&mut self, bytes: usize) -> u32 {
        if bytes < self.bytes {
            (self.bytes, self.units) = (0, 0);
        }
        self.units += self.text[self.bytes..bytes].encode_utf16().count();
        self.bytes = bytes;
        count(self.units)
    }
}
