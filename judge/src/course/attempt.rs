//! A learner's script against its lesson.

use cachedojo_lab::event::{Event, What};
use cachedojo_lab::runner::run;
use cachedojo_lab::script::expect::{Comparison, Test};
use cachedojo_lab::script::{self, Command, Script};
use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

use super::frame::{self, Line};
use super::lesson::{EXPOSED_POINTS, Kind, Lesson, POINTS, length, share};
use crate::run::Fresh;
use crate::verdict::Verdict;

/// What each line over the par costs there.
const POINTS_A_LINE: u32 = 6;

/// What came of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Whether the lesson is solved.
    pub solved: bool,
    /// The points earned, of 100.
    pub score: u32,
    /// What was looked at, in order; the points add up to the score.
    pub rows: Vec<Row>,
    /// Of a lesson to expose a bug: how many lines the script has.
    pub length: Option<u32>,
    /// How many the shortest known one has; told once the lesson is solved.
    pub par: Option<u32>,
    /// Where the answers of the sound cache and of the lesson's bug part.
    pub parting: Option<Parting>,
    /// What there was to learn; told once the lesson is solved.
    pub explanation: Option<String>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its stable name.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The points earned.
    pub points: u32,
    /// The points there are.
    pub max_points: u32,
    /// What came of it.
    pub verdict: Verdict,
    /// What the script says, or the lesson asks for.
    pub expected: String,
    /// What was there instead.
    pub actual: String,
    /// What happened, in a sentence; empty for a pass.
    pub message: String,
    /// The script's line that it is about, counted from 1.
    pub line: Option<u32>,
}

/// The first answer in which two subjects differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parting {
    /// The command's index.
    pub step: u32,
    /// The script's line, counted from 1.
    pub line: u32,
    /// The sound cache's answer.
    pub sound: String,
    /// The other one's.
    pub other: String,
}

/// Whatever a lesson's script is run on.
pub struct Subjects<'a> {
    /// The reference engine.
    pub reference: &'a mut Fresh<'a>,
    /// For lessons to expose a bug: the sound program, and the one with the bug.
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
}

fn harness_row(message: String) -> Row {
    Row { verdict: Verdict::HarnessError, ..Row::new("subject".to_owned(), String::new(), POINTS).fail(message) }
}

/// What a run told of the expectation of a line: `Ok`, or what was there instead.
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

fn run_on(script: &Script, seed: u64, fresh: &mut Fresh<'_>) -> Result<Vec<Event>, String> {
    Ok(run(script, fresh()?.as_mut(), seed))
}

// ---- predict ----

fn predict(lesson: &Lesson, text: &str, tongue: Tongue, reference: &mut Fresh<'_>) -> Attempt {
    let frame = frame::lines(&lesson.script.starter, lesson.dialect);
    let lines = frame::lines(text, lesson.dialect);
    let script = script::parse(text, lesson.dialect);
    let changed = frame::first_changed(&lines, &frame, frame::is_blank)
        .or_else(|| lines.get(frame.len()).map(|line| line.number));
    let events = run_on(&script, lesson.seed, reference);
    let asked: Vec<usize> = (0..frame.len()).filter(|&index| frame::is_blank(&frame[index])).collect();
    let rows = asked.iter().enumerate().map(|(index, &place)| {
        let row = Row::new(format!("answer_{}", index + 1), tongue.answer(index + 1), share(index, asked.len()));
        if let Some(line) = changed {
            return row.fail(tongue.frame_changed(line)).at(line);
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
    let exact = match &expectation.test {
        Test::Is(_) | Test::Error | Test::OnlyTo(_) | Test::OnlyFrom(_) => true,
        Test::Field { is, percent, .. } => *is == Comparison::Equal && !percent,
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
        if let Some((line, message)) = &obstacle {
            return row.fail(message.clone()).at(*line);
        }
        let line = lines[goal_starts + place].number;
        let row = row.at(line);
        let events = match &events {
            Ok(events) => events,
            Err(message) => return Row { verdict: Verdict::HarnessError, ..row.fail(message.clone()) },
        };
        match outcome_at(events, line) {
            Some(Ok(())) => row,
            Some(Err(actual)) => {
                let expected = title.trim_start_matches("expect").trim().to_owned();
                let message = tongue.goal_missed(line, &expected, &actual);
                Row { expected, actual, ..row.fail(message) }
            }
            None => row.fail(crash(events).map_or_else(
                || tongue.never_reached(line),
                |event| tongue.on_line(event.line, &event.what.to_string()),
            )),
        }
    });
    Attempt::of(rows.collect())
}

/// What is wrong with a script before it runs, and on which line.
fn obstacle(
    lesson: &Lesson,
    given: &[Line],
    goal: &[Line],
    lines: &[Line],
    script: &Script,
    tongue: Tongue,
) -> Option<(u32, String)> {
    let never = |_: &Line| false;
    if let Some(line) = frame::first_changed(lines, given, never) {
        return Some((line, tongue.frame_changed(line)));
    }
    let Some(goal_starts) = lines.len().checked_sub(goal.len()).filter(|starts| *starts >= given.len()) else {
        let line = lines.last().map_or(1, |line| line.number);
        return Some((line, tongue.frame_changed(line)));
    };
    if let Some(line) = frame::first_changed(&lines[goal_starts..], goal, never) {
        return Some((line, tongue.frame_changed(line)));
    }
    let own = &lines[given.len()..goal_starts];
    if let Some(wrong) = script.diagnostics.first() {
        return Some((wrong.line, tongue.on_line(wrong.line, &wrong.mistake.message(tongue.0))));
    }
    if lesson.lines_max > 0 && own.len() > lesson.lines_max as usize {
        let line = own[lesson.lines_max as usize].number;
        return Some((line, tongue.too_many_lines(own.len(), lesson.lines_max)));
    }
    own.iter().find_map(|line| {
        let words: Vec<&str> = line.text.split_whitespace().collect();
        // The command of a `for` is what is allowed or not.
        let command = if words.first() == Some(&"for") { words.get(2..).unwrap_or_default() } else { &words };
        let begins = |allowed: &String| {
            let allowed: Vec<&str> = allowed.split_whitespace().collect();
            command.starts_with(&allowed)
        };
        if !lesson.allowed.is_empty() && !lesson.allowed.iter().any(begins) {
            return Some((line.number, tongue.not_allowed(line.number, &lesson.allowed)));
        }
        let too_large =
            words.iter().filter_map(|word| word.parse::<u64>().ok()).find(|&number| number > lesson.number_max);
        let number = too_large.filter(|_| lesson.number_max > 0)?;
        Some((line.number, tongue.too_large(line.number, number, lesson.number_max)))
    })
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

/// Where the two part, or why the script shows nothing: the line, if it is about one, and a sentence.
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
    let broken = |message: String| (None, message);
    let told = run_on(script, lesson.seed, sound).map_err(broken)?;
    if let Some(event) = told.iter().find(|event| matches!(event.what, What::Broken { .. })) {
        return Err((Some(event.line), tongue.breaks_on_sound(event.line, &event.what.to_string())));
    }
    if let Some(event) = crash(&told) {
        return Err((Some(event.line), tongue.on_line(event.line, &event.what.to_string())));
    }
    let answers =
        |events: Vec<Event>| -> Vec<Event> { events.into_iter().filter(|event| event.what.is_answer()).collect() };
    let (sound, other) = (answers(told), answers(run_on(script, lesson.seed, other).map_err(broken)?));
    // A bug that ends the program ends its answers too.
    let differs = sound.iter().enumerate().find(|(index, event)| other.get(*index) != Some(*event));
    let Some((index, event)) = differs else { return Err((None, tongue.no_difference())) };
    Ok(Parting {
        step: event.step,
        line: event.line,
        sound: event.what.to_string(),
        other: other.get(index).map_or_else(|| tongue.silence(), |event| event.what.to_string()),
    })
}

// ---- sentences ----

/// The language of the sentences.
#[derive(Clone, Copy)]
struct Tongue(Language);

impl Tongue {
    fn say(self, english: impl FnOnce() -> String, french: impl FnOnce() -> String) -> String {
        match self.0 {
            Language::English => english(),
            Language::French => french(),
        }
    }

    fn answer(self, number: usize) -> String {
        self.say(|| format!("Answer {number}"), || format!("Réponse {number}"))
    }

    fn exposes(self) -> String {
        self.say(|| "The bug shows".to_owned(), || "Le bogue se voit".to_owned())
    }

    fn short(self) -> String {
        self.say(|| "The script is short".to_owned(), || "Le script est court".to_owned())
    }

    fn no_subject(self) -> String {
        self.say(
            || "The cache with the bug could not be loaded: check again, or reload the page.".to_owned(),
            || "Le cache bogué n'a pas pu être chargé : vérifiez à nouveau, ou rechargez la page.".to_owned(),
        )
    }

    fn frame_changed(self, line: u32) -> String {
        self.say(
            || format!("Line {line} differs from the lesson's own script: bring it back, or press Reset, and write only where you are asked to."),
            || format!("La ligne {line} diffère du script de la leçon : rétablissez-la, ou réinitialisez, et n'écrivez que là où on vous le demande."),
        )
    }

    fn still_open(self, line: u32) -> String {
        self.say(
            || format!("Line {line} still has its `?`: replace it by the answer that you expect."),
            || format!("La ligne {line} a encore son `?` : remplacez-le par la réponse que vous attendez."),
        )
    }

    fn on_line(self, line: u32, message: &str) -> String {
        self.say(|| format!("Line {line}: {message}"), || format!("Ligne {line} : {message}"))
    }

    fn not_exact(self, line: u32) -> String {
        self.say(
            || format!("Line {line} says what the answer is not, or nearly is: say exactly what it is."),
            || {
                format!(
                    "La ligne {line} dit ce que la réponse n'est pas, ou presque : dites exactement ce qu'elle est."
                )
            },
        )
    }

    fn other_answer(self, line: u32, expected: &str, actual: &str) -> String {
        self.say(
            || format!("Line {line}: you said `{expected}`, the cache answered `{actual}`."),
            || format!("Ligne {line} : vous avez dit « {expected} », le cache a répondu « {actual} »."),
        )
    }

    fn never_reached(self, line: u32) -> String {
        self.say(
            || format!("The script ended before line {line}."),
            || format!("Le script a fini avant la ligne {line}."),
        )
    }

    fn goal_missed(self, line: u32, expected: &str, actual: &str) -> String {
        self.say(
            || format!("Line {line}: the goal is `{expected}`, but it is `{actual}`."),
            || format!("Ligne {line} : le but est « {expected} », mais c'est « {actual} »."),
        )
    }

    fn too_many_lines(self, found: usize, most: u32) -> String {
        self.say(
            || format!("You wrote {found} lines; this lesson allows {most}."),
            || format!("Vous avez écrit {found} lignes ; cette leçon en permet {most}."),
        )
    }

    fn not_allowed(self, line: u32, allowed: &[String]) -> String {
        let list = allowed.iter().map(|command| format!("`{command}`")).collect::<Vec<_>>().join(", ");
        self.say(
            || format!("Line {line}: this lesson is to be solved with {list}."),
            || format!("Ligne {line} : cette leçon se résout avec {list}."),
        )
    }

    fn too_large(self, line: u32, number: u64, most: u64) -> String {
        self.say(
            || format!("Line {line}: {number} is over the {most} that this lesson allows."),
            || format!("Ligne {line} : {number} dépasse les {most} permis par cette leçon."),
        )
    }

    fn expose_first(self) -> String {
        self.say(
            || "The length counts once the bug shows.".to_owned(),
            || "La longueur compte dès que le bogue se voit.".to_owned(),
        )
    }

    fn longer(self, length: u32, par: u32) -> String {
        self.say(
            || format!("Your script has {length} lines; it can be done in {par}."),
            || format!("Votre script a {length} lignes ; {par} suffisent."),
        )
    }

    fn empty(self) -> String {
        self.say(
            || "There is no command yet: write some, one a line.".to_owned(),
            || "Il n'y a pas encore de commande : écrivez-en, une par ligne.".to_owned(),
        )
    }

    fn breaks_on_sound(self, line: u32, message: &str) -> String {
        self.say(
            || format!("Line {line} fails on the sound cache too, so it proves nothing: {message}"),
            || format!("La ligne {line} échoue aussi sur le cache sain, elle ne prouve donc rien : {message}"),
        )
    }

    fn no_difference(self) -> String {
        self.say(
            || "Both caches answer this script alike: the bug does not show.".to_owned(),
            || "Les deux caches répondent pareil à ce script : le bogue ne se voit pas.".to_owned(),
        )
    }

    fn silence(self) -> String {
        self.say(|| "no answer".to_owned(), || "pas de réponse".to_owned())
    }
}
