//! A node: it hears inputs, hands them to those that are responsible, and returns what they want done.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::api::{Command, Effect, Input, NodeConfig, Reply};
use crate::consistency::{CHECK_INTERVAL, ConsistencyChecker, Parts};
use crate::hash_ring::ConsistentHashRing;
use crate::invalidation::InvalidationManager;
use crate::protocol::Message;
use crate::replication::ReplicationManager;
use crate::storage::CacheStorage;
use crate::ttl_manager::{CLEANUP_INTERVAL, TtlManager};

/// Timers: the regular removal of expired entries, the regular comparison of replicas, and the next step of a ring that is being
/// rebuilt; higher numbers are operations'.
const CLEANUP: u64 = 1;
const CHECK: u64 = 2;
const REBUILD: u64 = 3;
pub const OPERATIONS: u64 = 1000;

/// Between two steps of rebuilding the ring.
const REBUILD_PAUSE: Duration = Duration::from_millis(25);
/// What a node holds at most.
const ENTRIES_MAX: usize = 100_000;

/// The clocks of a node.
pub struct NodeClock {
    started: Instant,
}

impl NodeClock {
    fn new() -> Self {
        Self { started: Instant::now() }
    }

    /// The node's time, by which entries expire, in milliseconds.
    // Wall-clock for human-readable expiry timestamps
    pub fn current_time(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// How long the node has run, in milliseconds.
    pub fn uptime(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A node of the cache.
pub struct CacheNode {
    node_id: String,
    clock: NodeClock,
    ring: Rc<RefCell<ConsistentHashRing>>,
    storage: Rc<RefCell<CacheStorage>>,
    ttl: TtlManager,
    replication: ReplicationManager,
    consistency: ConsistencyChecker,
    invalidation: Rc<InvalidationManager>,
    is_rebuilding: bool,
}

impl CacheNode {
    /// A node that holds nothing yet. [`CacheNode::start`] comes next.
    pub fn new(config: NodeConfig) -> Self {
        let NodeConfig { node_id, members, replication_factor, virtual_nodes } = config;
        let ring = Rc::new(RefCell::new(ConsistentHashRing::new(virtual_nodes, &members)));
        let storage = Rc::new(RefCell::new(CacheStorage::new(ENTRIES_MAX)));
        Self {
            clock: NodeClock::new(),
            ttl: TtlManager::new(None),
            replication: ReplicationManager::new(&node_id),
            consistency: ConsistencyChecker::new(&node_id, replication_factor, Rc::clone(&ring), Rc::clone(&storage)),
            invalidation: InvalidationManager::new(Rc::clone(&storage)),
            ring,
            storage,
            is_rebuilding: false,
            node_id,
        }
    }

    /// What the node wants done when its process begins.
    pub fn start(&mut self) -> Vec<Effect> {
        vec![
            Effect::Timer { timer: CLEANUP, after: CLEANUP_INTERVAL },
            Effect::Timer { timer: CHECK, after: CHECK_INTERVAL },
        ]
    }

    /// Obeys one input, and returns what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Client { request, command } => self.on_command(request, command, &mut effects),
            Input::Message { from, bytes } => {
                if let Some(message) = Message::decode(&bytes) {
                    self.on_message(&from, message, &mut effects);
                }
            }
            Input::Timer { timer } => self.on_timer(timer, &mut effects),
            Input::Joined { node_id } => {
                if self.ring.borrow_mut().add_node(&node_id) {
                    self.begin_rebuild(&mut effects);
                }
            }
            Input::Left { node_id } => {
                if self.ring.borrow_mut().remove_node(&node_id) {
                    self.begin_rebuild(&mut effects);
                }
            }
        }
        effects
    }

    /// Whether the node is in order.
    pub fn is_healthy(&self) -> bool {
        self.storage.borrow().is_sound()
    }

    fn on_command(&mut self, request: u64, command: Command, effects: &mut Vec<Effect>) {
        let mut parts = Parts { clock: &self.clock, replication: &mut self.replication, effects };
        match command {
            Command::Put { key, value, ttl, level } => {
                let expires_at = self.ttl.calculate_expiry(&self.clock, ttl);
                self.consistency.write_with_consistency(request, &key, Some(value), expires_at, level, &mut parts);
            }
            Command::Delete { key, level } => {
                let expires_at = self.ttl.tombstone_expiry(&self.clock);
                self.consistency.write_with_consistency(request, &key, None, expires_at, level, &mut parts);
            }
            Command::Get { key, level } => {
                self.consistency.read_with_consistency(request, &key, level, &mut parts);
            }
            Command::Invalidate { key } => {
                self.invalidation.invalidate_key(&key, true);
                self.announce(effects);
                effects.push(Effect::Reply { request, reply: Reply::Done });
            }
            Command::Peek { key } => {
                let value = self.storage.borrow().value(&key, self.clock.current_time());
                effects.push(Effect::Reply { request, reply: Reply::Value(value) });
            }
        }
    }

    fn on_message(&mut self, from: &str, message: Message, effects: &mut Vec<Effect>) {
        let answer = match message {
            Message::Replicate { op, key, entry, sent_at } => {
                let mut storage = self.storage.borrow_mut();
                Some(self.replication.apply(op, &key, entry, sent_at, &self.clock, &mut storage))
            }
            Message::Fetch { op, key } => Some(Message::Found { op, entry: self.consistency.found(&key, &self.clock) }),
            Message::Digest { items } => Some(self.consistency.on_digest(items)),
            Message::Ack { op, kept, counter } => {
                self.replication.observe(counter);
                let mut parts = Parts { clock: &self.clock, replication: &mut self.replication, effects };
                self.consistency.on_ack(op, from, kept, &mut parts);
                None
            }
            Message::Found { op, entry } => {
                let mut parts = Parts { clock: &self.clock, replication: &mut self.replication, effects };
                self.consistency.on_found(op, from, entry, &mut parts);
                None
            }
            Message::DigestReply { missing, held } => {
                let mut parts = Parts { clock: &self.clock, replication: &mut self.replication, effects };
                self.consistency.on_digest_reply(from, &missing, held, &mut parts);
                None
            }
            Message::Invalidate { key } => {
                self.invalidation.invalidate_key(&key, false);
                None
            }
        };
        if let Some(answer) = answer {
            effects.push(Effect::Send { to: from.to_owned(), bytes: answer.encode() });
        }
    }

    fn on_timer(&mut self, timer: u64, effects: &mut Vec<Effect>) {
        match timer {
            CLEANUP => {
                self.ttl.cleanup(&self.clock, &mut self.storage.borrow_mut());
                effects.push(Effect::Timer { timer: CLEANUP, after: CLEANUP_INTERVAL });
            }
            CHECK => {
                self.consistency.run_check(&self.clock, effects);
                effects.push(Effect::Timer { timer: CHECK, after: CHECK_INTERVAL });
            }
            REBUILD => self.rebuild(effects),
            operation => self.consistency.on_timeout(operation.saturating_sub(OPERATIONS), effects),
        }
    }

    fn begin_rebuild(&mut self, effects: &mut Vec<Effect>) {
        if !self.is_rebuilding {
            self.is_rebuilding = true;
            effects.push(Effect::Timer { timer: REBUILD, after: REBUILD_PAUSE });
        }
    }

    /// One step of rebuilding the ring; after the last one, keys go where they belong now.
    fn rebuild(&mut self, effects: &mut Vec<Effect>) {
        let more = self.ring.borrow_mut().compute_ranges();
        if more {
            effects.push(Effect::Timer { timer: REBUILD, after: REBUILD_PAUSE });
        } else {
            self.is_rebuilding = false;
            self.consistency.on_ring_change(&self.clock, effects);
        }
    }

    /// Tells the peers which keys they are to forget.
    fn announce(&self, effects: &mut Vec<Effect>) {
        let peers = self.ring.borrow().nodes();
        for key in self.invalidation.take_announced() {
            for peer in peers.iter().filter(|peer| **peer != self.node_id) {
                let message = Message::Invalidate { key: key.clone() };
                effects.push(Effect::Send { to: peer.clone(), bytes: message.encode() });
            }
        }
    }
}

impl Drop for CacheNode {
    fn drop(&mut self) {
        self.invalidation.cleanup_callbacks();
    }
}
