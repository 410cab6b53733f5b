//! The messages to the runner and back: plain data, in frames of bounded length. See `runner/zygote.py` for the other side.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::language::suite::{TestRun, Uncollected};

/// The most bytes of a child's answer.
pub const BODY_MAX: usize = 16 << 20;
/// The most bytes of the runner's report on a child's end.
pub const HEADER_MAX: usize = 4 << 10;
/// The most answers of one run.
pub const LINES_MAX: usize = 20_000;
/// The most bytes of all answers of one run.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;

/// A schedule, in the runner's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Plan {
    /// A started thread runs at once, until it ends or waits.
    Calm,
    /// A random switch, again and again.
    Walk {
        /// The random seed.
        seed: u64,
    },
    /// Random priorities, and a few moments at which the running thread loses its own.
    Pct {
        /// The random seed.
        seed: u64,
        /// About how many steps the run takes.
        length: u64,
    },
    /// Exactly these switches.
    Replay {
        /// Thread, its own step, next thread.
        switches: Vec<(u32, u32, u32)>,
    },
}

/// A request.
#[derive(Debug, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Ask<'a> {
    /// Do the files compile?
    Check,
    /// Do the tests compile, and which of them assert nothing?
    TestsCheck,
    /// One run of tests; the cache under test is sent in a frame of its own.
    Tests {
        /// The schedule of the cache's threads.
        schedule: &'a Plan,
        /// After one instruction in how many they may be switched.
        one_in: u32,
        /// The most steps of one test.
        steps_max: u64,
        /// The seed of the module `random`.
        random: u64,
        /// Tests to leave out.
        skip: &'a BTreeSet<String>,
        /// Tests to run last, if at all.
        heavy: &'a BTreeSet<String>,
        /// The tests' paths in the runner's folder.
        paths: &'a [&'a str],
    },
    /// One run.
    Run {
        /// The root file.
        entry: &'a str,
        /// The function to call.
        item: &'a str,
        /// Its argument.
        commands: &'a [String],
        /// The arguments of earlier calls in the same process, whose answers are not wanted again.
        earlier: &'a [Vec<String>],
        /// The schedule of the threads.
        schedule: &'a Plan,
        /// Whether a sleep may end at any moment.
        any_moment: bool,
        /// The most steps of all threads together.
        steps_max: u64,
        /// The seed of the module `random`.
        random: u64,
        /// The most answers.
        lines_max: usize,
        /// The most bytes of all answers.
        bytes_max: usize,
    },
}

/// One message to the runner.
#[derive(Debug, Serialize)]
pub struct Request<'a> {
    /// The request.
    #[serde(flatten)]
    pub ask: &'a Ask<'a>,
    /// The bytes with which the child's answer must begin.
    pub nonce: &'a str,
    /// The submission: path to text.
    pub files: &'a BTreeMap<String, String>,
    /// The beginnings of the names of files that are not the submission's.
    pub foreign: &'a [String],
    /// The child's limits, with the system's names.
    pub limits: &'a BTreeMap<&'static str, u64>,
}

/// How a child ended, reported by the runner.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its exit code, if it exited.
    pub exit: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Its processor time, in milliseconds.
    pub cpu_ms: u64,
    /// Whether its answer was too long.
    pub too_much: bool,
    /// Whether it stopped doing anything: then the runner ends too, and kills it.
    pub stuck: bool,
}

/// A child's answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Reply {
    /// The result.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What was observed of a run.
    #[serde(default)]
    pub observed: Option<Observed>,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Compile errors: file, line, column, message.
    Checked {
        /// By file.
        wrong: Vec<(String, u32, u32, String)>,
        /// Names that lead out of the submission: file, line, name.
        forbidden: Vec<(String, u32, String)>,
        /// The functions of tests that assert nothing.
        #[serde(default)]
        silent: Vec<String>,
        /// What looks like a test, and is not read as one.
        #[serde(default)]
        uncollected: Vec<Uncollected>,
    },
    /// The result of tests.
    Tests(TestRun),
    /// The function's answer.
    Lines {
        /// Its strings; an element that is not a string is shown between marks that no answer may contain.
        lines: Vec<String>,
    },
    /// It returned something other than a list.
    NoList {
        /// The name of its type.
        #[serde(rename = "type")]
        kind: String,
    },
    /// There is no such function.
    Missing {},
    /// It raised an exception, in the function or in one of its threads.
    Raised(Raised),
    /// All threads wait.
    Deadlock {
        /// Which thread, where, for what.
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
    /// It did something forbidden.
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
    /// Its message.
    pub message: String,
    /// The submission's file where it was raised; empty for other files.
    pub file: String,
    /// The line there.
    pub line: u32,
    /// The thread that it ended, unless it is the first one.
    #[serde(default)]
    pub thread: Option<String>,
}

/// How a thread's turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It was interrupted.
    Stops,
    /// It started the next one.
    Starts,
    /// It waits.
    Waits,
    /// It is done.
    Ends,
    /// It goes on, and has notified another that waits.
    Wakes,
    /// It waits, and so does everybody else.
    Stuck,
}

/// What was observed of a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Threads that were started.
    pub threads: u32,
    /// How many of them ran code of the submission.
    pub workers: u32,
    /// Steps of all threads together.
    pub steps: u64,
    /// Switches that differ from the calm schedule: thread, its own step, next thread.
    pub switches: Vec<(u32, u32, u32)>,
    /// How many there were; of a very long run only the first are kept.
    pub switch_count: u64,
    /// The first turns: thread, the line where it stopped, how it ended, next thread.
    pub turns: Vec<(u32, u32, Turn, u32)>,
    /// The names of the first 200 threads.
    pub names: Vec<String>,
}
