//! Hostile archives, built byte by byte because no normal program writes them. In a class, each belongs to one learner beside an
//! honest one. It must not write anywhere else, must not cost the honest learner anything, and must be graded exactly as stated
//! here.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::{Compression, Crc, write::DeflateEncoder};

use cachedojo_judge::pack::CodeLanguage;

use super::footprint::FOOTPRINT;
use crate::intake::archive::{self, LEARNER};
use crate::intake::find::{self, Found};

/// The honest source in a hostile archive, if it has one.
const MINE: &str = "// mine\n";
/// The text that an archive tries to write somewhere.
const EVIL: &str = "// evil\n";
/// The class's other learner's source.
const HONEST: &str = "// honest\n";

/// An archive that attacks.
struct Attack {
    name: &'static str,
    what: &'static str,
    make: fn() -> Vec<u8>,
    expected: Expected,
}

/// What must happen to the learner who handed it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// This text is graded.
    Graded(&'static str),
    /// Nothing is graded: the archive is empty, has no source, or is refused.
    Nothing,
}

/// Tries every archive. Returns how many there are, and a line for each that succeeded.
///
/// # Errors
/// There is no room to unpack them.
pub fn attempt_all() -> Result<(usize, Vec<String>)> {
    let mut succeeded = Vec::new();
    for attack in ATTACKS {
        let home = tempfile::Builder::new().prefix("attack-").tempdir()?;
        if let Err(how) = attack.fails(home.path()) {
            succeeded.push(format!("{} ({}): {how:#}", attack.name, attack.what));
        }
    }
    Ok((ATTACKS.len(), succeeded))
}

impl Attack {
    fn fails(&self, home: &Path) -> Result<()> {
        let (class, scratch) = (home.join("class"), home.join("scratch"));
        for folder in [&class.join("ada/src"), &scratch] {
            fs::create_dir_all(folder)?;
        }
        fs::write(class.join("ada/src/lib.rs"), HONEST)?;
        fs::write(class.join("mallory.zip"), (self.make)())?;
        fs::write(home.join("grades.csv"), "ada,100\n")?;
        let before = files_below(home)?;
        let entries = find::entries(&class, &scratch, &[CodeLanguage::Rust])?;
        let unpacked = files_below(&scratch)?;
        unchanged_but_for_scratch(home, &before)?;
        let bytes: usize = unpacked.values().map(Vec::len).sum();
        ensure!(bytes as u64 <= LEARNER.total_bytes, "it was unpacked to {bytes} bytes");
        ensure!(unpacked.len() <= LEARNER.entries, "it was unpacked to {} files", unpacked.len());
        let found = |learner: &str| entries.iter().find(|entry| entry.learner == learner).map(|entry| &entry.found);
        let ada = found("ada").context("the honest learner is gone")?;
        ensure!(graded_text(ada)?.as_deref() == Some(HONEST), "the honest learner is {ada:?}");
        let mallory = found("mallory").context("the learner is gone")?;
        let graded = graded_text(mallory)?;
        let expected = match self.expected {
            Expected::Graded(text) => Some(text),
            Expected::Nothing => None,
        };
        ensure!(graded.as_deref() == expected, "{graded:?} is graded: {mallory:?}");
        // Also as the archive of a whole class, refused or not.
        let into = scratch.join("class");
        _ = archive::unpack(&class.join("mallory.zip"), &into, archive::CLASS, &[CodeLanguage::Rust]);
        unchanged_but_for_scratch(home, &before)
    }
}

fn unchanged_but_for_scratch(home: &Path, before: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    let mut after = files_below(home)?;
    after.retain(|name, _| !name.starts_with("scratch/"));
    ensure!(*before == after, "it changed what is not its own: {:?}", after.keys());
    ensure!(!Path::new(FOOTPRINT).exists(), "it wrote {FOOTPRINT}");
    Ok(())
}

/// The text to be graded, if there is something to grade.
fn graded_text(found: &Found) -> Result<Option<String>> {
    let Found::Source(path, _) = found else { return Ok(None) };
    let file = ["src/lib.rs", "lib.rs", ""].iter().map(|name| path.join(name)).find(|file| file.is_file());
    Ok(Some(fs::read_to_string(file.unwrap_or_else(|| path.clone()))?))
}

/// Every file below a folder with its content; anything but plain files and folders is an error.
fn files_below(home: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            let name = path.strip_prefix(home)?.display().to_string();
            if kind.is_dir() {
                folders.push(path);
            } else {
                ensure!(kind.is_file(), "`{name}` is neither a file nor a folder");
                files.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

/// An entry of an archive, with the properties that it claims.
#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    /// Unix mode, in the upper half of the external attributes.
    mode: u32,
    crc: u32,
    /// The size it claims to unpack to.
    size: u32,
    /// Whether it has no data of its own, but points to those of the entry before.
    overlaps: bool,
}

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;
const UTF8: u16 = 1 << 11;

fn entry(name: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> Entry {
    let text = text.as_ref();
    let mut crc = Crc::new();
    crc.update(text);
    Entry {
        name: name.as_ref().to_owned(),
        data: text.to_owned(),
        method: STORED,
        flags: UTF8,
        mode: 0o100_644,
        crc: crc.sum(),
        size: claimed(text.len()),
        overlaps: false,
    }
}

fn deflated(name: impl AsRef<[u8]>, text: &[u8]) -> Entry {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text).expect("memory takes any writing");
    let data = packed.finish().expect("memory takes any writing");
    Entry { data, method: DEFLATED, ..entry(name, text) }
}

fn claimed(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("no archive here is that large")
}

fn short(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// The archive's bytes: local headers with their data, the central directory, its end.
fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut directory, mut last) = (Vec::new(), Vec::new(), 0);
    for entry in entries {
        let mut common = Vec::new();
        for field in [20, entry.flags, entry.method, 0, 0x21] {
            common.extend(u16::to_le_bytes(field));
        }
        for field in [entry.crc, claimed(entry.data.len()), entry.size] {
            common.extend(field.to_le_bytes());
        }
        common.extend(short(entry.name.len()).to_le_bytes());
        common.extend([0, 0]);
        if !entry.overlaps {
            last = claimed(bytes.len());
            bytes.extend(b"PK\x03\x04");
            bytes.extend(&common);
            bytes.extend(&entry.name);
            bytes.extend(&entry.data);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(last.to_le_bytes());
        directory.extend(&entry.name);
    }
    let (start, count) = (claimed(bytes.len()), short(entries.len()).to_le_bytes());
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend(claimed(directory.len()).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// The learner's own source, beside one entry that attacks.
fn beside(attack: Entry) -> Vec<u8> {
    zip(&[entry("src/lib.rs", MINE), attack])
}

fn named(name: impl AsRef<[u8]>) -> Vec<u8> {
    beside(entry(name, EVIL))
}

/// `count` archives, each in the next, around `inner`.
fn nested(count: usize, inner: Vec<u8>) -> Vec<u8> {
    (0..count).fold(inner, |inner, _| zip(&[deflated("more.zip", &inner)]))
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "slip_to_the_parent",
        what: "an entry named ../grades.csv and ../ada/src/lib.rs",
        make: || {
            zip(&[entry("src/lib.rs", MINE), entry("../grades.csv", EVIL), entry("../class/ada/src/lib.rs", EVIL)])
        },
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "slip_from_within",
        what: "a name that goes down before it goes up",
        make: || named("src/a/../../../../class/ada/src/lib.rs"),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "slip_with_backslashes",
        what: "parents as Windows writes them",
        make: || named("..\\..\\class\\ada\\src\\lib.rs"),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "absolute_name",
        what: "a name from the root",
        make: || named(FOOTPRINT),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "absolute_name_of_a_source",
        what: "a name from the root that ends like a source",
        make: || named("//tmp/cachedojo-was-here.rs"),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "drive_letter",
        what: "a name on a drive",
        make: || named("C:\\Windows\\evil.rs"),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "device_name",
        what: "names that Windows reserves, and a stream of another file",
        make: || zip(&[entry("src/lib.rs", MINE), entry("src/CON.rs", EVIL), entry("src/lib.rs:evil", EVIL)]),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "link_out",
        what: "a symbolic link, and an entry that is written through it",
        make: || {
            let link = Entry { mode: 0o120_777, ..entry("out", "../../class/ada/src") };
            zip(&[link, entry("out/lib.rs", EVIL), entry("src/lib.rs", MINE)])
        },
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "link_to_read",
        what: "a source that is a link to a file of the host",
        make: || zip(&[Entry { mode: 0o120_777, ..entry("src/lib.rs", "/etc/passwd") }]),
        expected: Expected::Nothing,
    },
    Attack {
        name: "pipe_and_device",
        what: "a source that is a named pipe, and one that is a device",
        make: || {
            let special = |mode, name| Entry { mode, ..entry(name, "") };
            zip(&[special(0o010_666, "src/lib.rs"), special(0o020_666, "lib.rs")])
        },
        expected: Expected::Nothing,
    },
    Attack {
        name: "bomb_of_zeros",
        what: "many files of zeros that pack to next to nothing",
        make: || {
            let zeros = vec![b' '; 1 << 20];
            let bomb = deflated("a0.rs", &zeros);
            let names = (0..40).map(|index| Entry { name: format!("a{index}.rs").into_bytes(), ..bomb.clone() });
            zip(&names.collect::<Vec<_>>())
        },
        expected: Expected::Nothing,
    },
    Attack {
        name: "bomb_in_one_file",
        what: "a source that unpacks to far more than any source has",
        make: || beside(deflated("src/huge.rs", &vec![b' '; 64 << 20])),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "bomb_that_lies",
        what: "a file that claims ten bytes and has millions",
        make: || beside(Entry { size: 10, ..deflated("src/huge.rs", &vec![b' '; 8 << 20]) }),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "bomb_of_overlaps",
        what: "thousands of entries that share the data of one",
        make: || {
            let bomb = deflated("b.rs", &vec![b' '; 1 << 19]);
            let more = (0..5000).map(|index| Entry {
                name: format!("b{index}.rs").into_bytes(),
                overlaps: true,
                ..bomb.clone()
            });
            zip(&std::iter::once(bomb.clone()).chain(more).collect::<Vec<_>>())
        },
        expected: Expected::Nothing,
    },
    Attack {
        name: "bomb_of_archives",
        what: "archives in archives in archives",
        make: || nested(30, zip(&[entry("src/lib.rs", MINE)])),
        expected: Expected::Nothing,
    },
    Attack {
        name: "bomb_of_entries",
        what: "more entries than any crate has files",
        make: || zip(&(0..20_000).map(|index| entry(format!("{index}.rs"), "")).collect::<Vec<_>>()),
        expected: Expected::Nothing,
    },
    Attack {
        name: "bomb_of_folders",
        what: "folders a thousand deep",
        make: || named("a/".repeat(1000) + "lib.rs"),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "huge_name",
        what: "a name of 60,000 letters",
        make: || named("x".repeat(60_000) + ".rs"),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "twice_the_same_name",
        what: "two sources of one name: other tools show the first, nothing shows which is meant",
        make: || zip(&[entry("src/lib.rs", EVIL), entry("src/lib.rs", MINE)]),
        expected: Expected::Nothing,
    },
    Attack {
        name: "same_name_but_for_case",
        what: "a second source whose name differs in case",
        make: || zip(&[entry("SRC/LIB.RS", EVIL), entry("src/LIB.rs", EVIL), entry("src/lib.rs", MINE)]),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "file_in_the_way_of_a_folder",
        what: "a file src.rs/… where a file src.rs is",
        make: || zip(&[entry("a.rs", EVIL), entry("a.rs/b.rs", EVIL), entry("src/lib.rs", MINE)]),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "folder_in_the_way_of_a_file",
        what: "a folder named like the source that follows",
        make: || {
            let folder = Entry { mode: 0o040_755, ..entry("src/lib.rs/", "") };
            zip(&[folder, entry("src/lib.rs", EVIL), entry("x/src/lib.rs", MINE)])
        },
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "nul_in_a_name",
        what: "a name that ends early for C",
        make: || named("src/lib.rs\0.txt"),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "names_that_steer_a_terminal",
        what: "names with line ends, escape sequences, markup and turned text",
        make: || {
            let names = ["a\nb.rs", "\u{1b}[2Jc.rs", "<script>.rs", "d\u{202e}sr.rs", "=1+1.rs"];
            let hostile = names.map(|name| entry(format!("src/{name}"), EVIL));
            zip(&[&[entry("src/lib.rs", MINE)], hostile.as_slice()].concat())
        },
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "name_that_is_no_text",
        what: "a name of bytes that no encoding has",
        make: || beside(Entry { flags: 0, ..entry(b"src/\xff\xfe\x80.rs", EVIL) }),
        expected: Expected::Graded(MINE),
    },
    Attack {
        name: "encrypted",
        what: "an encrypted source",
        make: || zip(&[Entry { flags: ENCRYPTED, ..entry("src/lib.rs", EVIL) }]),
        expected: Expected::Nothing,
    },
    Attack {
        name: "unknown_packing",
        what: "a source packed in a way that nobody knows",
        make: || zip(&[Entry { method: 99, ..entry("src/lib.rs", EVIL) }]),
        expected: Expected::Nothing,
    },
    Attack {
        name: "wrong_checksum",
        what: "a source that is not what its checksum says",
        make: || zip(&[Entry { crc: 7, ..entry("src/lib.rs", EVIL) }]),
        expected: Expected::Nothing,
    },
    Attack {
        name: "broken_packing",
        what: "a source whose packed bytes are noise",
        make: || zip(&[Entry { method: DEFLATED, ..entry("src/lib.rs", "\u{1}\u{2}\u{3}noise") }]),
        expected: Expected::Nothing,
    },
    Attack {
        name: "truncated",
        what: "an archive that ends in its middle",
        make: || {
            let whole = zip(&[entry("src/lib.rs", MINE)]);
            whole[..whole.len() - 30].to_owned()
        },
        expected: Expected::Nothing,
    },
    Attack {
        name: "directory_of_lies",
        what: "an end that claims a directory beyond the archive",
        make: || {
            let mut bytes = zip(&[entry("src/lib.rs", MINE)]);
            let at = bytes.len() - 10;
            bytes[at..at + 8].fill(0xf0);
            bytes
        },
        expected: Expected::Nothing,
    },
    Attack {
        name: "tar_under_a_false_name",
        what: "a tape archive that says it is a zip",
        make: || [b"src/lib.rs\0".as_slice(), &[0; 246], b"ustar\x0000", &[0; 1024]].concat(),
        expected: Expected::Nothing,
    },
    Attack { name: "empty_file", what: "an archive of no bytes", make: Vec::new, expected: Expected::Nothing },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attack_that_succeeds_is_seen() {
        let attempt = |make, expected| {
            let home = tempfile::tempdir().expect("there is room");
            Attack { name: "x", what: "x", make, expected }.fails(home.path())
        };
        let honest = || zip(&[deflated("src/lib.rs", MINE.as_bytes())]);
        attempt(honest, Expected::Graded(MINE)).expect("what is written here is a zip file that anybody can read");
        attempt(honest, Expected::Nothing).expect_err("something is graded");
        attempt(honest, Expected::Graded(EVIL)).expect_err("something else is graded");
        let home = tempfile::tempdir().expect("there is room");
        unchanged_but_for_scratch(home.path(), &BTreeMap::from([("grades.csv".to_owned(), Vec::new())]))
            .expect_err("a file is gone");
    }
}
