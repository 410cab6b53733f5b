//! The manual's pages, help, and what is told of a pack when it is read.

use super::{check, grader};

#[test]
fn every_command_has_a_page_of_the_manual() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("man1");
    check(&["man", "--out", out.to_str().expect("a name")], "", "", 0);
    let (program, _, code) = grader(&["man"], "");
    assert_eq!(code, 0);
    let referred: Vec<String> = program
        .split(|c: char| c.is_whitespace())
        .filter_map(|word| word.strip_suffix("(1)"))
        .map(|name| name.replace('\\', ""))
        .collect();
    assert!(referred.len() > 10, "{program}");
    for name in referred {
        let page = std::fs::read_to_string(out.join(format!("{name}.1"))).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(page.contains(".SH NAME") && !page.contains("grader\\-help"), "{name}");
    }
    let (class, _, code) = grader(&["man", "class"], "");
    assert!(code == 0 && class.contains("\\-\\-roster") && class.contains("grader\\-class"), "{class}");
    let (_, stderr, code) = grader(&["man", "clas"], "");
    assert!(code == 2 && stderr.contains("name one of grade, watch, class"), "{stderr}");
}

#[test]
fn a_changed_copy_of_a_built_in_pack_is_told_to_take_an_id_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("mine");
    let name = copy.to_str().expect("a name");
    let say = |arguments: &[&str]| grader(arguments, "").1;
    let copied = std::process::Command::new("cp").args(["-r", "../exercises/line-cache", name]).status();
    assert!(copied.expect("it is there").success());
    assert!(!say(&["show", name]).contains("an id of its own"));
    std::fs::write(copy.join("statement.en.md"), "# Another\n").expect("there is room");
    assert!(say(&["show", name]).contains("has the id of the built-in exercise `line-cache`"));
}

#[test]
fn the_help_of_trace_teaches() {
    let (help, _, code) = grader(&["trace", "--help"], "");
    assert_eq!(code, 0);
    let policies = cachedojo::cache::EvictionPolicy::ALL.map(cachedojo::cache::EvictionPolicy::name);
    let formats = ["oracle-general", "csv", "msr", "arc", "lirs", "keys"];
    for word in policies.into_iter().chain(formats).chain(["belady", "working set", "byte miss ratio", "Examples:"]) {
        assert!(help.contains(word), "{word} is not explained in {help}");
    }
}
