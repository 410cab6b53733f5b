//! Programs that are the same as a whole: byte for byte, in nearly all of their shape, or as the exercise's own solution. However
//! many learners hand in one program, it is one group here, where [`super::similar`]'s pairs leave out what many wrote. The result
//! is evidence to look at, never a verdict.

use std::collections::{BTreeMap, BTreeSet};

/// How much of each of two programs must be in the other, in percent, to count as nearly the same.
const WHOLE_PERCENT: usize = 80;
/// The fewest fingerprints of a program that is compared as a whole: short programs look alike by chance. One stands for some
/// five tokens.
const WHOLE_MIN: usize = 16;
/// How many of a program's fingerprints find the groups that it is compared with: nearly the same programs share most of them.
const SKETCH: usize = 8;
/// The most groups that a program is compared with.
const CANDIDATES_MAX: usize = 64;

/// A submission, as it is compared as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whole {
    /// The digest of what is graded; empty if nothing can be.
    pub digest: String,
    /// Its fingerprints without the starter's, in order, each once.
    pub prints: Vec<u64>,
}

/// Submissions that are the same as a whole, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wholes {
    /// Byte for byte the same: two or more.
    pub identical: Vec<Vec<usize>>,
    /// Nearly the same in shape: two or more, not all of them identical.
    pub nearly: Vec<Vec<usize>>,
    /// Nearly the exercise's own solution: one or more.
    pub solved: Vec<usize>,
}

/// Groups the submissions. `given` are digests of what every learner was given, `solutions` the fingerprints of the exercise's own
/// solutions. The order of the submissions decides alone. Cost: O(fingerprints) and at most [`CANDIDATES_MAX`] comparisons for each
/// submission.
pub fn wholes(submissions: &[Whole], given: &BTreeSet<String>, solutions: &[Vec<u64>]) -> Wholes {
    let mut by_digest: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, whole) in submissions.iter().enumerate() {
        if !whole.digest.is_empty() && !given.contains(&whole.digest) {
            by_digest.entry(&whole.digest).or_default().push(at);
        }
    }
    let mut identical: Vec<Vec<usize>> = by_digest.into_values().filter(|group| group.len() > 1).collect();
    identical.sort();
    let is_solved = |whole: &Whole| solutions.iter().any(|solution| is_nearly(&whole.prints, solution));
    let solved: Vec<usize> = (0..submissions.len()).filter(|at| is_solved(&submissions[*at])).collect();
    let mut nearly = groups(submissions);
    nearly.retain(|group| {
        let digests: BTreeSet<&str> = group.iter().map(|at| submissions[*at].digest.as_str()).collect();
        let is_said = group.iter().all(|at| solved.contains(at));
        group.len() > 1 && digests.len() > 1 && !is_said
    });
    Wholes { identical, nearly, solved }
}

/// The submissions by the first one that each is nearly the same as.
fn groups(submissions: &[Whole]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut found_by: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, whole) in submissions.iter().enumerate().filter(|(_, whole)| whole.prints.len() >= WHOLE_MIN) {
        let sketch = &whole.prints[..SKETCH];
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for group in sketch.iter().filter_map(|hash| found_by.get(hash)).flatten() {
            *shared.entry(*group).or_default() += 1;
        }
        let mut candidates: Vec<(usize, usize)> = shared.into_iter().collect();
        candidates.sort_by_key(|(group, count)| (std::cmp::Reverse(*count), *group));
        candidates.truncate(CANDIDATES_MAX);
        let first_of = |group: &usize| &submissions[groups[*group][0]].prints;
        let same = candidates.iter().map(|(group, _)| *group).find(|group| is_nearly(&whole.prints, first_of(group)));
        if let Some(group) = same {
            groups[group].push(at);
        } else {
            for hash in sketch {
                found_by.entry(*hash).or_default().push(groups.len());
            }
            groups.push(vec![at]);
        }
    }
    groups
}

/// Whether most of each is in the other. Cost: O(both).
fn is_nearly(one: &[u64], other: &[u64]) -> bool {
    if one.len().min(other.len()) < WHOLE_MIN {
        return false;
    }
    let (mut left, mut right, mut shared) = (one, other, 0);
    while let ([a, ..], [b, ..]) = (left, right) {
        shared += usize::from(a == b);
        if a <= b {
            left = &left[1..];
        }
        if b <= a {
            right = &right[1..];
        }
    }
    shared * 100 >= one.len().max(other.len()) * WHOLE_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Submissions made of letters: each stands for ten fingerprints, and the digest is the whole text.
    fn grouped(texts: &[&str], solution: &str) -> Wholes {
        let prints = |text: &str| {
            let mut all: Vec<u64> = (0..10_u8)
                .flat_map(|at| text.bytes().map(move |letter| cachedojo::ring::hash64(&[letter, at])))
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let whole = |text: &&str| Whole { digest: (*text).to_owned(), prints: prints(text) };
        let given = BTreeSet::from(["given".to_owned(), String::new()]);
        wholes(&texts.iter().map(whole).collect::<Vec<_>>(), &given, &[prints(solution)])
    }

    #[test]
    fn whole_programs_that_are_the_same_are_grouped_however_many_they_are() {
        let innocents = ["abcdefghij", "klmnopqrst", "uvwxyzABCD", "EFGHIJKLMN"];
        let ring: Vec<String> = (0..9).map(|at| format!("OPQRSTUVWX{at}")).collect();
        let many: Vec<&str> = innocents.into_iter().chain(ring.iter().map(String::as_str)).collect();
        let check = |texts: &[&str], solution: &str, identical: &[&[usize]], nearly: &[&[usize]], solved: &[usize]| {
            let found = grouped(texts, solution);
            assert_eq!(found.identical, identical, "{texts:?}");
            assert_eq!(found.nearly, nearly, "{texts:?}");
            assert_eq!(found.solved, solved, "{texts:?}");
        };
        check(&innocents, "01", &[], &[], &[]);
        check(&many, "01", &[], &[&[4, 5, 6, 7, 8, 9, 10, 11, 12]], &[]);
        check(&["abcdef", "ghijkl", "abcdef", "ghijkl"], "01", &[&[0, 2], &[1, 3]], &[], &[]);
        check(&["abcdef", "abcdefg", "abcdef"], "01", &[&[0, 2]], &[&[0, 1, 2]], &[]);
        // Half of it is the other's: that is for the pairs.
        check(&["abcdef", "abcdefghijkl"], "01", &[], &[], &[]);
        // The solution, and nearly the solution.
        check(&["ABCDEF", "klmnop", "ABCDEFg"], "ABCDEF", &[], &[], &[0, 2]);
        // Too short to compare by shape; the same bytes are the same all the same, except what everybody was given.
        check(&["a", "b", "a"], "a", &[&[0, 2]], &[], &[]);
        check(&["given", "given", "", ""], "01", &[], &[], &[]);
    }
}
