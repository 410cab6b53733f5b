//! Eviction: a node over its limit of memory deletes a write that it holds, for all replicas.

use crate::cluster::ids::{Micros, NodeSet, Version};
use crate::cluster::level::Level;
use crate::cluster::message::{Note, Placed};
use crate::cluster::record::{Key, Record, hash_of};

use super::Node;
use super::underway::{Aim, Pending, Phase};

impl Node {
    /// Evicts until it is within its limit: expired values first, then the least recently used ones.
    pub(super) fn make_room(&mut self) {
        let (Some(limit), Some(now)) = (self.settings.memory, self.time()) else { return };
        while self.store.bytes() > limit && !self.has_left {
            let Some(key) = self.store.victim(now) else { return };
            self.evict(key, now);
        }
    }

    /// Deletes one write of a key: its tombstone is newer than that write and older than every other. It is stored here at once, and sent
    /// to the other replicas like that of a delete.
    fn evict(&mut self, key: Key, now: Micros) {
        let Some(held) = self.store.held(&key).cloned() else { return };
        let dead = Record { version: held.version.swept(), value: None, deadline: None, written: now, ..held.clone() };
        self.store.put(&key, dead.clone());
        self.evicted += 1;
        let is_expired = held.alive_at(now).is_none();
        self.note(Note::Evicted { key: key.clone(), record: held, is_expired });
        let at = Placed { hash: hash_of(&key), key };
        let aim = Aim::Write { record: dead, at_least: Version::NONE };
        let pending = Pending::new(0, at, Level::Quorum, aim, self.now.mono + self.settings.patience);
        let stored = NodeSet::of(self.id);
        self.begin_operation(Pending { phase: Phase::Store, is_replied: true, stored, ..pending });
    }
}
