//! One lesson: its texts, its scripts, and its points.

use std::collections::BTreeSet;

use cachedojo_lab::script::{self, Command, Dialect, Script};
use cachedojo_notation::text::{Bilingual, Language};
use serde::{Deserialize, Serialize};

use super::error::CourseError;
use super::frame;

/// The points of every lesson.
pub const POINTS: u32 = 100;
/// In a lesson to expose a bug: the points for exposing it. The remaining points are for a short script.
pub(super) const EXPOSED_POINTS: u32 = 70;

/// What a learner does in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Predict the answers.
    Predict,
    /// Write a script on which the lesson's bug shows; shorter is better.
    Expose,
    /// Write the commands that make a broken state right again.
    Repair,
    /// Choose settings with which the lesson's expectations hold.
    Design,
}

/// One lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Its stable name; that of its file.
    #[serde(default)]
    pub id: String,
    /// The id of its chapter.
    #[serde(default)]
    pub chapter: String,
    /// What a learner does.
    pub kind: Kind,
    /// How long it takes about, in minutes.
    pub minutes: u32,
    /// The language of its scripts.
    pub dialect: Dialect,
    /// The world's seed.
    #[serde(default)]
    pub seed: u64,
    /// The views that the page shows beside the script: `node`, `ring`, `cluster`.
    pub views: Vec<String>,
    /// For a lesson to expose a bug: the mutant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// The beginnings of the commands that the learner may write; empty allows all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The most lines that the learner may add; 0 is no limit.
    #[serde(default)]
    pub lines_max: u32,
    /// The length of the shortest known script to expose the bug, where the solution must not be in the file; otherwise
    /// the solution's length counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub par: Option<u32>,
    /// The largest number in the learner's lines; 0 is no limit.
    #[serde(default)]
    pub number_max: u64,
    /// Its name for people.
    pub title: Bilingual,
    /// A paragraph or two of theory, in Markdown.
    pub theory: Bilingual,
    /// What to do, in Markdown.
    pub task: Bilingual,
    /// Help, shown one by one.
    pub hints: Vec<Bilingual>,
    /// What the lesson teaches; shown once it is solved.
    pub explanation: Bilingual,
    /// Its scripts.
    pub script: Scripts,
}

/// The scripts of a lesson.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripts {
    /// An example to run first; may be empty.
    #[serde(default)]
    pub example: String,
    /// The fixed lines above the learner's; may be empty.
    #[serde(default)]
    pub given: String,
    /// The editor's initial text.
    #[serde(default)]
    pub starter: String,
    /// The fixed lines below the learner's; may be empty.
    #[serde(default)]
    pub goal: String,
    /// A plausible script that does not solve the lesson: it proves that the lesson can be failed.
    #[serde(default)]
    pub attempt: String,
    /// A script that solves it. In a lesson to expose a bug, the shortest known: its length is the par.
    #[serde(default)]
    pub solution: String,
}

/// The comments above and below the learner's lines that mark where to write.
const fn signposts(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::English => ("# Your lines:", "# The goal; leave it as it is:"),
        Language::French => ("# Vos lignes :", "# Le but ; ne le changez pas :"),
    }
}

impl Lesson {
    pub(super) fn prove(&self) -> Result<(), CourseError> {
        let texts = [
            ("title", &self.title),
            ("theory", &self.theory),
            ("task", &self.task),
            ("explanation", &self.explanation),
        ];
        let hints = self.hints.iter().map(|hint| ("hints", hint));
        for (field, text) in texts.into_iter().chain(hints) {
            if text.en.trim().is_empty() || text.fr.trim().is_empty() {
                return Err(CourseError::NoText(self.id.clone(), field));
            }
        }
        if self.hints.is_empty() {
            return Err(CourseError::NoHint(self.id.clone()));
        }
        if self.mutant.is_some() != (self.kind == Kind::Expose) {
            return Err(CourseError::Mutant(self.id.clone()));
        }
        let checked = match self.kind {
            Kind::Predict => frame::blanks(&self.script.starter) > 0,
            Kind::Expose => true,
            Kind::Repair | Kind::Design => frame::expectations(&self.script.goal) > 0,
        };
        if !checked {
            return Err(CourseError::NothingToCheck(self.id.clone()));
        }
        for (which, text) in [("solution", self.solution()), ("example", self.script.example.clone())] {
            if let Some(wrong) = script::parse(&text, self.dialect).diagnostics.first() {
                let message = wrong.mistake.message(Language::English);
                return Err(CourseError::Script(self.id.clone(), which, wrong.line, message));
            }
        }
        Ok(())
    }

    /// The editor's initial text. In a lesson with fixed lines: these, with room between them.
    pub fn opening(&self, language: Language) -> String {
        match self.kind {
            Kind::Predict | Kind::Expose => self.script.starter.clone(),
            Kind::Repair | Kind::Design => self.framed(language, "\n"),
        }
    }

    /// The whole script that solves the lesson.
    pub fn solution(&self) -> String {
        self.whole(&self.script.solution)
    }

    /// The whole script of a plausible attempt that fails.
    pub fn failed_attempt(&self) -> String {
        match self.kind {
            Kind::Predict | Kind::Expose => self.script.starter.clone(),
            Kind::Repair | Kind::Design => self.whole(&self.script.attempt),
        }
    }

    fn whole(&self, own_lines: &str) -> String {
        match self.kind {
            Kind::Predict | Kind::Expose => own_lines.to_owned(),
            Kind::Repair | Kind::Design => self.framed(Language::English, own_lines),
        }
    }

    fn framed(&self, language: Language, own_lines: &str) -> String {
        let (above, below) = signposts(language);
        format!("{}{above}\n{own_lines}{below}\n{}", self.script.given, self.script.goal)
    }

    /// The length of the solution: scripts to expose a bug are compared with it.
    pub fn par(&self) -> u32 {
        self.par.unwrap_or_else(|| length(&script::parse(&self.script.solution, self.dialect)))
    }

    /// The lesson as the page gets it: without the solving and failing scripts, and with the name that `module` gives to its bug.
    #[must_use]
    pub fn public(&self, module: impl FnOnce(&str) -> String) -> Self {
        let mut lesson = self.clone();
        lesson.par = (self.kind == Kind::Expose).then(|| self.par());
        lesson.mutant = self.mutant.as_deref().map(module);
        lesson.script.solution.clear();
        lesson.script.attempt.clear();
        lesson
    }

    /// The rows that a script is judged by, with their points.
    pub fn table(&self) -> Vec<(String, u32)> {
        let numbered = |name: &str, rows: usize| -> Vec<_> {
            (0..rows).map(|index| (format!("{name}_{}", index + 1), share(index, rows))).collect()
        };
        match self.kind {
            Kind::Predict => numbered("answer", frame::blanks(&self.script.starter)),
            Kind::Repair | Kind::Design => numbered("goal", frame::expectations(&self.script.goal)),
            Kind::Expose => {
                vec![("exposes".to_owned(), EXPOSED_POINTS), ("short".to_owned(), POINTS - EXPOSED_POINTS)]
            }
        }
    }

    /// From how many points, of 100, the lesson is solved.
    pub fn passing_score(&self) -> u32 {
        if self.kind == Kind::Expose { EXPOSED_POINTS } else { POINTS }
    }
}

/// The points of one of several rows: equal shares, the remainder to the first.
pub(super) fn share(index: usize, rows: usize) -> u32 {
    let rows = u32::try_from(rows.max(1)).unwrap_or(POINTS);
    POINTS / rows + u32::from(u32::try_from(index).is_ok_and(|index| index < POINTS % rows))
}

/// The length of a script: its commands, without expectations.
pub(super) fn length(script: &Script) -> u32 {
    let counted =
        script.commands.iter().filter(|step| !matches!(step.command, Command::Expect(_) | Command::Always(_)));
    let lines: BTreeSet<u32> = counted.map(|step| step.line).collect();
    u32::try_from(lines.len()).unwrap_or(u32::MAX)
}
