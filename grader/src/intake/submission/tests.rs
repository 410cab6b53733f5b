use super::*;

const BOTH: [CodeLanguage; 2] = [CodeLanguage::Rust, CodeLanguage::Python];

fn read(files: &[&str], languages: &[CodeLanguage]) -> Result<Submission, Unreadable> {
    let home = tempfile::tempdir().expect("a folder");
    for name in files {
        let file = home.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("there is room");
        fs::write(file, name).expect("there is room");
    }
    Submission::read(home.path(), languages)
}

#[test]
fn the_language_is_told_from_the_files() {
    for (files, languages, language, root, count) in [
        (&["src/lib.rs", "src/a.rs", "plot.py"][..], &BOTH[..], CodeLanguage::Rust, "src/lib.rs", 2),
        (&["main.py", "store.py", "notes.txt", "try.rs"], &BOTH, CodeLanguage::Python, "main.py", 2),
        (&["hand-in/deep/main.py", "hand-in/deep/store.py"], &BOTH, CodeLanguage::Python, "main.py", 2),
        (&["cache.py"], &BOTH, CodeLanguage::Python, "cache.py", 1),
        (&["cache.rs", "cache.py"], &BOTH, CodeLanguage::Rust, "cache.rs", 1),
        (&["main.py", "src/lib.rs"], &[CodeLanguage::Python], CodeLanguage::Python, "main.py", 1),
        (&["hunt.txt"], &[CodeLanguage::Script], CodeLanguage::Script, "hunt.txt", 1),
        (&["src/main.py", "src/store.py"], &BOTH, CodeLanguage::Python, "main.py", 2),
        (&["cache/solution.py", "cache/__init__.py"], &BOTH, CodeLanguage::Python, "solution.py", 2),
        (&["main.py", "venv/lib/a.py", "__pycache__/b.pyc"], &BOTH, CodeLanguage::Python, "main.py", 1),
    ] {
        let submission = read(files, languages).unwrap_or_else(|error| panic!("{files:?}: {error}"));
        let told = (submission.language, submission.root.as_str(), submission.files.len());
        assert_eq!(told, (language, root, count), "{files:?}");
    }
}

#[test]
fn who_hands_in_two_languages_learns_which_counts() {
    let notes = |files: &[&str]| -> Vec<String> {
        let submission = read(files, &BOTH).expect("a submission");
        submission.notes.iter().map(|note| format!("{}: {}", note.file, note.message)).collect()
    };
    let said = "main.py: `src/lib.rs` is graded, and not this file: hand in one of the two to choose";
    assert_eq!(notes(&["src/lib.rs", "main.py"]), [said]);
    assert_eq!(notes(&["src/lib.rs", "plot.py", "tools/main.py"]), [""; 0]);
    assert_eq!(notes(&["main.py", "try.rs"]), [""; 0]);
}

#[test]
fn a_packed_file_under_another_name_is_told_as_that() {
    let home = tempfile::tempdir().expect("a folder");
    for bytes in [&b"PK\x03\x04\x14\0"[..], b"\x1f\x8b\x08\0"] {
        fs::write(home.path().join("lib.rs"), bytes).expect("there is room");
        let said = Submission::read(home.path(), &[CodeLanguage::Rust]).expect_err("no text").to_string();
        assert!(said.contains("packed file, whatever its name says"), "{said}");
    }
}

#[test]
fn a_link_in_the_place_of_a_source_is_told_as_what_it_is() {
    for (name, target, said) in [
        (
            "src/lib.rs",
            "/etc/passwd",
            "src/lib.rs: this is a link, and links are not followed: hand in the file itself",
        ),
        ("src", "/etc", "src: this is a link, and links are not followed: hand in the file itself"),
        ("data", "/etc", "holds no Rust source; hand in `src/lib.rs`"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join(name);
        fs::create_dir_all(link.parent().expect("a parent")).expect("a folder");
        crate::host::machine::link(target, &link).expect("links are allowed");
        let why = Submission::read(folder.path(), &[CodeLanguage::Rust]).expect_err("nothing to grade").to_string();
        assert!(why.ends_with(said), "{why}");
    }
}

#[test]
fn a_file_whose_name_says_that_it_is_something_else_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, languages, said) in [
        ("notes.txt", &[CodeLanguage::Rust][..], Some("is no Rust source; hand in `src/lib.rs`")),
        ("main.py", &[CodeLanguage::Rust], Some("is no Rust source; hand in `src/lib.rs`")),
        ("lib.rs", &[CodeLanguage::Python], Some("is no Python source; hand in `main.py`")),
        ("a.pdf", &BOTH, Some("is no Rust or Python source; hand in `src/lib.rs` or `main.py`")),
        ("lib.rs", &[CodeLanguage::Script], Some("is no script source; hand in `script.txt`")),
        ("hunt.lab", &[CodeLanguage::Script], None),
        ("LIB.RS", &[CodeLanguage::Rust], None),
        ("lib", &[CodeLanguage::Rust], None),
        ("start.sh", &[CodeLanguage::Http], Some("is no service source; hand in `start`")),
        ("start", &[CodeLanguage::Http], None),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, "x").expect("there is room");
        let told = Submission::read(&file, languages).err().map(|why| why.to_string());
        assert_eq!(told.is_some(), said.is_some(), "{name}: {told:?}");
        assert!(told.unwrap_or_default().ends_with(said.unwrap_or_default()), "{name}");
    }
}

#[test]
fn what_is_not_there_is_asked_for_in_every_language_of_the_exercise() {
    let said = |files: &[&str], languages: &[CodeLanguage]| {
        let message = read(files, languages).expect_err("nothing to begin with").to_string();
        message[message.find("` holds ").expect("a path") + 2..].to_owned()
    };
    assert_eq!(said(&[], &[CodeLanguage::Rust]), "holds no Rust source; hand in `src/lib.rs`");
    assert_eq!(
        said(&["main.py"], &[CodeLanguage::Rust]),
        "holds no Rust source (it has main.py); hand in `src/lib.rs`"
    );
    assert_eq!(
        said(&["cache.ipynb", ".DS_Store", "in/report.pdf"], &BOTH),
        "holds no Rust or Python source (it has cache.ipynb, in/report.pdf); hand in `src/lib.rs` or `main.py`"
    );
    // A hidden file is no source, in a class either; it is named if it would be one.
    assert_eq!(
        said(&[".script.txt", "._script.txt", ".DS_Store", ".hidden"], &[CodeLanguage::Script]),
        "holds no script source (it has .script.txt); hand in `script.txt`"
    );
    let service = &[CodeLanguage::Http];
    assert_eq!(
        said(&["main.py", ".env"], service),
        "holds no file `start` (it has .env, main.py): add one with the command that starts the service, or its address"
    );
    assert_eq!(read(&["start", ".env", "._start"], service).expect("a service").files.len(), 2);
    assert_eq!(said(&[], &BOTH), "holds no Rust or Python source; hand in `src/lib.rs` or `main.py`");
    assert_eq!(
        said(&["a.py", "b.py"], &BOTH),
        "holds no `src/lib.rs` or `main.py` (it has a.py, b.py); name the file to be graded `src/lib.rs` or `main.py`"
    );
}
