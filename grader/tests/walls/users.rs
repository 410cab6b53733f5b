//! The same walls for another user, and where the host gives no user namespaces: the tests of this program, run again there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Those that put a program behind the walls.
const TESTS: &[&str] = &[
    "a_program_sees_its_own_files_and_no_others",
    "a_program_inherits_nothing_and_knows_nothing_of_the_machine",
    "a_program_changes_nothing_but_its_own_folder_and_not_without_end",
    "only_who_is_told_to_starts_programs_and_their_end_is_its_own",
    "who_is_started_alone_reaches_nobody_outside_and_leaves_nobody_behind",
];

/// Told to the tests that run again: here there are no namespaces to enter.
pub(super) const WITHOUT: &str = "WALLS_WITHOUT_NAMESPACES";

/// Another user's numbers.
const NOBODY: &[&str] = &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
/// A user namespace in which there are no others, and no right to anything in it.
const ALONE: &[&str] = &[
    "unshare",
    "--user",
    "--map-root-user",
    "sh",
    "-c",
    "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"",
    "sh",
];

/// Runs those tests again behind some words that change who runs them.
fn again(words: &[&[&str]], without: bool) {
    let folder = tempfile::tempdir().expect("there is room");
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    open(folder.path());
    let (program, beside) = (folder.path().join("walls"), folder.path().join("grader"));
    fs::copy(std::env::current_exe().expect("there is a program"), &program).expect("there is room");
    fs::copy(env!("CARGO_BIN_EXE_grader"), &beside).expect("there is room");
    for path in [&program, &beside] {
        open(path);
    }
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).expect("there is room");
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let words: Vec<&str> = words.iter().flat_map(|words| words.iter().copied()).collect();
    let (first, rest) = words.split_first().expect("somebody is named");
    let mut command = Command::new(first);
    command.args(rest).arg(&program).arg("--exact").args(TESTS).env("TMPDIR", &temporary).current_dir(folder.path());
    if without {
        command.env(WITHOUT, "1");
    }
    let ended = command.output().expect("util-linux is installed");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    let passed = format!("{} passed; 0 failed", TESTS.len());
    assert!(ended.status.success() && said.contains(&passed), "{words:?}: {said}");
}

#[test]
fn the_walls_stand_for_another_user_too() {
    // Only root can be another user; whoever else runs this is one already.
    if rustix::process::geteuid().is_root() {
        again(&[NOBODY], false);
    } else {
        again(&[&["env"]], false);
    }
}

#[test]
fn without_user_namespaces_nothing_more_can_be_read() {
    let words: &[&[&str]] = if rustix::process::geteuid().is_root() { &[NOBODY, ALONE] } else { &[ALONE] };
    again(words, true);
}
