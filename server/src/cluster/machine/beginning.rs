//! How a node with an empty folder begins. It may be one of those who found the cluster, it may be new, or it may have been here before and
//! lost its disk; and then it must not be taken for the one that it was, for it has forgotten what that one promised.
//!
//! So every node keeps, for each other one, the last life in which it was met and the number of its disk, and tells when it is greeted.
//! A node with an empty folder promises nothing before it knows which life it is in: it founds the cluster only when all others who are to
//! found it have answered that they never met it.

use anyhow::Result;
use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::{Disk, Micros, NodeId, NodeSet};

use super::super::frame::{Answer, Greeting};
use super::super::journal::Peer;
use super::gathering::Heard;
use super::{Machine, Stage};

/// How long after its last message a connected node counts as here. It says twice a second that it is, but a machine may be busy.
const HERE_FOR: Micros = 10 * SECOND;

impl Machine {
    /// A node connected: what does it hear, and what is learnt of it?
    pub(super) fn greeted(&mut self, greeting: &Greeting) -> Answer {
        let Greeting { from, address, life, disk, ref others, .. } = *greeting;
        let me = self.config.id;
        let Some(&known) = self.peers.get(&from) else {
            let sentence = format!(
                "{from} is not known to {me}: announce it first, with POST /cluster/members and {{\"join\": \"{from}\"}}"
            );
            return Answer::Refused { sentence: sentence.into() };
        };
        if let Some(sentence) = self.twin(greeting, known) {
            return Answer::Refused { sentence: sentence.into() };
        }
        let last = self.last_life(from, known);
        let is_met = life == known.life && disk == known.disk;
        if life > 0 && (life < last || life == known.life && !is_met) {
            return Answer::Over { life: last };
        }
        let is_running = matches!(self.stage, Stage::Running(_));
        self.meet(from, |peer| {
            peer.address = address.or(peer.address);
            if life > 0 && is_running {
                (peer.life, peer.disk) = (life, disk);
            }
        });
        self.hear_of(others.clone());
        let all = self.peers.iter().map(|(&node, peer)| (node, peer.address)).collect();
        let (life, founders) = match &self.stage {
            Stage::Gathering(_) => (0, self.config.founders()),
            Stage::Running(node) => (node.incarnation(), node.view().founders),
        };
        Answer::Welcome { life, known: last, founders, others: all }
    }

    /// Why a node may be another one than the one of its name that is known here. Two of one name would each undo what the other does.
    fn twin(&self, greeting: &Greeting, known: Peer) -> Option<String> {
        let Greeting { from, address: Some(address), life, .. } = *greeting else { return None };
        let me = self.config.id;
        let named = self.config.peers.get(&from).filter(|named| named.port() != 0);
        if let (Stage::Gathering(_), 0, Some(named)) = (&self.stage, life, named)
            && *named != address
        {
            return Some(format!(
                "the peers of {me} have {from} at {named}, and this one is at {address}: give all founders the same --peers, and each its own --node"
            ));
        }
        // One whose machine is gone without a word still seems connected: it has not been heard for a while.
        let is_heard = self.heard.get(&from).is_some_and(|&heard| self.clock.readings().mono < heard + HERE_FOR);
        let at = known.address.filter(|known| *known != address && is_heard && self.links.is_up(from))?;
        Some(format!("{from} is connected to {me} already, from {at}: end that one, or give this one another --node"))
    }

    /// The last life of a node of which this one knows: that it was met in, or that the log tells of beyond the founding.
    fn last_life(&self, of: NodeId, peer: Peer) -> u16 {
        let Stage::Running(node) = &self.stage else { return peer.life };
        let view = node.view();
        let gone = view.gone.get(&of).map_or(0, |&(life, _)| life);
        let member = view.members.get(&of).map_or(0, |member| member.incarnation);
        let is_founding = member == 1 && node.view().founders.contains(of);
        peer.life.max(gone).max(if is_founding { 0 } else { member })
    }

    /// A node answered what this one said in that life.
    pub(super) fn answered(&mut self, from: NodeId, to_life: u16, answer: Answer) -> Result<()> {
        match answer {
            Answer::Welcome { life, known, founders, others } => {
                if let Stage::Gathering(gathering) = &mut self.stage {
                    gathering.heard.insert(from, Heard { life, known, founders });
                }
                self.hear_of(others);
                self.decide()
            }
            Answer::Over { life } => match &self.stage {
                Stage::Running(node) if node.incarnation() == to_life && to_life <= life && life < u16::MAX => {
                    self.begin(Disk::blank(self.config.id, life + 1, 1))
                }
                _ => Ok(()),
            },
            Answer::Refused { .. } => Ok(()),
        }
    }

    /// Begins, if what was heard is enough to know how.
    pub(super) fn decide(&mut self) -> Result<()> {
        let Stage::Gathering(gathering) = &mut self.stage else { return Ok(()) };
        let me = self.config.id;
        let founders = self.config.founders();
        let heard = || gathering.heard.values();
        let known = heard().map(|heard| heard.known).max().unwrap_or(0);
        // Of a cluster that is there: who has joined and knows nothing yet has nothing to say.
        let is_new = heard().any(|heard| heard.life > 0 && !heard.founders.is_empty() && !heard.founders.contains(me));
        if (known > 0 || is_new) && known < u16::MAX {
            return self.begin(Disk::blank(me, known + 1, 1));
        }
        let differs = gathering.heard.iter().find(|(_, heard)| heard.life == 0 && heard.founders != founders);
        gathering.trouble = differs.map(|(node, heard)| {
            format!(
                "{node} was given the peers {}, and this node {founders}: give all founders the same",
                heard.founders
            )
        });
        let speaks = |node: &NodeId| {
            gathering.heard.get(node).is_some_and(|heard| {
                if heard.life == 0 { heard.founders == founders } else { heard.founders.contains(me) }
            })
        };
        if founders.less(NodeSet::of(me)).iter().all(|node| speaks(&node)) {
            let now = self.clock.readings();
            return self.begin(Disk::founder(me, founders, &self.settings, now));
        }
        Ok(())
    }
}
