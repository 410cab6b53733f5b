//! Marks in the platforms' formats: their own grading worksheet or gradebook with one column filled in, or the smallest table
//! that they import. All begin with the byte order mark by which a spreadsheet recognises UTF-8, and no cell is a formula.

use cachedojo_notation::text::Language;

pub use super::gradebook::Marks;
use super::gradebook::{comment, filled, iliass_status, table};
use super::roster::{Form, Roster};
use super::summary::{Class, Learner, State};
use super::worksheet;
use crate::intake::platform::{Owner, Platform};

/// The marks of a class in the forms of the platforms that its submissions came from, and in the roster's own. `columns` are
/// the names that the gradebook's column may have; a new one gets the first. Cost: O(learners).
pub fn render(
    class: &Class,
    roster: Option<(&Roster, &[Vec<usize>])>,
    columns: &[&str],
    language: Language,
) -> Vec<Marks> {
    let column = columns.first().copied().unwrap_or_default();
    let mut all = Vec::new();
    if let Some((roster, matched)) = roster {
        let name = match roster.form {
            Form::Of(platform) => name_of(platform),
            Form::GithubClassroom => "github-classroom",
            Form::Plain => "roster",
        };
        all.push(Marks { name: format!("marks-{name}.csv"), ..filled(class, roster, matched, columns, language) });
    }
    for platform in [Platform::Moodle, Platform::Canvas, Platform::Blackboard, Platform::Ilias, Platform::Gradescope] {
        let is_there = counted(class, platform).next().is_some();
        let name = format!("marks-{}.csv", name_of(platform));
        if is_there && all.iter().all(|marks: &Marks| marks.name != name) {
            // The platform's language is the roster's, where there is one.
            let head = roster.map_or(&[][..], |(roster, _)| roster.head.as_slice());
            let text = of_platform(class, platform, column, (language, worksheet::words_of(head)));
            all.push(Marks { name, text, told: unnamed(class, platform, language) });
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
fn counted(class: &Class, platform: Platform) -> impl Iterator<Item = (&Learner, &Owner)> {
    let of_platform = move |learner: &'_ &Learner| learner.state != State::Superseded;
    class.learners.iter().filter(of_platform).filter_map(move |learner| {
        learner.owner.as_ref().filter(|owner| owner.platform == platform).map(|owner| (learner, owner))
    })
}

/// What is said where a table leaves out who has no user name that is known for sure.
fn unnamed(class: &Class, platform: Platform, language: Language) -> Vec<String> {
    let of_nobody = |owner: &Owner| platform == Platform::Blackboard && owner.username.is_empty();
    let names = counted(class, platform).filter(|(_, owner)| of_nobody(owner)).map(|(learner, _)| &learner.learner);
    let names: Vec<&str> = names.map(String::as_str).collect();
    let said = match language {
        _ if names.is_empty() => return Vec::new(),
        Language::English => "left out, as the file names do not tell which part is the user name (give --roster):",
        Language::French => {
            "laissés de côté : le nom du fichier ne dit pas où commence l'identifiant (donnez --roster) :"
        }
    };
    vec![format!("{said} {}", names.join(", "))]
}

/// The smallest table that a platform imports.
fn of_platform(
    class: &Class,
    platform: Platform,
    column: &str,
    (language, words): (Language, &worksheet::Words),
) -> String {
    let max = class.max_score.to_string();
    let mark = |learner: &Learner| learner.mark().map(|mark| mark.to_string()).unwrap_or_default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let own = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    match platform {
        Platform::Moodle => rows.push(words.headings().map(str::to_owned).collect()),
        Platform::Canvas => {
            rows.push(own(&["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column]));
            rows.push(own(&["    Points Possible", "", "", "", "", &max]));
        }
        Platform::Blackboard => rows.push(own(&["Username", column])),
        Platform::Ilias => rows.push(own(ILIAS)),
        _ => rows.push(own(&["First Name", "Last Name", "SID", "Email", column, "Max Points", "Submission ID"])),
    }
    let people = |(learner, owner): (_, &Owner)| owner.people().into_iter().map(move |person| (learner, person));
    for (learner, owner) in counted(class, platform).flat_map(people) {
        let Owner { name, number, username, email, .. } = &owner;
        let said = comment(class, learner, language);
        let mark = mark(learner);
        rows.push(match platform {
            Platform::Moodle => {
                let participant = format!("{}{number}", words.participant);
                own(&[&participant, name, "", "", &mark, &max, words.yes, "-", "-", &said])
            }
            Platform::Canvas => own(&[name, number, "", "", "", &mark]),
            Platform::Blackboard if username.is_empty() => continue,
            Platform::Blackboard => own(&[username, &mark]),
            Platform::Ilias => {
                let (first, last) = halves(name);
                let update = if mark.is_empty() { "0" } else { "1" };
                own(&[update, number, username, last, first, iliass_status(learner), &mark, "", &said, "", ""])
            }
            _ => {
                let (first, last) = halves(name);
                own(&[first, last, number, email, &mark, &max, &owner.exact.to_string_lossy()])
            }
        });
    }
    table(&rows, b',')
}

/// The first name and the last name of a whole one: the last begins with its small words (`von der Heide`).
fn halves(name: &str) -> (&str, &str) {
    let is_small = |at: &usize| name[*at + 1..].starts_with(char::is_lowercase);
    let small = name.match_indices(' ').map(|(at, _)| at).find(is_small);
    let cut = small.or_else(|| name.rfind(' '));
    cut.map_or(("", name), |at| (&name[..at], &name[at + 1..]))
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
