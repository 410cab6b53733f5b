//! Whose a file or a folder of a class's export is: course platforms name what they export in their own ways, and this is
//! the one place that reads those names. The same numbers and user names are what marks are handed back under.
//!
//! | platform | what it names | how |
//! | --- | --- | --- |
//! | Moodle | folders, or files | `[Group-]Full Name_NUMBER_assignsubmission_file[_…]` |
//! | Canvas | files | `lastfirst[_late]_USER_FILE_name`, `…_USER_text.html` |
//! | Blackboard | files | `Assignment_USERNAME_attempt_YYYY-MM-DD-HH-MM-SS[_name]` |
//! | Brightspace | folders, or files | `USER-FOLDER - Full Name - Mon D, YYYY HMM AM[ - name]` |
//! | ILIAS | folders | `Last_First_login_USER` |
//! | Gradescope | folders | `submission_NUMBER`, and a `submission_metadata.yml` that tells whose |
//!
//! GitHub Classroom's folders bear the repository's name, which is the learner's own: the whole name.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::host::files::read_plain;
use crate::host::printable;

/// Largest file that tells whose submissions are whose, in bytes.
const TOLD_BYTES_MAX: u64 = 4 << 20;
/// Gradescope's file that tells whose submissions are whose.
const GRADESCOPE_FILE: &str = "submission_metadata.yml";

/// Where a name was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// Moodle's assignment.
    Moodle,
    /// Canvas.
    Canvas,
    /// Blackboard Learn.
    Blackboard,
    /// Brightspace, once called D2L.
    Brightspace,
    /// ILIAS.
    Ilias,
    /// Gradescope.
    Gradescope,
    /// Anywhere else: the whole name is the learner's.
    Other,
}

/// Whose something is, as its platform's name for it tells. Two are of one learner only where the platform writes both names in
/// the same way, with the same number and the very same letters: what a learner can choose (a name, a file's name) never
/// passes for another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// The platform.
    pub platform: Platform,
    /// As it is shown: a stranger's text too, in every report, on the terminal and in the table.
    pub shown: String,
    /// What makes it this learner.
    pub exact: OsString,
    /// The platform's name for the person: `Ada Lovelace`, `lovelaceada`.
    pub name: String,
    /// The platform's number for the person or, in Moodle, for their part in the assignment; empty where it tells none.
    pub number: String,
    /// The name that they log in with; empty where the platform does not tell.
    pub username: String,
    /// Their address; empty where the platform does not tell.
    pub email: String,
    /// Whether it was handed in late, where the platform says so.
    pub late: bool,
    /// Which of several came later: a number that grows.
    pub order: u64,
    /// The learner's own name for the file, where the platform put its own before that.
    pub file: Option<String>,
    /// Whether it is a platform's note on a submission, and none itself.
    pub is_note: bool,
    /// Under which name a file for the learner goes back to the platform, in an archive of them all: up to the file's own.
    pub hand_back: String,
}

impl Platform {
    /// Whether all that bears one order is one attempt, so that a later one replaces it as a whole.
    pub(super) const fn tells_attempts(self) -> bool {
        matches!(self, Self::Blackboard | Self::Brightspace)
    }
}

/// Whether a file holds no submission and yet tells whose one is.
pub(super) fn tells_whose(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == GRADESCOPE_FILE)
        || path.file_stem().is_some_and(|stem| blackboard(&stem.to_string_lossy()).is_some())
}

/// Whose each of these is: all that stands in a class's folder, told together, for one name alone may look like any platform's.
/// Cost: O(names).
pub(super) fn whose(folder: &Path, paths: &[std::path::PathBuf]) -> Vec<Whose> {
    let told = gradescope_file(&folder.join(GRADESCOPE_FILE));
    let is_canvas = looks_like_canvas(paths);
    let is_ilias = looks_like_ilias(paths);
    let mut all: Vec<Whose> = paths
        .iter()
        .map(|path| {
            let is_folder = path.is_dir();
            let whole = path.file_name().unwrap_or_default();
            let name = if is_folder { Some(whole) } else { path.file_stem() }.unwrap_or_default();
            let known = whole.to_str().and_then(|whole| {
                let stem = name.to_str().unwrap_or(whole);
                moodle(whole, stem)
                    .or_else(|| brightspace(whole))
                    .or_else(|| if is_folder { None } else { blackboard(stem).map(|found| found.of_file(whole)) })
                    .or_else(|| if is_folder || !is_canvas { None } else { canvas(whole) })
                    .or_else(|| told.get(whole).filter(|_| is_folder).map(|told| told.whose(whole)))
                    .or_else(|| if is_folder && is_ilias { ilias(whole) } else { None })
            });
            let mut whose = known.unwrap_or_else(|| Whose {
                exact: name.to_owned(),
                ..Whose::new(Platform::Other, &name.to_string_lossy(), &name.to_string_lossy())
            });
            whose.hand_back = hand_back(&whose, &whole.to_string_lossy(), &name.to_string_lossy(), is_folder);
            whose
        })
        .collect();
    name_blackboards_users(paths, &mut all);
    all
}

impl Whose {
    fn new(platform: Platform, shown: &str, exact: &str) -> Self {
        Self {
            platform,
            shown: printable::line(shown),
            exact: exact.into(),
            name: shown.to_owned(),
            number: String::new(),
            username: String::new(),
            email: String::new(),
            late: false,
            order: 0,
            file: None,
            is_note: false,
            hand_back: String::new(),
        }
    }

    fn numbered(platform: Platform, name: &str, number: &str) -> Self {
        Self {
            name: name.to_owned(),
            number: number.to_owned(),
            ..Self::new(platform, &format!("{name} ({number})"), &format!("{name}_{number}"))
        }
    }
}

/// Where a file for a learner stands in the archive that a platform takes back: in a folder of the name that it exported, or
/// behind what it put before the learner's own name. `whole` is the exported name, `name` that without a file's extension.
fn hand_back(whose: &Whose, whole: &str, name: &str, is_folder: bool) -> String {
    let own = whose.file.as_deref().unwrap_or_default();
    let before = whole.strip_suffix(own).unwrap_or(whole);
    match whose.platform {
        _ if is_folder => format!("{whole}/"),
        Platform::Moodle => format!("{}/", before.trim_end_matches('/')),
        Platform::Canvas => before.to_owned(),
        Platform::Brightspace => format!("{}/", before.trim_end_matches(" - ")),
        Platform::Blackboard if !own.is_empty() => before.to_owned(),
        Platform::Blackboard => format!("{name}_"),
        Platform::Ilias | Platform::Gradescope | Platform::Other => format!("{name}/"),
    }
}

/// A number as platforms write theirs: no leading zero, and no more digits than a computer counts with.
fn is_number(part: &str) -> bool {
    (1..=18).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()) && !part.starts_with('0')
}

/// A name and the number that stands right before Moodle's own word. A name that has the word twice is of nobody's making
/// but the learner's, and tells nothing.
fn moodle(whole: &str, stem: &str) -> Option<Whose> {
    const WORD: &str = "_assignsubmission_";
    let (before, after) = whole.split_once(WORD)?;
    let (who, number) = before.rsplit_once('_')?;
    // Moodle makes every underscore of a name and of a group a blank.
    if !is_number(number) || who.contains('_') || after.contains(WORD) {
        return None;
    }
    let file = ["file_", "onlinetext_"].iter().find_map(|kind| after.strip_prefix(kind)).unwrap_or_default();
    let is_flat = !file.is_empty() && stem.len() > before.len() + WORD.len();
    Some(Whose { file: is_flat.then(|| file.to_owned()), ..Whose::numbered(Platform::Moodle, who, number) })
}

/// A name without an underscore, perhaps `late`, the learner's number, the file's number, and the file's name; or what stands
/// for a text or a link that was handed in.
fn canvas(whole: &str) -> Option<Whose> {
    let (who, rest) = whole.split_once('_')?;
    let late = rest.strip_prefix("LATE_").or(rest.strip_prefix("late_"));
    let mut parts = late.unwrap_or(rest).splitn(3, '_');
    let (number, second) = (parts.next()?, parts.next()?);
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    if !who.chars().all(is_word) || who.bytes().all(|byte| byte.is_ascii_digit()) || !is_number(number) {
        return None;
    }
    let found = Whose { late: late.is_some(), ..Whose::numbered(Platform::Canvas, who, number) };
    match parts.next() {
        Some(file) if is_number(second) && !file.is_empty() => {
            Some(Whose { order: second.parse().ok()?, file: Some(file.to_owned()), ..found })
        }
        None if matches!(second, "text.html" | "link.html") => Some(Whose { file: Some(second.to_owned()), ..found }),
        _ => None,
    }
}

/// Whether names that could be Canvas's are. `hw_3_1_ada.rs` and `hw_3_2_bob.rs` look alike: but in Canvas no two files have the
/// same number, and a whole class is not one person whose files nobody could begin with.
fn looks_like_canvas(paths: &[std::path::PathBuf]) -> bool {
    let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
    let found: Vec<Whose> = names.filter_map(canvas).collect();
    let mut numbers = BTreeSet::new();
    let files_are_apart = found.iter().all(|one| one.order == 0 || numbers.insert(one.order));
    let people: BTreeSet<_> = found.iter().map(|one| &one.exact).collect();
    let begins = |one: &Whose| {
        let file = one.file.as_deref().map(|file| unrevised(file).0).unwrap_or_default();
        ["lib.rs", "main.py", "script.txt", "start", "test_cache.py"].contains(&file.as_str())
    };
    files_are_apart && (people.len() > 1 || found.len() == 1 || found.iter().any(begins))
}

/// A file's name without the number that Canvas gives a file that was handed in again: `lib-2.rs` is the third `lib.rs`.
pub(super) fn unrevised(file: &str) -> (String, u64) {
    let (stem, extension) = file.rsplit_once('.').map_or((file, None), |(stem, extension)| (stem, Some(extension)));
    let Some((plain, number)) = stem.rsplit_once('-').filter(|(plain, number)| is_number(number) && !plain.is_empty())
    else {
        return (file.to_owned(), 0);
    };
    let name = extension.map_or_else(|| plain.to_owned(), |extension| format!("{plain}.{extension}"));
    (name, number.parse().unwrap_or(0))
}

/// What Blackboard's name says: all before its own word, when, and the file's name.
struct Attempt<'a> {
    before: &'a str,
    when: u64,
    file: &'a str,
}

/// The assignment, the user's name, `attempt`, when, and the file's name; without that it is Blackboard's own note.
fn blackboard(stem: &str) -> Option<Attempt<'_>> {
    const WORD: &str = "_attempt_";
    const WHEN: &str = "0000-00-00-00-00-00";
    let (before, after) = stem.split_once(WORD)?;
    let (when, rest) = after.split_at_checked(WHEN.len())?;
    let fits = |(c, pattern): (char, char)| if pattern == '0' { c.is_ascii_digit() } else { c == pattern };
    if !when.chars().zip(WHEN.chars()).all(fits) || !before.contains('_') {
        return None;
    }
    let file = if rest.is_empty() { rest } else { rest.strip_prefix('_')? };
    Some(Attempt { before, when: when.replace('-', "").parse().ok()?, file })
}

impl Attempt<'_> {
    fn of_file(&self, whole: &str) -> Whose {
        let extension = Path::new(whole).extension().map(|ext| format!(".{}", ext.to_string_lossy()));
        let file = format!("{}{}", self.file, extension.unwrap_or_default());
        let is_note = self.file.is_empty();
        Whose {
            order: self.when,
            file: (!is_note).then_some(file),
            is_note,
            ..Whose::new(Platform::Blackboard, self.before, self.before)
        }
    }
}

/// Blackboard's names hold the assignment's before the user's, and either may hold underscores: its note on the submission
/// tells the user's exactly, else the class does, by what all its names begin with.
fn name_blackboards_users(paths: &[std::path::PathBuf], all: &mut [Whose]) {
    let prefixes: BTreeSet<String> =
        all.iter().filter(|one| one.platform == Platform::Blackboard).map(|one| one.name.clone()).collect();
    let Some((first, last)) = prefixes.first().zip(prefixes.last()) else { return };
    let same = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
    // Of one learner alone the whole prefix is shared.
    let shared = if prefixes.len() == 1 { first.len() } else { same };
    let cut = first.as_bytes()[..shared].iter().rposition(|byte| *byte == b'_').map_or(0, |at| at + 1);
    let notes: BTreeMap<String, (String, String)> = paths
        .iter()
        .zip(all.iter())
        .filter(|(_, one)| one.is_note)
        .filter_map(|(path, one)| Some((one.name.clone(), blackboards_note(path)?)))
        .collect();
    for one in all.iter_mut().filter(|one| one.platform == Platform::Blackboard) {
        let (name, username) = match notes.get(&one.name) {
            Some((name, username)) if one.name.ends_with(&format!("_{username}")) => (name.clone(), username.clone()),
            _ => (one.name[cut..].to_owned(), one.name[cut..].to_owned()),
        };
        one.shown = printable::line(&if name == username { username.clone() } else { format!("{name} ({username})") });
        (one.name, one.username) = (name, username);
    }
}

/// The person's name and user name in Blackboard's note: `Name: Ada Lovelace (alovelace)` in its first line.
fn blackboards_note(path: &Path) -> Option<(String, String)> {
    let text = String::from_utf8(read_plain(path, TOLD_BYTES_MAX).ok()?).ok()?;
    let line = text.trim_start_matches('\u{feff}').lines().next()?;
    let (name, username) = line.strip_prefix("Name:")?.trim().strip_suffix(')')?.rsplit_once(" (")?;
    Some((name.to_owned(), username.to_owned()))
}

/// The person's number and the folder's, the name, when, and perhaps the file's name.
fn brightspace(whole: &str) -> Option<Whose> {
    let parts: Vec<&str> = whole.split(" - ").collect();
    let (user, folder) = parts.first()?.split_once('-')?;
    if !is_number(user) || !is_number(folder) {
        return None;
    }
    let (at, when) = parts.iter().enumerate().skip(2).find_map(|(at, part)| Some((at, moment(part)?)))?;
    let name = parts[1..at].join(" - ");
    let file = Some(parts[at + 1..].join(" - ")).filter(|file| !file.is_empty());
    Some(Whose { order: when, file, ..Whose::numbered(Platform::Brightspace, &name, user) })
}

/// `Sep 24, 2024 926 PM` as a number that grows: 202409242126. Also with the month after the day, and a colon in the time.
fn moment(text: &str) -> Option<u64> {
    const MONTHS: [[&str; 2]; 12] = [
        ["jan", "janv"],
        ["feb", "févr"],
        ["mar", "mars"],
        ["apr", "avr"],
        ["may", "mai"],
        ["jun", "juin"],
        ["jul", "juil"],
        ["aug", "août"],
        ["sep", "sept"],
        ["oct", "octo"],
        ["nov", "nove"],
        ["dec", "déc"],
    ];
    let (mut month, mut afternoon, mut numbers) = (None, None, Vec::new());
    for word in text.split([' ', ',', '.', ':']).filter(|word| !word.is_empty()) {
        let lower = word.to_lowercase();
        if let Ok(number) = lower.parse::<u64>() {
            numbers.push(number);
        } else if matches!(lower.as_str(), "am" | "pm") {
            afternoon = Some(lower == "pm");
        } else {
            let named = |names: &[&str; 2]| names.iter().any(|name| lower.starts_with(name));
            month = Some(MONTHS.iter().rposition(named)? as u64 + 1);
        }
    }
    let (day, year, hours, minutes) = match numbers[..] {
        [day, year, time] => (day, year, time / 100, time % 100),
        [day, year, hours, minutes] => (day, year, hours, minutes),
        _ => return None,
    };
    let hours = match afternoon {
        Some(true) if hours < 12 => hours + 12,
        Some(false) if hours == 12 => 0,
        _ => hours,
    };
    let sound = (1..=31).contains(&day) && (1970..=9999).contains(&year) && hours < 24 && minutes < 60;
    sound.then_some((((year * 100 + month?) * 100 + day) * 100 + hours) * 100 + minutes)
}

/// The last name, the first, what they log in with, their number.
fn ilias(whole: &str) -> Option<Whose> {
    let parts: Vec<&str> = whole.split('_').collect();
    let [last, first @ .., login, number] = parts.as_slice() else { return None };
    if first.is_empty() || !is_number(number) || last.is_empty() || login.is_empty() {
        return None;
    }
    let name = format!("{} {last}", first.join(" "));
    Some(Whose {
        name: name.clone(),
        number: (*number).to_owned(),
        username: (*login).to_owned(),
        ..Whose::new(Platform::Ilias, &format!("{name} ({login})"), whole)
    })
}

/// Whether a class's folders are ILIAS's: all of them, and no two with the same number.
fn looks_like_ilias(paths: &[std::path::PathBuf]) -> bool {
    let mut numbers = BTreeSet::new();
    let mut folders = paths.iter().filter(|path| path.is_dir()).peekable();
    let fits = |path: &std::path::PathBuf| {
        path.file_name().and_then(|name| ilias(name.to_str()?)).is_some_and(|found| numbers.insert(found.number))
    };
    folders.peek().is_some() && folders.all(fits)
}

/// What Gradescope's file tells of one submission.
#[derive(Debug, Default)]
struct Told {
    names: Vec<String>,
    number: String,
    email: String,
    late: bool,
}

impl Told {
    fn whose(&self, folder: &str) -> Whose {
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

/// Gradescope's file: a key for each submission's folder, and below it the people who handed in. Read as far as it is needed;
/// a file of another form tells nothing.
fn gradescope_file(path: &Path) -> BTreeMap<String, Told> {
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
        let Some((key, value)) = line.trim_start_matches([' ', '-']).split_once(": ").or(line.trim().split_once(':'))
        else {
            continue;
        };
        // What was handed in before stands below, under the same keys.
        in_history |= key.ends_with(":history") || key == "history";
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

/// A plain or quoted text of YAML.
fn unquoted(text: &str) -> String {
    let text = text.trim();
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    match (inner('\''), inner('"')) {
        (Some(text), _) => text.replace("''", "'"),
        (None, Some(text)) => text.replace("\\\"", "\""),
        (None, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// Whose these files are, were they a class.
    fn whose_files(names: &[&str]) -> Vec<Whose> {
        let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        whose(Path::new("nowhere"), &paths)
    }

    #[test]
    fn platforms_names_become_learners() {
        for (name, learner, file, late) in [
            ("Ada Lovelace_1234_assignsubmission_file_lib.rs", "Ada Lovelace (1234)", Some("lib.rs"), false),
            ("Ada Lovelace_1234_assignsubmission_file.rs", "Ada Lovelace (1234)", None, false),
            (
                "TP 1-Ada_12_assignsubmission_onlinetext_onlinetext.html",
                "TP 1-Ada (12)",
                Some("onlinetext.html"),
                false,
            ),
            ("Participant_12_assignsubmission_file_a_b.rs", "Participant (12)", Some("a_b.rs"), false),
            ("lovelaceada_1234_5678_lib.rs", "lovelaceada (1234)", Some("lib.rs"), false),
            ("lovelaceada_LATE_1234_5678_lib-2.rs", "lovelaceada (1234)", Some("lib-2.rs"), true),
            ("lovelaceada_late_1234_5678_my_lib.rs", "lovelaceada (1234)", Some("my_lib.rs"), true),
            ("lovelace--ada_1234_text.html", "lovelace--ada (1234)", Some("text.html"), false),
            ("Lab 1_jdoe_attempt_2026-03-01-12-30-45_lib.rs", "jdoe", Some("lib.rs"), false),
            ("12-34 - Ada - Sep 24, 2024 926 PM - lib.rs", "Ada (12)", Some("lib.rs"), false),
            ("12-34 - Jean - Luc - Sep 24, 2024 9:26 PM", "Jean - Luc (12)", None, false),
            ("ada.rs", "ada", None, false),
            ("cache_ada.rs", "cache_ada", None, false),
            ("submission_123456.zip", "submission_123456", None, false),
            ("hw_03_ada.rs", "hw_03_ada", None, false),
            ("Lab_05_12_ada.rs", "Lab_05_12_ada", None, false),
            ("2026_11_12_ada.rs", "2026_11_12_ada", None, false),
            ("12-34 - Ada - some day - lib.rs", "12-34 - Ada - some day - lib", None, false),
        ] {
            let found = &whose_files(&[name])[0];
            assert_eq!((found.shown.as_str(), found.file.as_deref(), found.late), (learner, file, late), "{name}");
        }
    }

    #[test]
    fn names_of_a_teachers_own_are_told_apart() {
        for names in [
            ["hw_03_ada.rs", "hw_03_bob.rs"],
            ["Lab_05_7_ada.rs", "Lab_05_7_bob.rs"],
            ["2026_3_1_ada.rs", "2026_3_1_bob.rs"],
            ["hw_3_1_ada.rs", "hw_3_1_bob.rs"],
            ["hw_3_1_ada.rs", "hw_3_2_bob.rs"],
            ["hw_3_1_ada.zip", "hw_3_2_bob.zip"],
            ["Lab 1_j_doe_attempt_2026-03-01-12-30-45_lib.rs", "Lab 1_k_doe_attempt_2026-03-01-12-30-45_lib.rs"],
            ["12-34 - Ada - Sep 24, 2024 926 PM", "12-34 - Bob - Sep 24, 2024 926 PM"],
        ] {
            let found = whose_files(&names);
            assert_ne!(found[0].exact, found[1].exact, "{names:?}");
            assert_ne!(found[0].shown, found[1].shown, "{names:?}");
        }
    }

    #[test]
    fn no_name_that_a_learner_can_choose_passes_for_anothers() {
        let ada = &whose_files(&["Ada Lovelace_1234_assignsubmission_file_"])[0];
        for name in [
            "Ada Lovelace_LATE_1234_9999_assignsubmission_file_",
            "Ada Lovelace_1234_9999_assignsubmission_file_",
            "Ada Lovelace_1234_assignsubmission_file__9999_assignsubmission_file_",
            "Mallory_9999_assignsubmission_file_Ada Lovelace_1234_assignsubmission_file_",
            "Ada\u{200b} Lovelace_1234_assignsubmission_file_",
            "Ada Lovelace_01234_assignsubmission_file_",
            "Ada Lovelace_1234_5678_lib",
            "Ada Lovelace (1234)",
        ] {
            let other = &whose_files(&[name])[0];
            assert_ne!((ada.platform, &ada.exact), (other.platform, &other.exact), "{name}");
        }
        let again = &whose_files(&["Ada Lovelace_1234_assignsubmission_onlinetext_"])[0];
        assert_eq!((&ada.exact, ada.platform), (&again.exact, again.platform));
    }

    #[test]
    fn moments_grow_as_time_does() {
        let moments = [
            "Sep 24, 2024 926 PM",
            "Sep 24, 2024 11:26 PM",
            "25 sept. 2024 1205 AM",
            "Sep 25, 2024 1205 PM",
            "Oct 3, 2024 900 AM",
            "Jan 1, 2025 900 AM",
        ];
        let order: Vec<u64> = moments.iter().map(|text| moment(text).expect(text)).collect();
        assert!(order.is_sorted_by(|one, other| one < other), "{order:?}");
        for text in ["Sep 24", "24, 2024 926 PM", "Smarch 24, 2024 926 PM", "Sep 99, 2024 926 PM", ""] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn gradescopes_file_and_blackboards_note_tell_the_names() {
        let home = tempfile::tempdir().expect("a folder");
        let yaml = "---\nsubmission_7:\n  :submitters:\n  - :name: Ada O'Hara\n    :sid: '0042'\n    :email: ada@example.org\n  \
                    - :name: 'Bob ''B'' Noé'\n    :sid: '43'\n  :created_at: 2026-03-01\n  :history:\n  - :submitters:\n    \
                    - :name: Mallory\nsubmission_8:\n  :score: 3\n";
        fs::write(home.path().join(GRADESCOPE_FILE), yaml).expect("there is room");
        let note = "Lab_1_j_doe_attempt_2026-03-01-12-30-45.txt";
        fs::write(home.path().join(note), "\u{feff}Name: Jo Doe (j_doe)\r\nAssignment: Lab_1\r\n")
            .expect("there is room");
        for folder in ["submission_7", "submission_8"] {
            fs::create_dir(home.path().join(folder)).expect("there is room");
        }
        let names = ["submission_7", "submission_8", note, "Lab_1_j_doe_attempt_2026-03-01-12-30-45_lib.rs"];
        let found = whose(home.path(), &names.map(|name| home.path().join(name)));
        assert_eq!(found[0].shown, "Ada O'Hara, Bob 'B' Noé (0042)");
        assert_eq!((found[0].number.as_str(), found[0].email.as_str()), ("0042", "ada@example.org"));
        assert_eq!((found[1].platform, found[1].shown.as_str()), (Platform::Other, "submission_8"));
        assert_eq!(found[2].exact, found[3].exact);
        assert_eq!((found[3].shown.as_str(), found[3].username.as_str()), ("Jo Doe (j_doe)", "j_doe"));
        assert!(found[2].is_note && !found[3].is_note);
    }

    #[test]
    fn iliass_folders_are_known_by_the_whole_class() {
        let home = tempfile::tempdir().expect("a folder");
        let check = |names: [&str; 2], platform| {
            let paths = names.map(|name| home.path().join(name));
            paths.iter().for_each(|path| fs::create_dir_all(path).expect("there is room"));
            assert!(whose(home.path(), &paths).iter().all(|one| one.platform == platform), "{names:?}");
        };
        check(["Lovelace_Ada_alove_12", "van_Dyke_Bob_bvand_13"], Platform::Ilias);
        check(["Lovelace_Ada_alove_12", "Dyke_Bob_bvand_12"], Platform::Other);
        check(["Lovelace_Ada_alove_12", "bob"], Platform::Other);
        check(["lab_03_ada_x", "lab_03_bob_y"], Platform::Other);
    }
}
