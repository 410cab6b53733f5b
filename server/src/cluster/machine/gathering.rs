//! What a node with an empty folder has heard of the others.

use std::collections::BTreeMap;

use cachedojo::cluster::{NodeId, NodeSet};

/// What the others answered so far.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    pub(super) heard: BTreeMap<NodeId, Heard>,
    /// What the founders do not agree on.
    pub(super) trouble: Option<String>,
}

/// What one of them answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    /// Its own life; 0 while it gathers too.
    pub(super) life: u16,
    /// The last life of this node that it knows.
    pub(super) known: u16,
    pub(super) founders: NodeSet,
}

impl Gathering {
    /// Who has answered.
    pub(super) fn nodes_heard(&self) -> NodeSet {
        self.heard.keys().copied().collect()
    }
}
