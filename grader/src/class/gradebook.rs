//! The platform's own gradebook or worksheet with one column filled in, on the scale that the file has. Whatever is converted,
//! replaced or left as it was is told to the teacher.

use cachedojo_notation::text::Language;

use super::columns::{Columns, folded_head};
use super::page::state_name;
use super::roster::{Form, Roster};
use super::scale::{Scale, is_points};
use super::summary::{Class, Learner, State};
use super::table::harmless;
use crate::host::printable;
use crate::intake::platform::Platform;

/// Most names in a sentence.
const NAMED_MAX: usize = 5;

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

/// The roster's own table, with the marks in it: in the column of that name, where it has one, else in a new one. The name of the
/// file is left to the caller. Cost: O(cells).
pub fn filled(class: &Class, roster: &Roster, matched: &[Vec<usize>], column: &str, language: Language) -> Marks {
    let mut book = Book::of(class, roster, column, language);
    for (learner, people) in class.learners.iter().zip(matched).filter(|(one, _)| one.state != State::Superseded) {
        for row in people.iter().flat_map(|person| roster.people[*person].rows()) {
            book.enter(learner, row);
        }
    }
    let told = book.remarks();
    let all: Vec<Vec<String>> = [book.head].into_iter().chain(book.rows).collect();
    Marks { name: String::new(), text: table(&all, roster.delimiter), told }
}

/// A gradebook that is being filled in.
struct Book<'a> {
    class: &'a Class,
    roster: &'a Roster,
    language: Language,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The column of the marks, and whether it was made.
    grade: usize,
    made: bool,
    scale: Scale,
    feedback: Option<usize>,
    /// Whether the platform says that a mark may be changed.
    open: Option<usize>,
    /// ILIAS's columns.
    status: Option<(usize, usize)>,
    /// How many marks and comments stood there and are others now.
    replaced: [usize; 2],
    /// Whose rows are left as they were.
    locked: Vec<String>,
}

impl<'a> Book<'a> {
    fn of(class: &'a Class, roster: &'a Roster, column: &str, language: Language) -> Self {
        let (mut head, mut rows) = (roster.head.clone(), roster.rows.clone());
        let (grade, made) = grade_column(&mut head, &mut rows, roster.form, column);
        // A column that was made may stand before others.
        let find = |names: &[&str]| head.iter().position(|name| names.contains(&folded_head(name).as_str()));
        let feedback = find(&["feedback comments", "feedback par commentaires", "feedback als kommentar"]);
        let open = find(&["grade can be changed", "la note peut etre modifiee", "bewertung kann geandert werden"]);
        let status =
            if roster.form == Form::Of(Platform::Ilias) { find(&["update"]).zip(find(&["status"])) } else { None };
        let scale = Scale::of(roster, grade, made);
        if let (Form::Of(Platform::Canvas), Some(points)) = (roster.form, rows.iter_mut().find(|row| is_points(row)))
            && points[grade].trim().is_empty()
        {
            points[grade] = class.max_score.to_string();
        }
        let (replaced, locked) = ([0; 2], Vec::new());
        Self { class, roster, language, head, rows, grade, made, scale, feedback, open, status, replaced, locked }
    }

    /// Enters a learner's mark, or why there is none, in a row.
    fn enter(&mut self, learner: &Learner, at: usize) {
        let mark = learner.mark();
        let is_explained =
            matches!(learner.state, State::Empty | State::Missing | State::Unreadable | State::Ambiguous);
        let Some(row) = self.rows.get_mut(at).filter(|_| mark.is_some() || is_explained) else { return };
        if self.open.is_some_and(|open| row[open].trim().to_lowercase().starts_with('n')) {
            self.locked.push(printable::line(&learner.learner));
            return;
        }
        if let Some(mark) = mark {
            let scaled = self.scale.at(at).map_or(mark.to_string(), |most| most.mark(mark, self.class.max_score));
            self.replaced[0] += usize::from(!is_blank(&row[self.grade]) && !is_same(&row[self.grade], &scaled));
            row[self.grade] = scaled;
            if let Some((update, status)) = self.status {
                (row[update], row[status]) = ("1".to_owned(), iliass_status(learner).to_owned());
            }
        }
        if let Some(feedback) = self.feedback {
            let said = comment(self.class, learner, self.language);
            self.replaced[1] += usize::from(!is_blank(&row[feedback]) && row[feedback] != said);
            row[feedback] = said;
        }
    }

    /// What the teacher is to know.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let is_french = self.language == Language::French;
        let most = self.class.max_score;
        if let Some(maximum) = (0..self.rows.len()).find_map(|row| self.scale.at(row)).filter(|told| !told.is(most)) {
            let maximum = maximum.shown();
            remarks.push(if is_french {
                format!("son maximum est {maximum} : les {most} points y sont convertis")
            } else {
                format!("its maximum is {maximum}: the {most} points are converted to that")
            });
        }
        if self.made && matches!(self.roster.form, Form::Of(_) | Form::Plain) {
            let name = printable::line(&self.head[self.grade]);
            remarks.push(if is_french {
                format!("il n'y avait pas de colonne pour ces notes, `{name}` a donc été ajoutée : --column en nomme une autre")
            } else {
                format!("it had no column for these marks, so `{name}` was made: --column names another")
            });
        }
        remarks.extend(self.replaced_in_words());
        if !self.locked.is_empty() {
            let named = printable::first_names(self.locked.iter().cloned(), NAMED_MAX);
            remarks.push(if is_french {
                format!("laissés tels quels, car la plateforme dit qu'ils ne peuvent être changés : {named}")
            } else {
                format!("left as they were, because the platform says that they cannot be changed: {named}")
            });
        }
        remarks
    }

    /// How many marks and comments of the platform's file are other ones in this copy.
    fn replaced_in_words(&self) -> Option<String> {
        let [marks, comments] = self.replaced;
        let is_french = self.language == Language::French;
        let (mark, comment) = if is_french { ("note", "commentaire") } else { ("mark", "comment") };
        let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let replaced: Vec<String> = [(marks, mark), (comments, comment)]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| counted(count, what))
            .collect();
        (!replaced.is_empty()).then(|| {
            if is_french {
                format!("dans cette copie, elles remplacent {} déjà présents", replaced.join(" et "))
            } else {
                format!("in this copy they replace {} that stood there", replaced.join(" and "))
            }
        })
    }
}

/// Whether a cell holds nothing yet.
fn is_blank(cell: &str) -> bool {
    matches!(cell.trim(), "" | "-")
}

/// Whether two cells hold the same mark, however it is written.
fn is_same(one: &str, other: &str) -> bool {
    let number = |cell: &str| cell.trim().replace(',', ".").parse::<f64>().ok();
    one.trim() == other || number(one).zip(number(other)).is_some_and(|(one, other)| (one - other).abs() < 1e-9)
}

/// The column for the marks, and whether it was made because the roster has none.
fn grade_column(head: &mut Vec<String>, rows: &mut [Vec<String>], form: Form, column: &str) -> (usize, bool) {
    let fixed: &[&str] = match form {
        Form::Of(Platform::Moodle) => &["grade", "note", "bewertung", "calificacion", "valutazione"],
        Form::Of(Platform::Ilias) => &["mark"],
        Form::GithubClassroom => &["points_awarded"],
        _ => &[],
    };
    let (names, wanted): (Vec<String>, String) =
        (head.iter().map(|name| folded_head(name)).collect(), folded_head(column));
    let taken = Columns::of(head).taken();
    let find = |is: &dyn Fn(&str) -> bool| (0..names.len()).find(|at| !taken.contains(at) && is(&names[*at]));
    // `TP 1` is not `TP 10`, which may stand before it.
    let begins = |name: &str| name.strip_prefix(&wanted).map(|rest| !rest.starts_with(char::is_alphanumeric));
    let own = find(&|name| fixed.contains(&name));
    let own = own.or_else(|| find(&|name| name == wanted));
    let own = own.or_else(|| find(&|name| begins(name) == Some(true)));
    if let Some(at) = own.or_else(|| find(&|name| begins(name).is_some())) {
        return (at, false);
    }
    // Brightspace's last column must stay the last.
    let end = head.iter().position(|name| name.trim() == "End-of-Line Indicator").unwrap_or(head.len());
    let name = match form {
        Form::Of(Platform::Brightspace) => format!("{column} Points Grade"),
        Form::GithubClassroom => "points_awarded".to_owned(),
        _ => column.to_owned(),
    };
    head.insert(end, name);
    for row in rows {
        row.insert(end, String::new());
    }
    (end, true)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_goes_where_a_name_is() {
        let row = |cells: &str| cells.split(',').map(str::to_owned).collect::<Vec<_>>();
        for (head, form, column, expected) in [
            ("OrgDefinedId,Last Name,First Name,End-of-Line Indicator", Form::Of(Platform::Brightspace), "First", 3),
            ("Student,ID,Section,First words (12)", Form::Of(Platform::Canvas), "First words", 3),
            ("Nom,Prénom,Courriel", Form::Plain, "Nom", 3),
            ("name,email,Lab 10,Lab 1", Form::Plain, "Lab 1", 3),
            ("name,email,Lab 10", Form::Plain, "Lab 1", 2),
        ] {
            let (mut head, mut rows) = (row(head), vec![row("a,b,c,d")]);
            let (at, made) = grade_column(&mut head, &mut rows, form, column);
            assert_eq!((at, made), (expected, rows[0].len() > 4), "{column} in {head:?}");
        }
    }
}
