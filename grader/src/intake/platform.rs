//! The owner of a folder or file in a class's export. Course platforms name their exports in their own ways, and this is the only
//! place that parses those names. Marks are handed back under the same numbers and user names.
//!
//! | platform | what it names | how |
//! | --- | --- | --- |
//! | Moodle | folders, or files | `[Group-]Full Name_NUMBER_assignsubmission_file[_…]` |
//! | Canvas | files | `lastfirst[_late]_USER_FILE_name`, `…_USER_text.html`; without names `[LATE_]anon_XXXXX_FILE_name` |
//! | Blackboard | files | `Assignment_USERNAME_attempt_YYYY-MM-DD-HH-MM-SS[_name]` |
//! | Brightspace | folders, or files | `USER-FOLDER - Full Name - Mon D, YYYY HMM AM[ - name]` |
//! | ILIAS | folders | `Last_First_login_USER` |
//! | Gradescope | folders | `submission_NUMBER`, and a `submission_metadata.yml` that tells whose |
//!
//! GitHub Classroom names folders after the repository, which is the learner's own: the whole name counts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::look::is_root_name;
use super::names::{blackboard, brightspace, canvas, ilias, moodle, unrevised};
pub use super::owner::{Owner, Platform};
use super::owner_files::{blackboards_note, gradescope_file};
use crate::host::printable;

/// Gradescope's file that lists the owners of submissions.
const GRADESCOPE_FILE: &str = "submission_metadata.yml";

/// Whether a file is not a submission but identifies one's owner.
pub(super) fn names_owners(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == GRADESCOPE_FILE)
        || path.file_stem().is_some_and(|stem| blackboard(&stem.to_string_lossy()).is_some())
}

/// The owner of each of these items. All of a class's folder is examined together, because a single name may match several
/// platforms. Cost: O(names).
pub(crate) fn owners(folder: &Path, paths: &[PathBuf]) -> Vec<Owner> {
    let told = gradescope_file(&folder.join(GRADESCOPE_FILE));
    let is_canvas = looks_like_canvas(paths);
    let is_ilias = looks_like_ilias(paths);
    let mut all: Vec<Owner> = paths
        .iter()
        .map(|path| {
            let is_folder = path.is_dir();
            let whole = path.file_name().unwrap_or_default();
            let name = if is_folder { Some(whole) } else { stem(path) }.unwrap_or_default();
            let known = whole.to_str().and_then(|whole| {
                let stem = name.to_str().unwrap_or(whole);
                moodle(whole, stem)
                    .or_else(|| brightspace(whole))
                    .or_else(|| if is_folder { None } else { blackboard(stem).map(|found| found.of_file(whole)) })
                    .or_else(|| if is_folder || !is_canvas { None } else { canvas(whole) })
                    .or_else(|| told.get(whole).filter(|_| is_folder).map(|told| told.owner(whole)))
                    .or_else(|| if is_folder && is_ilias { ilias(whole) } else { None })
            });
            let mut owner =
                known.unwrap_or_else(|| Owner { exact: name.to_owned(), ..Owner::plain(&name.to_string_lossy()) });
            owner.hand_back = hand_back(&owner, &whole.to_string_lossy(), &name.to_string_lossy(), is_folder);
            owner
        })
        .collect();
    name_blackboards_users(paths, &mut all);
    all
}

/// A file's name without its extension, of which `.tar.gz` and the like are one.
fn stem(path: &Path) -> Option<&OsStr> {
    let (once, twice) = (path.file_stem()?, Path::new(path.file_stem()?).file_stem()?);
    let is_tar = Path::new(once).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("tar"));
    let is_packed = |ext: &OsStr| ["gz", "bz2", "xz", "zst"].iter().any(|name| ext.eq_ignore_ascii_case(name));
    Some(if is_tar && path.extension().is_some_and(is_packed) { twice } else { once })
}

/// The path of a learner's file in the archive that a platform imports: in a folder with the exported name, or after the prefix
/// that the platform put before the learner's own name. `whole` is the exported name, `name` the same without extension.
fn hand_back(owner: &Owner, whole: &str, name: &str, is_folder: bool) -> String {
    let own = owner.file.as_deref().unwrap_or_default();
    let before = whole.strip_suffix(own).unwrap_or(whole);
    match owner.platform {
        _ if is_folder => format!("{whole}/"),
        Platform::Moodle => format!("{}/", before.trim_end_matches('/')),
        Platform::Canvas => before.to_owned(),
        Platform::Brightspace => format!("{}/", before.trim_end_matches(" - ")),
        Platform::Blackboard if !own.is_empty() => before.to_owned(),
        Platform::Blackboard => format!("{name}_"),
        Platform::Ilias | Platform::Gradescope | Platform::Other => format!("{name}/"),
    }
}

/// Whether names that match Canvas's pattern really are Canvas's. `hw_3_1_ada.rs` and `hw_3_2_bob.rs` match too: but in Canvas no
/// two files have the same number, and a whole class is not one person whose files have no root.
fn looks_like_canvas(paths: &[PathBuf]) -> bool {
    let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
    let found: Vec<Owner> = names.filter_map(canvas).collect();
    let mut numbers = BTreeSet::new();
    let files_are_apart = found.iter().all(|one| one.order == 0 || numbers.insert(one.order));
    let people: BTreeSet<_> = found.iter().map(|one| &one.exact).collect();
    let begins = |one: &Owner| {
        let file = one.file.as_deref().map(|file| unrevised(file).0).unwrap_or_default();
        is_root_name(&file)
    };
    files_are_apart && (people.len() > 1 || found.len() == 1 || found.iter().any(begins))
}

/// Whether a class's folders are ILIAS's: all match its pattern, and no two have the same number.
fn looks_like_ilias(paths: &[PathBuf]) -> bool {
    let mut numbers = BTreeSet::new();
    let mut folders = paths.iter().filter(|path| path.is_dir()).peekable();
    let fits = |path: &PathBuf| {
        path.file_name().and_then(|name| ilias(name.to_str()?)).is_some_and(|found| numbers.insert(found.number))
    };
    folders.peek().is_some() && folders.all(fits)
}

/// Blackboard's names have the assignment before the user, and both may contain underscores. Its notes on submissions give users'
/// names exactly, and with them the assignment. Without a note it is known only where all names of the class share one underscore;
/// where they share several (`s_wu` and `s_li`), a guess could name another person, and the whole name stays.
fn name_blackboards_users(paths: &[PathBuf], all: &mut [Owner]) {
    let prefixes: BTreeSet<String> =
        all.iter().filter(|one| one.platform == Platform::Blackboard).map(|one| one.name.clone()).collect();
    let notes: BTreeMap<String, (String, String)> = paths
        .iter()
        .zip(all.iter())
        .filter(|(_, one)| one.is_note)
        .filter_map(|(path, one)| Some((one.name.clone(), blackboards_note(path)?)))
        .filter(|(prefix, (_, username))| assignment_before(prefix, username).is_some())
        .collect();
    let told: BTreeSet<&str> =
        notes.iter().filter_map(|(prefix, (_, username))| assignment_before(prefix, username)).collect();
    let assignment = match (told.len(), &shared_underscores(&prefixes)[..]) {
        (0, [only]) => prefixes.first().map(|first| first[..*only].to_owned()),
        (1, _) => told.first().map(|told| (*told).to_owned()),
        _ => None,
    };
    for one in all.iter_mut().filter(|one| one.platform == Platform::Blackboard) {
        let after = assignment.as_ref().and_then(|told| one.name.strip_prefix(told.as_str())?.strip_prefix('_'));
        let alone = || one.name.split_once('_').map(|(_, user)| user).filter(|user| !user.contains('_'));
        let (name, username) = match (notes.get(&one.name), after.filter(|user| !user.is_empty()).or_else(alone)) {
            (Some((name, username)), _) => (name.clone(), username.clone()),
            (None, Some(user)) => (user.to_owned(), user.to_owned()),
            (None, None) => {
                one.unsplit.clone_from(&one.name);
                continue;
            }
        };
        one.shown = printable::line(&if name == username { username.clone() } else { format!("{name} ({username})") });
        (one.name, one.username) = (name, username);
    }
}

/// The assignment in what stands before Blackboard's own word, if it ends in this user's name.
fn assignment_before<'a>(prefix: &'a str, username: &str) -> Option<&'a str> {
    prefix.strip_suffix(username)?.strip_suffix('_').filter(|_| !username.is_empty())
}

/// Where the underscores stand that all of these names share with all that is before them, and behind which each has more. Cost:
/// O(names).
pub fn shared_underscores(names: &BTreeSet<String>) -> Vec<usize> {
    let Some((first, last)) = names.first().zip(names.last()) else { return Vec::new() };
    // The names are in order: what the first and the last share, all do.
    let same = first.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
    let shortest = names.iter().map(String::len).min().unwrap_or(0);
    let has_more = |at: &usize| at + 1 < shortest;
    first.bytes().take(same).enumerate().filter(|(_, byte)| *byte == b'_').map(|(at, _)| at).filter(has_more).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The owners of these files as if they were a class.
    fn whose_files(names: &[&str]) -> Vec<Owner> {
        let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        owners(Path::new("nowhere"), &paths)
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
            ("anon_Ab3dE_5678_main.py", "anon_Ab3dE", Some("main.py"), false),
            ("LATE_anon_Ab3dE_5678_main-1.py", "anon_Ab3dE", Some("main-1.py"), true),
            ("anon_Ab3dE_text.html", "anon_Ab3dE", Some("text.html"), false),
            ("anon_12345_5678_main.py", "anon (12345)", Some("main.py"), false),
            ("anon_ada_5678_main.py", "anon_ada_5678_main", None, false),
            ("Lab 1_jdoe_attempt_2026-03-01-12-30-45_lib.rs", "jdoe", Some("lib.rs"), false),
            ("12-34 - Ada - Sep 24, 2024 926 PM - lib.rs", "Ada (12)", Some("lib.rs"), false),
            ("12-34 - Jean - Luc - Sep 24, 2024 9:26 PM", "Jean - Luc (12)", None, false),
            ("ada.rs", "ada", None, false),
            ("ada.tar.gz", "ada", None, false),
            ("Ada B.TAR.XZ", "Ada B", None, false),
            ("ada.v2.zip", "ada.v2", None, false),
            ("Ada Lovelace_1234_assignsubmission_file_tp.tar.gz", "Ada Lovelace (1234)", Some("tp.tar.gz"), false),
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
    fn a_user_whom_blackboards_name_does_not_tell_is_not_guessed() {
        let check = |users: &[&str], shown: &[&str]| {
            let names: Vec<String> =
                users.iter().map(|user| format!("{user}_attempt_2026-03-01-12-30-45_lib.rs")).collect();
            let found = whose_files(&names.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found.iter().map(|one| one.shown.as_str()).collect::<Vec<_>>(), shown, "{users:?}");
            let known: Vec<bool> = found.iter().map(|one| one.unsplit.is_empty()).collect();
            let users: Vec<bool> = found.iter().map(|one| one.username == one.shown).collect();
            assert_eq!(known, users, "{shown:?}");
        };
        check(&["Lab 1_s_wu", "Lab 1_s_li"], &["Lab 1_s_wu", "Lab 1_s_li"]);
        check(&["Lab 1_c_wu"], &["Lab 1_c_wu"]);
        check(&["Lab_1_wu"], &["Lab_1_wu"]);
        check(&["Lab 1_wu"], &["wu"]);
        check(&["Lab 1_s_wu", "Lab 1_s_li", "Lab 1_ann"], &["s_wu", "s_li", "ann"]);
        check(&["Lab 1_c", "Lab 1_c_wu"], &["c", "c_wu"]);
        // Two assignments.
        check(&["Lab 1_wu", "Lab 2_c_wu"], &["wu", "Lab 2_c_wu"]);
    }

    #[test]
    fn one_note_of_blackboards_tells_the_assignment_of_all() {
        let home = tempfile::tempdir().expect("a folder");
        let names = ["s_wu_attempt_2026-03-01-12-30-45.txt", "s_li_attempt_2026-03-01-12-30-45_lib.rs"];
        let paths = names.map(|name| home.path().join(format!("Lab_1_{name}")));
        fs::write(&paths[0], "Name: Cy Wu (s_wu)\n").expect("there is room");
        let found = owners(home.path(), &paths);
        assert_eq!([found[0].shown.as_str(), found[1].shown.as_str()], ["Cy Wu (s_wu)", "s_li"]);
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
        let found = owners(home.path(), &names.map(|name| home.path().join(name)));
        assert_eq!(found[0].shown, "Ada O'Hara, Bob 'B' Noé (0042)");
        assert_eq!((found[0].number.as_str(), found[0].email.as_str()), ("0042", "ada@example.org"));
        let people: Vec<_> = found[0].people().into_iter().map(|one| (one.name, one.number, one.email)).collect();
        let person = |name: &str, number: &str, email: &str| (name.to_owned(), number.to_owned(), email.to_owned());
        assert_eq!(people, [person("Ada O'Hara", "0042", "ada@example.org"), person("Bob 'B' Noé", "43", "")]);
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
            for path in &paths {
                fs::create_dir_all(path).expect("there is room");
            }
            assert!(owners(home.path(), &paths).iter().all(|one| one.platform == platform), "{names:?}");
        };
        check(["Lovelace_Ada_alove_12", "van_Dyke_Bob_bvand_13"], Platform::Ilias);
        check(["Lovelace_Ada_alove_12", "Dyke_Bob_bvand_12"], Platform::Other);
        check(["Lovelace_Ada_alove_12", "bob"], Platform::Other);
        check(["lab_03_ada_x", "lab_03_bob_y"], Platform::Other);
    }
}
