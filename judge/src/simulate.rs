//! Checks of `simulate_distributed_cache(commands)`: a case is commands of the line protocol, one a line and exactly as written;
//! its answers are judged as a whole.
//!
//! A case's file has its commands and, after `----`, the whole output if it is pinned; further `----` separate other outputs that
//! are right too, where the exercise allows several. Unpinned, the engine's own line cache gives the right output. A line `@for
//! 1..100 PUT k{} v{}` stands for a hundred commands. A line `@again` ends a first call of the function: what follows is a second
//! one in the same process, whose answers are judged.

use std::collections::{BTreeMap, BTreeSet};

use cachedojo::protocol::line::{Command, LineCache, parse};
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::schedule::Schedule;
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response};
use serde::{Deserialize, Serialize};

use super::run::{Fresh, Judged, first_divergence};
use super::said::{Phrase, Said};
use super::verdict::{Divergence, Verdict};

/// Which answers are right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accept {
    /// Those of the commands in input order. (Any order that keeps the input order on each key gives the same answers.)
    #[default]
    Ordered,
    /// Those of the commands in any order.
    AnyOrder,
    /// Any: only threads are counted. An edge case asks for one for each valid command, any other for two, without
    /// which orders of threads tell nothing.
    ThreadEach,
}

/// Which answers are right, and whether each must stand at the place of its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) accept: Accept,
    /// Whether the case is an edge case.
    pub(super) edge: bool,
    /// Whether answers may stand anywhere: where they stand is another check's question, which is lost already.
    pub(super) anywhere: bool,
}

/// A run of fewer threads has one order only.
const THREADS_MIN: u32 = 2;
/// The most commands of a case.
const COMMANDS_MAX: usize = 20_000;
/// The most characters of an answer that are shown.
const SHOWN_MAX: usize = 300;

/// The line of a case between two calls of the function, in one process: what stands above it is the first call's.
pub(super) const AGAIN: &str = "@again";

/// What a filled template asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// The commands of an earlier call, whose answers other cases judge; empty if there is none.
    pub(super) earlier: Vec<String>,
    /// The commands of the call that is judged.
    pub(super) commands: Vec<String>,
}

/// Reads a filled template.
///
/// # Errors
/// A `@for` cannot be parsed, or makes too many commands: its line, counted from 1, and a sentence.
pub(super) fn calls(text: &str) -> Result<Calls, (u32, String)> {
    let Calls { mut earlier, mut commands } = Calls::default();
    // An empty line at the end only separates a case from the next one; any other empty line is a command.
    let text = text.strip_suffix("\n\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    for (number, line) in (1_u32..).zip(text.split('\n')) {
        match line.strip_prefix("@for ") {
            None if line == AGAIN && earlier.is_empty() => earlier = std::mem::take(&mut commands),
            None => commands.push(line.to_owned()),
            Some(rest) => {
                let range = read_for(rest);
                let (range, command) = range
                    .ok_or_else(|| (number, "write `@for 1..100 PUT k{} v{}`: a range, and a command".to_owned()))?;
                commands.extend(range.map(|n| command.replace("{}", &n.to_string())));
            }
        }
        if commands.len() > COMMANDS_MAX {
            return Err((number, format!("a case has at most {COMMANDS_MAX} commands: make the range shorter")));
        }
    }
    Ok(Calls { earlier, commands })
}

/// The commands whose answers are judged.
fn commands(text: &str) -> Vec<String> {
    calls(text).unwrap_or_default().commands
}

fn read_for(text: &str) -> Option<(std::ops::RangeInclusive<u32>, &str)> {
    let (range, command) = text.split_once(' ')?;
    let (low, high) = range.split_once("..")?;
    let (low, high): (u32, u32) = (low.parse().ok()?, high.parse().ok()?);
    (low <= high && high - low < 100_000).then_some((low..=high, command))
}

/// The right outputs, each as its lines: the pinned ones, or else the answers of the engine's own line cache.
pub(super) fn right_outputs(commands: &[String], pinned: Option<&str>) -> Vec<Vec<String>> {
    match pinned {
        Some(pinned) => {
            let outputs = pinned.trim_end_matches('\n').split("\n----\n");
            outputs.map(|output| output.split('\n').map(str::to_owned).collect()).collect()
        }
        None => vec![reference(commands)],
    }
}

/// How many of these commands are answered: those up to the first that ends the run.
pub(super) fn answered(commands: &[String]) -> usize {
    let exit = commands.iter().position(|command| parse(command) == Ok(Command::Exit));
    exit.map_or(commands.len(), |exit| exit + 1)
}

fn reference(commands: &[String]) -> Vec<String> {
    let mut cache = LineCache::new();
    let mut answers = Vec::new();
    for command in commands {
        answers.push(cache.answer(command).to_string());
        if cache.exited() {
            break;
        }
    }
    answers
}

/// One run of a case.
pub(super) fn run(
    Calls { earlier, commands }: &Calls,
    pinned: Option<&str>,
    wanted: Wanted,
    seed: u64,
    fresh: &mut Fresh<'_>,
    schedule: &Schedule,
) -> (Judged, u64) {
    let mut subject = match fresh() {
        Ok(subject) => subject,
        Err(message) => return (Judged::harness_error(message), 0),
    };
    subject.set_schedule(schedule);
    let mut world = World::new(seed);
    let began = world.clone();
    let mut call = |commands: &[String]| subject.call(&mut world, &Request::Simulate(commands.to_vec()));
    let first = if earlier.is_empty() { Ok(()) } else { call(earlier).map(drop) };
    let answer = first.and_then(|()| call(commands));
    let observed = subject.observed();
    let started = observed.as_ref().map_or(0, |observed| observed.started);
    let event = |step: usize, what: What| {
        let step = u32::try_from(step).unwrap_or(u32::MAX);
        Event { step, line: step, at_ms: (world.monotonic_ns - began.monotonic_ns) / 1_000_000, what }
    };
    let mut judged = Judged {
        verdict: Verdict::Pass,
        divergence: None,
        events: Vec::new(),
        by_chance: world.random != began.random,
        observed,
    };
    match answer {
        Ok(Response::Lines(answers)) => {
            let answers = if wanted.anywhere { placed(commands, pinned, wanted.accept, answers) } else { answers };
            judged.divergence = match wanted.accept {
                Accept::Ordered => ordered(commands, &right_outputs(commands, pinned), &answers),
                Accept::AnyOrder => any_order(commands, &answers),
                Accept::ThreadEach => too_few_threads(commands, wanted.edge, started),
            };
            judged.events =
                answers.into_iter().enumerate().map(|(step, text)| event(step, What::Said { text })).collect();
            if judged.divergence.is_some() {
                judged.verdict = Verdict::Fail;
            }
        }
        Ok(Response::NotImplemented { item }) => judged.events = vec![event(0, What::NotImplemented { item })],
        Ok(_) => judged.events = vec![event(0, What::Crashed { crash: Crash::Gibberish })],
        Err(crash) => judged.events = vec![event(commands.len().saturating_sub(1), What::Crashed { crash })],
    }
    if let Some((verdict, divergence)) = first_divergence(&judged.events) {
        (judged.verdict, judged.divergence) = (verdict, Some(divergence));
    }
    (judged, subject.fuel_used())
}

/// Whether a run started fewer threads than it should. What it answered is for other rows to judge.
fn too_few_threads(commands: &[String], edge: bool, started: u32) -> Option<Divergence> {
    let valid = commands.iter().filter(|command| matches!(parse(command), Ok(command) if command != Command::Exit));
    let valid = u32::try_from(valid.count()).unwrap_or(u32::MAX);
    let wanted = if edge { valid } else { THREADS_MIN };
    (started < wanted).then(|| Divergence {
        step: 0,
        expected: Phrase::ThreadForEach(valid).into(),
        actual: Phrase::Threads(started).into(),
        ..Divergence::default()
    })
}

/// The answers, each moved to a command that it fits, as far as there is one: the rest fill the places that are left, in their
/// order. Cost: O(n²) for n answers, of which these cases have few.
fn placed(commands: &[String], pinned: Option<&str>, accept: Accept, answers: Vec<String>) -> Vec<String> {
    let outputs = right_outputs(commands, pinned);
    // The output of which the most answers are there.
    let known = |output: &&Vec<String>| {
        let mut left: Vec<&String> = answers.iter().collect();
        let mut is_there =
            |line: &String| left.iter().position(|answer| *answer == line).map(|at| left.swap_remove(at)).is_some();
        output.iter().filter(|line| is_there(line)).count()
    };
    let Some(best) = outputs.iter().max_by_key(known).cloned() else { return answers };
    let mut left: Vec<Option<String>> = answers.into_iter().map(Some).collect();
    let mut places: Vec<Option<String>> = if accept == Accept::Ordered {
        best.iter().map(|line| take(&mut left, &|answer| answer == line)).collect()
    } else {
        fitting(&commands[..best.len().min(commands.len())], &mut left)
    };
    let mut rest = left.into_iter().flatten();
    for place in &mut places {
        *place = place.take().or_else(|| rest.next());
    }
    places.into_iter().flatten().chain(rest).collect()
}

/// Takes the first answer that fits.
fn take(left: &mut [Option<String>], fits: &dyn Fn(&str) -> bool) -> Option<String> {
    let at = left.iter().position(|answer| answer.as_deref().is_some_and(fits))?;
    left[at].take()
}

/// For each command an answer that it could have in some order of the commands: first those that only it could have, then what
/// found nothing.
fn fitting(commands: &[String], left: &mut [Option<String>]) -> Vec<Option<String>> {
    let parsed: Vec<_> = commands.iter().map(|command| parse(command)).collect();
    let put = |key: &str, value: Option<&str>| {
        let puts = parsed.iter().filter(|command| match command {
            Ok(Command::Put { key: of, value: what }) => *of == key && value.is_none_or(|value| value == *what),
            _ => false,
        });
        puts.count()
    };
    let mut deleted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut places = Vec::new();
    for command in &parsed {
        places.push(match command {
            Err(_) => take(left, &|answer| answer == "ERROR"),
            Ok(Command::Put { .. }) => take(left, &|answer| answer == "STORED"),
            Ok(Command::Exit) => take(left, &|answer| answer == "BYE"),
            Ok(Command::Get { key }) => take(left, &|answer| put(key, Some(answer)) > 0),
            Ok(Command::Delete { key }) => {
                let so_far = deleted.entry(*key).or_default();
                let may = *so_far < put(key, None);
                let answer = if may { take(left, &|answer| answer == "DELETED") } else { None };
                *so_far += usize::from(answer.is_some());
                answer
            }
        });
    }
    for place in places.iter_mut().filter(|place| place.is_none()) {
        *place = take(left, &|answer| answer == "NOT_FOUND");
    }
    places
}

/// The first answer that differs from the right output with which the answers agree most.
fn ordered(commands: &[String], outputs: &[Vec<String>], answers: &[String]) -> Option<Divergence> {
    let common = |output: &&Vec<String>| output.iter().zip(answers).take_while(|(one, other)| one == other).count();
    let best = outputs.iter().max_by_key(common)?;
    let at = common(&best);
    if at == best.len() && at == answers.len() {
        return None;
    }
    let show = |answer: Option<&String>| answer.map_or(Phrase::NoMoreAnswers.into(), |text| printable_start(text));
    if answers.is_empty() && best.len() > 1 {
        return Some(differs_at(&[], 0, Phrase::Answers(best.len()), Phrase::EmptyList));
    }
    if let (None, Some(more)) = (best.get(at), answers.get(at)) {
        return Some(one_too_many(commands, at, more));
    }
    let aside = answers.get(at).map_or_else(String::new, |_| shifted(answers.len(), best.len()));
    Some(Divergence { aside, ..differs_at(commands, at, show(best.get(at)), show(answers.get(at))) })
}

/// Said after a wrong answer when there are fewer answers than there should be: the one at its place may belong to a later command.
fn shifted(given: usize, wanted: usize) -> String {
    if given < wanted { format!(" (answers in all: {given}, commands: {wanted})") } else { String::new() }
}

fn differs_at(commands: &[String], at: usize, expected: impl Into<Said>, actual: impl Into<Said>) -> Divergence {
    let asked = commands.get(at).map_or(String::new(), |command| printable_start(command).to_string());
    let step = u32::try_from(at).unwrap_or(u32::MAX);
    Divergence { step, expected: expected.into(), actual: actual.into(), asked, aside: String::new() }
}

/// Text with its unprintable characters escaped, cut if it is long.
fn printable_start(text: &str) -> Said {
    let mut shown: String = text.chars().take(SHOWN_MAX).flat_map(written_out).collect();
    if text.chars().count() > SHOWN_MAX {
        shown.push('…');
    }
    if shown.is_empty() { Phrase::EmptyLine.into() } else { Said::Value(shown) }
}

/// A character as it is, or its code if it is invisible.
fn written_out(c: char) -> impl Iterator<Item = char> {
    let code = if c.is_control() { Some(c.escape_default()) } else { None };
    let plain = if c.is_control() { None } else { Some(c) };
    code.into_iter().flatten().chain(plain)
}

/// The first answer that no order of the commands explains.
///
/// Commands on different keys do not affect each other, so each key is checked alone. On one key some order explains the answers
/// exactly if every value read was put, and no more deletes succeeded than puts: order each read right after a put of its value,
/// each successful delete after a put of its own, and everything that found nothing first.
fn any_order(commands: &[String], answers: &[String]) -> Option<Divergence> {
    let wanted = answered(commands);
    let mut puts: BTreeMap<&str, (BTreeSet<&str>, usize)> = BTreeMap::new();
    for command in &commands[..wanted] {
        if let Ok(Command::Put { key, value }) = parse(command) {
            let (values, count) = puts.entry(key).or_default();
            values.insert(value);
            *count += 1;
        }
    }
    let mut deleted: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, command) in commands[..wanted].iter().enumerate() {
        let Some(answer) = answers.get(at).map(String::as_str) else {
            return Some(differs_at(commands, at, Phrase::AnAnswer, Phrase::NoMoreAnswers));
        };
        let mut why = String::new();
        let value = |text: &str| Said::Value(text.to_owned());
        let expected: Said = match parse(command) {
            Err(_) if answer != "ERROR" => value("ERROR"),
            Ok(Command::Put { .. }) if answer != "STORED" => value("STORED"),
            Ok(Command::Exit) if answer != "BYE" => value("BYE"),
            Ok(Command::Get { key }) => match puts.get(key) {
                Some((values, _)) if answer == "NOT_FOUND" || values.contains(answer) => continue,
                None if answer == "NOT_FOUND" => continue,
                Some((values, _)) => {
                    Phrase::NotFoundOrPut(values.iter().take(5).map(|put| (*put).to_owned()).collect()).into()
                }
                None => value("NOT_FOUND"),
            },
            Ok(Command::Delete { key }) => {
                let put = puts.get(key).map_or(0, |(_, count)| *count);
                let so_far = deleted.entry(key).or_default();
                *so_far += usize::from(answer == "DELETED");
                match answer {
                    "NOT_FOUND" => continue,
                    "DELETED" if *so_far <= put => continue,
                    "DELETED" => {
                        why = match put {
                            0 => ", though no PUT stores this key".to_owned(),
                            _ => format!(", {so_far} times in all for {put} PUT of this key"),
                        };
                        value("NOT_FOUND")
                    }
                    _ => Phrase::DeletedOrNotFound.into(),
                }
            }
            _ => continue,
        };
        let aside = why + &shifted(answers.len(), wanted);
        return Some(Divergence { aside, ..differs_at(commands, at, expected, printable_start(answer)) });
    }
    answers.get(wanted).map(|more| one_too_many(commands, wanted, more))
}

/// An answer where none was expected, because the commands before it are all or end the run.
fn one_too_many(commands: &[String], at: usize, more: &str) -> Divergence {
    let ended = commands.get(at.wrapping_sub(1)).is_some_and(|last| parse(last) == Ok(Command::Exit));
    let expected = if ended { Phrase::NoAnswerAfterBye } else { Phrase::NoAnswerAfterLast };
    differs_at(&[], at, expected, printable_start(more))
}

/// Each answer of a case that is not the reference's to the same command: the step, what is right, and what was answered.
pub(super) fn wrong(text: &str, events: &[Event]) -> Vec<(u32, String, String)> {
    let right = reference(&commands(text));
    let mut said = events.iter().filter_map(|event| match &event.what {
        What::Said { text } => Some(text.clone()),
        _ => None,
    });
    let (mut right, mut step, mut wrong) = (right.into_iter(), 0, Vec::new());
    loop {
        match (right.next(), said.next()) {
            (None, None) => return wrong,
            (right, said) if right != said => wrong.push((step, right.unwrap_or_default(), said.unwrap_or_default())),
            _ => {}
        }
        step += 1;
    }
}

/// Calls a submission's `simulate_distributed_cache` once with the commands of a script, and turns its answers into events. Cost:
/// that of the call.
pub fn run_script(script: &str, seed: u64, subject: &mut dyn Subject) -> Vec<Event> {
    let Calls { earlier, commands } = match calls(&unescaped(script)) {
        Ok(calls) => calls,
        Err((line, message)) => return vec![Event { step: 0, line, at_ms: 0, what: What::Said { text: message } }],
    };
    let mut world = World::new(seed);
    let first =
        if earlier.is_empty() { Ok(()) } else { subject.call(&mut world, &Request::Simulate(earlier)).map(drop) };
    let whats = match first.and_then(|()| subject.call(&mut world, &Request::Simulate(commands))) {
        Ok(Response::Lines(answers)) => answers.into_iter().map(|text| What::Said { text }).collect(),
        Ok(Response::NotImplemented { item }) => vec![What::NotImplemented { item }],
        Ok(_) => vec![What::Crashed { crash: Crash::Gibberish }],
        Err(crash) => vec![What::Crashed { crash }],
    };
    (0..).zip(whats).map(|(step, what)| Event { step, line: step + 1, at_ms: 0, what }).collect()
}

/// The commands as a script of the line protocol, in which invisible characters other than tabs are written out.
pub(super) fn script(text: &str) -> String {
    let Calls { earlier, commands } = calls(text).unwrap_or_default();
    let between = if earlier.is_empty() { None } else { Some(AGAIN.to_owned()) };
    let lines: Vec<String> = earlier.into_iter().chain(between).chain(commands).collect();
    let shown = |c: char| if matches!(c, '\n' | '\t') { c.to_string() } else { written_out(c).collect() };
    lines.join("\n").chars().map(shown).collect()
}

/// A script's text with what [`script`] wrote out put back.
fn unescaped(script: &str) -> String {
    let mut text = String::with_capacity(script.len());
    let mut rest = script;
    while let Some((before, after)) = rest.split_once("\\u{") {
        let found = after.split_once('}').and_then(|(code, after)| {
            let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
            (c.is_control() && c != '\n').then_some((c, after))
        });
        text.push_str(before);
        if let Some((c, after)) = found {
            text.push(c);
            rest = after;
        } else {
            text.push_str("\\u{");
            rest = after;
        }
    }
    text + rest
}

/// The commands with their answers.
pub(super) fn transcript(text: &str, events: &[Event]) -> String {
    const LINES_MAX: usize = 60;
    let Calls { earlier, commands } = calls(text).unwrap_or_default();
    let asked = |command: &String| format!("> {}", command.chars().flat_map(written_out).collect::<String>());
    let mut lines: Vec<String> = earlier.iter().map(asked).collect();
    if !earlier.is_empty() {
        lines.push(asked(&AGAIN.to_owned()));
    }
    for (at, command) in commands.iter().enumerate() {
        lines.push(asked(command));
        let own = events.iter().filter(|event| event.step as usize == at);
        lines.extend(own.map(|event| format!("  {}", event.what)));
    }
    if lines.len() > LINES_MAX {
        let left_out = lines.len() - LINES_MAX;
        lines.splice(LINES_MAX / 2..LINES_MAX / 2 + left_out, [format!("… ({left_out}) …")]);
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests;
