//! Right programs that differ from the reference in what the statement leaves open: what an entry weighs, when an expired one leaves
//! memory, where keys stand on the ring, whether each server has a store of its own. A shortened script that one of them fails
//! demands more than its case does: it would still fail after a right mend.
//!
//! They are lists that are searched from end to end, so they share no index with the engine.

use std::collections::BTreeMap;

use cachedojo::ring::{HashRing, NodeInfo};
use cachedojo_lab::reference::Reference;
use cachedojo_lab::subject::{Crash, Subject};
use cachedojo_lab::world::World;
use cachedojo_wire::{
    ClusterRequest, Command, Config, NodeRequest, Policy, Reply, Request, Response, RingRequest, Stats,
};

/// How a right program decides what is left open.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own that the statement leaves open")]
pub(super) struct Ways {
    /// Stands before every key that a ring is asked for: so keys have other places.
    salt: &'static str,
    /// Whether the key's bytes are accounted too.
    weighs_keys: bool,
    /// What an entry weighs besides, in bytes.
    overhead: u64,
    /// How long an entry is served past its deadline, in milliseconds.
    grace_ms: u64,
    /// Whether what has expired leaves before the next command, and not when a read or a clean-up meets it.
    is_eager: bool,
    /// Whether `incr` takes a missing number for zero.
    counts_from_zero: bool,
    /// Whether a server that is removed hands its copies over.
    hands_over: bool,
}

const PLAIN: Ways = Ways {
    salt: "",
    weighs_keys: false,
    overhead: 0,
    grace_ms: 0,
    is_eager: false,
    counts_from_zero: false,
    hands_over: false,
};

/// The programs. More salts leave fewer scripts that hold by the luck of a ring.
pub(super) const ALL: [Ways; 6] = [
    PLAIN,
    Ways { salt: "q", weighs_keys: true, grace_ms: 1, ..PLAIN },
    Ways { salt: "zw", overhead: 90, is_eager: true, hands_over: true, ..PLAIN },
    Ways { salt: "7.", counts_from_zero: true, ..PLAIN },
    Ways { salt: "ho-", hands_over: true, ..PLAIN },
    Ways { salt: "#5", weighs_keys: true, ..PLAIN },
];

/// A right program.
pub(super) struct Right {
    ways: Ways,
    node: Option<Node>,
    cluster: Option<Cluster>,
    /// Answers what is asked of rings and parsers.
    reference: Reference,
}

impl Right {
    /// One that holds nothing yet.
    pub(super) fn new(ways: Ways) -> Self {
        Self { ways, node: None, cluster: None, reference: Reference::default() }
    }

    fn salted(&self, request: &RingRequest) -> RingRequest {
        let salted = |key: &str| format!("{}{key}", self.ways.salt);
        match request {
            RingRequest::Owner { key } => RingRequest::Owner { key: salted(key) },
            RingRequest::Replicas { key, count } => RingRequest::Replicas { key: salted(key), count: *count },
            RingRequest::OwnersOf { prefix, count } => RingRequest::OwnersOf { prefix: salted(prefix), count: *count },
            other => other.clone(),
        }
    }
}

impl Subject for Right {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        let now = world.monotonic_ns / 1_000_000;
        match request {
            Request::Node(NodeRequest::New { max_memory, policy }) => {
                self.node = Some(Node::new(self.ways, *max_memory, *policy));
                Ok(Response::Done)
            }
            Request::Node(request) => {
                Ok(self.node.as_mut().map_or(Response::NoObject, |node| node.answer(now, request)))
            }
            Request::Cluster(ClusterRequest::New(config)) => {
                self.cluster = Some(Cluster::new(self.ways, config.clone()));
                Ok(Response::Done)
            }
            Request::Cluster(request) => {
                Ok(self.cluster.as_mut().map_or(Response::NoObject, |cluster| cluster.answer(now, request)))
            }
            Request::Ring(request) => self.reference.call(world, &Request::Ring(self.salted(request))),
            other => self.reference.call(world, other),
        }
    }
}

#[derive(Debug, Clone)]
struct Entry {
    key: String,
    value: Vec<u8>,
    /// In milliseconds of the world's clock.
    deadline: Option<u64>,
    stored: u64,
    used: u64,
    reads: u64,
}

struct Node {
    ways: Ways,
    limit: u64,
    policy: Policy,
    entries: Vec<Entry>,
    turn: u64,
    counted: Stats,
}

impl Node {
    fn new(ways: Ways, limit: u64, policy: Policy) -> Self {
        Self { ways, limit, policy, entries: Vec::new(), turn: 0, counted: Stats::default() }
    }

    fn answer(&mut self, now: u64, request: &NodeRequest) -> Response {
        if self.ways.is_eager && *request != NodeRequest::CleanExpired {
            self.clean(now);
        }
        match request {
            NodeRequest::New { .. } => Response::Done,
            NodeRequest::Get { key } => Response::Entry(self.get(now, key)),
            NodeRequest::Set { key, value, ttl_ms } => Response::Bool(self.set(now, key, value, *ttl_ms)),
            NodeRequest::Delete { key } => {
                Response::Bool(self.find(now, key).map(|at| self.entries.remove(at)).is_some())
            }
            NodeRequest::Incr { key, delta } => Response::Number(self.incr(now, key, *delta)),
            NodeRequest::Touch { key, ttl_ms } => Response::Bool(self.touch(now, key, *ttl_ms)),
            NodeRequest::CleanExpired => Response::Count(self.clean(now)),
            NodeRequest::Stats => Response::Stats(self.stats()),
        }
    }

    fn is_over(&self, now: u64, entry: &Entry) -> bool {
        entry.deadline.is_some_and(|deadline| deadline.saturating_add(self.ways.grace_ms) <= now)
    }

    /// The place of a living entry; one whose time is over leaves.
    fn find(&mut self, now: u64, key: &str) -> Option<usize> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        if self.is_over(now, &self.entries[at]) {
            self.entries.remove(at);
            self.counted.expired += 1;
            return None;
        }
        Some(at)
    }

    fn holds(&self, now: u64, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key && !self.is_over(now, entry))
    }

    fn get(&mut self, now: u64, key: &str) -> Option<Vec<u8>> {
        let Some(at) = self.find(now, key) else {
            self.counted.misses += 1;
            return None;
        };
        self.counted.hits += 1;
        self.turn += 1;
        let entry = &mut self.entries[at];
        (entry.used, entry.reads) = (self.turn, entry.reads + 1);
        Some(entry.value.clone())
    }

    fn set(&mut self, now: u64, key: &str, value: &[u8], ttl_ms: Option<u64>) -> bool {
        self.turn += 1;
        let (deadline, turn) = (ttl_ms.map(|ttl| now.saturating_add(ttl)), self.turn);
        self.admit(Entry { key: key.to_owned(), value: value.to_vec(), deadline, stored: turn, used: turn, reads: 0 })
    }

    fn incr(&mut self, now: u64, key: &str, delta: i64) -> Option<i64> {
        let Some(at) = self.find(now, key) else {
            let starts = self.ways.counts_from_zero && self.set(now, key, delta.to_string().as_bytes(), None);
            return starts.then_some(delta);
        };
        let number: i64 = std::str::from_utf8(&self.entries[at].value).ok()?.parse().ok()?;
        let sum = number.checked_add(delta)?;
        let changed = Entry { value: sum.to_string().into_bytes(), ..self.entries[at].clone() };
        self.admit(changed).then_some(sum)
    }

    fn touch(&mut self, now: u64, key: &str, ttl_ms: u64) -> bool {
        let Some(at) = self.find(now, key) else { return false };
        self.entries[at].deadline = Some(now.saturating_add(ttl_ms));
        true
    }

    fn clean(&mut self, now: u64) -> u64 {
        let before = self.entries.len();
        let entries = std::mem::take(&mut self.entries);
        self.entries = entries.into_iter().filter(|entry| !self.is_over(now, entry)).collect();
        let gone = (before - self.entries.len()) as u64;
        self.counted.expired += gone;
        gone
    }

    fn stats(&self) -> Stats {
        Stats { bytes_stored: self.bytes(), entry_count: self.entries.len() as u64, ..self.counted }
    }

    fn weight(&self, entry: &Entry) -> u64 {
        let key = if self.ways.weighs_keys { entry.key.len() } else { 0 };
        (key + entry.value.len()) as u64 + self.ways.overhead
    }

    fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| self.weight(entry)).sum()
    }

    /// Puts an entry in the place of what was there; others leave for it. `false` where it alone is too large.
    fn admit(&mut self, entry: Entry) -> bool {
        let weight = self.weight(&entry);
        if weight > self.limit {
            return false;
        }
        self.entries.retain(|other| other.key != entry.key);
        while self.bytes() + weight > self.limit {
            let ranks = self.entries.iter().enumerate().map(|(at, entry)| match self.policy {
                Policy::Lru => (entry.used, 0, at),
                Policy::Lfu => (entry.reads, entry.used, at),
                Policy::Fifo => (entry.stored, 0, at),
                Policy::Ttl => (entry.deadline.unwrap_or(u64::MAX), entry.stored, at),
            });
            let Some((_, _, at)) = ranks.min() else { break };
            self.entries.remove(at);
            self.counted.evictions += 1;
        }
        self.entries.push(entry);
        true
    }
}

/// A cluster in which each server has a store of its own.
struct Cluster {
    ways: Ways,
    config: Config,
    ring: HashRing,
    servers: BTreeMap<String, Node>,
}

impl Cluster {
    fn new(ways: Ways, config: Config) -> Self {
        let ring = HashRing::new(config.virtual_nodes as usize);
        Self { ways, config, ring, servers: BTreeMap::new() }
    }

    fn answer(&mut self, now: u64, request: &ClusterRequest) -> Response {
        match request {
            ClusterRequest::New(_) => Response::Done,
            ClusterRequest::Add { id, addr } => {
                self.ring.add_node(NodeInfo { id: id.clone(), addr: addr.clone(), weight: 1, is_alive: true });
                let node = Node::new(self.ways, self.config.max_memory, self.config.policy);
                self.servers.insert(id.clone(), node);
                Response::Done
            }
            ClusterRequest::Remove { id } => {
                self.ring.remove_node(id);
                let gone = self.servers.remove(id).filter(|_| self.ways.hands_over);
                for entry in gone.into_iter().flat_map(|node| node.entries) {
                    self.copy(now, &entry);
                }
                Response::Done
            }
            ClusterRequest::ServersFor { key } => {
                let homes = self.ring.get_nodes(&format!("{}{key}", self.ways.salt), self.copies());
                let member = |node: &NodeInfo| cachedojo_wire::Member {
                    id: node.id.clone(),
                    addr: node.addr.clone(),
                    weight: node.weight,
                    is_alive: node.is_alive,
                };
                Response::Members(homes.into_iter().map(member).collect())
            }
            ClusterRequest::Rebalance => {
                self.rebalance(now);
                Response::Done
            }
            ClusterRequest::Execute(command) => Response::Reply(self.execute(now, command)),
        }
    }

    fn copies(&self) -> usize {
        self.config.replication_factor as usize
    }

    fn homes(&self, key: &str) -> Vec<String> {
        let nodes = self.ring.get_nodes(&format!("{}{key}", self.ways.salt), self.copies());
        nodes.into_iter().map(|node| node.id.clone()).collect()
    }

    /// Gives an entry to those of its servers that lack it.
    fn copy(&mut self, now: u64, entry: &Entry) {
        for id in self.homes(&entry.key) {
            if let Some(node) = self.servers.get_mut(&id).filter(|node| !node.holds(now, &entry.key)) {
                node.admit(entry.clone());
            }
        }
    }

    fn rebalance(&mut self, now: u64) {
        for node in self.servers.values_mut() {
            node.clean(now);
        }
        let all: Vec<Entry> = self.servers.values().flat_map(|node| node.entries.iter().cloned()).collect();
        for entry in &all {
            self.copy(now, entry);
        }
        for entry in &all {
            let homes = self.homes(&entry.key);
            for (_, node) in self.servers.iter_mut().filter(|(id, _)| !homes.contains(id)) {
                node.entries.retain(|other| other.key != entry.key);
            }
        }
    }

    fn execute(&mut self, now: u64, command: &Command) -> Reply {
        if self.servers.is_empty() {
            return Reply::Error("the cluster has no server".to_owned());
        }
        match command {
            Command::Get { key } => {
                let homes = self.homes(key);
                let home = homes.iter().find(|id| self.servers[*id].holds(now, key)).or(homes.first());
                Reply::Value(home.and_then(|id| self.servers.get_mut(id)?.get(now, key)))
            }
            Command::Set { key, value, ttl_ms } => {
                let ttl_ms = ttl_ms.or(self.config.default_ttl_ms);
                let stored = self.on_copies(key, |node| node.set(now, key, value, ttl_ms));
                if stored.contains(&false) { Reply::Error("it is too large".to_owned()) } else { Reply::Stored }
            }
            Command::Delete { key } => {
                let deleted =
                    self.on_copies(key, |node| node.find(now, key).map(|at| node.entries.remove(at)).is_some());
                if deleted.contains(&true) { Reply::Deleted } else { Reply::NotFound }
            }
            Command::Incr { key, delta } => {
                let sums = self.on_copies(key, |node| node.incr(now, key, *delta));
                let sum = sums.into_iter().flatten().next();
                sum.map_or(Reply::NotFound, |sum| Reply::Value(Some(sum.to_string().into_bytes())))
            }
            Command::Touch { key, ttl_ms } => {
                let touched = self.on_copies(key, |node| node.touch(now, key, *ttl_ms));
                if touched.contains(&true) { Reply::Stored } else { Reply::NotFound }
            }
            Command::Stats => Reply::Stats(self.servers.values().map(Node::stats).fold(Stats::default(), add)),
        }
    }

    fn on_copies<T>(&mut self, key: &str, mut act: impl FnMut(&mut Node) -> T) -> Vec<T> {
        let homes = self.homes(key);
        homes.iter().filter_map(|id| self.servers.get_mut(id).map(&mut act)).collect()
    }
}

fn add(sum: Stats, more: Stats) -> Stats {
    Stats {
        hits: sum.hits + more.hits,
        misses: sum.misses + more.misses,
        evictions: sum.evictions + more.evictions,
        expired: sum.expired + more.expired,
        bytes_stored: sum.bytes_stored + more.bytes_stored,
        entry_count: sum.entry_count + more.entry_count,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
