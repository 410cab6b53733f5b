//! What a teacher is told on the console, and what of theirs is left alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use grader::course::CourseFiles;
use tempfile::TempDir;

/// A class in a lesson that takes no compiler, in a folder of its own.
struct Home {
    folder: TempDir,
    lesson: String,
    solved: String,
}

impl Home {
    fn new() -> Self {
        let course = CourseFiles::load().expect("a sound course").course;
        let lesson = course.lessons.iter().find(|lesson| lesson.mutant.is_none()).expect("a lesson without a bug");
        let folder = tempfile::tempdir().expect("there is room");
        Self { folder, lesson: lesson.id.clone(), solved: lesson.solution() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn hand_in(&self, name: &str, text: &str) {
        fs::create_dir_all(self.at("class").join(name)).expect("there is room");
        fs::write(self.at("class").join(name).join("script.txt"), text).expect("there is room");
    }

    fn class(&self, exercise: &str, out: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
        command
            .current_dir(self.folder.path())
            .args(["class", "class", "--exercise", exercise, "--out", out])
            .args(more);
        command
    }

    /// Runs it: it ends with `code`, and says each of `told` and nothing of `untold`.
    #[track_caller]
    fn check(&self, (exercise, out, more): (&str, &str, &[&str]), code: i32, told: &[&str], untold: &[&str]) {
        let Output { status, stdout, stderr } = self.class(exercise, out, more).output().expect("it starts");
        let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        assert_eq!(status.code(), Some(code), "{said}");
        for part in told {
            assert!(said.contains(part), "`{part}` is not in: {said}");
        }
        for part in untold {
            assert!(!said.contains(part), "`{part}` is in: {said}");
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_class_that_is_graded_again_is_told_of_what_is_another_than_before() {
    let home = Home::new();
    let lesson = home.lesson.as_str();
    // Right predictions are the same, and no evidence.
    let wrong = home.solved.replacen("expect ", "expect not-", 1);
    for (name, text) in [("ada", wrong.as_str()), ("bob", "# nothing yet\n"), ("dan", wrong.as_str())] {
        home.hand_in(name, text);
    }
    let run: (&str, &str, &[&str]) = (lesson, "out", &[]);
    let same = "2 learners have exactly the same files: ada, dan";
    home.check(
        run,
        0,
        &[same, "3 to grade: 1 the same as another, and graded once with it; 2 left"],
        &["not there now"],
    );
    assert!(read(&home.at("out/index.html")).contains("Exactly the same files (2): ada, dan"));
    assert!(read(&home.at("out/results.json")).contains("\"identical\""));
    home.check(run, 0, &["3 to grade: 2 graded before and taken over, 1 the same as another", "0 left"], &[]);
    home.check(
        (lesson, "neuf", &["--lang", "fr"]),
        0,
        &[
            "à noter : 3 (identiques à un autre et notés une fois avec lui : 1) ; restent 2",
            "2 étudiants ont exactement les mêmes fichiers : ada, dan : voyez `Beaucoup en commun`",
            "écrit : neuf/results.csv",
        ],
        &["to grade", "learners", "wrote"],
    );
    // Another exercise or seed would replace all of it; nothing is touched.
    let before = read(&home.at("out/results.csv"));
    let refused = format!("`out` holds the results of {lesson}, seed 0");
    home.check((lesson, "out", &["--seed", "1"]), 2, &[&refused, "--out"], &["wrote"]);
    home.check(("distributed-cache", "out", &[]), 2, &[&refused, "--out"], &["wrote"]);
    assert_eq!(read(&home.at("out/results.csv")), before);
    // Results of an earlier run among the submissions are nobody's.
    fs::create_dir(home.at("class/res")).expect("there is room");
    fs::copy(home.at("out/results.redb"), home.at("class/res/results.redb")).expect("there is room");
    fs::remove_dir_all(home.at("class/bob")).expect("it is there");
    home.check(
        run,
        0,
        &["`res` holds the results of an earlier run", "bob (0) was graded before and is not there now"],
        &["res:"],
    );
    // Whoever is still there is not gone, and nobody handed in what another exercise asks for.
    home.check(
        ("distributed-cache", "other", &[]),
        0,
        &["nobody handed in what `distributed-cache` asks for", "--exercise"],
        &[],
    );
}

#[test]
fn a_folder_with_files_of_somebodys_own_is_left_alone() {
    let home = Home::new();
    home.hand_in("ada", &home.solved);
    fs::create_dir(home.at("docs")).expect("there is room");
    fs::write(home.at("docs/index.html"), "mine").expect("there is room");
    home.check((&home.lesson, "docs", &[]), 2, &["`docs` holds `index.html`", "--out"], &["wrote docs"]);
    assert_eq!(read(&home.at("docs/index.html")), "mine");
    assert!(!home.at("docs/results.redb").exists());
    home.check((&home.lesson, "docs/index.html", &[]), 2, &["`docs/index.html` is no folder"], &["wrote"]);
    // A teacher who took the class's memory away, to begin anew, may.
    home.check((&home.lesson, "out", &[]), 0, &[], &[]);
    fs::remove_file(home.at("out/results.redb")).expect("it is there");
    home.check((&home.lesson, "out", &[]), 0, &["wrote"], &[]);
}

#[test]
fn what_a_gradebook_holds_already_is_told() {
    let home = Home::new();
    home.hand_in("ada", &home.solved);
    home.hand_in("lee", &home.solved);
    let roster =
        "Nom;Prénom;Adresse électronique;TP 10;TP 1 /20\nada;;a@u;5;7\nlee;Ann;lee;5;\nlee;Ann;lee;5;\nx;Y;x@u;5;\n";
    fs::write(home.at("people.csv"), roster).expect("there is room");
    let told = ["its maximum is 20", "in this copy they replace what stood there: 1 mark (ada: 7)"];
    home.check(
        (&home.lesson, "out", &["--roster", "people.csv", "--column", "TP 1"]),
        0,
        &told,
        &["not in the roster"],
    );
    let marks = read(&home.at("out/marks-roster.csv"));
    let rows = "ada;;a@u;5;20\nlee;Ann;lee;5;20\nlee;Ann;lee;5;20\nx;Y;x@u;5;\n";
    assert!(marks.ends_with(rows), "{marks}");
    let french = ["dans cette copie, ce qui s'y trouvait est remplacé : 1 note (ada : 7)"];
    let roster = ["--roster", "people.csv", "--column", "TP 1", "--lang", "fr"];
    home.check((&home.lesson, "out", &roster), 0, &french, &["présents"]);
    let made = ["had no column for these marks, so `Notes` was made"];
    home.check((&home.lesson, "out", &["--roster", "people.csv", "--column", "Notes"]), 0, &made, &["its maximum"]);
}

#[test]
fn who_is_excused_stays_so_and_a_gradebook_in_the_other_language_is_filled() {
    let home = Home::new();
    home.hand_in("Gan N", &home.solved);
    home.hand_in("Ann Lee", &home.solved);
    let course = CourseFiles::load().expect("a sound course").course;
    let title = &course.lesson(&home.lesson).expect("it is there").title;
    let head = "Student,ID,SIS User ID,SIS Login ID,Section";
    let roster = |cells: [&str; 2]| {
        let [gan, lee] = cells;
        format!(
            "{head},{} (9)\n    Points Possible,,,,,50\n\"N, Gan\",8,,ng,A,{gan}\nAnn Lee,9,,al,A,{lee}\n",
            title.en
        )
    };
    fs::write(home.at("book.csv"), roster(["EX", ""])).expect("there is room");
    home.check(
        (&home.lesson, "out", &["--roster", "book.csv", "--lang", "fr"]),
        0,
        &["le carnet de notes les dispense : Gan N"],
        &["had no column", "replace"],
    );
    assert_eq!(read(&home.at("out/marks-canvas.csv")).trim_start_matches('\u{feff}'), roster(["EX", "50"]));
}

#[test]
fn what_was_not_graded_of_somebody_is_told_to_the_teacher_and_to_them() {
    let home = Home::new();
    home.hand_in("ada", &home.solved);
    fs::write(home.at("class/ada/script (1).txt"), "# newer\n").expect("there is room");
    for name in ["v1.txt", "v2.txt"] {
        fs::create_dir_all(home.at("class/will")).expect("there is room");
        fs::write(home.at("class/will").join(name), &home.solved).expect("there is room");
    }
    let remark = "there is more than was graded: script (1).txt";
    let told = [
        &format!("ada: graded 100/100: {remark}")[..],
        "will: ambiguous",
        "(v1.txt, v2.txt): keep one, as `script.txt`",
    ];
    home.check((&home.lesson, "out", &[]), 0, &told, &[]);
    assert!(read(&home.at("out/index.html")).contains(remark));
    let pages = fs::read_dir(home.at("out/learners")).expect("pages").flatten();
    let pages: Vec<PathBuf> = pages.map(|page| page.path()).collect();
    assert!(matches!(&pages[..], [page] if read(page).contains(remark)), "{pages:?}");
    // Nothing that was not graded has a number that somebody could add up.
    let table = read(&home.at("out/results.csv"));
    assert!(table.contains("\"ambiguous\",\"\",100"), "{table}");
}

#[test]
fn who_may_have_handed_in_is_not_listed_as_who_did_not_and_a_draft_is_told() {
    let home = Home::new();
    home.hand_in("John Smith_9_assignsubmission_file_", &home.solved);
    home.hand_in("Ann Lee_7_assignsubmission_file_", &home.solved);
    let roster = "Identifier,Full name,Status,Grade\nParticipant 1,John Smith,x,\nParticipant 2,John Smith,x,\n\
                  Participant 7,Ann Lee,Draft (not submitted),\nParticipant 8,Bo Li,x,\n";
    fs::write(home.at("sheet.csv"), roster).expect("there is room");
    let told = [
        "John Smith (9): graded 100/100: several people of the roster have this name",
        "John Smith (1): unmatched",
        "John Smith (2): unmatched",
        "Ann Lee (7): graded 100/100: the platform says that it is a draft",
        "Bo Li (8): not_submitted",
        "2 submissions",
        "--column `Nope` changes nothing here",
    ];
    home.check(
        (&home.lesson, "out", &["--roster", "sheet.csv", "--column", "Nope"]),
        0,
        &told,
        &["John Smith (1): not_submitted"],
    );
}

#[test]
fn a_reason_is_told_once() {
    let home = Home::new();
    home.hand_in("pat", "PK\u{3}\u{4}\u{14}\0");
    let told = "pat: build_failed: script.txt: this is a packed file, whatever its name says: hand in what is in it, or name it .zip\n";
    home.check((&home.lesson, "out", &[]), 0, &[told], &[]);
}

#[test]
fn of_nothing_graded_there_is_no_median_and_what_was_not_looked_into_is_told() {
    let home = Home::new();
    home.hand_in("venv", &home.solved);
    home.hand_in(".ann", &home.solved);
    for empty in ["bob", ".git"] {
        fs::create_dir_all(home.at("class").join(empty)).expect("there is room");
    }
    // A hidden source is named, what a system puts there is not.
    for (learner, file) in [("wes", ".script.txt"), ("zoe", "._script.txt"), ("zoe", ".DS_Store")] {
        fs::create_dir_all(home.at("class").join(learner)).expect("there is room");
        fs::write(home.at("class").join(learner).join(file), &home.solved).expect("there is room");
    }
    let left_out = "left out: `.ann`, `venv`. Folders of such names";
    let told = [
        left_out,
        "3 submissions, none graded",
        "bob: empty",
        "wes: missing: no source among .script.txt",
        "zoe: empty",
    ];
    home.check((&home.lesson, "out", &[]), 0, &told, &["median", ".git"]);
    assert!(!read(&home.at("out/index.html")).contains("median"));
    let french = ["laissés de côté : `.ann`, `venv`.", "3 rendus, aucun noté"];
    home.check((&home.lesson, "out", &["--lang", "fr"]), 0, &french, &["médiane"]);
}

#[cfg(unix)]
#[test]
fn a_link_in_a_learners_folder_is_told() {
    let home = Home::new();
    home.hand_in("ada", &home.solved);
    fs::create_dir_all(home.at("class/bob")).expect("there is room");
    std::os::unix::fs::symlink(home.at("class/ada/script.txt"), home.at("class/bob/script.txt")).expect("a link");
    let told = "bob: unreadable: `script.txt` is a link, and links are not followed: hand in the file itself";
    home.check((&home.lesson, "out", &[]), 0, &[told], &[]);
    let told = "`script.txt` est un lien, et les liens ne sont pas suivis : rendez le fichier lui-même";
    home.check((&home.lesson, "out", &["--lang", "fr"]), 0, &[told], &[]);
}

#[test]
fn who_came_late_and_what_the_roster_calls_somebody_is_told() {
    let home = Home::new();
    home.hand_in("submission_7", &home.solved);
    let export = "submission_7:\n  :submitters:\n  - :name: Ann Lee\n    :sid: '7'\n    :email: al@u\n";
    fs::write(home.at("class/submission_metadata.yml"), export).expect("there is room");
    let head = "First Name,Last Name,SID,Email,Lab,Lab - Lateness (H:M:S)";
    fs::write(home.at("people.csv"), format!("{head}\nAnn,Lee,7,al@u,,01:22:00\n")).expect("there is room");
    let roster = ["--roster", "people.csv", "--column", "Lab"];
    home.check((&home.lesson, "out", &roster), 0, &["1 came late: Ann Lee (7)\n"], &[]);
    assert!(read(&home.at("out/marks-gradescope.csv")).contains("Ann,Lee,7,al@u,100,01:22:00"));

    // Once, however many attempts there are.
    let home = Home::new();
    fs::create_dir(home.at("class")).expect("there is room");
    for file in ["wucy_LATE_124_460_script.txt", "wucy_LATE_124_461_script-1.txt"] {
        fs::write(home.at("class").join(file), &home.solved).expect("there is room");
    }
    home.check((&home.lesson, "out", &[]), 0, &["1 came late: wucy (124)\n", "superseded"], &[]);

    let home = Home::new();
    for user in ["lee", "words-lee"] {
        home.hand_in(&format!("first-words-{user}"), &home.solved);
    }
    home.hand_in("second-words-lee", &home.solved);
    let people = "identifier,github_username,name\nlee@x,lee,Ann Lee\nwl@x,words-lee,Zoë Words\n";
    fs::write(home.at("people.csv"), people).expect("there is room");
    // `second-words-lee` may be either's: nothing else of the class begins as it does.
    let told = [
        "second-words-lee: graded 100/100: its name does not tell for sure who of the roster it is",
        "wrote out/marks-github-classroom.csv",
    ];
    home.check((&home.lesson, "out", &["--roster", "people.csv"]), 0, &told, &["not_submitted", "unmatched"]);
    let marks = read(&home.at("out/marks-github-classroom.csv"));
    assert!(marks.contains("lee@x,lee,Ann Lee,100\nwl@x,words-lee,Zoë Words,100\n"), "{marks}");
    assert!(read(&home.at("out/index.html")).contains("first-words-words-lee – Zoë Words"));
    let table = read(&home.at("out/results.csv"));
    assert!(table.contains("\"\",\"Zoë Words\"\n"), "{table}");
    // Another class into the same folder writes other files: the first one's are not taken for it.
    fs::remove_dir_all(home.at("class")).expect("it is there");
    home.hand_in("Ann Lee_7_assignsubmission_file_", &home.solved);
    let told = ["marks-github-classroom.csv: is of an earlier run", "wrote out/marks-moodle.csv"];
    home.check((&home.lesson, "out", &[]), 0, &told, &["feedback.zip: is of"]);
}

#[test]
fn a_group_and_right_predictions_are_no_copies() {
    let home = Home::new();
    let wrong = home.solved.replacen("expect ", "expect not-", 1);
    for (name, group) in [("Gruppe A-Ann Lee", 7), ("Gruppe A-Bo Li", 8), ("Dora Dau", 9), ("Emil Ente", 10)] {
        let text = if group < 9 { &wrong } else { &home.solved };
        home.hand_in(&format!("{name}_{group}_assignsubmission_file_"), text);
    }
    home.check((&home.lesson, "out", &[]), 0, &[], &["exactly the same files"]);
    // Somebody of another group with the same mistakes is evidence.
    home.hand_in("Gruppe B-Cy Poe_11_assignsubmission_file_", &wrong);
    home.check((&home.lesson, "out", &[]), 0, &["3 learners have exactly the same files"], &[]);
}

#[test]
fn results_of_another_seed_or_exercise_are_not_imported_in_silence() {
    let home = Home::new();
    home.hand_in("ada", &home.solved);
    home.check((&home.lesson, "one", &[]), 0, &["wrote"], &[]);
    let import = |seed: &'static str| ["--seed", seed, "--import", "one/results.redb"];
    let refused = format!("`one/results.redb` holds the results of {}, seed 0, none of which counts here", home.lesson);
    home.check((&home.lesson, "two", &import("3")), 2, &[&refused], &["wrote"]);
    assert!(!home.at("two").exists());
    home.check((&home.lesson, "two", &import("0")), 0, &["1 graded before and taken over"], &[]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_how_far_it_came() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::Stdio;

    let home = Home::new();
    for at in 0..40 {
        home.hand_in(&format!("learner-{at}"), &format!("# {at}\n{}", home.solved));
    }
    let mut class = home.class(&home.lesson, "out", &["--jobs", "1"]);
    let mut class = class.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(class.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert!(line.starts_with("1/40 "), "{line}");
    let id = rustix::process::Pid::from_child(&class);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it is there");
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("the rest");
    assert_eq!(class.wait().expect("it ends").code(), Some(130), "{rest}");
    assert!(rest.contains(" of 40 are graded and kept; run the same command again"), "{rest}");
    assert!(!rest.contains("harness_error"), "{rest}");
}
