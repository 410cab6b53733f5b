//! What goes back to each platform: an export, made after its published rules, goes in, and its marks come out in the form in
//! which it takes them, with everybody's report under the name by which it knows them.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use grader::course::CourseFiles;

use super::zip;

/// A lesson that takes no compiler, with a script that solves it and one that does not.
struct Lesson {
    id: String,
    solved: String,
    failed: String,
}

fn lesson() -> Lesson {
    let course = CourseFiles::load().expect("a sound course").course;
    let lesson = course.lessons.iter().find(|lesson| lesson.mutant.is_none()).expect("a lesson without a bug");
    Lesson { id: lesson.id.clone(), solved: lesson.solution(), failed: "# nothing yet\n".to_owned() }
}

/// An export of a class: its archive's entries, the roster that the platform gives, and what is expected.
struct Export<'a> {
    entries: &'a [(&'a str, Handed)],
    roster: &'a str,
    column: &'a str,
    /// The file of marks, and its text without the mark at its start; `{max}` is the lesson's points.
    marks: (&'a str, &'a str),
    /// Where the reports stand in the archive that is handed back.
    reports: &'a [&'a str],
}

#[derive(Clone, Copy)]
enum Handed {
    Solved,
    Failed,
    Text(&'static str),
}

/// Grades the export twice, as somebody does who is not sure whether the first time went well.
#[track_caller]
fn check(export: &Export<'_>) {
    let lesson = lesson();
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name);
    let entries: Vec<(&str, &[u8])> = export
        .entries
        .iter()
        .map(|(name, handed)| {
            let text = match handed {
                Solved => &lesson.solved,
                Failed => &lesson.failed,
                Text(text) => *text,
            };
            (*name, text.as_bytes())
        })
        .collect();
    zip(&at("class.zip"), &entries);
    let mut arguments = vec!["class", "class.zip", "--exercise", &lesson.id, "--out", "out"];
    if !export.roster.is_empty() {
        fs::write(at("roster.csv"), export.roster).expect("there is room");
        arguments.extend(["--roster", "roster.csv", "--column", export.column]);
    }
    for _ in 0..2 {
        let output = Command::new(env!("CARGO_BIN_EXE_grader"))
            .current_dir(home.path())
            .args(&arguments)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        let (name, text) = export.marks;
        let marks = fs::read_to_string(at("out").join(name)).unwrap_or_else(|error| panic!("{name}: {error}: {said}"));
        assert_eq!(marks.strip_prefix('\u{feff}'), Some(text), "{name}");
        assert_eq!(reports(&at("out/feedback.zip")), export.reports, "{name}");
    }
}

fn reports(path: &Path) -> Vec<String> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).expect("an archive")).expect("an archive");
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let mut page = String::new();
        entry.read_to_string(&mut page).expect("a page");
        assert!(page.contains("<!doctype html>"));
        names.push(entry.name().expect("a name").into_owned());
    }
    names
}

use Handed::{Failed, Solved, Text};

#[test]
fn moodle_gets_its_grading_worksheet() {
    let entries: &[(&str, Handed)] = &[
        ("Ada Noé_12_assignsubmission_file_/script.txt", Solved),
        ("=Bob_13_assignsubmission_file_/script.txt", Failed),
        ("Cleo_14_assignsubmission_file_/notes.pdf", Text("x")),
    ];
    // Who handed in the wrong file is told so, too.
    let reports: &[&str] = &[
        "=Bob_13_assignsubmission_file_/report.html",
        "Ada Noé_12_assignsubmission_file_/report.html",
        "Cleo_14_assignsubmission_file_/report.html",
    ];
    check(&Export {
        entries,
        roster: "",
        column: "",
        marks: (
            "marks-moodle.csv",
            "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),\
             Last modified (grade),Feedback comments\n\
             Participant 13,'=Bob,,,0,100,Yes,-,-,0 points of 100\n\
             Participant 12,Ada Noé,,,100,100,Yes,-,-,100 points of 100\n\
             Participant 14,Cleo,,,,100,Yes,-,-,no source (notes.pdf)\n",
        ),
        reports,
    });
    check(&Export {
        entries,
        roster: "\u{feff}Identifier,\"Full name\",\"Email address\",Status,Grade,\"Maximum Grade\",\"Feedback comments\"\n\
                 \"Participant 12\",\"Ada Noé\",ada@example.org,\"Submitted for grading - 2 hours late\",-,100.00,\n\
                 \"Participant 13\",=Bob,bob@example.org,\"Submitted for grading\",-,100.00,\n\
                 \"Participant 99\",Dora,dora@example.org,\"No submission\",-,100.00,\n",
        column: "Lab",
        marks: (
            "marks-moodle.csv",
            "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments\n\
             Participant 12,Ada Noé,ada@example.org,Submitted for grading - 2 hours late,100,100.00,\"100 points of 100, late\"\n\
             Participant 13,'=Bob,bob@example.org,Submitted for grading,0,100.00,0 points of 100\n\
             Participant 99,Dora,dora@example.org,No submission,-,100.00,\n",
        ),
        reports,
    });
}

#[test]
fn a_worksheet_in_another_language_goes_back_in_its_own_words() {
    let head = "ID,Vollständiger Name,E-Mail-Adresse,Status,Gruppe,Bewertung,Bestwertung,Bewertung kann geändert werden,\
                Zuletzt geändert (Bewertung),Feedback als Kommentar";
    let entries: &[(&str, Handed)] = &[
        ("Gruppe A-Anna Müller_12_assignsubmission_file_/script.txt", Solved),
        ("Gruppe B-Anna Müller_13_assignsubmission_file_/script.txt", Failed),
    ];
    let reports: &[&str] = &[
        "Gruppe A-Anna Müller_12_assignsubmission_file_/report.html",
        "Gruppe B-Anna Müller_13_assignsubmission_file_/report.html",
    ];
    let late = "Zur Bewertung abgegeben - 2 Tage zu spät";
    check(&Export {
        entries,
        roster: &format!(
            "{head}\nTeilnehmer/in12,Anna Müller,a@u,{late},Gruppe A,,\"20,00\",Ja,-,\nTeilnehmer/in 13,Anna Müller,b@u,x,Gruppe \
             B,,\"20,00\",Ja,-,\n"
        ),
        column: "Lab",
        marks: (
            "marks-moodle.csv",
            &format!(
                "{head}\nTeilnehmer/in12,Anna Müller,a@u,{late},Gruppe A,\"20,00\",\"20,00\",Ja,-,\"100 points of 100, late\"\n\
                 Teilnehmer/in 13,Anna Müller,b@u,x,Gruppe B,\"0,00\",\"20,00\",Ja,-,0 points of 100\n"
            ),
        ),
        reports,
    });
    // Beside somebody's own list in German the worksheet that Moodle imports is in German, too.
    check(&Export {
        entries,
        roster: "Vollständiger Name;E-Mail-Adresse\nAnna Müller;a@u\n",
        column: "Lab",
        marks: (
            "marks-moodle.csv",
            "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,Zuletzt geändert (Abgabe),\
             Zuletzt geändert (Bewertung),Feedback als Kommentar\n\
             Teilnehmer/in12,Gruppe A-Anna Müller,,,100,100,Ja,-,-,100 points of 100\n\
             Teilnehmer/in13,Gruppe B-Anna Müller,,,0,100,Ja,-,-,0 points of 100\n",
        ),
        reports,
    });
}

#[test]
fn marks_are_on_the_gradebooks_own_scale_and_what_is_not_ours_stays() {
    let head = "Identifiant,Nom complet,Adresse de courriel,Statut,Note,Note maximale,La note peut être modifiée,Feedback par commentaires";
    check(&Export {
        entries: &[
            ("Ada Noé_12_assignsubmission_file_/script.txt", Solved),
            ("Bob_13_assignsubmission_file_/script.txt", Solved),
            ("Cleo_14_assignsubmission_file_/notes.pdf", Text("x")),
        ],
        roster: &format!(
            "{head}\nParticipant 12,Ada Noé,a@u,Remis,-,\"20,00\",Oui,\nParticipant 13,Bob,b@u,Remis,\"7,50\",\"20,00\",Non,mine\n\
             Participant 14,Cleo,c@u,Remis,\"3,00\",\"20,00\",Oui,\nParticipant 15,Dan,d@u,-,-,\"20,00\",Oui,mine\n"
        ),
        column: "Lab",
        marks: (
            "marks-moodle.csv",
            &format!(
                "{head}\nParticipant 12,Ada Noé,a@u,Remis,\"20,00\",\"20,00\",Oui,100 points of 100\n\
                 Participant 13,Bob,b@u,Remis,\"7,50\",\"20,00\",Non,mine\n\
                 Participant 14,Cleo,c@u,Remis,\"3,00\",\"20,00\",Oui,no source (notes.pdf)\n\
                 Participant 15,Dan,d@u,-,-,\"20,00\",Oui,mine\n"
            ),
        ),
        reports: &[
            "Ada Noé_12_assignsubmission_file_/report.html",
            "Bob_13_assignsubmission_file_/report.html",
            "Cleo_14_assignsubmission_file_/report.html",
        ],
    });
}

#[test]
fn canvas_gets_its_gradebook() {
    let entries: &[(&str, Handed)] =
        &[("lovelaceada_late_12_501_script.txt", Solved), ("hopper_13_502_script.txt", Failed)];
    let reports: &[&str] = &["hopper_13_502_report.html", "lovelaceada_late_12_501_report.html"];
    check(&Export {
        entries,
        roster: "Student,ID,SIS User ID,SIS Login ID,Section,Lab (77)\n    Points Possible,,,,,10\n\"Lovelace, Ada\",12,,ada,A,\n\
                 \"Hopper, Grace\",13,,grace,A,3\n\"Student, Test\",,,,A,\n",
        column: "Lab (77)",
        marks: (
            "marks-canvas.csv",
            "Student,ID,SIS User ID,SIS Login ID,Section,Lab (77)\n    Points Possible,,,,,10\n\"Lovelace, Ada\",12,,ada,A,10\n\
             \"Hopper, Grace\",13,,grace,A,0\n\"Student, Test\",,,,A,\n",
        ),
        reports,
    });
}

#[test]
fn blackboard_gets_its_grade_center() {
    check(&Export {
        entries: &[
            ("Lab 1_alove_attempt_2026-03-01-09-00-00_script.txt", Solved),
            ("Lab 1_alove_attempt_2026-03-01-09-00-00.txt", Text("Name: Ada Lovelace (alove)\n")),
            ("Lab 1_ghop_attempt_2026-03-01-09-00-00_script.txt", Failed),
        ],
        roster: "Last Name\tFirst Name\tUsername\tLab 1 [Total Pts: 100 Score] |9\nLovelace\tAda\talove\t\nHopper\tGrace\tghop\t\n\
                 Noether\tEmmy\tenoet\t\n",
        column: "Lab 1",
        marks: (
            "marks-blackboard.csv",
            "Last Name\tFirst Name\tUsername\tLab 1 [Total Pts: 100 Score] |9\nLovelace\tAda\talove\t100\nHopper\tGrace\tghop\t0\n\
             Noether\tEmmy\tenoet\t\n",
        ),
        reports: &[
            "Lab 1_alove_attempt_2026-03-01-09-00-00_report.html",
            "Lab 1_ghop_attempt_2026-03-01-09-00-00_report.html",
        ],
    });
    // Without a receipt the gradebook tells that this is `c_wu`, and not `wu`.
    let head = "Last Name,First Name,Username,First words [Total Pts: 20 Score] |9";
    check(&Export {
        entries: &[("First words_c_wu_attempt_2026-11-20-11-15-30_script.txt", Solved)],
        roster: &format!("{head}\nWu,Cy,c_wu,\nWu,Fu,wu,\n"),
        column: "First words",
        marks: ("marks-blackboard.csv", &format!("{head}\nWu,Cy,c_wu,20\nWu,Fu,wu,\n")),
        reports: &["First words_c_wu_attempt_2026-11-20-11-15-30_report.html"],
    });
}

#[test]
fn brightspace_gets_its_grades_under_its_own_identifiers() {
    check(&Export {
        entries: &[
            ("Lab/12-9 - Ada Lovelace - Oct 3, 2026 100 AM/script.txt", Solved),
            ("Lab/13-9 - Grace Hopper - Oct 3, 2026 100 AM/script.txt", Failed),
            ("Lab/index.html", Text("<p>")),
        ],
        roster: "OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n#700,#ada,Lovelace,Ada,#\n#701,#grace,Hopper,Grace,#\n",
        column: "Lab",
        marks: (
            "marks-brightspace.csv",
            "OrgDefinedId,Username,Last Name,First Name,Lab Points Grade,End-of-Line Indicator\n#700,#ada,Lovelace,Ada,100,#\n\
             #701,#grace,Hopper,Grace,0,#\n",
        ),
        reports: &[
            "12-9 - Ada Lovelace - Oct 3, 2026 100 AM/report.html",
            "13-9 - Grace Hopper - Oct 3, 2026 100 AM/report.html",
        ],
    });
}

#[test]
fn ilias_gets_its_status_file_and_gradescope_its_scores() {
    check(&Export {
        entries: &[("Lab/Lovelace_Ada_alove_12/script.txt", Solved), ("Lab/Hopper_Grace_ghop_13/script.txt", Failed)],
        roster: "",
        column: "",
        marks: (
            "marks-ilias.csv",
            "update,usr_id,login,lastname,firstname,status,mark,notice,comment,plagiarism,plag_comment\n\
             1,12,alove,Lovelace,Ada,passed,100,,100 points of 100,,\n\
             1,13,ghop,Hopper,Grace,failed,0,,0 points of 100,,\n",
        ),
        reports: &["Lovelace_Ada_alove_12/report.html", "Hopper_Grace_ghop_13/report.html"],
    });
    check(&Export {
        entries: &[
            (
                "assignment_7_export/submission_metadata.yml",
                Text(
                    "submission_1:\n  :submitters:\n  - :name: Ada Lovelace\n    :sid: '7'\n    :email: ada@example.org\n",
                ),
            ),
            ("assignment_7_export/submission_1/script.txt", Solved),
        ],
        roster: "First Name,Last Name,SID,Email\nAda,Lovelace,7,ada@example.org\nGrace,Hopper,8,grace@example.org\n",
        column: "Lab",
        marks: (
            "marks-gradescope.csv",
            "First Name,Last Name,SID,Email,Lab\nAda,Lovelace,7,ada@example.org,100\nGrace,Hopper,8,grace@example.org,\n",
        ),
        reports: &["submission_1/report.html"],
    });
}

#[test]
fn a_group_shares_its_mark() {
    let metadata = "submission_1:\n  :submitters:\n  - :name: Ada Lovelace\n    :sid: '7'\n    :email: ada@example.org\n  - :name: \
                    Grace Hopper\n    :sid: '8'\n    :email: grace@example.org\n  :score: 3\n";
    let entries: &[(&str, Handed)] =
        &[("export/submission_metadata.yml", Text(metadata)), ("export/submission_1/script.txt", Solved)];
    let lesson = lesson();
    let course = CourseFiles::load().expect("a sound course").course;
    let title = &course.lesson(&lesson.id).expect("it is there").title.en;
    let alone = format!(
        "First Name,Last Name,SID,Email,{title},Max Points,Submission ID\nAda,Lovelace,7,ada@example.org,100,100,submission_1\n\
         Grace,Hopper,8,grace@example.org,100,100,submission_1\n"
    );
    let rostered = "First Name,Last Name,SID,Email,Lab\nAda,Lovelace,7,ada@example.org,100\nGrace,Hopper,8,grace@example.org,100\n\
                    Emmy,Noether,9,emmy@example.org,\n";
    let roster = "First Name,Last Name,SID,Email\nAda,Lovelace,7,ada@example.org\nGrace,Hopper,8,grace@example.org\n\
                  Emmy,Noether,9,emmy@example.org\n";
    for (roster, marks) in [("", alone.as_str()), (roster, rostered)] {
        let marks = ("marks-gradescope.csv", marks);
        check(&Export { entries, roster, column: "Lab", marks, reports: &["submission_1/report.html"] });
    }
}

#[test]
fn github_classroom_gets_its_points_by_user_name() {
    check(&Export {
        entries: &[
            ("lab-1-submissions/lab-1-ada/script.txt", Solved),
            ("lab-1-submissions/lab-1-grace-h/script.txt", Failed),
        ],
        roster: "identifier,github_username,github_id,name\nAda Lovelace,ada,1,\nGrace Hopper,grace-h,2,\nEmmy,emmy,3,\n",
        column: "Lab",
        marks: (
            "marks-github-classroom.csv",
            "identifier,github_username,github_id,name,points_awarded\nAda Lovelace,ada,1,,100\nGrace Hopper,grace-h,2,,0\n\
             Emmy,emmy,3,,\n",
        ),
        reports: &["lab-1-ada/report.html", "lab-1-grace-h/report.html"],
    });
}

#[test]
fn who_handed_in_nothing_or_late_shows() {
    let lesson = lesson();
    let home = tempfile::tempdir().expect("a folder");
    let class = home.path().join("class");
    for (name, text) in [("ada", &lesson.solved), ("stranger", &lesson.failed)] {
        fs::create_dir_all(class.join(name)).expect("there is room");
        fs::write(class.join(name).join("script.txt"), text).expect("there is room");
    }
    fs::write(home.path().join("people.csv"), "name;email\nAda;ada@example.org\nÉmile;emile@example.org\n")
        .expect("there is room");
    let output = Command::new(env!("CARGO_BIN_EXE_grader"))
        .current_dir(home.path())
        .args(["class", "class", "--exercise", &lesson.id, "--out", "out", "--roster", "people.csv"])
        .output()
        .expect("it starts");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(said.contains("Émile (emile@example.org): not_submitted"), "{said}");
    // Whose points stand in no marks file is told to the teacher.
    assert!(said.contains("  stranger: graded 0/") && said.contains(": not in the roster"), "{said}");
    assert!(!said.contains("  ada: "), "{said}");
    let table = fs::read_to_string(home.path().join("out/results.csv")).expect("a table");
    assert!(table.contains("\"stranger\"") && table.contains("not in the roster"), "{table}");
    let marks = fs::read_to_string(home.path().join("out/marks-roster.csv")).expect("marks");
    assert!(marks.contains("Ada;ada@example.org;100\n") && marks.contains("Émile;emile@example.org;\n"), "{marks}");
    let wrong = Command::new(env!("CARGO_BIN_EXE_grader"))
        .current_dir(home.path())
        .args(["class", "class", "--exercise", &lesson.id, "--out", "out", "--roster", "class/ada/script.txt"])
        .output()
        .expect("it starts");
    assert_eq!(wrong.status.code(), Some(2), "{}", String::from_utf8_lossy(&wrong.stderr));
}
