//! The report for learners, teachers and course platforms: data with stable key names (`cachedojo/report/v1`). Every
//! format is made from it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::growth::{Growth, GrowthClass, Measured};
use super::nodes;
use super::outcome::{CaseOutcome, CheckOutcome};
use super::pack::{Check, Exercise, InterfaceKind, Visibility};
use super::resemblance::Resemblance;
use super::sentences::{asked, category_name, difference, in_french, skipped_message};
use super::simulate;
use super::verdict::Verdict;
use cachedojo_lab::event::{Event, What};
use cachedojo_lab::french::crash_in_french;
use cachedojo_lab::script::{self, Dialect};
use cachedojo_notation::text::Language;

/// The name of this report format; an incompatible one gets another name.
pub const SCHEMA: &str = "cachedojo/report/v1";

/// The outcome of grading one submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The exercise's id.
    pub exercise: String,
    /// Whether checks ran, and if not, why.
    pub verdict: GradeVerdict,
    /// The points earned.
    pub score: u32,
    /// The points there are.
    pub max_score: u32,
    /// From how many points the exercise is passed.
    pub passing_score: u32,
    /// Whether it is passed: never without an executed check.
    pub passed: bool,
    /// The grading seed: grading again with it gives the same report.
    pub seed: u64,
    /// What was graded.
    pub submission: SubmissionId,
    /// The grader.
    pub grader: GraderId,
    /// One row for each check.
    pub checks: Vec<CheckReport>,
    /// One row for each operation whose growth was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<GrowthReport>,
    /// One row for each known bug.
    pub mutants: Vec<MutantReport>,
    /// Messages of the compiler and the inspector about the source.
    pub diagnostics: Vec<SourceDiagnostic>,
    /// A digest of module, exercise, grader, seed and events: grading again gives the same one on every host.
    pub receipt: String,
}

/// Whether checks ran, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradeVerdict {
    /// The checks ran.
    Graded,
    /// The submission does not compile.
    BuildFailed,
    /// The submission contains something forbidden.
    Forbidden,
    /// The grader itself failed: this says nothing about the submission.
    HarnessError,
}

/// What was graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionId {
    /// As the command line named it.
    pub path: String,
    /// SHA-256 of its files, in hexadecimal.
    pub sha256: String,
    /// The files that were graded, the root first; only if more may have been handed in than was graded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// The grader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraderId {
    /// The grader's version.
    pub version: String,
    /// How submissions run: `wasm`, `native`, `python` or `http`.
    pub backend: String,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Its stable id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its category.
    pub category: String,
    /// The points earned.
    pub points: u32,
    /// The points there are.
    pub max_points: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// The expected answer at the failure.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// What happened, in a sentence or two.
    pub message: String,
    /// What to look at.
    pub hint: String,
    /// The shortest script that shows the failure.
    pub script: String,
    /// That script with the submission's answers.
    pub transcript: String,
    /// For a race or a deadlock: the order of threads that shows it, one line for each turn, and how to repeat it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schedule: String,
    /// The work done, in wasmtime's units of fuel; 0 for subjects that are not metered.
    pub fuel: u64,
    /// Who may see the row's details.
    pub visibility: Visibility,
    /// A link that opens the script in the playground; empty if there is none. The grader or the page fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
    /// The further cases of the row that fail too, each with its own script.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_fails: Vec<AlsoFails>,
}

/// A further case of a row that fails.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlsoFails {
    /// The expected answer at the failure.
    pub expected: String,
    /// The actual answer.
    pub actual: String,
    /// What happened, in a sentence.
    pub message: String,
    /// The script that shows it.
    pub script: String,
    /// That script with the submission's answers.
    pub transcript: String,
    /// A link that opens the script in the playground; empty if there is none. The grader or the page fills it in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub link: String,
}

/// How the work of one operation grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrowthReport {
    /// Its stable id.
    pub id: String,
    /// The operation.
    pub title: String,
    /// How it grows.
    pub class: GrowthClass,
    /// The class that it should stay within.
    pub within: GrowthClass,
    /// The points earned; a row that gives some is a row of `checks` too.
    pub points: u32,
    /// The most points; mostly 0.
    pub max_points: u32,
    /// The work of one operation at n, 2n, 4n …, in wasmtime's units of fuel.
    pub fuel: Vec<u64>,
}

/// A known bug and the submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutantReport {
    /// The bug's id.
    pub id: String,
    /// The letter of its failure scenario; empty if it is none.
    pub scenario: String,
    /// For a submission that is tests or a script: whether it found the bug. Otherwise false.
    pub detected: bool,
    /// Whether the submission fails in the same way as this bug.
    pub behaves_like: bool,
    /// Whether finding the bug was the task: the submission is tests or a script.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hunted: bool,
    /// The bug in one sentence.
    pub message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A message about a place in the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceDiagnostic {
    /// The learner's own file.
    pub file: String,
    /// The line, counted from 1; 0 if the message is about the whole file.
    pub line: u32,
    /// The column, counted from 1; 0 if the message is about the whole line.
    pub column: u32,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl Report {
    /// A report without rows, for a submission that could not be run.
    pub fn without_checks(
        exercise: &Exercise,
        verdict: GradeVerdict,
        seed: u64,
        submission: SubmissionId,
        grader: GraderId,
        diagnostics: Vec<SourceDiagnostic>,
    ) -> Self {
        let receipt = receipt(exercise, &grader, seed, submission.sha256.as_bytes(), &[]);
        Self {
            schema: SCHEMA.to_owned(),
            exercise: exercise.id.clone(),
            verdict,
            score: 0,
            max_score: exercise.max_score(),
            passing_score: exercise.passing_score,
            passed: false,
            seed,
            submission,
            grader,
            checks: Vec::new(),
            growth: Vec::new(),
            mutants: Vec::new(),
            diagnostics,
            receipt,
        }
    }

    /// The report of checks that ran. `module` is the exact bytes that they ran on.
    #[expect(clippy::too_many_arguments, reason = "a report is made of just these things, in one place")]
    pub fn of_checks(
        exercise: &Exercise,
        seed: u64,
        language: Language,
        submission: SubmissionId,
        grader: GraderId,
        module: &[u8],
        outcomes: &[CheckOutcome],
        resemblances: &[Resemblance],
        diagnostics: Vec<SourceDiagnostic>,
    ) -> Self {
        let checks: Vec<_> = exercise
            .checks
            .iter()
            .zip(outcomes)
            .map(|(check, outcome)| CheckReport::new(exercise, check, outcome, language))
            .collect();
        let executed = checks.iter().any(|check| !matches!(check.verdict, Verdict::Skipped | Verdict::HarnessError));
        let broken = checks.iter().any(|check| check.verdict == Verdict::HarnessError);
        let score = checks.iter().map(|check| check.points).sum();
        let verdict = if executed && !broken { GradeVerdict::Graded } else { GradeVerdict::HarnessError };
        Self {
            score,
            passed: verdict == GradeVerdict::Graded && score >= exercise.passing_score,
            mutants: mutants(exercise, resemblances, language),
            receipt: receipt(exercise, &grader, seed, module, outcomes),
            checks,
            ..Self::without_checks(exercise, verdict, seed, submission, grader, diagnostics)
        }
    }
}

impl Report {
    /// The report of rows that are made elsewhere: tests that found bugs. `module` is the exact bytes that were run.
    #[expect(clippy::too_many_arguments, reason = "a report is made of just these things, in one place")]
    pub fn of_rows(
        exercise: &Exercise,
        seed: u64,
        submission: SubmissionId,
        grader: GraderId,
        module: &[u8],
        checks: Vec<CheckReport>,
        mutants: Vec<MutantReport>,
        diagnostics: Vec<SourceDiagnostic>,
    ) -> Self {
        let score = checks.iter().map(|check| check.points).sum();
        let verdict = if checks.is_empty() { GradeVerdict::HarnessError } else { GradeVerdict::Graded };
        let mut seen = module.to_vec();
        for row in &checks {
            seen.extend(format!("{} {} {}\n{}\n", row.id, row.verdict.name(), row.points, row.transcript).bytes());
        }
        Self {
            score,
            passed: verdict == GradeVerdict::Graded && score >= exercise.passing_score,
            receipt: receipt(exercise, &grader, seed, &seen, &[]),
            checks,
            mutants,
            ..Self::without_checks(exercise, verdict, seed, submission, grader, diagnostics)
        }
    }

    /// The report with the complexity measurements: a section of its own, and for rows with points also a row of the table.
    #[must_use]
    pub fn with_growth(mut self, exercise: &Exercise, measured: &[Measured], language: Language) -> Self {
        for (row, measured) in exercise.growth.iter().zip(measured) {
            let points = if measured.class <= row.within { row.points } else { 0 };
            self.growth.push(GrowthReport {
                id: row.id.clone(),
                title: row.title.get(language).to_owned(),
                class: measured.class,
                within: row.within,
                points,
                max_points: row.points,
                fuel: measured.fuel.clone(),
            });
            if row.points > 0 {
                self.checks.push(CheckReport::of_growth(row, measured, points, language));
                self.score += points;
            }
        }
        self.passed = self.verdict == GradeVerdict::Graded && self.score >= self.passing_score;
        self
    }
}

impl CheckReport {
    fn of_growth(row: &Growth, measured: &Measured, points: u32, language: Language) -> Self {
        let verdict = match measured.class {
            GrowthClass::Unknown => Verdict::NotImplemented,
            class if class <= row.within => Verdict::Pass,
            _ => Verdict::Fail,
        };
        let category = match language {
            Language::English => "Complexity",
            Language::French => "Complexité",
        };
        let mut report = Self {
            id: row.id.clone(),
            title: row.title.get(language).to_owned(),
            category: category.to_owned(),
            points,
            max_points: row.points,
            verdict,
            expected: String::new(),
            actual: String::new(),
            message: String::new(),
            hint: String::new(),
            script: String::new(),
            transcript: String::new(),
            schedule: String::new(),
            fuel: measured.fuel.iter().sum(),
            visibility: Visibility::Visible,
            link: String::new(),
            also_fails: Vec::new(),
        };
        if verdict == Verdict::Fail {
            report.expected = row.within.name(language).to_owned();
            report.actual = measured.class.name(language).to_owned();
            report.message =
                format!("{}{}", report.title, difference(verdict, None, &report.expected, &report.actual, language));
        }
        report
    }

    fn new(exercise: &Exercise, check: &Check, outcome: &CheckOutcome, language: Language) -> Self {
        let failure = outcome.first_failure();
        let case_title = |case: &CaseOutcome| check.cases[case.index].title.get(language).to_owned();
        let visible = check.visibility == Visibility::Visible;
        let mut report = Self {
            id: check.id.clone(),
            title: check.title.get(language).to_owned(),
            category: category_name(&check.category, language).to_owned(),
            points: outcome.points,
            max_points: check.points,
            verdict: outcome.verdict,
            expected: String::new(),
            actual: String::new(),
            message: String::new(),
            hint: String::new(),
            script: String::new(),
            transcript: String::new(),
            schedule: String::new(),
            fuel: outcome.fuel,
            visibility: check.visibility,
            link: String::new(),
            also_fails: Vec::new(),
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
            if let Some(hint) = &check.cases[case.index].hint {
                hint.get(language).clone_into(&mut report.hint);
            }
            if let Some(advice) = advice(case, language) {
                advice.clone_into(&mut report.hint);
            }
            if visible {
                report.show(exercise.interface, case, language);
            }
            let further = outcome.cases.iter().filter(|other| other.verdict != Verdict::Pass).skip(1);
            report.also_fails = further
                .map(|other| {
                    let title = case_title(other);
                    if visible {
                        AlsoFails::of(exercise.interface, other, title, language)
                    } else {
                        AlsoFails { message: title, ..AlsoFails::default() }
                    }
                })
                .collect();
        }
        report
    }

    /// Fills in the parts of a failure that a learner may see.
    fn show(&mut self, interface: InterfaceKind, case: &CaseOutcome, language: Language) {
        let shown = AlsoFails::of(interface, case, std::mem::take(&mut self.message), language);
        (self.expected, self.actual, self.message) = (shown.expected, shown.actual, shown.message);
        (self.script, self.transcript) = (shown.script, shown.transcript);
        if let Some(schedule) = &case.schedule {
            self.schedule = schedule.text(language);
        }
    }
}

impl AlsoFails {
    /// The parts of a failing case that a learner may see: the shortest script, and the expected and actual answers.
    fn of(interface: InterfaceKind, case: &CaseOutcome, title: String, language: Language) -> Self {
        let (script_run, events, divergence) = match &case.shortest {
            Some(shortest) => (&shortest.script, &shortest.events, Some(&shortest.divergence)),
            None => (&case.script, &case.events, case.divergence.as_ref()),
        };
        let transcript = match interface {
            InterfaceKind::Prototype | InterfaceKind::Script | InterfaceKind::Service => transcript(script_run, events),
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
        let mut shown = Self { message: title, script, transcript, ..Self::default() };
        if let Some(at) = divergence {
            (shown.expected, shown.actual) = (at.expected.clone(), at.actual.clone());
            let crash = events.iter().rev().find_map(|event| match &event.what {
                What::Crashed { crash } if crash.to_string() == at.actual => Some(crash),
                _ => None,
            });
            if let (Language::French, Some(crash)) = (language, crash) {
                shown.actual = crash_in_french(crash);
            }
            if (language, interface) == (Language::French, InterfaceKind::Simulate) {
                (shown.expected, shown.actual) = (in_french(&shown.expected), in_french(&shown.actual));
            }
            let tells = matches!(case.verdict, Verdict::Fail | Verdict::Race) && !shown.expected.is_empty();
            let is_script =
                matches!(interface, InterfaceKind::Prototype | InterfaceKind::Script | InterfaceKind::Service);
            let asked = if tells && is_script { asked(script_run, at.step) } else { None };
            shown.message += &match nodes::story::promise(events, &at.actual, language) {
                Some(promise) if language == Language::French => format!(" : {promise}."),
                Some(promise) => format!(": {promise}."),
                None => difference(case.verdict, asked.as_deref(), &shown.expected, &shown.actual, language),
            };
        }
        shown
    }
}

/// The hint for a program that gave no answer: the row's own hint is about wrong answers and would mislead.
fn advice(case: &CaseOutcome, language: Language) -> Option<&'static str> {
    let said = case.divergence.as_ref().map_or("", |divergence| divergence.actual.as_str());
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let (en, fr) = match case.verdict {
        Verdict::Panic if says(&["spawn thread"]) => (
            "Start threads with `std::thread::spawn` or `std::thread::scope`, by these names in your own source: the grader looks for them there. Tasks of tokio's are fine too.",
            "Lancez les threads par `std::thread::spawn` ou `std::thread::scope`, sous ces noms dans votre propre source : le correcteur les y cherche. Les tâches de tokio conviennent aussi.",
        ),
        Verdict::Panic if says(&["acquire mutex", "borrowed", "can never happen"]) => (
            "A lock or a borrow is taken once more while it is still held: let the first guard go, or hand the locked value on.",
            "Un verrou ou un emprunt est repris alors qu'il est encore tenu : relâchez le premier, ou passez la valeur verrouillée.",
        ),
        Verdict::Panic if says(&["stack overflow"]) => (
            "A function calls itself again and again: look for what should end that.",
            "Une fonction s'appelle elle-même sans fin : cherchez ce qui devrait l'arrêter.",
        ),
        Verdict::Panic if says(&["not yet implemented", "not implemented"]) => (
            "A `todo!()` or `unimplemented!()` still stands where the last command leads.",
            "Un `todo!()` ou `unimplemented!()` se trouve encore là où mène la dernière commande.",
        ),
        Verdict::Panic => (
            "The last command made your code panic. Look on its way for `unwrap`, `expect`, an index, a subtraction below zero; \
             answer with `None`, `false` or an error instead.",
            "La dernière commande a fait paniquer votre code. Cherchez sur son chemin un `unwrap`, un `expect`, un indice, une \
             soustraction sous zéro ; répondez plutôt par `None`, `false` ou une erreur.",
        ),
        Verdict::Race => (
            "Between two of your steps another thread came in; the story of the schedule shows where. Hold one lock from the \
             look to the change, or let one atomic operation do both.",
            "Entre deux de vos étapes, un autre thread est passé ; le récit de l'ordonnancement montre où. Tenez un seul verrou \
             de la lecture à la modification, ou laissez une seule opération atomique faire les deux.",
        ),
        Verdict::Deadlock => (
            "Threads wait for each other. Take locks in the same order everywhere, let a guard go before you wait, and wake \
             everyone who waits after the change that they wait for.",
            "Des threads s'attendent. Prenez les verrous partout dans le même ordre, relâchez un verrou avant d'attendre, et \
             réveillez tous ceux qui attendent après le changement attendu.",
        ),
        Verdict::Timeout => (
            "The last command never came to an end. Look for a loop that goes on although nothing changes any more, or for \
             something that is waited for and never comes.",
            "La dernière commande ne s'est jamais terminée. Cherchez une boucle qui tourne alors que rien ne change plus, ou \
             une attente de ce qui ne vient jamais.",
        ),
        _ => return None,
    };
    Some(match language {
        Language::English => en,
        Language::French => fr,
    })
}

fn mutants(exercise: &Exercise, resemblances: &[Resemblance], language: Language) -> Vec<MutantReport> {
    let rows = exercise.mutants.iter().map(|mutant| {
        let seen = resemblances.iter().find(|resemblance| resemblance.mutant == mutant.id);
        MutantReport {
            id: mutant.id.clone(),
            scenario: mutant.scenario.clone().unwrap_or_default(),
            detected: false,
            hunted: false,
            behaves_like: seen.is_some_and(|resemblance| resemblance.behaves_like),
            message: mutant.sentence.get(language).to_owned(),
        }
    });
    rows.collect()
}

/// A script with the answers that it got, each below its command.
pub fn transcript(script: &str, events: &[Event]) -> String {
    let script = script::parse(script, Dialect::Lab);
    let mut text = String::new();
    let mut rest = events;
    for (index, step) in script.commands.iter().enumerate() {
        let own = rest.iter().take_while(|event| event.step as usize == index).count();
        let (now, later) = rest.split_at(own);
        rest = later;
        if now.is_empty() && later.is_empty() && index > 0 {
            break;
        }
        text += &format!("> {}\n", step.source);
        for event in now.iter().filter(|event| !matches!(event.what, What::Held { .. } | What::Ticked { .. })) {
            text += &format!("  {}\n", event.what);
        }
    }
    text
}

/// The receipt: grading the same module again, natively or in the page, gives the same one. So it must not contain
/// fuel, which only one of the hosts counts.
fn receipt(exercise: &Exercise, grader: &GraderId, seed: u64, module: &[u8], outcomes: &[CheckOutcome]) -> String {
    let exercise = serde_json::to_vec(exercise).unwrap_or_default();
    let mut parts = vec![module.to_vec(), exercise, grader.version.clone().into(), seed.to_le_bytes().into()];
    for outcome in outcomes {
        parts.push(outcome.id.clone().into());
        parts.push(outcome.verdict.name().into());
        parts.push(outcome.points.to_le_bytes().into());
        parts.extend(outcome.cases.iter().map(|case| serde_json::to_vec(&case.events).unwrap_or_default()));
    }
    digest(&parts)
}

/// The SHA-256 of these bytes, in hexadecimal. Cost: O(bytes).
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A digest of a list of parts; each part is preceded by its length, so that different lists never have the same bytes.
pub(crate) fn digest(parts: &[Vec<u8>]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
