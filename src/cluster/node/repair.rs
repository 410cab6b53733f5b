//! What makes replicas equal again: hints, comparing digests, and forgetting records that are dead everywhere.

use crate::cluster::ids::{Micros, NodeId, NodeSet, Version};
use crate::cluster::message::{How, Message, Note, Placed};
use crate::cluster::record::{Key, Record, hash_of};
use crate::cluster::store::{LEAVES, forgettable, leaf};
use crate::cluster::time::SKEW_BOUND;

use super::underway::Confirmation;
use super::{BEAT_EVERY, Node};

/// The most records or versions in one message.
pub(super) const BATCH: usize = 64;

impl Node {
    pub(super) fn tend_repairs(&mut self) {
        let Some(now) = self.time().filter(|_| self.view.epoch > 0) else { return };
        if self.now.mono >= self.hints_at {
            self.hints_at = self.now.mono + BEAT_EVERY;
            self.send_hints(now);
        }
        if self.now.mono >= self.compare_at {
            self.compare_at = self.now.mono + self.settings.compare_every;
            let others: Vec<_> =
                self.view.placed().iter().filter(|&node| node != self.id && !self.is_away(node)).collect();
            if !others.is_empty() && self.view.placed().contains(self.id) {
                let other = *self.random.pick(&others);
                let leaves = self.shared_digest(other, now);
                self.send(other, Message::Digest { leaves });
            }
        }
        if self.now.mono >= self.forget_at {
            self.forget_at = self.now.mono + self.settings.forget_every;
            self.forget_the_dead(now);
        }
    }

    fn send_hints(&mut self, now: Micros) {
        let life = self.settings.hint_life;
        self.hints.retain(|_, record| record.written.saturating_add(life) > now);
        let due: Vec<_> = self.hints.iter().filter(|((node, _), _)| !self.is_away(*node)).take(BATCH).collect();
        let due: Vec<_> = due.into_iter().map(|((node, key), record)| (*node, key.clone(), record.clone())).collect();
        for (node, key, record) in due {
            let hash = hash_of(&key);
            if self.view.is_responsible(node, &key, hash) {
                self.send(node, Message::Hint { at: Placed { key, hash }, record });
            } else {
                // The ring gave the key to other nodes, and acknowledged writes were handed over to them.
                self.hints.remove(&(node, key));
            }
        }
    }

    pub(super) fn hear_hint(&mut self, from: NodeId, at: &Placed, record: Record) {
        if !self.is_mine(at) {
            return;
        }
        let version = record.version;
        let is_deleted = |held: &Record| held.value.is_none() && held.version > version;
        if self.store.get(&at.key).as_ref().is_some_and(is_deleted) {
            self.note(Note::HintTooLate { key: at.key.clone() });
        }
        self.keep(&at.key, record, How::Hinted);
        self.send(from, Message::Hinted { key: at.key.clone(), version });
    }

    pub(super) fn hear_hinted(&mut self, from: NodeId, key: &Key, version: Version) {
        let place = (from, key.clone());
        if self.hints.get(&place).is_some_and(|held| held.version <= version) {
            self.hints.remove(&place);
        }
    }

    /// Whether both nodes should hold a record. Long-dead ones are left out: one of the two may have forgotten it
    /// already.
    fn is_shared(&self, key: &Key, hash: u64, record: &Record, other: NodeId, now: Micros) -> bool {
        forgettable(record, self.settings.grace()).is_none_or(|over| now < over)
            && self.view.is_responsible(self.id, key, hash)
            && self.view.is_responsible(other, key, hash)
    }

    fn shared_digest(&self, other: NodeId, now: Micros) -> [u64; LEAVES] {
        self.store.digest(|key, hash, record| self.is_shared(key, hash, record, other, now))
    }

    pub(super) fn hear_digest(&mut self, from: NodeId, theirs: &[u64; LEAVES]) {
        let Some(now) = self.time() else { return };
        let mine = self.shared_digest(from, now);
        let differ = (0..LEAVES).filter(|&at| mine[at] != theirs[at]).fold(0_u16, |mask, at| mask | 1 << at);
        if differ != 0 {
            let list = self.versions_in(differ, from, now);
            self.send(from, Message::Versions { leaves: differ, list });
        }
    }

    fn versions_in(&self, leaves: u16, other: NodeId, now: Micros) -> Vec<(Key, Version)> {
        let is_asked = |hash: u64| leaves & 1 << leaf(hash) != 0;
        self.store
            .iter()
            .map(|(key, record)| (key, hash_of(key), record))
            .filter(|(key, hash, record)| is_asked(*hash) && self.is_shared(key, *hash, record, other, now))
            .map(|(key, _, record)| (key.clone(), record.version))
            .take(BATCH * LEAVES)
            .collect()
    }

    pub(super) fn hear_versions(&mut self, from: NodeId, leaves: u16, theirs: &[(Key, Version)]) {
        let Some(now) = self.time() else { return };
        let mine = self.versions_in(leaves, from, now);
        let of = |list: &[(Key, Version)], key: &Key| {
            list.binary_search_by(|(other, _)| other.cmp(key)).map_or(Version::NONE, |at| list[at].1)
        };
        let newer_here = mine.iter().filter(|(key, version)| *version > of(theirs, key));
        let list: Vec<_> =
            newer_here.filter_map(|(key, _)| Some((key.clone(), self.store.held(key)?.clone()))).take(BATCH).collect();
        let keys: Vec<_> = theirs
            .iter()
            .filter(|(key, version)| *version > self.store.held(key).map_or(Version::NONE, |held| held.version))
            .map(|(key, _)| key.clone())
            .take(BATCH)
            .collect();
        if !list.is_empty() {
            self.send(from, Message::Records { list });
        }
        if !keys.is_empty() {
            self.send(from, Message::Want { keys });
        }
    }

    pub(super) fn hear_want(&mut self, from: NodeId, keys: &[Key]) {
        let list: Vec<_> = keys
            .iter()
            .filter(|key| self.view.is_responsible(from, key, hash_of(key)))
            .filter_map(|key| Some((key.clone(), self.store.held(key)?.clone())))
            .take(BATCH)
            .collect();
        if !list.is_empty() {
            self.send(from, Message::Records { list });
        }
    }

    pub(super) fn hear_records(&mut self, list: Vec<(Key, Record)>) {
        for (key, record) in list {
            let hash = hash_of(&key);
            if self.is_mine(&Placed { key: key.clone(), hash }) {
                self.keep(&key, record, How::Compared);
            }
        }
    }

    /// The first replica of a dead record asks the others whether they hold it too. It may be forgotten only when all do and
    /// nothing older can still be under way: otherwise the deleted value would come back from a replica that missed the delete.
    fn forget_the_dead(&mut self, now: Micros) {
        let (grace, life, epoch) = (self.settings.grace(), self.settings.message_life, self.view.epoch);
        if self.view.next.is_some() {
            self.confirmations.clear();
            return;
        }
        let is_first = |key: &Key| {
            let replicas = self.view.ring.duty(key, hash_of(key)).replicas;
            replicas.iter().next() == Some(self.id)
        };
        let dead: Vec<(Key, Version)> = self
            .store
            .iter()
            .filter(|(key, record)| forgettable(record, grace).is_some_and(|over| over <= now) && is_first(key))
            .map(|(key, record)| (key.clone(), record.version))
            .take(BATCH)
            .collect();
        self.confirmations.retain(|key, _| dead.iter().any(|(other, _)| other == key));
        for (key, version) in dead {
            let at = Placed { hash: hash_of(&key), key };
            let replicas = self.view.ring.duty(&at.key, at.hash).replicas;
            let fresh = || Confirmation { version, epoch, confirmed: NodeSet::EMPTY, complete: None };
            let confirmation = self.confirmations.entry(at.key.clone()).or_insert_with(fresh);
            if confirmation.version != version || confirmation.epoch != epoch {
                *confirmation = fresh();
            }
            confirmation.confirmed.insert(self.id);
            let missing = replicas.less(confirmation.confirmed);
            if missing.is_empty() {
                let since = *confirmation.complete.get_or_insert(now);
                if since.saturating_add(life + 2 * SKEW_BOUND) < now {
                    self.confirmations.remove(&at.key);
                    self.note(Note::Forgot { key: at.key.clone(), version });
                    for node in replicas.iter() {
                        self.send(node, Message::Forget { at: at.clone(), version });
                    }
                }
            }
            for node in missing.iter() {
                self.send(node, Message::Confirm { at: at.clone(), version });
            }
        }
    }

    pub(super) fn hear_confirm(&mut self, from: NodeId, at: &Placed, version: Version) {
        if !self.is_mine(at) {
            return;
        }
        let yes = match self.store.get(&at.key) {
            Some(held) => held.version == version,
            None => self.store.forgotten() >= version,
        };
        self.send(from, Message::Confirmed { key: at.key.clone(), version, yes });
    }

    pub(super) fn hear_confirmed(&mut self, from: NodeId, key: &Key, version: Version, yes: bool) {
        if yes {
            if let Some(confirmation) = self.confirmations.get_mut(key).filter(|found| found.version == version) {
                confirmation.confirmed.insert(from);
            }
        } else if let Some(record) = self.store.held(key).filter(|held| held.version == version).cloned() {
            self.note(Note::NotForgotten { key: key.clone(), node: from });
            self.send(from, Message::Records { list: vec![(key.clone(), record)] });
        }
    }

    pub(super) fn hear_forget(&mut self, at: &Placed, version: Version) {
        // A tombstone that follows from a sweep, without being stored, is forgotten too: its version must not be given
        // out again.
        self.store.raise(version);
        self.store.forget(&at.key, version);
    }
}
