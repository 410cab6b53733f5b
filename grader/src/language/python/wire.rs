//! What crosses to the runner and back: plain data, in frames of bounded length. See `runner/zygote.py` for the other side.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::language::suite::TestRun;

/// Most bytes of a child's answer.
pub const BODY_MAX: usize = 16 << 20;
/// Most bytes of what the runner says of a child's end.
pub const HEADER_MAX: usize = 4 << 10;
/// Most answers of one run.
pub const LINES_MAX: usize = 20_000;
/// Most bytes of all answers of one run.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;

/// A schedule, as the runner takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Plan {
    /// A started thread runs at once, until it ends or waits.
    Calm,
    /// A coin decides, again and again.
    Walk {
        /// The coin's seed.
        seed: u64,
    },
    /// Random priorities, and a few moments at which the running thread loses its own.
    Pct {
        /// Their seed.
        seed: u64,
        /// About how many steps the run takes.
        length: u64,
    },
    /// These switches and no other.
    Replay {
        /// Thread, its own step, who goes on.
        switches: Vec<(u32, u32, u32)>,
    },
}

/// What is asked for.
#[derive(Debug, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Ask<'a> {
    /// Whether the files compile.
    Check,
    /// Whether tests compile, and which of them assert nothing.
    TestsCheck,
    /// One run of tests; the cache under test comes in a frame of its own.
    Tests {
        /// Who of the cache's threads runs when.
        schedule: &'a Plan,
        /// How rarely they are switched.
        one_in: u32,
        /// Most steps of one test.
        steps_max: u64,
        /// The seed of the module `random`.
        random: u64,
        /// Tests that are not run.
        skip: &'a BTreeSet<String>,
        /// Tests that are run last, if at all.
        heavy: &'a BTreeSet<String>,
        /// Where the tests are, in the runner's folder.
        paths: &'a [&'a str],
    },
    /// One run.
    Run {
        /// The file that is the submission's entrance.
        entry: &'a str,
        /// The function that is called.
        item: &'a str,
        /// What it is called with.
        commands: &'a [String],
        /// Who runs when.
        schedule: &'a Plan,
        /// Whether a sleep may be over at any moment.
        any_moment: bool,
        /// Most steps of all threads together.
        steps_max: u64,
        /// The seed of the module `random`.
        random: u64,
        /// Most answers.
        lines_max: usize,
        /// Most bytes of them.
        bytes_max: usize,
    },
}

/// One request.
#[derive(Debug, Serialize)]
pub struct Request<'a> {
    /// What is asked for.
    #[serde(flatten)]
    pub ask: &'a Ask<'a>,
    /// What the child's answer begins with.
    pub nonce: &'a str,
    /// The submission: path to text.
    pub files: &'a BTreeMap<String, String>,
    /// How the names of files begin that are not the submission's.
    pub foreign: &'a [String],
    /// The child's limits, by the system's names for them.
    pub limits: &'a BTreeMap<&'static str, u64>,
}

/// How a child ended, as the runner's process tells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its exit code, if it exited.
    pub exit: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// The processor time that it used, in milliseconds.
    pub cpu_ms: u64,
    /// Whether it said more than is read.
    pub too_much: bool,
    /// Whether it did nothing any more: then the runner is gone too, and takes it along.
    pub stuck: bool,
}

/// What a child answered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reply {
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What was observed of a run.
    #[serde(default)]
    pub observed: Option<Observed>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// What does not compile: file, line, column, message.
    Checked {
        /// By file.
        wrong: Vec<(String, u32, u32, String)>,
        /// Names that lead out of the submission: file, line, name.
        forbidden: Vec<(String, u32, String)>,
        /// Tests that assert nothing, by the names of their functions.
        #[serde(default)]
        silent: Vec<String>,
    },
    /// What came of tests.
    Tests(TestRun),
    /// The function's answer.
    Lines {
        /// Its strings; what is none is shown in marks that no answer may hold.
        lines: Vec<String>,
    },
    /// It answered with something else than a list.
    NoList {
        /// The name of its type.
        #[serde(rename = "type")]
        kind: String,
    },
    /// It has no such function.
    Missing {},
    /// An exception came out of it, or ended one of its threads.
    Raised(Raised),
    /// Everybody waits.
    Deadlock {
        /// Who, where, for what.
        waits: Vec<String>,
    },
    /// It took more steps than it may.
    Steps {},
    /// It took more memory than it may.
    Memory {},
    /// It answered more than it may.
    TooMuch {},
    /// `sys.exit`.
    Exit {
        /// The code.
        code: i64,
    },
    /// It did what no submission has to do.
    Forbidden {
        /// What.
        what: String,
    },
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Raised {
    /// The name of its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its words.
    pub message: String,
    /// The submission's file that it came from; empty where it is none of them.
    pub file: String,
    /// The line there.
    pub line: u32,
    /// The thread that it ended, unless that is the first one.
    #[serde(default)]
    pub thread: Option<String>,
}

/// How a thread's turn came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It could have gone on.
    Stops,
    /// It started the other one.
    Starts,
    /// It waits.
    Waits,
    /// It is done.
    Ends,
}

/// What was observed of a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Threads that were started.
    pub threads: u32,
    /// Those of them that ran code of the submission's.
    pub workers: u32,
    /// Steps of all threads together.
    pub steps: u64,
    /// What was decided otherwise than calmly: thread, its own step, who went on.
    pub switches: Vec<(u32, u32, u32)>,
    /// How many there were: of a very long run only the first are kept.
    pub switch_count: u64,
    /// The first turns: thread, the line where it stopped, how it did, who went on.
    pub turns: Vec<(u32, u32, Turn, u32)>,
    /// The threads' names, of the first 200.
    pub names: Vec<String>,
}
