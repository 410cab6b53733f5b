//! An atomic operation, and its effect on the memory.

use super::memory::Memory;
use super::rewrite::code;

/// An operation at a scheduling point, which the module reports before it runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) code: u8,
    pub(super) address: u32,
    pub(super) operands: (u64, u64),
}

impl Operation {
    /// How many bytes it accesses: the variants are i32, i64, i32 in 8, i32 in 16, i64 in 8, i64 in 16, i64 in 32 bits.
    fn bytes(self) -> u32 {
        [4, 8, 1, 2, 1, 2, 4][usize::from((self.code - code::FIRST) % 7)]
    }

    fn group(self) -> u8 {
        (self.code - code::FIRST) / 7
    }

    /// Whether it is a wait or a wake-up.
    pub(super) fn is_call(self) -> bool {
        self.code < code::FIRST
    }

    /// Whether it is an atomic addition or subtraction.
    pub(super) fn adds(self) -> bool {
        !self.is_call() && matches!(self.group(), 2 | 3)
    }

    /// Whether it reads and writes in one step.
    pub(super) fn exchanges(self) -> bool {
        !self.is_call() && self.group() >= 7
    }

    /// Whether it is an exchange that depends on what is there.
    pub(super) fn compares(self) -> bool {
        !self.is_call() && self.group() >= 8
    }

    /// The number at its address before and after; `None` for waits and wake-ups, and outside of the memory.
    pub(super) fn effect(self, memory: &Memory) -> Option<(u64, u64)> {
        if self.is_call() {
            return None;
        }
        let old = memory.number(self.address, self.bytes())?;
        let mask = u64::MAX >> (64 - 8 * self.bytes());
        let (first, second) = self.operands;
        let new = match self.group() {
            0 => old,
            1 | 7 => first,
            2 => old.wrapping_add(first),
            3 => old.wrapping_sub(first),
            4 => old & first,
            5 => old | first,
            6 => old ^ first,
            _ if old == first & mask => second,
            _ => old,
        };
        Some((old, new & mask))
    }

    /// Its effect if a scheduler cares for it: loads are the most frequent, and need no access to the memory.
    pub(super) fn effect_of_change(self, memory: &Memory) -> Option<(u64, u64)> {
        if self.loads() { None } else { self.effect(memory) }
    }

    /// Whether it would change the memory. A thread that repeats an operation that does not is only polling.
    pub(super) fn would_change(self, effect: Option<(u64, u64)>) -> bool {
        self.is_call() || !self.loads() && effect.is_none_or(|(old, new)| old != new)
    }

    /// What must be the same for a thread to be doing the same again: what it does, and what it finds. A counter always finds
    /// another number.
    pub(super) fn sign(self, effect: Option<(u64, u64)>) -> u64 {
        let found = effect.map_or(0, |(old, _)| if self.adds() { 0 } else { old + 1 });
        let (first, second) = self.operands;
        let place = u64::from(self.code) << 32 | u64::from(self.address);
        [first, second, found]
            .iter()
            .fold(place, |sign, part| (sign.rotate_left(25) ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn loads(self) -> bool {
        !self.is_call() && self.group() == 0
    }
}
