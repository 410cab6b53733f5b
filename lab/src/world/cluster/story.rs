//! What happened in a simulated world, as it is told, and counted.

use cachedojo::cluster::message::How;
use cachedojo::cluster::record::Key;
use cachedojo::cluster::{Micros, NodeId, Note};

/// One thing that happened.
#[derive(Debug, Clone)]
pub struct Happened {
    /// When, since the world began.
    pub at: Micros,
    /// What.
    pub what: Happening,
}

/// What can happen.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A message arrived, or did not.
    Message {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// What it was.
        name: &'static str,
        /// The key that it was about.
        key: Option<Key>,
        /// Whether such messages go to and fro all the time.
        is_routine: bool,
        /// When it was sent.
        sent: Micros,
        /// When it arrived; `None` when it was lost.
        received: Option<Micros>,
    },
    /// A node tells of itself.
    Note {
        /// Which one.
        node: NodeId,
        /// What.
        note: Note,
    },
    /// A client asked: see [`ClusterWorld::calls`](super::ClusterWorld::calls).
    Asked {
        /// Whom.
        node: NodeId,
        /// Which call.
        call: usize,
    },
    /// A client heard an answer.
    Answered {
        /// From whom.
        node: NodeId,
        /// To which call.
        call: usize,
    },
    /// The world did something to a node or to the network.
    Fault {
        /// To which node.
        node: Option<NodeId>,
        /// What.
        text: String,
    },
}

/// How often rare things happened: a simulation in which one of them never did proves little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// A node became leader.
    pub elections: u64,
    /// A node became leader while ranges changed hands.
    pub elections_in_handover: u64,
    /// A ring change began.
    pub handovers: u64,
    /// A node had pulled all that it was to hold.
    pub catch_ups: u64,
    /// A read mended replicas that disagreed.
    pub read_repairs: u64,
    /// A write left a hint.
    pub hints_kept: u64,
    /// A hint brought something new.
    pub hints_used: u64,
    /// A hint came for a key that was deleted meanwhile.
    pub hints_too_late: u64,
    /// Comparing digests brought something new.
    pub compared: u64,
    /// A handover brought something new.
    pub handed_over: u64,
    /// A dead record was forgotten everywhere.
    pub forgotten: u64,
    /// A message of another epoch was refused.
    pub wrong_epochs: u64,
    /// A message was too old.
    pub too_old: u64,
    /// An operation began anew under a new ring.
    pub restarted: u64,
    /// An invalidation took effect on a node.
    pub sweeps: u64,
    /// A node was let go though it lived, and came back as a new one.
    pub returned: u64,
}

impl Counts {
    pub(super) fn note(&mut self, note: &Note) {
        let count = match note {
            Note::Elected { .. } => &mut self.elections,
            Note::Epoch { is_handover: true, .. } => &mut self.handovers,
            Note::CaughtUp { .. } => &mut self.catch_ups,
            Note::Repairs { .. } => &mut self.read_repairs,
            Note::HintKept { .. } => &mut self.hints_kept,
            Note::HintTooLate { .. } => &mut self.hints_too_late,
            Note::Kept { how: How::Hinted, .. } => &mut self.hints_used,
            Note::Kept { how: How::Compared, .. } => &mut self.compared,
            Note::Kept { how: How::HandedOver, .. } => &mut self.handed_over,
            Note::Forgot { .. } => &mut self.forgotten,
            Note::WrongEpoch { .. } => &mut self.wrong_epochs,
            Note::TooOld => &mut self.too_old,
            Note::Restarted { .. } => &mut self.restarted,
            Note::Invalidated { .. } => &mut self.sweeps,
            Note::LeftCluster { may_return: true } => &mut self.returned,
            _ => return,
        };
        *count += 1;
    }

    /// Each count by its name.
    pub fn all(&self) -> [(&'static str, u64); 16] {
        [
            ("elections", self.elections),
            ("elections during a handover", self.elections_in_handover),
            ("handovers begun (a node each)", self.handovers),
            ("nodes caught up", self.catch_ups),
            ("read repairs", self.read_repairs),
            ("hints kept", self.hints_kept),
            ("hints that brought something", self.hints_used),
            ("hints after the tombstone", self.hints_too_late),
            ("records from comparing digests", self.compared),
            ("records handed over", self.handed_over),
            ("dead records forgotten", self.forgotten),
            ("messages of another epoch", self.wrong_epochs),
            ("messages too old", self.too_old),
            ("operations begun anew", self.restarted),
            ("invalidations (a node each)", self.sweeps),
            ("nodes let go that came back", self.returned),
        ]
    }

    /// Adds those of another world.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.elections, other.elections),
            (&mut self.elections_in_handover, other.elections_in_handover),
            (&mut self.handovers, other.handovers),
            (&mut self.catch_ups, other.catch_ups),
            (&mut self.read_repairs, other.read_repairs),
            (&mut self.hints_kept, other.hints_kept),
            (&mut self.hints_used, other.hints_used),
            (&mut self.hints_too_late, other.hints_too_late),
            (&mut self.compared, other.compared),
            (&mut self.handed_over, other.handed_over),
            (&mut self.forgotten, other.forgotten),
            (&mut self.wrong_epochs, other.wrong_epochs),
            (&mut self.too_old, other.too_old),
            (&mut self.restarted, other.restarted),
            (&mut self.sweeps, other.sweeps),
            (&mut self.returned, other.returned),
        ] {
            *mine += theirs;
        }
    }
}
