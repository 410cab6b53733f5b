//! Judges a learner's script for a lesson.

use cachedojo_lab::event::{Event, NO_ANSWER, What};
use cachedojo_lab::runner::run;
use cachedojo_lab::script::expect::{Comparison, Matcher};
use cachedojo_lab::script::{self, Command, Script, Step};
use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

use super::frame::{self, Line};
use super::lesson::{EXPOSED_POINTS, Kind, Lesson, POINTS, length, share};
use super::obstacle::{Obstacle, obstacle};
use super::sentences::Tongue;
use crate::run::Fresh;
use crate::verdict::Verdict;

/// The points that each line over the par costs.
const POINTS_A_LINE: u32 = 6;

/// The judgement of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Whether the lesson is solved.
    pub solved: bool,
    /// The points earned, of 100.
    pub score: u32,
    /// What was checked, in order; the points add up to the score.
    pub rows: Vec<Row>,
    /// In a lesson to expose a bug: the script's length in lines.
    pub length: Option<u32>,
    /// The length of the shortest known script; shown once the lesson is solved.
    pub par: Option<u32>,
    /// The first command that the sound program and the one with the lesson's bug answer differently.
    pub parting: Option<Parting>,
    /// What the lesson teaches; shown once it is solved.
    pub explanation: Option<String>,
}

/// One row of the judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its stable name.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The points earned.
    pub points: u32,
    /// The most points of this row.
    pub max_points: u32,
    /// The row's verdict.
    pub verdict: Verdict,
    /// The expectation, of the script or of the lesson.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// What happened, in a sentence; empty for a pass.
    pub message: String,
    /// The script's line that the row is about, counted from 1.
    pub line: Option<u32>,
    /// Whether it is lost because the lesson's own lines are not as they were, which loses all rows alike.
    #[serde(skip)]
    pub is_of_frame: bool,
}

/// The first answer in which two subjects differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parting {
    /// The command's index.
    pub step: u32,
    /// The script's line, counted from 1.
    pub line: u32,
    /// The sound program's answer.
    pub sound: String,
    /// The buggy program's answer.
    pub other: String,
}

/// The subjects that a lesson's script is run on.
pub struct Subjects<'a> {
    /// The reference engine.
    pub reference: &'a mut Fresh<'a>,
    /// In lessons to expose a bug: the sound program, and the one with the bug.
    pub hunted: Option<(&'a mut Fresh<'a>, &'a mut Fresh<'a>)>,
}

/// Judges a script. Cost: one or two runs of it.
pub fn attempt(lesson: &Lesson, text: &str, language: Language, subjects: Subjects<'_>) -> Attempt {
    let tongue = Tongue(language);
    let mut result = match lesson.kind {
        Kind::Predict => predict(lesson, text, tongue, subjects.reference),
        Kind::Repair | Kind::Design => build(lesson, text, tongue, subjects.reference),
        Kind::Expose => match subjects.hunted {
            Some((sound, other)) => expose(lesson, text, tongue, sound, other),
            None => Attempt::failed(harness_row(tongue.no_subject())),
        },
    };
    result.score = result.rows.iter().map(|row| row.points).sum();
    result.solved = result.score >= lesson.passing_score();
    if result.solved {
        result.explanation = Some(lesson.explanation.get(language).to_owned());
        result.par = (lesson.kind == Kind::Expose).then(|| lesson.par());
    }
    result
}

impl Attempt {
    fn of(rows: Vec<Row>) -> Self {
        Self { solved: false, score: 0, rows, length: None, par: None, parting: None, explanation: None }
    }

    fn failed(row: Row) -> Self {
        Self::of(vec![row])
    }
}

impl Row {
    fn new(id: String, title: String, max_points: u32) -> Self {
        let (expected, actual, message) = (String::new(), String::new(), String::new());
        Self {
            id,
            title,
            points: max_points,
            max_points,
            verdict: Verdict::Pass,
            expected,
            actual,
            message,
            line: None,
            is_of_frame: false,
        }
    }

    fn fail(mut self, message: String) -> Self {
        (self.points, self.verdict, self.message) = (0, Verdict::Fail, message);
        self
    }

    fn at(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    fn stopped_by(mut self, obstacle: &Obstacle) -> Self {
        self.is_of_frame = obstacle.is_of_frame;
        self.fail(obstacle.message.clone()).at(obstacle.line)
    }
}

fn harness_row(message: String) -> Row {
    Row { verdict: Verdict::HarnessError, ..Row::new("subject".to_owned(), String::new(), POINTS).fail(message) }
}

/// The result of the expectation on a line: `Ok`, or the actual answer.
fn outcome_at(events: &[Event], line: u32) -> Option<Result<(), String>> {
    events.iter().filter(|event| event.line == line).find_map(|event| match &event.what {
        What::Held { .. } => Some(Ok(())),
        What::Broken { actual, .. } => Some(Err(actual.clone())),
        _ => None,
    })
}

fn crash(events: &[Event]) -> Option<&Event> {
    events
        .iter()
        .find(|event| matches!(event.what, What::Crashed { .. } | What::NoObject { .. } | What::NotImplemented { .. }))
}

/// An event of a run of this script, in the reader's language.
fn in_words(event: &Event, script: &Script, tongue: Tongue) -> String {
    script
        .commands
        .get(event.step as usize)
        .map_or_else(|| event.what.to_string(), |step| event.what.text_in(&step.command, tongue.0))
}

fn run_on(script: &Script, seed: u64, fresh: &mut Fresh<'_>) -> Result<Vec<Event>, String> {
    Ok(run(script, fresh()?.as_mut(), seed))
}

// ---- predict ----

fn predict(lesson: &Lesson, text: &str, tongue: Tongue, reference: &mut Fresh<'_>) -> Attempt {
    let frame = frame::lines(&lesson.script.starter, lesson.dialect);
    let lines = frame::lines(text, lesson.dialect);
    let script = script::parse(text, lesson.dialect);
    let obstacle = frame::first_changed(&lines, &frame, frame::is_blank)
        .map(|line| Obstacle::changed(line, tongue))
        .or_else(|| lines.get(frame.len()).map(|line| Obstacle::too_many(line.number, tongue)));
    let events = run_on(&script, lesson.seed, reference);
    let asked: Vec<usize> = (0..frame.len()).filter(|&index| frame::is_blank(&frame[index])).collect();
    let rows = asked.iter().enumerate().map(|(index, &place)| {
        let row = Row::new(format!("answer_{}", index + 1), tongue.answer(index + 1), share(index, asked.len()));
        if let Some(obstacle) = &obstacle {
            return row.stopped_by(obstacle);
        }
        let line = &lines[place];
        let row = row.at(line.number);
        match &events {
            Ok(events) => predicted(row, line, &script, events, tongue),
            Err(message) => Row { verdict: Verdict::HarnessError, ..row.fail(message.clone()) },
        }
    });
    Attempt::of(rows.collect())
}

fn predicted(row: Row, line: &Line, script: &Script, events: &[Event], tongue: Tongue) -> Row {
    if frame::is_blank(line) {
        return row.fail(tongue.still_open(line.number));
    }
    if let Some(wrong) = script.diagnostics.iter().find(|diagnostic| diagnostic.line == line.number) {
        return row.fail(tongue.on_line(line.number, &wrong.mistake.message(tongue.0)));
    }
    let expectation = script.commands.iter().find_map(|step| match &step.command {
        Command::Expect(expectation) if step.line == line.number => Some(expectation),
        _ => None,
    });
    let Some(expectation) = expectation else { return row.fail(tongue.still_open(line.number)) };
    let exact = match &expectation.matcher {
        Matcher::Is(_) | Matcher::Error | Matcher::OnlyTo(_) | Matcher::OnlyFrom(_) => true,
        Matcher::Field { is, percent, .. } => *is == Comparison::Equal && !percent,
        _ => false,
    };
    if !exact {
        return row.fail(tongue.not_exact(line.number));
    }
    let mut row = row;
    expectation.source.clone_into(&mut row.expected);
    match outcome_at(events, line.number) {
        Some(Ok(())) => row,
        Some(Err(actual)) => {
            let message = tongue.other_answer(line.number, &expectation.source, &actual);
            Row { actual, ..row.fail(message) }
        }
        None => row.fail(tongue.never_reached(line.number)),
    }
}

// ---- repair and design ----

fn build(lesson: &Lesson, text: &str, tongue: Tongue, reference: &mut Fresh<'_>) -> Attempt {
    let given = frame::lines(&lesson.script.given, lesson.dialect);
    let goal = frame::lines(&lesson.script.goal, lesson.dialect);
    let lines = frame::lines(text, lesson.dialect);
    let script = script::parse(text, lesson.dialect);
    let obstacle = obstacle(lesson, &given, &goal, &lines, &script, tongue);
    let events = run_on(&script, lesson.seed, reference);
    let goal_starts = lines.len().saturating_sub(goal.len());
    let wanted: Vec<usize> = (0..goal.len()).filter(|&index| goal[index].meaning == frame::Meaning::Expect).collect();
    let rows = wanted.iter().enumerate().map(|(index, &place)| {
        let title = goal[place].text.clone();
        let row = Row::new(format!("goal_{}", index + 1), title.clone(), share(index, wanted.len()));
        if let Some(obstacle) = &obstacle {
            return row.stopped_by(obstacle);
        }
        let line = lines[goal_starts + place].number;
        let row = row.at(line);
        let events = match &events {
            Ok(events) => events,
            Err(message) => return Row { verdict: Verdict::HarnessError, ..row.fail(message.clone()) },
        };
        let actual = match outcome_at(events, line) {
            Some(Ok(())) => return row,
            Some(Err(actual)) => Some(actual).filter(|actual| actual != NO_ANSWER),
            None => None,
        };
        match (actual, crash(events)) {
            (Some(actual), _) => {
                let expected = title.trim_start_matches("expect").trim().to_owned();
                let message = tongue.goal_missed(line, &expected, &actual);
                Row { expected, actual, ..row.fail(message) }
            }
            // Nothing could answer: what ended the run, or what there was none of, is the mistake.
            (None, Some(event)) => {
                row.fail(tongue.on_line(event.line, &in_words(event, &script, tongue))).at(event.line)
            }
            (None, None) => row.fail(tongue.never_reached(line)),
        }
    });
    Attempt::of(rows.collect())
}

// ---- expose ----

fn expose(lesson: &Lesson, text: &str, tongue: Tongue, sound: &mut Fresh<'_>, other: &mut Fresh<'_>) -> Attempt {
    let script = script::parse(text, lesson.dialect);
    let length = length(&script);
    let exposes = Row::new("exposes".to_owned(), tongue.exposes(), EXPOSED_POINTS);
    let short = Row::new("short".to_owned(), tongue.short(), POINTS - EXPOSED_POINTS);
    let (exposes, parting) = match part(lesson, &script, tongue, sound, other) {
        Ok(parting) => (exposes.at(parting.line), Some(parting)),
        Err((line, message)) => (Row { line, ..exposes.fail(message) }, None),
    };
    let short = if parting.is_none() {
        Row { verdict: Verdict::Skipped, ..short.fail(tongue.expose_first()) }
    } else {
        let over = length.saturating_sub(lesson.par());
        let points = short.max_points.saturating_sub(over.saturating_mul(POINTS_A_LINE));
        if over == 0 { short } else { Row { points, ..short.fail(tongue.longer(length, lesson.par())) } }
    };
    Attempt { length: Some(length), parting, ..Attempt::of(vec![exposes, short]) }
}

/// The first command that the two answer differently; or why the script shows nothing: the line, if it is about one,
/// and a sentence.
///
/// Not [`difference`](cachedojo_lab::compare::difference), which runs both only up to there: here the sound program must first
/// run to the end without a failed expectation, and an answer at another time counts as another answer.
fn part(
    lesson: &Lesson,
    script: &Script,
    tongue: Tongue,
    sound: &mut Fresh<'_>,
    other: &mut Fresh<'_>,
) -> Result<Parting, (Option<u32>, String)> {
    if let Some(wrong) = script.diagnostics.first() {
        return Err((Some(wrong.line), tongue.on_line(wrong.line, &wrong.mistake.message(tongue.0))));
    }
    if script.commands.is_empty() {
        return Err((None, tongue.empty()));
    }
    let named = |step: &Step| (command_name(&step.source), taken(lesson));
    if let Some(step) = script.commands.iter().find(|step| matches!(step.command, Command::World(_))) {
        let (command, taken) = named(step);
        return Err((Some(step.line), tongue.no_simulated_cluster(step.line, &command, &taken)));
    }
    let broken = |message: String| (None, message);
    let told = run_on(script, lesson.seed, sound).map_err(broken)?;
    if let Some(event) = told.iter().find(|event| matches!(event.what, What::Broken { .. })) {
        return Err((Some(event.line), tongue.breaks_on_sound(event.line, &in_words(event, script, tongue))));
    }
    let unknown = |event: &&Event| matches!(event.what, What::NotImplemented { .. });
    if let Some(event) = told.iter().find(unknown)
        && let Some(step) = script.commands.get(event.step as usize)
    {
        let (command, taken) = named(step);
        return Err((Some(event.line), tongue.not_known_here(event.line, &command, &taken)));
    }
    if let Some(event) = crash(&told) {
        return Err((Some(event.line), tongue.on_line(event.line, &in_words(event, script, tongue))));
    }
    let answers =
        |events: Vec<Event>| -> Vec<Event> { events.into_iter().filter(|event| event.what.is_answer()).collect() };
    let (sound, other) = (answers(told), answers(run_on(script, lesson.seed, other).map_err(broken)?));
    // A bug that ends the program has fewer answers: that is a difference too.
    let differs = sound.iter().enumerate().find(|(index, event)| other.get(*index) != Some(*event));
    let Some((index, event)) = differs else { return Err((None, tongue.no_difference())) };
    Ok(Parting {
        step: event.step,
        line: event.line,
        sound: event.what.to_string(),
        other: other.get(index).map_or_else(|| tongue.silence(), |event| event.what.to_string()),
    })
}

/// The families of which the programs of a lesson know these commands.
const TAKEN: &[(&str, &[&str])] = &[
    ("node", &["new", "set", "get", "delete", "incr", "touch", "clean", "stats"]),
    ("ring", &["new", "add", "remove", "where", "replicas", "nodes", "spread"]),
    ("cluster", &["new", "add", "remove", "set", "get", "delete", "where", "stats"]),
];

/// The commands that the programs of a lesson take, in a sentence: those of the family that its script begins with. The page has no
/// solutions.
fn taken(lesson: &Lesson) -> String {
    let family = lesson.script.starter.split_whitespace().next().unwrap_or_default();
    let commands = TAKEN.iter().find(|(name, _)| *name == family).map_or(&[][..], |(_, commands)| commands);
    let named: Vec<String> = commands.iter().map(|command| format!("`{family} {command}`")).collect();
    if named.is_empty() { format!("`{family}`") } else { named.join(", ") }
}

/// A command's name: its first word, or two where the first is a family's.
fn command_name(source: &str) -> String {
    let words: Vec<&str> = source.split_whitespace().collect();
    let is_family = words.first().is_some_and(|first| TAKEN.iter().any(|(name, _)| name == first));
    words[..words.len().min(if is_family { 2 } else { 1 })].join(" ")
}
