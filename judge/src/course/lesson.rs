//! One lesson: its texts, its scripts, and the points that there are.

use std::collections::BTreeSet;

use cachedojo_lab::script::{self, Command, Dialect, Script};
use cachedojo_notation::text::{Bilingual, Language};
use serde::{Deserialize, Serialize};

use super::error::CourseError;
use super::frame;

/// The points of every lesson.
pub const POINTS: u32 = 100;
/// Of a lesson to expose a bug: those for exposing it. The others are for a short script.
pub(super) const EXPOSED_POINTS: u32 = 70;

/// What a learner does in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Say what the answers will be.
    Predict,
    /// Write a script on which the lesson's bug shows; shorter is better.
    Expose,
    /// Bring something back into order.
    Repair,
    /// Choose something so that what follows holds.
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
    /// About how long it takes, in minutes.
    pub minutes: u32,
    /// The language of its scripts.
    pub dialect: Dialect,
    /// The world's seed.
    #[serde(default)]
    pub seed: u64,
    /// What the page shows beside the script: `node`, `ring`, `cluster`.
    pub views: Vec<String>,
    /// For a lesson to expose a bug: the mutant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// The beginnings of the commands that the learner's own lines may be; empty allows all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The most lines that the learner may add; 0 is no limit.
    #[serde(default)]
    pub lines_max: u32,
    /// The lines that a script to expose a bug can do with, where the solution is not told; else the solution says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub par: Option<u32>,
    /// The largest number that may stand in the learner's own lines; 0 is no limit.
    #[serde(default)]
    pub number_max: u64,
    /// Its name for people.
    pub title: Bilingual,
    /// A paragraph or two of theory, in Markdown.
    pub theory: Bilingual,
    /// What to do, in Markdown.
    pub task: Bilingual,
    /// Help, to be shown one by one.
    pub hints: Vec<Bilingual>,
    /// What there was to learn; told once the lesson is solved.
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
    /// What stands above the learner's lines and stays as it is; may be empty.
    #[serde(default)]
    pub given: String,
    /// What the editor opens with.
    #[serde(default)]
    pub starter: String,
    /// What stands below the learner's lines and stays as it is; may be empty.
    #[serde(default)]
    pub goal: String,
    /// A plausible script that does not solve the lesson: proves that the lesson can be failed.
    #[serde(default)]
    pub attempt: String,
    /// A script that solves it. Of a lesson to expose a bug, one that nobody has beaten: its length is the par.
    #[serde(default)]
    pub solution: String,
}

/// What stands above and below the learner's lines, so that they are found again.
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

    /// What the editor opens with. Of a lesson with a beginning and an end: both, and room between them.
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

    /// The whole script of a plausible attempt that does not.
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

    /// The lines that the solution needs: what a script to expose a bug is measured by.
    pub fn par(&self) -> u32 {
        self.par.unwrap_or_else(|| length(&script::parse(&self.script.solution, self.dialect)))
    }

    /// The lesson as the page gets it: without the scripts that solve it or fail it, its bug under the name that `module` gives.
    #[must_use]
    pub fn public(&self, module: impl FnOnce(&str) -> String) -> Self {
        let mut lesson = self.clone();
        lesson.par = (self.kind == Kind::Expose).then(|| self.par());
        lesson.mutant = self.mutant.as_deref().map(module);
        lesson.script.solution.clear();
        lesson.script.attempt.clear();
        lesson
    }

    /// The rows that a script is judged by, and their points.
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

    /// From how many points, of 100, on the lesson is solved.
    pub fn passing_score(&self) -> u32 {
        if self.kind == Kind::Expose { EXPOSED_POINTS } else { POINTS }
    }
}

/// The points of one of several rows: equal shares, what is left over to the first.
pub(super) fn share(index: usize, rows: usize) -> u32 {
    let rows = u32::try_from(rows.max(1)).unwrap_or(POINTS);
    POINTS / rows + u32::from(u32::try_from(index).is_ok_and(|index| index < POINTS % rows))
}

/// The lines of a script that count for its length: commands, not expectations.
pub(super) fn length(script: &Script) -> u32 {
    let counted =
        script.commands.iter().filter(|step| !matches!(step.command, Command::Expect(_) | Command::Always(_)));
    let lines: BTreeSet<u32> = counted.map(|step| step.line).collect();
    u32::try_from(lines.len()).unwrap_or(u32::MAX)
}
