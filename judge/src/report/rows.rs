//! How an outcome becomes a row of the report: what a learner sees of a failure, in their language.

use cachedojo_lab::event::What;
use cachedojo_lab::french::crash_in_french;
use cachedojo_notation::text::Language;

use super::advice::advice;
use super::{AlsoFails, CheckReport, service, transcript};
use crate::growth::{Growth, GrowthClass, Measured};
use crate::outcome::{CaseOutcome, CheckOutcome};
use crate::pack::{Check, Exercise, InterfaceKind, Visibility};
use crate::said::{Phrase, Said};
use crate::sentences::{category_name, command_before, in_a_run, is_unwritten, skipped_message, told, unlike};
use crate::verdict::Verdict;
use crate::{nodes, simulate};

impl CheckReport {
    /// A visible row with an id and a verdict alone: no points, no texts, no work.
    pub fn empty(id: &str, verdict: Verdict) -> Self {
        Self {
            id: id.to_owned(),
            title: String::new(),
            category: String::new(),
            points: 0,
            max_points: 0,
            verdict,
            expected: String::new(),
            actual: String::new(),
            message: String::new(),
            hint: String::new(),
            script: String::new(),
            transcript: String::new(),
            schedule: String::new(),
            fuel: 0,
            visibility: Visibility::Visible,
            link: String::new(),
            also_fails: Vec::new(),
        }
    }

    /// Whether what stopped it is code that is not written yet: a `todo!()` that the starter came with, for one.
    pub fn is_unwritten(&self) -> bool {
        self.verdict == Verdict::Panic && is_unwritten(&self.actual)
    }

    pub(super) fn of_growth(row: &Growth, measured: &Measured, points: u32, language: Language) -> Self {
        let verdict = match measured.class {
            GrowthClass::Unknown => Verdict::NotImplemented,
            class if class <= row.within => Verdict::Pass,
            _ => Verdict::Fail,
        };
        let mut report = Self {
            title: row.title.get(language).to_owned(),
            category: category_name("Complexity", language).to_owned(),
            points,
            max_points: row.points,
            fuel: measured.fuel.iter().sum(),
            ..Self::empty(&row.id, verdict)
        };
        if verdict == Verdict::Fail {
            report.expected = row.within.name(language).to_owned();
            report.actual = measured.class.name(language).to_owned();
            report.message = told(verdict, &report.title, None, &report.expected, &report.actual, "", language);
        }
        report
    }

    pub(super) fn new(
        exercise: &Exercise,
        check: &Check,
        outcome: &CheckOutcome,
        seed: u64,
        language: Language,
    ) -> Self {
        let failure = outcome.first_failure();
        let case_title = |case: &CaseOutcome| check.cases[case.index].title.get(language).to_owned();
        let visible = check.visibility == Visibility::Visible;
        let mut report = Self {
            title: check.title.get(language).to_owned(),
            category: category_name(&check.category, language).to_owned(),
            points: outcome.points,
            max_points: check.points,
            fuel: outcome.fuel,
            visibility: check.visibility,
            ..Self::empty(&check.id, outcome.verdict)
        };
        if outcome.verdict != Verdict::Pass {
            report.hint = check.hint.get(language).to_owned();
        }
        if let Some(missing) = &outcome.waited_for {
            let title = exercise.checks.iter().find(|other| other.id == *missing).map_or("", |c| c.title.get(language));
            report.message = skipped_message(missing, title, outcome.lacks.as_deref(), language);
        }
        if let Some(case) = failure {
            report.message = case_title(case);
            // A case's own hint is about its answers, not about how they came to be.
            let is_about_threads =
                case.divergence.as_ref().is_some_and(|at| matches!(at.expected, Said::Ours(Phrase::ThreadForEach(_))));
            if let Some(hint) = check.cases[case.index].hint.as_ref().filter(|_| !is_about_threads) {
                hint.get(language).clone_into(&mut report.hint);
            }
            if let Some(advice) = advice(exercise.interface, case, language) {
                advice.clone_into(&mut report.hint);
            }
            if visible {
                report.show(exercise, case, seed, language);
            }
            let further = outcome.cases.iter().filter(|other| other.verdict != Verdict::Pass).skip(1);
            report.also_fails = further
                .map(|other| {
                    let title = case_title(other);
                    if visible {
                        AlsoFails::of(exercise, other, title, seed, language)
                    } else {
                        AlsoFails { message: title, ..AlsoFails::default() }
                    }
                })
                .collect();
        }
        report
    }

    /// Fills in the parts of a failure that a learner may see.
    fn show(&mut self, exercise: &Exercise, case: &CaseOutcome, seed: u64, language: Language) {
        let shown = AlsoFails::of(exercise, case, std::mem::take(&mut self.message), seed, language);
        (self.expected, self.actual, self.message) = (shown.expected, shown.actual, shown.message);
        (self.script, self.transcript) = (shown.script, shown.transcript);
        if let Some(schedule) = &case.schedule {
            self.schedule = schedule.text(&exercise.id, seed, language);
        }
    }
}

impl AlsoFails {
    /// The parts of a failing case that a learner may see: the shortest script, and the expected and actual answers.
    fn of(exercise: &Exercise, case: &CaseOutcome, title: String, seed: u64, language: Language) -> Self {
        let interface = exercise.interface;
        let (script_run, events, divergence) = match &case.shortest {
            Some(shortest) => (&shortest.script, &shortest.events, Some(&shortest.divergence)),
            None => (&case.script, &case.events, case.divergence.as_ref()),
        };
        let transcript = match interface {
            InterfaceKind::Prototype | InterfaceKind::Script => transcript(script_run, events),
            InterfaceKind::Service => service::transcript(script_run, events, language),
            InterfaceKind::Simulate => simulate::transcript(script_run, events),
            InterfaceKind::Nodes => nodes::read(script_run)
                .map_or_else(|_| String::new(), |scene| nodes::story::tell(&scene, events, language)),
            InterfaceKind::Tests => String::new(),
        };
        let script = match interface {
            InterfaceKind::Simulate => simulate::script(script_run),
            // A line that exists only in scenes is not a command that a reader could try.
            InterfaceKind::Nodes if script_run.lines().any(|line| line.starts_with('@')) => String::new(),
            _ => script_run.trim_end().to_owned(),
        };
        // Only the first few failing cases of a check have a story.
        let recorded = case.schedule.as_ref().filter(|schedule| !schedule.story.is_empty());
        let schedule = recorded.map(|schedule| schedule.text(&exercise.id, seed, language)).unwrap_or_default();
        let mut shown = Self { message: title, script, transcript, schedule, ..Self::default() };
        if let Some(at) = divergence {
            // Elsewhere the words are those of a script, which a reader may try.
            let spoken = match interface {
                InterfaceKind::Simulate | InterfaceKind::Nodes => language,
                _ => Language::English,
            };
            (shown.expected, shown.actual) = (at.expected.text(spoken), at.actual.text(spoken));
            let apart = unlike(&shown.expected, &shown.actual, language);
            let crash = events.iter().rev().find_map(|event| match &event.what {
                What::Crashed { crash } if crash.to_string() == at.actual.to_string() => Some(crash),
                _ => None,
            });
            if let (Language::French, Some(crash)) = (language, crash) {
                shown.actual = crash_in_french(crash);
            }
            if interface == InterfaceKind::Service {
                (shown.expected, shown.actual) = service::expected_and_actual(at, events, language);
            }
            let tells = matches!(case.verdict, Verdict::Fail | Verdict::Race) && !shown.expected.is_empty();
            let is_script =
                matches!(interface, InterfaceKind::Prototype | InterfaceKind::Script | InterfaceKind::Service);
            let mut asked = if tells && is_script { command_before(script_run, at.step) } else { None };
            if interface == InterfaceKind::Service {
                asked = asked.map(|asked| asked.strip_prefix("http ").map(str::to_owned).unwrap_or(asked));
            }
            let title = std::mem::take(&mut shown.message);
            let apart = apart.filter(|_| tells && interface != InterfaceKind::Service).unwrap_or_default();
            let (expected, actual) = if interface == InterfaceKind::Simulate {
                in_a_run(at, language)
            } else {
                (shown.expected.clone(), shown.actual.clone())
            };
            shown.message = match nodes::story::promise(events, &at.actual.to_string(), language) {
                Some(promise) if language == Language::French => format!("{title} : {promise}."),
                Some(promise) => format!("{title}: {promise}."),
                None => told(case.verdict, &title, asked.as_deref(), &expected, &actual, &apart, language),
            };
        }
        shown
    }
}
