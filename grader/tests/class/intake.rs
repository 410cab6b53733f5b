//! Exports as each platform names them, and the habits of learners: a row says whose each is and what of it is graded.

use std::fs;
use std::io::Write;
use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;
use grader::intake::archive::{self, Refused};
use grader::intake::find::{Entry, Found, entries};
use grader::intake::submission::Submission;

use super::{class, zip};

/// What a class of these files is read as: each learner with what is graded of theirs, or with the kind of row they get.
fn rows_of(class: &Path, languages: &[CodeLanguage]) -> Vec<String> {
    let scratch = tempfile::tempdir().expect("a folder");
    let entries = entries(class, scratch.path(), languages).expect("entries");
    let row = |entry: Entry| {
        let late = if entry.owner.late { " late" } else { "" };
        let found = match entry.found {
            Found::Source(path, _) => match Submission::read(&path, languages) {
                Ok(submission) => {
                    let files: Vec<_> = submission.files.iter().map(|(name, text)| format!("{name}={text}")).collect();
                    files.join("+")
                }
                Err(_) => "unread".to_owned(),
            },
            Found::Empty => "empty".to_owned(),
            Found::Missing(files) => format!("missing {}", files.join("+")),
            Found::Superseded => "superseded".to_owned(),
            Found::Unreadable(_) => "unreadable".to_owned(),
            Found::Ambiguous(several) => format!("ambiguous {}", several.join("+")),
        };
        format!("{}{late}: {found}", entry.learner)
    };
    entries.into_iter().map(row).collect()
}

/// A class as a folder, and as a zip file without entries for folders, gives these rows.
#[track_caller]
pub(crate) fn check_rows(languages: &[CodeLanguage], files: &[(&str, &str)], rows: &[&str]) {
    let folder = class(files);
    assert_eq!(rows_of(folder.path(), languages), rows, "as a folder");
    let home = class(&[("class/.keep", "")]);
    let (path, into) = (home.path().join("class.zip"), home.path().join("class"));
    let entries: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    zip(&path, &entries);
    archive::unpack(&path, &into, archive::CLASS, languages).expect("unpacked");
    assert_eq!(rows_of(&into, languages), rows, "as a zip file");
}

const RUST: &[CodeLanguage] = &[CodeLanguage::Rust];
pub(crate) const BOTH: &[CodeLanguage] = &[CodeLanguage::Rust, CodeLanguage::Python];
pub(crate) const SCRIPT: &[CodeLanguage] = &[CodeLanguage::Script];

#[test]
fn names_that_are_a_teachers_own_are_each_somebodys() {
    for names in [
        ["hw_03_ada", "hw_03_bob"],
        ["Lab_05_ada", "Lab_05_bob"],
        ["2026_03_ada", "2026_03_bob"],
        ["hw_3_1_ada", "hw_3_2_bob"],
        ["Lab_05_12_ada", "Lab_05_12_bob"],
        ["2026_11_12_ada", "2026_11_12_bob"],
        ["11_12_13_ada", "11_12_13_bob"],
    ] {
        let rows = names.map(|name| format!("{name}: lib.rs={name}"));
        let rows = rows.each_ref().map(String::as_str);
        let folders = names.map(|name| format!("{name}/lib.rs"));
        check_rows(RUST, &[(&folders[0], names[0]), (&folders[1], names[1])], &rows);
        let rows = names.map(|name| format!("{name}: {name}.rs={name}"));
        let rows = rows.each_ref().map(String::as_str);
        let files = names.map(|name| format!("{name}.rs"));
        check_rows(RUST, &[(&files[0], names[0]), (&files[1], names[1])], &rows);
    }
}

#[test]
fn what_platforms_export_file_by_file_is_one_submission_a_learner() {
    check_rows(
        RUST,
        &[
            ("lovelaceada_11_9998_lib.rs", "old"),
            ("lovelaceada_11_10002_lib-1.rs", "new"),
            ("lovelaceada_11_10003_store-1.rs", "s"),
            ("hopper_late_12_20001_cache.rs", "h"),
            ("liskov_13_30001_part-1.rs", "1"),
            ("liskov_13_30002_part-2.rs", "2"),
            ("noether_14_40001_report.pdf", "pdf"),
            ("turing_15_text.html", "<p>"),
        ],
        &[
            "hopper (12) late: hopper_late_12_20001_cache.rs=h",
            "liskov (13): ambiguous part-1.rs+part-2.rs",
            "lovelaceada (11): superseded",
            "lovelaceada (11): lib.rs=new+store.rs=s",
            "noether (14): missing noether_14_40001_report.pdf",
            "turing (15): missing turing_15_text.html",
        ],
    );
    check_rows(
        BOTH,
        &[
            ("Ada Lovelace_12_assignsubmission_file_lib.rs", "l"),
            ("Ada Lovelace_12_assignsubmission_file_store.rs", "s"),
            ("Bob Noé_13_assignsubmission_file_main.py", "m"),
            ("Bob Noé_13_assignsubmission_onlinetext_onlinetext.html", "<p>"),
            ("G1-Cleo_14_assignsubmission_onlinetext_onlinetext.html", "<p>"),
        ],
        &[
            "Ada Lovelace (12): lib.rs=l+store.rs=s",
            "Bob Noé (13): main.py=m",
            "G1-Cleo (14): missing G1-Cleo_14_assignsubmission_onlinetext_onlinetext.html",
        ],
    );
    check_rows(
        RUST,
        &[
            ("Lab 1_alove_attempt_2026-03-01-09-00-00_lib.rs", "old"),
            ("Lab 1_alove_attempt_2026-03-01-09-00-00.txt", "Name: Ada Lovelace (alove)\n"),
            ("Lab 1_alove_attempt_2026-03-01-10-00-00_lib.rs", "new"),
            ("Lab 1_alove_attempt_2026-03-01-10-00-00_store.rs", "s"),
            ("Lab 1_alove_attempt_2026-03-01-10-00-00.txt", "Name: Ada Lovelace (alove)\n"),
            ("Lab 1_bob_attempt_2026-03-01-09-30-00.txt", "Name: Bob (bob)\nComments: done\n"),
        ],
        &[
            "Ada Lovelace (alove): superseded",
            "Ada Lovelace (alove): lib.rs=new+store.rs=s",
            "Bob (bob): missing Lab 1_bob_attempt_2026-03-01-09-30-00.txt",
        ],
    );
    check_rows(
        RUST,
        &[
            ("Lab 1 Download/12-9 - Ada - Sep 24, 2024 926 PM/lib.rs", "old"),
            ("Lab 1 Download/12-9 - Ada - Oct 3, 2024 100 AM/lib.rs", "new"),
            ("Lab 1 Download/13-9 - Bob - Oct 1, 2024 100 PM - lib.rs", "b"),
            ("Lab 1 Download/13-9 - Bob - Oct 1, 2024 100 PM - store.rs", "s"),
            ("Lab 1 Download/index.html", "<p>"),
        ],
        &["Ada (12): superseded", "Ada (12): lib.rs=new", "Bob (13): lib.rs=b+store.rs=s"],
    );
}

#[test]
fn what_is_written_in_python_is_read_under_every_platforms_names() {
    const PYTHON: &[CodeLanguage] = &[CodeLanguage::Python];
    check_rows(
        PYTHON,
        &[
            ("lovelaceada_11_9998_main.py", "old"),
            ("lovelaceada_11_10002_main-1.py", "new"),
            ("lovelaceada_11_10003_store.py", "s"),
            ("hopper_LATE_12_20001_cache.py", "h"),
            ("noether_14_40001_main.pyc", "bytes"),
        ],
        &[
            "hopper (12) late: hopper_LATE_12_20001_cache.py=h",
            "lovelaceada (11): superseded",
            "lovelaceada (11): main.py=new+store.py=s",
            "noether (14): missing noether_14_40001_main.pyc",
        ],
    );
    // Where marks are given without names, two files are still one learner's.
    check_rows(
        PYTHON,
        &[("anon_Ab3dE_501_main.py", "a"), ("anon_Ab3dE_502_store.py", "s"), ("LATE_anon_kX9Zq_503_main.py", "b")],
        &["anon_Ab3dE: main.py=a+store.py=s", "anon_kX9Zq late: LATE_anon_kX9Zq_503_main.py=b"],
    );
    check_rows(
        PYTHON,
        &[
            ("Participant_12_assignsubmission_file_/main.py", "a"),
            ("Participant_12_assignsubmission_file_/__pycache__/main.cpython-311.pyc", "x"),
            ("Participant_13_assignsubmission_file_/tp/main.py", "b"),
            ("Participant_13_assignsubmission_file_/tp/store.py", "s"),
        ],
        &["Participant (12): main.py=a", "Participant (13): main.py=b+store.py=s"],
    );
    check_rows(
        PYTHON,
        &[
            ("Lab 1_alove_attempt_2026-03-01-10-00-00_main.py", "a"),
            ("Lab 1_alove_attempt_2026-03-01-10-00-00_store.py", "s"),
            ("Lab 1_bob_attempt_2026-03-01-09-30-00_main.py", "b"),
        ],
        &["alove: main.py=a+store.py=s", "bob: Lab 1_bob_attempt_2026-03-01-09-30-00_main.py=b"],
    );
    check_rows(
        PYTHON,
        &[
            ("12-9 - Ada - Oct 3, 2026 100 AM - main.py", "a"),
            ("12-9 - Ada - Oct 3, 2026 100 AM - store.py", "s"),
            ("13-9 - Bob - Oct 3, 2026 100 AM/main.py", "b"),
        ],
        &["Ada (12): main.py=a+store.py=s", "Bob (13): main.py=b"],
    );
    check_rows(
        PYTHON,
        &[("Lovelace_Ada_alove_12/main.py", "a"), ("Hopper_Grace_ghop_13/20260301_main.py", "g")],
        &["Ada Lovelace (alove): main.py=a", "Grace Hopper (ghop): 20260301_main.py=g"],
    );
    check_rows(
        PYTHON,
        &[
            ("submission_metadata.yml", "submission_1:\n  :submitters:\n  - :name: Ada\n    :sid: '7'\n"),
            ("submission_1/main.py", "a"),
            ("submission_1/store.py", "s"),
        ],
        &["Ada (7): main.py=a+store.py=s"],
    );
}

#[test]
fn what_platforms_export_in_folders_is_found_by_its_own_names() {
    check_rows(
        BOTH,
        &[("Abgaben/Lovelace_Ada_alove_12/lib.rs", "a"), ("Abgaben/Noe_Bob_Jr_bnoe_13/20260301_main.py", "b")],
        &["Ada Lovelace (alove): lib.rs=a", "Bob Jr Noe (bnoe): 20260301_main.py=b"],
    );
    check_rows(
        RUST,
        &[
            (
                "assignment_7_export/submission_metadata.yml",
                "submission_1:\n  :submitters:\n  - :name: Ada\n    :sid: '7'\n",
            ),
            ("assignment_7_export/submission_1/lib.rs", "a"),
            ("assignment_7_export/submission_1/metadata.yml", "m"),
            ("assignment_7_export/submission_2/cache.rs", "b"),
        ],
        &["Ada (7): lib.rs=a", "submission_2: cache.rs=b"],
    );
    check_rows(
        RUST,
        &[
            ("Ada_12_assignsubmission_file/src/lib.rs", "a"),
            ("Ada_12_assignsubmission_onlinetext/onlinetext.html", "<p>"),
            ("Bob_13_assignsubmission_file_/notes.txt", "x"),
        ],
        &["Ada (12): src/lib.rs=a", "Bob (13): missing notes.txt"],
    );
    check_rows(
        SCRIPT,
        &[("Ada_12_assignsubmission_file_/hunt.txt", "a"), ("Bob_13_assignsubmission_file_/script.txt", "b")],
        &["Ada (12): hunt.txt=a", "Bob (13): script.txt=b"],
    );
    check_rows(SCRIPT, &[("ada.txt", "a"), ("bob.txt", "b")], &["ada: ada.txt=a", "bob: bob.txt=b"]);
    check_rows(
        BOTH,
        &[
            ("hw-1-submissions/hw-1-ada/Cargo.toml", "t"),
            ("hw-1-submissions/hw-1-ada/src/lib.rs", "a"),
            ("hw-1-submissions/hw-1-bob/main.py", "b"),
        ],
        &["hw-1-ada: src/lib.rs=a", "hw-1-bob: main.py=b"],
    );
}

#[test]
fn nobody_is_lost_and_nobodys_mark_is_a_guess() {
    check_rows(
        RUST,
        &[
            ("ada/lib.rs", "a"),
            ("bob/notes.txt", "x"),
            ("cleo/Cargo.toml", "x"),
            ("dan/one/src/lib.rs", "1"),
            ("dan/two/src/lib.rs", "2"),
            ("eve/a.zip", "x"),
            ("eve/b.zip", "x"),
            ("fay.7z", "7z\u{bc}"),
            ("gus/lib.rs", "\u{feff} \r\n"),
            ("hal/lib.rs", "\u{feff}mod x;\r\n"),
        ],
        &[
            "ada: lib.rs=a",
            "bob: missing notes.txt",
            "cleo: missing Cargo.toml",
            "dan: ambiguous one+two",
            "eve: ambiguous a.zip+b.zip",
            "fay: unreadable",
            "gus: empty",
            "hal: lib.rs=mod x;\r\n",
        ],
    );
    check_rows(
        RUST,
        &[("Section A/ann/lib.rs", "a"), ("Section A/bob/lib.rs", "b"), ("Section B/cleo/lib.rs", "c")],
        &["Section A: ambiguous ann+bob", "Section B: lib.rs=c"],
    );
    check_rows(
        BOTH,
        &[("ada.rs", "1"), ("ada.py", "2"), ("bob.rs", "b")],
        &["ada: ambiguous ada.py+ada.rs", "bob: bob.rs=b"],
    );
    check_rows(
        RUST,
        &[("export/ada.rs", "a"), ("export/bob.rs", "b"), ("export/cleo.docx", "c")],
        &["ada: ada.rs=a", "bob: bob.rs=b", "cleo: missing cleo.docx"],
    );
    check_rows(
        RUST,
        &[("ada/lib.rs", "a"), ("bob.rs", "b"), ("cleo.docx", "c"), ("readme.txt", "x"), ("grades.csv", "x")],
        &["ada: lib.rs=a", "bob: bob.rs=b", "cleo: missing cleo.docx"],
    );
    check_rows(
        RUST,
        &[("ada/lib.rs", "a"), ("bob/lib.rs", "b"), ("handout.docx", "x")],
        &["ada: lib.rs=a", "bob: lib.rs=b"],
    );
}

#[test]
fn folders_of_any_name_hold_what_they_hold() {
    for folder in ["O'Brien, Pat", "R&D", "C++", "[TP5]", "tp#5", "Noe\u{301}", "100%", "a=b", "été $1; rm", "日本"]
    {
        let name = |file: &str| format!("ada/{folder}/{file}");
        let files = [(name("src/lib.rs"), "mod store;"), (name("src/store.rs"), "s"), (name("src/it's.rs"), "x")];
        let mut files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        files.push(("bob/lib.rs", "b"));
        check_rows(RUST, &files, &["ada: src/lib.rs=mod store;+src/store.rs=s", "bob: lib.rs=b"]);
        let alone = [(name("My cache! (2).rs"), "m"), ("bob/lib.rs".to_owned(), "b")];
        let alone = alone.each_ref().map(|(name, text)| (name.as_str(), *text));
        check_rows(RUST, &alone, &["ada: lib.rs=m", "bob: lib.rs=b"]);
    }
    // A Mac takes accents apart; the source that names the module does not.
    check_rows(
        RUST,
        &[("ada/lib.rs", "mod caché;"), ("ada/cache\u{301}.rs", "c")],
        &["ada: caché.rs=c+lib.rs=mod caché;"],
    );
}

#[test]
fn what_cargo_built_is_no_part_of_an_archive() {
    let home = class(&[("in/.keep", "")]);
    let (path, into) = (home.path().join("a.zip"), home.path().join("in"));
    let built: Vec<String> = (0..12_000).map(|number| format!("cache/target/debug/{number}.rs")).collect();
    let mut entries: Vec<(&str, &[u8])> = built.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    entries.push(("cache/src/lib.rs", b"mine"));
    zip(&path, &entries);
    archive::unpack(&path, &into, archive::LEARNER, RUST).expect("unpacked");
    assert_eq!(Submission::read(&into, RUST).expect("a submission").files.len(), 1);
    assert!(!into.join("cache/target").exists());
}

fn packed_tar(entries: &[(&str, &[u8])], gzip: bool) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Set by hand: the writer refuses what a hostile one would write.
        header.as_gnu_mut().expect("a GNU header").name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, *bytes).expect("an entry");
    }
    let tar = tar.into_inner().expect("an archive");
    if !gzip {
        return tar;
    }
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&tar).expect("bytes");
    packer.finish().expect("packed")
}

#[test]
fn archives_of_other_kinds_and_archives_in_archives_are_looked_into() {
    let class = class(&[("ada/.keep", ""), ("cleo/.keep", ""), ("dan/.keep", ""), ("eve/.keep", "")]);
    let at = |name: &str| class.path().join(name);
    let inside: &[(&str, &[u8])] =
        &[("./p/src/lib.rs", b"t"), ("../evil.rs", b"x"), ("p/target/a.rs", b"x"), ("p/pic.png", b"x")];
    fs::write(at("ada/work.tar.gz"), packed_tar(inside, true)).expect("a file");
    fs::write(at("bob.tar"), packed_tar(inside, false)).expect("a file");
    let inner = tempfile::tempdir().expect("a folder");
    zip(&inner.path().join("inner.zip"), &[("q/lib.rs", b"z")]);
    let bytes = fs::read(inner.path().join("inner.zip")).expect("a file");
    zip(&at("cleo/outer.zip"), &[("notes.md", b"x"), ("deep/inner.zip", &bytes)]);
    zip(&at("dan/outer.zip"), &[("inner.tgz", &packed_tar(&[("lib.rs", b"d")], true))]);
    fs::write(at("eve/work.rar"), b"Rar!\x1a\x07\x01\x00").expect("a file");
    fs::write(at("fay.tar.gz"), &packed_tar(inside, true)[..40]).expect("a file");
    assert_eq!(
        rows_of(class.path(), RUST),
        [
            "ada: src/lib.rs=t",
            "bob: src/lib.rs=t",
            "cleo: lib.rs=z",
            "dan: lib.rs=d",
            "eve: unreadable",
            "fay: unreadable",
        ]
    );
}

#[test]
fn the_row_names_the_file_that_is_graded_and_what_is_not() {
    let check = |files: &[(&str, &str)], shown: &str, remark: &str| {
        let class = class(files);
        let scratch = tempfile::tempdir().expect("a folder");
        let [entry] = &entries(class.path(), scratch.path(), SCRIPT).expect("entries")[..] else { panic!("{files:?}") };
        assert_eq!(entry.shown, shown, "{files:?}");
        let Found::Source(_, said) = &entry.found else { panic!("{files:?}: {:?}", entry.found) };
        assert_eq!(said, remark, "{files:?}");
    };
    let beside = "there is more than was graded: script2.txt";
    let (one, two) = ("Bob_12_assignsubmission_file_script.txt", "Bob_12_assignsubmission_file_script2.txt");
    check(&[(one, "a"), (two, "b")], one, beside);
    check(
        &[("Bob_12_assignsubmission_file_my.txt", "a"), ("Bob_12_assignsubmission_file_x.pdf", "b")],
        "Bob_12_assignsubmission_file_my.txt",
        "",
    );
    check(&[("bob/script.txt", "a"), ("bob/script2.txt", "b")], "bob", beside);
    check(&[("bob/script.txt", "a"), ("bob/script.zip", "b")], "bob", "there is more than was graded: script.zip");
    // Whose last upload broke has the mark of the one before, and whoever marks is told.
    let [first, last] = ["124-777 - Di Oz - Nov 20, 2026 900 AM", "124-777 - Di Oz - Nov 22, 2026 900 AM"];
    for broken in ["a.zip", "notes.pdf"] {
        let later = format!("{last}/{broken}");
        let told = format!("a later attempt has nothing to grade: {last}");
        check(&[(&format!("{first}/script.txt"), "a"), (&later, "x")], first, &told);
    }
}

#[test]
fn an_archive_of_nothing_but_ways_out_is_not_empty() {
    let class = class(&[("ada/.keep", "")]);
    zip(&class.path().join("evil.zip"), &[("../../../etc/x", b"x")]);
    zip(&class.path().join("notes.zip"), &[("notes.md", b"x")]);
    assert_eq!(rows_of(class.path(), RUST), ["ada: empty", "evil: unreadable", "notes: empty"]);
}

#[test]
fn a_packed_tar_is_bounded_like_a_zip() {
    let home = class(&[("in/.keep", "")]);
    let (path, into) = (home.path().join("a.tgz"), home.path().join("in"));
    let zeros = vec![0; 1 << 20];
    let names: Vec<String> = (0..20).map(|index| format!("f{index}.rs")).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), zeros.as_slice())).collect();
    fs::write(&path, packed_tar(&entries, true)).expect("a file");
    assert!(matches!(archive::unpack(&path, &into, archive::LEARNER, RUST), Err(Refused::TooManyBytes(_))));
    let few = archive::Limits { entries: 3, ..archive::LEARNER };
    assert!(matches!(archive::unpack(&path, &into, few, RUST), Err(Refused::TooManyEntries(3))));
}
