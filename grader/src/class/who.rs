//! Which of a roster's people each learner of a class is.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use super::columns::folded;
use super::roster::{Form, Person, Roster};
use crate::intake::platform::{Owner, Platform};

/// What identifies a learner.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(Platform, &'a OsStr);

/// The people of a roster that a name fits.
enum Fit {
    Nobody,
    One(usize),
    /// The name of a repository that ends in several users' names.
    Several(BTreeSet<usize>),
}

impl Roster {
    /// The reasons that [`Self::matched`] gives.
    pub const UNMATCHED: &[&str] = &[
        "several submissions are of this person of the roster",
        "in the roster more than once",
        "not in the roster",
        "its name ends in those of several people of the roster",
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
                Fit::Several(people) => all.extend(people),
            }
            all
        };
        unmatched.iter().flat_map(of_learner).collect()
    }

    fn why_unmatched(&self, index: &Index, learner: &str, owner: &Owner) -> &'static str {
        match index.find(self, learner, owner) {
            Fit::One(_) => Self::UNMATCHED[0],
            Fit::Several(_) => Self::UNMATCHED[3],
            Fit::Nobody if index.is_of_several(learner, owner) => Self::UNMATCHED[1],
            Fit::Nobody => Self::UNMATCHED[2],
        }
    }
}

/// The people by each name that could identify them; a name that two people share identifies neither.
#[derive(Default)]
struct Index {
    numbers: BTreeMap<String, Option<usize>>,
    /// User names letter by letter, but for their case.
    users: BTreeMap<String, Option<usize>>,
    others: BTreeMap<String, Option<usize>>,
    /// How many learners are somebody of the roster if this is what their repositories' names begin with.
    beginnings: BTreeMap<String, usize>,
}

impl Index {
    fn of(roster: &Roster, learners: &[(&str, &Owner)]) -> Self {
        let mut index = Self::default();
        for (at, person) in roster.people.iter().enumerate() {
            add(&mut index.numbers, &person.number, at);
            add(&mut index.users, &person.username.to_lowercase(), at);
            for name in [&person.username, &person.email, &person.name, &person.number] {
                add(&mut index.others, &folded(name), at);
            }
        }
        for (learner, _) in learners {
            for (beginning, _) in index.endings(learner) {
                *index.beginnings.entry(beginning.to_owned()).or_default() += 1;
            }
        }
        index
    }

    /// Whether several people of the roster have a name of this learner's.
    fn is_of_several(&self, learner: &str, owner: &Owner) -> bool {
        let names = [&owner.username, &owner.email, &owner.name, learner];
        names.into_iter().any(|name| self.others.get(&folded(name)).is_some_and(Option::is_none))
    }

    fn find(&self, roster: &Roster, learner: &str, owner: &Owner) -> Fit {
        // A number is valid only within its own platform.
        if roster.form == Form::Of(owner.platform)
            && let Some(Some(person)) = self.numbers.get(&owner.number).filter(|_| !owner.number.is_empty())
        {
            return Fit::One(*person);
        }
        let names = [&owner.username, &owner.email, &owner.name, learner];
        let mut named = names.into_iter().filter(|name| !name.is_empty());
        if let Some(person) = named.find_map(|name| self.named(name)) {
            return Fit::One(person);
        }
        self.of_repository(learner)
    }

    fn named(&self, name: &str) -> Option<usize> {
        let user = self.users.get(&name.to_lowercase()).copied().flatten();
        user.or_else(|| self.others.get(&folded(name)).copied().flatten())
    }

    /// The people whose name a repository's ends in, each with what stands before it: GitHub Classroom names a repository after the
    /// assignment and the person, `lab-1-ada`, and both may have dashes.
    fn endings<'a>(&self, repository: &'a str) -> Vec<(&'a str, usize)> {
        let cuts = repository.match_indices('-').map(|(at, _)| at);
        cuts.filter_map(|at| Some((&repository[..at], self.named(&repository[at + 1..])?))).collect()
    }

    /// Whose a repository is: of several whose name it ends in, the one before whom stands what begins the most names of the class.
    fn of_repository(&self, repository: &str) -> Fit {
        let endings = self.endings(repository);
        let times = |beginning: &str| self.beginnings.get(beginning).copied().unwrap_or(0);
        let most = endings.iter().map(|(beginning, _)| times(beginning)).max().unwrap_or(0);
        let likely: BTreeSet<usize> =
            endings.iter().filter(|(beginning, _)| times(beginning) == most).map(|(_, person)| *person).collect();
        match likely.len() {
            0 => Fit::Nobody,
            1 => Fit::One(likely.into_iter().next().unwrap_or_default()),
            _ => Fit::Several(likely),
        }
    }
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
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_its_users_however_many_dashes_there_are() {
        let check = |users: &[&str], repositories: &[&str], whose: &[Result<&str, usize>]| {
            let lines: String = users.iter().map(|user| format!("{user}@x,{user},{user} the learner\n")).collect();
            let roster = Roster::parse(&format!("identifier,github_username,name\n{lines}")).expect("a list");
            let owners: Vec<Owner> = repositories.iter().map(|name| Owner::plain(name)).collect();
            let class: Vec<(&str, &Owner)> = repositories.iter().copied().zip(&owners).collect();
            let told = roster
                .matched(&class)
                .into_iter()
                .map(|found| found.map(|people| roster.people[people[0]].username.clone()));
            let wanted = whose.iter().map(|one| one.map(str::to_owned).map_err(|why| Roster::UNMATCHED[why]));
            assert_eq!(told.collect::<Vec<_>>(), wanted.collect::<Vec<_>>(), "{users:?} {repositories:?}");
        };
        // One name ends in the other: what begins both repositories decides.
        let both = ["lee", "words-lee"];
        check(&both, &["first-words-lee", "first-words-words-lee"], &[Ok("lee"), Ok("words-lee")]);
        check(&both, &["first-words-lee", "first-words-ann"], &[Err(3), Err(2)]);
        check(&["lee", "words-lee", "ann"], &["first-words-lee", "first-words-ann"], &[Ok("lee"), Ok("ann")]);
        check(&["lee", "words-lee", "ann"], &["first-words-lee", "first-ann"], &[Ok("words-lee"), Ok("ann")]);
        // Alone nothing decides.
        check(&both, &["first-words-lee"], &[Err(3)]);
        check(&["lee"], &["first-words-lee"], &[Ok("lee")]);
        // The same words in another order are another user.
        check(&["words-lee", "lee-words"], &["a-words-lee", "a-lee-words"], &[Ok("words-lee"), Ok("lee-words")]);
        check(&["Words-Lee"], &["a-words-lee", "b-c"], &[Ok("Words-Lee"), Err(2)]);
        // Two assignments, and two repositories of one person.
        check(&["ada", "bob"], &["lab-1-ada", "lab-2-bob"], &[Ok("ada"), Ok("bob")]);
        check(&["ada", "bob"], &["lab-1-ada", "lab-2-ada"], &[Err(0), Err(0)]);
    }

    #[test]
    fn who_may_be_meant_is_no_one_who_handed_in_nothing() {
        let roster =
            Roster::parse("identifier,github_username\nlee@x,lee\nwl@x,words-lee\nann@x,ann\n").expect("a list");
        let owner = Owner::plain("first-words-lee");
        let class = [("first-words-lee", &owner)];
        assert_eq!(roster.candidates(&class, &class), [0, 1].into());
    }
}
