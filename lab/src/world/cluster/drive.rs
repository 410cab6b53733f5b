//! A machine's disk that needs time for a write.
//!
//! A node must not forget what it has told others. So nothing leaves a node before its disk has stored the state that the node
//! had then. Writes are grouped, as databases do: while one is in progress, further effects wait for the next one.

use cachedojo::cluster::{Disk, Effects, Micros};

/// The longest that a write may take: 10 seconds.
pub const WRITE_MAX: Micros = 10_000_000;

/// A disk, and its content if that is older than the node's state. At most two states of the node are kept, however much it does.
#[derive(Debug, Clone, Default)]
pub(super) struct Drive {
    /// How long a write takes; 0 for at once.
    takes: Micros,
    /// Its content; `None` while that is the node's present state.
    held: Option<Box<Disk>>,
    /// The state being written, and the effects that wait for it.
    writing: Option<(Box<Disk>, Effects)>,
    /// The effects that wait for the next write.
    waiting: Effects,
}

impl Drive {
    /// Whether writes take no time.
    pub(super) const fn is_instant(&self) -> bool {
        self.takes == 0 && self.writing.is_none()
    }

    /// Whether a write is in progress.
    pub(super) const fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// How long a write takes; 0 for at once.
    pub(super) const fn takes(&self) -> Micros {
        self.takes
    }

    /// Sets how long a write takes, at most [`WRITE_MAX`]. `known` is the node's state, if it runs.
    pub(super) fn set(&mut self, takes: Micros, known: impl FnOnce() -> Option<Disk>) {
        if self.is_instant() {
            // All effects so far were sent after their state was stored.
            self.held = if takes > 0 { known().map(Box::new) } else { None };
        }
        self.takes = takes.min(WRITE_MAX);
        if self.is_instant() {
            self.held = None;
        }
    }

    /// A process starts from the disk's content.
    pub(super) fn start(&mut self, disk: &Disk) {
        self.held = (self.takes > 0).then(|| Box::new(disk.clone()));
    }

    /// Makes a node's effects wait for a write. `true` if one must begin now.
    pub(super) fn wait(&mut self, effects: &mut Effects) -> bool {
        append(&mut self.waiting, effects);
        self.writing.is_none() && self.has_waiting()
    }

    /// Begins a write of the node's present state.
    pub(super) fn begin(&mut self, disk: Disk) {
        self.writing = Some((Box::new(disk), std::mem::take(&mut self.waiting)));
    }

    /// Ends a write: returns the effects that waited for it, and `true` if another write must begin.
    pub(super) fn end(&mut self) -> (Effects, bool) {
        let Some((disk, mut effects)) = self.writing.take() else { return (Effects::default(), false) };
        self.held = Some(disk);
        if self.takes == 0 {
            self.held = None;
            append(&mut effects, &mut self.waiting);
        }
        (effects, self.has_waiting())
    }

    /// The process ends: returns the disk's content if it is older than the node's state. A write in progress may be stored or
    /// not.
    pub(super) fn crash(&mut self, is_written: bool) -> Option<Box<Disk>> {
        self.waiting = Effects::default();
        let written = self.writing.take().map(|(disk, _)| disk).filter(|_| is_written);
        let held = self.held.take();
        written.or(held)
    }

    fn has_waiting(&self) -> bool {
        !self.waiting.sends.is_empty() || !self.waiting.replies.is_empty()
    }
}

/// Moves what leaves a node, its messages and answers, to the end of `to`.
fn append(to: &mut Effects, from: &mut Effects) {
    to.sends.append(&mut from.sends);
    to.replies.append(&mut from.replies);
}

#[cfg(test)]
mod tests {
    use super::*;
    use cachedojo::cluster::ids::MS;
    use cachedojo::cluster::{Failure, NodeId, NodeSet, Outcome, Readings, Settings};

    fn disk(node: u8) -> Disk {
        let node = NodeId::new(node).expect("a number");
        Disk::founder(node, NodeSet::of(node), &Settings::default(), Readings::default())
    }

    fn said(number: u64) -> Effects {
        Effects { replies: vec![(number, Outcome::Failed(Failure::Down))], ..Effects::default() }
    }

    fn numbers(effects: &Effects) -> Vec<u64> {
        effects.replies.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn what_is_said_during_a_write_waits_for_the_next_one() {
        let mut drive = Drive::default();
        assert!(drive.is_instant());
        drive.set(5 * MS, || Some(disk(1)));
        assert!(drive.wait(&mut said(1)), "a write begins");
        drive.begin(disk(1));
        assert!(!drive.wait(&mut said(2)) && !drive.wait(&mut said(3)), "one is under way");
        let (first, goes_on) = drive.end();
        assert_eq!((numbers(&first), goes_on), (vec![1], true));
        drive.begin(disk(1));
        let (second, goes_on) = drive.end();
        assert_eq!((numbers(&second), goes_on), (vec![2, 3], false));
    }

    #[test]
    fn a_crash_leaves_what_was_written() {
        for is_written in [false, true] {
            let mut drive = Drive::default();
            assert!(drive.crash(is_written).is_none(), "all that the node knows");
            drive.set(5 * MS, || Some(disk(1)));
            drive.wait(&mut said(1));
            drive.begin(Disk::blank(NodeId::new(2).expect("a number"), if is_written { 9 } else { 8 }, 1));
            let left = drive.crash(is_written).expect("less than the node knows");
            assert_eq!(left.incarnation(), if is_written { 9 } else { 1 });
            assert!(numbers(&drive.end().0).is_empty(), "nobody hears of it");
        }
    }

    #[test]
    fn a_disk_that_is_fast_again_lets_all_go() {
        let mut drive = Drive::default();
        drive.set(5 * MS, || Some(disk(1)));
        drive.wait(&mut said(1));
        drive.begin(disk(1));
        drive.wait(&mut said(2));
        drive.set(0, || None);
        assert!(!drive.is_instant(), "the write under way ends in its time");
        let (all, goes_on) = drive.end();
        assert_eq!((numbers(&all), goes_on, drive.is_instant()), (vec![1, 2], false, true));
        assert!(drive.crash(false).is_none(), "the disk holds all that the node knows");
    }
}
