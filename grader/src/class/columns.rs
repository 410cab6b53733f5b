//! What the columns of a roster hold, by their names in several languages.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::worksheet::{self, Column, Told, folded_head};
use crate::intake::platform::Platform;

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
    /// Further rows of the same person, as of somebody in two sections.
    pub more_rows: Vec<usize>,
    /// The full name.
    pub name: String,
    /// The platform's number.
    pub number: String,
    /// What they log in with.
    pub username: String,
    /// Their address.
    pub email: String,
    /// The group that they work in; empty if unknown.
    pub group: String,
    /// Whether the platform says that they handed in late.
    pub late: bool,
    /// Whether the platform says that what is there is a draft, which they did not hand in.
    pub draft: bool,
}

impl Person {
    /// All rows of this person.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        [self.row].into_iter().chain(self.more_rows.iter().copied())
    }

    /// The name as shown, with whatever distinguishes it from others of the same name: where a platform names submissions by
    /// user names, that. Under blind marking nobody has a name.
    pub fn shown(&self, form: Form) -> String {
        let marks = match form {
            Form::Of(Platform::Blackboard | Platform::Brightspace) => [&self.username, &self.number, &self.email],
            _ => [&self.number, &self.username, &self.email],
        };
        let mark = marks.into_iter().find(|mark| !mark.is_empty());
        match (self.name.is_empty(), mark) {
            (false, Some(mark)) => format!("{} ({mark})", self.name),
            (true, Some(mark)) if form == Form::Of(Platform::Moodle) && *mark == self.number => {
                format!("Participant {mark}")
            }
            (true, Some(mark)) => mark.clone(),
            (_, None) => self.name.clone(),
        }
    }
}

/// Which columns have what.
#[derive(Debug, Default)]
pub(super) struct Columns {
    name: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    number: Option<usize>,
    username: Option<usize>,
    email: Option<usize>,
    status: Option<usize>,
    group: Option<usize>,
    /// How late it came, as a length of time.
    lateness: Option<usize>,
}

impl Columns {
    pub(super) fn of(head: &[String]) -> Self {
        let names: Vec<String> = head.iter().map(|name| folded_head(name)).collect();
        let find = |known: &[&str]| known.iter().find_map(|name| names.iter().position(|other| other == name));
        let of_moodle = |column: Column| names.iter().position(|name| worksheet::is(column, name));
        let first = find(&["first name", "firstname", "prenom", "given name", "vorname", "nome", "nombre", "voornaam"]);
        let last = find(&[
            "last name",
            "lastname",
            "surname",
            "nom de famille",
            "family name",
            "nachname",
            "cognome",
            "apellidos",
            "apellido(s)",
            "apelido",
            "sobrenome",
            "achternaam",
        ]);
        // Beside a first name `Nom` is the family name, which many share; alone it is the whole name.
        let plain = find(&["name", "nom"]);
        let is_family = first.is_some() && last.is_none();
        // What is the whole name in one language's worksheet is the first name elsewhere.
        let whole = of_moodle(Column::Name).filter(|at| Some(*at) != first);
        let whole = whole.or_else(|| find(&["student", "student name", "learner", "identifier name"]));
        Self {
            name: whole.or(plain.filter(|_| !is_family)),
            first,
            last: last.or(plain.filter(|_| is_family)),
            number: find(&["id", "usr_id", "orgdefinedid", "sid", "student id", "number", "matrikelnummer"])
                .or_else(|| of_moodle(Column::Id)),
            username: find(&[
                "username",
                "sis login id",
                "login",
                "github_username",
                "user name",
                "nom d'utilisateur",
                "benutzername",
                "anmeldename",
                "nombre de usuario",
            ]),
            email: find(&[
                "email",
                "e-mail",
                "courriel",
                "adresse electronique",
                "adresse e-mail",
                "adresse mail",
                "adresse email",
                "correo electronico",
                "mail",
            ])
            .or_else(|| of_moodle(Column::Email)),
            status: of_moodle(Column::Status),
            lateness: only(&names, |name| name.ends_with("lateness (h:m:s)")),
            group: find(&["group", "gruppe", "groupe", "grupo", "gruppo", "groep", "group name", "team"]),
        }
    }

    pub(super) fn tells(&self) -> bool {
        [self.name, self.last, self.number, self.username, self.email].iter().any(Option::is_some)
    }

    /// The columns that say who somebody is and how they stand: no mark belongs there.
    pub(super) fn taken(&self) -> Vec<usize> {
        let all = [self.name, self.first, self.last, self.number, self.username, self.email, self.status, self.group];
        all.into_iter().chain([self.lateness]).flatten().collect()
    }

    pub(super) fn person(&self, row: usize, cells: &[String], form: Form) -> Option<Person> {
        let cell = |column: Option<usize>| column.and_then(|column| cells.get(column)).map_or("", |cell| cell.trim());
        let name = match cell(self.name) {
            "" => format!("{} {}", cell(self.first), cell(self.last)).trim().to_owned(),
            name => name.to_owned(),
        };
        // `Participant 1234`, `Teilnehmer/in1234`, `#1234`: only the number matters.
        let number = cell(self.number).trim_start_matches('#');
        let number = match form {
            Form::Of(Platform::Moodle) => worksheet::number(number),
            _ => number,
        };
        let status = cell(self.status);
        let person = Person {
            row,
            more_rows: Vec::new(),
            name,
            number: number.to_owned(),
            username: cell(self.username).trim_start_matches('#').to_owned(),
            email: cell(self.email).to_owned(),
            group: cell(self.group).to_owned(),
            late: worksheet::says(status, Told::Late) || is_some_time(cell(self.lateness)),
            draft: worksheet::says(status, Told::Draft),
        };
        // Canvas's second row has the points possible, and its last row is a test student.
        let is_canvas = form == Form::Of(Platform::Canvas);
        let is_nobody = person.name == "Points Possible"
            || is_canvas && (person.number.is_empty() || person.name == "Student, Test");
        let is_blank =
            [&person.name, &person.number, &person.username, &person.email].iter().all(|cell| cell.is_empty());
        (!is_nobody && !is_blank).then_some(person)
    }
}

/// The only column of such a name: of several, each is another assignment's.
fn only(names: &[String], fits: impl Fn(&str) -> bool) -> Option<usize> {
    let mut found = names.iter().enumerate().filter(|(_, name)| fits(name)).map(|(at, _)| at);
    found.next().filter(|_| found.next().is_none())
}

/// Whether a length of time as Gradescope writes it, `00:12:30`, is more than none.
fn is_some_time(cell: &str) -> bool {
    let is_time = !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit() || c == ':');
    is_time && cell.contains(|c: char| ('1'..='9').contains(&c))
}

/// The kind of a roster, from its head and what stands below.
pub(super) fn form_of(head: &[String], rows: &[Vec<String>]) -> Form {
    let has = |wanted: &str| head.iter().any(|name| folded_head(name) == wanted);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column)).map(String::as_str);
    if !has("github_username") && worksheet::is_worksheet(head, cells) {
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

/// A name for comparison: without accents, case and order, so that `Lovelace, Ada` equals `ada lovelace`.
pub(super) fn folded(name: &str) -> String {
    let plain: String = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let mut words: Vec<&str> =
        plain.split(|c: char| !c.is_alphanumeric() && c != '@' && c != '.').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_the_name_that_the_platform_gives_submissions() {
        let of = |name: &str| Person {
            name: name.to_owned(),
            number: "4".to_owned(),
            username: "al".to_owned(),
            email: "al@u".to_owned(),
            ..Person::default()
        };
        for (platform, name, shown) in [
            (Platform::Blackboard, "Al Non", "Al Non (al)"),
            (Platform::Brightspace, "Al Non", "Al Non (al)"),
            (Platform::Moodle, "Al Non", "Al Non (4)"),
            // Under blind marking.
            (Platform::Moodle, "", "Participant 4"),
            (Platform::Canvas, "Al Non", "Al Non (4)"),
        ] {
            assert_eq!(of(name).shown(Form::Of(platform)), shown, "{platform:?}");
        }
    }
}
