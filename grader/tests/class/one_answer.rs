//! What was not handed in, or cannot be read, has the same answer everywhere: from `grade`, in every platform's form, and in a class.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use cachedojo_judge::Report;
use cachedojo_notation::text::Language;
use grader::course::CourseFiles;
use grader::report::{Format, Setting, render};
use serde_json::Value;

use super::zip;

/// The lesson of these tests, which takes no compiler.
const LESSON: &str = "first-words";

fn run(home: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_grader")).current_dir(home).args(arguments).output();
    String::from_utf8(output.expect("it starts").stdout).expect("UTF-8")
}

/// The mark that each platform would enter, by its name: `None` where it enters none.
fn marks(report: &Report) -> BTreeMap<&'static str, Option<u64>> {
    let text = |format| render(report, format, &Setting::plain(Language::English));
    let last = |text: String| -> Value {
        serde_json::from_str(&text).unwrap_or_else(|_| {
            serde_json::from_str(text.lines().last().expect("a last line")).expect("JSON in the last line")
        })
    };
    let classroom = last(text(Format::Classroom50));
    let of_classroom = classroom["score"].as_u64().filter(|_| classroom["max-score"] != 0);
    let said = text(Format::Github);
    let of_github = said.split("Points ").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
    BTreeMap::from([
        ("gradescope", last(text(Format::Gradescope)).get("score").and_then(Value::as_u64)),
        ("autolab", last(text(Format::Autolab))["scores"][LESSON].as_u64()),
        ("classroom50", of_classroom),
        ("github", of_github),
    ])
}

#[test]
fn what_was_not_handed_in_or_cannot_be_read_has_one_answer_everywhere() {
    let home = tempfile::tempdir().expect("a folder");
    let class = home.path().join("class");
    let put = |name: &str, bytes: &[u8]| {
        let path = class.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("there is room");
        fs::write(path, bytes).expect("there is room");
    };
    let course = CourseFiles::load().expect("a sound course").course;
    let solved = course.lesson(LESSON).expect("the lesson").solution();
    // Who handed in what, and the mark.
    let wanted: &[(&str, Option<u64>)] = &[
        ("archive", Some(100)),
        ("archive-in-archive", Some(100)),
        ("blank", None),
        ("bytes", None),
        ("document", None),
        ("hidden", None),
        ("too-big", Some(0)),
        ("too-many", Some(0)),
        ("no-text", Some(0)),
        ("readme", None),
        ("solved", Some(100)),
        ("two", None),
        ("wrong-archive", None),
    ];
    put("solved/script.txt", solved.as_bytes());
    put("blank/script.txt", b" \n\t");
    put("bytes/script.txt", b"");
    put("document/essay.pdf", b"x");
    put("hidden/.script.txt", solved.as_bytes());
    put("too-big/script.txt", &vec![b'#'; (1 << 20) + 1]);
    for at in 0..257 {
        put(&format!("too-many/notes/{at}.txt"), b"#");
    }
    put("too-many/script.txt", b"#");
    put("no-text/script.txt", b"\xff\xfen\0o\0");
    put("readme/readme.txt", b"hello");
    put("two/a.txt", b"node new 10 lru");
    put("two/b.txt", b"node new 11 lru");
    put("wrong-archive/x.zip", b"this is no archive");
    fs::create_dir_all(class.join("archive")).expect("there is room");
    fs::create_dir_all(class.join("archive-in-archive")).expect("there is room");
    zip(&class.join("archive/x.zip"), &[("script.txt", solved.as_bytes())]);
    let inner = fs::read(class.join("archive/x.zip")).expect("it is there");
    zip(&class.join("archive-in-archive/y.zip"), &[("x.zip", &inner)]);

    run(home.path(), &["class", "class", "--exercise", LESSON, "--out", "out"]);
    let results = fs::read_to_string(home.path().join("out/results.json")).expect("results");
    let results: Value = serde_json::from_str(&results).expect("JSON");
    let in_class: BTreeMap<&str, Option<u64>> = results["learners"]
        .as_array()
        .expect("learners")
        .iter()
        .map(|learner| (learner["learner"].as_str().expect("a name"), learner["score"].as_u64()))
        .collect();
    assert_eq!(in_class, wanted.iter().copied().collect::<BTreeMap<_, _>>(), "in a class");
    for (name, mark) in wanted {
        let path = format!("class/{name}");
        let said = run(home.path(), &["grade", &path, "--exercise", LESSON, "--format", "json"]);
        let report: Report = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{name}: {error}: {said}"));
        for (platform, found) in marks(&report) {
            assert_eq!(found, *mark, "{name} on {platform}: {said}");
        }
    }
}
