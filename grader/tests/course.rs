//! Lessons on the command line: graded as every exercise is, and not to be solved by what shows nothing.

use cachedojo_judge::Verdict;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::report::Report;
use cachedojo_notation::text::Language;
use grader::course;
use grader::course::CourseFiles;
use grader::intake::submission::Submission;
use grader::run::bench::Bench;

fn grade(lesson: &str, text: &str) -> Report {
    let pack = course::load(lesson).unwrap_or_else(|error| panic!("{error:#}"));
    let bench = Bench::open(&pack, false).unwrap_or_else(|error| panic!("{error:#}"));
    let script = [("script.txt".to_owned(), text.to_owned())].into();
    let submission = Submission::of(CodeLanguage::Script, "script.txt", script).expect("a script");
    bench.grade(&submission, 0, Language::English).unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn the_bug_of_each_lesson_is_found_by_its_solution_alone() {
    let files = CourseFiles::load().expect("a sound course");
    for lesson in files.course.lessons.iter().filter(|lesson| lesson.mutant.is_some()) {
        let report = grade(&lesson.id, &lesson.solution());
        assert_eq!((report.score, report.passed, report.mutants[0].detected), (100, true, true), "{}", lesson.id);
        let report = grade(&lesson.id, &lesson.failed_attempt());
        assert_eq!((report.score, report.passed, report.mutants[0].detected), (0, false, false), "{}", lesson.id);
        assert!(report.mutants[0].message.is_empty(), "the bug is told before it is found");
    }
}

#[test]
fn a_script_exposes_nothing_by_failing_on_the_sound_cache() {
    let told = |text: &str| {
        let report = grade("expose-ttl", text);
        (report.score, report.checks[0].message.clone())
    };
    assert_eq!(
        told("node new 9\nnode get k\nexpect v\n"),
        (0, "Line 3 fails on the sound cache too, so it proves nothing: BROKEN: expected v, got nothing".to_owned())
    );
    assert_eq!(told("node gte k\n"), (0, "Line 1: `node gte` is no command; did you mean `node get`?".to_owned()));
    assert_eq!(told("# nothing\n"), (0, "There is no command yet: write some, one a line.".to_owned()));
    assert_eq!(told("node get k\n"), (0, "Line 1: there is no node yet: make one with `node new` first".to_owned()));
    let longer = grade("expose-ttl", "node new 9\nnode set k v ttl 1s\nnode stats\nnode stats\ntick 1s\nnode get k\n");
    assert_eq!((longer.score, longer.passed), (88, true));
    assert_eq!(longer.checks[1].message, "Your script has 6 lines; it can be done in 4.");
    // Expectations are not counted: they make a script clearer.
    let clear = grade("expose-ttl", "node new 9\nnode set k v ttl 1s\ntick 1s\nnode get k\nexpect nothing\n");
    assert_eq!((clear.score, clear.checks[1].verdict), (100, Verdict::Pass));
}

#[test]
fn a_report_of_a_lesson_is_repeatable() {
    let script = CourseFiles::load().expect("a sound course").course.lesson("who-leaves").expect("a lesson").solution();
    let (one, other) = (grade("who-leaves", &script), grade("who-leaves", &script));
    assert_eq!(one, other);
    assert_ne!(one.receipt, grade("who-leaves", &script.replace("evictions = 1", "evictions = 2")).receipt);
}
