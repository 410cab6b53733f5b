//! Classes as course platforms export them, and what grading them must survive.

#[path = "class/chosen.rs"]
mod chosen;
mod class_of;
#[path = "class/handed_back.rs"]
mod handed_back;
#[path = "class/intake.rs"]
mod intake;
#[path = "class/left_out.rs"]
mod left_out;
#[path = "class/one_answer.rs"]
mod one_answer;
mod report_samples;
#[path = "class/told.rs"]
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cachedojo_judge::Report;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_notation::text::Language;
use grader::class::key::Keys;
use grader::class::store::{Past, Store};
use grader::class::work::{Job, grade_all};
use grader::host::sandbox::Protection;
use grader::intake::archive::{self, Refused};
use grader::intake::find::{Entry, Found, entries};
use grader::language::rust::RustToolchain;
use grader::pack::{DEFAULT_ID, Pack};
use grader::run::bench::Bench;
use report_samples::graded;
use std::sync::Arc;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// What the classes of these tests are graded in.
const LANGUAGES: &[CodeLanguage] = &[CodeLanguage::Rust, CodeLanguage::Python];

fn class(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        if !path.ends_with(".keep") {
            fs::write(path, text).expect("a file");
        }
    }
    folder
}

fn found(folder: &Path) -> Vec<(String, Found)> {
    let scratch = tempfile::tempdir().expect("a folder");
    let relative = |found| match found {
        Found::Source(path, remark) => {
            let inside = |base: &Path| path.strip_prefix(base).ok().map(Path::to_owned);
            Found::Source(inside(folder).or_else(|| inside(scratch.path())).expect("within the class"), remark)
        }
        other => other,
    };
    let entries = entries(folder, scratch.path(), LANGUAGES).expect("entries");
    entries.into_iter().map(|Entry { learner, found, .. }| (learner, relative(found))).collect()
}

fn source(path: &str) -> Found {
    Found::Source(PathBuf::from(path), String::new())
}

fn zip(path: &Path, entries: &[(&str, &[u8])]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("a file"));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("an archive");
}

#[test]
fn submissions_are_found_wherever_platforms_and_learners_put_them() {
    let class = class(&[
        ("export/grades.csv", "a,b"),
        ("export/__MACOSX/ada/lib.rs", "x"),
        ("export/ada/src/lib.rs", "mod ring;"),
        ("export/ada/src/ring.rs", "x"),
        ("export/ada/target/debug/src/lib.rs", "x"),
        ("export/bob/a/b/c/lib.rs", "x"),
        ("export/cleo/my cache.rs", "x"),
        ("export/dan/notes.txt", "x"),
        ("export/eve/.keep", ""),
        ("export/fay/src/lib.rs", " \n\t"),
        ("export/gus_LATE_1234_77_lib.rs", "x"),
        ("export/hal/try1/src/lib.rs", "x"),
        ("export/hal/try2/src/lib.rs", "x"),
        ("export/=1+1\nnew line/lib.rs", "x"),
        ("export/Ida Noé_99_assignsubmission_file_/lib.rs", "x"),
        ("export/Ida Noé_99_assignsubmission_onlinetext_/text.html", "x"),
        ("export/jo_11_1_lib.rs", "first"),
        ("export/jo_11_2_lib-1.rs", "second"),
    ]);
    let expected = [
        ("=1+1\u{fffd}new line", source("export/=1+1\nnew line")),
        ("Ida Noé (99)", source("export/Ida Noé_99_assignsubmission_file_")),
        ("ada", source("export/ada")),
        ("bob", source("export/bob/a/b/c")),
        ("cleo", source("export/cleo/my cache.rs")),
        ("dan", Found::Missing(vec!["notes.txt".to_owned()])),
        ("eve", Found::Empty),
        ("fay", Found::Empty),
        ("gus (1234)", source("export/gus_LATE_1234_77_lib.rs")),
        ("hal", Found::Ambiguous(vec!["try1".to_owned(), "try2".to_owned()])),
        ("jo (11)", Found::Superseded),
        ("jo (11)", source("export/jo_11_2_lib-1.rs")),
    ];
    assert_eq!(found(class.path()), expected.map(|(learner, found)| (learner.to_owned(), found)));
}

#[test]
fn a_learners_archive_is_looked_into_and_a_broken_one_costs_nobody_else() {
    let class = class(&[("ada/.keep", ""), ("cleo/lib.rs", "x"), ("dan.zip", "this is no archive")]);
    zip(&class.path().join("ada/work.zip"), &[("project/src/lib.rs", b"x"), ("../../evil.rs", b"x")]);
    zip(&class.path().join("bob.zip"), &[("notes.md", b"x")]);
    let found = found(class.path());
    assert_eq!(found[0], ("ada".to_owned(), source("archive-1/project")));
    assert_eq!(found[1], ("bob".to_owned(), Found::Empty));
    assert_eq!(found[2], ("cleo".to_owned(), source("cleo")));
    assert!(matches!(&found[3].1, Found::Unreadable(reason) if reason.contains("plain zip")), "{found:?}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let class = class(&[("ada/lib.rs", "x"), ("bob/.keep", ""), ("secret.txt", "x")]);
    std::os::unix::fs::symlink(class.path().join("ada"), class.path().join("bob/link")).expect("a link");
    std::os::unix::fs::symlink("/etc", class.path().join("cleo")).expect("a link");
    // Nobody vanishes: whoever's folder is a link has a row that says so.
    let unread = |why: &str| Found::Unreadable(why.to_owned());
    let inside = unread("`link` is a link, and links are not followed: hand in the file itself");
    let link = unread("it is a link, and links are not followed: put the files themselves there");
    let expected = [("ada", source("ada")), ("bob", inside), ("cleo", link)];
    assert_eq!(found(class.path()), expected.map(|(learner, found)| (learner.to_owned(), found)));
}

#[test]
fn an_archive_writes_nothing_outside_its_folder() {
    let home = class(&[("in/.keep", "")]);
    let (path, into) = (home.path().join("a.zip"), home.path().join("in"));
    let names = ["../evil.rs", "a/../../evil.rs", "/evil.rs", "C:\\evil.rs", "..\\evil.rs", "ok/lib.rs"];
    zip(&path, &names.map(|name| (name, b"x".as_slice())));
    archive::unpack(&path, &into, archive::LEARNER, LANGUAGES).expect("unpacked");
    assert!(into.join("ok/lib.rs").is_file());
    let outside: Vec<_> =
        fs::read_dir(home.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(outside.len(), 2, "{outside:?}");
    assert!(!Path::new("/evil.rs").exists());
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused() {
    let home = class(&[("in/.keep", "")]);
    let (path, into) = (home.path().join("a.zip"), home.path().join("in"));
    let zeros = vec![0; 1 << 20];
    let names: Vec<String> = (0..20).map(|index| format!("f{index}.rs")).collect();
    zip(&path, &names.iter().map(|name| (name.as_str(), zeros.as_slice())).collect::<Vec<_>>());
    assert!(fs::metadata(&path).expect("a file").len() < 100_000, "a bomb is small");
    assert!(matches!(archive::unpack(&path, &into, archive::LEARNER, LANGUAGES), Err(Refused::TooManyBytes(_))));
    let few = archive::Limits { entries: 3, ..archive::LEARNER };
    assert!(matches!(archive::unpack(&path, &into, few, LANGUAGES), Err(Refused::TooManyEntries(3))));
}

fn jobs(count: usize) -> Vec<Job> {
    (0..count)
        .map(|index| Job {
            key: format!("key-{index}"),
            path: PathBuf::from(format!("{index}")),
            learner: String::new(),
        })
        .collect()
}

#[expect(clippy::unnecessary_wraps, reason = "a class takes a grader that may fail")]
fn grade(path: &Path) -> anyhow::Result<Report> {
    let mut report = graded();
    report.receipt = format!("sha256:{}", path.display());
    Ok(report)
}

#[test]
fn one_bad_submission_never_stops_the_rest() {
    let jobs = jobs(40);
    let mut outcomes = Vec::new();
    let grade = |path: &Path| match path.to_string_lossy().as_ref() {
        "7" => panic!("the grader has a bug"),
        "9" => anyhow::bail!("no such file"),
        _ => grade(path),
    };
    grade_all(&jobs, 4, &grade, Language::English, |job, graded| {
        outcomes.push((job.key.clone(), graded.map(|report| report.receipt)));
        Ok(())
    })
    .expect("nothing to stop for");
    outcomes.sort();
    outcomes.dedup_by_key(|(key, _)| key.clone());
    assert_eq!(outcomes.len(), 40, "each once");
    let failed: Vec<_> =
        outcomes.iter().filter_map(|(key, outcome)| Some((key.as_str(), outcome.as_ref().err()?.as_str()))).collect();
    assert_eq!(failed, [("key-7", "the grader panicked: the grader has a bug"), ("key-9", "no such file")]);
}

/// Set for the process that is killed: where its store is.
const VICTIM: &str = "CLASS_TEST_STORE";
/// How many results it remembers before it dies.
const REMEMBERED: usize = 17;

#[test]
fn what_was_remembered_before_a_kill_is_there_after_it_and_the_rest_is_not() {
    if let Some(path) = std::env::var_os(VICTIM) {
        let store = Store::open(Path::new(&path)).expect("a store");
        let mut count = 0;
        let done = |job: &Job, graded: Result<Report, String>| {
            store.remember(&job.key, &graded.expect("a report"))?;
            count += 1;
            // As sudden as a kill: nothing is closed, nothing dropped.
            if count == REMEMBERED { std::process::abort() } else { Ok(()) }
        };
        grade_all(&jobs(40), 3, &grade, Language::English, done).expect("never reached");
    }
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("results.redb");
    let test = "what_was_remembered_before_a_kill_is_there_after_it_and_the_rest_is_not";
    let mut victim = Command::new(std::env::current_exe().expect("this test"));
    let status = victim.args(["--exact", test]).env(VICTIM, &path).output().expect("a process").status;
    assert!(!status.success(), "it died");
    let store = Store::open(&path).expect("a store that was never closed");
    let missing = |store: &Store| -> Vec<Job> {
        jobs(40).into_iter().filter(|job| store.result(&job.key).expect("readable").is_none()).collect()
    };
    let left = missing(&store);
    assert_eq!(left.len(), 40 - REMEMBERED);
    grade_all(&left, 3, &grade, Language::English, |job, graded| store.remember(&job.key, &graded.expect("a report")))
        .expect("graded");
    assert_eq!(missing(&store), []);
    for job in jobs(40) {
        let report = store.result(&job.key).expect("readable").expect("remembered");
        assert_eq!(report.receipt, format!("sha256:{}", job.path.display()), "each under its own key");
    }
}

#[test]
fn history_grows_by_what_changed_and_only_by_that() {
    let home = tempfile::tempdir().expect("a folder");
    let store = Store::open(&home.path().join("results.redb")).expect("a store");
    let note = |receipt: &str, at_ms| {
        let past = Past { receipt: receipt.to_owned(), ..Past::of(&graded(), at_ms) };
        store.note([("ada", past.clone()), ("ada b", past)].into_iter()).expect("noted");
        let history = store.history("ada").expect("readable");
        history.iter().map(|past| (past.receipt.clone(), past.graded_at_ms)).collect::<Vec<_>>()
    };
    let entry = |receipt: &str, at_ms| (receipt.to_owned(), at_ms);
    assert_eq!(note("one", 1), [entry("one", 1)]);
    assert_eq!(note("one", 2), [entry("one", 1)], "a resumed run adds nothing");
    assert_eq!(note("two", 3), [entry("one", 1), entry("two", 3)]);
    assert_eq!(note("one", 4), [entry("one", 1), entry("two", 3), entry("one", 4)]);
}

#[test]
fn shards_results_come_together() {
    let home = tempfile::tempdir().expect("a folder");
    let open = |name: &str| Store::open(&home.path().join(name)).expect("a store");
    let (one, two) = (open("one"), open("two"));
    one.remember("a", &graded()).expect("remembered");
    two.remember("b", &graded()).expect("remembered");
    drop(two);
    assert_eq!(one.import(&home.path().join("two")).expect("imported"), 1);
    assert_eq!(one.result("b").expect("readable"), Some(graded()));
    let error = Store::open(&home.path().join("one")).expect_err("it is open already");
    assert!(error.to_string().contains("in use by another grader"), "{error}");
}

/// How many learners the class has that is graded for real.
const LEARNERS: usize = 9;
/// How many of them are remembered when the grader is killed.
const KILLED_AFTER: usize = 3;

fn grader_class(class: &Path, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.arg("class").arg(class).arg("--out").arg(out).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// How many submissions it says it graded, one line each.
fn gradings(command: &mut Command) -> usize {
    let output = command.output().expect("the grader starts");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{said}");
    said.lines().filter(|line| is_progress(line)).count()
}

/// `3/12 Ada: 93/100`
fn is_progress(line: &str) -> bool {
    line.split_once('/').is_some_and(|(number, _)| number.parse::<usize>().is_ok())
}

/// Everything for readers that a class's grading wrote, by name.
fn results(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let folders = [out.to_owned(), out.join("learners")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let paths = files.map(|file| file.expect("a file").path()).filter(|path| path.is_file());
    let named = paths.map(|path| (path.strip_prefix(out).expect("it is inside").display().to_string(), path));
    named.filter(|(name, _)| name != "results.redb").map(|(name, path)| (name, fs::read(path).expect("it"))).collect()
}

#[test]
fn a_class_that_was_killed_half_way_and_one_in_shards_end_like_any_other() {
    let home = tempfile::tempdir().expect("a folder");
    let at = |name: &str| home.path().join(name);
    let class = at("class");
    fs::create_dir(&class).expect("there is room");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions");
    class_of::write(LEARNERS, 5, &Pack::load(DEFAULT_ID).expect("a sound pack"), &golden, &class).expect("a class");

    let mut killed = grader_class(&class, &at("killed")).spawn().expect("the grader starts");
    let mut said = BufReader::new(killed.stderr.take().expect("a pipe")).lines();
    let seen =
        said.by_ref().filter(|line| line.as_ref().is_ok_and(|line| is_progress(line))).take(KILLED_AFTER).count();
    assert_eq!(seen, KILLED_AFTER, "it goes on until it is killed");
    killed.kill().expect("it is killed");
    killed.wait().expect("it is dead");
    let left = gradings(&mut grader_class(&class, &at("killed")));

    let shards = ["1/2", "2/2"].map(|shard| {
        let out = at(&shard.replace('/', "-of-"));
        (gradings(grader_class(&class, &out).args(["--shard", shard])), out.join("results.redb"))
    });
    let all: usize = shards.iter().map(|(graded, _)| graded).sum();
    assert!(left > 0 && left <= all - KILLED_AFTER, "{left} of {all} were left");
    let mut merged = grader_class(&class, &at("merged"));
    merged.arg("--import").args(shards.iter().map(|(_, results)| results));
    assert_eq!(gradings(&mut merged), 0, "what the shards graded is not graded again");
    assert_eq!(gradings(&mut grader_class(&class, &at("killed"))), 0, "nor what was taken up again");

    let (one, other) = (results(&at("killed")), results(&at("merged")));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &one {
        assert!(other[name] == *bytes, "{name} differs");
    }
    let table = String::from_utf8(one["results.csv"].clone()).expect("UTF-8");
    assert_eq!(csv::Reader::from_reader(table.as_bytes()).records().flatten().count(), LEARNERS);
    for state in ["graded", "build_failed", "empty"] {
        assert!(table.contains(&format!("\"{state}\"")), "nobody is {state}: {table}");
    }
}

#[test]
fn what_differs_in_any_byte_that_counts_is_remembered_apart() {
    let class = class(&[
        ("one/src/lib.rs", "mod __pycache__;"),
        ("one/src/__pycache__/mod.rs", "// right"),
        ("other/src/lib.rs", "mod __pycache__;"),
        ("other/src/__pycache__/mod.rs", "// wrong"),
        ("text/lib.rs", "// \u{fffd}"),
        ("with build.rs/lib.rs", "// \u{fffd}"),
        ("with build.rs/build.rs", "fn main() {}"),
        ("a/b/lib.rs", "// \u{fffd}"),
    ]);
    let no_text = class.path().join("no text");
    fs::create_dir(&no_text).expect("there is room");
    fs::write(no_text.join("lib.rs"), b"// \xff").expect("there is room");
    let pack = Pack::load(DEFAULT_ID).expect("a sound pack");
    let bench = Bench::open(&pack, false).expect("a toolbox");
    let key =
        |seed: u64, language: Language, name: &str| Keys::of(&bench, seed, language).key(&class.path().join(name));
    let names = ["one", "other", "text", "with build.rs", "no text"];
    let mut keys: BTreeSet<_> = names.map(|name| key(0, Language::English, name)).into();
    keys.extend([key(1, Language::English, "text"), key(0, Language::French, "text")]);
    let mut newer = RustToolchain::open(&pack, Protection::Sandbox).expect("a toolbox");
    newer.toolbox.version = "rustc 1.999.0".to_owned();
    let newer = bench.clone().with_toolchain(CodeLanguage::Rust, Arc::new(newer));
    let looser = Bench::open(&pack, true).expect("a toolbox");
    keys.extend([newer, looser].map(|bench| Keys::of(&bench, 0, Language::English).key(&class.path().join("text"))));
    assert_eq!(keys.len(), names.len() + 4, "each has its own");
    assert_eq!(key(0, Language::English, "text"), key(0, Language::English, "a/b"), "where it stands is no part of it");
}

#[cfg(unix)]
#[test]
fn names_that_are_up_to_something_are_only_names() {
    use std::os::unix::ffi::OsStrExt;
    let home = tempfile::tempdir().expect("a folder");
    let (class, out) = (home.path().join("class"), home.path().join("out"));
    let names: [&[u8]; 8] = [
        b"\x1b[2J\x1b[31mred",
        b"new\nline: 100/100",
        b"<img src=x onerror=alert(1)>",
        b"=cmd|' ;C calc'!A0",
        b"a;=1+1",
        "d\u{202e}esrever".as_bytes(),
        b"M\xfcller",
        b"M\xf6ller",
    ];
    for name in names {
        let folder = class.join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(&folder).expect("this file system takes any name");
        if !name.is_ascii() {
            // Read, and refused without a compiler.
            fs::write(folder.join("lib.rs"), format!("fn ( // {}", name[1])).expect("there is room");
        }
    }
    let output = grader_class(&class, &out).stdout(Stdio::piped()).output().expect("the grader starts");
    let mut said = vec![String::from_utf8(output.stdout).expect("UTF-8")];
    let texts = results(&out).into_iter().filter(|(name, _)| name != "feedback.zip");
    said.extend(texts.map(|(_, bytes)| String::from_utf8(bytes).expect("UTF-8")));
    assert_eq!(
        said.len(),
        7,
        "what is printed, the page, the table, the data, a report for each who handed in something"
    );
    for text in &said {
        assert!(!text.contains(['\u{1b}', '\u{202e}']) && !text.contains("new\nline"), "{text}");
    }
    let page = String::from_utf8(results(&out)["index.html"].clone()).expect("UTF-8");
    assert!(!page.contains("<img") && page.contains("img src=x onerror=alert(1)"));
    let table = String::from_utf8(results(&out)["results.csv"].clone()).expect("UTF-8");
    assert!(table.lines().all(|row| row.starts_with('"') && !row.contains(",=") && !row.contains("\"=")), "{table}");
    assert_eq!(table.lines().count(), names.len() + 1);
    assert_eq!(table.matches("build_failed").count(), 3, "a name that is not UTF-8 is no reason: {table}");
    let learners: BTreeSet<_> = table.lines().map(|row| row.split(',').next()).collect();
    assert_eq!(learners.len(), names.len() + 1, "{table}");
    assert_eq!(output.status.code(), Some(0));
}
