//! What nodes send each other, what clients ask, and what a node reports of itself.

use std::fmt;
use std::sync::Arc;

use super::ids::{Micros, NodeId, NodeSet, Version};
use super::level::Level;
use super::raft::Vote;
use super::record::{Key, Record, Value};
use super::store::LEAVES;
use super::time::TimeBounds;

/// A message with the header that every message carries.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Who sends it.
    pub from: NodeId,
    /// Its incarnation.
    pub incarnation: u16,
    /// The epoch of its ring. Receivers accept data only under their own epoch.
    pub epoch: u64,
    /// When it was sent, in cluster time; `None` from a node that does not know it. Data that was under way too long is
    /// dropped.
    pub sent: Option<Micros>,
    /// What it says.
    pub message: Message,
}

/// A key, with the hash by which the sender placed it, so that a receiver with another hash function notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The key.
    pub key: Key,
    /// Its hash.
    pub hash: u64,
}

/// What a message says.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each field is named by its type, and the variant says what it is for")]
pub enum Message {
    /// Which version of the key do you hold?
    Query { op: u64, at: Placed },
    /// This one, or none. A write's version must be greater than `floor`; `sweeps` are the invalidations by tag in force at the
    /// sender.
    Answer { op: u64, key: Key, record: Option<Record>, floor: Version, sweeps: Vec<(Key, Record)> },
    /// Keep this, unless you hold something newer. `sweep` is the invalidation by tag that made it a tombstone, if one did.
    Store { op: u64, at: Placed, record: Record, sweep: Option<(Key, Record)> },
    /// It is kept.
    Stored { op: u64, key: Key },
    /// Not done: another epoch, not my key, or not ready yet.
    Refused { op: u64, key: Key },
    /// A write that you missed.
    Hint { at: Placed, record: Record },
    /// I have it now.
    Hinted { key: Key, version: Version },
    /// The digests of the records that both of us should hold.
    Digest { leaves: [u64; LEAVES] },
    /// Where the digests differ (one bit for each leaf), I hold these versions.
    Versions { leaves: u16, list: Vec<(Key, Version)> },
    /// I lack these.
    Want { keys: Vec<Key> },
    /// Keep these, unless you hold something newer.
    Records { list: Vec<(Key, Record)> },
    /// Do you hold this dead version too? (Before a record is forgotten.)
    Confirm { at: Placed, version: Version },
    /// Yes, or no.
    Confirmed { key: Key, version: Version, yes: bool },
    /// All replicas hold it dead: forget it.
    Forget { at: Placed, version: Version },
    /// Give me the records that I should hold, after this key.
    Pull { after: Option<Key> },
    /// Some of them; `last` is the key to go on from, `None` at the end.
    Batch { after: Option<Key>, list: Vec<(Key, Record)>, last: Option<Key>, floor: Version },
    /// I hold all that I should under this epoch's rings.
    Whole,
    /// The agreed log's messages.
    Vote(Vote),
    /// Let me join.
    Hello { weight: u8 },
    /// I do not lead, so I cannot admit you: ask all of these, one of them leads.
    Members { nodes: NodeSet },
    /// You are no longer a member; come back with a new incarnation if you may.
    Removed { incarnation: u16, may_return: bool },
    /// Remove this node, as an operator asked.
    Leave { node: NodeId },
    /// I am alive; my rings have this digest.
    Beat { ring: u64 },
    /// What time is it? My clock stands at `asked`.
    TimeAsk { asked: Micros },
    /// This.
    TimeIs { asked: Micros, bounds: TimeBounds },
}

impl Message {
    /// Its name in traces.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Query { .. } => "query",
            Self::Answer { .. } => "answer",
            Self::Store { .. } => "store",
            Self::Stored { .. } => "stored",
            Self::Refused { .. } => "refused",
            Self::Hint { .. } => "hint",
            Self::Hinted { .. } => "hinted",
            Self::Digest { .. } => "digest",
            Self::Versions { .. } => "versions",
            Self::Want { .. } => "want",
            Self::Records { .. } => "records",
            Self::Confirm { .. } => "confirm",
            Self::Confirmed { .. } => "confirmed",
            Self::Forget { .. } => "forget",
            Self::Pull { .. } => "pull",
            Self::Batch { .. } => "batch",
            Self::Whole => "whole",
            Self::Vote(Vote::Ask { is_trial: true, .. }) => "pre-vote?",
            Self::Vote(Vote::Ask { .. }) => "vote?",
            Self::Vote(Vote::Given { is_trial: true, yes: true, .. }) => "pre-vote",
            Self::Vote(Vote::Given { is_trial: true, .. }) => "no-pre-vote",
            Self::Vote(Vote::Given { yes: true, .. }) => "vote",
            Self::Vote(Vote::Given { .. }) => "no-vote",
            Self::Vote(Vote::Append { .. }) => "append",
            Self::Vote(Vote::Appended { .. }) => "appended",
            Self::Hello { .. } => "hello",
            Self::Members { .. } => "members",
            Self::Removed { .. } => "removed",
            Self::Leave { .. } => "leave",
            Self::Beat { .. } => "beat",
            Self::TimeAsk { .. } => "time?",
            Self::TimeIs { .. } => "time",
        }
    }

    /// The key that it is about, if it is about one.
    pub const fn key(&self) -> Option<&Key> {
        match self {
            Self::Query { at, .. }
            | Self::Store { at, .. }
            | Self::Hint { at, .. }
            | Self::Confirm { at, .. }
            | Self::Forget { at, .. } => Some(&at.key),
            Self::Answer { key, .. }
            | Self::Stored { key, .. }
            | Self::Refused { key, .. }
            | Self::Hinted { key, .. }
            | Self::Confirmed { key, .. } => Some(key),
            _ => None,
        }
    }

    /// The record that it carries, if it carries one.
    pub const fn record(&self) -> Option<&Record> {
        match self {
            Self::Answer { record, .. } => record.as_ref(),
            Self::Store { record, .. } | Self::Hint { record, .. } => Some(record),
            _ => None,
        }
    }

    /// The version that it is about, if it is about one.
    pub fn version(&self) -> Option<Version> {
        match self {
            Self::Hinted { version, .. }
            | Self::Confirm { version, .. }
            | Self::Confirmed { version, .. }
            | Self::Forget { version, .. } => Some(*version),
            _ => self.record().map(|record| record.version),
        }
    }

    /// Whether it is sent all the time, independent of clients.
    pub const fn is_routine(&self) -> bool {
        matches!(
            self,
            Self::Beat { .. }
                | Self::Digest { .. }
                | Self::TimeAsk { .. }
                | Self::TimeIs { .. }
                | Self::Whole
                | Self::Vote(Vote::Append { .. } | Vote::Appended { .. })
        )
    }
}

/// What a client asks of a node, which then coordinates it.
#[derive(Debug, Clone)]
pub enum Request {
    /// Read a key.
    Read {
        /// The key.
        key: Key,
        /// How many replicas must answer.
        level: Level,
        /// The session's token: the newest version of this key that the client has seen.
        at_least: Version,
    },
    /// Write a key, or delete it.
    Write {
        /// The key.
        key: Key,
        /// The value; `None` deletes.
        value: Option<Value>,
        /// The time to live.
        ttl: Option<Micros>,
        /// A word by which `invalidate tag:…` finds it.
        tag: Option<Arc<str>>,
        /// How many replicas must have it.
        level: Level,
        /// The session's token.
        at_least: Version,
    },
    /// Delete every key that a selector reaches: `user:*`, `namespace:user`, `tag:hot`.
    Invalidate {
        /// The selector.
        selector: String,
    },
    /// Let a node go.
    Leave {
        /// Which one.
        node: NodeId,
    },
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// What was read, and its version for the session's token.
    Read {
        /// The value, or nothing.
        value: Option<Value>,
        /// The version of the value or tombstone.
        version: Version,
    },
    /// It is written.
    Written {
        /// Its version.
        version: Version,
    },
    /// The request to remove a node was passed on; the log decides.
    Noted,
    /// It was not done, or perhaps only in part.
    Failed(Failure),
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Too few replicas answered in time. A write may have reached some of them.
    TooFew {
        /// The level asked for.
        level: Level,
        /// How many it needs.
        needed: usize,
        /// Who answered.
        answered: NodeSet,
        /// Who should have.
        replicas: NodeSet,
    },
    /// Replicas answered, but all of them with less than the session has seen.
    Behind {
        /// Who answered so.
        answered: NodeSet,
    },
    /// The node does not know cluster time or the ring yet.
    NotReady,
    /// The node is down or paused.
    Down,
    /// The key is empty, or begins with a character that is not for clients.
    BadKey,
    /// There are [`SWEEPS_MAX`](super::store::SWEEPS_MAX) invalidations already that wait to be forgotten.
    TooManySweeps,
    /// Key and value take more than a node may hold.
    TooBig {
        /// How many bytes they take.
        bytes: usize,
        /// How many a node may hold.
        limit: usize,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { level, needed, answered, replicas } => write!(
                f,
                "{level} needs {needed} of the replicas {replicas}; {answered} answered in time: heal, restart or try again"
            ),
            Self::Behind { answered } => write!(
                f,
                "the session has seen a newer version of this key than {answered} have, and no other replica answered in time: heal, restart or try again"
            ),
            Self::NotReady => {
                f.write_str("the node does not know the time or the ring yet: try again, or ask another node")
            }
            Self::Down => f.write_str("the node is down: restart it, or ask another one"),
            Self::BadKey => f.write_str("this key is empty or begins with a control character: choose another one"),
            Self::TooBig { bytes, limit } => {
                write!(
                    f,
                    "key and value take {bytes} bytes, more than the {limit} that a node may hold: write less, or give the nodes more memory"
                )
            }
            Self::TooManySweeps => f.write_str("too many invalidations wait to be forgotten: try again later"),
        }
    }
}

/// What a node reports of itself because no observer could see it from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is named by its type, and the variant says what it is for")]
pub enum Note {
    /// It leads the term.
    Elected { term: u64 },
    /// Its ring epoch is now this.
    Epoch { epoch: u64, is_handover: bool },
    /// It holds all records that it should.
    CaughtUp { epoch: u64 },
    /// It stored a version of a key.
    Kept { key: Key, version: Version, is_tombstone: bool, how: How },
    /// Enough replicas of a key answered: these, of those that the ring names.
    Enough { key: Key, answered: NodeSet, needed: usize, replicas: NodeSet },
    /// A write came with a version older than the record that it holds.
    CameLate { key: Key, version: Version },
    /// It came back without its disk and has not caught up, so it does not answer and does not count for a quorum.
    NotWhole { key: Key },
    /// The session has seen a newer version than those in the answers.
    BehindSession { key: Key },
    /// A read found that one write was deleted, by an invalidation by tag or an eviction: the replicas are asked once more.
    LooksAgain { key: Key },
    /// A dead record may not be forgotten yet: this node does not hold it.
    NotForgotten { key: Key, node: NodeId },
    /// Entries of the log that were never committed gave way to the leader's.
    LogCut,
    /// A read found replicas that disagree, and repairs them before it answers.
    Repairs { key: Key },
    /// A replica that did not answer is to get the write later.
    HintKept { key: Key, node: NodeId },
    /// A hint came for a key that has been deleted since.
    HintTooLate { key: Key },
    /// It was over its limit of memory, and deletes this one write of the key on all replicas.
    Evicted { key: Key, record: Record, is_expired: bool },
    /// A dead record was forgotten on all replicas.
    Forgot { key: Key, version: Version },
    /// A message's key had another hash than the receiver computes, or was not the receiver's.
    Misplaced { key: Key },
    /// A message under another epoch was refused.
    WrongEpoch { theirs: u64 },
    /// Data that was under way for too long was dropped.
    TooOld,
    /// An operation started again under a new ring.
    Restarted { key: Key },
    /// The invalidation with this selector took effect here.
    Invalidated { selector: String, keys: usize },
    /// It is no member any more.
    LeftCluster { may_return: bool },
    /// Another node's ring is not this node's, at the same epoch.
    RingsDiffer { with: NodeId },
}

/// How a record came to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By a client's write, or by the repair of a read.
    Written,
    /// By a hint.
    Hinted,
    /// By comparing digests.
    Compared,
    /// By a handover.
    HandedOver,
}

/// What a node does: messages, answers to clients, and notes.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// Messages and to whom.
    pub sends: Vec<(NodeId, Envelope)>,
    /// Answers, by the number that the client gave to its request.
    pub replies: Vec<(u64, Outcome)>,
    /// What it tells.
    pub notes: Vec<Note>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_a_pre_vote_is_no_vote_by_name() {
        let given = |is_trial, yes| Message::Vote(Vote::Given { is_trial, term: 1, yes }).name();
        let asked = |is_trial| Message::Vote(Vote::Ask { is_trial, term: 1, last: 0, last_term: 0 }).name();
        assert_eq!([asked(true), given(true, true), given(true, false)], ["pre-vote?", "pre-vote", "no-pre-vote"]);
        assert_eq!([asked(false), given(false, true), given(false, false)], ["vote?", "vote", "no-vote"]);
    }
}
