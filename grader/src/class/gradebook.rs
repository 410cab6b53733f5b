//! The platform's own gradebook or worksheet with one column filled in, on the scale that the file has. Whatever is converted,
//! replaced or left as it was is told to the teacher.

use cachedojo_notation::text::Language;

use super::columns::Columns;
use super::page::state_name;
use super::roster::{Form, Roster};
use super::scale::{Scale, is_points};
use super::summary::{Class, Learner, State};
use super::table::harmless;
use super::worksheet::folded_head;
use super::worksheet::{self, Column};
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

/// The roster's own table, with the marks in it: in the column of the first of these names that it has, else in a new one. The name
/// of the file is left to the caller. Cost: O(cells).
pub fn filled(class: &Class, roster: &Roster, matched: &[Vec<usize>], columns: &[&str], language: Language) -> Marks {
    let mut book = Book::of(class, roster, columns, language);
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
    /// The marks that stood there and are others now, with whose they are.
    replaced: Vec<String>,
    /// How many comments stood there and are others now.
    comments: usize,
    /// Whose rows are left as they were: the platform takes no mark there, or they are excused.
    locked: Vec<String>,
    excused: Vec<String>,
    /// The column that was named, where the platform takes the marks in one of its own.
    unheeded: Option<String>,
}

impl<'a> Book<'a> {
    fn of(class: &'a Class, roster: &'a Roster, columns: &[&str], language: Language) -> Self {
        let (mut head, mut rows) = (roster.head.clone(), roster.rows.clone());
        let (grade, made) = grade_column(&mut head, &mut rows, roster.form, columns);
        // A column that was made may stand before others.
        let find = |names: &[&str]| head.iter().position(|name| names.contains(&folded_head(name).as_str()));
        let is_moodle = roster.form == Form::Of(Platform::Moodle);
        let of_moodle = |column| head.iter().position(|name| is_moodle && worksheet::is(column, &folded_head(name)));
        let (feedback, open) = (of_moodle(Column::Feedback), of_moodle(Column::Open));
        let status =
            if roster.form == Form::Of(Platform::Ilias) { find(&["update"]).zip(find(&["status"])) } else { None };
        let scale = Scale::of(roster, grade, made);
        if let (Form::Of(Platform::Canvas), Some(points)) = (roster.form, rows.iter_mut().find(|row| is_points(row)))
            && points[grade].trim().is_empty()
        {
            points[grade] = class.max_score.to_string();
        }
        let is_other = |column: &&str| !folded_head(&head[grade]).starts_with(&folded_head(column));
        let unheeded = match columns {
            [column] => Some((*column).to_owned()).filter(|_| is_other(column)),
            _ => None,
        };
        let (replaced, locked, excused) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            class,
            roster,
            language,
            head,
            rows,
            grade,
            made,
            unheeded,
            scale,
            feedback,
            open,
            status,
            replaced,
            comments: 0,
            locked,
            excused,
        }
    }

    /// Enters a learner's mark, or why there is none, in a row.
    fn enter(&mut self, learner: &Learner, at: usize) {
        let mark = learner.mark();
        let is_explained =
            matches!(learner.state, State::Empty | State::Missing | State::Unreadable | State::Ambiguous);
        let Some(row) = self.rows.get_mut(at).filter(|_| mark.is_some() || is_explained) else { return };
        if self.roster.form == Form::Of(Platform::Canvas) && is_excused(&row[self.grade]) {
            self.excused.push(printable::line(&learner.learner));
            return;
        }
        if self.open.is_some_and(|open| row[open].trim().to_lowercase().starts_with('n')) {
            self.locked.push(printable::line(&learner.learner));
            return;
        }
        if let Some(mark) = mark {
            let scaled = self.scale.at(at).map_or(mark.to_string(), |most| most.mark(mark, self.class.max_score));
            if !is_blank(&row[self.grade]) && !is_same(&row[self.grade], &scaled) {
                let colon = if self.language == Language::French { " :" } else { ":" };
                let was = row[self.grade].trim();
                self.replaced.push(printable::line(&format!("{}{colon} {was}", learner.learner)));
            }
            row[self.grade] = scaled;
            if let Some((update, status)) = self.status {
                (row[update], row[status]) = ("1".to_owned(), iliass_status(learner).to_owned());
            }
        }
        if let Some(feedback) = self.feedback {
            let said = comment(self.class, learner, self.language);
            self.comments += usize::from(!is_blank(&row[feedback]) && row[feedback] != said);
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
        if let Some(column) = self.unheeded.as_deref().map(printable::line) {
            let name = printable::line(&self.head[self.grade]);
            remarks.push(if is_french {
                format!(
                    "les notes sont dans `{name}`, où la plateforme les prend : --column `{column}` n'y change rien"
                )
            } else {
                format!(
                    "the marks are in `{name}`, where the platform takes them: --column `{column}` changes nothing here"
                )
            });
        }
        let named = |names: &[String]| printable::first_names(names.iter().cloned(), NAMED_MAX);
        remarks.extend(self.replaced_in_words());
        if !self.locked.is_empty() {
            let named = named(&self.locked);
            remarks.push(if is_french {
                format!("laissés tels quels, car la plateforme dit qu'ils ne peuvent être changés : {named}")
            } else {
                format!("left as they were, because the platform says that they cannot be changed: {named}")
            });
        }
        if !self.excused.is_empty() {
            let named = named(&self.excused);
            remarks.push(if is_french {
                format!("laissés tels quels, car le carnet de notes les dispense : {named}")
            } else {
                format!("left as they were, because the gradebook excuses them: {named}")
            });
        }
        remarks
    }

    /// Whose marks, and how many comments, of the platform's file are other ones in this copy.
    fn replaced_in_words(&self) -> Option<String> {
        let is_french = self.language == Language::French;
        let (mark, comment) = if is_french { ("note", "commentaire") } else { ("mark", "comment") };
        let mut replaced = Vec::new();
        if !self.replaced.is_empty() {
            let named = printable::first_names(self.replaced.iter().cloned(), NAMED_MAX);
            replaced.push(format!("{} ({named})", printable::counted(self.replaced.len(), mark)));
        }
        if self.comments > 0 {
            replaced.push(printable::counted(self.comments, comment));
        }
        (!replaced.is_empty()).then(|| {
            if is_french {
                format!("dans cette copie, ce qui s'y trouvait est remplacé : {}", replaced.join(" et "))
            } else {
                format!("in this copy they replace what stood there: {}", replaced.join(" and "))
            }
        })
    }
}

/// Whether a cell holds nothing yet.
fn is_blank(cell: &str) -> bool {
    matches!(cell.trim(), "" | "-")
}

/// Whether a cell of Canvas's gradebook says that somebody need not hand in: a mark there would end that.
fn is_excused(cell: &str) -> bool {
    cell.trim().eq_ignore_ascii_case("EX")
}

/// Whether two cells hold the same mark, however it is written.
fn is_same(one: &str, other: &str) -> bool {
    let number = |cell: &str| cell.trim().replace(',', ".").parse::<f64>().ok();
    one.trim() == other || number(one).zip(number(other)).is_some_and(|(one, other)| (one - other).abs() < 1e-9)
}

/// The column for the marks, and whether it was made because the roster has none. `columns` are the names that it may have, the first
/// of which a new one gets.
fn grade_column(head: &mut Vec<String>, rows: &mut [Vec<String>], form: Form, columns: &[&str]) -> (usize, bool) {
    let fixed: &[&str] = match form {
        Form::Of(Platform::Ilias) => &["mark"],
        Form::GithubClassroom => &["points_awarded"],
        _ => &[],
    };
    let names: Vec<String> = head.iter().map(|name| folded_head(name)).collect();
    let wanted: Vec<String> = columns.iter().map(|column| folded_head(column)).collect();
    let taken = Columns::of(head).taken();
    let find = |is: &dyn Fn(&str) -> bool| (0..names.len()).find(|at| !taken.contains(at) && is(&names[*at]));
    // `TP 1` is not `TP 10`, which may stand before it.
    let begins = |name: &str| {
        let mut rests = wanted.iter().filter_map(|wanted| name.strip_prefix(wanted.as_str()));
        rests.next().map(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let is_moodle = form == Form::Of(Platform::Moodle);
    let own = find(&|name| fixed.contains(&name) || is_moodle && worksheet::is(Column::Grade, name));
    let own = own.or_else(|| find(&|name| wanted.iter().any(|wanted| name == wanted)));
    let own = own.or_else(|| find(&|name| begins(name) == Some(true)));
    if let Some(at) = own.or_else(|| find(&|name| begins(name).is_some())) {
        return (at, false);
    }
    // Brightspace's last column must stay the last.
    let end = head.iter().position(|name| name.trim() == "End-of-Line Indicator").unwrap_or(head.len());
    let column = columns.first().copied().unwrap_or_default();
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
        for (head, form, columns, expected) in [
            (
                "OrgDefinedId,Last Name,First Name,End-of-Line Indicator",
                Form::Of(Platform::Brightspace),
                &["First"][..],
                3,
            ),
            ("Student,ID,Section,First words (12)", Form::Of(Platform::Canvas), &["First words"][..], 3),
            ("Nom,Prénom,Courriel", Form::Plain, &["Nom"][..], 3),
            ("name,email,Lab 10,Lab 1", Form::Plain, &["Lab 1"][..], 3),
            ("name,email,Lab 10", Form::Plain, &["Lab 1"], 2),
            // The gradebook's language need not be the reports'.
            ("Student,ID,Section,First words (12)", Form::Of(Platform::Canvas), &["Premiers mots", "First words"], 3),
        ] {
            let (mut head, mut rows) = (row(head), vec![row("a,b,c,d")]);
            let (at, made) = grade_column(&mut head, &mut rows, form, columns);
            assert_eq!((at, made), (expected, rows[0].len() > 4), "{columns:?} in {head:?}");
        }
    }
}
