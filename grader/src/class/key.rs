//! The keys of remembered results: a digest of everything that could change the result.

use std::path::Path;

use cachedojo_notation::text::Language;

use crate::host::digest::PartsDigest;
use crate::intake::submission::{Submission, Unreadable};
use crate::language::toolchain::Toolchain;
use crate::run::bench::Bench;

/// The parts that all keys of a run share: the exercise, this grader, the compiler, the seed and the language.
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
        // The grader is identified by its sources, so that machines that each build it can share results.
        keys.common.add(concat!(env!("CARGO_PKG_VERSION"), " ", env!("CACHEDOJO_SOURCES")).as_bytes());
        keys.common.add(format!("{:?} {:?}", bench.protection, bench.limits).as_bytes());
        keys.common.add(&seed.to_le_bytes());
        keys.common.add(format!("{language:?}").as_bytes());
        keys
    }

    /// The key of the submission at `path`: of exactly what grading would read there. Two submissions share a key only
    /// if they share every byte that could matter, including remarks on what was left out. The path is not part of it.
    /// Cost: O(bytes).
    pub fn key(&self, path: &Path) -> String {
        self.key_of(path, &Submission::read(path, &self.bench.pack.exercise.languages))
    }

    /// The key of what was read at `path`.
    pub fn key_of(&self, path: &Path, read: &Result<Submission, Unreadable>) -> String {
        let mut keys = self.clone();
        match read {
            Ok(submission) => {
                // What compiles, and what is an error, depends on the compiler.
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
