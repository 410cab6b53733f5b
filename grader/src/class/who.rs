//! Which of a roster's people each learner of a class is.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use unicode_normalization::UnicodeNormalization;

use super::columns::folded;
use super::roster::{Form, Person, Roster};
use crate::intake::platform::{Owner, Platform, shared_underscores};

/// What identifies a learner.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(Platform, &'a OsStr);

/// The people of a roster that a name fits.
enum Fit {
    Nobody,
    One(usize),
    /// A name of several parts that ends in the user names of these, and does not tell for sure which is meant.
    Unsure(BTreeSet<usize>),
}

impl Roster {
    /// The reasons that [`Self::matched`] gives.
    pub const UNMATCHED: &[&str] = &[
        "several submissions are of this person of the roster",
        "several people of the roster have this name",
        "not in the roster",
        "its name does not tell for sure who of the roster it is",
    ];

    /// Which of the people each learner is, where just one fits (several where a group handed in together), or why nobody was found.
    pub fn matched(&self, learners: &[(&str, &Owner)]) -> Vec<Result<Vec<usize>, &'static str>> {
        let index = Index::of(self, learners);
        let of_learner = |(learner, owner): &(&str, &Owner)| -> Vec<usize> {
            let fits = owner.people().into_iter().map(|person| index.find(self, learner, &person));
            fits.filter_map(|fit| if let Fit::One(person) = fit { Some(person) } else { None }).collect()
        };
        let found: Vec<Vec<usize>> = learners.iter().map(of_learner).collect();
        // Two learners are not one person: then the roster does not tell who either is.
        let mut times: BTreeMap<usize, BTreeSet<&Key<'_>>> = BTreeMap::new();
        let keys: Vec<Key<'_>> = learners.iter().map(|(_, owner)| Key(owner.platform, &owner.exact)).collect();
        for (people, key) in found.iter().zip(&keys) {
            for person in people {
                times.entry(*person).or_default().insert(key);
            }
        }
        let of_one = |mut people: Vec<usize>| {
            people.retain(|person| times[person].len() == 1);
            people
        };
        let matched = found.into_iter().map(of_one).zip(learners).map(|(people, (learner, owner))| {
            if people.is_empty() { Err(self.why_unmatched(&index, learner, owner)) } else { Ok(people) }
        });
        matched.collect()
    }

    /// The people of the roster that each of these unmatched learners of the class may be.
    pub fn candidates(&self, unmatched: &[(&str, &Owner)], class: &[(&str, &Owner)]) -> BTreeSet<usize> {
        let index = Index::of(self, class);
        let of_learner = |(learner, owner): &(&str, &Owner)| {
            let names: BTreeSet<String> = owner
                .people()
                .iter()
                .flat_map(names_of)
                .chain([folded(learner)])
                .filter(|name| !name.is_empty())
                .collect();
            let is_one = |person: &Person| {
                [&person.username, &person.email, &person.name].into_iter().any(|name| names.contains(&folded(name)))
            };
            let named = self.people.iter().enumerate().filter(|(_, person)| is_one(person)).map(|(at, _)| at);
            let mut all: BTreeSet<usize> = named.collect();
            match index.find(self, learner, owner) {
                Fit::Nobody => {}
                Fit::One(person) => drop(all.insert(person)),
                Fit::Unsure(people) => all.extend(people),
            }
            all
        };
        unmatched.iter().flat_map(of_learner).collect()
    }

    fn why_unmatched(&self, index: &Index, learner: &str, owner: &Owner) -> &'static str {
        match index.find(self, learner, owner) {
            Fit::One(_) => Self::UNMATCHED[0],
            Fit::Unsure(_) => Self::UNMATCHED[3],
            Fit::Nobody if index.is_of_several(learner, owner) => Self::UNMATCHED[1],
            Fit::Nobody => Self::UNMATCHED[2],
        }
    }
}

/// The people by each name that could identify them; a name that two people share identifies neither.
#[derive(Default)]
struct Index {
    numbers: BTreeMap<String, Option<usize>>,
    /// Whether the platform's numbers in the class's names are those of the roster.
    numbers_fit: bool,
    /// User names letter by letter, but for their case.
    users: BTreeMap<String, Option<usize>>,
    emails: BTreeMap<String, Option<usize>>,
    /// Names letter by letter.
    exact: BTreeMap<String, Option<usize>>,
    /// Names without accents, case and order.
    names: BTreeMap<String, Option<usize>>,
    /// All of these, as names are.
    others: BTreeMap<String, Option<usize>>,
    /// How many learners are somebody of the roster if this is what their repositories' names begin with.
    beginnings: BTreeMap<String, usize>,
    /// How many bytes of Blackboard's names are the assignment, where the roster tells.
    assignment: Option<usize>,
}

impl Index {
    fn of(roster: &Roster, learners: &[(&str, &Owner)]) -> Self {
        let mut index = Self::default();
        for (at, person) in roster.people.iter().enumerate() {
            add(&mut index.numbers, &person.number, at);
            add(&mut index.users, &person.username.to_lowercase(), at);
            add(&mut index.emails, &person.email.to_lowercase(), at);
            add(&mut index.exact, person.name.trim(), at);
            add(&mut index.names, &folded(&person.name), at);
            for name in [&person.username, &person.email, &person.name, &person.number] {
                add(&mut index.others, &folded(name), at);
            }
        }
        index.numbers_fit = learners.iter().any(|(_, owner)| index.numbers_count(roster, owner).is_some());
        for (learner, _) in learners.iter().filter(|(_, owner)| owner.platform == Platform::Other) {
            for (beginning, _) in index.endings(roster, learner) {
                *index.beginnings.entry(beginning.to_owned()).or_default() += 1;
            }
        }
        let unsplit = learners.iter().filter(|(_, owner)| owner.platform == Platform::Blackboard);
        index.assignment = index.assignment_of(roster, &unsplit.map(|(_, owner)| owner.unsplit.clone()).collect());
        index
    }

    /// Whether several people of the roster have a name of this learner's.
    fn is_of_several(&self, learner: &str, owner: &Owner) -> bool {
        let names = [&owner.username, &owner.email, &owner.name, learner];
        names.into_iter().any(|name| self.others.get(&folded(name)).is_some_and(Option::is_none))
    }

    /// Who has the platform's number. Brightspace's folders and its gradebook count in numbers of their own: where they agree by
    /// chance, the name does not.
    fn numbers_count(&self, roster: &Roster, owner: &Owner) -> Option<usize> {
        let person = self.numbers.get(&owner.number).copied().flatten()?;
        let is_named = || folded(&roster.people[person].name) == folded(&owner.name);
        (roster.form == Form::Of(owner.platform) && (owner.platform != Platform::Brightspace || is_named()))
            .then_some(person)
    }

    /// Who somebody is: by what the platform tells for sure, before what several people may share. What it tells for sure and the
    /// roster does not have is nobody's there, whoever has a name like it.
    fn find(&self, roster: &Roster, learner: &str, owner: &Owner) -> Fit {
        let of_platform = roster.form == Form::Of(owner.platform);
        if let Some(person) = self.numbers_count(roster, owner) {
            return Fit::One(person);
        }
        let has_number = of_platform && owner.platform != Platform::Brightspace && !owner.number.is_empty();
        if has_number && self.numbers_fit {
            return Fit::Nobody;
        }
        if !owner.unsplit.is_empty() {
            return self.of_unsplit(roster, owner);
        }
        let found = |map: &BTreeMap<String, Option<usize>>, name: &str| map.get(name).copied().flatten();
        let user = found(&self.users, &owner.username.to_lowercase());
        if user.is_none() && of_platform && !owner.username.is_empty() && !self.users.is_empty() {
            return Fit::Nobody;
        }
        let known =
            user.or_else(|| found(&self.emails, &owner.email.to_lowercase())).or_else(|| match owner.platform {
                Platform::Other => self.named(&owner.name).or_else(|| self.named(learner)),
                // Canvas writes a name as one word, as a user name is.
                Platform::Canvas => None,
                _ => found(&self.exact, &owner.name).or_else(|| found(&self.names, &folded(&owner.name))),
            });
        match known {
            Some(person) => Fit::One(person),
            None if owner.platform == Platform::Other => self.of_repository(roster, learner),
            None => Fit::Nobody,
        }
    }

    fn named(&self, name: &str) -> Option<usize> {
        let found = |map: &BTreeMap<String, Option<usize>>, name: &str| map.get(name).copied().flatten();
        found(&self.users, &name.to_lowercase())
            .or_else(|| found(&self.exact, name))
            .or_else(|| found(&self.others, &folded(name)))
    }

    /// How much of these names of Blackboard's is the assignment: what a column of the roster is called, else that behind which most
    /// of the names are users of the roster. One name alone proves nothing, but where its user begins as early as can be.
    fn assignment_of(&self, roster: &Roster, unsplit: &BTreeSet<String>) -> Option<usize> {
        let unsplit: BTreeSet<String> = unsplit.iter().filter(|name| !name.is_empty()).cloned().collect();
        let (first, cuts) = (unsplit.first()?, shared_underscores(&unsplit));
        let letters =
            |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let columns: BTreeSet<String> =
            roster.head.iter().map(|name| letters(name.split(" [").next().unwrap_or(name))).collect();
        let is_column = |cut: &&usize| columns.contains(&letters(&first[..**cut]));
        if let [only] = cuts.iter().filter(is_column).collect::<Vec<_>>()[..] {
            return Some(*only);
        }
        let is_user = |name: &str| self.users.contains_key(&name.to_lowercase());
        let times = |cut: usize| unsplit.iter().filter(|name| is_user(&name[cut + 1..])).count();
        let mut counted: Vec<(usize, usize)> = cuts.iter().map(|cut| (times(*cut), *cut)).collect();
        counted.sort_unstable();
        let (most, cut) = counted.pop()?;
        let is_only = counted.last().is_none_or(|(other, _)| *other < most);
        let is_enough = if unsplit.len() == 1 { Some(&cut) == cuts.first() } else { most * 2 > unsplit.len() };
        (most > 0 && is_only && is_enough).then_some(cut)
    }

    /// Whose a name is in which the user's name begins behind one of several underscores.
    fn of_unsplit(&self, roster: &Roster, owner: &Owner) -> Fit {
        let name = owner.unsplit.as_str();
        let user = |cut: usize| self.users.get(&name[cut + 1..].to_lowercase()).copied().flatten();
        let cuts = || name.match_indices('_').map(|(cut, _)| cut);
        if let Some(cut) = self.assignment.filter(|_| owner.platform == Platform::Blackboard) {
            return user(cut).map_or(Fit::Nobody, Fit::One);
        }
        // ILIAS writes the last name and the first name before it.
        let is_named = |cut: usize, at: usize| {
            owner.platform == Platform::Ilias && spelled(&roster.people[at].name) == spelled(&name[..cut])
        };
        let found: BTreeMap<usize, usize> = cuts().filter_map(|cut| Some((user(cut)?, cut))).collect();
        let sure: Vec<usize> = found.iter().filter(|(at, cut)| is_named(**cut, **at)).map(|(at, _)| *at).collect();
        match sure[..] {
            [only] => Fit::One(only),
            _ if found.is_empty() => Fit::Nobody,
            _ => Fit::Unsure(found.into_keys().collect()),
        }
    }

    /// The people whose name a repository's ends in, each with what stands before it: GitHub Classroom names a repository after the
    /// assignment and the person, `lab-1-ada`, and both may have dashes. Its roster has their user names, and nothing else counts.
    fn endings<'a>(&self, roster: &Roster, repository: &'a str) -> Vec<(&'a str, usize)> {
        let cuts = repository.match_indices('-').map(|(at, _)| at);
        cuts.filter_map(|at| Some((&repository[..at], self.of_ending(roster, &repository[at + 1..])?))).collect()
    }

    fn of_ending(&self, roster: &Roster, ending: &str) -> Option<usize> {
        if roster.form == Form::GithubClassroom {
            self.users.get(&ending.to_lowercase()).copied().flatten()
        } else {
            self.named(ending)
        }
    }

    /// Whose a repository is. What begins the most names of the class (at least two) is the assignment, and the rest is the user's name,
    /// in the roster or not. Where nothing does, it is the only one whose user name it ends in, in GitHub Classroom's own list: in
    /// another, `Anna-Lena` could be taken for `Lena`.
    fn of_repository(&self, roster: &Roster, repository: &str) -> Fit {
        let most = self.beginnings.values().copied().max().unwrap_or(0);
        let begins = |beginning: &str| repository.strip_prefix(beginning).is_some_and(|rest| rest.starts_with('-'));
        let assignments = self.beginnings.iter().filter(|(beginning, times)| **times == most && begins(beginning));
        let endings: BTreeSet<usize> =
            match (most, assignments.map(|(beginning, _)| beginning.len()).collect::<Vec<_>>()) {
                (2.., cuts) if !cuts.is_empty() => {
                    cuts.iter().filter_map(|cut| self.of_ending(roster, &repository[cut + 1..])).collect()
                }
                _ if roster.form == Form::GithubClassroom => {
                    self.endings(roster, repository).into_iter().map(|(_, person)| person).collect()
                }
                _ => BTreeSet::new(),
            };
        match endings.len() {
            0 => Fit::Nobody,
            1 => Fit::One(endings.into_iter().next().unwrap_or_default()),
            _ => Fit::Unsure(endings),
        }
    }
}

/// A name for comparison where it was spelled for a file's name: `Müller` is `Mueller` there.
fn spelled(name: &str) -> String {
    let plain = [("ä", "a"), ("ö", "o"), ("ü", "u"), ("ß", "s"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ss", "s")];
    let lower = name.nfc().collect::<String>().to_lowercase();
    folded(&plain.iter().fold(lower, |name, (from, to)| name.replace(from, to)))
}

/// What somebody may be found by.
fn names_of(owner: &Owner) -> [String; 3] {
    [&owner.username, &owner.email, &owner.name].map(|name| folded(name))
}

fn add(index: &mut BTreeMap<String, Option<usize>>, name: &str, person: usize) {
    if name.is_empty() {
        return;
    }
    index
        .entry(name.to_owned())
        .and_modify(|known| *known = known.filter(|known| *known == person))
        .or_insert(Some(person));
}

#[cfg(test)]
mod tests;
