//! The cluster at one moment, as the page shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::tell::CarriedView;

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
    /// Its ring epoch; while it is down, that of its disk.
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

/// A message under way, but for those that nodes send all the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// The sender.
    pub from: String,
    /// The receiver.
    pub to: String,
    /// Its kind.
    pub name: String,
    /// The key that it concerns.
    pub key: Option<String>,
    /// What it carries of that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carries: Option<CarriedView>,
    /// When it was sent, in microseconds since the cluster began.
    pub sent_us: u64,
    /// When it will arrive; `None` where it waits for a paused node.
    pub due_us: Option<u64>,
}

/// The rules of the network in force, but for cuts, which are told by node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkView {
    /// How many of a thousand messages are lost.
    pub drop: u64,
    /// How many of a thousand arrive twice.
    pub duplicate: u64,
    /// Up to how long each message is delayed at random, in microseconds.
    pub reorder_us: u64,
    /// Which ways are slow.
    pub delays: Vec<DelayView>,
}

/// A way on which messages are delayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DelayView {
    /// From this node.
    pub from: String,
    /// To this one.
    pub to: String,
    /// By so long, in microseconds.
    pub by_us: u64,
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
    /// What the network does with messages.
    pub network: NetworkView,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;
    use crate::runner::Runner;
    use crate::script::{Dialect, parse};

    /// The cluster after the last command of a script.
    fn view_after(script: &str) -> ClusterView {
        let script = parse(script, Dialect::Lab);
        assert!(script.diagnostics.is_empty(), "{:?}", script.diagnostics);
        let (mut runner, mut reference, mut events) = (Runner::new(0), Reference::default(), Vec::new());
        while runner.step(&script, &mut reference, &mut events) {}
        runner.cluster().expect("a cluster").view()
    }

    #[test]
    fn messages_under_way_tell_what_they_carry_and_those_sent_all_the_time_are_left_out() {
        let slow = view_after("cluster nodes=3\ndelay n1->n3 300ms\nwrite k v via=n1");
        let to_n3: Vec<_> = slow.messages.iter().filter(|one| one.to == "n3").collect();
        let [query, store] = to_n3.as_slice() else { panic!("{:#?}", slow.messages) };
        assert_eq!((query.name.as_str(), query.key.as_deref(), &query.carries), ("query", Some("k"), &None));
        let carried = store.carries.as_ref().expect("a record");
        assert_eq!((carried.value.as_deref(), carried.is_tombstone), (Some("v"), false));
        assert!(carried.version.ends_with("@n1") && store.due_us > Some(store.sent_us + 300_000), "{store:?}");
        assert_eq!(slow.network.delays, [DelayView { from: "n1".into(), to: "n3".into(), by_us: 300_000 }]);

        let deleted = view_after("cluster nodes=3\ndelay n1->n3 300ms\nerase k via=n1");
        assert!(deleted.messages.iter().any(|one| one.carries.as_ref().is_some_and(|it| it.is_tombstone)));

        let asleep = view_after("cluster nodes=3\npause n3\nwrite k v via=n1\ntick 100ms");
        let waits = |one: &MessageView| one.to == "n3" && one.due_us.is_none();
        assert!(asleep.messages.iter().any(waits), "{:#?}", asleep.messages);
        assert!(asleep.messages.iter().all(|one| one.name != "beat"), "{:#?}", asleep.messages);
    }

    #[test]
    fn the_networks_rules_are_told_and_a_node_that_is_down_keeps_its_epoch() {
        let rules = view_after("cluster nodes=3\ndrop 2.5%\nduplicate 10%\nreorder 40ms\nkill n2");
        let expected = NetworkView { drop: 25, duplicate: 100, reorder_us: 40_000, delays: Vec::new() };
        assert_eq!(rules.network, expected);
        let epochs: Vec<_> = rules.nodes.iter().map(|node| (node.status, node.epoch)).collect();
        assert_eq!(epochs, [(NodeStatus::Up, 1), (NodeStatus::Down, 1), (NodeStatus::Up, 1)]);
        assert_eq!(view_after("cluster nodes=3\ndrop 5%\nheal").network.drop, 0);
    }
}
