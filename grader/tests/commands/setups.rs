//! The set-ups for course platforms, run as the platforms run them, in layouts of their own below a scratch folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn setups() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("setups")
}

/// Runs a script where `grader` is the program that is tested, or what stands in `bin`.
fn run(script: &str, root: (&str, &Path), bin: &Path) -> Output {
    let mut path = bin.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let cache = grader::host::cache::folder().expect("the tests have a cache");
    let mut command = Command::new("bash");
    // The script puts the home's cargo first: that is nobody's grader.
    command.arg(setups().join(script)).env(root.0, root.1).env("PATH", path).env("CACHEDOJO_CACHE", cache);
    command.output().expect("bash")
}

fn tested() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_grader")).parent().expect("a folder").to_owned()
}

/// A platform's folder with a submission in `student`, and a folder with a grader that fails.
fn layout(student: &str) -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().expect("a folder");
    let source = root.path().join(student).join("src/lib.rs");
    fs::create_dir_all(source.parent().expect("a folder")).expect("there is room");
    fs::write(source, "pub unsafe fn f() {}").expect("there is room");
    let broken = root.path().join("broken/grader");
    fs::create_dir_all(broken.parent().expect("a folder")).expect("there is room");
    fs::write(&broken, "#!/bin/sh\nexit 4\n").expect("there is room");
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let broken = broken.parent().expect("a folder").to_owned();
    (root, broken)
}

fn results(root: &Path) -> Value {
    let text = fs::read_to_string(root.join("results/results.json")).expect("there are always results");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn gradescope_gets_results_or_a_failure_and_no_mark_that_is_none() {
    let (root, broken) = layout("submission");
    let output = run("gradescope/run_autograder", ("AUTOGRADER_ROOT", root.path()), &tested());
    assert!(output.status.success(), "{output:?}");
    let graded = results(root.path());
    assert_eq!(graded["score"], 0, "{graded}");
    assert!(graded["tests"].to_string().contains("unsafe"), "{graded}");
    fs::remove_file(root.path().join("results/results.json")).expect("it was there");
    // What is no mark must not look like one: no results, and an exit code that the platform shows to its staff.
    let output = run("gradescope/run_autograder", ("AUTOGRADER_ROOT", root.path()), &broken);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("exit code 4"), "{output:?}");
    assert!(!root.path().join("results/results.json").exists());
}

#[test]
fn every_set_up_that_prepares_prepares_for_submissions_of_every_kind() {
    for name in ["Containerfile", "gradescope/setup.sh"] {
        let text = fs::read_to_string(setups().join(name)).expect("it is there");
        for part in ["grader doctor --prepare", "python3-pip"] {
            assert!(text.contains(part), "{name} lacks {part}");
        }
    }
}

#[test]
fn prairielearn_gets_results_whatever_happens() {
    let (root, broken) = layout("student");
    let output = run("prairielearn/run.sh", ("GRADE_ROOT", root.path()), &tested());
    assert!(output.status.success(), "{output:?}");
    assert!(results(root.path()).to_string().contains("unsafe"));
    fs::remove_file(root.path().join("results/results.json")).expect("it was there");
    let output = run("prairielearn/run.sh", ("GRADE_ROOT", root.path()), &broken);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(results(root.path())["gradable"], false);
    let info = fs::read_to_string(setups().join("prairielearn/info.json")).expect("it is there");
    let info: Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!(info["gradingMethod"], "External");
}

#[test]
fn the_workflows_step_gives_github_annotations_a_summary_and_a_result() {
    let (root, _) = layout("checkout");
    let workflow = fs::read_to_string(setups().join("github/grade.yml")).expect("it is there");
    let step =
        workflow.lines().find_map(|line| line.trim().strip_prefix("run: ")).expect("a step that runs the grader");
    let mut words = step.split_whitespace();
    assert_eq!(words.next(), Some("grader"));
    let (summary, outputs) = (root.path().join("summary"), root.path().join("outputs"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(words).current_dir(root.path().join("checkout"));
    let output =
        command.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs).output().expect("it starts");
    assert_eq!(output.status.code(), Some(3), "what is forbidden fails the step");
    assert!(String::from_utf8_lossy(&output.stdout).contains("::error file=src/lib.rs"), "{output:?}");
    assert!(fs::read_to_string(summary).expect("a summary").contains("unsafe"));
    assert!(fs::read_to_string(outputs).expect("outputs").starts_with("result="));
}

#[test]
fn every_script_is_one_that_bash_reads() {
    for script in ["gradescope/run_autograder", "gradescope/setup.sh", "prairielearn/run.sh"] {
        let path = setups().join(script);
        assert!(Command::new("bash").arg("-n").arg(&path).status().expect("bash").success(), "{script}");
        assert!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o111 != 0, "{script} can be run");
    }
}
