//! Attacks that no repository can hold. Those of the corpus are tried by `grader selfcheck`, a step of every check.

use std::fs;
use std::path::Path;

use cachedojo_judge::Report;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_notation::text::Language;
use grader::attacks::{Corpus, check_secrets, corpus};
use grader::pack::{DEFAULT_ID, Pack};
use grader::run::bench::Bench;

const HONEST: &str = "pub struct ProtocolParser;";

fn grade(lay_out: impl FnOnce(&Path)) -> Report {
    let mut pack = Pack::load(DEFAULT_ID).expect("the exercise is sound");
    // Which known bug it looks like is nothing to ask here.
    pack.exercise.mutants.clear();
    let bench = Bench::open(&pack, false).expect("this machine can grade");
    let folder = tempfile::tempdir().expect("there is room");
    fs::create_dir(folder.path().join("src")).expect("there is room");
    fs::write(folder.path().join("src/lib.rs"), HONEST).expect("there is room");
    lay_out(folder.path());
    let report = bench.grade_path(folder.path(), 0, Language::English).expect("there is a report");
    check_secrets(&report).expect("nothing got out");
    report
}

#[test]
fn each_corpus_is_read_from_the_sources_and_none_is_in_the_program() {
    let program = fs::read(env!("CARGO_BIN_EXE_grader")).expect("the grader is built");
    let program = String::from_utf8_lossy(&program);
    for (of, mark) in [(Corpus::Rust, "//! attack: "), (Corpus::Python, "# attack: "), (Corpus::Tests, "# attack: ")] {
        let home = of.home().expect("the tests run among the sources");
        let attacks = corpus(of, &home).expect("every header is right");
        assert!(attacks.len() >= 8, "{of:?}: {}", attacks.len());
        let line = format!("{mark}{}", attacks[0].what);
        assert!(!program.contains(&line), "{line}");
    }
    let empty = tempfile::tempdir().expect("there is room");
    assert!(corpus(Corpus::Rust, empty.path()).is_err(), "no attack at all is a mistake, not a success");
}

#[test]
fn names_that_steer_a_terminal_or_a_page_are_ignored_and_shown_harmless() {
    let report = grade(|folder| {
        for name in ["a\nb.rs", "\u{1b}[2Jc.rs", "<script>.rs", "d\u{202e}e.rs"] {
            fs::write(folder.join("src").join(name), "fn f() {}").expect("this file system takes any name");
        }
    });
    assert_eq!(report.verdict, GradeVerdict::Graded);
    assert_eq!(report.diagnostics.len(), 4, "{:?}", report.diagnostics);
    assert!(report.diagnostics.iter().all(|found| !found.file.contains('\u{1b}')));
}

#[test]
fn a_source_larger_than_any_solution_is_refused() {
    let report = grade(|folder| fs::write(folder.join("src/lib.rs"), vec![b'\n'; 3 << 20]).expect("there is room"));
    assert_eq!(report.verdict, GradeVerdict::BuildFailed);
    assert!(report.diagnostics[0].message.contains("too big"), "{:?}", report.diagnostics);
}

#[test]
fn bytes_that_are_no_text_are_told_at_their_line() {
    let report = grade(|folder| fs::write(folder.join("src/lib.rs"), b"//!\n//! \xff\n").expect("there is room"));
    assert_eq!(report.verdict, GradeVerdict::BuildFailed);
    assert_eq!((report.diagnostics[0].file.as_str(), report.diagnostics[0].line), ("src/lib.rs", 2));
}

#[test]
fn a_folder_that_leads_into_itself_ends() {
    let report = grade(|folder| std::os::unix::fs::symlink("..", folder.join("src/again")).expect("links are allowed"));
    assert_eq!(report.verdict, GradeVerdict::Graded);
    assert!(report.diagnostics[0].message.contains("symbolic links"), "{:?}", report.diagnostics);
}

#[test]
fn nothing_of_one_submission_is_left_for_the_next() {
    let first = grade(|folder| fs::write(folder.join("src/mark.rs"), "pub fn mark() {}").expect("there is room"));
    let second = grade(|folder| fs::write(folder.join("src/lib.rs"), "mod mark;").expect("there is room"));
    assert_eq!(first.verdict, GradeVerdict::Graded);
    assert_eq!(second.verdict, GradeVerdict::BuildFailed);
}
