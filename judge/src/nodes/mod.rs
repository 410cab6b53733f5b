//! Checks of nodes as submissions: a case is a scene, written in the script language, and played in a world in which every node
//! is the submission.
//!
//! It begins with `cluster nodes=3 rf=3`, and goes on with acts (`write`, `read`, `kill`, `block`, `clock n1 jump +1h`, `join
//! n4`, `tick 30s`) and expectations (`expect`). `where k` asks every node whether it holds a key itself, `spread k 100` how a
//! hundred keys are spread over them. Two more lines are for scenes only: `@cycle 200` makes, uses and drops so many nodes and
//! answers how many bytes were not freed; `@traffic` counts the messages since the last such line and answers whether there were
//! more than twice as many. A scene may begin with `@life seed=7 faults=partition` instead, which stands for the lines of a
//! random life ([`life`]); `check` tests whether all answers so far are valid ([`history`]).

pub mod history;
pub mod life;
pub mod play;
pub mod shrink;
pub mod story;

use cachedojo_lab::families::cluster::ClusterCommand;
use cachedojo_lab::script::{self, Command, Dialect, Expectation};
use cachedojo_lab::world::cluster::act::Act;
use cachedojo_notation::text::Language;

pub use play::{Played, play};

/// The most nodes that one `@cycle` makes.
const CYCLE_MAX: u32 = 10_000;

/// The sentence about other commands.
const CANNOT: &str = "a cluster of submitted nodes cannot do this: leave the line out; there are `write`, `read`, `erase`, \
    `invalidate` and `begin`, faults, `join` and `leave`, `tick`, `where`, `ring spread`, `check` and `expect`";

/// A parsed case.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Its text, with placeholders filled.
    pub text: String,
    /// Its lines, in order; the first one makes the cluster.
    pub steps: Vec<SceneStep>,
}

/// A line of a scene, or one turn of a `for`.
#[derive(Debug, Clone)]
pub struct SceneStep {
    /// The line, counted from 1.
    pub line: u32,
    /// Its text.
    pub source: String,
    /// Its meaning.
    pub doing: Doing,
}

/// The kinds of lines.
#[derive(Debug, Clone)]
pub enum Doing {
    /// A command to the cluster.
    World(ClusterCommand),
    /// Time passes, in milliseconds.
    Tick(u64),
    /// Which nodes hold this key themselves.
    Where(String),
    /// How a series of keys is spread over the nodes.
    Spread {
        /// What comes before each key's number.
        prefix: String,
        /// How many keys.
        count: u32,
    },
    /// This many nodes are made, used and dropped.
    Cycle(u32),
    /// How many messages there were.
    Traffic,
    /// Whether all promises have been kept so far.
    Check,
    /// An expectation on the last answer.
    Expect(Expectation),
}

impl Scene {
    /// Its text for a reader who plays it without naming a seed, which is in the world of the seed 0: in any other world its first
    /// line says which.
    pub fn text_in(&self, seed: u64) -> String {
        let Some(first) = self.steps.first().filter(|_| seed != 0 && !self.has_seed()) else {
            return self.text.clone();
        };
        let lines = (1_u32..).zip(self.text.lines()).map(|(number, line)| {
            if number == first.line { format!("{} seed={seed}\n", line.trim_end()) } else { format!("{line}\n") }
        });
        lines.collect()
    }

    /// Whether it is played with a seed of its own, independent of the grading's.
    pub fn has_seed(&self) -> bool {
        matches!(self.steps.first().map(|step| &step.doing), Some(Doing::World(ClusterCommand::Make(setup))) if setup.seed.is_some())
    }
}

/// Parses a scene that judges. Cost: O(text).
///
/// # Errors
/// The line, counted from 1, and what is wrong with it, in a sentence. Without an expectation it could not fail.
pub fn read(text: &str) -> Result<Scene, (u32, String)> {
    let scene = read_script(text)?;
    if scene.steps.iter().any(|step| matches!(step.doing, Doing::Expect(_) | Doing::Check)) {
        return Ok(scene);
    }
    Err((1, "this scene expects nothing, so it could not fail: add an `expect`".to_owned()))
}

/// Parses a scene that need not expect anything. Cost: O(text).
///
/// # Errors
/// The line, counted from 1, and what is wrong with it, in a sentence.
pub fn read_script(text: &str) -> Result<Scene, (u32, String)> {
    let whole;
    let text = match text.strip_prefix("@life") {
        None => text,
        Some(line) => {
            let (options, after) = line.split_once('\n').unwrap_or((line, ""));
            whole = life::lines(options).ok_or_else(|| (1, life::usage()))? + after;
            &whole
        }
    };
    let mut steps = Vec::new();
    let mut rest = String::new();
    for (number, line) in (1_u32..).zip(text.lines()) {
        match line.strip_prefix('@') {
            None => rest.push_str(line),
            Some(own) => {
                let doing = own_line(own).ok_or_else(|| {
                    (number, format!("write `@traffic`, or `@cycle 200` with at most {CYCLE_MAX} nodes"))
                })?;
                steps.push(SceneStep { line: number, source: line.trim().to_owned(), doing });
            }
        }
        rest.push('\n');
    }
    let script = script::parse(&rest, Dialect::Lab);
    if let Some(wrong) = script.diagnostics.first() {
        return Err((wrong.line, wrong.mistake.message(Language::English)));
    }
    for step in script.commands {
        let line = step.line;
        let doing = doing(step.command).ok_or_else(|| (line, CANNOT.to_owned()))?;
        steps.push(SceneStep { line, source: step.source, doing });
    }
    // A stable sort: the turns of one `for` keep their order.
    steps.sort_by_key(|step| step.line);
    let makes = |step: &SceneStep| matches!(step.doing, Doing::World(ClusterCommand::Make(_)));
    match steps.iter().skip(1).find(|step| makes(step)) {
        Some(second) => Err((second.line, "a scene has one cluster: begin another case".to_owned())),
        None if steps.first().is_some_and(makes) => Ok(Scene { text: text.to_owned(), steps }),
        None => Err((1, "begin the scene with `cluster nodes=3 rf=3`".to_owned())),
    }
}

fn own_line(line: &str) -> Option<Doing> {
    if line.trim() == "traffic" {
        return Some(Doing::Traffic);
    }
    let count = line.strip_prefix("cycle ")?.trim().parse().ok()?;
    (2..=CYCLE_MAX).contains(&count).then_some(Doing::Cycle(count))
}

/// A script command as a line of a scene; `None` for commands that clusters of submissions do not have.
fn doing(command: Command) -> Option<Doing> {
    Some(match command {
        Command::World(ClusterCommand::Do(Act::Session { .. } | Act::Settle)) => return None,
        Command::World(ClusterCommand::Check) => Doing::Check,
        Command::World(command @ (ClusterCommand::Make(_) | ClusterCommand::Do(_))) => Doing::World(command),
        Command::Tick(ms) => Doing::Tick(ms),
        Command::Where { key } => Doing::Where(key),
        Command::Spread { prefix, count } => Doing::Spread { prefix, count },
        Command::Expect(expectation) => Doing::Expect(expectation),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Doing, read, read_script};

    #[test]
    fn own_lines_stand_between_those_of_the_script() {
        let scene = read("cluster nodes=1 rf=1\n@cycle 20\nexpect bytes <= 9\nfor 1..2 write k{} v\n@traffic\n");
        let scene = scene.expect("a scene");
        let lines: Vec<_> = scene.steps.iter().map(|step| (step.line, step.source.as_str())).collect();
        let expected = [
            (1, "cluster nodes=1 rf=1"),
            (2, "@cycle 20"),
            (3, "expect bytes <= 9"),
            (4, "write k1 v"),
            (4, "write k2 v"),
            (5, "@traffic"),
        ];
        assert_eq!(lines, expected);
        assert!(matches!(scene.steps[1].doing, Doing::Cycle(20)));
    }

    #[test]
    fn a_life_is_read_as_its_lines_which_read_alike() {
        let scene = read("@life seed=7 operations=9\nread k1\nexpect nothing\n").expect("a scene");
        assert!(scene.text.starts_with("cluster nodes=3 rf=3 points=16 seed=7\n"), "{}", scene.text);
        assert!(scene.text.ends_with("check\nread k1\nexpect nothing\n"), "{}", scene.text);
        let again = read(&scene.text).expect("a scene");
        assert_eq!((again.steps.len(), again.text), (scene.steps.len(), scene.text));
    }

    #[test]
    fn a_scene_that_failed_in_another_world_says_which() {
        let text = "# three\ncluster nodes=3 rf=1 \nwrite k v\nexpect stored\n";
        let scene = read(text).expect("a scene");
        assert_eq!(scene.text_in(0), text);
        let other = scene.text_in(!0);
        assert_eq!(other, text.replace("rf=1 ", &format!("rf=1 seed={}", u64::MAX)));
        let other = read(&other).expect("a scene");
        assert!(other.has_seed() && other.text_in(7) == other.text);
    }

    #[test]
    fn only_a_scene_that_judges_must_expect_something() {
        let text = "cluster nodes=3\nwrite k v\n";
        assert!(read(text).is_err() && read_script(text).is_ok());
    }

    #[test]
    fn what_is_no_scene_is_told_at_its_line() {
        for (text, line) in [
            ("write k v\nexpect stored", 1),
            ("cluster nodes=3\nwrite k v", 1),
            ("cluster nodes=3\ncluster nodes=3\nexpect yes", 2),
            ("cluster nodes=3\nwrite k v\nsettle", 3),
            ("cluster nodes=3\nnode new 9", 2),
            ("cluster nodes=3\n@cycle many", 2),
            ("cluster nodes=3\n@cycle 1", 2),
            ("cluster nodes=3\nwrite", 2),
            ("@life seed=many", 1),
            ("cluster nodes=3\n@life seed=7", 2),
        ] {
            assert_eq!(read(text).expect_err(text).0, line, "{text}");
        }
    }
}
