//! What a class's grading says on the console.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Result;
use cachedojo_notation::text::Language;

use super::out;
use crate::class::store::Store;
use crate::class::summary::{Alike, AlikeKind, Class, Learner, State};
use crate::class::work::Job;
use crate::class::{french, page};
use crate::cli::ClassArgs;
use crate::host::outcome::say;
use crate::host::printable;
use crate::intake::submission;
use crate::pack::Pack;

/// Most names in a line.
const NAMED_MAX: usize = 12;

/// Says which folders among the learners' were not looked into.
pub(super) fn passed_over(names: &[String], language: Language) {
    if names.is_empty() {
        return;
    }
    let names = printable::first_names(names.iter().map(|name| format!("`{name}`")), NAMED_MAX);
    say(&match language {
        Language::English => format!(
            "left out: {names}. Folders of such names are generated, installed or hidden; rename one that is a learner's"
        ),
        Language::French => format!(
            "laissés de côté : {names}. Les dossiers de ce nom sont produits, installés ou cachés ; renommez celui qui est à un étudiant"
        ),
    });
}

/// Says before the grading how much of it there is, where that is less than the submissions.
pub(super) fn before(keys: &[Option<String>], jobs: &[Job], language: Language) {
    let all = keys.iter().flatten().count();
    let distinct = keys.iter().flatten().collect::<BTreeSet<_>>().len();
    let known = distinct - jobs.len();
    let (taken_over, the_same) = match language {
        Language::English => ("graded before and taken over", "the same as another, and graded once with it"),
        Language::French => ("déjà notés et repris", "identiques à un autre et notés une fois avec lui"),
    };
    let counted = [(known, taken_over), (all - distinct, the_same)];
    let in_words = |(count, what): &(usize, &str)| match language {
        Language::English => format!("{count} {what}"),
        Language::French => format!("{what} : {count}"),
    };
    let parts: Vec<String> = counted.iter().filter(|(count, _)| *count > 0).map(in_words).collect();
    if !parts.is_empty() {
        let (parts, left) = (parts.join(", "), jobs.len());
        say(&match language {
            Language::English => format!("{all} to grade: {parts}; {left} left"),
            Language::French => format!("à noter : {all} ({parts}) ; restent {left}"),
        });
    }
}

/// Says how far a grading came that somebody stopped.
///
/// # Errors
/// The results cannot be read.
pub(super) fn stopped(keys: &[Option<String>], store: &Store, language: Language) -> Result<()> {
    let distinct: BTreeSet<&String> = keys.iter().flatten().collect();
    let mut graded = 0;
    for key in &distinct {
        graded += usize::from(store.result(key)?.is_some());
    }
    let all = distinct.len();
    say(&match language {
        Language::English => {
            format!("stopped: {graded} of {all} are graded and kept; run the same command again to go on")
        }
        Language::French => {
            format!("arrêté : {graded} sur {all} sont notés et gardés ; relancez la même commande pour continuer")
        }
    });
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
    let count =
        class.learners.iter().filter(|one| !matches!(one.state, State::NotSubmitted | State::Unmatched)).count();
    let (most, graded) = (class.max_score, scores.len());
    match args.lang {
        Language::English => {
            let submissions = if count == 1 { "submission" } else { "submissions" };
            let how = format!("{passed} passed, median {median}/{most} of the {graded} that were graded");
            let how = if graded == 0 { "none graded".to_owned() } else { how };
            writeln!(out, "{count} {submissions}, {how}")?;
        }
        Language::French => {
            let s = if count > 1 { "s" } else { "" };
            let how = format!("reçus : {passed}, médiane {median}/{most} sur {graded} notés");
            let how = if graded == 0 { "aucun noté".to_owned() } else { how };
            writeln!(out, "{count} rendu{s}, {how}")?;
        }
    }
    if let Some(late) = late(class, args.lang) {
        writeln!(out, "{late}")?;
    }
    if let Some(why) = no_submission_fits(class, pack, args.lang) {
        writeln!(out, "{why}")?;
    }
    for learner in &class.learners {
        let name = printable::line(&learner.shown());
        let (state, colon) = match args.lang {
            Language::English => (learner.state.name(), ":"),
            Language::French => (page::state_name(learner.state, Language::French), " :"),
        };
        let why = match (learner.state, learner.why(args.lang)) {
            (State::Graded, _) if learner.note.is_empty() => continue,
            // Not all of theirs is graded, or their points stand in no marks file: the teacher must know.
            (State::Graded, _) => {
                let remark = printable::line(&french::note_in(&learner.note, args.lang));
                format!(" {}/{most}{colon} {remark}", learner.score.unwrap_or_default())
            }
            (State::Missing, files) => match args.lang {
                Language::English => format!(": no source among {}", printable::line(&files)),
                Language::French => format!(" : pas de source parmi {}", printable::line(&files)),
            },
            (_, why) if why.is_empty() => why,
            (_, why) => format!("{colon} {}", printable::line(&why)),
        };
        writeln!(out, "  {name}{colon} {state}{why}")?;
    }
    for alike in &class.alike {
        let line = likeness(alike, args.lang);
        match args.lang {
            Language::English => writeln!(out, "{line}: see `Much in common` on the page")?,
            Language::French => writeln!(out, "{line} : voyez `Beaucoup en commun` sur la page")?,
        }
    }
    // A shard has its share of the learners only.
    for line in if args.shard.is_none() { gone(class, store, args.lang)? } else { Vec::new() } {
        writeln!(out, "{line}")?;
    }
    for told in handed_back.iter().flat_map(|file| file.told.iter().map(move |told| (&file.name, told))) {
        let colon = if args.lang == Language::French { " :" } else { ":" };
        writeln!(out, "{}{colon} {}", told.0, told.1)?;
    }
    for name in stale(&args.out, handed_back) {
        let name = printable::line(&name);
        match args.lang {
            Language::English => writeln!(out, "{name}: is of an earlier run, and not of these submissions")?,
            Language::French => writeln!(out, "{name} : date d'une exécution antérieure, et non de ces rendus")?,
        }
    }
    for name in [out::PAGE, out::TABLE, out::DATA].into_iter().chain(handed_back.iter().map(|file| file.name.as_str()))
    {
        let wrote = if args.lang == Language::French { "écrit :" } else { "wrote" };
        writeln!(out, "{wrote} {}", args.out.join(name).display())?;
    }
    Ok(())
}

/// Who came late, where the platform says so.
fn late(class: &Class, language: Language) -> Option<String> {
    // A file that a later one replaces is of the same person.
    let counts = |one: &&Learner| one.late && one.state != State::Superseded;
    let late: Vec<String> = class.learners.iter().filter(counts).map(|one| printable::line(&one.shown())).collect();
    let (count, names) = (late.len(), printable::first_names(late.into_iter(), NAMED_MAX));
    (count > 0).then(|| match language {
        Language::English => format!("{count} came late: {names}"),
        Language::French => format!("{count} en retard : {names}"),
    })
}

/// Files that go back to a platform and that an earlier run left in the folder: this one wrote others.
fn stale(folder: &Path, written: &[super::hand_back::Written]) -> Vec<String> {
    let is_new = |name: &String| written.iter().any(|file| file.name == *name);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut old: Vec<String> = names.filter(|name| out::is_handed_back(name) && !is_new(name)).collect();
    old.sort();
    old
}

/// A sentence for a class in which nobody handed in what the exercise asks for: another exercise may be meant.
fn no_submission_fits(class: &Class, pack: &Pack, language: Language) -> Option<String> {
    let missing = class.count(State::Missing);
    let is_any = class.learners.iter().any(|learner| {
        !matches!(
            learner.state,
            State::Missing | State::Empty | State::NotSubmitted | State::Unmatched | State::Superseded
        )
    });
    (missing > 0 && !is_any).then(|| {
        let roots = submission::roots(&pack.exercise);
        let exercise = &class.exercise;
        match language {
            Language::English => {
                format!("nobody handed in what `{exercise}` asks for ({roots}): is --exercise right?")
            }
            Language::French => {
                let roots = roots.replace(" or ", " ou ");
                format!("personne n'a rendu ce que `{exercise}` demande ({roots}) : --exercise est-il juste ?")
            }
        }
    })
}

/// Learners whose programs are the same, in a line.
fn likeness(alike: &Alike, language: Language) -> String {
    let count = alike.learners.len();
    let names = printable::first_names(alike.learners.iter().map(|name| printable::line(name)), NAMED_MAX);
    match language {
        Language::English => {
            let (learners, have) = if count == 1 { ("learner", "has") } else { ("learners", "have") };
            let what = match alike.kind {
                AlikeKind::Identical => "exactly the same files",
                AlikeKind::NearlyIdentical => "nearly the same program",
                AlikeKind::Solution => "nearly the exercise's own solution",
            };
            format!("{count} {learners} {have} {what}: {names}")
        }
        Language::French => {
            let (learners, have) = if count == 1 { ("étudiant", "a") } else { ("étudiants", "ont") };
            let what = match alike.kind {
                AlikeKind::Identical => "exactement les mêmes fichiers",
                AlikeKind::NearlyIdentical => "presque le même programme",
                AlikeKind::Solution => "presque le corrigé de l'exercice",
            };
            format!("{count} {learners} {have} {what} : {names}")
        }
    }
}

/// Who was graded into this folder before and is not there now. A group's new name counts as another learner.
fn gone(class: &Class, store: &Store, language: Language) -> Result<Vec<String>> {
    let here: BTreeSet<&str> = class.learners.iter().map(|learner| learner.learner.as_str()).collect();
    let gone: Vec<String> = store
        .everybody()?
        .into_iter()
        .filter(|(learner, _)| !here.contains(learner.as_str()))
        .map(|(learner, past)| format!("{} ({})", printable::line(&learner), past.score))
        .collect();
    if gone.is_empty() {
        return Ok(gone);
    }
    let is_one = gone.len() == 1;
    let names = printable::first_names(gone.into_iter(), NAMED_MAX);
    let what = match (language, is_one) {
        (Language::English, true) => "was graded before and is not there now",
        (Language::English, false) => "were graded before and are not there now",
        (Language::French, true) => "a été noté auparavant et n'est plus là",
        (Language::French, false) => "ont été notés auparavant et ne sont plus là",
    };
    Ok(vec![format!("{names} {what}")])
}
