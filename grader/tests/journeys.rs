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
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{exercise} said: {said}"));
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
