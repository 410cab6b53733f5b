//! Records what happens in a run, only if a story was requested.

use std::collections::{BTreeMap, VecDeque};

use super::operation::Operation;

/// The most entries that are kept: the latest ones.
const ENTRIES_MAX: usize = 40_000;
/// The most frames of a call stack that are kept.
const FRAMES_MAX: usize = 48;

/// A call stack, innermost frame first: functions, and offsets in them.
pub(super) type Frames = Vec<(u32, u32)>;

/// An entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) thread: u32,
    pub(super) what: What,
    pub(super) frames: Frames,
}

/// The kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// About to run an operation.
    Point,
    /// About to run an operation, but others run first.
    HeldUp,
    /// It waits at an address; `owner` is the thread whose record lies there, for whose end it may wait.
    Waits { address: u32, timed: bool, owner: Option<u32> },
    /// Continues after a wait: woken, or its time was over.
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

/// The recorded state: entries, and the holders of locks.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) entries: VecDeque<Entry>,
    pub(super) forgotten: u64,
    /// Words in the memory that look like locks, with the threads that hold them and where they took them.
    pub(super) holders: BTreeMap<u32, Vec<(u32, Frames)>>,
    /// Operations before which a thread was interrupted.
    pub(super) postponed: BTreeMap<u32, Operation>,
    /// Each thread's call stack.
    pub(super) places: BTreeMap<u32, Frames>,
}

/// The bits of a lock's word that count its holders; std's `RwLock` has two more for its waiters.
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

    /// An operation is run: records the word's holders, if it is a lock.
    pub(super) fn operated(&mut self, thread: u32, operation: Operation, effect: Option<(u64, u64)>, frames: &Frames) {
        let Some((old, new)) = effect.filter(|(old, new)| old != new) else { return };
        let (before, after) = (old & HELD, new & HELD);
        let holders = self.holders.entry(operation.address).or_default();
        if after == 0 {
            holders.clear();
        } else if before == 0 && operation.exchanges() {
            *holders = vec![(thread, frames.clone())];
        } else if after == before + 1 && operation.compares() {
            // One more reader. Who only says that he waits, as at a `Mutex`, compares nothing.
            holders.push((thread, frames.clone()));
        } else if after < before
            && let Some(at) = holders.iter().position(|(holder, _)| *holder == thread)
        {
            holders.remove(at);
        }
    }

    /// The holders of the lock that a thread waits for at an address. In std's `RwLock`, the address for writers is
    /// next to its word.
    pub(super) fn holders_of(&self, address: u32) -> &[(u32, Frames)] {
        let held = |address: u32| self.holders.get(&address).filter(|holders| !holders.is_empty());
        held(address).or_else(|| held(address.wrapping_sub(4))).map_or(&[], Vec::as_slice)
    }
}
