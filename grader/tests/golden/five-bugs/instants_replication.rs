//! Entries go to peers with the milliseconds that they have left, counted when the message is made.

use std::time::Duration;

use crate::api::Effect;
use crate::node::NodeClock;
use crate::protocol::Message;
use crate::storage::{CacheStorage, Entry, Version};

pub struct ReplicationManager {
    node_id: String,
    counter: u64,
}

impl ReplicationManager {
    pub fn new(node_id: &str) -> Self {
        Self { node_id: node_id.to_string(), counter: 0 }
    }

    pub fn next_version(&mut self) -> Version {
        self.counter += 1;
        Version { counter: self.counter, node_id: self.node_id.clone() }
    }

    pub fn observe(&mut self, counter: u64) {
        if counter > self.counter {
            self.counter = counter;
        }
    }

    pub fn replicate(&self, op: u64, to: &str, key: &str, entry: &Entry, clock: &NodeClock, effects: &mut Vec<Effect>) {
        let now = clock.current_time();
        let left = entry.expires_at.map(|end| end.saturating_duration_since(now).as_millis() as u64);
        let (value, version) = (entry.value.clone(), entry.version.clone());
        let message = Message::Replicate { op, key: key.to_string(), value, version, left };
        effects.push(Effect::Send { to: to.to_string(), bytes: message.encode() });
    }

    pub fn apply(
        &mut self,
        op: u64,
        key: &str,
        (value, version, left): (Option<Vec<u8>>, Version, Option<u64>),
        clock: &NodeClock,
        storage: &mut CacheStorage,
    ) -> Message {
        self.observe(version.counter);
        let expires_at = left.and_then(|left| clock.current_time().checked_add(Duration::from_millis(left)));
        let kept = match storage.put(key, Entry { value, version, expires_at }) {
            Ok(()) => true,
            Err(newer) => {
                self.observe(newer.counter);
                false
            }
        };
        Message::Ack { op, kept, counter: self.counter }
    }
}
