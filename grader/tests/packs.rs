//! The built-in packs are sound: the reference passes every check, whatever the seed. It answers commands but starts no thread, so
//! checks that count threads are left to the packs' solutions (`grader selfcheck`), as are exercises whose submissions are tests or nodes.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use cachedojo_judge::pack::{CodeLanguage, InterfaceKind};
use cachedojo_judge::simulate::Accept;
use cachedojo_judge::{Verdict, judge};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{Request, Response};
use grader::pack::{Pack, built_in_ids};
use grader::run::mutants;

#[test]
fn the_reference_passes_every_check_under_every_seed() {
    let ids = built_in_ids();
    assert!(ids.contains(&grader::pack::DEFAULT_ID.to_owned()));
    for id in ids {
        let mut exercise = Pack::load(&id).unwrap_or_else(|error| panic!("{error:#}")).exercise;
        if matches!(exercise.interface, InterfaceKind::Tests | InterfaceKind::Nodes) {
            continue;
        }
        exercise.checks.retain(|check| check.accept != Accept::ThreadEach);
        assert!(!exercise.checks.is_empty(), "{id} has checks left");
        for seed in 0..20 {
            let mut fresh = || Ok(Box::new(Reference::default()) as Box<dyn Subject>);
            for outcome in judge(&exercise, seed, &mut fresh).expect("a sound pack") {
                let first = outcome.first_failure();
                assert_eq!(outcome.verdict, Verdict::Pass, "{id} {} seed {seed}: {first:#?}", outcome.id);
            }
        }
    }
}

/// The line cache as somebody reads document 000 who takes letters of every alphabet for a key's, and `""` for an empty value.
#[derive(Default)]
struct OtherReading(Reference);

impl Subject for OtherReading {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        let Request::Simulate(commands) = request else { return self.0.call(world, request) };
        let read = |line: &String| match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
            ["PUT", key, "\"\""] => format!("PUT {key} "),
            ["PUT", key, value] => format!("PUT {} {value}", key.replace('é', "e")),
            ["GET", key] => format!("GET {}", key.replace('é', "e")),
            _ => line.clone(),
        };
        self.0.call(world, &Request::Simulate(commands.iter().map(read).collect()))
    }
}

#[test]
fn what_document_000_leaves_open_may_be_read_either_way() {
    let mut exercise = Pack::load("line-cache").expect("a sound pack").exercise;
    exercise.checks.retain(|check| check.accept != Accept::ThreadEach);
    let mut fresh = || Ok(Box::new(OtherReading::default()) as Box<dyn Subject>);
    for outcome in judge(&exercise, 0, &mut fresh).expect("a sound pack") {
        assert_eq!(outcome.verdict, Verdict::Pass, "{}: {:#?}", outcome.id, outcome.first_failure());
    }
    // The test would see it if only one reading were taken.
    let open = exercise.checks.iter_mut().flat_map(|check| &mut check.cases).filter_map(|case| case.output.as_mut());
    let mut two = 0;
    for output in open {
        if let Some((first, _)) = output.split_once("\n----\n") {
            *output = first.to_owned();
            two += 1;
        }
    }
    assert_eq!(two, 2, "letters, and two quotes");
    let judged = judge(&exercise, 0, &mut fresh).expect("a sound pack");
    assert!(judged.iter().any(|outcome| outcome.verdict == Verdict::Fail));
}

/// A text as another editor on another system leaves it. Blanks go only where they say nothing: behind a heading.
fn rewritten(path: &str, text: &str) -> String {
    let heading = |line: &str| ["== ", "?? ", "----"].iter().any(|begin| line.starts_with(begin));
    let kind = Path::new(path).extension().and_then(OsStr::to_str).unwrap_or_default();
    let lines = text.trim_end_matches('\n').split('\n');
    let lines: Vec<String> = lines
        .map(|line| match line {
            // What an editor does that takes blanks away.
            " " if kind == "patch" => String::new(),
            line if kind == "txt" && heading(line) => format!("{line} \t"),
            line => line.to_owned(),
        })
        .collect();
    format!("\u{feff}{}", lines.join("\r\n"))
}

#[test]
fn whatever_editor_wrote_a_pack_it_is_the_same_one() {
    for id in built_in_ids() {
        let plain = Pack::load(&id).expect("a sound pack");
        let folder = tempfile::tempdir().expect("there is room");
        for (path, text) in &plain.files {
            let to = folder.path().join(path);
            fs::create_dir_all(to.parent().expect("a folder")).expect("there is room");
            fs::write(to, rewritten(path, text)).expect("there is room");
        }
        let other = Pack::load(&folder.path().display().to_string()).unwrap_or_else(|error| panic!("{id}: {error:#}"));
        let value = |pack: &Pack| serde_json::to_value(&pack.exercise).expect("it is data");
        assert_eq!(value(&plain), value(&other), "{id}");
        let is_rewritten =
            |path: &str| Path::new(path).extension().is_some_and(|kind| kind == "patch" || kind == "txt");
        for (path, text) in plain.files.iter().filter(|(path, _)| !is_rewritten(path)) {
            assert_eq!(Some(text), other.files.get(path), "{id}: {path}");
        }
        for mutant in &plain.exercise.mutants {
            for language in plain.exercise.languages.iter().copied().filter(|language| mutant.speaks(*language)) {
                if plain.files.contains_key(&plain.patch_path(&mutant.id, language)) {
                    let files = |pack| mutants::files(pack, language, &mutant.id).map_err(|error| format!("{error:#}"));
                    assert!(files(&plain) == files(&other), "{id}: {} is {:?}", mutant.id, files(&other).err());
                }
            }
        }
    }
}

#[test]
fn a_patch_may_be_what_git_says() {
    let mut pack = Pack::load(grader::pack::DEFAULT_ID).expect("a sound pack");
    let mutant = pack.exercise.mutants[0].id.clone();
    let path = pack.patch_path(&mutant, CodeLanguage::Rust);
    let expected = mutants::files(&pack, CodeLanguage::Rust, &mutant).expect("it fits");
    let plain = pack.files[&path].clone();
    let mut check = |patch: String| {
        pack.files.insert(path.clone(), patch.clone());
        let files =
            mutants::files(&pack, CodeLanguage::Rust, &mutant).unwrap_or_else(|error| panic!("{error:#}\n{patch}"));
        assert!(files == expected, "{patch}");
    };
    check(format!("diff --git a/src/lib.rs b/src/lib.rs\nindex 12ab..34cd 100644\n{plain}"));
    check(format!("From 12ab Mon Sep 17\nSubject: a bug\n---\n src/lib.rs | 2 +-\n\n{plain}"));
    check(format!("{plain}\\ No newline at end of file\n"));
    check(format!("{plain}\n\n"));
    pack.files.insert(path.clone(), "nothing of the kind\n".to_owned());
    let said = format!("{:#}", mutants::files(&pack, CodeLanguage::Rust, &mutant).expect_err("it is none"));
    assert!(said.ends_with("is no unified diff: make it with `diff -u` or `git diff`"), "{said}");
}

#[test]
fn what_cannot_be_read_of_a_pack_is_told_with_its_remedy() {
    let check = |name: &str, bytes: &[u8], expected: Option<&str>| {
        let folder = tempfile::tempdir().expect("there is room");
        for (path, text) in Pack::load("line-cache").expect("a sound pack").files {
            let to = folder.path().join(path);
            fs::create_dir_all(to.parent().expect("a folder")).expect("there is room");
            fs::write(to, text).expect("there is room");
        }
        fs::write(folder.path().join(name), bytes).expect("there is room");
        let said = Pack::load(&folder.path().display().to_string()).err().map(|error| format!("{error:#}"));
        assert_eq!(said.as_deref(), expected, "{name}");
    };
    let utf16: Vec<u8> = [0xfeff].into_iter().chain("id = 1".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check("exercise.toml", &utf16, Some("exercise.toml is not UTF-8: save it as UTF-8"));
    check("statement.fr.md", b"caf\xe9", Some("statement.fr.md is not UTF-8: save it as UTF-8"));
    check("notes.txt", &vec![b'a'; (4 << 20) + 1], Some("notes.txt is larger than 4 MiB: split it"));
    check("picture.png", b"\x89PNG\xff", None);
}

#[test]
fn what_is_wrong_in_a_table_is_told_without_the_names_of_types() {
    let check = |line: &str, wrong: &str, expected: &str| {
        let mut files = grader::pack::begun();
        let table = files.get_mut("exercise.toml").expect("it is begun with a table");
        assert!(table.contains(line), "{line}");
        *table = table.replacen(line, wrong, 1);
        let said = Pack::from_files(files).map_or_else(|error| format!("{error:#}"), |_| "it is read".to_owned());
        assert!(said.ends_with(expected), "{wrong}: {said}");
    };
    check("points = 10", "points = 7.5", "invalid type: floating point `7.5`, expected a whole number");
    check("tier = 1", "tier = \"one\"", "invalid type: string \"one\", expected a whole number");
    check("languages = [\"rust\"]", "languages = 3", "invalid type: integer `3`, expected a list, as [\"…\"]");
    let title = "title = { en = \"My exercise\", fr = \"Mon exercice\" }";
    check(title, "title = \"My exercise\"", "expected a text in both languages, as { en = \"…\", fr = \"…\" }");
}
