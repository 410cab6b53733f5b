//! One case under many schedules, for a subject with threads: a case that passes in one order of its threads must pass in all.

use std::collections::BTreeMap;

use cachedojo::random::Random;
use cachedojo_lab::event::What;
use cachedojo_lab::schedule::{Plan, Schedule, Switch};
use cachedojo_lab::subject::Crash;
use cachedojo_notation::text::Language;

use super::outcome::CaseOutcome;
use super::pack::Check;
use super::run::Judged;
use super::schedule::FailingSchedule;
use super::verdict::Verdict;

/// The most scheduling points (places at which threads may switch) of one case, over all its schedules; then no more are tried.
/// Some millions are run in a second.
const STEPS_MAX: u64 = 3_000_000;
/// The most runs for shrinking one schedule.
pub(super) const SHRINKING_RUNS_MAX: u32 = 150;
/// Under how many schedules a case that fails under the calm one is tried, to find out whether it always fails.
const SECOND_CHANCES: u32 = 12;

/// A thread that a case stops at each of its steps ([`Case::stops`](super::pack::Case::stops)) is stopped at so many, at most.
const STOPPED_MAX: u32 = 80;
/// After so many steps in a row at which it could not be stopped, it is taken to have ended.
const NOT_STOPPED_MAX: u32 = 6;

/// The result over all schedules.
#[derive(Debug)]
pub(super) struct Explored {
    judged: Judged,
    schedules: u32,
    schedule: Option<FailingSchedule>,
}

/// Runs a case under a schedule; returns the verdict and the work.
pub(super) type Run<'a> = dyn FnMut(&Schedule) -> (Judged, u64) + 'a;

/// Tries schedules until one gives another verdict than the calm one, or until as many as the check asks for are tried.
pub(super) fn explore(calm: Judged, check: &Check, stops: Option<u32>, seed: u64, run: &mut Run<'_>) -> Explored {
    let mut random = Random::new(seed ^ 0x7468_7265_6164_7321);
    let holds = calm.verdict == Verdict::Pass;
    let calm_plan =
        |any_moment| FailingSchedule { plan: Plan::Calm, any_moment, switches: Some(Vec::new()), story: Vec::new() };
    let wanted = match calm.verdict {
        Verdict::Pass => check.schedules,
        Verdict::Fail | Verdict::Panic => check.schedules.min(SECOND_CHANCES),
        Verdict::Deadlock => return Explored { judged: calm, schedules: 0, schedule: Some(calm_plan(false)) },
        _ => 0,
    };
    // A subject that starts no threads runs the same under every schedule.
    let wanted = if calm.observed.as_ref().is_some_and(|observed| observed.started > 0) { wanted } else { 0 };
    if let Some(thread) = stops.filter(|_| holds && wanted > 0) {
        let stride = calm.observed.as_ref().map_or(1, |observed| observed.stride.max(1));
        if let Some((judged, schedules, plan)) = stopped_once(thread, stride, run) {
            let switches = judged.observed.as_ref().and_then(|observed| observed.switches.clone());
            let schedule = FailingSchedule { plan, any_moment: false, switches, story: Vec::new() };
            return Explored { judged, schedules, schedule: Some(schedule) };
        }
    }
    let mut steps = calm.observed.as_ref().map_or(0, |observed| observed.steps);
    for number in 0..wanted {
        let plan_seed = random.next_u64();
        let plan = if number % 2 == 0 { Plan::Walk { seed: plan_seed } } else { Plan::Pct { seed: plan_seed } };
        let any_moment = check.any_moment && number % 4 > 1;
        let schedule = Schedule { any_moment, ..Schedule::new(plan) };
        let (mut judged, _) = run(&schedule);
        if was_cut_off(&judged) {
            // The grading's time is used up: the verdict so far counts.
            return Explored { judged: calm, schedules: number, schedule: None };
        }
        let schedules = number + 1;
        if holds && judged.verdict != Verdict::Pass {
            judged.verdict = in_one_order(judged.verdict);
            let switches = judged.observed.as_ref().and_then(|observed| observed.switches.clone());
            let schedule = FailingSchedule { plan: schedule.plan, any_moment, switches, story: Vec::new() };
            return Explored { judged, schedules, schedule: Some(schedule) };
        }
        if !holds && judged.verdict == Verdict::Pass {
            let judged = Judged { verdict: Verdict::Race, ..calm };
            return Explored { judged, schedules, schedule: Some(calm_plan(false)) };
        }
        steps += judged.observed.as_ref().map_or(0, |observed| observed.steps);
        if steps > STEPS_MAX {
            return Explored { judged: calm, schedules, schedule: None };
        }
    }
    Explored { judged: calm, schedules: wanted, schedule: None }
}

/// Under how many further schedules a shortened script is tried.
const FURTHER_SCHEDULES: u32 = 12;

/// A schedule, and some of both kinds that may show the same in a script of fewer lines.
pub(super) fn alike(found: &Schedule, seed: u64) -> Vec<Schedule> {
    let mut random = Random::new(seed ^ 0x616c_696b_6521_2121);
    let further = (0..FURTHER_SCHEDULES).map(|number| {
        let seed = random.next_u64();
        let plan = if number % 2 == 0 { Plan::Walk { seed } } else { Plan::Pct { seed } };
        Schedule { any_moment: found.any_moment, ..Schedule::new(plan) }
    });
    std::iter::once(found.clone()).chain(further).collect()
}

/// Stops a thread once, at each of its steps in turn, and lets the caller's thread go on, which starts the next one: that runs to its
/// end in between. So what two threads do to each other between a look and a change is found under every seed. Returns the first run
/// that does not pass.
fn stopped_once(thread: u32, stride: u32, run: &mut Run<'_>) -> Option<(Judged, u32, Plan)> {
    let (mut stops, mut missed) = (0, 0);
    while stops < STOPPED_MAX && missed < NOT_STOPPED_MAX {
        let plan = Plan::Replay(vec![Switch { thread, step: 1 + stops * stride, to: 0 }]);
        let (mut judged, _) = run(&Schedule::new(plan.clone()));
        stops += 1;
        if was_cut_off(&judged) {
            return None;
        }
        if judged.verdict != Verdict::Pass {
            judged.verdict = in_one_order(judged.verdict);
            return Some((judged, stops, plan));
        }
        let switches = judged.observed.as_ref().and_then(|observed| observed.switches.as_ref());
        missed = if switches.is_some_and(|switches| !switches.is_empty()) { 0 } else { missed + stride };
    }
    None
}

/// The verdict on a case that passes in another order of its threads.
fn in_one_order(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fail | Verdict::Panic | Verdict::Forbidden => Verdict::Race,
        other => other,
    }
}

fn was_cut_off(judged: &Judged) -> bool {
    judged.events.iter().any(|event| matches!(event.what, What::Crashed { crash: Crash::CutOff }))
}

impl Explored {
    pub(super) fn into_outcome(self, index: usize, script: String) -> CaseOutcome {
        let Self { judged, schedules, schedule } = self;
        let Judged { verdict, divergence, events, .. } = judged;
        CaseOutcome { index, verdict, events, script, divergence, shortest: None, schedules, schedule }
    }
}

/// Shortens the schedule of a failing case as far as possible, and records its story. Cost: at most `runs_max` runs, and one more.
pub(super) fn tell(case: &mut CaseOutcome, language: Language, runs_max: u32, run: &mut Run<'_>) {
    let Some(schedule) = &mut case.schedule else { return };
    let (race, any_moment) = (case.verdict == Verdict::Race, schedule.any_moment);
    let fails = |judged: &Judged| {
        let broken = matches!(judged.verdict, Verdict::Fail | Verdict::Panic | Verdict::Forbidden);
        // A run that was cut off shows nothing about this order of threads.
        if race { broken } else { judged.verdict == case.verdict && !was_cut_off(judged) }
    };
    // A run without an end takes longest: it is not repeated to be shortened.
    let shortens = case.verdict != Verdict::Timeout;
    let mut runs = 0;
    // Many orders of dropping lead to one list.
    let mut known: BTreeMap<Vec<Switch>, bool> = BTreeMap::new();
    let mut shows = |switches: &[Switch]| {
        if let Some(shown) = known.get(switches) {
            return *shown;
        }
        runs += 1;
        let replay = Schedule { any_moment, ..Schedule::new(Plan::Replay(switches.to_vec())) };
        let shown = shortens && runs <= runs_max && fails(&run(&replay).0);
        known.insert(switches.to_vec(), shown);
        shown
    };
    let shortest = schedule.switches.take().filter(|switches| shows(switches)).map(|all| shrink(all, &mut shows));
    let plan = shortest.clone().map_or_else(|| schedule.plan.clone(), Plan::Replay);
    schedule.switches = shortest;
    let (judged, _) = run(&Schedule { plan, any_moment, story: Some(language) });
    if fails(&judged) {
        schedule.story = judged.observed.map(|observed| observed.story).unwrap_or_default();
        // The report shows this run's failure, so that it matches the story.
        if let Some(divergence) = judged.divergence {
            case.divergence = Some(divergence);
            case.events = judged.events;
        }
    }
}

/// Drops switches, many at first, then one at a time, as long as the failure remains.
fn shrink(mut switches: Vec<Switch>, shows: &mut dyn FnMut(&[Switch]) -> bool) -> Vec<Switch> {
    let mut chunk = switches.len();
    while chunk > 0 {
        let mut at = 0;
        while at < switches.len() {
            let mut fewer = switches.clone();
            fewer.drain(at..(at + chunk).min(switches.len()));
            if shows(&fewer) { switches = fewer } else { at += chunk }
        }
        chunk /= 2;
    }
    // Often one switch back to the main thread is enough, because that thread then starts the one that interferes.
    if switches.len() > 1 {
        let alone = switches.iter().map(|switch| Switch { to: 0, ..*switch }).filter(|switch| switch.thread != 0);
        if let Some(one) = alone.collect::<Vec<_>>().into_iter().find(|one| shows(std::slice::from_ref(one))) {
            return vec![one];
        }
    }
    switches
}
