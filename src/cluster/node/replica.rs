//! The replica: answers coordinators about the keys it holds.

use crate::cluster::ids::NodeId;
use crate::cluster::message::{How, Message, Note, Placed};
use crate::cluster::record::{Key, Record, is_sweep};

use super::Node;

impl Node {
    pub(super) fn hear_query(&mut self, from: NodeId, op: u64, at: &Placed) {
        let is_mine = self.is_mine(at);
        // A node that came back with an empty disk has not caught up: its answer could hide an acknowledged write. One that will be a
        // replica only under the next ring hides nothing: its answer counts for that ring, not for this one.
        let hides = !self.is_whole && self.view.ring.duty(&at.key, at.hash).replicas.contains(self.id);
        if !is_mine || hides {
            if is_mine {
                self.note(Note::NotWhole { key: at.key.clone() });
            }
            return self.send(from, Message::Refused { op, key: at.key.clone() });
        }
        self.store.touch(&at.key);
        let record = self.store.get(&at.key);
        let (floor, sweeps) = (self.store.floor(&at.key), self.store.tag_sweeps());
        self.send(from, Message::Answer { op, key: at.key.clone(), record, floor, sweeps });
    }

    pub(super) fn hear_store(
        &mut self,
        from: NodeId,
        op: u64,
        at: &Placed,
        record: Record,
        sweep: Option<(Key, Record)>,
    ) {
        if !self.is_mine(at) {
            return self.send(from, Message::Refused { op, key: at.key.clone() });
        }
        if let Some((key, record)) = sweep.filter(|(key, _)| is_sweep(key)) {
            self.keep(&key, record, How::Written);
        }
        let version = record.version;
        if !self.keep(&at.key, record, How::Written)
            && self.store.held(&at.key).is_some_and(|held| held.version > version.swept())
        {
            self.note(Note::CameLate { key: at.key.clone(), version });
        }
        self.send(from, Message::Stored { op, key: at.key.clone() });
    }

    /// Keeps a record if it is the newest, and notes it for observers.
    pub(super) fn keep(&mut self, key: &Key, record: Record, how: How) -> bool {
        let (version, is_tombstone) = (record.version, record.value.is_none());
        self.clock.observe(version.clock);
        let before = if is_sweep(key) { self.store.len() } else { 0 };
        let is_kept = self.store.put(key, record);
        if is_kept && is_sweep(key) {
            let swept = self.store.iter().filter(|(_, held)| held.version == version).count();
            let keys = swept.saturating_sub(1).min(before);
            self.note(Note::Invalidated { selector: key[1..].to_owned(), keys });
        } else if is_kept {
            self.note(Note::Kept { key: key.clone(), version, is_tombstone, how });
        }
        is_kept
    }
}
