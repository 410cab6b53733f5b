//! In which order bugs are tried: the requirements take turns, so that where the time does not last, none of them goes without.

use cachedojo_judge::pack::MutantSpec;

/// Bugs whose turn has not come.
#[derive(Debug)]
pub(super) struct Turns {
    /// The requirement of each bug, as a number.
    of: Vec<usize>,
    /// How far each requirement is: the one that is behind is next.
    been: Vec<i32>,
    /// Which bugs had their turn.
    had: Vec<bool>,
}

impl Turns {
    pub(super) fn of<'a>(bugs: impl Iterator<Item = &'a MutantSpec>) -> Self {
        Self::of_requirements(bugs.map(|spec| spec.killed_by.first().map_or("", String::as_str)))
    }

    fn of_requirements<'a>(bugs: impl Iterator<Item = &'a str>) -> Self {
        let mut known = Vec::new();
        let of: Vec<usize> = bugs
            .map(|of| {
                known.iter().position(|other| *other == of).unwrap_or_else(|| {
                    known.push(of);
                    known.len() - 1
                })
            })
            .collect();
        Self { been: vec![0; known.len()], had: vec![false; of.len()], of }
    }

    /// The requirement of that bug goes on before the others have their next turn: tests that told one of its bugs may tell more.
    pub(super) fn go_on_with(&mut self, bug: usize) {
        self.been[self.of[bug]] -= 2;
    }
}

impl Iterator for Turns {
    type Item = usize;

    /// Cost: O(bugs).
    fn next(&mut self) -> Option<usize> {
        let left = (0..self.of.len()).filter(|&bug| !self.had[bug]);
        let next = left.min_by_key(|&bug| (self.been[self.of[bug]], bug))?;
        self.had[next] = true;
        self.been[self.of[next]] += 1;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[test]
    fn requirements_take_turns_and_one_whose_bug_was_told_goes_on() {
        let bugs = ["ttl", "ttl", "ttl", "lru", "threads", "threads", "threads"];
        assert_eq!(Turns::of_requirements(bugs.into_iter()).collect::<Vec<_>>(), [0, 3, 4, 1, 5, 2, 6]);
        let mut turns = Turns::of_requirements(bugs.into_iter());
        let mut order = Vec::new();
        while let Some(bug) = turns.next() {
            order.push(bug);
            if bugs[bug] == "threads" {
                turns.go_on_with(bug);
            }
        }
        assert_eq!(order, [0, 3, 4, 5, 6, 1, 2]);
        assert_eq!(Turns::of_requirements([].into_iter()).next(), None);
    }
}
