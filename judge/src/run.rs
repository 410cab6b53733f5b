//! Runs one script on one subject, and judges it.

use super::said::Said;
use super::verdict::{Divergence, Verdict};
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::runner::{self, render};
use cachedojo_lab::schedule::{Observed, Plan, Schedule};
use cachedojo_lab::script::{Dialect, Script};
use cachedojo_lab::subject::{Crash, Subject};

/// Makes a fresh subject for each run.
pub type Fresh<'a> = dyn FnMut() -> Result<Box<dyn Subject>, String> + 'a;

/// One run of a script, judged.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) divergence: Option<Divergence>,
    pub(super) events: Vec<Event>,
    /// Whether the subject asked for randomness: then its answers may depend on the world's seed.
    pub(super) by_chance: bool,
    /// How its threads ran, if it has any.
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
        // The doubt is in the submission's favour: a slow machine must cost nobody a point.
        Some((Verdict::Fail, _)) if subject.is_late() => {
            Judged { verdict: Verdict::Pass, divergence: None, events, by_chance, observed }
        }
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
        let divergence = Divergence { actual: Said::Value(message), ..Divergence::default() };
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
    events.iter().enumerate().find_map(|(at, event)| {
        let told = || Said::Value(event.what.to_string());
        let (verdict, expected, actual) = match &event.what {
            What::Broken { expected, actual } => {
                (Verdict::Fail, Said::scene(expected), Said::answer(actual, &events[..at]))
            }
            What::NotImplemented { .. } => (Verdict::NotImplemented, Said::default(), told()),
            What::Crashed { crash } => (crash_verdict(crash), Said::default(), told()),
            _ => return None,
        };
        Some((verdict, Divergence { step: event.step, expected, actual, ..Divergence::default() }))
    })
}

fn crash_verdict(crash: &Crash) -> Verdict {
    match crash {
        Crash::Panic { .. } | Crash::Raised { .. } | Crash::Unfit { .. } => Verdict::Panic,
        Crash::Deadlock { .. } => Verdict::Deadlock,
        Crash::OutOfFuel | Crash::CutOff | Crash::TooMuchOutput => Verdict::Timeout,
        Crash::OutOfMemory => Verdict::OutOfMemory,
        Crash::Exit { .. } | Crash::Gibberish => Verdict::Forbidden,
        Crash::Machine { .. } => Verdict::HarnessError,
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
            let text = |line: Option<&str>| Said::Value(line.unwrap_or("(no more lines)").to_owned());
            let step = events.last().map_or(0, |event| event.step);
            let (expected, actual) = (text(expected), text(actual));
            return Some(Divergence { step, expected, actual, ..Divergence::default() });
        }
    }
}

/// Two runs in worlds with different randomness must agree on every definite answer: which node owns a key, what a read
/// finds. How many keys a node gets, and in which order nodes are listed, is only checked by the expectations.
pub(super) fn agree(first: &Judged, second: &Judged) -> (Verdict, Option<Divergence>) {
    let told = |judged: &Judged| -> Vec<Event> {
        let vague = |what: &What| matches!(what, What::Spread { .. } | What::Moved { .. } | What::Nodes { .. });
        judged.events.iter().filter(|event| !vague(&event.what)).cloned().collect()
    };
    let (first_told, second_told) = (told(first), told(second));
    if first.verdict == second.verdict && first_told == second_told {
        return (first.verdict, first.divergence.clone());
    }
    // A submission that fails in both runs has failed, even if in different ways.
    if first.verdict != Verdict::Pass && second.verdict != Verdict::Pass {
        return (first.verdict, first.divergence.clone());
    }
    let at = first_told.iter().zip(&second_told).find(|(one, other)| one != other);
    let (step, one, other) = match at {
        Some((one, other)) => (one.step, one.what.to_string(), other.what.to_string()),
        None => (0, "one run ended early".to_owned(), "the other went on".to_owned()),
    };
    let (expected, actual) = (Said::Value(one), Said::Value(other));
    (Verdict::Flaky, Some(Divergence { step, expected, actual, ..Divergence::default() }))
}
