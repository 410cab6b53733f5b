//! Scripts that are run on a submission or on a known bug.

use super::{check, grader};

#[test]
fn a_script_that_a_whole_run_lost_is_run_as_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("s.txt");
    std::fs::write(&script, "PUT a b\\u{1}c\nPUT a 1\nGET a\nEXIT\nGET a\n").expect("there is room");
    let script = script.to_str().expect("a name");
    let right = "tests/submissions-python/correct_joins_the_one_before";
    for more in
        [&["--exercise", "line-cache"][..], &["--dialect", "line", "--exercise", "line-cache"], &["--dialect", "line"]]
    {
        check(&[&["run", script, "--subject", right][..], more].concat(), "", "ERROR\nSTORED\n1\nBYE\n", 0);
    }
    let tabs = ["run", script, "--dialect", "line", "--subject", "mutant:tabs_separate"];
    check(&tabs, "", "ERROR\nSTORED\n1\nBYE\n", 0);
}

#[test]
fn a_script_for_a_cluster_is_run_on_submitted_nodes_or_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("mine");
    let mine = mine.to_str().expect("a name");
    assert_eq!(grader(&["init", "replicated-node", mine], "").2, 0);
    let scene = "cluster nodes=1 rf=1 points=16\ntick 3s\nwrite a v via=n1\n@traffic\nexpect no\n";
    let (stdout, stderr, code) = grader(&["run", "-", "--exercise", "replicated-node", "--subject", mine], scene);
    assert!(stdout.contains("cannot do anything yet") && !stdout.contains("stored"), "{stdout}{stderr}");
    assert_eq!(code, 0, "{stderr}");
    let (stdout, stderr, code) = grader(
        &["run", "-", "--exercise", "five-bugs", "--subject", "mutant:half_is_a_quorum"],
        "cluster nodes=3 rf=3 points=16\nblock n1->n2\nblock n1->n3\nwrite a v via=n1\n",
    );
    assert!(code == 0 && stdout.ends_with("stored\n"), "{stdout}{stderr}");
    for (exercise, subject, script, said) in [
        (
            "replicated-node",
            mine,
            "cluster nodes=1\nsettle\n",
            "line 2: a cluster of submitted nodes cannot do this: leave the line out",
        ),
        ("replicated-node", mine, "write a v\n", "begin the scene with `cluster nodes=3 rf=3`"),
        (
            "distributed-cache",
            "mutant:miss_counted_as_hit",
            "node new 1KiB\ncluster nodes=1\n",
            "line 2: `cluster nodes=1` is for the simulated cluster, whose nodes are never this exercise's submissions: leave --subject out",
        ),
    ] {
        let (stdout, stderr, code) = grader(&["run", "-", "--exercise", exercise, "--subject", subject], script);
        assert!(code == 2 && stdout.is_empty() && stderr.contains(said), "{code}: {stdout}{stderr}");
    }
}

#[test]
fn a_submission_in_python_is_run_in_python() {
    let right = "tests/submissions-python/correct_joins_the_one_before";
    check(&["run", "-", "--subject", right], "PUT a 1\nGET a\nEXIT\n", "STORED\n1\nBYE\n", 0);
    let main = format!("{right}/main.py");
    check(&["run", "-", "--subject", &main], "GET a\nEXIT\n", "NOT_FOUND\nBYE\n", 0);
    let (stdout, stderr, code) =
        grader(&["run", "-", "--exercise", "distributed-cache", "--subject", right], "GET a\n");
    let said = "is in Python, which `distributed-cache` does not take: name its exercise, as `--exercise line-cache`";
    assert!(code == 2 && stdout.is_empty() && stderr.contains(said), "{code}: {stdout}{stderr}");
}
