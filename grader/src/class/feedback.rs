//! An archive of every learner's report, to hand back: each under the name by which the platform recognises the
//! learner.

use std::io::{Cursor, Write};

use anyhow::Result;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Packs reports: where each belongs, and its page. Where two places become one name, the later one gets a number, so that no
/// learner's report is lost. Equal reports make equal bytes. Cost: O(bytes x reports of one name).
///
/// # Errors
/// A name is longer than an archive can hold.
pub fn pack<'a>(pages: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o644);
    let mut names = std::collections::BTreeSet::new();
    for (place, page) in pages {
        let plain = plain(place);
        let mut name = format!("{plain}report.html");
        let mut number = 2;
        while !names.insert(name.clone()) {
            name = format!("{plain}report-{number}.html");
            number += 1;
        }
        archive.start_file(name, options)?;
        archive.write_all(page.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// A name that every system can unpack and that leads to no other folder. The parts that platforms read are unchanged.
fn plain(place: &str) -> String {
    let own = |c: char| if c.is_control() || "\\:*?\"<>|".contains(c) { '_' } else { c };
    let (body, end) = place.strip_suffix('/').map_or((place, ""), |body| (body, "/"));
    let body: String = body.chars().map(|c| if c == '/' { '_' } else { own(c) }).collect();
    let body = if body.trim_matches('.').is_empty() { "_".to_owned() } else { body };
    format!("{body}{end}")
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use zip::ZipArchive;

    use super::{pack, plain};

    #[test]
    fn every_learner_gets_a_report_whatever_the_places_are_called() {
        let pages = [("a/b/", "one"), ("a_b/", "two"), ("a:b/", "three"), ("c_", "four")];
        let packed = pack(pages.into_iter()).expect("short names");
        let mut archive = ZipArchive::new(Cursor::new(packed)).expect("an archive");
        let mut found = Vec::new();
        for at in 0..archive.len() {
            let mut file = archive.by_index(at).expect("an entry");
            let mut page = String::new();
            file.read_to_string(&mut page).expect("text");
            found.push((file.name().expect("UTF-8").into_owned(), page));
        }
        let found: Vec<_> = found.iter().map(|(name, page)| (name.as_str(), page.as_str())).collect();
        assert_eq!(
            found,
            [
                ("a_b/report.html", "one"),
                ("a_b/report-2.html", "two"),
                ("a_b/report-3.html", "three"),
                ("c_report.html", "four")
            ]
        );
    }

    #[test]
    fn a_learners_folder_leads_nowhere_else() {
        for (place, name) in [
            ("Ada Noé_12_assignsubmission_file_/", "Ada Noé_12_assignsubmission_file_/"),
            ("lovelaceada_late_12_34_", "lovelaceada_late_12_34_"),
            ("../", "_/"),
            ("a/b/", "a_b/"),
            ("C:\\x\u{1b}/", "C__x_/"),
        ] {
            assert_eq!(plain(place), name);
        }
    }
}
