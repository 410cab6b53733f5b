//! The class as data: the content of `results.json`, from which the table and the page are made.

use cachedojo_judge::pack::Exercise;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;
use serde::Serialize;

use super::french::note_in;
use super::similar::Passage;
use super::store::Past;
use crate::intake::platform::Owner;
use crate::report;

/// The name of this format; an incompatible one gets another name.
pub const SCHEMA: &str = "cachedojo/class/v1";

/// A graded class. It contains no times and no order of grading, so a run that was killed and resumed gives the same
/// result.
#[derive(Debug, Serialize)]
pub struct Class {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The exercise's id.
    pub exercise: String,
    /// The grading seed.
    pub seed: u64,
    /// The points there are.
    pub max_score: u32,
    /// From how many points the exercise is passed.
    pub passing_score: u32,
    /// One row for each learner, by name.
    pub learners: Vec<Learner>,
    /// One row for each check, hardest first.
    pub checks: Vec<CheckRow>,
    /// The known bugs that a submission behaves like, most frequent first.
    pub mutants: Vec<MutantRow>,
    /// Pairs of similar submissions.
    pub similar: Vec<Likeness>,
    /// Programs that are the same as a whole, and those that are the exercise's own solution.
    pub alike: Vec<Alike>,
}

/// One learner.
#[derive(Debug, Serialize)]
pub struct Learner {
    /// The name.
    pub learner: String,
    /// The name in the roster, where just one of its people handed this in and `learner` does not say it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where the submission was found, relative to the class.
    pub path: String,
    /// Whether it came late, where the platform says so.
    pub late: bool,
    /// The state of the submission.
    pub state: State,
    /// Why there is no report, or a remark on what was graded.
    pub note: String,
    /// The points earned; none where nothing was graded, and of an attempt that a later one replaced: whoever adds up is not to find
    /// them.
    pub score: Option<u32>,
    /// Whether that is a pass.
    pub passed: bool,
    /// The report.
    pub report: Option<Report>,
    /// Earlier gradings with another outcome, oldest first.
    pub earlier: Vec<Past>,
    /// The learner's identity on their platform; empty for those known only from a roster.
    #[serde(skip)]
    pub owner: Option<Owner>,
}

impl Learner {
    /// Who it is, for people: as the platform names them, and as the roster does.
    pub fn shown(&self) -> String {
        if self.name.is_empty() { self.learner.clone() } else { format!("{} – {}", self.learner, self.name) }
    }

    /// The points for a gradebook: `None` if there is nothing to mark, which is for the teacher to decide.
    pub fn mark(&self) -> Option<u32> {
        let graded = matches!(self.state, State::Graded | State::BuildFailed | State::Forbidden);
        self.score.filter(|_| graded)
    }

    /// Why there is no mark, or none but 0, in a line: the first thing that the report says of the source, and the note.
    pub fn why(&self, language: Language) -> String {
        let unchecked = self.report.as_ref().filter(|report| report.checks.is_empty());
        let obstacle = |language| unchecked.and_then(|report| report::first_obstacle(report, language));
        match obstacle(language) {
            // The note may say the same, without the place.
            Some(said) if obstacle(Language::English).is_some_and(|told| told.ends_with(self.note.as_str())) => said,
            Some(said) if language == Language::French => format!("{said} ; {}", note_in(&self.note, language)),
            Some(said) => format!("{said}; {}", self.note),
            // The names of files stay as they are.
            None if self.state == State::Missing => self.note.clone(),
            None => note_in(&self.note, language),
        }
    }
}

/// The state of a learner's submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The checks ran.
    Graded,
    /// It does not compile.
    BuildFailed,
    /// It contains something forbidden.
    Forbidden,
    /// The grader failed.
    HarnessError,
    /// There is nothing in it.
    Empty,
    /// There is no source in it.
    Missing,
    /// Replaced by a later one of the same learner.
    Superseded,
    /// Its archive or folder cannot be read.
    Unreadable,
    /// Several could be graded, and nothing shows which is meant.
    Ambiguous,
    /// They are on the roster, and handed in nothing.
    NotSubmitted,
    /// They are on the roster, and a submission may be theirs, which no row of the roster clearly is.
    Unmatched,
}

impl State {
    /// The name in data.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Graded => "graded",
            Self::BuildFailed => "build_failed",
            Self::Forbidden => "forbidden",
            Self::HarnessError => "harness_error",
            Self::Empty => "empty",
            Self::Missing => "missing",
            Self::Superseded => "superseded",
            Self::Unreadable => "unreadable",
            Self::Ambiguous => "ambiguous",
            Self::NotSubmitted => "not_submitted",
            Self::Unmatched => "unmatched",
        }
    }
}

impl From<GradeVerdict> for State {
    fn from(verdict: GradeVerdict) -> Self {
        match verdict {
            GradeVerdict::Graded => Self::Graded,
            GradeVerdict::BuildFailed => Self::BuildFailed,
            GradeVerdict::Forbidden => Self::Forbidden,
            GradeVerdict::HarnessError => Self::HarnessError,
        }
    }
}

/// How a class did in one check.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CheckRow {
    /// The check's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its points.
    pub max_points: u32,
    /// Learners who passed it.
    pub passed: usize,
    /// Learners who earned some of its points.
    pub partly: usize,
    /// Learners who earned none.
    pub failed: usize,
}

/// How often a known bug was met.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MutantRow {
    /// The bug's id.
    pub id: String,
    /// The letter of its failure scenario; empty if it is none.
    pub scenario: String,
    /// The bug in one sentence.
    pub message: String,
    /// Who has it.
    pub learners: Vec<String>,
}

/// Two learners' similar submissions.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Likeness {
    /// The first learner.
    pub one: String,
    /// The second learner.
    pub other: String,
    /// How much of the shorter submission is in the longer one, in percent.
    pub percent: usize,
    /// The longest shared passages.
    pub passages: Vec<Passage>,
}

/// Learners whose programs are the same as a whole: evidence to look at, never a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alike {
    /// How they are the same.
    pub kind: AlikeKind,
    /// The learners, in the class's order.
    pub learners: Vec<String>,
}

/// How programs are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlikeKind {
    /// Byte for byte.
    Identical,
    /// In nearly all of their shape, whatever their names, values, comments and layout.
    NearlyIdentical,
    /// Nearly all of the exercise's own solution, and little else.
    Solution,
}

impl Class {
    /// The class of these learners. Cost: O(learners x checks).
    pub fn of(
        exercise: &Exercise,
        seed: u64,
        language: Language,
        learners: Vec<Learner>,
        similar: Vec<Likeness>,
        alike: Vec<Alike>,
    ) -> Self {
        let checks = check_rows(exercise, &learners, language);
        let mutants = mutant_rows(&learners);
        let (max_score, passing_score) = (exercise.max_score(), exercise.passing_score);
        let exercise = exercise.id.clone();
        Self { schema: SCHEMA, exercise, seed, max_score, passing_score, learners, checks, mutants, similar, alike }
    }

    /// The scores of all graded submissions, lowest first. One that does not compile was graded: it earned nothing.
    pub fn scores(&self) -> Vec<u32> {
        let counts = |state| matches!(state, State::Graded | State::BuildFailed | State::Forbidden);
        let mut scores: Vec<_> =
            self.learners.iter().filter(|learner| counts(learner.state)).filter_map(|learner| learner.score).collect();
        scores.sort_unstable();
        scores
    }

    /// How many learners' submissions have this state.
    pub fn count(&self, state: State) -> usize {
        self.learners.iter().filter(|learner| learner.state == state).count()
    }
}

fn graded(learners: &[Learner]) -> impl Iterator<Item = (&Learner, &Report)> {
    let reports = learners.iter().filter_map(|learner| Some((learner, learner.report.as_ref()?)));
    reports.filter(|(_, report)| report.verdict == GradeVerdict::Graded)
}

fn check_rows(exercise: &Exercise, learners: &[Learner], language: Language) -> Vec<CheckRow> {
    let rows = exercise.checks.iter().map(|check| {
        let mut row = CheckRow {
            id: check.id.clone(),
            title: check.title.get(language).to_owned(),
            max_points: check.points,
            passed: 0,
            partly: 0,
            failed: 0,
        };
        let outcomes =
            graded(learners).filter_map(|(_, report)| report.checks.iter().find(|other| other.id == check.id));
        for outcome in outcomes {
            // A lesson's checks have the lesson's title; its reports say which answer each is.
            row.title.clone_from(&outcome.title);
            match outcome.verdict {
                Verdict::Pass => row.passed += 1,
                _ if outcome.points > 0 => row.partly += 1,
                _ => row.failed += 1,
            }
        }
        row
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| (row.passed, row.partly));
    rows
}

fn mutant_rows(learners: &[Learner]) -> Vec<MutantRow> {
    let mut rows: Vec<MutantRow> = Vec::new();
    for (learner, report) in graded(learners) {
        for mutant in report.mutants.iter().filter(|mutant| mutant.behaves_like) {
            match rows.iter_mut().find(|row| row.id == mutant.id) {
                Some(row) => row.learners.push(learner.learner.clone()),
                None => rows.push(MutantRow {
                    id: mutant.id.clone(),
                    scenario: mutant.scenario.clone(),
                    message: mutant.message.clone(),
                    learners: vec![learner.learner.clone()],
                }),
            }
        }
    }
    rows.sort_by(|a, b| b.learners.len().cmp(&a.learners.len()).then_with(|| a.id.cmp(&b.id)));
    rows
}
