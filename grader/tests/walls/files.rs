//! Files that never end, or that are larger than any disk: each costs who handed it in, and nobody else.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{grader, left_in, submission};

/// Refused before anything is compiled.
const FORBIDDEN: &str = "pub unsafe fn f() {}";
/// More than any machine has: reading it whole never ends.
const HUGE: u64 = 1 << 42;

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("pipes are allowed");
}

fn huge(path: &Path) {
    File::create(path).and_then(|file| file.set_len(HUGE)).expect("holes take no room");
}

/// What stands beside a source, or in its place.
type Hostile = fn(&Path);

const HOSTILE: &[(&str, Hostile, &str)] = &[
    ("a-pipe-as-source", |home| pipe(&home.join("src/lib.rs")), "empty"),
    ("a-pipe-as-module", |home| beside(home, || pipe(&home.join("src/node.rs"))), "forbidden"),
    ("a-pipe-as-notes", |home| beside(home, || pipe(&home.join("notes.txt"))), "forbidden"),
    ("a-pipe-as-settings", |home| beside(home, || pipe(&home.join("Cargo.toml"))), "forbidden"),
    ("a-huge-source", |home| huge(&home.join("src/lib.rs")), "build_failed"),
    ("a-huge-module", |home| beside(home, || huge(&home.join("src/node.rs"))), "build_failed"),
    ("huge-notes", many_notes, "forbidden"),
    ("a-link-to-zeros", |home| link(home, "/dev/zero"), "empty"),
    ("a-link-to-the-host", |home| link(home, "/etc/passwd"), "empty"),
];

fn beside(home: &Path, hostile: impl FnOnce()) {
    submission(home, FORBIDDEN);
    hostile();
}

fn many_notes(home: &Path) {
    submission(home, FORBIDDEN);
    for number in 0..2_500 {
        huge(&home.join(format!("note{number}.txt")));
    }
}

fn link(home: &Path, to: &str) {
    std::os::unix::fs::symlink(to, home.join("src/lib.rs")).expect("links are allowed");
}

#[test]
fn a_file_that_never_ends_costs_its_owner_alone() {
    let (temporary, class) = (tempfile::tempdir().expect("room"), tempfile::tempdir().expect("room"));
    for (name, make, _) in HOSTILE {
        let home = class.path().join(name);
        fs::create_dir_all(home.join("src")).expect("there is room");
        make(&home);
    }
    submission(&class.path().join("zoe"), FORBIDDEN);
    pipe(&class.path().join("pipe.rs"));
    pipe(&class.path().join("pipe.zip"));
    huge(&class.path().join("sparse.zip"));
    let (folder, out) = (class.path().display().to_string(), temporary.path().join("out"));
    let arguments = ["class", &folder, "--out", &out.display().to_string()];
    let ended = grader(temporary.path(), &arguments).output().expect("it starts");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let results = fs::read_to_string(out.join("results.json")).expect("they are written");
    let results: serde_json::Value = serde_json::from_str(&results).expect("it is JSON");
    let states: Vec<_> = results["learners"].as_array().expect("a list").iter().collect();
    let state_of = |name: &str| {
        let learner = states.iter().find(|one| one["learner"] == name).unwrap_or_else(|| panic!("{name}: {results}"));
        learner["state"].as_str().expect("a word").to_owned()
    };
    for (name, _, state) in HOSTILE {
        // What holds nothing that can be read is empty, or does not build: either way it has no marks.
        let found = state_of(name);
        assert!(found == *state || (*state == "empty" && found == "missing"), "{name}: {found}");
    }
    assert_eq!(state_of("zoe"), "forbidden");
    assert_eq!(state_of("sparse"), "unreadable");
    assert_eq!(left_in(temporary.path()), ["out"]);
}

#[test]
fn a_file_that_never_ends_is_no_submission() {
    let temporary = tempfile::tempdir().expect("room");
    for (name, make, _) in HOSTILE {
        let home = tempfile::tempdir().expect("room");
        fs::create_dir_all(home.path().join("src")).expect("there is room");
        make(home.path());
        let shown = home.path().display().to_string();
        let ended = grader(temporary.path(), &["grade", &shown, "--format", "json"]).output().expect("it starts");
        assert_eq!(ended.status.code(), Some(3), "{name}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    let alone = temporary.path().join("alone.rs");
    pipe(&alone);
    let shown = alone.display().to_string();
    let ended = grader(temporary.path(), &["grade", &shown]).output().expect("it starts");
    assert_eq!(ended.status.code(), Some(2), "a path that is no file is the caller's mistake");
}
