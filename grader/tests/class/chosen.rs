//! Which of a learner's files are graded, and what else is told.

use grader::intake::find::{Found, entries};

use super::class;
use super::intake::{BOTH, SCRIPT, check_rows};

#[test]
fn of_several_that_may_be_meant_none_is_graded_unless_it_has_the_name_and_then_the_others_are_told() {
    let told = |files: &[&str]| -> String {
        let laid_out: Vec<(String, &str)> = files.iter().map(|name| (format!("bob/{name}"), "mod lib3;")).collect();
        let laid_out = laid_out.iter().map(|(name, text)| (name.as_str(), *text)).chain([("zoe/lib.rs", "z")]);
        let (class, scratch) = (class(&laid_out.collect::<Vec<_>>()), tempfile::tempdir().expect("a folder"));
        let entries = entries(class.path(), scratch.path(), BOTH).expect("entries");
        let entry = entries.iter().find(|entry| entry.learner == "bob").expect("bob");
        match &entry.found {
            Found::Source(_, remark) => {
                remark.strip_prefix("there is more than was graded: ").unwrap_or(remark).to_owned()
            }
            Found::Ambiguous(several) => format!("one of {}", several.join(", ")),
            other => panic!("{files:?}: {other:?}"),
        }
    };
    for (files, expected) in [
        (&["cache.py"][..], ""),
        (&["v1.py", "v2.py"], "one of v1.py, v2.py"),
        (&["v1.rs", "v2.rs", "c.py"], "one of c.py, v1.rs, v2.rs"),
        (&["__init__.py", "cache.py"], ""),
        (&["cache.py", "fixed.zip"], "fixed.zip"),
        // ILIAS writes the moment before the learner's own name: the latest of one name counts.
        (&["20261120101530_cache.py", "20261121101530_cache.py"], "20261120101530_cache.py"),
        (&["20261120101530_v1.py", "20261121101530_v2.py"], "one of 20261120101530_v1.py, 20261121101530_v2.py"),
        (&["1_cache.py", "2_cache.py"], "one of 1_cache.py, 2_cache.py"),
        // What a browser or a file manager calls the second of one name.
        (&["lib.rs", "lib (1).rs"], "lib (1).rs"),
        (&["main.py", "main (1).py"], "main (1).py"),
        (&["main.py", "main - Kopie.py", "Copy of main.py"], "Copy of main.py, main - Kopie.py"),
        (&["src/lib.rs", "lib.rs"], "lib.rs"),
        (&["src/lib.rs", "fixed.zip"], "fixed.zip"),
        (&["src/lib.rs", "src/lib2.rs", "lib_new.rs"], "lib_new.rs, src/lib2.rs"),
        // What belongs to the program, and tests, are not another upload.
        (&["src/lib.rs", "src/lib3.rs", "src/store.rs", "tests/lib.rs", "plot.py"], ""),
        (&["main.py", "test_main.py", "mainly.py"], ""),
    ] {
        assert_eq!(told(files), expected, "{files:?}");
    }
}

#[test]
fn a_platforms_own_receipt_is_nobodys_script() {
    check_rows(
        SCRIPT,
        &[("Lab 1_bob_attempt_2026-03-01-09-30-00.txt", "Name: Bob (bob)\nComments: done\n")],
        &["Bob (bob): missing Lab 1_bob_attempt_2026-03-01-09-30-00.txt"],
    );
}
