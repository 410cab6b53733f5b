//! What a change of the ring moves.

use super::HashRing;

/// An arc of the circle whose keys change hands. Both ends are inclusive; the arc never crosses zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The first position of the arc.
    pub first: u64,
    /// The last position of the arc.
    pub last: u64,
    /// Whose the keys were; `None` when the ring had no living node.
    pub from: Option<String>,
    /// Whose they are now; `None` when no living node is left.
    pub to: Option<String>,
}

impl Move {
    /// Whether a key at that position ([`HashRing::hash`]) moves with this arc.
    pub const fn contains(&self, position: u64) -> bool {
        self.first <= position && position <= self.last
    }
}

impl HashRing {
    /// Exactly the arcs whose owner is another one on `after`, clockwise from zero, neighbours of the same move joined:
    /// a key moves if and only if it stands on one of them. O(points of both rings).
    pub fn plan(&self, after: &Self) -> Vec<Move> {
        let mut ends: Vec<u64> = self.positions.iter().chain(&after.positions).copied().chain([u64::MAX]).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut moves: Vec<Move> = Vec::new();
        let mut first = 0;
        // Between two neighbouring points of either ring nothing changes hands, so an arc's end speaks for all of it.
        for last in ends {
            let owner = |ring: &Self| ring.owner_at(last).map(|node| node.id.clone());
            let (from, to) = (owner(self), owner(after));
            if from != to {
                match moves.last_mut() {
                    Some(previous)
                        if previous.last.checked_add(1) == Some(first)
                            && (&previous.from, &previous.to) == (&from, &to) =>
                    {
                        previous.last = last;
                    }
                    _ => moves.push(Move { first, last, from, to }),
                }
            }
            first = last.wrapping_add(1);
        }
        moves
    }
}
