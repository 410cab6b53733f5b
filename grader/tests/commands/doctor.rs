//! `grader doctor` on machines that lack something.

use std::process::{Command, Output};

fn doctor(change: impl FnOnce(&mut Command)) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    change(command.arg("doctor"));
    let Output { stdout, status, .. } = command.output().expect("it starts");
    (String::from_utf8(stdout).expect("UTF-8"), status.code())
}

#[test]
fn a_machine_that_can_grade_is_told_so() {
    let (said, code) = doctor(|_| {});
    assert!(code == Some(0) && said.ends_with("This machine can grade.\n"), "{said}");
}

#[test]
fn all_that_is_made_once_is_made_by_one_command() {
    let (said, code) = doctor(|command| _ = command.arg("--prepare"));
    assert!(code == Some(0) && said.contains("pytest") && said.contains("toolbox"), "{said}");
    // Whoever prepares an image learns that Python's part is not in it.
    let (said, code) = doctor(|command| _ = command.arg("--prepare").env("CACHEDOJO_PYTHON", "/nowhere/python3"));
    assert!(code == Some(4) && said.contains("✗"), "{said}");
}

#[test]
fn each_thing_that_is_missing_is_named_with_what_mends_it() {
    let (said, code) = doctor(|command| _ = command.env("PATH", "/nowhere"));
    assert_eq!(code, Some(4), "{said}");
    for part in ["✗ there is no Rust compiler", "rustup.rs", "– there is no node", "– there is no chromium"] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    let file = tempfile::NamedTempFile::new().expect("there is room");
    let (said, code) = doctor(|command| _ = command.env("CACHEDOJO_CACHE", file.path().join("below")));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("cannot be written to") && said.contains("export CACHEDOJO_CACHE="), "{said}");
}
