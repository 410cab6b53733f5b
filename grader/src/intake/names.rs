//! Parses the names that course platforms give to exported files, one platform each.

use std::path::Path;

use super::owner::{Owner, Platform};

/// A number as platforms write it: no leading zero, and few enough digits for a computer number.
fn is_number(part: &str) -> bool {
    (1..=18).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()) && !part.starts_with('0')
}

/// A name and a number right before Moodle's own word. A name with that word twice was made by a learner, and identifies nobody.
pub(super) fn moodle(whole: &str, stem: &str) -> Option<Owner> {
    const WORD: &str = "_assignsubmission_";
    let (before, after) = whole.split_once(WORD)?;
    let (who, number) = before.rsplit_once('_')?;
    // Moodle replaces every underscore of a name and of a group by a blank.
    if !is_number(number) || who.contains('_') || after.contains(WORD) {
        return None;
    }
    let file = ["file_", "onlinetext_"].iter().find_map(|kind| after.strip_prefix(kind)).unwrap_or_default();
    let is_flat = !file.is_empty() && stem.len() > before.len() + WORD.len();
    Some(Owner { file: is_flat.then(|| file.to_owned()), ..Owner::numbered(Platform::Moodle, who, number) })
}

/// A name without an underscore, perhaps `late`, the learner's number, the file's number, and the file's name; or the name of a
/// text or a link that was handed in. Where marks are given without names: perhaps `LATE`, `anon`, and five letters and digits for
/// the learner.
pub(super) fn canvas(whole: &str) -> Option<Owner> {
    named_in_canvas(whole).or_else(|| unnamed_in_canvas(whole))
}

fn named_in_canvas(whole: &str) -> Option<Owner> {
    let (who, rest) = whole.split_once('_')?;
    let late = rest.strip_prefix("LATE_").or(rest.strip_prefix("late_"));
    let mut parts = late.unwrap_or(rest).splitn(3, '_');
    let (number, second) = (parts.next()?, parts.next()?);
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    if !who.chars().all(is_word) || who.bytes().all(|byte| byte.is_ascii_digit()) || !is_number(number) {
        return None;
    }
    let found = Owner { late: late.is_some(), ..Owner::numbered(Platform::Canvas, who, number) };
    file_in_canvas(found, second, parts.next())
}

fn unnamed_in_canvas(whole: &str) -> Option<Owner> {
    let late = whole.strip_prefix("LATE_");
    let mut parts = late.unwrap_or(whole).strip_prefix("anon_")?.splitn(3, '_');
    let (id, second) = (parts.next()?, parts.next()?);
    if id.len() != 5 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let name = format!("anon_{id}");
    let found = Owner { late: late.is_some(), ..Owner::new(Platform::Canvas, &name, &name) };
    file_in_canvas(found, second, parts.next())
}

/// What comes after the learner: the file's number and name, or the name that Canvas gives to a text or a link.
fn file_in_canvas(found: Owner, second: &str, name: Option<&str>) -> Option<Owner> {
    match name {
        Some(file) if is_number(second) && !file.is_empty() => {
            Some(Owner { order: second.parse().ok()?, file: Some(file.to_owned()), ..found })
        }
        None if matches!(second, "text.html" | "link.html") => Some(Owner { file: Some(second.to_owned()), ..found }),
        _ => None,
    }
}

/// A file's name without the number that Canvas adds when it is handed in again: `lib-2.rs` is the third `lib.rs`.
pub(super) fn unrevised(file: &str) -> (String, u64) {
    let (stem, extension) = file.rsplit_once('.').map_or((file, None), |(stem, extension)| (stem, Some(extension)));
    let Some((plain, number)) = stem.rsplit_once('-').filter(|(plain, number)| is_number(number) && !plain.is_empty())
    else {
        return (file.to_owned(), 0);
    };
    let name = extension.map_or_else(|| plain.to_owned(), |extension| format!("{plain}.{extension}"));
    (name, number.parse().unwrap_or(0))
}

/// The parts of Blackboard's name: everything before its own word, the time, and the file's name.
pub(super) struct Attempt<'a> {
    before: &'a str,
    when: u64,
    file: &'a str,
}

/// The assignment, the user's name, `attempt`, the time, and the file's name; without that, it is Blackboard's own
/// note.
pub(super) fn blackboard(stem: &str) -> Option<Attempt<'_>> {
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
    pub(super) fn of_file(&self, whole: &str) -> Owner {
        let extension = Path::new(whole).extension().map(|ext| format!(".{}", ext.to_string_lossy()));
        let file = format!("{}{}", self.file, extension.unwrap_or_default());
        let is_note = self.file.is_empty();
        Owner {
            order: self.when,
            file: (!is_note).then_some(file),
            is_note,
            ..Owner::new(Platform::Blackboard, self.before, self.before)
        }
    }
}

/// The person's number and the folder's, the name, the time, and perhaps the file's name.
pub(super) fn brightspace(whole: &str) -> Option<Owner> {
    let parts: Vec<&str> = whole.split(" - ").collect();
    let (user, folder) = parts.first()?.split_once('-')?;
    if !is_number(user) || !is_number(folder) {
        return None;
    }
    let (at, when) = parts.iter().enumerate().skip(2).find_map(|(at, part)| Some((at, moment(part)?)))?;
    let name = parts[1..at].join(" - ");
    let file = Some(parts[at + 1..].join(" - ")).filter(|file| !file.is_empty());
    Some(Owner { order: when, file, ..Owner::numbered(Platform::Brightspace, &name, user) })
}

/// `Sep 24, 2024 926 PM` as a number that grows with time: 202409242126. Also with the month after the day, and a colon in the
/// time.
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

/// The last name, the first, the login, the number. A login may have underscores, as a name may have words: of more words than
/// two, only a roster can tell which are the login's.
pub(super) fn ilias(whole: &str) -> Option<Owner> {
    let (before, number) = whole.rsplit_once('_').filter(|(_, number)| is_number(number))?;
    let parts: Vec<&str> = before.split('_').collect();
    // `von_der_Heide_Jürgen`: small words belong to the last name. `Wu_Cy_c_wu`: what is small behind the first name, to the login.
    let is_small = |word: &&&str| word.starts_with(char::is_lowercase);
    let small = parts.iter().take_while(is_small).count();
    let last_words = if small + 2 < parts.len() { small + 1 } else { 1 };
    let small_end = parts.iter().skip(last_words + 1).rev().skip(1).take_while(is_small).count();
    let (name, login) = parts.split_at_checked(parts.len().checked_sub(1 + small_end)?)?;
    let (last, first) = name.split_at_checked(last_words)?;
    let (last, first, login) = (last.join(" "), first.join(" "), login.join("_"));
    if first.is_empty() || last.is_empty() || login.is_empty() {
        return None;
    }
    let (name, is_told) = (format!("{first} {last}"), parts.len() == 3);
    Some(Owner {
        name: name.clone(),
        number: number.to_owned(),
        username: if is_told { login.clone() } else { String::new() },
        unsplit: if is_told { String::new() } else { before.to_owned() },
        ..Owner::new(Platform::Ilias, &format!("{name} ({login})"), whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iliass_last_names_may_have_small_words() {
        for (whole, name) in [
            ("Lovelace_Ada_alove_12", "Ada Lovelace"),
            ("von_der_Heide_Jürgen_jheide_1236", "Jürgen von der Heide"),
            ("Lovelace_Ada_Mary_alove_12", "Ada Mary Lovelace"),
            ("lee_ann_al_12", "ann lee"),
            ("Wu_Cy_c_wu_12", "Cy Wu"),
            ("von_Wu_Cy_c_wu_12", "Cy von Wu"),
        ] {
            assert_eq!(ilias(whole).map(|owner| owner.name).as_deref(), Some(name), "{whole}");
        }
        assert_eq!(ilias("Lovelace_alove_12"), None);
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
}
