//! What changes owner when the ring changes.

use super::HashRing;

/// An arc of the circle whose keys change owner. Both ends are inclusive; an arc never crosses zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The first position of the arc.
    pub first: u64,
    /// The last position of the arc.
    pub last: u64,
    /// The keys' old owner; `None` when the ring had no living node.
    pub from: Option<String>,
    /// Their new owner; `None` when no living node is left.
    pub to: Option<String>,
}

impl Move {
    /// Whether a key at that position ([`HashRing::hash`]) moves with this arc.
    pub const fn contains(&self, position: u64) -> bool {
        self.first <= position && position <= self.last
    }
}

impl HashRing {
    /// Exactly the arcs whose owner is another one on `after`, clockwise from zero; neighbouring arcs of the same move
    /// are joined. A key moves if and only if it stands on one of them. O(p log p) for the p points of both rings, dead
    /// or not.
    pub fn plan(&self, after: &Self) -> Vec<Move> {
        let mut ends: Vec<u64> = self.positions.iter().chain(&after.positions).copied().chain([u64::MAX]).collect();
        ends.sort_unstable();
        ends.dedup();
        let (mut owners, mut owners_after) = (OwnersClockwise::of(self), OwnersClockwise::of(after));
        let mut moves: Vec<Move> = Vec::new();
        let mut first = 0;
        // Between two neighbouring points of either ring the owner is constant, so the end of an arc tells the owner of
        // all of it.
        for last in ends {
            let (from, to) = (owners.at(last), owners_after.at(last));
            if from != to {
                match moves.last_mut() {
                    Some(previous)
                        if previous.last.checked_add(1) == Some(first)
                            && (previous.from.as_deref(), previous.to.as_deref()) == (from, to) =>
                    {
                        previous.last = last;
                    }
                    _ => moves.push(Move { first, last, from: from.map(str::to_owned), to: to.map(str::to_owned) }),
                }
            }
            first = last.wrapping_add(1);
        }
        moves
    }
}

/// The owners of positions, asked for in ascending order.
struct OwnersClockwise<'a> {
    ring: &'a HashRing,
    /// For each point the living node that owns its keys: the point's node, or the next living one.
    heirs: Vec<Option<u32>>,
    /// The first point at or after the last position asked for.
    next: usize,
}

impl<'a> OwnersClockwise<'a> {
    fn of(ring: &'a HashRing) -> Self {
        let is_alive = |&owner: &u32| ring.nodes[owner as usize].is_alive;
        let mut heir = ring.owners.iter().copied().find(is_alive);
        let mut heirs = vec![None; ring.owners.len()];
        for (place, owner) in heirs.iter_mut().zip(&ring.owners).rev() {
            heir = Some(*owner).filter(is_alive).or(heir);
            *place = heir;
        }
        Self { ring, heirs, next: 0 }
    }

    /// The owner of the keys at a position, which must not be before the last one asked for.
    fn at(&mut self, position: u64) -> Option<&'a str> {
        while self.ring.positions.get(self.next).is_some_and(|&point| point < position) {
            self.next += 1;
        }
        let heir = self.heirs.get(self.next).or(self.heirs.first()).copied()??;
        Some(&self.ring.nodes[heir as usize].id)
    }
}
