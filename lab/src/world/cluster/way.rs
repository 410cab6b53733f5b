//! The messages under way, and what each carries.

use cachedojo::cluster::{Envelope, Micros, NodeId};

use super::story::Carried;
use super::{ClusterWorld, What};

/// A message under way.
#[derive(Debug)]
pub struct UnderWay<'a> {
    /// To whom.
    pub to: NodeId,
    /// When it was sent.
    pub sent: Micros,
    /// When it arrives; `None` for one that waits for a paused node.
    pub due: Option<Micros>,
    /// From whom, and what it says.
    pub envelope: &'a Envelope,
}

impl ClusterWorld {
    /// The messages under way, the earliest sent first; those that wait for a paused node are due at no time.
    pub fn under_way(&self) -> Vec<UnderWay<'_>> {
        let sent = self.agenda.by_cause().filter_map(|(due, what)| match what {
            What::Deliver { to, sent_at, envelope } => {
                Some(UnderWay { to: *to, sent: *sent_at, due: Some(due), envelope })
            }
            What::Tick { .. } | What::Written { .. } => None,
        });
        let waiting = self.hosts.iter().flat_map(|(&to, host)| {
            host.waiting().map(move |(sent, envelope)| UnderWay { to, sent, due: None, envelope })
        });
        let mut all: Vec<_> = waiting.chain(sent).collect();
        all.sort_by_key(|one| one.sent);
        all
    }

    /// What a message carries, where that is told.
    pub(super) fn carried(&self, envelope: &Envelope) -> Carried {
        if self.story.is_some() { Carried::by(&envelope.message) } else { Carried::default() }
    }
}
