//! The judge: an exercise's checks on a subject, and what came of each.

use serde::{Deserialize, Serialize};

use super::explore::{self, FailingSchedule};
use super::minimize::{self, Shortest};
use super::nodes::{self, Played, Scene};
use super::pack::{Case, Check, Commands, Exercise, InterfaceKind, PackError, Visibility};
use super::simulate;
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::runner::{self, render};
use cachedojo_lab::schedule::{Observed, Plan, Schedule};
use cachedojo_lab::script::{self, Dialect, Script};
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_notation::text::Language;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every case holds.
    Pass,
    /// An expectation is broken.
    Fail,
    /// The submission lacks what the check needs.
    NotImplemented,
    /// The submission panicked.
    Panic,
    /// Its threads wait for each other for ever.
    Deadlock,
    /// It holds when its threads run in one order, and breaks in another.
    Race,
    /// It used up the work or the output it is allowed.
    Timeout,
    /// It used up the memory it is allowed.
    OutOfMemory,
    /// It did what is forbidden at run time: it ended the process, or tampered with the seam.
    Forbidden,
    /// Two runs of one script disagree.
    Flaky,
    /// A check that this one depends on earned nothing, or an earlier check told already what is lacking.
    Skipped,
    /// The grader itself failed.
    HarnessError,
}

impl Verdict {
    /// The verdict's name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotImplemented => "not_implemented",
            Self::Panic => "panic",
            Self::Deadlock => "deadlock",
            Self::Race => "race",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::Forbidden => "forbidden",
            Self::Flaky => "flaky",
            Self::Skipped => "skipped",
            Self::HarnessError => "harness_error",
        }
    }
}

/// What came of one check.
#[derive(Debug, Clone)]
pub struct CheckOutcome {
    /// The check's id.
    pub id: String,
    /// The verdict: that of the first case that does not pass.
    pub verdict: Verdict,
    /// The points earned.
    pub points: u32,
    /// One outcome a case that ran.
    pub cases: Vec<CaseOutcome>,
    /// For a skipped check: the id of the check that it waited for, or that told the same first.
    pub waited_for: Option<String>,
    /// The item of the prototype that the submission lacks, where that is the root cause.
    pub lacks: Option<String>,
    /// The work that the subject did, in wasmtime's units of fuel; 0 where nobody counts.
    pub fuel: u64,
}

/// What came of one case.
#[derive(Debug, Clone)]
pub struct CaseOutcome {
    /// The case's index in its check.
    pub index: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// What the run showed.
    pub events: Vec<Event>,
    /// The script that was run.
    pub script: String,
    /// Where it went wrong, for every verdict but a pass.
    pub divergence: Option<Divergence>,
    /// The shortest script that still goes wrong in the same way, for the first failing case of a check.
    pub shortest: Option<Shortest>,
    /// Schedules tried besides the calm one, for a subject with threads.
    pub schedules: u32,
    /// The schedule at which it went wrong, where another order of threads does not.
    pub schedule: Option<FailingSchedule>,
}

/// Where a run parted from what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The index of the command at which it showed.
    pub step: u32,
    /// What was expected, in the script's words; empty where nothing particular was.
    pub expected: String,
    /// What was there instead.
    pub actual: String,
}

/// Makes fresh subjects: one a run.
pub type Fresh<'a> = dyn FnMut() -> Result<Box<dyn Subject>, String> + 'a;

/// Runs every check of `exercise` on fresh subjects. Each case runs in two worlds that differ in their randomness only;
/// one that asks for no randomness runs the same in both, and so just once.
/// Cost: two runs a case.
///
/// # Errors
/// The pack is unsound (a sound one, from [`Exercise::with_scripts`], never is).
pub fn judge(exercise: &Exercise, seed: u64, fresh: &mut Fresh<'_>) -> Result<Vec<CheckOutcome>, PackError> {
    let mut outcomes: Vec<CheckOutcome> = Vec::new();
    for check in &exercise.checks {
        let worthless = |id: &String| outcomes.iter().any(|outcome| outcome.id == *id && outcome.points == 0);
        let outcome = if let Some(missing) = check.depends.iter().find(|id| worthless(id)) {
            let lacks = outcomes.iter().find(|outcome| outcome.id == *missing).and_then(|it| it.lacks.clone());
            CheckOutcome::skipped(check, missing.clone(), lacks)
        } else {
            let whole =
                |id: &String| outcomes.iter().any(|outcome| outcome.id == *id && outcome.verdict == Verdict::Pass);
            told_once(judge_check(exercise.interface, check, &whole, seed, fresh)?, check, &outcomes)
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Finds the shortest script for the first failing case of each visible check. Cost: at most [`minimize::RUNS_MAX`] runs a
/// check.
pub fn shorten(exercise: &Exercise, outcomes: &mut [CheckOutcome], seed: u64, fresh: &mut Fresh<'_>) {
    for (check, outcome) in exercise.checks.iter().zip(outcomes) {
        if matches!(outcome.verdict, Verdict::Fail | Verdict::Panic)
            && check.visibility == Visibility::Visible
            && exercise.interface == InterfaceKind::Prototype
            && let Some(failing) = outcome.cases.iter_mut().find(|case| case.verdict != Verdict::Pass)
        {
            failing.shortest = minimize::shortest(&failing.script, outcome.verdict, seed, fresh);
        }
    }
}

/// Shortens the schedule of the first failing case of each check, and has it told in a language. Cost: at most 150 runs a check.
pub fn tell_schedules(
    exercise: &Exercise,
    outcomes: &mut [CheckOutcome],
    seed: u64,
    language: Language,
    fresh: &mut Fresh<'_>,
) {
    for (check, outcome) in exercise.checks.iter().zip(outcomes) {
        let Some(failing) = outcome.cases.iter_mut().find(|case| case.verdict != Verdict::Pass) else { continue };
        if failing.schedule.is_none() {
            continue;
        }
        let Some(case) = check.cases.get(failing.index) else { continue };
        if exercise.interface == InterfaceKind::Simulate {
            let Ok(Commands { commands, output, .. }) = case.commands(&check.id, seed) else { continue };
            explore::tell(failing, language, &mut |schedule| {
                simulate::run(&commands, output.as_deref(), check.accept, seed, fresh, schedule)
            });
            continue;
        }
        let script = script::parse(&failing.script, Dialect::Lab);
        let output = case.script(&check.id, seed).ok().and_then(|(_, output)| output);
        explore::tell(failing, language, &mut |schedule| {
            run_scheduled(&script, output.as_deref(), seed, fresh, schedule)
        });
    }
}

/// One root cause is reported once: a check that earns nothing for want of an item is skipped when an earlier one has
/// said so.
fn told_once(outcome: CheckOutcome, check: &Check, earlier: &[CheckOutcome]) -> CheckOutcome {
    let told = |lacks: &String| earlier.iter().find(|other| other.lacks.as_ref() == Some(lacks));
    match outcome.lacks.as_ref().filter(|_| outcome.points == 0).and_then(told) {
        Some(first) => {
            let first = first.waited_for.as_ref().unwrap_or(&first.id).clone();
            CheckOutcome::skipped(check, first, outcome.lacks)
        }
        None => outcome,
    }
}

impl CheckOutcome {
    fn skipped(check: &Check, waited_for: String, lacks: Option<String>) -> Self {
        let (id, waited_for) = (check.id.clone(), Some(waited_for));
        Self { id, verdict: Verdict::Skipped, points: 0, cases: Vec::new(), waited_for, lacks, fuel: 0 }
    }

    /// The first case that does not pass.
    pub fn first_failure(&self) -> Option<&CaseOutcome> {
        self.cases.iter().find(|case| case.verdict != Verdict::Pass)
    }
}

fn judge_check(
    interface: InterfaceKind,
    check: &Check,
    passed: &dyn Fn(&String) -> bool,
    seed: u64,
    fresh: &mut Fresh<'_>,
) -> Result<CheckOutcome, PackError> {
    let mut cases = Vec::new();
    let mut points = check.points;
    let mut fuel = 0;
    let asked = |case: &Case| case.given.iter().all(passed);
    for (index, case) in check.cases.iter().enumerate().filter(|(_, case)| asked(case)) {
        let (outcome, used) = judge_case(interface, check, index, case, seed, fresh)?;
        fuel += used;
        if outcome.verdict != Verdict::Pass {
            // An edge case costs its own points; any other case costs the row.
            points = case.costs.map_or(0, |costs| points.saturating_sub(costs));
        }
        // Where nothing is left to lose, the further cases only show more of what the code does; so not for one that crashes.
        let enough = points == 0 && outcome.verdict != Verdict::Fail;
        cases.push(outcome);
        if enough {
            break;
        }
    }
    let verdict = cases.iter().map(|case| case.verdict).find(|verdict| *verdict != Verdict::Pass);
    let verdict = verdict.unwrap_or(Verdict::Pass);
    let lacks = cases.iter().find(|case| case.verdict != Verdict::Pass).and_then(lacking);
    Ok(CheckOutcome { id: check.id.clone(), verdict, points, cases, waited_for: None, lacks, fuel })
}

/// The item of the prototype for want of which a case fails.
fn lacking(case: &CaseOutcome) -> Option<String> {
    case.events.iter().find_map(|event| match &event.what {
        What::NotImplemented { item } if case.verdict == Verdict::NotImplemented => Some(item.clone()),
        _ => None,
    })
}

fn judge_case(
    interface: InterfaceKind,
    check: &Check,
    index: usize,
    case: &Case,
    seed: u64,
    fresh: &mut Fresh<'_>,
) -> Result<(CaseOutcome, u64), PackError> {
    if interface == InterfaceKind::Simulate {
        let Commands { text, commands, output } = case.commands(&check.id, seed)?;
        let run =
            &mut |schedule: &Schedule| simulate::run(&commands, output.as_deref(), check.accept, seed, fresh, schedule);
        let (calm, fuel) = run(&Schedule::new(Plan::Calm));
        let explored = explore::explore(calm, check, seed, run);
        return Ok((explored.into_outcome(index, text), fuel));
    }
    if interface == InterfaceKind::Nodes {
        let scene = case.scene(&check.id, seed)?;
        return Ok(judge_scene(&scene, index, seed, fresh));
    }
    let (text, output) = case.script(&check.id, seed)?;
    let script = script::parse(&text, Dialect::Lab);
    let (first, mut fuel) = run_once(&script, output.as_deref(), seed, fresh);
    if first.observed.as_ref().is_some_and(|observed| observed.started > 0) {
        let run = &mut |schedule: &Schedule| run_scheduled(&script, output.as_deref(), seed, fresh, schedule);
        let explored = explore::explore(first, check, seed, run);
        return Ok((explored.into_outcome(index, text), fuel));
    }
    // What does not end has had its chance: a second run would only double the wait. What asked for no randomness would do the
    // very same again: the worlds differ in nothing else.
    let (verdict, divergence) = if first.verdict == Verdict::Timeout || !first.by_chance {
        (first.verdict, first.divergence)
    } else {
        let (second, more) = run_once(&script, output.as_deref(), !seed, fresh);
        fuel += more;
        agree(&first, &second)
    };
    let outcome = CaseOutcome {
        index,
        verdict,
        events: first.events,
        script: text,
        divergence,
        shortest: None,
        schedules: 0,
        schedule: None,
    };
    Ok((outcome, fuel))
}

/// A scene in two worlds that differ in their chance: what fails in either has failed.
fn judge_scene(scene: &Scene, index: usize, seed: u64, fresh: &mut Fresh<'_>) -> (CaseOutcome, u64) {
    let mut fuel = 0;
    let mut run = |seed: u64| {
        let Played { events, fuel: used, not_started } = nodes::play(scene, seed, fresh);
        fuel += used;
        match not_started {
            Some(message) => Judged::harness_error(message),
            None => {
                let (verdict, divergence) =
                    first_divergence(&events).map_or((Verdict::Pass, None), |(verdict, at)| (verdict, Some(at)));
                Judged { verdict, divergence, events, by_chance: true, observed: None }
            }
        }
    };
    let mut judged = run(seed);
    if judged.verdict == Verdict::Pass {
        judged = run(!seed);
    }
    let Judged { verdict, divergence, events, .. } = judged;
    let script = scene.text.clone();
    let outcome =
        CaseOutcome { index, verdict, events, script, divergence, shortest: None, schedules: 0, schedule: None };
    (outcome, fuel)
}

/// One run of a script, judged.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) divergence: Option<Divergence>,
    pub(super) events: Vec<Event>,
    /// Whether the subject asked for randomness.
    pub(super) by_chance: bool,
    /// How its threads ran, where it has some.
    pub(super) observed: Option<Observed>,
}

pub(super) fn run_once(script: &Script, output: Option<&str>, world_seed: u64, fresh: &mut Fresh<'_>) -> (Judged, u64) {
    run_scheduled(script, output, world_seed, fresh, &Schedule::new(Plan::Calm))
}

/// [`run_once`] under a schedule, for subjects with threads.
pub(super) fn run_scheduled(
    script: &Script,
    output: Option<&str>,
    world_seed: u64,
    fresh: &mut Fresh<'_>,
    schedule: &Schedule,
) -> (Judged, u64) {
    let mut subject = match fresh() {
        Ok(subject) => subject,
        Err(message) => return (Judged::harness_error(message), 0),
    };
    subject.set_schedule(schedule);
    let (events, by_chance) = runner::run_noting_chance(script, subject.as_mut(), world_seed);
    let observed = subject.observed();
    let judged = match first_divergence(&events) {
        Some((verdict, divergence)) => Judged { verdict, divergence: Some(divergence), events, by_chance, observed },
        None => match output.and_then(|expected| output_divergence(expected, &events)) {
            Some(divergence) => {
                Judged { verdict: Verdict::Fail, divergence: Some(divergence), events, by_chance, observed }
            }
            None => Judged { verdict: Verdict::Pass, divergence: None, events, by_chance, observed },
        },
    };
    (judged, subject.fuel_used())
}

impl Judged {
    pub(super) fn harness_error(message: String) -> Self {
        let divergence = Divergence { step: 0, expected: String::new(), actual: message };
        Self {
            verdict: Verdict::HarnessError,
            divergence: Some(divergence),
            events: Vec::new(),
            by_chance: false,
            observed: None,
        }
    }
}

pub(super) fn first_divergence(events: &[Event]) -> Option<(Verdict, Divergence)> {
    events.iter().find_map(|event| {
        let (verdict, expected, actual) = match &event.what {
            What::Broken { expected, actual } => (Verdict::Fail, expected.clone(), actual.clone()),
            What::NotImplemented { .. } => (Verdict::NotImplemented, String::new(), event.what.to_string()),
            What::Crashed { crash } => (crash_verdict(crash), String::new(), event.what.to_string()),
            _ => return None,
        };
        Some((verdict, Divergence { step: event.step, expected, actual }))
    })
}

fn crash_verdict(crash: &Crash) -> Verdict {
    match crash {
        Crash::Panic { .. } => Verdict::Panic,
        Crash::Deadlock { .. } => Verdict::Deadlock,
        Crash::OutOfFuel | Crash::CutOff | Crash::TooMuchOutput => Verdict::Timeout,
        Crash::OutOfMemory => Verdict::OutOfMemory,
        Crash::Exit { .. } | Crash::Gibberish => Verdict::Forbidden,
    }
}

/// The first line in which a pinned output differs.
fn output_divergence(expected: &str, events: &[Event]) -> Option<Divergence> {
    let actual = render(events, Dialect::Lab);
    if actual.trim_end() == expected.trim_end() {
        return None;
    }
    let (mut want, mut have) = (expected.trim_end().lines(), actual.trim_end().lines());
    loop {
        let (expected, actual) = (want.next(), have.next());
        if expected != actual {
            let text = |line: Option<&str>| line.unwrap_or("(no more lines)").to_owned();
            let step = events.last().map_or(0, |event| event.step);
            return Some(Divergence { step, expected: text(expected), actual: text(actual) });
        }
    }
}

/// Two runs in worlds of different randomness must agree in everything that is told for certain: who owns a key, what a
/// read finds. How many keys fall to a node and in which order nodes are listed is the expectations' affair alone.
fn agree(first: &Judged, second: &Judged) -> (Verdict, Option<Divergence>) {
    let told = |judged: &Judged| -> Vec<Event> {
        let vague = |what: &What| matches!(what, What::Spread { .. } | What::Moved { .. } | What::Nodes { .. });
        judged.events.iter().filter(|event| !vague(&event.what)).cloned().collect()
    };
    let (first_told, second_told) = (told(first), told(second));
    if first.verdict == second.verdict && first_told == second_told {
        return (first.verdict, first.divergence.clone());
    }
    // A submission that fails both ways has failed, however differently.
    if first.verdict != Verdict::Pass && second.verdict != Verdict::Pass {
        return (first.verdict, first.divergence.clone());
    }
    let at = first_told.iter().zip(&second_told).find(|(one, other)| one != other);
    let (step, one, other) = match at {
        Some((one, other)) => (one.step, one.what.to_string(), other.what.to_string()),
        None => (0, "one run ended early".to_owned(), "the other went on".to_owned()),
    };
    (Verdict::Flaky, Some(Divergence { step, expected: one, actual: other }))
}
