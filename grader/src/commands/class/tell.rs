//! What a class's grading says on the console.

use std::collections::BTreeSet;
use std::io::Write;

use anyhow::Result;
use cachedojo_notation::text::Language;

use super::out;
use crate::class::roster::Roster;
use crate::class::store::Store;
use crate::class::summary::{Alike, AlikeKind, Class, State};
use crate::class::work::Job;
use crate::cli::ClassArgs;
use crate::host::outcome::say;
use crate::host::printable;
use crate::intake::submission;
use crate::pack::Pack;

/// Most names in a line.
const NAMED_MAX: usize = 12;

/// Says before the grading how much of it there is, where that is less than the submissions.
pub(super) fn before(keys: &[Option<String>], jobs: &[Job]) {
    let all = keys.iter().flatten().count();
    let distinct = keys.iter().flatten().collect::<BTreeSet<_>>().len();
    let known = distinct - jobs.len();
    let counted =
        [(known, "graded before and taken over"), (all - distinct, "the same as another, and graded once with it")];
    let parts: Vec<String> =
        counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if !parts.is_empty() {
        say(&format!("{all} to grade: {}; {} left", parts.join(", "), jobs.len()));
    }
}

/// Says how far a grading came that somebody stopped.
///
/// # Errors
/// The results cannot be read.
pub(super) fn stopped(keys: &[Option<String>], store: &Store) -> Result<()> {
    let distinct: BTreeSet<&String> = keys.iter().flatten().collect();
    let mut graded = 0;
    for key in &distinct {
        graded += usize::from(store.result(key)?.is_some());
    }
    say(&format!("stopped: {graded} of {} are graded and kept; run the same command again to go on", distinct.len()));
    Ok(())
}

/// Says how the class did, whose submission has no mark and why, what the marks' files are like, and what was written.
///
/// # Errors
/// Standard output is closed, or the earlier results cannot be read.
pub(super) fn after(
    class: &Class,
    handed_back: &[super::hand_back::Written],
    store: &Store,
    pack: &Pack,
    args: &ClassArgs,
) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let scores = class.scores();
    let passed = class.learners.iter().filter(|learner| learner.passed).count();
    let median = scores.get(scores.len() / 2).copied().unwrap_or(0);
    let count = class.learners.iter().filter(|learner| learner.state != State::NotSubmitted).count();
    let (most, graded) = (class.max_score, scores.len());
    match args.lang {
        Language::English => {
            let submissions = if count == 1 { "submission" } else { "submissions" };
            writeln!(
                out,
                "{count} {submissions}, {passed} passed, median {median}/{most} of the {graded} that were graded"
            )?;
        }
        Language::French => {
            let s = if count > 1 { "s" } else { "" };
            writeln!(out, "{count} rendu{s}, reçus : {passed}, médiane {median}/{most} sur {graded} notés")?;
        }
    }
    if let Some(why) = nobodys(class, pack) {
        writeln!(out, "{why}")?;
    }
    for learner in &class.learners {
        let (name, state) = (printable::line(&learner.learner), learner.state.name());
        let unknown = Roster::UNMATCHED.iter().find(|remark| learner.note.ends_with(*remark));
        let why = match (learner.state, learner.why(args.lang), unknown) {
            // Their points stand in no marks file: the teacher must know.
            (State::Graded, _, None) => continue,
            (State::Graded, _, Some(remark)) => {
                format!(" {}/{most}: {remark}", learner.score.unwrap_or_default())
            }
            (State::Missing, files, _) => format!(": no source among {}", printable::line(&files)),
            (_, why, _) if why.is_empty() => why,
            (_, why, _) => format!(": {}", printable::line(&why)),
        };
        writeln!(out, "  {name}: {state}{why}")?;
    }
    for alike in &class.alike {
        writeln!(out, "{}: see `Much in common` on the page", likeness(alike))?;
    }
    // A shard has its share of the learners only.
    for line in if args.shard.is_none() { gone(class, store)? } else { Vec::new() } {
        writeln!(out, "{line}")?;
    }
    for told in handed_back.iter().flat_map(|file| file.told.iter().map(move |told| (&file.name, told))) {
        writeln!(out, "{}: {}", told.0, told.1)?;
    }
    for name in [out::PAGE, out::TABLE, out::DATA].into_iter().chain(handed_back.iter().map(|file| file.name.as_str()))
    {
        writeln!(out, "wrote {}", args.out.join(name).display())?;
    }
    Ok(())
}

/// A sentence for a class in which nobody handed in what the exercise asks for: another exercise may be meant.
fn nobodys(class: &Class, pack: &Pack) -> Option<String> {
    let missing = class.count(State::Missing);
    let is_any = class.learners.iter().any(|learner| {
        !matches!(learner.state, State::Missing | State::Empty | State::NotSubmitted | State::Superseded)
    });
    (missing > 0 && !is_any).then(|| {
        let roots = submission::roots(&pack.exercise);
        format!("nobody handed in what `{}` asks for ({roots}): is --exercise right?", class.exercise)
    })
}

/// Learners whose programs are the same, in a line.
fn likeness(alike: &Alike) -> String {
    let count = alike.learners.len();
    let (learners, have) = if count == 1 { ("learner", "has") } else { ("learners", "have") };
    let what = match alike.kind {
        AlikeKind::Identical => "exactly the same files",
        AlikeKind::NearlyIdentical => "nearly the same program",
        AlikeKind::Solution => "nearly the exercise's own solution",
    };
    format!(
        "{count} {learners} {have} {what}: {}",
        printable::first_names(alike.learners.iter().map(|name| printable::line(name)), NAMED_MAX)
    )
}

/// Who was graded into this folder before and is not there now. A group's new name counts as another learner.
fn gone(class: &Class, store: &Store) -> Result<Vec<String>> {
    let here: BTreeSet<&str> = class.learners.iter().map(|learner| learner.learner.as_str()).collect();
    let gone: Vec<String> = store
        .everybody()?
        .into_iter()
        .filter(|(learner, _)| !here.contains(learner.as_str()))
        .map(|(learner, past)| format!("{} ({})", printable::line(&learner), past.score))
        .collect();
    let count = gone.len();
    let verb = if count == 1 { "was graded before and is" } else { "were graded before and are" };
    Ok(if gone.is_empty() {
        gone
    } else {
        vec![format!("{} {verb} not there now", printable::first_names(gone.into_iter(), NAMED_MAX))]
    })
}
