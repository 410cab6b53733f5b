//! The owner of a submission.

use std::ffi::OsString;

use crate::host::printable;

/// The platform that made a name.
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
    /// Any other: the whole name is the learner's.
    Other,
}

/// An owner, as the platform's name tells. Two submissions belong to one learner only if the platform wrote both names in the
/// same way, with the same number and exactly the same letters: nothing that a learner can choose (a name, a file's name) may
/// make them look like another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The platform.
    pub platform: Platform,
    /// The name that is shown. It is a stranger's text, in every report, on the terminal and in the table.
    pub shown: String,
    /// What identifies the learner.
    pub exact: OsString,
    /// The platform's name for the person: `Ada Lovelace`, `lovelaceada`.
    pub name: String,
    /// The platform's number for the person or, in Moodle, for their part in the assignment; empty if unknown.
    pub number: String,
    /// The login name; empty if unknown.
    pub username: String,
    /// The parts of the name among which nothing tells where the login name begins (`First words_c_wu`, `Wu_Cy_c_wu`); empty where it
    /// is known. Only a roster can tell.
    pub unsplit: String,
    /// The email address; empty if unknown.
    pub email: String,
    /// Who handed in with them, where the platform tells: the mark is theirs too.
    pub partners: Vec<Partner>,
    /// Whether it was handed in late, where the platform says so.
    pub late: bool,
    /// The order of several attempts: later ones have larger numbers.
    pub order: u64,
    /// The learner's own name of the file, if the platform put its own before it.
    pub file: Option<String>,
    /// Whether it is a platform's note on a submission, and not a submission.
    pub is_note: bool,
    /// The name under which the learner's file goes back to the platform, in an archive of all: the part before the file's own
    /// name.
    pub hand_back: String,
}

/// One of a group that handed in together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partner {
    /// The full name.
    pub name: String,
    /// The platform's number for the person; empty where it tells none.
    pub number: String,
    /// Their address; empty where the platform does not tell.
    pub email: String,
}

impl Platform {
    /// Whether everything with the same order is one attempt, so that a later one replaces it as a whole.
    pub(super) const fn tells_attempts(self) -> bool {
        matches!(self, Self::Blackboard | Self::Brightspace)
    }
}

impl Owner {
    pub(super) fn new(platform: Platform, shown: &str, exact: &str) -> Self {
        Self {
            platform,
            shown: printable::line(shown),
            exact: exact.into(),
            name: shown.to_owned(),
            number: String::new(),
            username: String::new(),
            unsplit: String::new(),
            email: String::new(),
            partners: Vec::new(),
            late: false,
            order: 0,
            file: None,
            is_note: false,
            hand_back: String::new(),
        }
    }

    /// The owner of what has a name of no platform's: the whole name.
    pub(crate) fn plain(name: &str) -> Self {
        Self::new(Platform::Other, name, name)
    }

    /// The group that Moodle puts before the name: `Group A-Ada Lovelace`. What could be the first half of a name is none.
    pub fn group(&self) -> Option<&str> {
        let (group, _) = self.name.split_once('-').filter(|_| self.platform == Platform::Moodle)?;
        group.contains(|c: char| c == ' ' || c.is_ascii_digit()).then_some(group)
    }

    /// Each person whose it is, as if they had handed in alone.
    pub fn people(&self) -> Vec<Self> {
        let partners = self.partners.iter().map(|Partner { name, number, email }| Self {
            name: name.clone(),
            number: number.clone(),
            email: email.clone(),
            username: String::new(),
            partners: Vec::new(),
            ..self.clone()
        });
        [Self { partners: Vec::new(), ..self.clone() }].into_iter().chain(partners).collect()
    }

    /// The same of a person.
    pub(super) fn of(self, name: String, number: String, email: String) -> Self {
        Self { name, number, email, ..self }
    }

    pub(super) fn numbered(platform: Platform, name: &str, number: &str) -> Self {
        Self {
            name: name.to_owned(),
            number: number.to_owned(),
            ..Self::new(platform, &format!("{name} ({number})"), &format!("{name}_{number}"))
        }
    }
}
