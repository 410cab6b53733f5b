//! What happened in a run, written down as it happens: only for a run that will be told.

use std::collections::{BTreeMap, VecDeque};

use super::operation::Operation;

/// Most entries kept: the latest.
const ENTRIES_MAX: usize = 40_000;
/// Most frames kept of a place.
const FRAMES_MAX: usize = 48;

/// A place in the module: its call stack, the innermost first, as functions and offsets in them.
pub(super) type Frames = Vec<(u32, u32)>;

/// Something that happened.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) thread: u32,
    pub(super) what: What,
    pub(super) frames: Frames,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It is about to run an operation.
    Point,
    /// It is about to, and others run first.
    HeldUp,
    /// It waits at an address.
    Waits { address: u32, timed: bool },
    /// It goes on after a wait, because its time was over or somebody woke it.
    GoesOn { late: bool },
    /// It sleeps.
    Sleeps { ns: u64 },
    /// It starts a thread.
    Starts { child: u32 },
    /// It gives up its turn.
    Yields,
    /// It has ended.
    Ends,
}

/// Who holds what, and what happened.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) entries: VecDeque<Entry>,
    pub(super) forgotten: u64,
    /// Words in the memory that look like locks: who holds them, and where they were taken.
    pub(super) holders: BTreeMap<u32, Vec<(u32, Frames)>>,
    /// Operations that a thread was about to run when it was held up.
    pub(super) postponed: BTreeMap<u32, Operation>,
    /// Where each thread is.
    pub(super) places: BTreeMap<u32, Frames>,
}

/// The bits of a lock's word that count who holds it; std's `RwLock` keeps two more for who waits.
const HELD: u64 = (1 << 30) - 1;

impl Log {
    pub(super) fn add(&mut self, thread: u32, what: What, mut frames: Frames) {
        frames.truncate(FRAMES_MAX);
        if !frames.is_empty() {
            self.places.insert(thread, frames.clone());
        }
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        self.entries.push_back(Entry { thread, what, frames });
    }

    /// An operation is run: who holds the word now, if it is a lock.
    pub(super) fn operated(&mut self, thread: u32, operation: Operation, effect: Option<(u64, u64)>, frames: &Frames) {
        let Some((old, new)) = effect.filter(|(old, new)| old != new) else { return };
        let (before, after) = (old & HELD, new & HELD);
        let holders = self.holders.entry(operation.address).or_default();
        if after == 0 {
            holders.clear();
        } else if before == 0 && operation.exchanges() {
            *holders = vec![(thread, frames.clone())];
        } else if after == before + 1 && operation.exchanges() {
            holders.push((thread, frames.clone()));
        } else if after < before
            && let Some(at) = holders.iter().position(|(holder, _)| *holder == thread)
        {
            holders.remove(at);
        }
    }

    /// Who holds the lock that a thread waits for at an address: std's `RwLock` waits for writers beside its word.
    pub(super) fn holders_of(&self, address: u32) -> &[(u32, Frames)] {
        let held = |address: u32| self.holders.get(&address).filter(|holders| !holders.is_empty());
        held(address).or_else(|| held(address.wrapping_sub(4))).map_or(&[], Vec::as_slice)
    }
}
