//! Packs: an exercise as data, read from `exercise.toml` and its check scripts, and proved sound before it judges anyone.

mod about;
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
    /// How a submission is spoken to.
    #[serde(rename = "subject")]
    pub interface: InterfaceKind,
    /// From how many points on it is passed.
    pub passing_score: u32,
    /// What a catalogue says about it.
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
    /// Any: a service over HTTP, by the file `start`.
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

/// What of a submission is called, whatever it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    /// Through the exercise's prototype: node, ring, cluster, parser.
    Prototype,
    /// Through `simulate_distributed_cache(commands)`.
    Simulate,
    /// Not at all: a submission is tests, which are run on right and wrong implementations.
    Tests,
    /// Not at all: the submission is a script, and is read.
    Script,
    /// Through requests over HTTP.
    Service,
    /// As nodes of a cluster, each a state machine: what happens goes in, what it wants done comes out.
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
    /// Checks without which this one says nothing new: if one of them earns no point, this one is skipped.
    #[serde(default)]
    pub depends: Vec<String>,
    /// What to look at when it fails.
    pub hint: Bilingual,
    /// Who sees it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Under how many schedules each of its cases is tried, for a submission with threads; 0 is the calm one alone.
    #[serde(default = "schedules_by_default")]
    pub schedules: u32,
    /// Which answers are right, where a whole run of commands is judged at once.
    #[serde(default)]
    pub accept: Accept,
    /// Whether a sleep may be over at any moment in some of them: for cases that no deadline decides.
    #[serde(default)]
    pub any_moment: bool,
    /// For tests as submissions: how many threads one of them must have, for this row to give points.
    #[serde(default)]
    pub threads: u32,
    /// How many calls each of those threads must make.
    #[serde(default)]
    pub operations: u32,
    /// Its cases; read from `checks/<id>.txt`.
    #[serde(default)]
    pub cases: Vec<Case>,
}

/// Enough to find most races, and cheap: one takes less than a millisecond.
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
    /// Only the teacher: a learner sees its title, verdict and hint.
    Hidden,
}

/// One script of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub title: Bilingual,
    /// The points that it costs when it fails: none for a case without which the whole row is lost.
    pub costs: Option<u32>,
    /// The earlier checks that must have passed for this case to be run: what is broken there would only be told twice.
    #[serde(default)]
    pub given: Vec<String>,
    /// What to look at when this case fails, where that is not what its check says.
    #[serde(default)]
    pub hint: Option<Bilingual>,
    /// The script, with placeholders.
    pub template: String,
    /// The whole output, where it is pinned; with placeholders.
    pub output: Option<String>,
    /// Where the case begins in its file, counted from 1.
    pub line: u32,
}

/// A known bug, as the pack describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutantSpec {
    /// Its name: a sentence about the wrong behaviour, in `snake_case`.
    pub id: String,
    /// The letter of the exercise's failure scenario, where it is one.
    pub scenario: Option<String>,
    /// What the code does wrong, in one sentence.
    pub sentence: Bilingual,
    /// What a learner may be told.
    pub hint: Bilingual,
    /// Exactly the checks that fail on it.
    pub killed_by: Vec<String>,
    /// The languages of the exercise in which it is written; all of them where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<CodeLanguage>,
    /// Whether only some orders of its threads show it: then only a submission with a race or a deadlock is compared with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub races: bool,
}

impl MutantSpec {
    /// Whether it is written in `language`.
    pub fn speaks(&self, language: CodeLanguage) -> bool {
        self.languages.is_empty() || self.languages.contains(&language)
    }
}

impl Exercise {
    /// The sum of its checks' points, and of what its complexity table gives.
    pub fn max_score(&self) -> u32 {
        let growth: u32 = self.growth.iter().map(|row| row.points).sum();
        self.checks.iter().map(|check| check.points).sum::<u32>() + growth
    }

    /// What a learner's own machine may know of it: the checks that everyone sees; no bug, and nothing that counts fuel.
    #[must_use]
    pub fn public(&self) -> Self {
        let is_seen = |check: &&Check| check.visibility == Visibility::Visible;
        let seen: BTreeSet<&String> = self.checks.iter().filter(is_seen).map(|check| &check.id).collect();
        let mut checks: Vec<Check> = self.checks.iter().filter(is_seen).cloned().collect();
        for check in &mut checks {
            check.depends.retain(|id| seen.contains(id));
            for case in &mut check.cases {
                case.given.retain(|id| seen.contains(id));
            }
        }
        Self { checks, growth: Vec::new(), mutants: Vec::new(), ..self.clone() }
    }

    /// Gives each check the cases of its script (by id), and proves the pack sound: every case parses under every seed,
    /// expects something, and names what exists. Cost: O(text).
    ///
    /// # Errors
    /// The first mistake.
    pub fn with_scripts(mut self, scripts: &BTreeMap<String, String>) -> Result<Self, PackError> {
        // What tests are judged by is not scripts, but the bugs that they find.
        for check in self.checks.iter_mut().filter(|_| self.interface != InterfaceKind::Tests) {
            let text = scripts.get(&check.id).ok_or_else(|| PackError::NoScript(check.id.clone()))?;
            check.cases = read_cases(&check.id, text)?;
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
            for needed in &check.depends {
                if !known.contains(needed) {
                    return Err(PackError::UnknownCheck(check.id.clone(), needed.clone()));
                }
            }
            if !known.insert(check.id.clone()) {
                return Err(PackError::Duplicate(check.id.clone()));
            }
            // Together they may cost more than the row has: it cannot fall below nothing.
            if let Some(case) = check.cases.iter().find(|case| case.costs.is_some_and(|costs| costs > check.points)) {
                return Err(PackError::CostsTooMuch(check.id.clone(), case.line));
            }
            for case in &check.cases {
                if let Some(given) = case.given.iter().find(|given| **given == check.id || !known.contains(*given)) {
                    return Err(PackError::UnknownCheck(check.id.clone(), given.clone()));
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

impl Case {
    /// The case's script for a seed, and its pinned output if it has one.
    ///
    /// # Errors
    /// The template or the script it makes is wrong.
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
        let mut random = Random::new(seed ^ stable_hash(check_id) ^ u64::from(self.line));
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
    /// The template is wrong, or the commands are none, or the pinned output does not have an answer for each.
    pub fn commands(&self, check_id: &str, seed: u64) -> Result<Commands, PackError> {
        let (text, output) = self.fill(check_id, seed)?;
        let wrong = |line: u32, message: String| PackError::Script(check_id.to_owned(), self.line + line, message);
        let commands = simulate::commands(&text).map_err(|(line, message)| wrong(line, message))?;
        for right in simulate::right_outputs(&commands, output.as_deref()) {
            let answered = right.len() == commands.len() || right.last().is_some_and(|last| last == "BYE");
            if !answered || right.len() > commands.len() {
                let (asked, answers) = (commands.len(), right.len());
                let message = format!("{asked} commands, but an output of {answers} lines: give each its answer");
                return Err(wrong(0, message));
            }
        }
        Ok(Commands { text, commands, output })
    }
}

/// A case of the line protocol, for one seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// Its text, with placeholders filled.
    pub text: String,
    /// Its commands.
    pub commands: Vec<String>,
    /// Its pinned outputs, parted by `----`.
    pub output: Option<String>,
}

/// Reads the cases of a check's file: `== [costs given check…] english // français`, perhaps `?? english // français` (a hint of the
/// case's own), commands, and perhaps `----` and the output.
fn read_cases(check_id: &str, text: &str) -> Result<Vec<Case>, PackError> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        // An editor's blanks at the end of a heading say nothing; those of a command or an answer may.
        let is_rule = line.trim_end() == "----";
        if let Some(title) = line.strip_prefix("== ") {
            let (mark, title) = read_title(title).ok_or_else(|| PackError::Title(check_id.to_owned(), number))?;
            let (costs, given) = mark.map_or((None, Vec::new()), |mark| (Some(mark.0), mark.1));
            cases.push(Case { title, costs, given, hint: None, template: String::new(), output: None, line: number });
            continue;
        }
        if let (Some(case), Some(hint)) = (cases.last_mut(), line.strip_prefix("?? "))
            && case.template.is_empty()
        {
            let hint = read_bilingual(hint).ok_or_else(|| PackError::Hint(check_id.to_owned(), number))?;
            case.hint = Some(hint);
            continue;
        }
        match cases.last_mut() {
            None if line.trim().is_empty() || line.starts_with('#') => {}
            None => return Err(PackError::TextBeforeCase(check_id.to_owned(), number)),
            Some(case) if is_rule && case.output.is_none() => case.output = Some(String::new()),
            Some(case) => {
                let part = case.output.as_mut().unwrap_or(&mut case.template);
                part.push_str(if is_rule { "----" } else { line });
                part.push('\n');
            }
        }
    }
    if cases.is_empty() {
        return Err(PackError::NoCase(check_id.to_owned()));
    }
    for case in &mut cases {
        if let Some(output) = &mut case.output {
            *output = format!("{}\n", output.trim_end());
        }
    }
    Ok(cases)
}

/// What stands in brackets before an edge case's title: its points, and the checks that must have passed.
type Mark = (u32, Vec<String>);

fn read_title(text: &str) -> Option<(Option<Mark>, Bilingual)> {
    let (mark, text) = match text.strip_prefix('[') {
        Some(rest) => {
            let (mark, text) = rest.split_once(']')?;
            let (costs, given) = mark.split_once(" given ").unwrap_or((mark, ""));
            let given = given.split_whitespace().map(str::to_owned).collect();
            (Some((costs.trim().parse().ok()?, given)), text)
        }
        None => (None, text),
    };
    Some((mark, read_bilingual(text)?))
}

fn read_bilingual(text: &str) -> Option<Bilingual> {
    let (en, fr) = text.split_once(" // ")?;
    Some(Bilingual { en: en.trim().to_owned(), fr: fr.trim().to_owned() })
}

fn stable_hash(text: &str) -> u64 {
    cachedojo::ring::hash64(text.as_bytes())
}
