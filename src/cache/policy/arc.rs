//! ARC: two LRU queues, one of entries that were read once and one of entries that were read again; hits on ghosts shift the
//! share of each (Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", 2003). Shares count weight; where only
//! the number of entries is bounded, they count entries as the paper counts pages.

use super::Policy;
use super::ghosts::Ghosts;
use crate::cache::deadlines::Deadlines;
use crate::cache::nodes::{List, Moves, Nodes};
use crate::cache::{Item, Limits};

/// The paper's names: T1 and B1 are entries that were read once and their ghosts, T2 and B2 those that were read again.
#[derive(Debug, Clone)]
pub(crate) struct Arc {
    t1: Queue,
    t2: Queue,
    b1: Ghosts,
    b2: Ghosts,
    /// The weight that T1 should have (the paper's p).
    target: Target,
    capacity: u64,
    /// Whether every entry counts as one page.
    is_paged: bool,
    /// The key about to be inserted was a ghost.
    is_return: bool,
    /// The last key looked up successfully was a ghost of B2 and has not been inserted. Only this breaks the tie when T1 is
    /// exactly at its target: in the paper for that key alone, in libCacheSim also for keys after one that was too large to
    /// insert.
    is_b2_last: bool,
}

#[derive(Debug, Clone, Default)]
struct Queue {
    list: List,
    weight: u64,
}

/// An entry's mark: which queue it is in.
const IN_T2: u32 = 1;

impl Policy for Arc {
    fn new(limits: Limits) -> Self {
        let is_paged = limits.weight == u64::MAX;
        Self {
            t1: Queue::default(),
            t2: Queue::default(),
            b1: Ghosts::new(limits.entries),
            b2: Ghosts::new(limits.entries),
            target: Target(0),
            capacity: if is_paged { limits.entries } else { limits.weight },
            is_paged,
            is_return: false,
            is_b2_last: false,
        }
    }

    #[inline]
    fn prepare(&mut self, hash: impl FnOnce() -> u64) {
        let hash = hash();
        let (b1, b2) = (self.b1.weight(), self.b2.weight());
        let is_b1 = self.b1.take(hash).is_some();
        let is_b2 = !is_b1 && self.b2.take(hash).is_some();
        if is_b1 {
            self.target.raise(b2, b1, self.capacity);
        } else if is_b2 {
            self.target.lower(b1, b2);
        }
        self.is_return = is_b1 || is_b2;
        if self.is_return {
            self.is_b2_last = is_b2;
        }
    }

    #[inline]
    fn insert<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        let is_return = std::mem::take(&mut self.is_return);
        self.is_b2_last &= !is_return;
        self.push(nodes, i, if is_return { IN_T2 } else { 0 });
    }

    #[inline]
    fn hit<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        self.is_b2_last = false;
        self.remove(nodes, i);
        self.push(nodes, i, IN_T2);
    }

    fn reweigh<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, from: u64, to: u64) {
        let (from, to) = (self.size(from), self.size(to));
        let queue = self.queue_of(nodes.mark(i));
        queue.weight = queue.weight - from + to;
    }

    fn memory_bytes(&self) -> usize {
        self.b1.memory_bytes() + self.b2.memory_bytes()
    }

    #[inline]
    fn remove<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32) {
        let size = self.size(nodes.item(i).weight());
        let queue = self.queue_of(nodes.mark(i));
        queue.weight -= size;
        nodes.unlink(&mut queue.list, i);
    }

    fn renumber(&mut self, moves: &Moves) {
        for queue in [&mut self.t1, &mut self.t2] {
            queue.list = moves.of_list(queue.list);
        }
    }

    #[inline]
    fn evict<T: Item>(&mut self, nodes: &mut Nodes<T>, _: &Deadlines, incoming: u64) -> Option<u32> {
        if !self.is_return {
            let seen_once = self.t1.weight + self.b1.weight();
            if seen_once + self.size(incoming) > self.capacity {
                if self.b1.weight() == 0 {
                    // T1 alone fills the cache: its oldest entry leaves and no ghost remembers it.
                    if let Some(oldest) = self.t1.list.oldest() {
                        self.remove(nodes, oldest);
                        return Some(oldest);
                    }
                }
                self.b1.pop();
            } else if seen_once + self.t2.weight + self.b2.weight() >= self.capacity.saturating_mul(2) {
                self.b2.pop();
            }
        }
        self.replace(nodes)
    }
}

impl Arc {
    /// The paper's REPLACE: evict from T1 while it is over its target, otherwise from T2.
    fn replace<T: Item>(&mut self, nodes: &mut Nodes<T>) -> Option<u32> {
        let t1 = Target::of(self.t1.weight);
        let is_over = if self.is_b2_last { t1 >= self.target } else { t1 > self.target };
        let from_t1 = self.t1.list.oldest().filter(|_| is_over);
        let oldest = from_t1.or_else(|| self.t2.list.oldest()).or_else(|| self.t1.list.oldest())?;
        let item = nodes.item(oldest);
        let (hash, weight) = (item.key_hash(), self.size(item.weight()));
        let ghosts = if nodes.mark(oldest) == IN_T2 { &mut self.b2 } else { &mut self.b1 };
        ghosts.push(hash, weight, ());
        self.remove(nodes, oldest);
        Some(oldest)
    }

    fn push<T: Item>(&mut self, nodes: &mut Nodes<T>, i: u32, mark: u32) {
        nodes.set_mark(i, mark);
        let size = self.size(nodes.item(i).weight());
        let queue = self.queue_of(mark);
        queue.weight += size;
        nodes.push_newest(&mut queue.list, i);
    }

    /// How much an entry of that weight counts.
    #[inline]
    const fn size(&self, weight: u64) -> u64 {
        if self.is_paged { 1 } else { weight }
    }

    const fn queue_of(&mut self, mark: u32) -> &mut Queue {
        if mark == IN_T2 { &mut self.t2 } else { &mut self.t1 }
    }
}

/// A weight with a fraction, in units of 2^-64.
///
/// How fractions are rounded decides some evictions, and the paper does not say. Simulators disagree: cacheus rounds each
/// quotient down to an integer, libCacheSim keeps an IEEE 754 double. We match libCacheSim's counts to the request: a target has
/// the 53 significant bits of a double, rounded to nearest, ties to even. Integers compute it, because they give the same result
/// on every host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Target(u128);

impl Target {
    const SIGNIFICANT_BITS: u32 = 53;

    const fn of(weight: u64) -> Self {
        Self((weight as u128) << 64)
    }

    /// Adds `dividend / divisor`, but at least 1, up to `most`.
    fn raise(&mut self, dividend: u64, divisor: u64, most: u64) {
        let Self(step) = Self::step(dividend, divisor);
        *self = Self::rounded(self.0.saturating_add(step)).min(Self::of(most));
    }

    /// Subtracts `dividend / divisor`, but at least 1, down to 0.
    fn lower(&mut self, dividend: u64, divisor: u64) {
        let Self(step) = Self::step(dividend, divisor);
        *self = Self::rounded(self.0.saturating_sub(step));
    }

    fn step(dividend: u64, divisor: u64) -> Self {
        // Entries of weight zero may leave ghosts of weight zero.
        let (dividend, divisor) = (Self::of(dividend).0, u128::from(divisor.max(1)));
        // Sticky bit: a remainder sets the lowest bit, far below the bits that are kept, so that rounding never takes the
        // quotient for a tie.
        let quotient = (dividend / divisor) | u128::from(dividend % divisor != 0);
        Self::rounded(quotient).max(Self::of(1))
    }

    /// Rounded to the nearest number of 53 significant bits.
    const fn rounded(exact: u128) -> Self {
        let bits = u128::BITS - exact.leading_zeros();
        if bits <= Self::SIGNIFICANT_BITS {
            return Self(exact);
        }
        let unit = 1 << (bits - Self::SIGNIFICANT_BITS);
        let (low, high) = (exact % unit, exact - exact % unit);
        let is_odd = high & unit != 0;
        Self(if low > unit / 2 || (low == unit / 2 && is_odd) { high.saturating_add(unit) } else { high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Exact up to 53 significant bits, and no test goes beyond.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    fn float(Target(exact): Target) -> f64 {
        exact as f64 / 2_f64.powi(64)
    }

    #[test]
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "doubles are what it must equal, to the last bit"
    )]
    fn a_target_in_whole_numbers_is_the_double_that_libcachesim_has() {
        for capacity in [3, 100, 12_345, 1 << 40] {
            let mut random = Random::new(capacity);
            let (mut target, mut double) = (Target(0), 0_f64);
            for _ in 0..200_000 {
                let divisor_max = 1 + random.below(capacity);
                let (dividend, divisor) = (random.below(1 + capacity), 1 + random.below(divisor_max));
                let step = (dividend as f64 / divisor as f64).max(1.0);
                assert_eq!(float(Target::step(dividend, divisor)), step);
                if random.below(2) == 0 {
                    target.raise(dividend, divisor, capacity);
                    double = (double + step).min(capacity as f64);
                } else {
                    target.lower(dividend, divisor);
                    double = (double - step).max(0.0);
                }
                assert_eq!(float(target), double);
                let weight = random.below(capacity);
                assert_eq!(Target::of(weight).cmp(&target), (weight as f64).total_cmp(&double));
            }
        }
    }
}
