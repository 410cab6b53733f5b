//! The judge: runs an exercise's checks on a subject.

use std::collections::BTreeSet;

use super::explore;
use super::minimize::{self, commands::Failing};
use super::nodes::{self, Played, Scene};
use super::outcome::{CaseOutcome, CheckOutcome};
use super::pack::{Case, Check, Commands, Exercise, InterfaceKind, PackError, Visibility, check_and_case};
use super::run::{Fresh, Judged, agree, first_divergence, run_once, run_scheduled};
use super::said::{Phrase, Said};
use super::schedule::FailingSchedule;
use super::simulate::{self, Wanted};
use super::verdict::Verdict;
use cachedojo_lab::event::What;
use cachedojo_lab::schedule::{Plan, Schedule};
use cachedojo_lab::script::{self, Dialect};
use cachedojo_notation::text::Language;

/// Runs every check of `exercise`, each case on a fresh subject, and again in a second world with another random seed. A case
/// whose subject asks for no randomness would run the same in both, and runs once.
/// Cost: two runs a case.
///
/// # Errors
/// The pack is invalid (one from [`Exercise::with_scripts`] never is).
pub fn judge(exercise: &Exercise, seed: u64, fresh: &mut Fresh<'_>) -> Result<Vec<CheckOutcome>, PackError> {
    judge_in_turn(exercise, seed, &mut |_| (), fresh)
}

/// The same, for callers that divide a time limit among the checks: before each check `begins` is called with the
/// number of checks left, including it.
///
/// # Errors
/// As [`judge`].
pub fn judge_in_turn(
    exercise: &Exercise,
    seed: u64,
    begins: &mut dyn FnMut(usize),
    fresh: &mut Fresh<'_>,
) -> Result<Vec<CheckOutcome>, PackError> {
    let mut outcomes: Vec<CheckOutcome> = Vec::new();
    for check in &exercise.checks {
        begins(exercise.checks.len() - outcomes.len());
        if let Some(first) = outcomes.first().filter(|first| answered_nothing(exercise.interface, first)) {
            let skipped = CheckOutcome::skipped(check.id.clone(), first.id.clone(), None);
            outcomes.push(skipped);
            continue;
        }
        let worthless = |id: &String| outcomes.iter().any(|outcome| outcome.id == *id && outcome.points == 0);
        let outcome = if let Some(missing) = check.depends.iter().find(|id| worthless(id)) {
            let lacks = outcomes.iter().find(|outcome| outcome.id == *missing).and_then(|it| it.lacks.clone());
            CheckOutcome::skipped(check.id.clone(), missing.clone(), lacks)
        } else {
            let of = |id: &str| outcomes.iter().find(|outcome| outcome.id == id);
            let passed = |given: &String, own: &[CaseOutcome]| match check_and_case(given) {
                (id, None) => of(id).is_some_and(|it| it.verdict == Verdict::Pass),
                (id, Some(name)) => {
                    let index = exercise.checks.iter().find(|check| check.id == id).and_then(|check| check.case(name));
                    let earlier = of(id).map_or(&[][..], |it| &it.cases);
                    let mut cases = if id == check.id { own } else { earlier }.iter();
                    cases.any(|case| Some(case.index) == index && case.verdict == Verdict::Pass)
                }
            };
            let asked = |case: &Case, own: &[CaseOutcome]| {
                !case.probe
                    && case.given.iter().all(|given| passed(given, own))
                    && case.given_some.iter().all(|id| of(id).is_some_and(|it| it.points > 0))
            };
            let wanted = accepted_answers(check, &outcomes);
            report_lack_once(judge_check(exercise.interface, check, wanted, &asked, seed, fresh)?, check, &outcomes)
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Which answers a check takes, after these outcomes of earlier ones.
fn accepted_answers(check: &Check, earlier: &[CheckOutcome]) -> Wanted {
    let is_lost = |id: &String| earlier.iter().any(|outcome| outcome.id == *id && outcome.points == 0);
    Wanted { accept: check.accept, edge: false, anywhere: check.places.as_ref().is_some_and(is_lost) }
}

/// Whether a whole run of commands was answered with an empty list: then no further check can tell more.
fn answered_nothing(interface: InterfaceKind, outcome: &CheckOutcome) -> bool {
    interface == InterfaceKind::Simulate && outcome.points == 0 && outcome.first_failure().is_some_and(is_empty_list)
}

/// Whether a case failed because a run returned no answer at all.
fn is_empty_list(case: &CaseOutcome) -> bool {
    case.divergence.as_ref().is_some_and(|at| at.actual == Said::Ours(Phrase::EmptyList))
}

/// How many failing cases of a check get a good part of the runs for shortening; what further ones get is enough to drop what comes
/// behind the failure and what does nothing for it.
const SHORTENED_WELL: usize = 3;

/// Finds the shortest script for the failing cases of each visible check. Cost: at most [`minimize::RUNS_MAX`] runs for the
/// first, a quarter of that for each of the next two, and an eighth for further ones.
pub fn shorten(exercise: &Exercise, outcomes: &mut [CheckOutcome], seed: u64, fresh: &mut Fresh<'_>) {
    for (at, check) in exercise.checks.iter().enumerate() {
        let wanted = accepted_answers(check, &outcomes[..at.min(outcomes.len())]);
        let Some(outcome) = outcomes.get_mut(at) else { break };
        let is_failure = |verdict| matches!(verdict, Verdict::Fail | Verdict::Panic);
        if !is_failure(outcome.verdict) || check.visibility != Visibility::Visible {
            continue;
        }
        for (number, case) in outcome.cases.iter_mut().filter(|case| is_failure(case.verdict)).enumerate() {
            let share = match number {
                0 => 1,
                1..SHORTENED_WELL => 4,
                _ => 8,
            };
            case.shortest = match exercise.interface {
                InterfaceKind::Nodes => {
                    nodes::shrink::shortest(&case.script, seed, nodes::shrink::RUNS_MAX / share, fresh)
                }
                InterfaceKind::Prototype => {
                    minimize::shortest_within(&case.script, case.verdict, seed, minimize::RUNS_MAX / share, fresh)
                }
                InterfaceKind::Simulate if case.schedule.is_none() => check.cases.get(case.index).and_then(|asked| {
                    let Commands { calls, output, .. } = asked.commands(&check.id, seed).ok()?;
                    let wanted = Wanted { edge: asked.costs.is_some(), ..wanted };
                    let failing = Failing { calls, pinned: output.as_deref(), wanted, verdict: case.verdict };
                    minimize::commands::shortest(failing, seed, minimize::commands::RUNS_MAX / share, fresh)
                }),
                _ => None,
            };
        }
    }
}

/// Shortens the scripts of each check's first failing cases where they show a race, and their schedules, and records their stories in
/// this language. Cost: at most 150 runs for the first of a check and [`minimize::RACE_RUNS_MAX`] for its script, a quarter of that for
/// each further one.
pub fn tell_schedules(
    exercise: &Exercise,
    outcomes: &mut [CheckOutcome],
    seed: u64,
    language: Language,
    fresh: &mut Fresh<'_>,
) {
    for (at, check) in exercise.checks.iter().enumerate() {
        let wanted = accepted_answers(check, &outcomes[..at.min(outcomes.len())]);
        let Some(outcome) = outcomes.get_mut(at) else { break };
        let failing = outcome.cases.iter_mut().filter(|case| case.verdict != Verdict::Pass);
        for (number, failing) in failing.take(SHORTENED_WELL).enumerate() {
            let share = if number == 0 { 1 } else { 4 };
            let runs_max = explore::SHRINKING_RUNS_MAX / share;
            let Some(case) = check.cases.get(failing.index).filter(|_| failing.schedule.is_some()) else { continue };
            if exercise.interface == InterfaceKind::Simulate {
                let Ok(Commands { calls, output, .. }) = case.commands(&check.id, seed) else { continue };
                let wanted = Wanted { edge: case.costs.is_some(), ..wanted };
                explore::tell(failing, language, runs_max, &mut |schedule| {
                    simulate::run(&calls, output.as_deref(), wanted, seed, fresh, schedule)
                });
                continue;
            }
            let found = failing.schedule.as_ref().map(FailingSchedule::found);
            if let Some(found) =
                found.filter(|_| failing.verdict == Verdict::Race && check.visibility == Visibility::Visible)
                && let Some(shortest) = minimize::shortest_race(
                    &failing.script,
                    &explore::alike(&found, seed),
                    seed,
                    minimize::RACE_RUNS_MAX / share,
                    fresh,
                )
            {
                (failing.script, failing.events) = (shortest.script, shortest.events);
                (failing.divergence, failing.schedule) = (Some(shortest.divergence), shortest.schedule);
            }
            let script = script::parse(&failing.script, Dialect::Lab);
            let output = case.script(&check.id, seed).ok().and_then(|(_, output)| output);
            explore::tell(failing, language, runs_max, &mut |schedule| {
                run_scheduled(&script, output.as_deref(), seed, fresh, schedule)
            });
        }
    }
}

/// Runs the probes of these checks: cases that cost nothing, and tell known bugs from others that fail alike. A subject with threads is
/// run under the calm schedule alone, but for whole runs of commands. Cost: that of the cases.
///
/// # Errors
/// As [`judge`].
pub fn probe(
    exercise: &Exercise,
    rows: &BTreeSet<&str>,
    seed: u64,
    fresh: &mut Fresh<'_>,
) -> Result<Vec<CheckOutcome>, PackError> {
    let mut outcomes = Vec::new();
    for check in exercise.checks.iter().filter(|check| rows.contains(check.id.as_str())) {
        let schedules = if exercise.interface == InterfaceKind::Simulate { check.schedules } else { 0 };
        let (check, all, mut cases) =
            (Check { schedules, cases: Vec::new(), ..check.clone() }, &check.cases, Vec::new());
        let wanted = accepted_answers(&check, &[]);
        for (index, case) in all.iter().enumerate().filter(|(_, case)| case.probe) {
            cases.extend(judge_case(exercise.interface, &check, wanted, index, case, seed, fresh)?.0);
        }
        let verdict = cases.iter().map(|case| case.verdict).find(|verdict| *verdict != Verdict::Pass);
        let (verdict, id) = (verdict.unwrap_or(Verdict::Pass), check.id.clone());
        outcomes.push(CheckOutcome { id, verdict, points: 0, cases, waited_for: None, lacks: None, fuel: 0 });
    }
    Ok(outcomes)
}

/// Reports a missing item once: a check that earns nothing because of it is skipped if an earlier check reported the same item.
fn report_lack_once(outcome: CheckOutcome, check: &Check, earlier: &[CheckOutcome]) -> CheckOutcome {
    let told = |lacks: &String| earlier.iter().find(|other| other.lacks.as_ref() == Some(lacks));
    match outcome.lacks.as_ref().filter(|_| outcome.points == 0).and_then(told) {
        Some(first) => {
            let first = first.waited_for.as_ref().unwrap_or(&first.id).clone();
            CheckOutcome::skipped(check.id.clone(), first, outcome.lacks)
        }
        None => outcome,
    }
}

fn judge_check(
    interface: InterfaceKind,
    check: &Check,
    wanted: Wanted,
    asked: &dyn Fn(&Case, &[CaseOutcome]) -> bool,
    seed: u64,
    fresh: &mut Fresh<'_>,
) -> Result<CheckOutcome, PackError> {
    let mut cases: Vec<CaseOutcome> = Vec::new();
    let mut points = check.points;
    let mut fuel = 0;
    for (index, case) in check.cases.iter().enumerate() {
        if !asked(case, &cases) {
            continue;
        }
        let (outcome, used) = judge_case(interface, check, wanted, index, case, seed, fresh)?;
        fuel += used;
        let Some(outcome) = outcome else { continue };
        if outcome.verdict != Verdict::Pass {
            // An edge case costs its own points; any other case costs all points of the row.
            points = case.costs.map_or(0, |costs| points.saturating_sub(costs));
        }
        // Without points left, further cases run only to show more of what the code does; a crashing subject shows nothing more.
        let enough = points == 0 && (outcome.verdict != Verdict::Fail || is_empty_list(&outcome));
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

/// The missing item of the prototype that made a case fail.
fn lacking(case: &CaseOutcome) -> Option<String> {
    case.events.iter().find_map(|event| match &event.what {
        What::NotImplemented { item } if case.verdict == Verdict::NotImplemented => Some(item.clone()),
        _ => None,
    })
}

/// Judges a case. No outcome where it asks nothing of who starts threads, and this subject does.
fn judge_case(
    interface: InterfaceKind,
    check: &Check,
    wanted: Wanted,
    index: usize,
    case: &Case,
    seed: u64,
    fresh: &mut Fresh<'_>,
) -> Result<(Option<CaseOutcome>, u64), PackError> {
    if interface == InterfaceKind::Simulate {
        let Commands { text, calls, output } = case.commands(&check.id, seed)?;
        let wanted = Wanted { edge: case.costs.is_some(), ..wanted };
        let run = &mut |schedule: &Schedule| simulate::run(&calls, output.as_deref(), wanted, seed, fresh, schedule);
        let (calm, fuel) = run(&Schedule::new(Plan::Calm));
        let explored = explore::explore(calm, check, case.stops, seed, run);
        return Ok((Some(explored.into_outcome(index, text)), fuel));
    }
    if interface == InterfaceKind::Nodes {
        let scene = case.scene(&check.id, seed)?;
        let (outcome, fuel) = judge_scene(&scene, index, seed, fresh);
        return Ok((Some(outcome), fuel));
    }
    let (text, output) = case.script(&check.id, seed)?;
    let script = script::parse(&text, Dialect::Lab);
    let (first, mut fuel) = run_once(&script, output.as_deref(), seed, fresh);
    if first.observed.as_ref().is_some_and(|observed| observed.started > 0) {
        if case.unless_threads {
            return Ok((None, fuel));
        }
        let run = &mut |schedule: &Schedule| run_scheduled(&script, output.as_deref(), seed, fresh, schedule);
        let explored = explore::explore(first, check, case.stops, seed, run);
        return Ok((Some(explored.into_outcome(index, text)), fuel));
    }
    // A run that used up its work would do so again, and double the wait. One that asked for no randomness would be the same:
    // only the randomness differs between the worlds.
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
    Ok((Some(outcome), fuel))
}

/// Plays a scene in two worlds with different randomness; it fails if either does.
fn judge_scene(scene: &Scene, index: usize, seed: u64, fresh: &mut Fresh<'_>) -> (CaseOutcome, u64) {
    let mut fuel = 0;
    let mut run = |seed: u64| {
        let Played { events, fuel: used, not_started, .. } = nodes::play(scene, seed, fresh);
        fuel += used;
        if let Some(message) = not_started {
            return Judged::harness_error(message);
        }
        let (verdict, divergence) =
            first_divergence(&events).map_or((Verdict::Pass, None), |(verdict, at)| (verdict, Some(at)));
        Judged { verdict, divergence, events, by_chance: true, observed: None }
    };
    let (mut world, mut judged) = (seed, run(seed));
    // A scene with a seed of its own has only that world.
    if judged.verdict == Verdict::Pass && !scene.has_seed() {
        (world, judged) = (!seed, run(!seed));
    }
    let Judged { verdict, divergence, events, .. } = judged;
    // What is shown is to be the same when it is played again.
    let script = if verdict == Verdict::Pass { scene.text.clone() } else { scene.text_in(world) };
    let outcome =
        CaseOutcome { index, verdict, events, script, divergence, shortest: None, schedules: 0, schedule: None };
    (outcome, fuel)
}
