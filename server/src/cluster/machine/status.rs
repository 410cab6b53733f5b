//! How a node is, as `GET /cluster/status` tells it.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use cachedojo::cluster::raft::Role;
use cachedojo::cluster::{Node, NodeId, NodeSet};
use serde_json::{Map, Value, json};

use super::{Machine, Stage};

impl Machine {
    /// All that an operator may want to know.
    pub(super) fn status(&self) -> Value {
        let net = &self.links.net;
        let mut status = match &self.stage {
            Stage::Gathering(gathering) => {
                let waits_for = self.config.founders().less(gathering.nodes_heard()).less(NodeSet::of(self.config.id));
                json!({"stage": "gathering", "waits_for": names(waits_for), "trouble": gathering.trouble})
            }
            Stage::Running(node) => self.node_status(node),
        };
        status["node"] = json!(self.config.id.to_string());
        status["cluster"] = json!(self.config.cluster);
        status["address"] = json!(net.address.to_string());
        status["peers"] = self.peers_status();
        status["dropped_messages"] = json!(net.dropped.load(Ordering::Relaxed));
        status["refused_connections"] = json!(net.refused.load(Ordering::Relaxed));
        status["syncs"] = json!(self.journal.syncs);
        status
    }

    /// Why the node serves no keys, and what to do; `None` if it does.
    pub(super) fn trouble(&self) -> Option<String> {
        let me = self.config.id;
        match &self.stage {
            Stage::Gathering(gathering) => Some(gathering.trouble.clone().unwrap_or_else(|| {
                format!("{me} waits for the nodes that found the cluster with it: the status tells for which")
            })),
            Stage::Running(node) if node.has_left() => {
                Some(format!("{me} was let go and does not come back as it is: {}", remedy("this one")))
            }
            Stage::Running(node) => self.cut_off(node),
        }
    }

    /// Why a running node can serve no key just now: it is new, or reaches too few others for any key's quorum.
    fn cut_off(&self, node: &Node) -> Option<String> {
        let (me, view) = (self.config.id, node.view());
        if view.epoch == 0 || node.time().is_none() {
            return Some(format!(
                "{me} does not know the time or the ring yet, and will in a moment if it reaches the others"
            ));
        }
        let members = view.ring.members();
        let reached = members.iter().filter(|&id| id == me || self.links.is_up(id)).count();
        let quorum = view.ring.quorum();
        (reached < quorum).then(|| {
            format!(
                "{me} reaches {reached} of {} members, itself included, and a quorum needs {quorum}: start the others",
                members.len()
            )
        })
    }

    /// What has to be done for a node to come back that was let go.
    pub(super) fn way_back(&self, gone: NodeId) -> Option<String> {
        let Stage::Running(node) = &self.stage else { return None };
        let view = node.view();
        let &(life, may_return) = view.gone.get(&gone)?;
        let is_out = !may_return && !view.members.contains_key(&gone);
        is_out.then(|| format!("{gone} was let go in its life {life}, and comes only in another: {}", remedy("it")))
    }

    fn node_status(&self, node: &Node) -> Value {
        let view = node.view();
        let members: Map<String, Value> = view
            .members
            .iter()
            .map(|(id, member)| (id.to_string(), json!({"life": member.incarnation, "weight": member.weight})))
            .collect();
        let (term, role) = node.term();
        let role = match role {
            Role::Leader => "leader",
            Role::Candidate | Role::Trial => "candidate",
            Role::Follower => "follower",
        };
        json!({
            "stage": if node.has_left() { "left" } else { "running" },
            "life": node.incarnation(),
            "term": term,
            "role": role,
            "leader": node.leader().map(|leader| leader.to_string()),
            "epoch": view.epoch,
            "ring": format!("{:016x}", view.ring_digest()),
            "members": members,
            "placed": names(view.ring.members()),
            "is_in_handover": view.next.is_some(),
            "is_whole": node.is_whole(),
            "knows_time": node.time().is_some(),
            "records": node.store().len(),
            "memory_bytes": node.store().bytes(),
            "memory_limit": node.memory_limit(),
            "evictions": node.evictions(),
            "hints": node.hint_count(),
            "leaving": names(self.wishes),
            "trouble": self.trouble(),
        })
    }

    fn peers_status(&self) -> Value {
        let troubles = self.links.net.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = |id: &NodeId| {
            let address = self.peers.get(id).and_then(|peer| peer.address).map(|address| address.to_string());
            json!({"address": address, "is_connected": self.links.is_up(*id), "trouble": troubles.get(id)})
        };
        Value::Object(self.peers.keys().map(|id| (id.to_string(), peer(id))).collect())
    }
}

/// How a node that was let go comes back.
fn remedy(whom: &str) -> String {
    format!("end {whom} if it runs, move its data folder away, and start it again")
}

fn names(nodes: NodeSet) -> Vec<String> {
    nodes.iter().map(|node| node.to_string()).collect()
}
