//! `grader class`: every submission of a folder or an archive, graded on all cores, remembered, and reported together.

mod hand_back;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use cachedojo_judge::Report;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::report::GradeVerdict;
use sha2::{Digest, Sha256};

use super::worker::queue_url;
use crate::class::key::Keys;
use crate::class::roster::Roster;
use crate::class::similar::{self, Files, Passage, Place};
use crate::class::store::{Past, Store};
use crate::class::summary::{Class, Learner, Likeness, State};
use crate::class::work::{Job, grade_all};
use crate::class::{page, table};
use crate::cli::ClassArgs;
use crate::host;
use crate::host::digest::hex;
use crate::host::files::read_plain;
use crate::host::limits;
use crate::host::outcome::{Outcome, UsageError};
use crate::host::printable;
use crate::host::scratch;
use crate::intake::archive::{self, LeftOut, Refused};
use crate::intake::find::{self, Entry, Found};
use crate::intake::left_out;
use crate::intake::platform::Whose;
use crate::pack::Pack;
use crate::queue::hand_out;
use crate::queue::store::Queue;
use crate::report::{self, Format, Setting, write_whole};
use crate::run::apart::{self, Stop};
use crate::run::bench::Bench;

/// Largest file that counts as a submission's own, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The most bytes of one submission's code that are compared with others'.
const CODE_BYTES_MAX: u64 = 4 << 20;

/// Grades a class. A submission that was graded before, with the same content, exercise, grader, compiler and seed, is not graded
/// again.
///
/// # Errors
/// There is no such class or exercise, this machine lacks what grading needs, or the results cannot be written.
pub fn class(args: &ClassArgs) -> Result<Outcome> {
    // Before anything is unpacked or written: a file beyond the shell's limit ends this program without a word.
    limits::suffice()?;
    let url = args.queue.queue.as_ref().map(|typed| queue_url(&typed.0)).transpose()?;
    let pack = super::load_pack(&args.exercise)?;
    check_imports(args)?;
    let roster = args.roster.as_deref().map(Roster::read).transpose()?;
    let scratch = scratch::folder().context("making a scratch folder")?;
    let languages = &pack.exercise.languages;
    let (root, unused) = class_folder(&args.path, scratch.path(), languages)?;
    let entries = submissions(&root, &unused, scratch.path(), args, languages)?;
    make_out(args)?;
    let store = Store::open(&args.out.join("results.redb"))?;
    for other in &args.import {
        store.import(other)?;
    }
    // A queue that cannot be used is reported before anything is prepared.
    let queue = url.map(|url| Queue::open(&url, CONNECTIONS)).transpose()?;
    let bench = Bench::open(&pack, args.trust)?;
    let keys = Keys::of(&bench, args.seed, args.lang);
    let of_entry = |entry: &Entry| match &entry.found {
        Found::Source(path, _) => Some(keys.key(path)),
        _ => None,
    };
    let keys_of_entries: Vec<_> = entries.iter().map(of_entry).collect();
    let missing = missing(&entries, &keys_of_entries, &store, args)?;
    let broken = grade_missing(&missing, &keys, &store, &bench, queue.as_ref(), args)?;
    let mut learners = learners(&entries, &keys_of_entries, &store, &broken)?;
    let matched = roster.as_ref().map(|roster| take_roll(&mut learners, roster, args.shard.is_some()));
    let similar = similarities(&entries, &pack);
    let class = Class::of(&pack.exercise, args.seed, args.lang, learners, similar);
    write_results(&class, &pack, args)?;
    let rostered = roster.as_ref().zip(matched.as_deref());
    let handed_back = hand_back::write_marks(&class, &pack, rostered, args)?;
    summarize(&class, &handed_back, args)?;
    Ok(if class.count(State::HarnessError) > 0 { Outcome::HarnessError } else { Outcome::Passed })
}

/// A file that is not there is reported before anything is graded.
fn check_imports(args: &ClassArgs) -> Result<()> {
    if let Some(other) = args.import.iter().find(|path| !path.is_file()) {
        let other = other.display();
        return Err(UsageError(format!("there is no file `{other}` to import: name another run's results.redb")).into());
    }
    Ok(())
}

/// Makes the folder for the results, once there is a class: a command that is refused leaves nothing behind.
fn make_out(args: &ClassArgs) -> Result<()> {
    if let Err(error) = fs::create_dir_all(&args.out) {
        let out = args.out.display();
        return Err(UsageError(format!("no folder `{out}` can be made ({error}): name another with --out")).into());
    }
    Ok(())
}

/// The class as a folder, and what of its archive is not used.
fn class_folder(path: &Path, scratch: &Path, languages: &[CodeLanguage]) -> Result<(PathBuf, Vec<LeftOut>)> {
    if path.is_dir() {
        return Ok((path.to_owned(), Vec::new()));
    }
    if !path.is_file() {
        return Err(UsageError(format!("there is no folder or archive `{}`", path.display())).into());
    }
    let root = scratch.join("class");
    fs::create_dir_all(&root)?;
    let unused = archive::unpack(path, &root, archive::CLASS, languages).map_err(|refused| {
        let is_none = !archive::is_archive(path) && matches!(refused, Refused::Unreadable(_));
        let why = if is_none { NO_CLASS.to_owned() } else { refused.to_string() };
        UsageError(format!("`{}`: {why}", path.display()))
    })?;
    Ok((root, unused))
}

/// What is said of a file that is no class.
const NO_CLASS: &str =
    "it is one file, and no archive: name a folder, or a zip or tar archive, with a folder or a file for each learner";

/// The class's entries, or this shard's share of its learners.
fn submissions(
    root: &Path,
    unused: &[LeftOut],
    scratch: &Path,
    args: &ClassArgs,
    languages: &[CodeLanguage],
) -> Result<Vec<Entry>> {
    if find::is_one_submission(root, languages) {
        let shown = args.path.display();
        let why = format!(
            "`{shown}` is one submission, not a class: grade it with `grader grade {}`, or name the folder that holds everybody's",
            printable::argument(&shown.to_string())
        );
        return Err(UsageError(why).into());
    }
    let mut entries = find::entries(root, scratch, languages)?;
    left_out::tell(&mut entries, unused);
    // Results of an earlier run may stand among the submissions.
    if let Ok(out) = fs::canonicalize(&args.out) {
        entries.retain(|entry| fs::canonicalize(root.join(&entry.shown)).ok().as_ref() != Some(&out));
    }
    if entries.is_empty() {
        let path = args.path.display();
        return Err(UsageError(format!(
            "`{path}` holds no submission: give a folder with a folder or file for each learner"
        ))
        .into());
    }
    if let Some((index, count)) = args.shard {
        entries.retain(|entry| {
            let digest = Sha256::digest(entry.learner.as_bytes());
            let number = digest.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
            number % count == index - 1
        });
    }
    Ok(entries)
}

/// A submission's code files as text, by name: no more bytes than grading reads.
fn files(path: &Path) -> Files {
    let mut paths = Vec::new();
    if path.is_dir() {
        // Unreadable files count as missing, as in grading.
        _ = find::walk(path, 0, &mut paths);
    } else {
        paths.push(path.to_owned());
    }
    let mut left = CODE_BYTES_MAX;
    let named = paths.into_iter().filter_map(|file| {
        let name = file.strip_prefix(path).ok().filter(|name| *name != Path::new("")).map_or_else(
            || file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            |name| name.display().to_string(),
        );
        // Files of another kind are not even opened.
        let bytes = is_code(&name).then(|| read_plain(&file, FILE_BYTES_MAX.min(left)).ok()).flatten()?;
        left -= bytes.len() as u64;
        Some((name, String::from_utf8_lossy(&bytes).into_owned()))
    });
    named.collect()
}

/// The jobs whose results are not stored yet, each key once.
fn missing(entries: &[Entry], keys: &[Option<String>], store: &Store, args: &ClassArgs) -> Result<Vec<Job>> {
    let (mut jobs, mut planned) = (Vec::new(), BTreeSet::new());
    for (entry, key) in entries.iter().zip(keys) {
        if let (Found::Source(path, _), Some(key)) = (&entry.found, key)
            && planned.insert(key)
            && (args.again || store.result(key)?.is_none())
        {
            jobs.push(Job { key: key.clone(), path: path.clone(), learner: entry.learner.clone() });
        }
    }
    Ok(jobs)
}

/// Grades the missing ones, here or by the workers of a queue. Returns the errors of those that the grader could not grade, by
/// key: these are never stored.
fn grade_missing(
    jobs: &[Job],
    keys: &Keys<'_>,
    store: &Store,
    bench: &Bench<'_>,
    queue: Option<&Queue>,
    args: &ClassArgs,
) -> Result<BTreeMap<String, String>> {
    let mut broken = BTreeMap::new();
    if jobs.is_empty() {
        return Ok(broken);
    }
    let stop = Stop::default();
    let grade =
        |path: &Path| apart::grade(bench, path, args.seed, args.lang, &stop).map(|report| nameless(report, path));
    let done = |job: &Job, graded: Result<Report, String>| {
        let why = match graded {
            Ok(report) if report.verdict == GradeVerdict::HarnessError => {
                report.diagnostics.iter().map(|found| found.message.as_str()).collect::<Vec<_>>().join("\n")
            }
            Ok(_) if keys.key(&job.path) != job.key => {
                "the submission changed while it was graded: grade the class again".to_owned()
            }
            Ok(report) => return store.remember(&job.key, &nameless(report, hand_out::name())),
            Err(message) => message,
        };
        broken.insert(job.key.clone(), why);
        Ok(())
    };
    if let Some(queue) = queue {
        let setting = hand_out::Conditions { bench, keys, seed: args.seed, language: args.lang, again: args.again };
        hand_out::grade_all(jobs, queue, &setting, &grade, done)?;
    } else {
        grade_all(jobs, host::workers(args.jobs), &grade, done)?;
    }
    Ok(broken)
}

/// Connections of a class to its queue: one request at a time, and one spare.
const CONNECTIONS: u32 = 2;

/// The report without the submission's path: other learners with the same files get the same report.
fn nameless(mut report: Report, path: &Path) -> Report {
    let place = format!("`{}`", printable::line(&path.display().to_string()));
    for found in &mut report.diagnostics {
        found.message = found.message.replace(&place, "the submission");
    }
    report
}

fn learners(
    entries: &[Entry],
    keys: &[Option<String>],
    store: &Store,
    broken: &BTreeMap<String, String>,
) -> Result<Vec<Learner>> {
    let mut learners = Vec::new();
    for (entry, key) in entries.iter().zip(keys) {
        let (mut state, mut report) = (State::HarnessError, None);
        let note = match &entry.found {
            Found::Empty => {
                state = State::Empty;
                String::new()
            }
            Found::Missing(files) => {
                state = State::Missing;
                files.join(", ")
            }
            Found::Superseded => {
                state = State::Superseded;
                String::new()
            }
            Found::Ambiguous(several) => {
                state = State::Ambiguous;
                format!(
                    "it holds several that could be graded ({}): keep one; if these are learners, grade this folder as a class",
                    several.join(", ")
                )
            }
            Found::Unreadable(reason) => {
                state = State::Unreadable;
                reason.clone()
            }
            Found::Source(_, remark) => {
                let key = key.as_deref().unwrap_or_default();
                report = if broken.contains_key(key) { None } else { store.result(key)? };
                broken.get(key).unwrap_or(remark).clone()
            }
        };
        if let Some(report) = &mut report {
            entry.shown.clone_into(&mut report.submission.path);
            state = report.verdict.into();
        }
        let (points, passed) = report.as_ref().map_or((0, false), |report| (report.score, report.passed));
        let (learner, path, note) = (entry.learner.clone(), printable::line(&entry.shown), printable::harmless(&note));
        let (late, whose) = (entry.whose.late, Some(entry.whose.clone()));
        let earlier = Vec::new();
        learners.push(Learner { learner, path, late, state, note, score: points, passed, report, earlier, whose });
    }
    let now = now_ms();
    let graded =
        learners.iter().filter_map(|learner| Some((learner.learner.as_str(), Past::of(learner.report.as_ref()?, now))));
    store.note(graded)?;
    for learner in &mut learners {
        learner.earlier = store.history(&learner.learner)?;
        learner.earlier.pop();
    }
    Ok(learners)
}

/// Finds each learner in the roster, which may say that they were late, and adds a row for everybody who handed in nothing. Returns
/// which of the people each learner is. A shard has its share of the learners only, and cannot tell who is missing.
fn take_roll(learners: &mut Vec<Learner>, roster: &Roster, is_shard: bool) -> Vec<Vec<usize>> {
    let known: Vec<(&str, &Whose)> =
        learners.iter().filter_map(|learner| Some((learner.learner.as_str(), learner.whose.as_ref()?))).collect();
    let mut matched = roster.matched(&known);
    for (learner, people) in learners.iter_mut().zip(&matched) {
        learner.late |= people.iter().any(|person| roster.people[*person].late);
        if people.is_empty() {
            let before = if learner.note.is_empty() { String::new() } else { format!("{}; ", learner.note) };
            learner.note = before + NOT_IN_ROSTER;
        }
    }
    let is_known = |at: usize| matched.iter().any(|people| people.contains(&at));
    let missing = roster.people.iter().enumerate().filter(|(at, _)| !is_shard && !is_known(*at));
    let missing: Vec<(usize, String)> = missing.map(|(at, person)| (at, person.shown())).collect();
    for (at, learner) in missing {
        learners.push(Learner {
            learner: printable::line(&learner),
            path: String::new(),
            late: false,
            state: State::NotSubmitted,
            note: String::new(),
            score: 0,
            passed: false,
            report: None,
            earlier: Vec::new(),
            whose: None,
        });
        matched.push(vec![at]);
    }
    matched
}

/// The remark for a learner whom the roster does not identify.
const NOT_IN_ROSTER: &str = "not in the roster, or there more than once";

#[expect(clippy::disallowed_methods, reason = "the command's edge: the history says when something was graded")]
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn similarities(entries: &[Entry], pack: &Pack) -> Vec<Likeness> {
    let sources = entries.iter().filter_map(|entry| match &entry.found {
        Found::Source(path, _) => Some((entry.learner.clone(), code(files(path).into_iter()))),
        _ => None,
    });
    let (names, sources): (Vec<_>, Vec<_>) = sources.unzip();
    let given: Vec<Files> = ["starter", "solution"].map(|folder| code(pack.folder(folder).into_iter())).into();
    let pairs = similar::pairs(&sources, &given).into_iter().map(|pair| Likeness {
        one: names[pair.one].clone(),
        other: names[pair.other].clone(),
        percent: pair.percent,
        passages: pair.passages.into_iter().map(harmless).collect(),
    });
    pairs.collect()
}

fn harmless(passage: Passage) -> Passage {
    let place =
        |place: Place| Place { file: printable::line(&place.file), text: printable::harmless(&place.text), ..place };
    Passage { one: place(passage.one), other: place(passage.other) }
}

/// The files that learners write, without settings.
fn code(files: impl Iterator<Item = (String, String)>) -> Files {
    files.filter(|(name, _)| is_code(name)).collect()
}

fn is_code(name: &str) -> bool {
    [".rs", ".py"].iter().any(|ext| name.to_lowercase().ends_with(ext))
}

fn write_results(class: &Class, pack: &Pack, args: &ClassArgs) -> Result<()> {
    let ids: Vec<_> = pack.exercise.checks.iter().map(|check| check.id.clone()).collect();
    let setting = Setting { playground: args.playground.clone(), ..Setting::plain(args.lang) };
    let disclosed = class.learners.iter().map(|learner| Some(report::disclosed(learner.report.as_ref()?, &setting)));
    let reports: Vec<Option<Report>> = disclosed.collect();
    write_whole(&args.out.join("results.json"), &serde_json::to_vec_pretty(class)?)?;
    write_whole(&args.out.join("results.csv"), table::render(class, &ids).as_bytes())?;
    write_whole(&args.out.join("index.html"), page::render(class, &reports, args.lang).as_bytes())?;
    let pages = args.out.join("learners");
    fs::create_dir_all(&pages).with_context(|| format!("making `{}`", pages.display()))?;
    for (learner, report) in class.learners.iter().zip(&reports) {
        if let Some(report) = report {
            write_whole(
                &pages.join(page_name(&learner.learner)),
                report::render(report, Format::Html, &setting).as_bytes(),
            )?;
        }
    }
    Ok(())
}

/// A file name for a learner: readable, and theirs alone whatever the file system thinks of case and odd characters.
fn page_name(learner: &str) -> String {
    let readable: String = learner.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    format!("{readable}-{}.html", &hex(&Sha256::digest(learner.as_bytes()))[..8])
}

fn summarize(class: &Class, handed_back: &[String], args: &ClassArgs) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let scores = class.scores();
    let passed = class.learners.iter().filter(|learner| learner.passed).count();
    let median = scores.get(scores.len() / 2).copied().unwrap_or(0);
    let count = class.learners.iter().filter(|learner| learner.state != State::NotSubmitted).count();
    let submissions = if count == 1 { "submission" } else { "submissions" };
    let (most, graded) = (class.max_score, scores.len());
    writeln!(out, "{count} {submissions}, {passed} passed, median {median}/{most} of the {graded} that were graded")?;
    for learner in &class.learners {
        let (name, state) = (printable::line(&learner.learner), learner.state.name());
        let why = match (learner.state, learner.why(args.lang)) {
            // Their points stand in no marks file: the teacher must know.
            (State::Graded, note) if !note.ends_with(NOT_IN_ROSTER) => continue,
            (State::Graded, _) => format!(" {}/{most}: {NOT_IN_ROSTER}", learner.score),
            (State::Missing, files) => format!(": no source among {}", printable::line(&files)),
            (_, why) if why.is_empty() => why,
            (_, why) => format!(": {}", printable::line(&why)),
        };
        writeln!(out, "  {name}: {state}{why}")?;
    }
    let names = ["index.html", "results.csv", "results.json"].into_iter().chain(handed_back.iter().map(String::as_str));
    for name in names {
        writeln!(out, "wrote {}", args.out.join(name).display())?;
    }
    Ok(())
}
