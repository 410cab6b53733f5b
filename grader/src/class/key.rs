//! Under which key a result is remembered: a digest of all that could make it another one.

use std::path::Path;

use cachedojo_notation::text::Language;

use crate::host::digest::PartsDigest;
use crate::intake::submission::{Submission, Unreadable};
use crate::language::toolchain::Toolchain;
use crate::run::bench::Bench;

/// What all keys of a run share: the exercise, this very grader, the compiler, the seed and the language.
#[derive(Debug, Clone)]
pub struct Keys<'a> {
    common: PartsDigest,
    bench: &'a Bench<'a>,
}

impl<'a> Keys<'a> {
    /// The keys of a run.
    pub fn of(bench: &'a Bench<'a>, seed: u64, language: Language) -> Self {
        let mut keys = Self { common: PartsDigest::default(), bench };
        for (path, text) in &bench.pack.files {
            keys.common.add(path.as_bytes());
            keys.common.add(text.as_bytes());
        }
        // By its sources: machines that build it each for themselves share what they graded.
        keys.common.add(concat!(env!("CARGO_PKG_VERSION"), " ", env!("CACHEDOJO_SOURCES")).as_bytes());
        keys.common.add(format!("{:?} {:?}", bench.protection, bench.limits).as_bytes());
        keys.common.add(&seed.to_le_bytes());
        keys.common.add(format!("{language:?}").as_bytes());
        keys
    }

    /// The key of what is at `path`: of just what grading reads there, in the way that grading reads it, so that two
    /// submissions share a key only if they share every byte that could matter, remarks on what was left out included.
    /// Where it stands is not part of it. Cost: O(bytes).
    pub fn key(&self, path: &Path) -> String {
        self.key_of(path, &Submission::read(path, &self.bench.pack.exercise.languages))
    }

    /// The key of what was read at `path`.
    pub fn key_of(&self, path: &Path, read: &Result<Submission, Unreadable>) -> String {
        let mut keys = self.clone();
        match read {
            Ok(submission) => {
                // What compiles, and what is called an error, changes from one compiler to the next.
                let identity = self.bench.toolchain(submission.language).map(Toolchain::identity);
                keys.common.add(identity.unwrap_or_default().as_bytes());
                keys.common.add(submission.sha256.as_bytes());
                for note in &submission.notes {
                    keys.common.add(format!("{note:?}").as_bytes());
                }
            }
            Err(error) => {
                let error = error.diagnostic();
                keys.common.add(format!("{error:?}").replace(&*path.to_string_lossy(), "").as_bytes());
            }
        }
        keys.common.hex()
    }
}
