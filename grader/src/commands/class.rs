//! `grader class`: every submission of a folder or an archive, graded on all cores, remembered, and reported together.

mod console;
mod hand_back;
mod likeness;
mod out;
mod roster_match;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use cachedojo_judge::Report;
use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use sha2::{Digest, Sha256};

use super::stop::on_stop;
use super::worker::queue_url;
use crate::class::key::Keys;
use crate::class::roster::Roster;
use crate::class::store::{Past, Store};
use crate::class::summary::{Class, Learner, State};
use crate::class::work::{CHANGED, Job, grade_all};
use crate::class::{page, table};
use crate::cli::ClassArgs;
use crate::host;
use crate::host::digest::hex;
use crate::host::limits;
use crate::host::outcome::{Outcome, UsageError, say};
use crate::host::printable;
use crate::host::sandbox::Protection;
use crate::host::scratch;
use crate::intake::archive::{self, LeftOut, Refused};
use crate::intake::find::{self, Entry, Found};
use crate::intake::submission::{self, Submission};
use crate::intake::{diagnostic, left_out};
use crate::language::http;
use crate::pack::{DEFAULT_ID, Pack};
use crate::queue::hand_out;
use crate::queue::store::Queue;
use crate::report::{self, Format, Setting, write_whole};
use crate::run::bench::Bench;
use crate::run::isolated;
use crate::run::stop::Stop;

/// Grades a class. A submission that was graded before, with the same content, exercise, grader, compiler and seed, is not graded
/// again.
///
/// # Errors
/// There is no such class or exercise, this machine lacks what grading needs, or the results cannot be written.
pub fn class(args: &ClassArgs) -> Result<Outcome> {
    // Before anything is unpacked or written: a file beyond the shell's limit ends this program without a word.
    limits::suffice()?;
    let url = args.queue.queue.as_ref().map(|typed| queue_url(&typed.0)).transpose()?;
    let pack = super::load_pack(args.exercise.as_deref().unwrap_or(DEFAULT_ID))?;
    check_imports(args, &pack.exercise.id)?;
    let roster = args.roster.as_deref().map(Roster::read).transpose()?;
    let scratch = scratch::folder().context("making a scratch folder")?;
    let languages = &pack.exercise.languages;
    let (root, unused) = class_folder(&args.path, scratch.path(), languages)?;
    let entries = submissions(&root, &unused, scratch.path(), args, languages)?;
    if args.exercise.is_none() {
        check_begun(&entries)?;
    }
    check_trusted(&entries, &pack, args.trust)?;
    let store = out::open(args, &pack.exercise.id)?;
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
    if !args.again {
        console::before(&keys_of_entries, &missing, args.lang);
    }
    let stop = Arc::new(Stop::default());
    if queue.is_none() {
        let stop = Arc::clone(&stop);
        on_stop(move |_| stop.stop()).context("waiting for Ctrl-C")?;
    }
    let broken = match grade_missing(&missing, &keys, &store, &bench, queue.as_ref(), (&stop, args)) {
        Err(_) if stop.is_stopped() => {
            console::stopped(&keys_of_entries, &store, args.lang)?;
            return Ok(Outcome::Interrupted);
        }
        graded => graded?,
    };
    let mut learners = learners(&entries, &keys_of_entries, &store, &broken, &pack)?;
    let matched = roster.as_ref().map(|roster| roster_match::match_roster(&mut learners, roster, args.shard.is_some()));
    let rostered = roster.as_ref().zip(matched.as_deref());
    let known = likeness::Known::of(&learners, &pack, rostered);
    let (similar, alike) = likeness::likenesses(&entries, &pack, &known);
    let class = Class::of(&pack.exercise, args.seed, args.lang, learners, similar, alike);
    write_results(&class, &pack, args)?;
    let handed_back = hand_back::write_marks(&class, &pack, rostered, args)?;
    console::after(&class, &handed_back, &store, &pack, args)?;
    Ok(if class.count(State::HarnessError) > 0 { Outcome::HarnessError } else { Outcome::Passed })
}

/// A file that is not there, or holds results of another exercise or seed, is reported before anything is graded.
fn check_imports(args: &ClassArgs, exercise: &str) -> Result<()> {
    if let Some(other) = args.import.iter().find(|path| !path.is_file()) {
        let other = other.display();
        return Err(UsageError(format!("there is no file `{other}` to import: name another run's results.redb")).into());
    }
    args.import.iter().try_for_each(|path| Store::check_import(path, exercise, args.seed))
}

/// A class whose folders were begun for another exercise than the one that is graded when none is named.
fn check_begun(entries: &[Entry]) -> Result<()> {
    let folders: Vec<&Path> = entries
        .iter()
        .filter_map(|entry| match &entry.found {
            Found::Source(path, _) => Some(path.as_path()).filter(|path| path.is_dir()),
            _ => None,
        })
        .collect();
    let mut begun: BTreeMap<String, usize> = BTreeMap::new();
    for id in folders.iter().filter_map(|folder| super::begun_for(folder)) {
        *begun.entry(id).or_default() += 1;
    }
    match begun.into_iter().max_by_key(|(_, count)| *count) {
        Some((id, count)) if count * 2 >= folders.len() => Err(UsageError(format!(
            "{} begun for `{id}`: was --exercise {id} meant? Name it, or --exercise {DEFAULT_ID} to grade them for that",
            if count == 1 { "one of these submissions was".to_owned() } else { format!("{count} of these submissions were") }
        ))
        .into()),
        _ => Ok(()),
    }
}

/// Services that would be started as ordinary programs although `--trust` was not given: that is the teacher's to say, so it costs no
/// learner a mark, and no result of an earlier run is touched.
fn check_trusted(entries: &[Entry], pack: &Pack, trust: bool) -> Result<()> {
    if trust || pack.exercise.interface != InterfaceKind::Service {
        return Ok(());
    }
    let languages = &pack.exercise.languages;
    let starts = |entry: &&Entry| match &entry.found {
        Found::Source(path, _) => {
            Submission::read(path, languages).is_ok_and(|read| http::needs_trust(&read, Protection::Sandbox))
        }
        _ => false,
    };
    match entries.iter().filter(starts).count() {
        0 => Ok(()),
        count => Err(UsageError(format!(
            "{count} of {} submissions are services that are started as ordinary programs, which could read and change what you can: \
             if you trust them, add --trust; nothing was graded",
            entries.len()
        ))
        .into()),
    }
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
    console::passed_over(&find::passed_over(root, languages)?, args.lang);
    left_out::tell(&mut entries, unused);
    // Results of an earlier run may stand among the submissions.
    if let Ok(out) = fs::canonicalize(&args.out) {
        entries.retain(|entry| fs::canonicalize(root.join(&entry.shown)).ok().as_ref() != Some(&out));
    }
    // So may those of another run.
    entries.retain(|entry| {
        let folder = root.join(&entry.shown);
        let is_old =
            out::is_results(&folder) && (!matches!(entry.found, Found::Source(..)) || out::holds_data(&folder));
        if is_old {
            let shown = printable::line(&entry.shown);
            say(&match args.lang {
                Language::English => {
                    format!("`{shown}` holds the results of an earlier run, and is no learner's: left out")
                }
                Language::French => {
                    format!("`{shown}` contient les résultats d'une exécution antérieure, et n'est à aucun étudiant : laissé de côté")
                }
            });
        }
        !is_old
    });
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
    (stop, args): (&Stop, &ClassArgs),
) -> Result<BTreeMap<String, String>> {
    let mut broken = BTreeMap::new();
    if jobs.is_empty() {
        return Ok(broken);
    }
    let grade =
        |path: &Path| isolated::grade(bench, path, args.seed, args.lang, stop).map(|report| nameless(report, path));
    let done = |job: &Job, graded: Result<Report, String>| {
        // What was ended half-way says nothing of the submission.
        let is_whole = |report: &Report| report.verdict != GradeVerdict::HarnessError;
        if stop.is_stopped() && !graded.as_ref().is_ok_and(is_whole) {
            bail!("somebody stopped it");
        }
        let why = match graded {
            Ok(report) if report.verdict == GradeVerdict::HarnessError => {
                report.diagnostics.iter().map(|found| found.message.as_str()).collect::<Vec<_>>().join("\n")
            }
            Ok(_) if keys.key(&job.path) != job.key => CHANGED.to_owned(),
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
        grade_all(jobs, host::workers(args.jobs), &grade, args.lang, done)?;
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
    pack: &Pack,
) -> Result<Vec<Learner>> {
    let mut learners = Vec::new();
    for (entry, key) in entries.iter().zip(keys) {
        let (mut state, mut report) = (State::HarnessError, None);
        let mut note = match &entry.found {
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
                    "it holds several that could be graded ({}): keep one, as {}; if these are learners, grade this folder as a class",
                    several.join(", "),
                    submission::roots(&pack.exercise)
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
            report.submission.path = printable::line(&entry.shown);
            // What of theirs was not graded is told to the learner, too.
            if !note.is_empty() {
                report.diagnostics.push(diagnostic::general(&note));
            } else if report.score == 0
                && let Some(found) = report.diagnostics.iter().find(|found| found.line == 0)
            {
                // Nothing of it counted: the teacher learns why without opening the report.
                note.clone_from(&found.message);
            } else if report.score == 0 {
                note = taken_for_the_script(entry, pack);
            }
            state = report.verdict.into();
        }
        let score = report.as_ref().filter(|report| report.handed.is_something()).map(|report| report.score);
        let passed = report.as_ref().is_some_and(|report| report.passed);
        let (learner, path, note) = (entry.learner.clone(), printable::line(&entry.shown), printable::harmless(&note));
        let (late, owner) = (entry.owner.late, Some(entry.owner.clone()));
        let earlier = Vec::new();
        let name = String::new();
        learners.push(Learner { learner, name, path, late, state, note, score, passed, report, earlier, owner });
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

/// What is said of a file that was graded as a script although nothing but its kind says that it is one.
fn taken_for_the_script(entry: &Entry, pack: &Pack) -> String {
    let Found::Source(path, _) = &entry.found else { return String::new() };
    let name = entry.owner.file.clone().or_else(|| path.file_name()?.to_str().map(str::to_owned)).unwrap_or_default();
    let is_alone = pack.exercise.languages == [CodeLanguage::Script] && path.is_file();
    if is_alone && !name.to_lowercase().contains("script") {
        format!("`{name}` was taken for the script")
    } else {
        String::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "the command's edge: the history says when something was graded")]
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn write_results(class: &Class, pack: &Pack, args: &ClassArgs) -> Result<()> {
    let ids: Vec<_> = pack.exercise.checks.iter().map(|check| check.id.clone()).collect();
    let setting = Setting { playground: args.playground.clone(), ..Setting::plain(args.lang) };
    let disclosed = class.learners.iter().map(|learner| Some(report::disclosed(learner.report.as_ref()?, &setting)));
    let reports: Vec<Option<Report>> = disclosed.collect();
    write_whole(&args.out.join(out::DATA), &serde_json::to_vec_pretty(class)?)?;
    write_whole(&args.out.join(out::TABLE), table::render(class, &ids).as_bytes())?;
    write_whole(&args.out.join(out::PAGE), page::render(class, &reports, args.lang).as_bytes())?;
    let pages = args.out.join(out::PAGES);
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
