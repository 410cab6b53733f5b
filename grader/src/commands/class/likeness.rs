//! What the submissions of a class have in common, from exactly the files that are graded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cachedojo_judge::course::Kind;
use cachedojo_judge::pack::CodeLanguage;
use cachedojo_lab::script::Dialect;
use cachedojo_lab::script::colour::{WordKind, words};
use sha2::{Digest as _, Sha256};

use crate::class::roster::Roster;
use crate::class::similar::{self, Files, Passage, Place};
use crate::class::summary::{Alike, AlikeKind, Learner, Likeness};
use crate::class::whole_programs::{self, Whole};
use crate::host::digest::hex;
use crate::host::printable;
use crate::intake::find::{Entry, Found};
use crate::intake::platform::Owner;
use crate::intake::submission::Submission;
use crate::pack::Pack;

/// The most learners of one program whose pairs are listed too; of more, the group says all.
const PAIRED_MAX: usize = 8;

/// What makes two submissions no copies of each other, though they are the same.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The group of a learner, who handed in with its other members.
    groups: BTreeMap<String, String>,
    /// Learners whose answers are right where there is one right answer.
    right: BTreeSet<String>,
}

impl Known {
    /// What the learners' submissions tell, and the roster, with which of its people each learner is.
    pub(super) fn of(learners: &[Learner], pack: &Pack, roster: Option<(&Roster, &[Vec<usize>])>) -> Self {
        let mut known = Self::default();
        let is_predicted = pack.lesson.as_ref().is_some_and(|lesson| lesson.kind == Kind::Predict);
        for (at, learner) in learners.iter().enumerate() {
            if is_predicted && learner.score == Some(pack.exercise.max_score()) {
                known.right.insert(learner.learner.clone());
            }
            let people = roster.and_then(|(roster, matched)| Some((roster, matched.get(at)?)));
            let told = people.and_then(|(roster, people)| Some(roster.people[*people.first()?].group.as_str()));
            let exported = || learner.owner.as_ref().and_then(Owner::group);
            if let Some(group) = told.filter(|group| !group.is_empty()).or_else(exported) {
                known.groups.insert(learner.learner.clone(), group.to_owned());
            }
        }
        known
    }

    /// Whether all of these are one group's.
    fn is_one_group<'a>(&self, mut learners: impl Iterator<Item = &'a String>) -> bool {
        let first = learners.next().and_then(|learner| self.groups.get(learner));
        first.is_some() && learners.all(|learner| self.groups.get(learner) == first)
    }
}

/// Pairs with much in common, and groups of whole programs that are the same, except those that are [`Known`] not to be copies.
/// Cost: that of reading every submission and of [`similar::pairs`].
pub(super) fn likenesses(entries: &[Entry], pack: &Pack, known: &Known) -> (Vec<Likeness>, Vec<Alike>) {
    let languages = &pack.exercise.languages;
    let sources = entries.iter().filter_map(|entry| match &entry.found {
        Found::Source(path, _) => Some((entry.learner.clone(), graded(path, pack))),
        _ => None,
    });
    let (names, sources): (Vec<String>, Vec<(Same, Files)>) = sources.unzip();
    let (sames, mut sources): (Vec<Same>, Vec<Files>) = sources.into_iter().unzip();
    let digests: Vec<String> = sames.iter().map(|same| same.said.clone()).collect();
    let part = |folder: &str| -> Vec<Files> {
        languages.iter().map(|language| code(pack.part(folder, *language).into_iter())).collect()
    };
    let (starter, solution) = (part("starter"), part("solution"));
    let prints = similar::prints(&sources, &starter);
    let submissions: Vec<Whole> =
        digests.into_iter().zip(prints).map(|(digest, prints)| Whole { digest, prints }).collect();
    let wholes = whole_programs::wholes(&submissions, &given(pack), &similar::prints(&solution, &starter));
    // What all of a large group wrote would count as what many learners wrote, and hide whoever took a part of it.
    for group in wholes.identical.iter().chain(&wholes.nearly).filter(|group| group.len() > PAIRED_MAX) {
        for at in &group[1..] {
            sources[*at].clear();
        }
    }
    let given: Vec<Files> = starter.into_iter().chain(solution).collect();
    let pairs = similar::pairs(&sources, &given);
    let named = |kind, group: &[usize]| Alike { kind, learners: group.iter().map(|at| names[*at].clone()).collect() };
    let solved = Some(&wholes.solved).filter(|solved| !solved.is_empty());
    let is_copied = |group: &&Vec<usize>| {
        let is_right = group.iter().all(|at| known.right.contains(&names[*at]));
        !is_right && !known.is_one_group(group.iter().map(|at| &names[*at]))
    };
    // A remark more, and it is not the same file: those that are stay a group of their own.
    let whole = |group: &Vec<usize>| by_whole(group, &sames);
    let identical: Vec<Vec<usize>> = wholes.identical.iter().flat_map(whole).filter(|group| group.len() > 1).collect();
    let remarked = wholes.identical.iter().filter(|group| whole(group).len() > 1);
    let alike = (identical.iter().filter(is_copied).map(|group| named(AlikeKind::Identical, group)))
        .chain(remarked.chain(&wholes.nearly).filter(is_copied).map(|group| named(AlikeKind::NearlyIdentical, group)))
        .chain(solved.map(|group| named(AlikeKind::Solution, group)))
        .collect();
    let pairs =
        pairs.into_iter().filter(|pair| !known.is_one_group([&names[pair.one], &names[pair.other]].into_iter()));
    let pairs = pairs.map(|pair| Likeness {
        one: names[pair.one].clone(),
        other: names[pair.other].clone(),
        percent: pair.percent,
        passages: pair.passages.into_iter().map(harmless).collect(),
    });
    (pairs.collect(), alike)
}

/// What tells whether two submissions are the same.
#[derive(Default)]
struct Same {
    /// The digest of all of it.
    whole: String,
    /// That of a script without remarks and blank lines and, where it is long enough, without names; else the same as `whole`.
    said: String,
}

/// The group's submissions by the digest of all of each, in the group's order.
fn by_whole(group: &[usize], sames: &[Same]) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for &at in group {
        let place = *known.entry(&sames[at].whole).or_insert(found.len());
        if place == found.len() {
            found.push(Vec::new());
        }
        found[place].push(at);
    }
    found
}

/// What grading reads of a submission: its digests, and its code. What is not graded is no evidence.
fn graded(path: &Path, pack: &Pack) -> (Same, Files) {
    let read = Submission::read(path, &pack.exercise.languages);
    read.map(|read| (same(&read, pack), code(read.files.into_iter()))).unwrap_or_default()
}

/// The fewest lines of a script that is the same as another one with other names: short ones are alike by chance.
const RENAMED_LINES_MIN: usize = 8;

/// A script's lines with each name replaced by the place where it first stands: commands, options and numbers stay.
fn without_names(lines: &[&str], dialect: Dialect) -> String {
    let text = lines.join("\n");
    let known: BTreeSet<usize> = words(&text, dialect)
        .into_iter()
        .filter(|word| word.kind != WordKind::Text)
        .map(|word| word.span.start)
        .collect();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut plain, mut start) = (String::new(), 0);
    for word in text.split_inclusive(char::is_whitespace) {
        let name = word.trim_end();
        if name.is_empty() || known.contains(&start) {
            plain += word;
        } else {
            let next = names.len();
            plain += &format!("${}{}", names.entry(name).or_insert(next), &word[name.len()..]);
        }
        start += word.len();
    }
    plain
}

fn same(submission: &Submission, pack: &Pack) -> Same {
    let whole = digest(submission);
    let mut texts = submission.files.values();
    let said = match (submission.language, texts.next(), texts.next()) {
        (CodeLanguage::Script, Some(script), None) => {
            let lines = script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            let lines: Vec<&str> = lines.collect();
            // In other lessons most lines are the lesson's own.
            let own = pack.lesson.as_ref().filter(|lesson| lesson.kind == Kind::Expose);
            let said = match own.filter(|_| lines.len() >= RENAMED_LINES_MIN) {
                Some(lesson) => without_names(&lines, lesson.dialect),
                None => lines.join("\n"),
            };
            hex(&Sha256::digest(said))
        }
        _ => whole.clone(),
    };
    Same { whole, said }
}

/// What tells whether two submissions are the same. A file alone is the same whatever it is called: platforms put the learner's name
/// or the time into it.
fn digest(submission: &Submission) -> String {
    let mut texts = submission.files.values();
    match (texts.next(), texts.next()) {
        (Some(only), None) => hex(&Sha256::digest(only)),
        _ => submission.sha256.clone(),
    }
}

/// The digests of what every learner was given.
fn given(pack: &Pack) -> BTreeSet<String> {
    let starters = pack.exercise.languages.iter().filter_map(|language| {
        Submission::of(*language, "starter", pack.part("starter", *language)).map(|starter| same(&starter, pack).said)
    });
    starters.collect()
}

fn harmless(passage: Passage) -> Passage {
    let place =
        |place: Place| Place { file: printable::line(&place.file), text: printable::harmless(&place.text), ..place };
    Passage { one: place(passage.one), other: place(passage.other) }
}

/// The files that learners write, without settings.
fn code(files: impl Iterator<Item = (String, String)>) -> Files {
    files.filter(|(name, _)| [".rs", ".py"].iter().any(|ext| name.to_lowercase().ends_with(ext))).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::intake::find::entries;

    /// Each kind of likeness with its learners, and the pairs.
    type Found = (Vec<(AlikeKind, Vec<String>)>, Vec<(String, String)>);

    /// What is found in a class of these learners' files.
    fn found(exercise: &str, files: &[(String, String)]) -> Found {
        let (class, scratch) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for (path, text) in files {
            let path = class.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("there is room");
            fs::write(path, text).expect("there is room");
        }
        let pack = crate::course::load(exercise).expect("a sound pack");
        let entries = entries(class.path(), scratch.path(), &pack.exercise.languages).expect("entries");
        let (similar, alike) = likenesses(&entries, &pack, &Known::default());
        let pairs = similar.into_iter().map(|pair| (pair.one, pair.other)).collect();
        (alike.into_iter().map(|alike| (alike.kind, alike.learners)).collect(), pairs)
    }

    /// A part of a pack, as a learner of that name would hand it in.
    fn part(exercise: &str, file: &str, learner: &str, change: &dyn Fn(String) -> String) -> (String, String) {
        let text = Pack::load(exercise).expect("a sound pack").files.get(file).expect(file).clone();
        let name = file.rsplit('/').next().expect("a name");
        let folder = if name == "lib.rs" { "src/" } else { "" };
        (format!("{learner}/{folder}{name}"), change(text))
    }

    /// The test submissions that their writers wrote each on their own.
    fn independent() -> Vec<(String, String)> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submissions");
        let names =
            ["order_by_times_alone", "const_generics", "weak_list_in_french", "traits_and_generics", "plain_vectors"];
        let read = |name: &str| {
            let text = fs::read_to_string(home.join(format!("correct_{name}/src/lib.rs"))).expect("it is there");
            (format!("{name}/src/lib.rs"), text)
        };
        names.map(read).into()
    }

    #[test]
    fn a_ring_of_any_size_is_one_group_and_hides_nobody_else() {
        let mut files = independent();
        assert_eq!(found("distributed-cache", &files), (Vec::new(), Vec::new()), "each on their own");
        let copied = files.pop().expect("there are some").1;
        let ring: Vec<String> = (0..9).map(|at| format!("ring-{at}")).collect();
        files.extend(ring.iter().map(|name| (format!("{name}/src/lib.rs"), format!("// by {name}\n{copied}"))));
        let half: String = copied.lines().take(copied.lines().count() / 2).map(|line| format!("{line}\n")).collect();
        files.push(("half/src/lib.rs".to_owned(), half));
        let (alike, pairs) = found("distributed-cache", &files);
        assert_eq!(alike, [(AlikeKind::NearlyIdentical, ring)]);
        assert_eq!(pairs, [("half".to_owned(), "ring-0".to_owned())]);
    }

    #[test]
    fn a_script_is_the_same_whatever_its_file_is_called() {
        let script = "node new 10 lru\nnode set a 1\nnode get a\n".to_owned();
        let files = [
            ("ann/script.txt", &script),
            ("bob/bob_101_script.txt", &script),
            ("cid/script.txt", &"node new 1\n".to_owned()),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.clone()));
        let (alike, _) = found("expose-lru", &files);
        assert_eq!(alike, [(AlikeKind::Identical, vec!["ann".to_owned(), "bob".to_owned()])]);
        // Remarks and blank lines make no other script of it, and the same files stay the same files.
        let remarked = |learner: &str, remark: &str| (format!("{learner}/script.txt"), format!("{remark}\n\n{script}"));
        let own = remarked("dan", "# mine");
        let (alike, _) = found("expose-lru", &[&files[..], std::slice::from_ref(&own)].concat());
        let named = |kind, names: &[&str]| (kind, names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let same = named(AlikeKind::Identical, &["ann", "bob"]);
        assert_eq!(alike, [same.clone(), named(AlikeKind::NearlyIdentical, &["ann", "bob", "dan"])]);
        let (alike, _) =
            found("expose-lru", &[&files[..], &[own, remarked("eve", "# my own"), remarked("fay", "# mine")]].concat());
        let all = ["ann", "bob", "dan", "eve", "fay"];
        let copied = named(AlikeKind::Identical, &["dan", "fay"]);
        assert_eq!(alike, [same, copied, named(AlikeKind::NearlyIdentical, &all)]);
        // Other names make no other script of a long one, but other commands, and names that are used otherwise.
        let long = |one: &str, two: &str, last: &str| {
            let sets: String = (0..4).map(|at| format!("node set {one} {at}\nnode get {two}\n")).collect();
            format!("node new 10 lru\n{sets}node {last}\n")
        };
        let texts = [
            ("ann", long("a", "b", "get a")),
            ("bo", long("p", "q", "get p")),
            ("cid", long("a", "b", "get b")),
            ("dan", long("a", "b", "delete a")),
        ];
        let (alike, _) = found("expose-lru", &texts.map(|(name, text)| (format!("{name}/script.txt"), text)));
        assert_eq!(alike, [named(AlikeKind::NearlyIdentical, &["ann", "bo"])]);
    }

    #[test]
    fn copies_of_the_solution_and_the_same_files_are_told_and_what_is_not_graded_is_not() {
        let exercise = "line-cache";
        let solution = |learner: &str, change: &dyn Fn(String) -> String| {
            part(exercise, "solution/rust/src/lib.rs", learner, change)
        };
        let python = |learner: &str| part(exercise, "solution/python/main.py", learner, &|text| text);
        let same = |text: String| text;
        let renamed = |text: String| format!("// mine\n{}", text.replace("key", "k"));
        let starter = |learner: &str| part(exercise, "starter/rust/src/lib.rs", learner, &same);
        let ours = |name: &str| (format!("{name}/src/lib.rs"), independent()[0].1.clone());
        // Gus handed in both: neither is graded, so neither is compared.
        let files = [
            solution("amy", &same),
            solution("bob", &renamed),
            ours("cat"),
            ours("dan"),
            python("eve"),
            starter("fay"),
            starter("gil"),
        ];
        let files: Vec<(String, String)> = files.into_iter().chain([starter("gus"), python("gus")]).collect();
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (alike, _) = found(exercise, &files);
        assert_eq!(
            alike,
            [(AlikeKind::Identical, named(&["cat", "dan"])), (AlikeKind::Solution, named(&["amy", "bob", "eve"]))]
        );
    }
}
