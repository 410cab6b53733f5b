//! What of an archive cannot be used is told with its reason, and nobody vanishes from a class because of it.

use std::fs;
use std::io::Write;
use std::path::Path;

use cachedojo_judge::pack::CodeLanguage;
use grader::intake::archive;
use grader::intake::find::{Found, entries};
use grader::intake::left_out;
use grader::intake::submission::Submission;
use zip::write::SimpleFileOptions;

use super::class;

const RUST: &[CodeLanguage] = &[CodeLanguage::Rust];

/// What stands for a name that another entry has already: a writer of zip files refuses that, so it is put in afterwards.
/// Texts in names of entries, and what stands there in the archive: a name that is there twice, names in code page 437.
const REPLACED: [(&str, &[u8; 4]); 4] =
    [("twin", b"same"), ("cp_1", b"\x82\x82\x82\x82"), ("cp_2", b"\x82\x82\x82\x82"), ("cp_3", b"\x88\x88\x88\x88")];

/// An entry of an archive.
enum Item<'a> {
    Text(&'a str, &'a str),
    Link(&'a str),
}

/// Bytes of a zip file; see [`REPLACED`].
fn packed(items: &[Item<'_>]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for item in items {
        match item {
            Item::Text(name, text) => {
                zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
                zip.write_all(text.as_bytes()).expect("bytes");
            }
            Item::Link(name) => zip.add_symlink(*name, "/etc/passwd", SimpleFileOptions::default()).expect("an entry"),
        }
    }
    let mut bytes = zip.finish().expect("an archive").into_inner();
    for at in 0..bytes.len() - 4 {
        if let Some((_, other)) = REPLACED.iter().find(|(text, _)| bytes[at..].starts_with(text.as_bytes())) {
            bytes[at..at + 4].copy_from_slice(*other);
        }
    }
    bytes
}

/// The rows of a class of these entries, beside Zoe's honest one: a learner with the text that is graded, or the reason.
#[track_caller]
fn check(items: &[Item<'_>], rows: &[(&str, &str)]) {
    let home = class(&[("in/.keep", "")]);
    let (path, into) = (home.path().join("a.zip"), home.path().join("in"));
    let honest = [Item::Text("zoe/lib.rs", "z")];
    let bytes = packed(&honest.into_iter().chain(items.iter().map(copied)).collect::<Vec<_>>());
    fs::write(&path, &bytes).expect("a file");
    let unused = archive::unpack(&path, &into, archive::CLASS, RUST).expect("unpacked");
    let scratch = tempfile::tempdir().expect("a folder");
    let mut found = entries(&into, scratch.path(), RUST).expect("entries");
    left_out::tell(&mut found, &unused);
    let mut told: Vec<(String, String)> = Vec::new();
    for entry in found {
        let row = match entry.found {
            Found::Source(path, remark) => match Submission::read(&path, RUST) {
                Ok(submission) => format!("{}{remark}", submission.files[&submission.root]),
                Err(why) => why.to_string(),
            },
            Found::Unreadable(why) => why,
            other => format!("{other:?}"),
        };
        told.push((entry.learner, row));
    }
    assert_eq!(told.len(), rows.len() + 1, "{told:?}");
    assert_eq!(told.last(), Some(&("zoe".to_owned(), "z".to_owned())));
    for ((learner, row), (expected, part)) in told.iter().zip(rows) {
        assert!(learner.contains(expected) && row.contains(part), "{learner}: {row}\nexpected {expected}: {part}");
    }
}

fn copied<'a>(item: &Item<'a>) -> Item<'a> {
    match item {
        Item::Text(name, text) => Item::Text(name, text),
        Item::Link(name) => Item::Link(name),
    }
}

#[test]
fn a_name_of_any_length_is_somebodys() {
    for length in [199, 200, 255, 256, 5_000] {
        let name = "a".repeat(length);
        check(&[Item::Text(&format!("{name}/lib.rs"), "a")], &[("aaa", "a")]);
        check(&[Item::Text(&format!("{}.rs", &name[3..]), "a")], &[("aaa", "a")]);
        let moodle = format!("{name}_12_assignsubmission_file_/lib.rs");
        check(&[Item::Text(&moodle, "a")], &[("a (12)", "a")]);
    }
    // Two that differ in their middle only are two learners.
    let [one, other] = ["b", "c"].map(|middle| format!("{0}{middle}{0}.rs", "a".repeat(200)));
    check(&[Item::Text(&one, "1"), Item::Text(&other, "2")], &[("aaa", ""), ("aaa", "")]);
    let deep = format!("ada/{}lib.rs", "x/".repeat(60));
    check(&[Item::Text(&deep, "a")], &[("ada", "is in too many folders")]);
    let long = format!("ada/{}lib.rs", format!("{}/", "x".repeat(250)).repeat(20));
    check(&[Item::Text(&long, "a")], &[("ada", "is called like another entry")]);
}

#[test]
fn what_is_packed_in_another_way_is_not_called_damaged() {
    let refused = |name: &str, bytes: &[u8]| {
        let home = class(&[("in/.keep", "")]);
        let (path, into) = (home.path().join(name), home.path().join("in"));
        fs::write(&path, bytes).expect("a file");
        archive::unpack_learner(&path, &into, RUST).expect_err("it is not read").to_string()
    };
    let mut bytes = packed(&[Item::Text("lib.rs", "a")]);
    // The method bzip2, where the two headers have theirs.
    for (header, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let start = bytes.windows(4).position(|four| four == header).expect("a header");
        bytes[start + at] = 12;
    }
    assert!(refused("a.zip", &bytes).contains("`lib.rs` is encrypted or packed in a way that is not known here"));
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all("pub fn f() {}\n".repeat(100).as_bytes()).expect("bytes");
    let one = packer.finish().expect("packed");
    assert!(refused("lib.rs.gz", &one).contains("another kind (gzip of one file)"));
    assert!(refused("lib.rs.gz", &one[..20]).contains("damaged or not complete"));
}

#[test]
fn who_handed_in_what_cannot_be_unpacked_has_a_row_with_the_reason() {
    check(&[Item::Link("ada/lib.rs"), Item::Link("bob.rs")], &[("ada", "is a link"), ("bob", "is a link")]);
    check(&[Item::Text("ada/../../lib.rs", "a")], &[("ada", "leads out of the archive")]);
    check(&[Item::Text("ada/lib.rs", "a"), Item::Link("ada/x.rs")], &[("ada", "a`ada/x.rs` is a link")]);
    let large = "x".repeat(17 << 20);
    check(&[Item::Text("ada/work.zip", &large)], &[("ada", "`ada/work.zip` has more than 16777216 bytes")]);
    let (size, bound) = ("`lib.rs` alone has more than 8388608", "at most 1048576 bytes a source file");
    check(&[Item::Text("ada/lib.rs", &large)], &[("ada", size)]);
    check(&[Item::Text("ada/lib.rs", &large)], &[("ada", bound)]);
}

#[test]
fn a_grade_sheet_beside_the_folder_with_the_learners_does_not_make_them_one() {
    let fill = "x".repeat(15 << 20);
    let names: Vec<String> = (0..4).map(|number| format!("class/l{number}/work.zip")).collect();
    let home = class(&[("in/.keep", "")]);
    let (path, into) = (home.path().join("a.zip"), home.path().join("in"));
    let sheet = [Item::Text("grades.csv", "a")];
    let items: Vec<_> = sheet.into_iter().chain(names.iter().map(|name| Item::Text(name, &fill))).collect();
    fs::write(&path, packed(&items)).expect("a file");
    assert_eq!(archive::unpack(&path, &into, archive::CLASS, RUST).expect("unpacked"), []);
}

#[test]
fn a_file_that_is_there_twice_is_not_graded_by_chance() {
    let (one, other) = (Item::Text("ada/same.rs", "1"), Item::Text("ada/twin.rs", "2"));
    let why = "`ada/same.rs` is in the archive twice, with different content";
    check(&[one, other], &[("ada", why)]);
    let (one, other) = (Item::Text("ada/same.rs", "1"), Item::Text("ada/twin.rs", "1"));
    check(&[one, other], &[("ada", "1")]);
    let (one, other) = (Item::Text("ada/same.rs", "1"), Item::Text("ada//same.rs", "2"));
    check(&[one, other], &[("ada", why)]);
    let (one, other) = (Item::Text("ada/cp_1.rs", "1"), Item::Text("ada/cp_2.rs", "2"));
    check(&[one, other], &[("ada", "`ada/éééé.rs` is in the archive twice, with different content")]);
    // Names that differ are not taken for one because another name is there twice.
    check(
        &[
            Item::Text("ada/src/lib.rs", "1"),
            Item::Text("ada/src/cp_1.rs", "2"),
            Item::Text("ada/src/cp_3.rs", "3"),
            Item::Text("ada/same.csv", "4"),
            Item::Text("ada/twin.csv", "5"),
        ],
        &[("ada", "1")],
    );
    let sheets = [Item::Text("ada/lib.rs", "1"), Item::Text("ada/same.csv", "1"), Item::Text("ada/twin.csv", "2")];
    check(&sheets, &[("ada", "1")]);
}

/// What a learner's own archive is refused with.
fn refused(path: &Path, bytes: &[u8]) -> String {
    fs::write(path, bytes).expect("a file");
    let into = path.with_extension("in");
    fs::create_dir_all(&into).expect("a folder");
    let why = match archive::unpack_learner(path, &into, RUST) {
        Err(why) => why.to_string(),
        Ok(()) => Submission::read(&into, RUST).map_or_else(|why| why.to_string(), |read| read.root),
    };
    fs::remove_dir_all(&into).expect("removed");
    why
}

#[test]
fn a_learners_own_archive_says_what_it_lacks() {
    let home = tempfile::tempdir().expect("a folder");
    let path = home.path().join("a.zip");
    let large = "x".repeat(2 << 20);
    for (items, part) in [
        (vec![Item::Text("lib.rs", "1")], "lib.rs"),
        (vec![Item::Text("same.rs", "1"), Item::Text("twin.rs", "2")], "`same.rs` is in the archive twice"),
        (vec![Item::Text("lib.rs", &large)], "at most 1048576 bytes a source file"),
        (vec![Item::Text("lib.rs", &large)], "(`lib.rs` alone has 2097152)"),
        (vec![Item::Text("inner.zip", &large)], "`inner.zip` has more than 1048576 bytes"),
        (vec![Item::Link("lib.rs")], "`lib.rs` is a link"),
        (vec![Item::Text("lib.rs", "1"), Item::Text("data.zip", &large)], "lib.rs"),
    ] {
        let why = refused(&path, &packed(&items));
        assert!(why.contains(part), "{why}\nexpected: {part}");
    }
    let mut tar = tar::Builder::new(Vec::new());
    for text in ["1", "2"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.set_mode(0o644);
        tar.append_data(&mut header, "src/lib.rs", text.as_bytes()).expect("an entry");
    }
    let why = refused(&path, &tar.into_inner().expect("an archive"));
    assert!(why.contains("`src/lib.rs` is in the archive twice"), "{why}");
}
