//! The corpus of attacks: submissions that try to get more points than their honest code earns, to read the host's files, or to
//! break the grader. Each is a folder of a [`Corpus`], and its header says what must happen to it; in Python the header's lines
//! begin with `# `. They are read from the project's sources and are not part of the program, because whoever only grades does
//! not need them.
//!
//! ```text
//! //! attack: what it does
//! //! class: the class of attack
//! //! expect: forbidden | build_failed | rejected | score <= N | rejected or score <= N
//! //! says: words                             (optional: its report holds them)
//! //! link: src/module.rs -> /a/target        (optional: a symbolic link that is made before grading)
//! ```

pub mod archives;
mod footprint;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;

use self::footprint::FOOTPRINT;
use crate::host;
use crate::host::printable;
use crate::language::toolchain::Limits;
use crate::pack::DEFAULT_ID;
use crate::report::{self, Format, Setting};
use crate::run::bench::Bench;
use crate::run::isolated;
use crate::run::stop::Stop;

/// The attacks on one exercise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corpus {
    /// Rust submissions to `distributed-cache`.
    Rust,
    /// Python submissions to `line-cache`.
    Python,
    /// Tests in Python that try to tell caches apart by something other than their behaviour.
    Tests,
}

impl Corpus {
    /// Every corpus.
    pub const ALL: [Self; 3] = [Self::Rust, Self::Python, Self::Tests];

    /// The exercise that is attacked.
    pub const fn exercise(self) -> &'static str {
        match self {
            Self::Rust => DEFAULT_ID,
            Self::Python => "line-cache",
            Self::Tests => "integration-tests",
        }
    }

    /// Its folder among the sources.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Rust => "grader/tests/attacks",
            Self::Python => "grader/tests/attacks-python",
            Self::Tests => "grader/tests/attacks-tests",
        }
    }

    /// The path of that folder: above this program (which cargo builds below the sources), else above the current folder; `None`
    /// if the sources are not on this machine.
    pub fn home(self) -> Option<PathBuf> {
        let starts = [std::env::current_exe(), std::env::current_dir()];
        let above = starts.iter().flatten().flat_map(|start| start.ancestors());
        above.map(|folder| folder.join(self.folder())).find(|folder| folder.is_dir())
    }

    /// The file with the header.
    const fn root(self) -> &'static str {
        match self {
            Self::Rust => "src/lib.rs",
            Self::Python => "main.py",
            Self::Tests => "tests/test_cache.py",
        }
    }
}

/// An attack.
#[derive(Debug, Clone)]
pub struct Attack {
    /// Its name: its folder's.
    pub name: String,
    /// What it does.
    pub what: String,
    /// Its class.
    pub class: String,
    folder: PathBuf,
    expected: Expected,
    says: Option<String>,
    link: Option<(String, String)>,
}

/// What must happen to an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expected {
    /// The verdicts without checks that are accepted.
    rejected: &'static [GradeVerdict],
    /// Graded, with no more points than the honest code in it earns.
    score_max: Option<u32>,
}

/// The attacks of a corpus whose folder is `home`, in order of names.
///
/// # Errors
/// A file cannot be read, or a header is wrong: the message names the attack.
pub fn corpus(corpus: Corpus, home: &Path) -> Result<Vec<Attack>> {
    let mut attacks = Vec::new();
    for entry in fs::read_dir(home).with_context(|| format!("reading `{}`", home.display()))? {
        let folder = entry?.path();
        if folder.is_dir() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let attack = || Attack::read(corpus, &name, &folder, &fs::read_to_string(folder.join(corpus.root()))?);
            attacks.push(attack().with_context(|| format!("attack `{name}`"))?);
        }
    }
    ensure!(!attacks.is_empty(), "`{}` has no attacks: fetch the sources again", home.display());
    attacks.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(attacks)
}

/// Tries every attack of a corpus (its folder is `home`), on all cores, and every hostile archive. Returns how many there are,
/// and a line for each that succeeded.
///
/// # Errors
/// The corpus is invalid, or cannot be read.
pub fn attempt_all(bench: &Bench<'_>, of: Corpus, home: &Path) -> Result<(usize, Vec<String>)> {
    let attacks = corpus(of, home)?;
    // Without known bugs: comparing attacks with them would prove nothing and take time.
    let mut pack = bench.pack.clone();
    if of != Corpus::Tests {
        pack.exercise.mutants.clear();
    }
    let limits = Limits { fuel: 300_000_000, instance_cpu: Duration::from_secs(2), ..bench.limits };
    let mut bench = bench.clone();
    (bench.pack, bench.limits) = (&pack, limits);
    let (next, succeeded) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..host::workers(None) {
            scope.spawn(|| {
                while let Some(attack) = attacks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(how) = attack.fails(&bench) {
                        let line = format!("{} ({}): {how:#}", attack.name, attack.what);
                        succeeded.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                    }
                }
            });
        }
    });
    let mut succeeded = succeeded.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut total = attacks.len();
    if of == Corpus::Rust {
        let (hostile_archives, unpacked) = archives::attempt_all()?;
        total += hostile_archives;
        succeeded.extend(unpacked);
    }
    succeeded.sort();
    Ok((total, succeeded))
}

impl Attack {
    fn read(corpus: Corpus, name: &str, folder: &Path, source: &str) -> Result<Self> {
        let mark = if corpus == Corpus::Rust { "//! " } else { "# " };
        let header =
            |key: &str| source.lines().find_map(|line| line.strip_prefix(mark)?.strip_prefix(key)?.strip_prefix(": "));
        let required =
            |key: &str| header(key).with_context(|| format!("its header lacks `//! {key}: …`")).map(str::to_owned);
        let link = header("link").and_then(|link| link.split_once(" -> "));
        Ok(Self {
            name: name.to_owned(),
            what: required("attack")?,
            class: required("class")?,
            folder: folder.to_owned(),
            expected: Expected::read(&required("expect")?)?,
            says: header("says").map(str::to_owned),
            link: link.map(|(from, to)| (from.to_owned(), to.to_owned())),
        })
    }

    /// Lays the attack out in a folder and grades it. `Ok` if it failed.
    ///
    /// # Errors
    /// How it succeeded, or why it could not be tried.
    pub fn fails(&self, bench: &Bench<'_>) -> Result<()> {
        let folder = tempfile::Builder::new().prefix("attack-").tempdir()?;
        self.lay_out(folder.path())?;
        let report = isolated::grade(bench, folder.path(), 0, Language::English, &Stop::default())?;
        self.expected.check(&report)?;
        if let Some(words) = &self.says {
            let report = serde_json::to_string(&report)?;
            ensure!(report.contains(words), "its report does not say `{words}`: {report}");
        }
        check_secrets(&report)
    }

    fn lay_out(&self, folder: &Path) -> Result<()> {
        copy_all(&self.folder, folder)?;
        if let Some((from, to)) = &self.link {
            host::machine::link(to, &folder.join(from))?;
        }
        Ok(())
    }
}

/// Copies what a folder holds into another one, which is made.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_all(&path, &copy)?;
        } else {
            fs::write(copy, fs::read(path)?)?;
        }
    }
    Ok(())
}

impl Expected {
    fn read(text: &str) -> Result<Self> {
        let mut expected = Self { rejected: &[], score_max: None };
        for part in text.split(" or ") {
            match part {
                "forbidden" => expected.rejected = &[GradeVerdict::Forbidden],
                "build_failed" => expected.rejected = &[GradeVerdict::BuildFailed],
                "rejected" => expected.rejected = &[GradeVerdict::BuildFailed, GradeVerdict::Forbidden],
                _ => match part.strip_prefix("score <= ").map(str::parse) {
                    Some(Ok(score)) => expected.score_max = Some(score),
                    _ => bail!("`{part}` is no expectation: see the head of attacks/mod.rs"),
                },
            }
        }
        Ok(expected)
    }

    fn check(self, report: &Report) -> Result<()> {
        let (verdict, score) = (report.verdict, report.score);
        let fits = match verdict {
            GradeVerdict::Graded => self.score_max.is_some_and(|most| score <= most && !report.passed),
            rejected => self.rejected.contains(&rejected),
        };
        ensure!(fits, "it ended as {verdict:?} with {score} points: {}", serde_json::to_string(&report.diagnostics)?);
        ensure!(verdict == GradeVerdict::Graded || !report.diagnostics.is_empty(), "it was rejected without a word");
        Ok(())
    }
}

/// Checks that no report contains what only this machine knows, or anything that a terminal would execute.
///
/// # Errors
/// The secret that got out.
pub fn check_secrets(report: &Report) -> Result<()> {
    ensure!(!Path::new(FOOTPRINT).exists(), "it wrote {FOOTPRINT}");
    // The submission's path was given by the teacher, so it is not a leak.
    let mut report = report.clone();
    report.submission.path = String::new();
    let rendered = |format| report::render(&report, format, &Setting::plain(Language::English));
    let shown = Format::all().iter().copied().filter(|format| format.is_for_a_terminal());
    let texts: Vec<String> = shown.map(rendered).chain([serde_json::to_string(&report)?]).collect();
    let file = |path: &str| fs::read_to_string(path).ok().and_then(|text| text.lines().next().map(str::to_owned));
    let variable = |name: &str| std::env::var(name).ok();
    let secrets = [
        file("/etc/passwd"),
        variable("PATH"),
        variable("HOME").map(|home| home + "/"),
        Some("/tmp/cachedojo-".to_owned()),
    ];
    for secret in secrets.into_iter().flatten().filter(|secret| secret.len() > 4) {
        ensure!(!texts.iter().any(|text| text.contains(&secret)), "its report holds `{secret}`");
    }
    for text in &texts[1..] {
        ensure!(!text.contains('\u{1b}'), "its report holds an escape sequence");
        ensure!(printable::obeyed_by_none(text) == *text, "its report holds a command to a build's log");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_read_and_is_large() {
        for (which, least) in [(Corpus::Rust, 40), (Corpus::Python, 30), (Corpus::Tests, 8)] {
            let home = which.home().expect("the tests run among the sources");
            let corpus = corpus(which, &home).expect("every header is right");
            assert!(corpus.len() >= least, "{which:?}: {}", corpus.len());
        }
    }

    #[test]
    fn no_hostile_archive_succeeds() {
        let (total, succeeded) = archives::attempt_all().expect("there is room");
        assert!(total >= 30);
        assert!(succeeded.is_empty(), "{}", succeeded.join("\n"));
    }

    #[test]
    fn an_expectation_is_no_looser_than_it_says() {
        let expected = Expected::read("build_failed or score <= 5").expect("it is one");
        assert_eq!(expected, Expected { rejected: &[GradeVerdict::BuildFailed], score_max: Some(5) });
        assert!(Expected::read("score <= five").is_err());
    }
}
