//! Packs: an exercise as data, read from `exercise.toml` and its check scripts, and checked completely before it judges any
//! submission.

mod about;
mod brief;
mod cases;
mod error;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::growth::{self, Growth};
use super::nodes::{self, Scene};
use super::simulate::{self, Accept};
use super::template;
use cachedojo::random::Random;
use cachedojo_lab::script::{self, Command, Dialect};
use cachedojo_notation::text::{Bilingual, Language};

pub use about::{About, Spec};
pub use brief::{Brief, BriefRow, Starter};
pub use cases::Case;
pub use error::PackError;

/// An exercise.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// Its name on the command line.
    pub id: String,
    /// Its name for people.
    pub title: Bilingual,
    /// The languages that a submission may be written in; one at least.
    pub languages: Vec<CodeLanguage>,
    /// What of a submission is called.
    #[serde(rename = "subject")]
    pub interface: InterfaceKind,
    /// From how many points the exercise is passed.
    pub passing_score: u32,
    /// What catalogues list about it.
    #[serde(default, skip_serializing)]
    pub about: About,
    /// The crates that a submission may use besides std.
    #[serde(default)]
    pub allowed_crates: Vec<String>,
    /// Its checks, in the order in which they run.
    pub checks: Vec<Check>,
    /// Its complexity table.
    #[serde(default)]
    pub growth: Vec<Growth>,
    /// Its known bugs.
    #[serde(default)]
    pub mutants: Vec<MutantSpec>,
}

/// What a submission is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeLanguage {
    /// Rust: `src/lib.rs` and its modules.
    Rust,
    /// Python: `main.py` and its modules.
    Python,
    /// The script language: one text file.
    Script,
    /// Any language: a service over HTTP, started by the file `start`.
    Http,
}

impl CodeLanguage {
    /// Every language, in the order in which a submission's files are tried.
    pub const ALL: [Self; 4] = [Self::Rust, Self::Python, Self::Script, Self::Http];

    /// Its name in `exercise.toml`, on the command line and in a pack's folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Script => "script",
            Self::Http => "http",
        }
    }

    /// The language of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }
}

/// What of a submission is called, whatever its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    /// Through the exercise's prototype: node, ring, cluster, parser.
    Prototype,
    /// Through `simulate_distributed_cache(commands)`.
    Simulate,
    /// Nothing: a submission is tests, which are run on right and wrong implementations.
    Tests,
    /// Nothing: a submission is a script, which is run.
    Script,
    /// Its answers to HTTP requests.
    Service,
    /// Nodes of a cluster, each a state machine: inputs come in, effects go out.
    Nodes,
}

/// A row of an exercise's table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its stable name.
    pub id: String,
    /// What it is about.
    pub title: Bilingual,
    /// Its category in the table.
    pub category: String,
    /// Its points.
    pub points: u32,
    /// Checks that must earn points first: if one of them earns none, this one would tell nothing new, and is skipped.
    #[serde(default)]
    pub depends: Vec<String>,
    /// What to look at when it fails.
    pub hint: Bilingual,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Under how many schedules each of its cases is tried, for a submission with threads; 0 for the calm one alone.
    #[serde(default = "schedules_by_default")]
    pub schedules: u32,
    /// Which answers are right, when a whole run of commands is judged at once.
    #[serde(default)]
    pub accept: Accept,
    /// An earlier check of the places of answers: if it earned nothing, this one judges the answers wherever they stand, so that
    /// one mistake costs points once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<String>,
    /// Whether a sleep may end at any moment in some of the schedules: for cases in which no deadline matters.
    #[serde(default)]
    pub any_moment: bool,
    /// For tests as submissions: how many threads a test must have for this row to give points.
    #[serde(default)]
    pub threads: u32,
    /// How many calls each of those threads must make.
    #[serde(default)]
    pub operations: u32,
    /// Its cases; read from `checks/<id>.txt`.
    #[serde(default)]
    pub cases: Vec<Case>,
}

/// Enough to find most races, and cheap: a schedule takes less than a millisecond.
const fn schedules_by_default() -> u32 {
    30
}

/// Who sees a check's script and values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everyone.
    #[default]
    Visible,
    /// Only the teacher: a learner sees title, verdict and hint.
    Hidden,
}

/// A known bug, as the pack describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutantSpec {
    /// Its name: a statement about the wrong behaviour, in `snake_case`.
    pub id: String,
    /// The letter of the exercise's failure scenario, if it is one.
    pub scenario: Option<String>,
    /// What the code does wrong, in one sentence.
    pub sentence: Bilingual,
    /// A hint for the learner.
    pub hint: Bilingual,
    /// Exactly the checks that fail because of it.
    pub killed_by: Vec<String>,
    /// The languages in which there is a patch for it; all of the exercise's if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<CodeLanguage>,
    /// Whether it shows only in some orders of its threads: then only a submission with a race or a deadlock is compared with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub races: bool,
    /// Whether the starter has it, and to find it is the task: then no learner is told that their code behaves like it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub planted: bool,
}

impl MutantSpec {
    /// Whether it exists in `language`.
    pub fn speaks(&self, language: CodeLanguage) -> bool {
        self.languages.is_empty() || self.languages.contains(&language)
    }
}

impl Exercise {
    /// The sum of its checks' points, and of the points of its complexity table.
    pub fn max_score(&self) -> u32 {
        let growth: u32 = self.growth.iter().map(|row| row.points).sum();
        self.checks.iter().map(|check| check.points).sum::<u32>() + growth
    }

    /// The part that a learner's machine may know: the checks that everyone sees, without bugs and without rows that need fuel.
    #[must_use]
    pub fn public(&self) -> Self {
        let is_seen = |check: &&Check| check.visibility == Visibility::Visible;
        let seen: BTreeSet<&String> = self.checks.iter().filter(is_seen).map(|check| &check.id).collect();
        let mut checks: Vec<Check> = self.checks.iter().filter(is_seen).cloned().collect();
        for check in &mut checks {
            check.depends.retain(|id| seen.contains(id));
            check.cases.retain(|case| !case.probe);
            for case in &mut check.cases {
                case.retain_given(|id| seen.contains(id));
            }
        }
        Self { checks, growth: Vec::new(), mutants: Vec::new(), ..self.clone() }
    }

    /// Adds to each check the cases of its script (by id), and checks the whole pack: every case parses under every
    /// seed, expects something, and names only things that exist. Cost: O(text).
    ///
    /// # Errors
    /// The first mistake.
    pub fn with_scripts(mut self, scripts: &BTreeMap<String, String>) -> Result<Self, PackError> {
        // Tests are judged by the bugs that they find, not by scripts.
        for check in self.checks.iter_mut().filter(|_| self.interface != InterfaceKind::Tests) {
            let text = scripts.get(&check.id).ok_or_else(|| PackError::NoScript(check.id.clone()))?;
            check.cases = cases::read_cases(&check.id, text)?;
        }
        self.prove()?;
        Ok(self)
    }

    fn prove(&self) -> Result<(), PackError> {
        let languages: BTreeSet<_> = self.languages.iter().collect();
        if languages.is_empty() || languages.len() < self.languages.len() {
            return Err(PackError::Languages);
        }
        let mut known = BTreeSet::new();
        for check in &self.checks {
            for needed in check.depends.iter().chain(&check.places) {
                if !known.contains(needed) {
                    return Err(PackError::UnknownCheck(check.id.clone(), needed.clone()));
                }
            }
            if !known.insert(check.id.clone()) {
                return Err(PackError::Duplicate(check.id.clone()));
            }
            // Together, edge cases may cost more than the row has: its points stop at 0.
            if let Some(case) = check.cases.iter().find(|case| case.costs.is_some_and(|costs| costs > check.points)) {
                return Err(PackError::CostsTooMuch(check.id.clone(), case.line));
            }
            for (at, case) in check.cases.iter().enumerate() {
                let mut given = case.given.iter().map(|given| check_and_case(given));
                let mut all = case.given_some.iter().map(|id| (id.as_str(), None)).chain(given.by_ref());
                let is_there = |(id, name): &(&str, Option<&str>)| {
                    if *id == check.id {
                        return name.is_some_and(|name| check.case(name).is_some_and(|other| other < at));
                    }
                    let other = self.checks.iter().find(|other| other.id == *id);
                    known.contains(*id) && other.is_some_and(|other| name.is_none_or(|name| other.case(name).is_some()))
                };
                if let Some((id, name)) = all.find(|given| !is_there(given)) {
                    let given = name.map_or_else(|| id.to_owned(), |name| format!("{id}.{name}"));
                    return Err(PackError::UnknownCheck(check.id.clone(), given));
                }
                match self.interface {
                    InterfaceKind::Simulate => drop(case.commands(&check.id, 0)?),
                    InterfaceKind::Nodes => drop(case.scene(&check.id, 0)?),
                    InterfaceKind::Tests => {}
                    _ => drop(case.script(&check.id, 0)?),
                }
            }
        }
        let mut names = BTreeSet::new();
        for mutant in &self.mutants {
            if !names.insert(&mutant.id) {
                return Err(PackError::Duplicate(mutant.id.clone()));
            }
            if let Some(unknown) = mutant.killed_by.iter().find(|id| !known.contains(*id)) {
                return Err(PackError::UnknownCheck(mutant.id.clone(), unknown.clone()));
            }
        }
        growth::prove(&self.growth).map_err(PackError::Growth)?;
        if let Some(row) = self.growth.iter().find(|row| !known.insert(row.id.clone())) {
            return Err(PackError::Duplicate(row.id.clone()));
        }
        if self.max_score() == 0 { Err(PackError::NoPoints) } else { Ok(()) }
    }
}

impl Check {
    /// The index of the case with this name.
    pub(crate) fn case(&self, name: &str) -> Option<usize> {
        self.cases.iter().position(|case| case.name.as_deref() == Some(name))
    }
}

/// What a case is given: a check, or a case of one by its name.
pub(crate) fn check_and_case(given: &str) -> (&str, Option<&str>) {
    given.split_once('.').map_or((given, None), |(check, name)| (check, Some(name)))
}

impl Case {
    /// Forgets what it is given of checks that are not `there`.
    pub fn retain_given(&mut self, there: impl Fn(&String) -> bool) {
        self.given.retain(|given| there(&check_and_case(given).0.to_owned()));
        self.given_some.retain(there);
    }

    /// The case's script for a seed, and its pinned output if it has one.
    ///
    /// # Errors
    /// The template is wrong, or the script that it makes.
    pub fn script(&self, check_id: &str, seed: u64) -> Result<(String, Option<String>), PackError> {
        let (text, output) = self.fill(check_id, seed)?;
        let script = script::parse(&text, Dialect::Lab);
        if let Some(wrong) = script.diagnostics.first() {
            let message = wrong.mistake.message(Language::English);
            return Err(PackError::Script(check_id.to_owned(), self.line + wrong.line, message));
        }
        let expects = |step: &script::Step| matches!(step.command, Command::Expect(_) | Command::Always(_));
        if output.is_none() && !script.commands.iter().any(expects) {
            return Err(PackError::NoExpectation(check_id.to_owned(), self.line));
        }
        Ok((text, output))
    }

    /// The case with its placeholders filled, and its pinned output.
    fn fill(&self, check_id: &str, seed: u64) -> Result<(String, Option<String>), PackError> {
        let mut random = Random::new(seed ^ cachedojo::ring::hash64(check_id.as_bytes()) ^ u64::from(self.line));
        let whole = match &self.output {
            Some(output) => format!("{}\u{1f}{output}", self.template),
            None => self.template.clone(),
        };
        let filled = template::fill(&whole, &mut random)
            .map_err(|error| PackError::Placeholder(check_id.to_owned(), self.line, error.placeholder))?;
        Ok(match filled.split_once('\u{1f}') {
            Some((text, output)) => (text.to_owned(), Some(output.to_owned())),
            None => (filled, None),
        })
    }

    /// The case's scene for a seed, for nodes as submissions.
    pub(crate) fn scene(&self, check_id: &str, seed: u64) -> Result<Scene, PackError> {
        let (text, _) = self.fill(check_id, seed)?;
        nodes::read(&text).map_err(|(line, said)| PackError::Script(check_id.to_owned(), self.line + line, said))
    }

    /// The case's text for a seed, its commands of the line protocol, and its pinned outputs, if it has some.
    ///
    /// # Errors
    /// The template is wrong, a command is wrong, or a pinned output does not have one answer for each command.
    pub fn commands(&self, check_id: &str, seed: u64) -> Result<Commands, PackError> {
        let (text, output) = self.fill(check_id, seed)?;
        let wrong = |line: u32, message: String| PackError::Script(check_id.to_owned(), self.line + line, message);
        let calls = simulate::calls(&text).map_err(|(line, message)| wrong(line, message))?;
        let asked = simulate::answered(&calls.commands);
        for right in simulate::right_outputs(&calls.commands, output.as_deref()) {
            if right.len() != asked {
                let answers = right.len();
                let is_remark = |command: &String| command.trim_start().starts_with('#');
                let remark = if calls.commands.iter().any(is_remark) {
                    "; a line that begins with # is a command here too, remarks stand above the first case"
                } else {
                    ""
                };
                let message =
                    format!("{asked} commands, but an output of {answers} lines: give each its answer{remark}");
                return Err(wrong(0, message));
            }
        }
        Ok(Commands { text, calls, output })
    }
}

/// A case of the line protocol, for one seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// Its text, with placeholders filled.
    pub text: String,
    /// Its commands, by the call.
    pub(crate) calls: simulate::Calls,
    /// Its pinned outputs, separated by `----`.
    pub output: Option<String>,
}
