//! Services that would be started as ordinary programs, and nobody said that they are trusted: who grades is told, and no learner gets a
//! mark.

use std::io::Write;

use super::grader;

#[test]
fn a_service_is_started_only_for_who_says_that_it_is_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let service = folder.path().join("service");
    std::fs::create_dir(&service).expect("there is room");
    std::fs::write(service.join("start"), "python3 main.py\n").expect("there is room");
    // Packed, and packed in a folder: what counts is what is unpacked.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("start", zip::write::SimpleFileOptions::default()).expect("in memory");
    zip.write_all(b"python3 main.py\n").expect("in memory");
    let bytes = zip.finish().expect("in memory").into_inner();
    std::fs::create_dir(folder.path().join("holder")).expect("there is room");
    for name in ["service.zip", "holder/service.zip"] {
        std::fs::write(folder.path().join(name), &bytes).expect("there is room");
    }
    let at = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    for (command, name, lang, told) in [
        ("grade", "service", "en", "add --trust"),
        ("grade", "service.zip", "en", "add --trust"),
        ("grade", "service.zip", "fr", "ajoutez --trust"),
        ("grade", "holder", "en", "add --trust"),
        ("watch", "service", "en", "add --trust"),
    ] {
        let (stdout, stderr, code) = grader(&[command, &at(name), "--exercise", "cache-service", "--lang", lang], "");
        assert_eq!((stdout.as_str(), code), ("", 2), "{command} {name}: {stderr}");
        assert!(stderr.contains(told), "{command} {name}: {stderr}");
    }
    let (_, stderr, code) = grader(&["run", "-", "--subject", &at("service"), "--exercise", "cache-service"], "");
    assert!(code == 2 && stderr.contains("add --trust"), "{code}: {stderr}");
    // Who names no command to start needs no trust, and has nothing to grade.
    std::fs::create_dir(folder.path().join("lone")).expect("there is room");
    std::fs::write(folder.path().join("lone/main.py"), "print(1)\n").expect("there is room");
    for (name, said) in [("lone", "holds no file `start` (it has main.py)"), ("lone/main.py", "is no service source")] {
        let (stdout, stderr, code) = grader(&["grade", &at(name), "--exercise", "cache-service"], "");
        assert!(code == 3 && stdout.contains(said), "{code}: {stdout}{stderr}");
    }
    // A class of such services is refused before anything is graded or written, over results of an earlier run too.
    let class = folder.path().join("class");
    for learner in ["ann", "bob"] {
        std::fs::create_dir_all(class.join(learner)).expect("there is room");
    }
    std::fs::write(class.join("ann/start"), "python3 main.py\n").expect("there is room");
    std::fs::write(class.join("bob/work.zip"), &bytes).expect("there is room");
    let out = folder.path().join("results");
    let told = [
        "class",
        class.to_str().expect("a name"),
        "--exercise",
        "cache-service",
        "--out",
        out.to_str().expect("a name"),
    ];
    for _ in 0..2 {
        let (_, stderr, code) = grader(&told, "");
        assert!(
            code == 2 && stderr.contains("2 of 2 submissions") && stderr.contains("add --trust"),
            "{code}: {stderr}"
        );
        assert!(!out.exists(), "{stderr}");
    }
}
