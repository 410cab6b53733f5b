//! What an act is about: which nodes it names, and whether it is one of the network.

use cachedojo::cluster::NodeSet;

use super::Act;

impl Act {
    /// The nodes that it names.
    pub(super) fn nodes(&self) -> NodeSet {
        match self {
            Self::Kill(node)
            | Self::Restart { node, .. }
            | Self::Pause(node)
            | Self::Resume(node)
            | Self::Skew { node, .. }
            | Self::Jump { node, .. }
            | Self::Disk { node, .. }
            | Self::Join { node, .. }
            | Self::Leave(node) => NodeSet::of(*node),
            Self::Block { from, to } | Self::Delay { from, to, .. } => NodeSet::of(*from).or(NodeSet::of(*to)),
            Self::Partition(groups) => groups.iter().fold(NodeSet::EMPTY, |all, group| all.or(*group)),
            Self::Operate { via, .. } => via.map_or(NodeSet::EMPTY, NodeSet::of),
            Self::Session { .. }
            | Self::Heal
            | Self::Drop(_)
            | Self::Duplicate(_)
            | Self::Reorder(_)
            | Self::Settle
            | Self::Tick(_) => NodeSet::EMPTY,
        }
    }

    /// Whether it changes the network's rules.
    pub(super) const fn is_of_network(&self) -> bool {
        match self {
            Self::Partition(_)
            | Self::Block { .. }
            | Self::Heal
            | Self::Delay { .. }
            | Self::Drop(_)
            | Self::Duplicate(_)
            | Self::Reorder(_) => true,
            Self::Operate { .. }
            | Self::Session { .. }
            | Self::Kill(_)
            | Self::Restart { .. }
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Skew { .. }
            | Self::Jump { .. }
            | Self::Disk { .. }
            | Self::Join { .. }
            | Self::Leave(_)
            | Self::Settle
            | Self::Tick(_) => false,
        }
    }
}
