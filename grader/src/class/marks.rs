//! Marks in the platforms' formats: their own grading worksheet or gradebook with one column filled in, or the smallest table
//! that they import. All begin with the byte order mark by which a spreadsheet recognises UTF-8, and no cell is a formula.

use cachedojo_notation::text::Language;

use super::gradebook;
use super::page::state_name;
use super::roster::{Form, Roster};
use super::summary::{Class, Learner, State};
use super::table::harmless;
use crate::intake::platform::{Platform, Whose};

/// A file of marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What the teacher is to know of it, a sentence each.
    pub told: Vec<String>,
}

/// The marks of a class in the forms of the platforms that its submissions came from, and in the roster's own. `column` names the
/// gradebook's column. Cost: O(learners).
pub fn render(class: &Class, roster: Option<(&Roster, &[Vec<usize>])>, column: &str, language: Language) -> Vec<Marks> {
    let mut all = Vec::new();
    if let Some((roster, matched)) = roster {
        let name = match roster.form {
            Form::Of(platform) => name_of(platform),
            Form::GithubClassroom => "github-classroom",
            Form::Plain => "roster",
        };
        all.push(Marks {
            name: format!("marks-{name}.csv"),
            ..gradebook::filled(class, roster, matched, column, language)
        });
    }
    for platform in [Platform::Moodle, Platform::Canvas, Platform::Blackboard, Platform::Ilias, Platform::Gradescope] {
        let is_there = counted(class, platform).next().is_some();
        let name = format!("marks-{}.csv", name_of(platform));
        if is_there && all.iter().all(|marks: &Marks| marks.name != name) {
            all.push(Marks { name, text: of_platform(class, platform, column, language), told: Vec::new() });
        }
    }
    all
}

const fn name_of(platform: Platform) -> &'static str {
    match platform {
        Platform::Moodle => "moodle",
        Platform::Canvas => "canvas",
        Platform::Blackboard => "blackboard",
        Platform::Brightspace => "brightspace",
        Platform::Ilias => "ilias",
        Platform::Gradescope => "gradescope",
        Platform::Other => "roster",
    }
}

/// The learners of a platform whose row counts; the row of an earlier attempt does not.
fn counted(class: &Class, platform: Platform) -> impl Iterator<Item = (&Learner, &Whose)> {
    let of_platform = move |learner: &'_ &Learner| learner.state != State::Superseded;
    class.learners.iter().filter(of_platform).filter_map(move |learner| {
        learner.whose.as_ref().filter(|whose| whose.platform == platform).map(|whose| (learner, whose))
    })
}

/// The comment beside a mark, in a sentence.
pub(super) fn comment(class: &Class, learner: &Learner, language: Language) -> String {
    let (of, late) = match language {
        Language::English => (" points of ", ", late"),
        Language::French => (" points sur ", ", en retard"),
    };
    let late = if learner.late { late } else { "" };
    match learner.mark() {
        Some(mark) if learner.state == State::Graded => format!("{mark}{of}{}{late}", class.max_score),
        _ => {
            let (state, why) = (state_name(learner.state, language), learner.why(language));
            if why.is_empty() { format!("{state}{late}") } else { format!("{state}{late} ({why})") }
        }
    }
}

/// The smallest table that a platform imports.
fn of_platform(class: &Class, platform: Platform, column: &str, language: Language) -> String {
    let max = class.max_score.to_string();
    let mark = |learner: &Learner| learner.mark().map(|mark| mark.to_string()).unwrap_or_default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    match platform {
        Platform::Moodle => rows.push(own(&[
            "Identifier",
            "Full name",
            "Email address",
            "Status",
            "Grade",
            "Maximum Grade",
            "Grade can be changed",
            "Last modified (submission)",
            "Last modified (grade)",
            "Feedback comments",
        ])),
        Platform::Canvas => {
            rows.push(own(&["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column]));
            rows.push(own(&["    Points Possible", "", "", "", "", &max]));
        }
        Platform::Blackboard => rows.push(own(&["Username", column])),
        Platform::Ilias => rows.push(own(ILIAS)),
        _ => rows.push(own(&["First Name", "Last Name", "SID", "Email", column, "Max Points", "Submission ID"])),
    }
    let people = |(learner, whose): (_, &Whose)| whose.people().into_iter().map(move |person| (learner, person));
    for (learner, whose) in counted(class, platform).flat_map(people) {
        let Whose { name, number, username, email, .. } = &whose;
        let said = comment(class, learner, language);
        let mark = mark(learner);
        rows.push(match platform {
            Platform::Moodle => {
                let participant = format!("Participant {number}");
                own(&[&participant, name, "", "", &mark, &max, "Yes", "-", "-", &said])
            }
            Platform::Canvas => own(&[name, number, "", "", "", &mark]),
            Platform::Blackboard => own(&[username, &mark]),
            Platform::Ilias => {
                let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
                let update = if mark.is_empty() { "0" } else { "1" };
                own(&[update, number, username, last, first, iliass_status(learner), &mark, "", &said, "", ""])
            }
            _ => {
                let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
                own(&[first, last, number, email, &mark, &max, &whose.exact.to_string_lossy()])
            }
        });
    }
    table(&rows, b',')
}

/// The columns of ILIAS's status file.
const ILIAS: &[&str] = &[
    "update",
    "usr_id",
    "login",
    "lastname",
    "firstname",
    "status",
    "mark",
    "notice",
    "comment",
    "plagiarism",
    "plag_comment",
];

pub(super) fn iliass_status(learner: &Learner) -> &'static str {
    match (learner.mark(), learner.passed) {
        (None, _) => "notgraded",
        (Some(_), true) => "passed",
        (Some(_), false) => "failed",
    }
}

/// A table as text, with the byte order mark. Cost: O(cells).
pub(super) fn table(rows: &[Vec<String>], delimiter: u8) -> String {
    let mut table =
        csv::WriterBuilder::new().delimiter(delimiter).quote_style(csv::QuoteStyle::Necessary).from_writer(Vec::new());
    for row in rows {
        table
            .write_record(row.iter().map(|cell| harmless(cell)))
            .expect("rows of one length, and memory takes any writing");
    }
    let bytes = table.into_inner().expect("memory takes any writing");
    format!("\u{feff}{}", String::from_utf8(bytes).expect("what was written is UTF-8"))
}
