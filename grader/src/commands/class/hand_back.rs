//! What goes back to the platform: marks in its own form, and everybody's report.

use anyhow::Result;
use cachedojo_judge::Report;
use cachedojo_judge::report::{GradeVerdict, GraderId, SubmissionId};
use cachedojo_notation::text::Language;

use crate::class::roster::Roster;
use crate::class::summary::{Class, Learner, State};
use crate::class::{feedback, marks};
use crate::cli::ClassArgs;
use crate::intake::{diagnostic, submission};
use crate::pack::Pack;
use crate::report::{self, Format, Setting, write_whole};

/// A file that was written, and what the teacher is to know of it.
pub(super) struct Written {
    pub(super) name: String,
    pub(super) told: Vec<String>,
}

/// Writes what goes back to the platform: marks in its own form, and an archive of everybody's report. Returns the files.
pub(super) fn write_marks(
    class: &Class,
    pack: &Pack,
    roster: Option<(&Roster, &[Vec<usize>])>,
    args: &ClassArgs,
) -> Result<Vec<Written>> {
    // The platform's language need not be the reports'.
    let title = &pack.exercise.title;
    let titles = [title.get(args.lang), title.get(Language::English), title.get(Language::French)];
    let columns = args.column.as_deref().map_or_else(|| titles.to_vec(), |column| vec![column]);
    let mut names = Vec::new();
    for marks in marks::render(class, roster, &columns, args.lang) {
        write_whole(&args.out.join(&marks.name), marks.text.as_bytes())?;
        names.push(Written { name: marks.name, told: marks.told });
    }
    let setting = Setting { playground: args.playground.clone(), ..Setting::plain(args.lang) };
    let graded = class.learners.iter().filter(|learner| learner.state != State::Superseded);
    let pages: Vec<(String, String)> = graded
        .filter_map(|learner| {
            let place = &learner.owner.as_ref()?.hand_back;
            let report = learner.report.clone().or_else(|| ungraded(learner, pack, args))?;
            Some((place.clone(), report::render(&report, Format::Html, &setting)))
        })
        .collect();
    if !pages.is_empty() {
        let packed = feedback::pack(pages.iter().map(|(place, page)| (place.as_str(), page.as_str())))?;
        write_whole(&args.out.join(FEEDBACK), &packed)?;
        names.push(Written { name: FEEDBACK.to_owned(), told: Vec::new() });
    }
    Ok(names)
}

/// What a learner is told of whose submission nothing could be graded: the reason, and what to hand in.
fn ungraded(learner: &Learner, pack: &Pack, args: &ClassArgs) -> Option<Report> {
    let roots = submission::roots(&pack.exercise);
    let said = match (learner.state, args.lang) {
        (State::Empty, Language::English) => format!("what was handed in is empty; hand in {roots}"),
        (State::Empty, Language::French) => format!("ce qui a été rendu est vide ; rendez {roots}"),
        (State::Missing, Language::English) => {
            format!("there is no source in it, only {}; hand in {roots}", learner.note)
        }
        (State::Missing, Language::French) => {
            format!("il n'y a pas de source, seulement {} ; rendez {roots}", learner.note)
        }
        (State::Unreadable | State::Ambiguous, _) => learner.note.clone(),
        _ => return None,
    };
    let id = SubmissionId { path: learner.path.clone(), sha256: String::new(), files: Vec::new() };
    let nobody = GraderId { version: env!("CARGO_PKG_VERSION").to_owned(), backend: "none".to_owned() };
    let (verdict, said) = (GradeVerdict::BuildFailed, vec![diagnostic::general(&said)]);
    Some(Report::without_checks(&pack.exercise, verdict, args.seed, id, nobody, said))
}

/// The archive of everybody's report.
pub(super) const FEEDBACK: &str = "feedback.zip";
