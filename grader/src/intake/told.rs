//! Files in exports that identify the owners of submissions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::whose::{Platform, Whose};
use crate::host::files::read_plain;

/// The largest such file that is read, in bytes.
const TOLD_BYTES_MAX: u64 = 4 << 20;

/// The person's name and user name in Blackboard's note: `Name: Ada Lovelace (alovelace)` in its first line.
pub(super) fn blackboards_note(path: &Path) -> Option<(String, String)> {
    let text = String::from_utf8(read_plain(path, TOLD_BYTES_MAX).ok()?).ok()?;
    let line = text.trim_start_matches('\u{feff}').lines().next()?;
    let (name, username) = line.strip_prefix("Name:")?.trim().strip_suffix(')')?.rsplit_once(" (")?;
    Some((name.to_owned(), username.to_owned()))
}

/// Gradescope's data about one submission.
#[derive(Debug, Default)]
pub(super) struct Told {
    names: Vec<String>,
    number: String,
    email: String,
    late: bool,
}

impl Told {
    pub(super) fn whose(&self, folder: &str) -> Whose {
        let name = self.names.join(", ");
        let number = if self.number.is_empty() { folder } else { &self.number };
        Whose {
            name: name.clone(),
            number: self.number.clone(),
            email: self.email.clone(),
            late: self.late,
            ..Whose::new(Platform::Gradescope, &format!("{name} ({number})"), folder)
        }
    }
}

/// Gradescope's file: a key for each submission's folder, and below it the people who handed it in. Only the necessary part is
/// parsed; a file in another format is ignored.
pub(super) fn gradescope_file(path: &Path) -> BTreeMap<String, Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let is_there = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let bytes = if is_there { read_plain(path, TOLD_BYTES_MAX).unwrap_or_default() } else { Vec::new() };
    let (mut folder, mut in_history) = (String::new(), false);
    for line in String::from_utf8_lossy(&bytes).lines() {
        if let Some(key) = line.strip_suffix(':').filter(|key| !key.is_empty() && !key.starts_with([' ', '-', ':'])) {
            (folder, in_history) = (unquoted(key), false);
            told.insert(folder.clone(), Told::default());
            continue;
        }
        let Some(found) = told.get_mut(&folder) else { continue };
        let line = line.trim_start_matches([' ', '-']).trim_end();
        let (key, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
        // Earlier submissions are listed below, with the same keys.
        in_history |= key.trim_start_matches(':') == "history";
        match key.trim_start_matches(':') {
            _ if in_history => {}
            "name" => found.names.push(unquoted(value)),
            "sid" if found.number.is_empty() => found.number = unquoted(value),
            "email" if found.email.is_empty() => found.email = unquoted(value),
            "late" => found.late = unquoted(value) == "true",
            _ => {}
        }
    }
    told.retain(|_, found| !found.names.is_empty());
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
