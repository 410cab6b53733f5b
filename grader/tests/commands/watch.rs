//! `grader watch`: what a session makes of what it is told, and once with real files and a real signal.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use cachedojo_judge::pack::CodeLanguage;
use cachedojo_judge::report::GradeVerdict;
use cachedojo_judge::{Report, Verdict};
use cachedojo_notation::text::Language;
use grader::commands::watch::{News, WatchSession};
use grader::host::outcome::Outcome;
use grader::intake::submission::{Submission, Unreadable};
use grader::report::Setting;

use crate::report_samples::{graded, ungraded};

type Read = Result<Submission, Unreadable>;

#[expect(clippy::unnecessary_wraps, reason = "a reading, beside the one that fails")]
fn source(text: &str) -> Read {
    Ok(Submission::from_source("mine", text))
}

fn gone() -> Read {
    Err(Unreadable::Io {
        path: "mine".to_owned(),
        reason: "No such file".to_owned(),
        languages: vec![CodeLanguage::Rust],
    })
}

/// Follows a touch for each reading, then the stop; returns the ending, what was printed, and how often it was graded.
fn follow(readings: Vec<Read>, reports: Vec<anyhow::Result<Report>>, language: Language) -> (Outcome, String, usize) {
    let news: Vec<_> = readings.iter().map(|_| News::Touched).chain([News::Stop, News::Touched]).collect();
    let (mut readings, mut reports) = (VecDeque::from(readings), VecDeque::from(reports));
    let planned = reports.len();
    let mut out = Vec::new();
    let mut read = || readings.pop_front().expect("a reading for each touch");
    let mut grade = || reports.pop_front().expect("no more gradings than planned");
    let ending = WatchSession::new(&mut out, false, Setting::plain(language)).follow(
        news,
        &mut || Ok(()),
        &mut read,
        &mut grade,
    );
    (ending.expect("memory takes any writing"), String::from_utf8(out).expect("UTF-8"), planned - reports.len())
}

/// The sample with one check mended, and one broken.
fn changed() -> Report {
    let mut report = graded();
    for (id, verdict, points) in
        [("ttl", Verdict::Pass, 10), ("basic_get_set", Verdict::Fail, 0), ("order", Verdict::Fail, 2)]
    {
        let check = report.checks.iter_mut().find(|check| check.id == id).expect("it is in the sample");
        (check.verdict, check.points) = (verdict, points);
    }
    report.score += 2;
    report
}

#[test]
fn a_session_says_what_changed_since_the_last_time() {
    let (ending, out, _) = follow(vec![source("1"), source("2")], vec![Ok(graded()), Ok(changed())], Language::English);
    assert_eq!(ending, Outcome::NotPassed);
    let (_, second) = out.split_once("Watching").expect("the first report ends so");
    for line in [
        "Since the last time: +2 points\n",
        "  ✓ passes now: Time to live (ttl)\n",
        "  ✗ passes no more: Get and set (basic_get_set)\n",
        "  ◐ 0 -> 2 points: Order of keys (order)\n",
    ] {
        assert!(second.contains(line), "{line} is missing: {second}");
    }
    assert!(!second.contains("passes no more: LRU"), "it failed before: {second}");
}

#[test]
fn what_does_not_build_is_compared_with_nothing_and_the_next_with_the_last_that_did() {
    let reports = vec![Ok(graded()), Ok(ungraded(GradeVerdict::BuildFailed)), Ok(changed())];
    let (_, out, _) = follow(vec![source("1"), source("("), source("2")], reports, Language::French);
    let parts: Vec<_> = out.split("En attente").collect();
    assert!(parts[1].contains("✗ il ne compile plus\n") && !parts[1].contains("ne réussit plus"), "{}", parts[1]);
    assert!(parts[2].contains("✓ il compile de nouveau\n"), "{}", parts[2]);
    assert!(parts[2].contains("✓ réussit maintenant: Time to live (ttl)\n"), "{}", parts[2]);
}

#[test]
fn a_touch_that_changes_nothing_grades_nothing() {
    let (_, _, gradings) = follow(vec![source("1"), source("1"), source("1")], vec![Ok(graded())], Language::English);
    assert_eq!(gradings, 1);
}

#[test]
fn what_is_gone_is_waited_for_and_ends_nothing() {
    let readings = vec![gone(), source("1"), gone(), gone(), source("1")];
    let (ending, out, gradings) = follow(readings, vec![Ok(graded()), Ok(graded())], Language::English);
    assert_eq!((ending, gradings), (Outcome::NotPassed, 2));
    assert_eq!(
        out.matches("No such file; give a folder with src/lib.rs, or one source file; waiting").count(),
        2,
        "{out}"
    );
    let nothing = follow(vec![gone()], Vec::new(), Language::English);
    assert_eq!(nothing.0, Outcome::Passed, "nothing was graded");
}

#[test]
fn that_changes_are_no_longer_told_of_is_said_once_and_below_each_report() {
    let mut kept = VecDeque::from([true, false, false, false, true, false]);
    let mut readings = VecDeque::from(["1", "1", "1", "2", "2", "2"].map(source));
    let news = [News::Touched; 6];
    let mut keep = || match kept.pop_front() {
        Some(true) => Ok(()),
        _ => Err(anyhow::anyhow!("no space left for watches")),
    };
    let mut read = || readings.pop_front().expect("a reading for each touch");
    let mut out = Vec::new();
    let mut session = WatchSession::new(&mut out, false, Setting::plain(Language::English));
    session.follow(news, &mut keep, &mut read, &mut || Ok(graded())).expect("memory takes any writing");
    let out = String::from_utf8(out).expect("UTF-8");
    let said =
        "no space left for watches; this system tells of no more changes there, so they are looked for every second\n";
    let parts: Vec<_> = out.split("Watching: ").collect();
    assert_eq!(parts.iter().map(|part| part.matches(said).count()).collect::<Vec<_>>(), [0, 1, 2], "{out}");
}

#[test]
fn a_failure_of_the_grader_itself_is_said_and_the_session_goes_on() {
    let reports = vec![Err(anyhow::anyhow!("the pack is unsound")), Ok(graded())];
    let (ending, out, _) = follow(vec![source("1"), source("2")], reports, Language::English);
    assert_eq!(ending, Outcome::NotPassed);
    assert!(out.starts_with("the pack is unsound\n"), "{out}");
}

/// A grader that watches, and is gone with the test.
struct Watching {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Watching {
    fn start(path: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
        let mut child = command.arg("watch").arg(path).stdout(Stdio::piped()).spawn().expect("the grader starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    /// Reads what it prints up to a line that contains `last`.
    fn until(&mut self, last: &str) {
        let found = self.lines.by_ref().any(|line| line.expect("UTF-8").contains(last));
        assert!(found, "it ended before it said `{last}`");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn files_may_be_written_renamed_removed_and_made_again() {
    let home = tempfile::tempdir().expect("a folder");
    let (above, folder) = (home.path().join("week/1"), home.path().join("week/1/mine"));
    let source = folder.join("src/lib.rs");
    let write = |path: &Path, text: &str| fs::write(path, text).expect("there is room");
    fs::create_dir_all(folder.join("src")).expect("there is room");
    write(&source, "pub fn f( {}");
    // What is waited for is what it must come to: a look in between, at what is half there, is no mistake.
    let mut watching = Watching::start(&folder);
    watching.until("src/lib.rs:1");
    // As editors save: a new file takes the old one's name.
    write(&folder.join("src/.lib.rs.swp"), "pub unsafe fn f() {}");
    fs::rename(folder.join("src/.lib.rs.swp"), &source).expect("renamed");
    watching.until("`unsafe` is forbidden");
    fs::remove_dir_all(&folder).expect("removed");
    watching.until("waiting for it to come back");
    fs::create_dir_all(folder.join("src")).expect("there is room");
    write(&source, "pub fn g( {}");
    watching.until("src/lib.rs:1");
    write(&source, "pub unsafe fn g() {}");
    watching.until("`unsafe` is forbidden");
    // And with the folders above it.
    fs::remove_dir_all(&above).expect("removed");
    watching.until("waiting for it to come back");
    fs::create_dir_all(folder.join("src")).expect("there is room");
    write(&source, "pub fn h( {}");
    watching.until("src/lib.rs:1");
    write(&source, "pub unsafe fn h() {}");
    watching.until("`unsafe` is forbidden");
    let pid = watching.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    let status = watching.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(3), "as the last grading ended");
}
