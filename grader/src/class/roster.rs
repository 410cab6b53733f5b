//! The people of a course, as a platform exports them: a gradebook, a grading worksheet, a class list. It is needed to see who
//! handed in nothing, and to return marks in the platform's own columns.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::host::files::{open_named, read_at_most};
use crate::host::outcome::UsageError;
use crate::intake::platform::{Platform, Whose};

/// Largest roster that is read, in bytes.
const ROSTER_BYTES_MAX: u64 = 16 << 20;
/// Most lines of a roster, and most cells: a row is as long as the head, whatever stands in it.
const LINES_MAX: usize = 50_000;
const CELLS_MAX: usize = 4_000_000;

/// A roster: the platform's table, and the people in it.
#[derive(Debug, Clone)]
pub struct Roster {
    /// The platform or kind that its format belongs to.
    pub form: Form,
    /// The names of its columns.
    pub head: Vec<String>,
    /// Its rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
    /// The separator of cells.
    pub delimiter: u8,
    /// The people, with their rows.
    pub people: Vec<Person>,
}

/// The kinds of rosters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Of a platform.
    Of(Platform),
    /// GitHub Classroom's list.
    GithubClassroom,
    /// A list of names that somebody made by hand.
    Plain,
}

/// One of the people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The row.
    pub row: usize,
    /// The full name.
    pub name: String,
    /// The platform's number.
    pub number: String,
    /// What they log in with.
    pub username: String,
    /// Their address.
    pub email: String,
    /// Whether the platform says that they handed in late.
    pub late: bool,
}

impl Person {
    /// The name as shown, with whatever distinguishes it from others of the same name.
    pub fn shown(&self) -> String {
        let mark = [&self.number, &self.username, &self.email].into_iter().find(|mark| !mark.is_empty());
        match (self.name.is_empty(), mark) {
            (false, Some(mark)) => format!("{} ({mark})", self.name),
            (true, Some(mark)) => mark.clone(),
            (_, None) => self.name.clone(),
        }
    }
}

/// Which columns have what.
#[derive(Debug, Default)]
struct Columns {
    name: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    number: Option<usize>,
    username: Option<usize>,
    email: Option<usize>,
    status: Option<usize>,
}

impl Roster {
    /// Reads a roster: CSV with commas, semicolons or tabs, in UTF-8 or, as Blackboard writes it, UTF-16.
    ///
    /// # Errors
    /// It cannot be read, or has no column that identifies a person.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let unreadable = |error: std::io::Error| UsageError(format!("the roster `{shown}` cannot be read: {error}"));
        let bytes = open_named(path).and_then(|file| read_at_most(file, ROSTER_BYTES_MAX)).map_err(unreadable)?;
        let text =
            text_of(&bytes).ok_or_else(|| UsageError(format!("the roster `{shown}` is no text: export it as CSV")))?;
        if is_too_large(&text) {
            let why = format!(
                "the roster `{shown}` has more than {LINES_MAX} lines or {CELLS_MAX} cells: export the people of your course alone"
            );
            return Err(UsageError(why).into());
        }
        Self::parse(&text).ok_or_else(|| {
            UsageError(format!(
                "the roster `{shown}` has no column that tells a person: export it from your platform, or begin it with a line \
                 such as `name,email`"
            ))
            .into()
        })
    }

    /// A roster from its text; `None` if no column identifies a person.
    pub fn parse(text: &str) -> Option<Self> {
        // A spreadsheet's file may begin with a line that names its separator, and with empty rows.
        let text = text.trim_start_matches(['\r', '\n']);
        let sep = text.lines().next()?.trim().strip_prefix("sep=").filter(|rest| rest.len() <= 1);
        let text = if sep.is_some() { text.split_once('\n')?.1 } else { text };
        let text = text.trim_start_matches(['\r', '\n']);
        let first = text.lines().next()?;
        let delimiter = [b'\t', b';', b',']
            .into_iter()
            .max_by_key(|delimiter| first.bytes().filter(|byte| byte == delimiter).count())?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let mut rows = reader.records().flatten().map(|row| row.iter().map(str::to_owned).collect::<Vec<_>>());
        let head = rows.next()?;
        let rows: Vec<Vec<String>> = rows
            .map(|mut row| {
                row.resize(head.len(), String::new());
                row
            })
            .collect();
        let columns = Columns::of(&head);
        let form = form_of(&head);
        let people: Vec<Person> =
            rows.iter().enumerate().filter_map(|(at, row)| columns.person(at, row, form)).collect();
        columns.tells().then_some(Self { form, head, rows, delimiter, people })
    }

    /// Which of the people each learner is, where just one fits: several where a group handed in together, none where nobody fits.
    pub fn matched(&self, learners: &[(&str, &Whose)]) -> Vec<Vec<usize>> {
        let index = Index::of(self);
        let of_learner = |(learner, whose): &(&str, &Whose)| -> Vec<usize> {
            whose.people().iter().filter_map(|person| index.find(self, learner, person)).collect()
        };
        let found: Vec<Vec<usize>> = learners.iter().map(of_learner).collect();
        // Two learners are not one person: then the roster does not tell who either is.
        let mut times: BTreeMap<usize, BTreeSet<&Key<'_>>> = BTreeMap::new();
        let keys: Vec<Key<'_>> = learners.iter().map(|(_, whose)| Key(whose.platform, &whose.exact)).collect();
        for (people, key) in found.iter().zip(&keys) {
            for person in people {
                times.entry(*person).or_default().insert(key);
            }
        }
        let sure = |people: Vec<usize>| people.into_iter().filter(|person| times[person].len() == 1).collect();
        found.into_iter().map(sure).collect()
    }
}

/// Whether a table has more lines or cells than a course has. Cost: O(text).
fn is_too_large(text: &str) -> bool {
    let lines = text.lines().count();
    // The head is among the first lines; what stands between its cells is not known yet.
    let marks = |line: &str| line.bytes().filter(|byte| b"\t;,".contains(byte)).count() + 1;
    let columns = text.lines().filter(|line| !line.trim().is_empty()).take(2).map(marks).max().unwrap_or(1);
    lines > LINES_MAX || lines.saturating_mul(columns) > CELLS_MAX
}

/// What identifies a learner.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(Platform, &'a std::ffi::OsStr);

/// The people by each name that could identify them; a name that two people share identifies neither.
struct Index {
    numbers: BTreeMap<String, Option<usize>>,
    others: BTreeMap<String, Option<usize>>,
}

impl Index {
    fn of(roster: &Roster) -> Self {
        let mut index = Self { numbers: BTreeMap::new(), others: BTreeMap::new() };
        for (at, person) in roster.people.iter().enumerate() {
            add(&mut index.numbers, &person.number, at);
            for name in [&person.username, &person.email, &person.name, &person.number] {
                add(&mut index.others, &folded(name), at);
            }
        }
        index
    }

    fn find(&self, roster: &Roster, learner: &str, whose: &Whose) -> Option<usize> {
        // A number is valid only within its own platform.
        if roster.form == Form::Of(whose.platform)
            && let Some(Some(person)) = self.numbers.get(&whose.number).filter(|_| !whose.number.is_empty())
        {
            return Some(*person);
        }
        let names = [&whose.username, &whose.email, &whose.name, learner];
        let mut named = names.into_iter().filter(|name| !name.is_empty());
        if let Some(person) = named.find_map(|name| *self.others.get(&folded(name))?) {
            return Some(person);
        }
        // GitHub Classroom names a repository after the assignment and the person: `lab-1-ada`.
        let mut rest = learner;
        while let Some((_, person)) = rest.split_once('-') {
            if let Some(Some(person)) = self.others.get(&folded(person)) {
                return Some(*person);
            }
            rest = person;
        }
        None
    }
}

fn add(index: &mut BTreeMap<String, Option<usize>>, name: &str, person: usize) {
    if name.is_empty() {
        return;
    }
    index
        .entry(name.to_owned())
        .and_modify(|known| *known = known.filter(|known| *known == person))
        .or_insert(Some(person));
}

/// A name for comparison: without accents, case and order, so that `Lovelace, Ada` equals `ada lovelace`.
fn folded(name: &str) -> String {
    let plain: String = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let mut words: Vec<&str> =
        plain.split(|c: char| !c.is_alphanumeric() && c != '@' && c != '.').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.join(" ")
}

impl Columns {
    fn of(head: &[String]) -> Self {
        let names: Vec<String> = head.iter().map(|name| folded_head(name)).collect();
        let find = |known: &[&str]| known.iter().find_map(|name| names.iter().position(|other| other == name));
        Self {
            name: find(&[
                "full name",
                "nom complet",
                "student",
                "student name",
                "name",
                "learner",
                "nom",
                "identifier name",
            ]),
            first: find(&["first name", "firstname", "prénom", "given name"]),
            last: find(&["last name", "lastname", "surname", "nom de famille", "family name"]),
            number: find(&["identifier", "identifiant", "id", "usr_id", "orgdefinedid", "sid", "student id", "number"]),
            username: find(&["username", "sis login id", "login", "github_username", "user name", "nom d'utilisateur"]),
            email: find(&["email address", "email", "adresse de courriel", "adresse e-mail", "mail"]),
            status: find(&["status", "statut"]),
        }
    }

    fn tells(&self) -> bool {
        [self.name, self.last, self.number, self.username, self.email].iter().any(Option::is_some)
    }

    fn person(&self, row: usize, cells: &[String], form: Form) -> Option<Person> {
        let cell = |column: Option<usize>| column.and_then(|column| cells.get(column)).map_or("", |cell| cell.trim());
        let name = match cell(self.name) {
            "" => format!("{} {}", cell(self.first), cell(self.last)).trim().to_owned(),
            name => name.to_owned(),
        };
        // `Participant 1234`, `#1234`: only the number matters.
        let number = cell(self.number).trim_start_matches('#');
        let number = match form {
            Form::Of(Platform::Moodle) => number.rsplit(' ').next().unwrap_or_default(),
            _ => number,
        };
        let status = cell(self.status).to_lowercase();
        let person = Person {
            row,
            name,
            number: number.to_owned(),
            username: cell(self.username).trim_start_matches('#').to_owned(),
            email: cell(self.email).to_owned(),
            late: ["late", "retard"]
                .iter()
                .any(|word| status.split(|c: char| !c.is_alphabetic()).any(|part| part == *word)),
        };
        // Canvas's second row has the points possible, and its last row is a test student.
        let is_nobody =
            person.name == "Points Possible" || person.number.is_empty() && form == Form::Of(Platform::Canvas);
        let is_blank =
            [&person.name, &person.number, &person.username, &person.email].iter().all(|cell| cell.is_empty());
        (!is_nobody && !is_blank).then_some(person)
    }
}

fn folded_head(name: &str) -> String {
    name.trim().trim_start_matches('\u{feff}').to_lowercase()
}

fn form_of(head: &[String]) -> Form {
    let has = |wanted: &str| head.iter().any(|name| folded_head(name) == wanted);
    if (has("identifier") || has("identifiant")) && !has("github_username") {
        Form::Of(Platform::Moodle)
    } else if has("usr_id") {
        Form::Of(Platform::Ilias)
    } else if has("orgdefinedid") || has("end-of-line indicator") {
        Form::Of(Platform::Brightspace)
    } else if has("sis user id") || has("sis login id") || has("student") && has("section") && has("id") {
        Form::Of(Platform::Canvas)
    } else if has("github_username") {
        Form::GithubClassroom
    } else if has("username") && has("last name") {
        Form::Of(Platform::Blackboard)
    } else if has("sid") {
        Form::Of(Platform::Gradescope)
    } else {
        Form::Plain
    }
}

/// A table's text, in any of the encodings that spreadsheets write.
fn text_of(bytes: &[u8]) -> Option<String> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        // From a spreadsheet on an older Windows: roughly Latin-1.
        _ => Some(
            String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect()),
        ),
    }
    .filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_larger_than_any_course_is_not_laid_out() {
        let people = |count: usize| format!("name,email\n{}", "ada,ada@x.org\n".repeat(count));
        let wide = format!("{}\n{}", "name,".repeat(100_000), "ada\n".repeat(100));
        for (text, large) in [
            (people(20_000), false),
            (people(60_000), true),
            (format!("sep=,\n{wide}"), true),
            (wide, true),
            (String::new(), false),
        ] {
            assert_eq!(is_too_large(&text), large, "{} bytes", text.len());
        }
    }

    #[test]
    fn whatever_spreadsheet_wrote_a_list_it_is_the_same_people() {
        let plain = "name;email\nAda Lovelace;ada@x.org\nAlan Turing;alan@x.org\n";
        let people = |text: &str| Roster::parse(&text_of(text.as_bytes())?).map(|roster| roster.people);
        let expected = people(plain).expect("a list");
        assert_eq!(expected.len(), 2);
        let check = |other: &str| assert_eq!(people(other).as_ref(), Some(&expected), "{other:?}");
        check(&plain.replace('\n', "\r\n"));
        check(&format!("\u{feff}{plain}"));
        check(plain.trim_end());
        check(&plain.replace('\n', " \n").replace(';', " ; "));
        check(&format!("\n\r\n{plain}"));
        check(&format!("sep=;\r\n{plain}"));
        check(&format!("\u{feff}sep=;\n\n{plain}\n\n"));
        assert_eq!(people(""), None);
        assert_eq!(people("sep=,"), None);
    }
}
