//! A whole cluster inside one process, without a network between its nodes: for programs that want the cache and its guarantees, and for
//! reading document 004's usage example in Rust.
//!
//! | document 004 | here |
//! | --- | --- |
//! | `NodeConfig(node_id, host, port, enable_replication, replication_factor)` | [`NodeConfig`], with the same fields |
//! | `CacheNode(config)`, `ConsistentHashRing(virtual_nodes=150)`, `add_node`, `remove_node` | [`LocalCluster::new`] with the members' configurations, [`add_node`](LocalCluster::add_node), [`remove_node`](LocalCluster::remove_node) |
//! | `hash_ring.get_nodes_for_key(key)` | [`LocalCluster::nodes_for_key`] |
//! | `CacheStorage()` | each node's [`Store`](super::store::Store): [`LocalCluster::node`] |
//! | `CacheProtocol(node)` | [`Message`](super::Message) and [`Envelope`], which carry the key's hash and the ring epoch |
//! | `TTLManager(default_ttl=300.0)`, `_calculate_expiry(seconds)` | [`LocalCluster::default_ttl`], and a time to live in place of an expiry: the coordinator makes it a deadline in cluster time |
//! | `start_cleanup(interval=60.0)` | [`LocalCluster::start_cleanup`] |
//! | `ReplicationManager(replication_factor=3)` | [`NodeConfig::replication_factor`]; replicating is what a [`Node`] does |
//! | `ConsistencyChecker(…, ConsistencyLevel.QUORUM)` | [`LocalCluster::level`], QUORUM unless set |
//! | `write_with_consistency`, `read_with_consistency` | [`LocalCluster::write_with_consistency`], [`LocalCluster::read_with_consistency`] |
//! | `_calculate_quorum()` | [`quorum`](super::quorum) |
//! | `start_consistency_checks(interval=30.0)` | [`LocalCluster::start_consistency_checks`], [`LocalCluster::disagreements`] |
//! | `InvalidationManager`, `invalidate_key(key, propagate=True)` | [`LocalCluster::invalidate_key`], [`LocalCluster::invalidate`], [`LocalCluster::on_invalidation`] |
//! | `spawn_worker_process()` | nothing to do: [`hash_of`] is the same in every process, so workers place keys alike |
//!
//! # The usage example
//!
//! ```
//! use cachedojo::cluster::local::{LocalCluster, NodeConfig};
//! use std::time::Duration;
//!
//! let config = |name: &str| NodeConfig {
//!     node_id: name.into(),
//!     host: "localhost".into(),
//!     port: 6379,
//!     enable_replication: true,
//!     replication_factor: 3,
//! };
//! // A ring of 150 virtual nodes each, entries that live 300 s unless told otherwise, QUORUM for reads and writes.
//! let mut cluster = LocalCluster::new(&[config("node1"), config("node2"), config("node3")]);
//! assert_eq!(cluster.default_ttl, Some(Duration::from_secs(300)));
//!
//! let alice = br#"{"name": "Alice", "age": 30}"#;
//! cluster.write_with_consistency("user:1234", alice, Some(Duration::from_secs(3600))).expect("a quorum");
//!
//! let value = cluster.read_with_consistency("user:1234").expect("a quorum");
//! assert_eq!(value.as_deref(), Some(&alice[..]));
//!
//! cluster.start_cleanup(Duration::from_secs(60));
//! cluster.start_consistency_checks(Duration::from_secs(30));
//! cluster.advance(Duration::from_secs(120));
//! assert!(cluster.disagreements().is_empty());
//!
//! cluster.invalidate_key("user:1234", true).expect("a quorum");
//! assert_eq!(cluster.read_with_consistency("user:1234"), Ok(None));
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::ids::{MS, SECOND};
use super::record::{Key, Value, hash_of};
use super::{
    Disk, Effects, Envelope, Failure, Level, Micros, Node, NodeId, NodeSet, Outcome, Readings, Request, Settings, TICK,
    Version,
};

/// The longest time that a new or changed cluster may take to settle.
const REST_MAX: Micros = 30 * SECOND;

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// Its name, which [`LocalCluster::nodes_for_key`] answers with.
    pub node_id: String,
    /// The address where it would listen; nothing listens here.
    pub host: String,
    /// The port, likewise.
    pub port: u16,
    /// If not, a key is kept on one node only.
    pub enable_replication: bool,
    /// How many nodes keep a key: 1 to 9. The first member's value holds for all.
    pub replication_factor: usize,
}

impl Default for NodeConfig {
    fn default() -> Self {
        let (node_id, host) = ("node1".into(), "localhost".into());
        Self { node_id, host, port: 6379, enable_replication: true, replication_factor: 3 }
    }
}

/// What is called with each key or selector that is invalidated.
pub type Listener = dyn Fn(&str);

/// A cluster in this process. Time stands still, except in [`LocalCluster::advance`] and in operations that wait.
pub struct LocalCluster {
    nodes: BTreeMap<NodeId, Node>,
    names: BTreeMap<NodeId, String>,
    settings: Settings,
    now: Micros,
    under_way: VecDeque<(NodeId, Envelope)>,
    answers: BTreeMap<u64, Outcome>,
    asked: u64,
    effects: Effects,
    /// Weak references: the listener owns its callback, so that no cycle keeps both alive.
    listeners: Vec<Weak<Listener>>,
    /// The time to live of entries that are given none: 300 s unless set.
    pub default_ttl: Option<Duration>,
    /// How many replicas reads and writes wait for: a quorum unless set.
    pub level: Level,
    compare_every: Micros,
    forget_every: Micros,
}

impl LocalCluster {
    /// A settled cluster of these members, at most 63; further ones are left out.
    pub fn new(members: &[NodeConfig]) -> Self {
        let first = members.first().cloned().unwrap_or_default();
        let copies = if first.enable_replication { first.replication_factor.clamp(1, 9) } else { 1 };
        let settings = Settings { copies, ..Settings::default() };
        let ids = (1..).map_while(NodeId::new).zip(members);
        let names: BTreeMap<_, _> = ids.map(|(id, config)| (id, config.node_id.clone())).collect();
        let founders: NodeSet = names.keys().copied().collect();
        let mut cluster = Self {
            nodes: BTreeMap::new(),
            names,
            now: SECOND,
            under_way: VecDeque::new(),
            answers: BTreeMap::new(),
            asked: 0,
            effects: Effects::default(),
            listeners: Vec::new(),
            default_ttl: Some(Duration::from_mins(5)),
            level: Level::Quorum,
            compare_every: settings.compare_every,
            forget_every: settings.forget_every,
            settings,
        };
        for id in founders.iter() {
            let disk = Disk::founder(id, founders, &cluster.settings, cluster.readings());
            cluster.start(id, disk, founders);
        }
        cluster.rest();
        cluster
    }

    fn start(&mut self, id: NodeId, disk: Disk, contacts: NodeSet) {
        let seed = u64::from(id.number());
        let node = Node::start(disk, self.settings.clone(), contacts, self.readings(), seed);
        self.nodes.insert(id, node);
    }

    const fn readings(&self) -> Readings {
        Readings { mono: self.now, wall: self.now }
    }

    /// Adds a member, which takes over its share of the keys. `false` when the name is taken, or there have been 63
    /// members.
    pub fn add_node(&mut self, config: &NodeConfig) -> bool {
        let last = self.names.keys().next_back().map_or(0, |id| id.number());
        let Some(id) = NodeId::new(last + 1).filter(|_| !self.names.values().any(|name| *name == config.node_id))
        else {
            return false;
        };
        let contacts = self.nodes.keys().copied().collect();
        self.names.insert(id, config.node_id.clone());
        self.start(id, Disk::blank(id, 1, 1), contacts);
        self.rest();
        true
    }

    /// Removes a member; its keys are handed over first. `false` when there is none with that name.
    pub fn remove_node(&mut self, name: &str) -> bool {
        let Some(id) = self.id_of(name) else { return false };
        let others = self.nodes.keys().copied().find(|&other| other != id);
        if let Some(via) = others {
            self.ask(via, Request::Leave { node: id });
            self.rest();
        }
        self.nodes.remove(&id);
        true
    }

    fn id_of(&self, name: &str) -> Option<NodeId> {
        self.names.iter().find(|(id, known)| *known == name && self.nodes.contains_key(id)).map(|(&id, _)| id)
    }

    /// A member, to look at.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.get(&self.id_of(name)?)
    }

    /// The members that keep a key, the responsible one first.
    pub fn nodes_for_key(&self, key: &str) -> Vec<&str> {
        let replicas = self.nodes.values().next().map(|node| node.view().ring.replicas(hash_of(key)));
        replicas
            .iter()
            .flat_map(super::view::Replicas::in_order)
            .filter_map(|id| self.names.get(id))
            .map(String::as_str)
            .collect()
    }

    /// Writes a key at [`Self::level`], with this time to live or [`Self::default_ttl`].
    ///
    /// # Errors
    /// Too few replicas answered.
    pub fn write_with_consistency(&mut self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Failure> {
        let ttl = ttl.or(self.default_ttl).map(micros);
        let value = Some(Value::from(value));
        let (key, level, at_least) = (Key::from(key), self.level, Version::NONE);
        self.operate(Request::Write { key, value, ttl, tag: None, level, at_least }).map(|_| ())
    }

    /// Reads a key at [`Self::level`].
    ///
    /// # Errors
    /// Too few replicas answered.
    pub fn read_with_consistency(&mut self, key: &str) -> Result<Option<Value>, Failure> {
        self.operate(Request::Read { key: key.into(), level: self.level, at_least: Version::NONE })
    }

    /// Deletes a key. With `propagate`, on all its replicas; without, only listeners are told, and the key stays.
    ///
    /// # Errors
    /// Too few replicas answered.
    pub fn invalidate_key(&mut self, key: &str, propagate: bool) -> Result<(), Failure> {
        if propagate {
            let (key, level, at_least) = (Key::from(key), Level::Quorum, Version::NONE);
            self.operate(Request::Write { key, value: None, ttl: None, tag: None, level, at_least })?;
        }
        self.call_listeners(key);
        Ok(())
    }

    /// Deletes every key that a pattern, `tag:…` or `namespace:…` selects, on all nodes.
    ///
    /// # Errors
    /// Too few nodes answered.
    pub fn invalidate(&mut self, selector: &str) -> Result<(), Failure> {
        self.operate(Request::Invalidate { selector: selector.into() })?;
        self.call_listeners(selector);
        Ok(())
    }

    /// Calls a callback with each key or selector that is invalidated, as long as its owner keeps it.
    pub fn on_invalidation(&mut self, listener: &Rc<Listener>) {
        self.listeners.retain(|known| known.strong_count() > 0);
        self.listeners.push(Rc::downgrade(listener));
    }

    fn call_listeners(&self, what: &str) {
        for listener in self.listeners.iter().filter_map(Weak::upgrade) {
            listener(what);
        }
    }

    /// Sets how often expired entries and tombstones are looked for.
    pub fn start_cleanup(&mut self, interval: Duration) {
        self.forget_every = micros(interval);
        self.set_periods();
    }

    /// Sets how often replicas compare what they hold.
    pub fn start_consistency_checks(&mut self, interval: Duration) {
        self.compare_every = micros(interval);
        self.set_periods();
    }

    fn set_periods(&mut self) {
        for node in self.nodes.values_mut() {
            node.set_periods(self.compare_every, self.forget_every);
        }
    }

    /// The keys whose replicas hold different versions. O(all records).
    pub fn disagreements(&self) -> Vec<Key> {
        let mut versions: BTreeMap<&Key, BTreeSet<Version>> = BTreeMap::new();
        for node in self.nodes.values() {
            for (key, record) in node.store().iter() {
                versions.entry(key).or_default().insert(record.version);
            }
        }
        versions.into_iter().filter(|(_, versions)| versions.len() > 1).map(|(key, _)| key.clone()).collect()
    }

    fn operate(&mut self, request: Request) -> Result<Option<Value>, Failure> {
        let Some(via) = self.nodes.keys().next().copied() else { return Err(Failure::Down) };
        match self.ask(via, request) {
            Outcome::Read { value, .. } => Ok(value),
            Outcome::Written { .. } | Outcome::Noted => Ok(None),
            Outcome::Failed(failure) => Err(failure),
        }
    }

    fn ask(&mut self, via: NodeId, request: Request) -> Outcome {
        self.asked += 1;
        let (number, readings) = (self.asked, self.readings());
        if let Some(node) = self.nodes.get_mut(&via) {
            node.request(number, request, readings, &mut self.effects);
            self.carry();
        }
        let end = self.now + self.settings.patience + SECOND;
        loop {
            self.deliver();
            if let Some(outcome) = self.answers.remove(&number) {
                return outcome;
            }
            if self.now >= end {
                return Outcome::Failed(Failure::Down);
            }
            self.tick();
        }
    }

    /// Lets time pass.
    pub fn advance(&mut self, time: Duration) {
        let end = self.now.saturating_add(micros(time));
        while self.now + TICK <= end {
            self.tick();
            self.deliver();
        }
    }

    fn rest(&mut self) {
        let end = self.now + REST_MAX;
        let is_calm = |node: &Node| {
            let members: NodeSet = node.view().members.keys().copied().collect();
            node.is_whole()
                && node.leader().is_some()
                && node.view().next.is_none()
                && node.view().ring.members() == members
        };
        let moved = self.now + SECOND;
        while self.now < end && (self.now < moved || !self.nodes.values().filter(|node| !node.has_left()).all(is_calm))
        {
            self.tick();
            self.deliver();
        }
        self.set_periods();
    }

    fn tick(&mut self) {
        self.now += TICK;
        let readings = self.readings();
        let ids: Vec<_> = self.nodes.keys().copied().collect();
        for id in ids {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.tick(readings, &mut self.effects);
                self.carry();
            }
        }
    }

    fn deliver(&mut self) {
        while let Some((to, envelope)) = self.under_way.pop_front() {
            let readings = self.readings();
            if let Some(node) = self.nodes.get_mut(&to) {
                node.receive(envelope, readings, &mut self.effects);
                self.carry();
            }
        }
    }

    fn carry(&mut self) {
        self.under_way.extend(self.effects.sends.drain(..));
        self.answers.extend(self.effects.replies.drain(..));
        self.effects.notes.clear();
    }
}

fn micros(time: Duration) -> Micros {
    Micros::try_from(time.as_millis()).unwrap_or(Micros::MAX).saturating_mul(MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(nodes: usize) -> LocalCluster {
        let config = |number| NodeConfig { node_id: format!("node{number}"), ..NodeConfig::default() };
        LocalCluster::new(&(1..=nodes).map(config).collect::<Vec<_>>())
    }

    #[test]
    fn a_callback_never_keeps_its_owner_alive() {
        let mut cluster = cluster(1);
        let heard = Rc::new(std::cell::RefCell::new(Vec::new()));
        let owner = Rc::downgrade(&heard);
        let listener: Rc<Listener> = Rc::new(move |what| heard.borrow_mut().push(what.to_owned()));
        cluster.on_invalidation(&listener);
        cluster.invalidate_key("k", true).expect("a quorum");
        assert_eq!(owner.upgrade().map(|heard| heard.take()), Some(vec!["k".to_owned()]));
        drop(listener);
        assert_eq!(owner.strong_count(), 0);
        cluster.invalidate_key("k", true).expect("it goes on without the listener");
    }

    #[test]
    fn entries_live_for_300_seconds_unless_told_otherwise() {
        let mut cluster = cluster(3);
        cluster.write_with_consistency("k", b"v", None).expect("a quorum");
        cluster.write_with_consistency("long", b"v", Some(Duration::from_secs(400))).expect("a quorum");
        cluster.advance(Duration::from_secs(299));
        assert_eq!(cluster.read_with_consistency("k").expect("a quorum").as_deref(), Some(&b"v"[..]));
        cluster.advance(Duration::from_secs(2));
        assert_eq!(cluster.read_with_consistency("k"), Ok(None));
        assert_eq!(cluster.read_with_consistency("long").expect("a quorum").as_deref(), Some(&b"v"[..]));
    }

    #[test]
    fn members_come_and_go_and_every_key_stays_where_it_belongs() {
        let mut cluster = cluster(3);
        let keys: Vec<String> = (0..40).map(|number| format!("user:{number}")).collect();
        for key in &keys {
            cluster.write_with_consistency(key, key.as_bytes(), None).expect("a quorum");
        }
        assert!(cluster.add_node(&NodeConfig { node_id: "node4".into(), ..NodeConfig::default() }));
        assert!(
            !cluster.add_node(&NodeConfig { node_id: "node4".into(), ..NodeConfig::default() }),
            "the name is taken"
        );
        assert!(cluster.node("node4").is_some_and(|node| !node.store().is_empty()));
        assert!(cluster.remove_node("node1"));
        assert!(!cluster.remove_node("node1"));
        for key in &keys {
            let read = cluster.read_with_consistency(key).expect("a quorum");
            assert_eq!(read.as_deref(), Some(key.as_bytes()));
            let owners = cluster.nodes_for_key(key);
            assert_eq!(owners.len(), 3);
            assert!(owners.iter().all(|name| cluster.node(name).is_some_and(|node| node.store().held(key).is_some())));
        }
        assert!(cluster.disagreements().is_empty());
    }

    #[test]
    fn invalidation_reaches_what_its_selector_means() {
        let mut cluster = cluster(3);
        for key in ["user:1", "user:2", "page:1"] {
            cluster.write_with_consistency(key, b"v", None).expect("a quorum");
        }
        let heard = Rc::new(std::cell::RefCell::new(Vec::new()));
        let listener: Rc<Listener> = {
            let heard = Rc::clone(&heard);
            Rc::new(move |what| heard.borrow_mut().push(what.to_owned()))
        };
        cluster.on_invalidation(&listener);
        cluster.invalidate("user:*").expect("a quorum");
        assert_eq!(cluster.read_with_consistency("user:2"), Ok(None));
        assert!(cluster.read_with_consistency("page:1").expect("a quorum").is_some());
        cluster.invalidate_key("page:1", false).expect("nothing to wait for");
        assert!(cluster.read_with_consistency("page:1").expect("a quorum").is_some());
        assert_eq!(*heard.borrow(), ["user:*", "page:1"]);
    }

    #[test]
    fn what_a_host_writes_down_makes_the_same_node_again() {
        use crate::cluster::Head;
        use crate::cluster::store::Store;
        use crate::cluster::wire::Wire as _;
        let mut cluster = cluster(4);
        let mut written: BTreeMap<NodeId, Store> = BTreeMap::new();
        for (&id, node) in &mut cluster.nodes {
            let mut store = Store::default();
            node.store().as_edits().for_each(|edit| store.repeat(edit));
            written.insert(id, store);
            node.list_edits();
        }
        for number in 0..30 {
            cluster.write_with_consistency(&format!("user:{number}"), b"v", None).expect("a quorum");
        }
        cluster.invalidate("user:1*").expect("a quorum");
        cluster.invalidate_key("user:2", true).expect("a quorum");
        assert!(cluster.remove_node("node2"));
        cluster.advance(Duration::from_mins(3));
        let now = cluster.readings();
        for (id, node) in &mut cluster.nodes {
            let store = written.get_mut(id).expect("it was there");
            node.take_edits().into_iter().for_each(|edit| store.repeat(edit));
            let head = Head::from_bytes(&node.head().to_bytes()).expect("its own bytes");
            let restored = Disk::restored(head, store.clone(), &cluster.settings);
            let again = Node::start(restored, cluster.settings.clone(), NodeSet::EMPTY, now, 1);
            assert!(again.store().iter().eq(node.store().iter()) && !again.store().is_empty());
            let versions = |store: &Store| (store.forgotten(), store.floor("k"), store.floor("\u{1}k"));
            assert_eq!(versions(again.store()), versions(node.store()));
            assert_ne!(again.store().forgotten(), Version::NONE, "what was deleted is forgotten by now");
            assert_eq!(again.view().ring_digest(), node.view().ring_digest());
            assert_eq!((again.term().0, again.is_whole()), (node.term().0, node.is_whole()));
        }
    }
}
