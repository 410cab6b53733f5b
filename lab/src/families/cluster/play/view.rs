//! The cluster at one moment, as the page shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a node's process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeStatus {
    /// It runs.
    Up,
    /// It stands still, and has all that it had.
    Paused,
    /// It was killed.
    Down,
    /// The cluster removed it.
    Left,
}

impl fmt::Display for NodeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Paused => "paused",
            Self::Down => "down",
            Self::Left => "left",
        })
    }
}

/// What a node is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// It orders what is written to the log.
    Leader,
    /// It follows a leader.
    Follower,
    /// It asks to become the leader.
    Candidate,
    /// Nothing, as it is down or has left.
    #[serde(rename = "")]
    None,
}

impl fmt::Display for NodeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leader => "leader",
            Self::Follower => "follower",
            Self::Candidate => "candidate",
            Self::None => "",
        })
    }
}

/// A node, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Its name.
    pub id: String,
    /// Whether its process runs.
    pub status: NodeStatus,
    /// What it is in the log.
    pub role: NodeRole,
    /// The term of the log, as the node knows it.
    pub term: u64,
    /// Its ring epoch.
    pub epoch: u64,
    /// A digest of its rings: two nodes with the same epoch and different digests disagree.
    pub ring: String,
    /// Whether it holds all records that it should.
    pub is_whole: bool,
    /// Its records, by key.
    pub keys: Vec<HeldView>,
    /// How many hints it keeps for others.
    pub hints: u32,
    /// What its values take of its memory; `None` while it has no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryView>,
    /// How far its wall clock is off, in microseconds.
    pub wall_shift_us: i64,
    /// Cluster time as it estimates it, in microseconds.
    pub cluster_time_us: Option<u64>,
    /// The nodes that its messages do not reach, because the network is cut.
    pub unheard_by: Vec<String>,
}

/// A node's memory, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryView {
    /// The bytes of the keys and values that it holds.
    pub used: u64,
    /// How many it may hold.
    pub limit: u64,
    /// How many values it has evicted since it started.
    pub evicted: u64,
}

/// A record of a node, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldView {
    /// The key, escaped.
    pub key: String,
    /// The value, escaped; `None` for a tombstone.
    pub value: Option<String>,
    /// Its version.
    pub version: String,
    /// Its deadline in cluster time, in microseconds.
    pub deadline_us: Option<u64>,
}

/// A message under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// The sender.
    pub from: String,
    /// The receiver.
    pub to: String,
    /// Its kind.
    pub name: String,
    /// When it was sent, in microseconds since the cluster began.
    pub sent_us: u64,
    /// When it will arrive.
    pub due_us: u64,
}

/// The cluster at one moment, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterView {
    /// The time since it began, in microseconds.
    pub now_us: u64,
    /// All nodes, including those that are down.
    pub nodes: Vec<NodeView>,
    /// The messages under way, the earliest sent first.
    pub messages: Vec<MessageView>,
}
