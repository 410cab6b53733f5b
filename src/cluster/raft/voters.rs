//! Who votes, as the log says.

use std::collections::BTreeMap;

use crate::cluster::ids::NodeId;
use crate::cluster::view::Change;

/// The voters, by the latest entries, committed or not: what a log says, in its order.
pub(super) fn voters<'a>(log: impl Iterator<Item = &'a Change>) -> BTreeMap<NodeId, u16> {
    let mut voters = BTreeMap::new();
    for change in log {
        match change {
            Change::Found { founders } => voters = founders.iter().map(|node| (node, 1)).collect(),
            Change::Admit { node, member } => {
                voters.insert(*node, member.incarnation);
            }
            Change::Remove { node, incarnation, .. } => {
                if voters.get(node) == Some(incarnation) {
                    voters.remove(node);
                }
            }
            Change::Nothing | Change::Begin { .. } | Change::Finish { .. } => {}
        }
    }
    voters
}
