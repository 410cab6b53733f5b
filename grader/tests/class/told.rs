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
    for (name, text) in [("ada", home.solved.as_str()), ("bob", "# nothing yet\n"), ("dan", home.solved.as_str())] {
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
    let told = ["its maximum is 20", "in this copy they replace 1 mark that stood there"];
    home.check(
        (&home.lesson, "out", &["--roster", "people.csv", "--column", "TP 1"]),
        0,
        &told,
        &["not in the roster"],
    );
    let marks = read(&home.at("out/marks-roster.csv"));
    let rows = "ada;;a@u;5;20\nlee;Ann;lee;5;20\nlee;Ann;lee;5;20\nx;Y;x@u;5;\n";
    assert!(marks.ends_with(rows), "{marks}");
    let made = ["had no column for these marks, so `Notes` was made"];
    home.check((&home.lesson, "out", &["--roster", "people.csv", "--column", "Notes"]), 0, &made, &["its maximum"]);
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
}
