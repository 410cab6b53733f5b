//! The entries of an archive in order, whatever its format: where each may be written, and why one is not used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, ZipArchive};

use super::refused::{LISTED_MAX, Refused, STREAM_BYTES_MAX};
use crate::host::digest::hex;
use crate::intake::look::is_foreign;

/// The most folders in which a file may stand.
const PARTS_MAX: usize = 24;
/// The longest name that file systems take, in bytes; longer ones are shortened in their middle, because platforms write whose a
/// file is at its start or at its end.
const NAME_BYTES_MAX: usize = 255;
/// How much of the start and of the end of a longer name is kept, in bytes.
const KEPT_BYTES: usize = 110;

/// The format of an archive, from its bytes, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    Gzip,
    Foreign(&'static str),
}

/// An entry of an archive.
pub(super) struct Entry<'a> {
    /// Its path below the destination.
    pub(super) path: PathBuf,
    pub(super) content: Content<'a>,
}

/// What an entry holds.
pub(super) enum Content<'a> {
    Folder,
    File(&'a mut dyn Read),
    /// Nothing that is used, and why: the end of a sentence that begins with the entry's name.
    Lost(&'static str),
    /// A file of a name that another entry has too, with other content.
    Twice,
}

impl Content<'_> {
    /// Whether it is a folder: all other entries stand for a file.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self, Self::Folder)
    }
}

/// Calls `each` for every entry of an archive, in order, except those in generated folders.
pub(super) fn each_entry(path: &Path, each: &mut dyn FnMut(Entry<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
    let mut file = File::open(path)?;
    match kind_of(&mut file)? {
        Kind::Zip => each_of_zip(file, each),
        Kind::Tar => each_of_tar(BufReader::new(file), each),
        Kind::Gzip => {
            let mut again = BufReader::new(file.try_clone()?);
            let read = each_of_tar(MultiGzDecoder::new(BufReader::new(file)).take(STREAM_BYTES_MAX), each);
            match read {
                Err(Refused::Unreadable(_)) if is_whole_gzip(&mut again)? => Err(Refused::Foreign("gzip of one file")),
                read => read,
            }
        }
        Kind::Foreign(name) => Err(Refused::Foreign(name)),
    }
}

fn each_of_zip(file: File, each: &mut dyn FnMut(Entry<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
    let mut again = BufReader::new(file.try_clone()?);
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| Refused::Unreadable(error.to_string()))?;
    if archive.len() > LISTED_MAX {
        return Err(Refused::TooManyEntries(LISTED_MAX));
    }
    // The reader keeps the last of several entries of one name, without a word.
    if archive.has_duplicate_names() {
        for path in twice_in_directory(&mut again, archive.central_directory_start())? {
            each(Entry { path, content: Content::Twice })?;
        }
    }
    for index in 0..archive.len() {
        let Some(name) = archive.name_for_index(index).and_then(Result::ok) else { continue };
        let (path, why) = match inside(&name) {
            Place::Inside(path) => (path, None),
            Place::Foreign => continue,
            Place::Refused(path, why) => (path, Some(why)),
        };
        let Ok(mut entry) = archive.by_index(index) else {
            each(Entry { path, content: Content::Lost(UNKNOWN) })?;
            continue;
        };
        let is_known = matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
        let content = match why {
            Some(why) => Content::Lost(why),
            None if !is_known => Content::Lost(UNKNOWN),
            None if entry.is_symlink() => Content::Lost(LINK),
            None if entry.is_dir() => Content::Folder,
            None if entry.is_file() => Content::File(&mut entry),
            None => continue,
        };
        each(Entry { path, content })?;
    }
    Ok(())
}

/// Why an entry that no reader here unpacks is not used.
const UNKNOWN: &str = "is encrypted or packed in a way that is not known here: hand in a plain zip file";

/// Whether a file that is no packed tar archive is a whole packed file all the same. Cost: as unpacking it.
fn is_whole_gzip(file: &mut BufReader<File>) -> io::Result<bool> {
    file.rewind()?;
    Ok(io::copy(&mut MultiGzDecoder::new(file).take(STREAM_BYTES_MAX), &mut io::sink()).is_ok())
}

/// Why a link is not used.
const LINK: &str = "is a link, and links are not followed: hand in the file itself";

/// The files that a zip file's directory lists more than once with different content. Cost: O(directory), at most [`LISTED_MAX`]
/// entries of 64 KiB each are read, and only the names are kept.
fn twice_in_directory(file: &mut BufReader<File>, start: u64) -> Result<BTreeSet<PathBuf>, Refused> {
    const HEADER_BYTES: usize = 46;
    let (mut first, mut twice) = (BTreeMap::new(), BTreeSet::new());
    file.seek(SeekFrom::Start(start))?;
    for _ in 0..=LISTED_MAX {
        let mut header = [0; HEADER_BYTES];
        if file.read_exact(&mut header).is_err() || !header.starts_with(b"PK\x01\x02") {
            break;
        }
        let number = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let mut name = vec![0; number(28)];
        file.read_exact(&mut name)?;
        io::copy(&mut file.by_ref().take((number(30) + number(32)) as u64), &mut io::sink())?;
        let Place::Inside(path) = inside(&zip_name(&name)) else { continue };
        // The checksum and the size.
        let content = (header[16..20].to_vec(), header[24..28].to_vec());
        if !name.ends_with(b"/") && *first.entry(path.clone()).or_insert_with(|| content.clone()) != content {
            twice.insert(path);
        }
    }
    Ok(twice)
}

/// An entry's name as the reader of zip files has it: UTF-8, or else code page 437, which old programs for Windows write.
fn zip_name(bytes: &[u8]) -> String {
    /// The characters of the bytes from 128 on.
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
                     áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
                     └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
                     αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    if let Ok(name) = str::from_utf8(bytes) {
        return name.to_owned();
    }
    let upper: Vec<char> = UPPER.chars().collect();
    let of_byte = |byte: &u8| byte.checked_sub(128).map_or(char::from(*byte), |at| upper[usize::from(at)]);
    bytes.iter().map(of_byte).collect()
}

fn each_of_tar(stream: impl Read, each: &mut dyn FnMut(Entry<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
    let unreadable = |error: io::Error| Refused::Unreadable(error.to_string());
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let kind = entry.header().entry_type();
        let (path, why) = match inside(&String::from_utf8_lossy(&entry.path_bytes())) {
            Place::Inside(path) => (path, None),
            Place::Foreign => continue,
            Place::Refused(path, why) => (path, Some(why)),
        };
        let content = match why {
            Some(why) => Content::Lost(why),
            None if kind.is_symlink() || kind.is_hard_link() => Content::Lost(LINK),
            None if kind.is_dir() => Content::Folder,
            None if kind.is_file() || kind.is_contiguous() => Content::File(&mut entry),
            None => continue,
        };
        each(Entry { path, content })?;
    }
    Ok(())
}

fn kind_of(file: &mut File) -> io::Result<Kind> {
    let mut head = Vec::new();
    Read::by_ref(file).take(512).read_to_end(&mut head)?;
    file.rewind()?;
    let starts = |magic: &[u8]| head.starts_with(magic);
    Ok(if starts(b"PK\x03\x04") {
        Kind::Zip
    } else if starts(b"\x1f\x8b") {
        Kind::Gzip
    } else if head.get(257..262) == Some(b"ustar") {
        Kind::Tar
    } else if starts(b"7z\xbc\xaf\x27\x1c") {
        Kind::Foreign("7z")
    } else if starts(b"Rar!") {
        Kind::Foreign("rar")
    } else if starts(b"\xfd7zXZ\0") {
        Kind::Foreign("xz")
    } else if starts(b"BZh") {
        Kind::Foreign("bzip2")
    } else if starts(b"\x28\xb5\x2f\xfd") {
        Kind::Foreign("zstd")
    } else {
        // Possibly with a program in front, or not a zip file at all: its reader finds out, or reports why not.
        Kind::Zip
    })
}

/// Where an entry may be written.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Here, below the destination.
    Inside(PathBuf),
    /// Nowhere: it is in a generated or hidden folder, or has no name.
    Foreign,
    /// Nowhere, and why; the path has what of its name is plain, because it tells whose it is.
    Refused(PathBuf, &'static str),
}

/// An entry's name as a path that stays below its destination. A backslash is a separator too, because some programs for Windows
/// write it.
fn inside(name: &str) -> Place {
    let (mut path, mut why) = (PathBuf::new(), None);
    for (number, part) in name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").enumerate() {
        // Once a part leads elsewhere, fewer than these may have been kept.
        if number == PARTS_MAX {
            why = Some("is in too many folders, one in the other: hand it in less deep");
            // The file's own name tells what it is.
            if let Some(last) = name.rsplit(['/', '\\']).find(|part| !part.is_empty()) {
                path.set_file_name(short(last));
            }
            break;
        }
        if part == ".." || part.ends_with(':') || part.contains('\0') {
            why = Some("leads out of the archive by its path: hand it in below one folder");
        } else if is_foreign(part) {
            return Place::Foreign;
        } else {
            path.push(short(part));
        }
    }
    match why {
        _ if path.as_os_str().is_empty() => Place::Foreign,
        None => Place::Inside(path),
        Some(why) => Place::Refused(path, why),
    }
}

/// A name that file systems take; a longer one keeps its start and its end, and between them a mark of the whole.
fn short(part: &str) -> String {
    if part.len() <= NAME_BYTES_MAX {
        return part.to_owned();
    }
    let (start, end) = (part.floor_char_boundary(KEPT_BYTES), part.ceil_char_boundary(part.len() - KEPT_BYTES));
    let mark = &hex(&Sha256::digest(part.as_bytes()))[..12];
    format!("{}~{mark}~{}", &part[..start], &part[end..])
}

/// Whether these bytes are a supported archive, whatever its name and whatever is in front of it (a self-extracting zip
/// file has a program there): the end record identifies a zip file. Cost: O(64 KiB), the longest comment that may
/// follow that record.
pub fn is_packed(bytes: &[u8]) -> bool {
    const END: &[u8] = b"PK\x05\x06";
    const END_BYTES_MAX: usize = 22 + 0xffff;
    let tail = &bytes[bytes.len().saturating_sub(END_BYTES_MAX)..];
    bytes.starts_with(b"PK\x03\x04")
        || bytes.starts_with(b"\x1f\x8b")
        || bytes.get(257..262) == Some(b"ustar")
        || tail.windows(END.len()).any(|window| window == END)
}

/// [`is_packed`] for a file: its start and its end are read.
///
/// # Errors
/// It cannot be read.
pub fn is_packed_file(path: &Path) -> io::Result<bool> {
    const TAIL_BYTES: u64 = 22 + 0xffff;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(512).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES).max(bytes.len() as u64)))?;
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(is_packed(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entrys_name_leads_nowhere_else() {
        for (name, path) in [
            ("ada/src/lib.rs", Some("ada/src/lib.rs")),
            ("./ada//lib.rs", Some("ada/lib.rs")),
            ("/ada/lib.rs", Some("ada/lib.rs")),
            ("ada\\src\\lib.rs", Some("ada/src/lib.rs")),
            ("C:\\ada\\lib.rs", None),
            ("a/../../lib.rs", None),
            ("..\\lib.rs", None),
            ("ada/target/debug/lib.rs", None),
            ("ada/.git/hooks/x.rs", None),
            ("__MACOSX/ada/._lib.rs", None),
            ("", None),
            ("./", None),
        ] {
            let found = match inside(name) {
                Place::Inside(path) => Some(path),
                Place::Foreign | Place::Refused(..) => None,
            };
            assert_eq!(found, path.map(PathBuf::from), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_not_utf8_is_read_as_the_reader_of_zip_files_reads_it() {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let name = "x".repeat(128);
        zip.start_file(&*name, zip::write::SimpleFileOptions::default()).expect("an entry");
        let mut bytes = zip.finish().expect("an archive").into_inner();
        let raw: Vec<u8> = (128..=255).collect();
        for at in 0..bytes.len() - raw.len() {
            if bytes[at..].starts_with(name.as_bytes()) {
                bytes[at..at + raw.len()].copy_from_slice(&raw);
            }
        }
        let archive = ZipArchive::new(io::Cursor::new(bytes)).expect("an archive");
        assert_eq!(archive.name_for_index(0).and_then(Result::ok).as_deref(), Some(&*zip_name(&raw)));
        assert_eq!(zip_name("é".as_bytes()), "é");
    }

    #[test]
    fn what_is_refused_still_tells_whose_it_is() {
        for (name, owner) in [
            ("ada/../../lib.rs", "ada/lib.rs"),
            ("C:\\ada\\lib.rs", "ada/lib.rs"),
            (&("ada/".to_owned() + &"x/".repeat(40)), &("ada".to_owned() + &"/x".repeat(23))),
        ] {
            assert!(matches!(inside(name), Place::Refused(path, _) if path == Path::new(owner)), "{name}");
        }
    }

    #[test]
    fn a_longer_name_than_file_systems_take_keeps_its_start_and_its_end() {
        let (just, over) = ("é".repeat(127), "é".repeat(300) + "_12_assignsubmission_file_");
        assert_eq!(short(&just), just);
        let kept = short(&over);
        assert!(kept.len() <= NAME_BYTES_MAX && kept.starts_with('é') && kept.ends_with("é_12_assignsubmission_file_"));
        assert_ne!(kept, short(&("é".repeat(299) + "_12_assignsubmission_file_")));
    }
}
