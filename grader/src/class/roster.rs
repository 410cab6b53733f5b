//! The people of a course, as a platform exports them: a gradebook, a grading worksheet, a class list. It is needed to see who
//! handed in nothing, and to return marks in the platform's own columns.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::columns::{Columns, folded, form_of};
pub use super::columns::{Form, Person};
use crate::host::files::{open_named, read_at_most};
use crate::host::outcome::UsageError;

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

impl Roster {
    /// Reads a roster: CSV with commas, semicolons or tabs, in UTF-8 or, as Blackboard writes it, UTF-16.
    ///
    /// # Errors
    /// It cannot be read, or has no column that identifies a person.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let unreadable = |error: std::io::Error| UsageError(format!("the roster `{shown}` cannot be read: {error}"));
        let bytes = open_named(path).and_then(|file| read_at_most(file, ROSTER_BYTES_MAX)).map_err(unreadable)?;
        let text = text_of(&bytes).ok_or_else(|| {
            UsageError(format!("the roster `{shown}` is no text in UTF-8, UTF-16 or Latin-1: export it as CSV"))
        })?;
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
        let form = form_of(&head, &rows);
        let people = rows.iter().enumerate().filter_map(|(at, row)| columns.person(at, row, form));
        let people = each_once(people, form);
        columns.tells().then_some(Self { form, head, rows, delimiter, people })
    }
}

/// The people, each once: somebody in two sections of a course has two rows. Two rows are one person only where the platform's
/// number is the same, or everything that is known. Cost: O(rows).
fn each_once(rows: impl Iterator<Item = Person>, form: Form) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    let mut known: BTreeMap<[String; 4], usize> = BTreeMap::new();
    for person in rows {
        let Person { name, number, username, email, .. } = &person;
        let nothing = String::new;
        let key = if matches!(form, Form::Of(_)) && !number.is_empty() {
            [number.clone(), nothing(), nothing(), nothing()]
        } else {
            [number.clone(), folded(name), username.to_lowercase(), email.to_lowercase()]
        };
        let is_told = [number, username, email].iter().any(|told| !told.is_empty());
        if let Some(at) = known.get(&key).filter(|_| is_told) {
            people[*at].late |= person.late;
            people[*at].draft |= person.draft;
            people[*at].more_rows.push(person.row);
        } else {
            known.insert(key, people.len());
            people.push(person);
        }
    }
    people
}

/// Whether a table has more lines or cells than a course has. Cost: O(text).
fn is_too_large(text: &str) -> bool {
    let lines = text.lines().count();
    // The head is among the first lines; what stands between its cells is not known yet.
    let marks = |line: &str| line.bytes().filter(|byte| b"\t;,".contains(byte)).count() + 1;
    let columns = text.lines().filter(|line| !line.trim().is_empty()).take(2).map(marks).max().unwrap_or(1);
    lines > LINES_MAX || lines.saturating_mul(columns) > CELLS_MAX
}

/// A table's text, in any of the encodings that spreadsheets write.
fn text_of(bytes: &[u8]) -> Option<String> {
    let wide = |from: usize, unit: fn([u8; 2]) -> u16| {
        let units = bytes[from..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(2, u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(2, u16::from_be_bytes),
        // UTF-16 without its mark: the head begins with a Latin letter, half of which is zero.
        [1..=u8::MAX, 0, 1..=u8::MAX, 0, ..] => wide(0, u16::from_le_bytes),
        [0, 1..=u8::MAX, 0, 1..=u8::MAX, ..] => wide(0, u16::from_be_bytes),
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
    use crate::intake::platform::Platform;

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
        let wide = |unit: fn(u16) -> [u8; 2]| plain.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for bytes in [wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(text_of(&bytes).as_deref(), Some(plain));
        }
        assert_eq!(people(""), None);
        assert_eq!(people("sep=,"), None);
    }

    #[test]
    fn one_person_in_two_rows_is_one_person() {
        let check = |text: &str, rows: &[&[usize]]| {
            let roster = Roster::parse(text).expect(text);
            let found: Vec<Vec<usize>> = roster.people.iter().map(|person| person.rows().collect()).collect();
            assert_eq!(found, rows, "{text}");
        };
        check("Student,ID,SIS Login ID,Section\nLee,7,al,A\nLee,7,al,B\nLi,8,li,A\n", &[&[0, 1], &[2]]);
        check("Student,ID,SIS Login ID,Section\nLee,7,al,A\n\"Student, Test\",9,f00,A\n", &[&[0]]);
        check("Nom complet;Courriel\nAnn Lee;al@u\nAnn Lee;AL@u\n", &[&[0, 1]]);
        // Two people of one name, and two who share an address.
        check("name\nAnn Lee\nAnn Lee\n", &[&[0], &[1]]);
        check("name,email\nAnn Lee,al@u\nAnn Lee,other@u\n", &[&[0], &[1]]);
        check("name,email\nal,al@u\nbo,al@u\n", &[&[0], &[1]]);
    }

    #[test]
    fn a_column_means_the_same_in_every_language() {
        let check = |head: &str, cells: &str, name: &str, username: &str, email: &str| {
            let roster = Roster::parse(&format!("{head}\n{cells}\n")).expect(head);
            let [person] = &roster.people[..] else { panic!("{head}: {:?}", roster.people) };
            assert_eq!(
                (person.name.as_str(), person.username.as_str(), person.email.as_str()),
                (name, username, email),
                "{head}"
            );
        };
        check("Nom;Prénom;Adresse électronique", "Lee;Ann;al@u", "Ann Lee", "", "al@u");
        // The same with accents in characters of their own.
        check("Nom;Pre\u{301}nom;Adresse e\u{301}lectronique", "Lee;Ann;al@u", "Ann Lee", "", "al@u");
        check("Nom de famille;Prénom;Courriel", "Lee;Ann;al@u", "Ann Lee", "", "al@u");
        check("Nom\tPrénom\tNom d’utilisateur", "Lee\tAnn\tal", "Ann Lee", "al", "");
        check("Nachname;Vorname;Benutzername", "Lee;Ann;al", "Ann Lee", "al", "");
        check("Name;Vorname;E-Mail", "Lee;Ann;al@u", "Ann Lee", "", "al@u");
        check("Apellido(s);Nombre;Dirección de correo", "Lee;Ann;al@u", "Ann Lee", "", "al@u");
        check("Cognome;Nome;Mail", "Lee;Ann;al@u", "Ann Lee", "", "al@u");
        check("Nom;Courriel", "Ann Lee;al@u", "Ann Lee", "", "al@u");
        check("name,email", "Ann Lee,al@u", "Ann Lee", "", "al@u");
        check("Full name,First name,Last name", "Ann B. Lee,Ann,Lee", "Ann B. Lee", "", "");
    }

    #[test]
    fn gradescopes_lateness_is_read_where_it_is_one_assignments() {
        let check = |columns: &str, cells: &str, late: bool| {
            let roster = Roster::parse(&format!("First Name,Last Name,SID,Email,{columns}\nAnn,Lee,7,al@u,{cells}\n"));
            assert_eq!(roster.map(|roster| roster.people[0].late), Some(late), "{columns}: {cells}");
        };
        let one = "First words,First words - Lateness (H:M:S)";
        check(one, "5.0,01:22:00", true);
        check(one, "5.0,00:00:09", true);
        check(one, "5.0,00:00:00", false);
        check(one, "5.0,", false);
        check(&format!("{one},Other - Lateness (H:M:S)"), "5.0,01:22:00,", false);
    }

    #[test]
    fn moodles_worksheet_is_known_in_each_of_its_languages() {
        let check = |head: &str, cells: &str, form: Form, number: &str, late: bool, draft: bool| {
            let roster = Roster::parse(&format!("{head}\n{cells}\n")).expect(head);
            let [person] = &roster.people[..] else { panic!("{head}: {:?}", roster.people) };
            let told = (roster.form, person.name.as_str(), person.number.as_str(), person.late, person.draft);
            assert_eq!(told, (form, "Ann Lee", number, late, draft), "{head}\n{cells}");
        };
        let moodle = Form::Of(Platform::Moodle);
        for (head, participant, late, draft) in [
            (
                "Identifier,Full name,Status,Grade",
                "Participant 12",
                "Submitted - 2 hours late",
                "Draft (not submitted)",
            ),
            (
                "ID,Vollständiger Name,Status,Bewertung",
                "Teilnehmer/in12",
                "Abgegeben - 3 Tage zu spät",
                "Entwurf (nicht abgegeben)",
            ),
            (
                "Identifiant,Nom complet,Statut,Note",
                "Participant 12",
                "Remis - En retard de 2 jours",
                "Brouillon (non remis)",
            ),
            (
                "Identificador,Nombre completo,Estado,Calificación",
                "Participante 12",
                "Enviado - 2 horas después",
                "Borrador (no enviado)",
            ),
            (
                "Identificativo,Nome,Stato,Valutazione",
                "Partecipante 12",
                "Consegnato - 2 ore in ritardo",
                "Bozza (non consegnato)",
            ),
            (
                "Identificador,Nome completo,Estado,Nota",
                "Participante12",
                "Submetido - 2 horas atrasado",
                "Rascunho (não submetido)",
            ),
            (
                "Identificatie,Volledige naam,Status,Beoordeling",
                "Deelnemer12",
                "Ingestuurd - 2 uur laat",
                "Concept (nog niet ingestuurd)",
            ),
        ] {
            check(head, &format!("{participant},Ann Lee,{late},-"), moodle, "12", true, false);
            check(head, &format!("{participant},Ann Lee,{draft},-"), moodle, "12", false, true);
            check(head, &format!("{participant},Ann Lee,-,-"), moodle, "12", false, false);
        }
        // Somebody's own list, with numbers of its own.
        check("ID;Name;Bewertung", "4711;Ann Lee;", Form::Plain, "4711", false, false);
    }
}
