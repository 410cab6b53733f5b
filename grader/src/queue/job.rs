//! The messages of a queue, as data.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use cachedojo_judge::Report;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_notation::text::Language;
use serde::{Deserialize, Serialize};

use crate::course;
use crate::host::digest::PartsDigest;
use crate::host::itself;
use crate::host::sandbox::Protection;
use crate::intake::submission::Submission;
use crate::pack::Pack;
use crate::run::bench::Bench;

/// The largest job that is accepted, in bytes: a submission's files as JSON, with escapes.
pub const JOB_BYTES_MAX: usize = 32 << 20;
/// The largest pack that is accepted, in bytes.
pub const PACK_BYTES_MAX: usize = 64 << 20;
/// The largest outcome that is collected, in bytes.
pub const OUTCOME_BYTES_MAX: usize = 64 << 20;
/// The path of a submission where it is graded: it has none there.
pub const NAME: &str = "a submission of the queue";

/// The terms of a job: everything that must be equal on both machines for the report to be the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The grader: its version and a digest of its sources.
    grader: String,
    /// Whether submissions are run without sandbox.
    trust: bool,
    /// The limits of one run.
    limits: String,
    /// The digest of the pack's files.
    pub pack: String,
    /// The submission's language.
    pub code: CodeLanguage,
    /// The version of the compiler or interpreter.
    compiler: String,
}

impl Terms {
    /// The terms of this machine, which needs the language's compiler or interpreter.
    ///
    /// # Errors
    /// This machine lacks what the language needs; the message names the remedy.
    pub fn of(bench: &Bench<'_>, pack: &str, code: CodeLanguage) -> Result<Self> {
        Ok(Self { compiler: bench.toolchain(code)?.identity(), ..Self::before_compiling(bench, pack, code) })
    }

    fn before_compiling(bench: &Bench<'_>, pack: &str, code: CodeLanguage) -> Self {
        let sources = itself::SOURCES.get(..12).unwrap_or(itself::SOURCES);
        Self {
            grader: format!("{} of sources {sources}", env!("CARGO_PKG_VERSION")),
            trust: bench.protection == Protection::Trust,
            limits: format!("{:?}", bench.limits),
            pack: pack.to_owned(),
            code,
            compiler: String::new(),
        }
    }

    /// A name for the terms: equal terms have equal names.
    pub fn id(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        PartsDigest::default().with(&[&bytes]).hex()
    }

    /// Why a worker on this machine refuses jobs with these terms; `None` if it does not.
    pub fn refused(&self, bench: &Bench<'_>) -> Option<Declined> {
        let ours = Self::before_compiling(bench, &self.pack, self.code);
        let differ = |what, theirs: &str, ours: &str| {
            Some(Declined::Differs { what, theirs: theirs.to_owned(), ours: ours.to_owned() })
        };
        if ours.grader != self.grader || ours.limits != self.limits {
            return differ("grader", &self.grader, &ours.grader);
        }
        if ours.trust != self.trust {
            return Some(Declined::Trust { theirs: self.trust });
        }
        match bench.toolchain(self.code) {
            Err(error) => Some(Declined::Unable { code: self.code, why: format!("{error:#}") }),
            Ok(toolchain) if toolchain.identity() != self.compiler => {
                differ("compiler", &self.compiler, &toolchain.identity())
            }
            Ok(_) => None,
        }
    }
}

/// Why a worker leaves a job to others, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declined {
    /// It has another grader or another compiler.
    Differs {
        /// Which of them.
        what: &'static str,
        /// The class's.
        theirs: String,
        /// The worker's.
        ours: String,
    },
    /// One of the two uses the sandbox, the other does not.
    Trust {
        /// Whether the class is graded with `--trust`.
        theirs: bool,
    },
    /// The worker's machine lacks what the language needs.
    Unable {
        /// The language.
        code: CodeLanguage,
        /// Why.
        why: String,
    },
    /// The pack is missing, or does not match its digest.
    Pack(String),
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { what, theirs, ours } => write!(
                f,
                "the class has another {what} than this worker: `{theirs}` there, `{ours}` here; install the same on both"
            ),
            Self::Trust { theirs: true } => f.write_str(
                "the class is graded with --trust and this worker confines what it grades: start it with --trust, if you trust \
                 the class",
            ),
            Self::Trust { theirs: false } => {
                f.write_str("this worker was started with --trust and the class without: start it without --trust")
            }
            Self::Unable { code, why } => write!(f, "this worker cannot grade {}: {why}", code.name()),
            Self::Pack(why) => write!(f, "this worker cannot read the exercise: {why}; begin the class again"),
        }
    }
}

impl std::error::Error for Declined {}

/// A grading to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Grading {
    /// The grading seed.
    pub seed: u64,
    /// The report's language.
    pub language: Language,
    /// The submission, read.
    pub submission: Submission,
}

/// A job's outcome.
#[derive(Debug, Serialize, Deserialize)]
pub struct Settled {
    /// The report, or why the grader could not make one.
    pub graded: Result<Report, String>,
    /// How long it took, in milliseconds, for the estimate of the time left.
    pub took_ms: u64,
}

/// A pack in the queue's form.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    /// The lesson's id, if the pack is one.
    lesson: Option<String>,
    files: BTreeMap<String, String>,
}

/// A pack as bytes, and their digest.
///
/// # Errors
/// None for any pack.
pub fn pack_bytes(pack: &Pack) -> Result<(String, Vec<u8>)> {
    let lesson = pack.lesson.as_ref().map(|lesson| lesson.id.clone());
    let bytes = serde_json::to_vec(&Sent { lesson, files: pack.files.clone() })?;
    Ok((PartsDigest::default().with(&[&bytes]).hex(), bytes))
}

/// The pack of these bytes.
///
/// # Errors
/// They do not match the digest, or the pack is invalid.
pub fn pack_of(digest: &str, bytes: Option<&[u8]>) -> Result<Pack, Declined> {
    let refused = |why: String| Declined::Pack(why);
    let bytes = bytes.ok_or_else(|| refused("it is not on the queue any more".to_owned()))?;
    if PartsDigest::default().with(&[bytes]).hex() != digest {
        return Err(refused("it is another one than its name says".to_owned()));
    }
    let sent: Sent = serde_json::from_slice(bytes).map_err(|error| refused(error.to_string()))?;
    let pack = match &sent.lesson {
        Some(id) => course::load(id),
        None => Pack::from_files(sent.files),
    };
    pack.map_err(|error| refused(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_of_another_machine_are_refused_in_a_sentence() {
        let pack = course::load("a-bigger-node").expect("a lesson");
        let bench = Bench::open(&pack, false).expect("a bench");
        let (digest, bytes) = pack_bytes(&pack).expect("bytes");
        let terms = Terms::of(&bench, &digest, CodeLanguage::Script).expect("terms");
        assert_eq!(terms.refused(&bench), None);
        let other = |change: &dyn Fn(&mut Terms)| {
            let mut other = terms.clone();
            change(&mut other);
            assert_ne!(other.id(), terms.id());
            other.refused(&bench).expect("refused").to_string()
        };
        let old = other(&|terms| terms.grader = "0.0.9 of sources 123".to_owned());
        assert!(old.contains("another grader") && old.contains("`0.0.9 of sources 123` there"), "{old}");
        let compiler = other(&|terms| terms.compiler = "rust 1.2.3".to_owned());
        assert!(compiler.contains("another compiler") && compiler.contains("`rust 1.2.3` there"), "{compiler}");
        assert!(other(&|terms| terms.trust = true).contains("start it with --trust"));
        let python = other(&|terms| terms.code = CodeLanguage::Python);
        assert!(python.starts_with("this worker cannot grade python: "), "{python}");

        assert_eq!(pack_of(&digest, Some(&bytes)).expect("a pack").exercise.id, pack.exercise.id);
        for (digest, bytes, why) in [
            (digest.as_str(), None, "not on the queue any more"),
            (digest.as_str(), Some(&bytes[1..]), "another one than its name says"),
            ("", Some(&bytes[..]), "another one than its name says"),
        ] {
            let refused = pack_of(digest, bytes).expect_err(why).to_string();
            assert!(refused.contains(why) && refused.contains("begin the class again"), "{refused}");
        }
    }
}
