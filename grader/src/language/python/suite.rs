//! Tests as submissions: pytest in one confined child, the cache under test in another, calls between them as data.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::interpreter::Interpreter;
use super::process::{Heard, Runners};
use super::toolbox;
use super::wire::{Ask, Outcome, Plan, TestRun};
use crate::host::outcome::say;
use crate::host::sandbox::Protection;

/// Most steps of one test, and of the cache that it tests, in one run.
const STEPS_MAX: u64 = 4_000_000;
/// A test with more calls than this is run last, and not at all once another has told a cache apart.
pub const CALLS_HEAVY: u64 = 300;
/// How rarely the cache's threads are switched: one instruction in so many.
const ONE_IN: u32 = 40;

/// A learner's tests, ready to be run against any cache.
#[derive(Debug)]
pub struct Suite {
    runners: Runners,
    /// Path in the folder of tests, to text.
    files: BTreeMap<String, String>,
}

/// What a learner's tests come to on one cache.
#[derive(Debug)]
pub enum Ran {
    /// They ran.
    Tests(TestRun),
    /// They did something that is forbidden: what.
    Forbidden(String),
    /// They took too long, or too much memory, or ended their process; in a sentence.
    Lost(String),
}

impl Suite {
    /// The tests in `files`; where this machine has no pytest for them yet, it is installed now, once.
    ///
    /// # Errors
    /// There is no Python, or no pytest; the message names the remedy.
    pub fn open(files: &BTreeMap<String, String>, protection: Protection) -> Result<Self> {
        let interpreter = Interpreter::find()?;
        let site = toolbox::folder(&interpreter, &say)?;
        let strip = |name: &str| name.strip_prefix("tests/").unwrap_or(name).to_owned();
        let files = files.iter().map(|(name, text)| (strip(name), text.clone())).collect();
        Ok(Self { runners: Runners::for_tests(&interpreter, protection, site), files })
    }

    /// What does not compile (file, line, column, message), and the names of tests that assert nothing.
    ///
    /// # Errors
    /// The grader's own failure, in a sentence.
    #[expect(clippy::type_complexity, reason = "as it crosses")]
    pub fn check(&self) -> Result<(Vec<(String, u32, u32, String)>, BTreeSet<String>), String> {
        match self.runners.ask(&Ask::TestsCheck, &self.files)? {
            Heard::Reply(_, reply) => match reply.outcome {
                Outcome::Checked { wrong, silent, .. } => Ok((wrong, silent.into_iter().collect())),
                _ => Err("the runner of Python answers another question".to_owned()),
            },
            _ => Ok((
                vec![(String::new(), 0, 0, "the interpreter does not survive compiling this".to_owned())],
                BTreeSet::new(),
            )),
        }
    }

    /// Runs the tests but for `skip` on the cache of this source; those of `heavy` last. Returns the processor time used
    /// besides, in milliseconds.
    ///
    /// # Errors
    /// The grader's own failure, in a sentence.
    pub fn run(
        &self,
        cache: &str,
        seed: u64,
        skip: &BTreeSet<String>,
        heavy: &BTreeSet<String>,
    ) -> Result<(Ran, u64), String> {
        let ask = Ask::Tests {
            schedule: &Plan::Walk { seed },
            one_in: ONE_IN,
            steps_max: STEPS_MAX,
            random: 1,
            skip,
            heavy,
            paths: &["tests"],
        };
        let heard = self.runners.ask_with(&ask, &self.files, Some(cache))?;
        let lost = |why: &str, cpu| Ok((Ran::Lost(why.to_owned()), cpu));
        match heard {
            Heard::Reply(header, reply) => match reply.outcome {
                Outcome::Tests(run) => Ok((Ran::Tests(run), header.cpu_ms)),
                Outcome::Forbidden { what } => Ok((Ran::Forbidden(what), header.cpu_ms)),
                _ => Err("the runner of Python answers another question".to_owned()),
            },
            Heard::Silent(header) if header.too_much => lost("the tests say more than is read", header.cpu_ms),
            Heard::Silent(header) => match (header.signal, header.exit) {
                (Some(_), _) => lost("the tests took too long, or too much memory", header.cpu_ms),
                _ => lost("the tests ended their own process", header.cpu_ms),
            },
            Heard::Gibberish => Ok((Ran::Forbidden("writes to its runner's pipe".to_owned()), 0)),
            Heard::OutOfTime => lost("the tests took too long", 20_000),
        }
    }
}
