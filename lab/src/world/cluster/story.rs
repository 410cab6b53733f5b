//! The events of a simulated world: recorded, and counted.

use cachedojo::cluster::message::{How, Message};
use cachedojo::cluster::record::{Key, Record};
use cachedojo::cluster::{Micros, NodeId, Note, Version};

/// One event.
#[derive(Debug, Clone)]
pub struct Happened {
    /// When, since the world began.
    pub at: Micros,
    /// What.
    pub what: Happening,
}

/// What a message carries of its key.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// The version that it is about.
    pub version: Option<Version>,
    /// The record, if it carries one.
    pub record: Option<Record>,
}

impl Carried {
    /// What this message carries.
    pub fn by(message: &Message) -> Self {
        Self { version: message.version(), record: message.record().cloned() }
    }
}

/// The kinds of events.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A message arrived or was lost.
    Message {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// Its kind.
        name: &'static str,
        /// The key that it concerns.
        key: Option<Key>,
        /// What it carries.
        carried: Carried,
        /// Whether such messages are sent all the time.
        is_routine: bool,
        /// When it was sent.
        sent: Micros,
        /// When it arrived; `None` if it was lost.
        received: Option<Micros>,
    },
    /// A node's report of itself.
    Note {
        /// Which one.
        node: NodeId,
        /// What.
        note: Note,
    },
    /// A client's request: see [`ClusterWorld::calls`](super::ClusterWorld::calls).
    Asked {
        /// Whom.
        node: NodeId,
        /// Which call.
        call: usize,
    },
    /// An answer to a client.
    Answered {
        /// From whom.
        node: NodeId,
        /// To which call.
        call: usize,
    },
    /// A fault: something done to a node or to the network.
    Fault {
        /// To which node.
        node: Option<NodeId>,
        /// What.
        text: String,
    },
}

/// Rare events: a simulation in which one of these never happened has not tested much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the name of each says what it is")]
pub enum Rare {
    Election,
    ElectionInHandover,
    TwoLeaders,
    LogCut,
    Handover,
    CrashInHandover,
    CrashInWrite,
    CatchUp,
    NotWhole,
    HandedOver,
    WrongEpoch,
    Restarted,
    Returned,
    ReadRepair,
    RepairRacesDelete,
    BehindSession,
    CameLate,
    HintKept,
    HintUsed,
    HintTooLate,
    Compared,
    Forgotten,
    NotForgotten,
    Sweep,
    LooksAgain,
    TooOld,
    TooFew,
    ClockBackInOperation,
    Evicted,
    EvictionRacesWrite,
    EvictionInHandover,
    HintAfterEviction,
}

impl Rare {
    /// All of them, each with a description.
    pub const ALL: [(Self, &'static str); 32] = [
        (Self::Election, "elections"),
        (Self::ElectionInHandover, "elections during a handover"),
        (Self::TwoLeaders, "two leaders alive in different terms"),
        (Self::LogCut, "log entries never committed, and overwritten"),
        (Self::Handover, "handovers begun (a node each)"),
        (Self::CrashInHandover, "crashes during a handover"),
        (Self::CrashInWrite, "crashes before the disk had written"),
        (Self::CatchUp, "nodes caught up"),
        (Self::NotWhole, "queries to a node that is not whole"),
        (Self::HandedOver, "records handed over"),
        (Self::WrongEpoch, "messages of another epoch"),
        (Self::Restarted, "operations begun anew under a new ring"),
        (Self::Returned, "nodes let go that came back"),
        (Self::ReadRepair, "read repairs"),
        (Self::RepairRacesDelete, "read repairs while the key is being deleted"),
        (Self::BehindSession, "answers older than the session knows"),
        (Self::CameLate, "writes that came after a newer one"),
        (Self::HintKept, "hints kept"),
        (Self::HintUsed, "hints that brought something"),
        (Self::HintTooLate, "hints after the tombstone"),
        (Self::Compared, "records from comparing digests"),
        (Self::Forgotten, "dead records forgotten"),
        (Self::NotForgotten, "dead records that a replica lacked"),
        (Self::Sweep, "invalidations (a node each)"),
        (Self::LooksAgain, "reads that met a delete of one write"),
        (Self::TooOld, "messages too old"),
        (Self::TooFew, "operations that too few answered"),
        (Self::ClockBackInOperation, "wall clocks set back during an operation"),
        (Self::Evicted, "evictions (a node each)"),
        (Self::EvictionRacesWrite, "evictions while the key is being written"),
        (Self::EvictionInHandover, "evictions during a handover"),
        (Self::HintAfterEviction, "hints after an eviction"),
    ];

    const fn of(note: &Note) -> Option<Self> {
        Some(match note {
            Note::Elected { .. } => Self::Election,
            Note::LogCut => Self::LogCut,
            Note::Epoch { is_handover: true, .. } => Self::Handover,
            Note::CaughtUp { .. } => Self::CatchUp,
            Note::NotWhole { .. } => Self::NotWhole,
            Note::WrongEpoch { .. } => Self::WrongEpoch,
            Note::Restarted { .. } => Self::Restarted,
            Note::LeftCluster { may_return: true } => Self::Returned,
            Note::Repairs { .. } => Self::ReadRepair,
            Note::BehindSession { .. } => Self::BehindSession,
            Note::CameLate { .. } => Self::CameLate,
            Note::HintKept { .. } => Self::HintKept,
            Note::HintTooLate { .. } => Self::HintTooLate,
            Note::Kept { how: How::Hinted, .. } => Self::HintUsed,
            Note::Kept { how: How::Compared, .. } => Self::Compared,
            Note::Kept { how: How::HandedOver, .. } => Self::HandedOver,
            Note::Forgot { .. } => Self::Forgotten,
            Note::NotForgotten { .. } => Self::NotForgotten,
            Note::Invalidated { .. } => Self::Sweep,
            Note::LooksAgain { .. } => Self::LooksAgain,
            Note::Evicted { .. } => Self::Evicted,
            Note::TooOld => Self::TooOld,
            _ => return None,
        })
    }
}

/// How often each rare event happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Rare::ALL.len()]);

impl Counts {
    /// Counts one more.
    pub const fn count(&mut self, rare: Rare) {
        self.0[rare as usize] += 1;
    }

    pub(super) const fn note(&mut self, note: &Note) {
        if let Some(rare) = Rare::of(note) {
            self.count(rare);
        }
    }

    /// Each count by its name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Rare::ALL.iter().map(|&(rare, name)| (name, self.0[rare as usize]))
    }

    /// Adds the counts of another world.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rare_thing_has_its_own_place() {
        for (at, (rare, name)) in Rare::ALL.into_iter().enumerate() {
            let mut counts = Counts::default();
            counts.count(rare);
            let counted: Vec<_> = counts.all().filter(|&(_, count)| count > 0).collect();
            assert_eq!((counted, rare as usize), (vec![(name, 1)], at));
        }
    }
}
