//! Consistency: how many replicas an operation waits for, and the regular comparison of replicas.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use crate::api::{ConsistencyLevel, Effect, Reply};
use crate::hash_ring::ConsistentHashRing;
use crate::node::NodeClock;
use crate::protocol::Message;
use crate::replication::ReplicationManager;
use crate::storage::{CacheStorage, Entry, Version};

/// How long an operation waits for replicas.
pub const OPERATION_TIMEOUT: Duration = Duration::from_millis(500);
/// How often replicas are compared.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(30);
/// How often a write is sent anew because a replica knew a later version.
const REWRITES_MAX: u32 = 3;

/// An operation that waits for replicas.
struct Operation {
    request: u64,
    key: String,
    required: usize,
    replicas: Vec<String>,
    /// Who has confirmed, or answered.
    heard: Vec<String>,
    kind: Kind,
    replied: bool,
}

enum Kind {
    Write { entry: Entry, rewrites: u32 },
    Read { newest: Option<(Option<Vec<u8>>, Version)> },
}

/// What an operation works with.
pub struct Parts<'a> {
    pub clock: &'a NodeClock,
    pub replication: &'a mut ReplicationManager,
    pub effects: &'a mut Vec<Effect>,
}

/// Coordinates reads and writes, and compares replicas.
pub struct ConsistencyChecker {
    node_id: String,
    replication_factor: usize,
    ring: Rc<RefCell<ConsistentHashRing>>,
    storage: Rc<RefCell<CacheStorage>>,
    operations: HashMap<u64, Operation>,
    next_op: u64,
    last_check: u64,
    /// For keys that are held here but belong elsewhere: who has them already.
    handed_over: HashMap<String, Vec<String>>,
}

impl ConsistencyChecker {
    pub fn new(
        node_id: &str,
        replication_factor: usize,
        ring: Rc<RefCell<ConsistentHashRing>>,
        storage: Rc<RefCell<CacheStorage>>,
    ) -> Self {
        Self {
            node_id: node_id.to_owned(),
            replication_factor,
            ring,
            storage,
            operations: HashMap::new(),
            next_op: 1,
            last_check: 0,
            handed_over: HashMap::new(),
        }
    }

    /// How many of so many replicas are a quorum: any two quorums share a replica.
    fn calculate_quorum(num_replicas: usize) -> usize {
        // Quorum: majority of replicas (N/2 + 1)
        num_replicas / 2 + 1
    }

    fn required(level: ConsistencyLevel, num_replicas: usize) -> usize {
        match level {
            ConsistencyLevel::One => 1,
            ConsistencyLevel::Quorum => Self::calculate_quorum(num_replicas),
            ConsistencyLevel::All => num_replicas,
        }
    }

    /// The nodes that a key belongs to.
    fn replicas(&self, key: &str) -> Vec<String> {
        let replicas = self.ring.borrow().get_nodes_for_key(key, self.replication_factor);
        if replicas.is_empty() { vec![self.node_id.clone()] } else { replicas }
    }

    /// Writes a key (or, without a value, deletes it) and answers when enough replicas have confirmed.
    pub fn write_with_consistency(
        &mut self,
        request: u64,
        key: &str,
        value: Option<Vec<u8>>,
        expires_at: Option<u64>,
        level: ConsistencyLevel,
        parts: &mut Parts<'_>,
    ) {
        let generation = self.ring.borrow().generation();
        let mut replicas = self.replicas(key);
        // Someone may have rebuilt the ring since: then the replicas are looked up again.
        if self.ring.borrow().generation() != generation {
            replicas = self.replicas(key);
        }
        let version = parts.replication.next_version();
        let entry = Entry { value, version, expires_at };
        let operation = Operation {
            request,
            key: key.to_owned(),
            required: Self::required(level, replicas.len()),
            replicas,
            heard: Vec::new(),
            kind: Kind::Write { entry, rewrites: 0 },
            replied: false,
        };
        let op = self.begin(operation, parts);
        self.send_write(op, parts);
        self.settle(op, parts);
    }

    /// Sends the entry of a write to all its replicas; this node's own copy is written at once.
    fn send_write(&mut self, op: u64, parts: &mut Parts<'_>) {
        let Some(operation) = self.operations.get_mut(&op) else { return };
        let Kind::Write { entry, .. } = &operation.kind else { return };
        for replica in &operation.replicas {
            if *replica == self.node_id {
                if self.storage.borrow_mut().put(&operation.key, entry.clone()).is_ok() {
                    note(&mut operation.heard, replica);
                }
            } else {
                parts.replication.replicate(op, replica, &operation.key, entry, parts.clock, parts.effects);
            }
        }
    }

    /// Reads a key and answers when enough replicas have: with the newest of what they hold.
    pub fn read_with_consistency(&mut self, request: u64, key: &str, level: ConsistencyLevel, parts: &mut Parts<'_>) {
        let replicas = self.replicas(key);
        let operation = Operation {
            request,
            key: key.to_owned(),
            required: Self::required(level, replicas.len()),
            replicas: replicas.clone(),
            heard: Vec::new(),
            kind: Kind::Read { newest: None },
            replied: false,
        };
        let op = self.begin(operation, parts);
        for replica in replicas {
            if replica == self.node_id {
                let held = self.found(key, parts.clock);
                self.on_found(op, &replica, held, parts);
            } else {
                let message = Message::Fetch { op, key: key.to_owned() };
                parts.effects.push(Effect::Send { to: replica, bytes: message.encode() });
            }
        }
    }

    /// What this node holds of a key, for a read.
    pub fn found(&self, key: &str, clock: &NodeClock) -> Option<(Option<Vec<u8>>, Version)> {
        let storage = self.storage.borrow();
        storage.get(key, clock.current_time()).map(|entry| (entry.value.clone(), entry.version.clone()))
    }

    fn begin(&mut self, operation: Operation, parts: &mut Parts<'_>) -> u64 {
        let op = self.next_op;
        self.next_op += 1;
        self.operations.insert(op, operation);
        parts.effects.push(Effect::Timer { timer: crate::node::OPERATIONS + op, after: OPERATION_TIMEOUT });
        op
    }

    /// A replica answered to a write.
    pub fn on_ack(&mut self, op: u64, from: &str, kept: bool, parts: &mut Parts<'_>) {
        let Some(operation) = self.operations.get_mut(&op) else { return };
        let Kind::Write { entry, rewrites } = &mut operation.kind else { return };
        if kept {
            note(&mut operation.heard, from);
        } else if *rewrites < REWRITES_MAX {
            // The replica knows a version that this node had not seen: the write is the later one all the same.
            *rewrites += 1;
            entry.version = parts.replication.next_version();
            operation.heard.clear();
            self.send_write(op, parts);
        }
        self.settle(op, parts);
    }

    /// A replica answered to a read.
    pub fn on_found(&mut self, op: u64, from: &str, found: Option<(Option<Vec<u8>>, Version)>, parts: &mut Parts<'_>) {
        let Some(operation) = self.operations.get_mut(&op) else { return };
        let Kind::Read { newest } = &mut operation.kind else { return };
        if let Some((value, version)) = found {
            parts.replication.observe(version.counter);
            if newest.as_ref().is_none_or(|(_, known)| *known < version) {
                *newest = Some((value, version));
            }
        }
        note(&mut operation.heard, from);
        self.settle(op, parts);
    }

    /// Answers an operation that has heard from enough replicas, and forgets it when it has heard from all.
    fn settle(&mut self, op: u64, parts: &mut Parts<'_>) {
        let Some(operation) = self.operations.get_mut(&op) else { return };
        if !operation.replied && operation.heard.len() >= operation.required {
            operation.replied = true;
            let reply = match &operation.kind {
                Kind::Write { .. } => Reply::Done,
                Kind::Read { newest } => Reply::Value(newest.as_ref().and_then(|(value, _)| value.clone())),
            };
            parts.effects.push(Effect::Reply { request: operation.request, reply });
        }
        if operation.heard.len() >= operation.replicas.len() {
            self.operations.remove(&op);
        }
    }

    /// An operation has waited long enough.
    pub fn on_timeout(&mut self, op: u64, effects: &mut Vec<Effect>) {
        let Some(operation) = self.operations.remove(&op) else { return };
        if !operation.replied {
            let reply = Reply::Failed(format!(
                "only {} of {} replicas answered in time",
                operation.heard.len(),
                operation.required
            ));
            effects.push(Effect::Reply { request: operation.request, reply });
        }
    }

    /// Compares replicas if it is time to.
    pub fn run_check(&mut self, clock: &NodeClock, effects: &mut Vec<Effect>) {
        // Intervals are measured by the monotonic clock: no jump of the wall clock makes a check too early or too late.
        let time_diff = clock.uptime().saturating_sub(self.last_check);
        if time_diff >= CHECK_INTERVAL.as_millis() as u64 {
            self.check_now(clock, effects);
        }
    }

    /// Tells every peer which keys, in which versions, it should hold.
    pub fn check_now(&mut self, clock: &NodeClock, effects: &mut Vec<Effect>) {
        self.last_check = clock.uptime();
        let mut digests: HashMap<String, Vec<(String, Version)>> = HashMap::new();
        for (key, entry) in self.storage.borrow().living(clock.current_time()) {
            for replica in self.replicas(key).into_iter().filter(|replica| *replica != self.node_id) {
                digests.entry(replica).or_default().push((key.clone(), entry.version.clone()));
            }
        }
        for (to, items) in digests {
            effects.push(Effect::Send { to, bytes: Message::Digest { items }.encode() });
        }
    }

    /// The ring has changed: who holds what is to be found out anew.
    pub fn on_ring_change(&mut self, clock: &NodeClock, effects: &mut Vec<Effect>) {
        self.handed_over.clear();
        self.check_now(clock, effects);
    }

    /// A peer told what this node should hold.
    pub fn on_digest(&self, items: Vec<(String, Version)>) -> Message {
        let storage = self.storage.borrow();
        let lacks = |key: &String, version: &Version| storage.version(key).is_none_or(|held| held < version);
        let (missing, held): (Vec<_>, Vec<_>) = items.into_iter().partition(|(key, version)| lacks(key, version));
        let keys = |items: Vec<(String, Version)>| items.into_iter().map(|(key, _)| key).collect();
        Message::DigestReply { missing: keys(missing), held: keys(held) }
    }

    /// A peer told what it lacks, which it is sent, and what it holds.
    pub fn on_digest_reply(&mut self, from: &str, missing: &[String], held: Vec<String>, parts: &mut Parts<'_>) {
        for key in missing {
            let storage = self.storage.borrow();
            if let Some(entry) = storage.get(key, parts.clock.current_time()) {
                parts.replication.replicate(0, from, key, entry, parts.clock, parts.effects);
            }
        }
        for key in held {
            let replicas = self.replicas(&key);
            if replicas.contains(&self.node_id) {
                continue;
            }
            let holders = self.handed_over.entry(key.clone()).or_default();
            note(holders, from);
            // All that it belongs to have it: this copy is one too many.
            if replicas.iter().all(|replica| holders.contains(replica)) {
                self.handed_over.remove(&key);
                self.storage.borrow_mut().discard(&key);
            }
        }
    }
}

/// Notes a node, once.
fn note(nodes: &mut Vec<String>, node: &str) {
    if !nodes.iter().any(|known| known == node) {
        nodes.push(node.to_owned());
    }
}
