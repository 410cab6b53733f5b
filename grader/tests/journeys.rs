//! Every exercise as a person meets it, through the program alone: begun, graded, handed in, graded again.

use std::fs;
use std::path::Path;
use std::process::Command;

use cachedojo_notation::text::Language;
use grader::course::CourseFiles;
use grader::pack::built_in_ids;
use serde_json::Value;

/// What the program says and its exit code, in a folder.
#[track_caller]
fn grader(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_grader")).current_dir(folder).args(arguments).output().expect("it starts");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8")).concat();
    (said, output.status.code().expect("an exit code"))
}

/// The score of a submission, graded by the program.
#[track_caller]
fn score(folder: &Path, path: &str, exercise: &str) -> (u64, i32) {
    let arguments = ["grade", path, "--exercise", exercise, "--format", "json", "--seed", "1"];
    let (said, code) = grader(folder, &arguments);
    // The report stands first; what is said beside it, that the known bugs are learnt for one, comes after it.
    let report = serde_json::Deserializer::from_str(&said).into_iter::<Value>().next();
    let report = report.and_then(Result::ok).unwrap_or_else(|| panic!("{exercise} said: {said}"));
    (report["score"].as_u64().expect("a score"), code)
}

#[test]
fn lessons_are_begun_solved_and_graded() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut lessons = CourseFiles::load().expect("a sound course").course.lessons;
    // Of those about a bug one is enough: each takes two programs to be made and run, and tests/course.rs judges them all.
    lessons.retain(|lesson| lesson.mutant.is_none() || lesson.id == "expose-ttl");
    for lesson in lessons {
        let id = lesson.id.as_str();
        // A folder of the lesson's own name stands beside the reader: the name still means the lesson.
        let (said, code) = grader(folder, &["init", id, id]);
        assert_eq!(code, 0, "{said}");
        assert_ne!(score(folder, id, id).1, 0, "{id}: what it begins with is no solution");
        let script = folder.join(id).join("script.txt");
        fs::write(&script, lesson.opening(Language::French)).expect("a script");
        assert_ne!(score(folder, id, id).1, 0, "{id}: nor is the French one");
        fs::write(&script, lesson.solution()).expect("a script");
        assert_eq!(score(folder, &format!("{id}/script.txt"), id), (100, 0), "{id}");
        assert_eq!(score(folder, id, id), (100, 0), "{id}, the folder");
    }
}

#[test]
fn a_lesson_is_graded_for_a_class() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let course = CourseFiles::load().expect("a sound course").course;
    let lesson = course.lesson("expose-ttl").expect("a lesson");
    for (name, text) in [("ada", lesson.solution()), ("bob", lesson.failed_attempt())] {
        fs::create_dir_all(folder.join("in").join(name)).expect("a folder");
        fs::write(folder.join("in").join(name).join("script.txt"), text).expect("a script");
    }
    let arguments = ["class", "in", "--exercise", "expose-ttl", "--out", "out"];
    for _ in 0..2 {
        let (said, code) = grader(folder, &arguments);
        assert_eq!(code, 0, "{said}");
    }
    let table = fs::read_to_string(folder.join("out/results.csv")).expect("a table");
    assert!(table.contains("ada") && table.contains("100") && table.contains("bob"), "{table}");
}

#[test]
fn every_exercise_is_begun_and_its_starter_is_graded_low() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for id in built_in_ids() {
        let (said, code) = grader(folder, &["init", &id, &id]);
        assert_eq!(code, 0, "{said}");
        let (said, code) = grader(folder, &["init", &id, &id]);
        assert!(code == 2 && said.contains("nothing was written"), "{said}");
        if id == "cache-service" {
            // It is started as an ordinary program, and that is asked for first.
            continue;
        }
        let (score, code) = score(folder, &id, &id);
        assert!(score < 50 && code == 1, "{id}: {score} points, exit code {code}");
    }
}

/// A teacher begins an exercise of their own: it is sound as it is, learners are graded by it, and a mistake in it is told.
#[test]
fn a_pack_is_begun_proved_and_graded_by() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (said, code) = grader(folder, &["init", "--pack", "queues"]);
    assert!(code == 0 && said.contains("grader selfcheck queues"), "{said}");
    let (said, code) = grader(folder, &["selfcheck", "queues"]);
    assert!(code == 0 && said.contains("queues: 2 checks, 2 mutants, 0 mistakes"), "{said}");
    let (said, code) = grader(folder, &["init", "queues", "work"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(score(folder, "work", "queues"), (0, 1));
    assert_eq!(score(folder, "queues/solution", "queues"), (20, 0));
    let (said, code) = grader(folder, &["init", "--pack", "queues"]);
    assert!(code == 2 && said.contains("nothing was written"), "{said}");
    // What a mutant's list leaves out is a mistake of the pack's.
    let table = folder.join("queues/exercise.toml");
    let text = fs::read_to_string(&table).expect("a table");
    fs::write(&table, text.replace("killed_by = [\"delete\"]", "killed_by = [\"store\"]")).expect("a table");
    let (said, code) = grader(folder, &["selfcheck", "queues"]);
    assert!(code == 1 && said.contains("the mutant `deletes_nothing` fails `delete`, its pack says `store`"), "{said}");
    fs::write(&table, text.replace("tier = 1", "teir = 1")).expect("a table");
    let (said, code) = grader(folder, &["selfcheck", "queues"]);
    assert!(code == 2 && said.contains("unknown field `teir`"), "{said}");
    fs::write(&table, &text).expect("a table");
    // What is missing, left over or cannot be meant is told, and is the pack's mistake.
    let spoiled = |file: &str, new: Option<&str>, code: i32, told: &str| {
        let path = folder.join("queues").join(file);
        let old = fs::read_to_string(&path).ok();
        match new {
            Some(text) => fs::write(&path, text).expect("there is room"),
            None => fs::remove_file(&path).expect("it is there"),
        }
        let (said, found) = grader(folder, &["selfcheck", "queues"]);
        assert!(found == code && said.contains(told), "{file}: {found} {said}");
        match old {
            Some(text) => fs::write(&path, text).expect("there is room"),
            None => fs::remove_file(&path).expect("it is there"),
        }
    };
    let with = |from: &str, to: &str| Some(text.replace(from, to));
    spoiled(
        "exercise.toml",
        with("passing_score = 10", "passing_score = 21").as_deref(),
        2,
        "all checks together give 20",
    );
    spoiled(
        "exercise.toml",
        Some(&text.replacen("\npoints = 10", "\npoints = 0", 1)),
        2,
        "`store` has no points: give it 1 or more",
    );
    let id = |name: &str| text.replacen("id = \"queues\"", &format!("id = \"{name}\""), 1);
    spoiled("exercise.toml", Some(&id("My Queues")), 1, "the name `My Queues` goes into files, links and columns");
    spoiled("exercise.toml", Some(&id("line-cache")), 1, "`line-cache` is the id of a built-in exercise");
    spoiled("mutants/other.patch", Some("--- a/x\n"), 2, "mutants/other.patch belongs to no mutant");
    spoiled("prototype.rs", None, 2, "the pack has no prototype.rs: add one");
    spoiled("prototype.rs", Some("pub fn ("), 2, "prototype.rs:1: ");
    spoiled("mutants/deletes_nothing.patch", None, 2, "the pack has no mutants/deletes_nothing.patch: add the patch");
    let unfit = "--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1 +1 @@\n-no such line\n+x\n";
    for mutant in ["deletes_nothing", "keeps_the_first_value"] {
        spoiled(&format!("mutants/{mutant}.patch"), Some(unfit), 1, "of the solution any more: make it anew");
    }
    let check = fs::read_to_string(folder.join("queues/checks/delete.txt")).expect("a check");
    let dashes = check.replace("\n----\n", "\n---\n");
    spoiled("checks/delete.txt", Some(&dashes), 2, "four dashes, `----`, begin the output");
    spoiled("solution/src/lib.rs", None, 1, "there is no solution: add it");
    let solution = fs::read_to_string(folder.join("queues/solution/src/lib.rs")).expect("a solution");
    let broken = format!("{solution}fn (\n");
    spoiled("solution/src/lib.rs", Some(&broken), 1, "the solution cannot be graded: src/lib.rs:");
    let without = text.replace("languages = [\"rust\"]", "languages = [\"python\"]");
    spoiled("exercise.toml", Some(&without), 1, "`solution` has no `main.py` to begin with: add it");
    let remarked = check.replacen("PUT ", "# a remark\nPUT ", 1);
    spoiled("checks/delete.txt", Some(&remarked), 2, "remarks stand above the first case");
    spoiled("statement.fr.md", None, 1, "there is no statement.fr.md: learners read it in that language");
    // As `diff -u solution/src/lib.rs wrong/src/lib.rs` writes it.
    let patch = fs::read_to_string(folder.join("queues/mutants/deletes_nothing.patch")).expect("a patch");
    let told = patch.replace("--- a/", "--- solution/").replace("+++ b/", "+++ wrong/");
    spoiled("mutants/deletes_nothing.patch", Some(&told), 0, "2 mutants, 0 mistakes");
    for arguments in [&["init"][..], &["init", "line-cache"], &["init", "line-cache", "x", "--pack", "y"]] {
        assert_eq!(grader(folder, arguments).1, 2, "{arguments:?}");
    }
}

/// Every exercise, the course and each lesson can be looked at, for people and for a catalogue.
#[test]
fn whatever_is_listed_can_be_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (listed, code) = grader(folder, &["exercises"]);
    assert_eq!(code, 0, "{listed}");
    let course = CourseFiles::load().expect("a sound course").course;
    for language in ["en", "fr"] {
        let (said, code) = grader(folder, &["show", "script-hunts", "--lang", language]);
        assert_eq!(code, 0, "{said}");
        for lesson in &course.lessons {
            assert!(said.contains(&lesson.id) && listed.contains(&lesson.id), "{}: {said}", lesson.id);
        }
    }
    let lesson = &course.lessons[0];
    let (said, code) = grader(folder, &["show", &lesson.id]);
    assert!(code == 0 && said.contains(&lesson.title.en) && said.contains("points in all"), "{said}");
    for id in built_in_ids().iter().chain([&lesson.id]) {
        let (said, code) = grader(folder, &["show", id, "--spec"]);
        assert_eq!(code, 0, "{said}");
        let spec: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(spec["name"], id.replace('-', "_"), "{said}");
        assert!(spec["passing_score"].is_u64() && spec["tags"].is_array() && spec["minutes"].is_u64(), "{said}");
    }
    // The keys and values of document 003.
    let (said, _) = grader(folder, &["show", "distributed-cache", "--spec"]);
    let spec: Value = serde_json::from_str(&said).expect("JSON");
    for (key, value) in [
        ("language", Value::from("rust")),
        ("type", Value::from("code")),
        ("tier", Value::from(3)),
        ("tags", serde_json::json!(["networking", "distributed", "cache", "consistent-hashing"])),
        ("passing_score", Value::from(70)),
        ("difficulty", Value::from(8)),
        ("xp", Value::from(350)),
        ("minutes", Value::from(180)),
    ] {
        assert_eq!(spec[key], value, "{key}");
    }
    for arguments in [
        &["show", "script-hunts", "--spec"][..],
        &["init", "script-hunts", "x"],
        &["grade", ".", "--exercise", "script-hunts"],
    ] {
        let (said, code) = grader(folder, arguments);
        assert!(code == 2 && said.contains("name one of its lessons"), "{arguments:?}: {said}");
    }
}
