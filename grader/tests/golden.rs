//! Golden submissions, named by what they are: each gets the marks that are written down beside it.
//!
//! `UPDATE=1 cargo test -p grader --test golden` writes `expected.txt` anew; read the difference before you commit it.

#[path = "golden/others.rs"]
mod others;
mod summary;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachedojo_judge::Report;
use cachedojo_notation::text::Language;
use grader::pack::{DEFAULT_ID, Pack};
use grader::run::bench::Bench;
use summary::summary;

#[test]
fn golden_submissions_get_the_marks_that_are_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions");
    let mut submissions: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    submissions.sort();
    assert!(submissions.len() >= 20, "the submissions are there");
    let pack = Pack::load(DEFAULT_ID).expect("a sound pack");
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(path) = submissions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = bench.grade_path(path, 0, Language::English).expect("a report");
                    wrong.lock().expect("no panic").extend(difference(path, &report));
                    wrong.lock().expect("no panic").extend(not_replayed(path, &report));
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), submissions.len(), wrong.join("\n"));
}

/// Every so many-th entry of the table is graded here, since each takes seconds; `cargo xtask golden` grades all.
const OTHERS_EVERY: usize = 23;

#[test]
fn golden_submissions_of_the_other_packs_get_their_marks() {
    let every = std::env::var("GOLDEN_EVERY").ok().and_then(|text| text.parse().ok()).unwrap_or(OTHERS_EVERY);
    let wanted = std::env::var("GOLDEN").unwrap_or_default();
    let entries = others::entries().into_iter().filter(|entry| entry.id.contains(&wanted));
    let entries: Vec<_> = entries.step_by(every).collect();
    assert!(!entries.is_empty(), "the table has no entry whose name has `{wanted}`");
    let wrong: Vec<String> = entries.iter().flat_map(others::Entry::differences).collect();
    assert!(wrong.is_empty(), "of {} entries:\n{}", entries.len(), wrong.join("\n"));
}

/// A copy as somebody's Windows or Mac hands it in: a mark before each source, `\r\n` behind its lines, none behind the last, and
/// the files that those systems leave beside it.
fn from_another_system(folder: &Path, to: &Path) {
    for entry in fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry")) {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            fs::create_dir(&copy).expect("there is room");
            from_another_system(&path, &copy);
        } else {
            let text = fs::read_to_string(&path).expect("a text").trim_end().replace('\n', "\r\n");
            fs::write(&copy, format!("\u{feff}{text}")).expect("there is room");
            let beside = format!("._{}", entry.file_name().to_string_lossy());
            fs::write(to.join(beside), b"\0\x05\x16\x07\xff").expect("there is room");
        }
    }
    for name in [".DS_Store", "Thumbs.db", "desktop.ini"] {
        fs::write(to.join(name), b"\0\0\0\x01Bud1\xff").expect("there is room");
    }
}

#[test]
fn files_of_another_system_change_no_mark() {
    let copy = tempfile::tempdir().expect("there is room");
    let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions/correct_plain_vectors");
    from_another_system(&plain, copy.path());
    let pack = Pack::load(DEFAULT_ID).expect("a sound pack");
    let report = Bench::open(&pack, false).expect("a toolbox").grade_path(copy.path(), 0, Language::English);
    assert_eq!(summary(&report.expect("a report")), "graded 100/100\n");
}

/// What `grader run` prints otherwise than the report has it, where the report names the command that plays a race again.
fn not_replayed(path: &Path, report: &Report) -> Vec<String> {
    let folder = tempfile::tempdir().expect("there is room");
    let rows = report.checks.iter().filter(|check| !check.schedule.is_empty());
    let differs = rows.filter_map(|check| {
        let script = folder.path().join("script.txt");
        fs::write(&script, &check.script).expect("there is room");
        let (_, command) = check.schedule.rsplit_once("grader run SCRIPT --subject PATH ").expect("a command");
        let (options, schedule) = command.split_once(" --schedule ").expect("a schedule");
        let run = Command::new(env!("CARGO_BIN_EXE_grader"))
            .arg("run")
            .arg(script)
            .arg("--subject")
            .arg(path)
            .args(options.split(' '))
            .arg("--schedule")
            .arg(schedule.trim_matches('\''))
            .output()
            .expect("the grader");
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        // The report has the commands too, and where time passes only them; it leaves out what comes after the failure.
        let told: Vec<&str> = check.transcript.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        let same = said.lines().filter(|line| !line.starts_with('+')).take(told.len()).eq(told.iter().copied());
        (!same).then(|| format!("{}: {}:\n{said}instead of\n{}", path.display(), check.id, check.transcript))
    });
    differs.collect()
}

fn difference(path: &Path, report: &Report) -> Option<String> {
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    // What the name promises holds whatever is written down.
    if name.starts_with("correct_") {
        assert_eq!(report.score, report.max_score, "{name}: a correct submission loses nothing: {}", summary(report));
    }
    if let Some(letter) = name.strip_prefix("failure_") {
        let named: Vec<_> = report.mutants.iter().filter(|mutant| mutant.behaves_like).collect();
        let told = named.iter().any(|mutant| mutant.scenario.eq_ignore_ascii_case(letter));
        assert!(told, "{name}: the learner is told the letter: {}", summary(report));
    }
    let (file, summary) = (path.join("expected.txt"), summary(report));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(file, summary).expect("a writable file");
        return None;
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    (expected != summary).then(|| format!("{name}:\n--- expected\n{expected}--- graded\n{summary}"))
}
