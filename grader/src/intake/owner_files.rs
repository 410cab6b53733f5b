//! Files in exports that identify the owners of submissions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::owner::{Owner, Partner, Platform};
use crate::host::files::read_plain;

/// The largest such file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The person's name and user name in Blackboard's note: `Name: Ada Lovelace (alovelace)` in its first line.
pub(super) fn blackboards_note(path: &Path) -> Option<(String, String)> {
    let text = String::from_utf8(read_plain(path, FILE_BYTES_MAX).ok()?).ok()?;
    let line = text.trim_start_matches('\u{feff}').lines().next()?;
    let (name, username) = line.strip_prefix("Name:")?.trim().strip_suffix(')')?.rsplit_once(" (")?;
    Some((name.to_owned(), username.to_owned()))
}

/// Gradescope's data about one submission.
#[derive(Debug, Default)]
pub(super) struct GradescopeRow {
    people: Vec<Partner>,
    late: bool,
}

impl GradescopeRow {
    pub(super) fn owner(&self, folder: &str) -> Owner {
        let names = self.people.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        let mut people = self.people.iter().cloned();
        let Partner { name, number, email } = people.next().unwrap_or_default();
        let shown = if number.is_empty() { folder } else { &number };
        Owner {
            late: self.late,
            partners: people.collect(),
            ..Owner::new(Platform::Gradescope, &format!("{names} ({shown})"), folder)
        }
        .of(name, number, email)
    }
}

/// Gradescope's file: a key for each submission's folder, and below it the people who handed it in. Only the necessary part is
/// parsed; a file in another format is ignored.
pub(super) fn gradescope_file(path: &Path) -> BTreeMap<String, GradescopeRow> {
    let mut told: BTreeMap<String, GradescopeRow> = BTreeMap::new();
    let is_there = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let bytes = if is_there { read_plain(path, FILE_BYTES_MAX).unwrap_or_default() } else { Vec::new() };
    let (mut folder, mut in_history) = (String::new(), false);
    for line in String::from_utf8_lossy(&bytes).lines() {
        if let Some(key) = line.strip_suffix(':').filter(|key| !key.is_empty() && !key.starts_with([' ', '-', ':'])) {
            (folder, in_history) = (unquoted(key), false);
            told.insert(folder.clone(), GradescopeRow::default());
            continue;
        }
        let Some(found) = told.get_mut(&folder) else { continue };
        let begins = line.trim_start().starts_with("- ");
        let line = line.trim_start_matches([' ', '-']).trim_end();
        let (key, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
        // Earlier submissions are listed below, with the same keys.
        in_history |= key.trim_start_matches(':') == "history";
        if begins && !in_history {
            found.people.push(Partner::default());
        }
        let person = found.people.last_mut();
        match (key.trim_start_matches(':'), person) {
            _ if in_history => {}
            ("name", Some(person)) => person.name = unquoted(value),
            ("sid", Some(person)) => person.number = unquoted(value),
            ("email", Some(person)) => person.email = unquoted(value),
            ("late", _) => found.late = unquoted(value) == "true",
            _ => {}
        }
    }
    for found in told.values_mut() {
        found.people.retain(|person| !person.name.is_empty());
    }
    told.retain(|_, found| !found.people.is_empty());
    told
}

/// A plain or quoted YAML string.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    match (inner('\''), inner('"')) {
        (Some(text), _) => text.replace("''", "'"),
        (None, Some(text)) => text.replace("\\\"", "\""),
        (None, None) => text.to_owned(),
    }
}
