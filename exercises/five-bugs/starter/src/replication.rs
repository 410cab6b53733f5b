//! Replication: entries are sent to the nodes that they belong to, and kept there.

use crate::api::Effect;
use crate::node::NodeClock;
use crate::protocol::Message;
use crate::storage::{CacheStorage, Entry, Version};

/// Sends entries to peers and keeps theirs. It also counts versions: a counter that only grows, and that is never behind a
/// counter that this node has seen.
pub struct ReplicationManager {
    node_id: String,
    counter: u64,
    /// The longest that a message was on its way, in milliseconds.
    longest_lag: u64,
}

impl ReplicationManager {
    pub fn new(node_id: &str) -> Self {
        Self { node_id: node_id.to_owned(), counter: 0, longest_lag: 0 }
    }

    /// A version that is later than all that this node has seen.
    pub fn next_version(&mut self) -> Version {
        self.counter += 1;
        Version { counter: self.counter, node_id: self.node_id.clone() }
    }

    /// Notes a counter that a peer has seen.
    pub fn observe(&mut self, counter: u64) {
        self.counter = self.counter.max(counter);
    }

    /// Sends an entry to a peer.
    pub fn replicate(&self, op: u64, to: &str, key: &str, entry: &Entry, clock: &NodeClock, effects: &mut Vec<Effect>) {
        let (key, entry, sent_at) = (key.to_owned(), entry.clone(), clock.current_time());
        let message = Message::Replicate { op, key, entry, sent_at };
        effects.push(Effect::Send { to: to.to_owned(), bytes: message.encode() });
    }

    /// Keeps an entry that a peer sent, and answers.
    pub fn apply(
        &mut self,
        op: u64,
        key: &str,
        entry: Entry,
        sent_at: u64,
        clock: &NodeClock,
        storage: &mut CacheStorage,
    ) -> Message {
        // The clocks of two nodes may differ a little: a message is never on its way for less than no time.
        self.longest_lag = self.longest_lag.max(clock.current_time().saturating_sub(sent_at));
        self.observe(entry.version.counter);
        let kept = match storage.put(key, entry) {
            Ok(()) => true,
            Err(newer) => {
                self.observe(newer.counter);
                false
            }
        };
        Message::Ack { op, kept, counter: self.counter }
    }
}
