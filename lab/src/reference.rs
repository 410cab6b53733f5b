//! The reference: this engine behind the subject seam, the measure of every other subject.

use std::time::Duration;

use cachedojo_wire::{
    ClusterRequest, Command, Config, ExtraRequest, Member, NodeRequest, ParseError, ParserRequest, Policy, Reply,
    Request, Response, RingRequest, Stats, numbered,
};

use crate::subject::{Crash, Subject};
use crate::world::{WALL_START_NS, World};
use cachedojo::cache::{CacheEvent, CacheNode, CacheStats, EvictionPolicy};
use cachedojo::clock::{Clock, Instant, millis};
use cachedojo::cluster::{CacheConfig, DistributedCache};
use cachedojo::protocol::line::{self, LineCache};
use cachedojo::protocol::{self, CacheCommand, CacheResponse, ProtocolParser};
use cachedojo::protocol::{memcached, rest};
use cachedojo::ring::{HashRing, NodeInfo};

/// The engine as a subject. Fresh ones hold nothing; objects come with `… new`. Its work is bounded as a submission's is:
/// past that it is [`Crash::OutOfFuel`].
#[derive(Debug)]
pub struct Reference {
    clock: Clock,
    node: Option<CacheNode>,
    ring: Option<HashRing>,
    cluster: Option<DistributedCache>,
    line: LineCache,
    memcached: memcached::Machine,
    rest: rest::Machine,
    /// [`STEPS_MAX`] less what [`Reference::steps_of`] came to so far.
    steps_left: u64,
}

/// Steps that one reference takes at most, of a few nanoseconds each: a script of a few letters can ask for more than
/// anybody waits for.
const STEPS_MAX: u64 = 1 << 32;
/// To make a key of a run of keys, to find its owner and to count it.
const LOOKUP_STEPS: u64 = 50;

impl Default for Reference {
    fn default() -> Self {
        Self {
            clock: Clock::new(),
            node: None,
            ring: None,
            cluster: None,
            line: LineCache::new(),
            // The world wakes one second after its clocks began.
            memcached: memcached::Machine::new(WALL_START_NS / 1_000_000_000 - 1),
            rest: rest::Machine::new(WALL_START_NS / 1_000_000_000 - 1),
            steps_left: STEPS_MAX,
        }
    }
}

impl Subject for Reference {
    fn call(&mut self, world: &mut World, request: &Request) -> Result<Response, Crash> {
        self.steps_left = self.steps_left.saturating_sub(self.steps_of(request));
        if self.steps_left == 0 {
            return Err(Crash::OutOfFuel);
        }
        self.clock.set(Instant::from_millis(world.monotonic_ns / 1_000_000));
        Ok(self.answer(request))
    }

    fn take_inside(&mut self) -> Vec<CacheEvent> {
        let of_node = self.node.as_mut().map(CacheNode::take_events).unwrap_or_default();
        let of_cluster = self.cluster.as_mut().map(|cluster| cluster.local_node().take_events()).unwrap_or_default();
        of_node.into_iter().chain(of_cluster).collect()
    }
}

impl Reference {
    /// The node of `node new`, else the cluster's, to look at.
    pub fn node(&self) -> Option<&CacheNode> {
        self.node.as_ref().or(self.cluster.as_ref().map(DistributedCache::local))
    }

    /// The ring of `ring new`, else the cluster's, to look at.
    pub fn ring(&self) -> Option<&HashRing> {
        self.ring.as_ref().or(self.cluster.as_ref().map(DistributedCache::ring))
    }

    /// What the line protocol holds, by key.
    pub fn line_entries(&self) -> Vec<(&str, &str)> {
        self.line.entries().collect()
    }

    /// The memcached server's items, to look at.
    pub const fn memcached(&self) -> &memcached::Store {
        self.memcached.store()
    }

    /// The REST service, to look at.
    pub const fn rest(&self) -> &rest::Machine {
        &self.rest
    }

    /// About as many steps as a request takes that goes through a whole ring or node; the others take next to none.
    fn steps_of(&self, request: &Request) -> u64 {
        let points = |ring: Option<&HashRing>| ring.map_or(0, |ring| ring.points().len() as u64);
        // A look-up goes on where nodes are dead.
        let lookups = |count: u32| {
            let dead = self.ring.as_ref().filter(|ring| ring.nodes().iter().any(|node| !node.is_alive));
            u64::from(count) * (LOOKUP_STEPS + points(dead))
        };
        let scan = |pattern: &str| {
            let stats = self.node.as_ref().map(CacheNode::stats).unwrap_or_default();
            let compared = (stats.bytes_stored as u64).saturating_mul(pattern.len() as u64) / 4;
            compared + 64 * stats.entry_count as u64
        };
        match request {
            Request::Ring(RingRequest::Add(_) | RingRequest::Remove { .. }) => 4 * points(self.ring.as_ref()),
            Request::Ring(RingRequest::Owner { .. } | RingRequest::Replicas { .. }) => lookups(1),
            Request::Ring(RingRequest::OwnersOf { count, .. }) => lookups(*count),
            Request::Cluster(ClusterRequest::Add { .. } | ClusterRequest::Remove { .. }) => {
                4 * points(self.cluster.as_ref().map(DistributedCache::ring))
            }
            Request::Extra(ExtraRequest::Order) => scan(""),
            Request::Extra(ExtraRequest::Keys { pattern } | ExtraRequest::DeletePattern { pattern }) => scan(pattern),
            _ => 0,
        }
    }

    fn answer(&mut self, request: &Request) -> Response {
        match request {
            Request::Node(request) => self.node_answer(request),
            Request::Ring(request) => self.ring_answer(request),
            Request::Cluster(request) => self.cluster_answer(request),
            Request::Parser(ParserRequest::Parse(bytes)) => {
                Response::Parsed(ProtocolParser::parse(bytes).map(to_command).map_err(to_parse_error))
            }
            Request::Parser(ParserRequest::Serialize(reply)) => {
                Response::Bytes(ProtocolParser::serialize(&from_reply(reply.clone())))
            }
            Request::Simulate(commands) => Response::Lines(line::simulate_distributed_cache(commands)),
            Request::Extra(request) => self.extra_answer(request),
        }
    }

    fn node_answer(&mut self, request: &NodeRequest) -> Response {
        if let NodeRequest::New { max_memory, policy } = request {
            let mut node = CacheNode::with_limits(*max_memory, u64::MAX, from_policy(*policy), self.clock.clone());
            node.record_events(true);
            self.node = Some(node);
            return Response::Done;
        }
        let Some(node) = &mut self.node else { return Response::NoObject };
        match request {
            NodeRequest::New { .. } => Response::Done,
            NodeRequest::Get { key } => Response::Entry(node.read(key).map(<[u8]>::to_vec)),
            NodeRequest::Set { key, value, ttl_ms } => {
                Response::Bool(node.set(key.clone(), value.clone(), ttl_ms.map(Duration::from_millis)))
            }
            NodeRequest::Delete { key } => Response::Bool(node.delete(key)),
            NodeRequest::Incr { key, delta } => Response::Number(node.incr(key, *delta)),
            NodeRequest::Touch { key, ttl_ms } => Response::Bool(node.touch(key, Duration::from_millis(*ttl_ms))),
            NodeRequest::CleanExpired => Response::Count(node.clean_expired() as u64),
            NodeRequest::Stats => Response::Stats(to_stats(&node.stats())),
        }
    }

    fn ring_answer(&mut self, request: &RingRequest) -> Response {
        if let RingRequest::New { virtual_nodes } = request {
            self.ring = Some(HashRing::new(*virtual_nodes as usize));
            return Response::Done;
        }
        let Some(ring) = &mut self.ring else { return Response::NoObject };
        match request {
            RingRequest::New { .. } => Response::Done,
            RingRequest::Add(member) => {
                ring.add_node(from_member(member.clone()));
                Response::Done
            }
            RingRequest::Remove { id } => {
                ring.remove_node(id);
                Response::Done
            }
            RingRequest::Owner { key } => Response::Member(ring.get_node(key).map(to_member)),
            RingRequest::Replicas { key, count } => {
                Response::Members(ring.get_nodes(key, *count as usize).into_iter().map(to_member).collect())
            }
            RingRequest::Members => Response::Members(ring.nodes().into_iter().map(to_member).collect()),
            RingRequest::OwnersOf { prefix, count } => owners_of(ring, prefix, *count),
        }
    }

    fn cluster_answer(&mut self, request: &ClusterRequest) -> Response {
        if let ClusterRequest::New(config) = request {
            let mut cluster = DistributedCache::with_clock(from_config(config), self.clock.clone());
            cluster.local_node().record_events(true);
            self.cluster = Some(cluster);
            return Response::Done;
        }
        let Some(cluster) = &mut self.cluster else { return Response::NoObject };
        match request {
            ClusterRequest::New(_) => Response::Done,
            ClusterRequest::Add { id, addr } => {
                cluster.add_server(id.clone(), addr.clone());
                Response::Done
            }
            ClusterRequest::Remove { id } => {
                cluster.remove_server(id);
                Response::Done
            }
            ClusterRequest::ServersFor { key } => {
                Response::Members(cluster.servers_for_key(key).into_iter().map(to_member).collect())
            }
            ClusterRequest::Rebalance => {
                cluster.rebalance_now();
                Response::Done
            }
            ClusterRequest::Execute(command) => {
                Response::Reply(to_reply(cluster.execute_now(from_command(command.clone()))))
            }
        }
    }

    fn extra_answer(&mut self, request: &ExtraRequest) -> Response {
        match request {
            ExtraRequest::Line(text) => self.line_answer(text),
            ExtraRequest::Memcached(bytes) => Response::Bytes(self.memcached.feed(bytes, self.clock.now())),
            ExtraRequest::Rest(line) => {
                let answer = self.rest.answer_line(line, self.clock.now()).to_string();
                Response::Lines(answer.lines().map(str::to_owned).collect())
            }
            _ => self.node.as_mut().map_or(Response::NoObject, |node| node_extra(node, request)),
        }
    }

    fn line_answer(&mut self, text: &str) -> Response {
        if self.line.exited() {
            return Response::Lines(Vec::new());
        }
        Response::Lines(vec![self.line.answer(text).to_string()])
    }
}

fn node_extra(node: &mut CacheNode, request: &ExtraRequest) -> Response {
    match request {
        ExtraRequest::Order => Response::Lines(node.entries().iter().map(|entry| entry.key.to_owned()).collect()),
        ExtraRequest::Exists { key } => Response::Bool(node.exists(key)),
        ExtraRequest::Keys { pattern } => Response::Lines(node.keys(pattern)),
        ExtraRequest::DeletePattern { pattern } => Response::Count(node.delete_pattern(pattern) as u64),
        ExtraRequest::Increment { key, amount } => Response::Number(node.increment(key, *amount).ok()),
        ExtraRequest::Clear => {
            node.clear();
            Response::Done
        }
        ExtraRequest::Line(_) | ExtraRequest::Memcached(_) | ExtraRequest::Rest(_) => Response::NoObject,
    }
}

fn owners_of(ring: &HashRing, prefix: &str, count: u32) -> Response {
    let (mut ids, mut owners): (Vec<String>, Vec<u32>) = (Vec::new(), Vec::new());
    for number in 0..count {
        let owner = ring.get_node(&numbered(prefix, number));
        owners.push(owner.map_or(u32::MAX, |owner| {
            let index = ids.iter().position(|id| *id == owner.id).unwrap_or_else(|| {
                ids.push(owner.id.clone());
                ids.len() - 1
            });
            u32::try_from(index).unwrap_or(u32::MAX)
        }));
    }
    Response::Owners { ids, owners }
}

fn from_policy(policy: Policy) -> EvictionPolicy {
    match policy {
        Policy::Lru => EvictionPolicy::LRU,
        Policy::Lfu => EvictionPolicy::LFU,
        Policy::Fifo => EvictionPolicy::FIFO,
        Policy::Ttl => EvictionPolicy::TTL,
    }
}

fn from_member(member: Member) -> NodeInfo {
    NodeInfo { id: member.id, addr: member.addr, weight: member.weight, is_alive: member.is_alive }
}

fn to_member(node: &NodeInfo) -> Member {
    Member { id: node.id.clone(), addr: node.addr.clone(), weight: node.weight, is_alive: node.is_alive }
}

fn from_config(config: &Config) -> CacheConfig {
    CacheConfig {
        max_memory: usize::try_from(config.max_memory).unwrap_or(usize::MAX),
        default_ttl: config.default_ttl_ms.map(Duration::from_millis),
        eviction_policy: from_policy(config.policy),
        replication_factor: config.replication_factor as usize,
        virtual_nodes: config.virtual_nodes as usize,
    }
}

fn to_stats(stats: &CacheStats) -> Stats {
    Stats {
        hits: stats.hits,
        misses: stats.misses,
        evictions: stats.evictions,
        expired: stats.expired,
        bytes_stored: stats.bytes_stored as u64,
        entry_count: stats.entry_count as u64,
    }
}

fn from_stats(stats: &Stats) -> CacheStats {
    CacheStats {
        hits: stats.hits,
        misses: stats.misses,
        evictions: stats.evictions,
        expired: stats.expired,
        bytes_stored: usize::try_from(stats.bytes_stored).unwrap_or(usize::MAX),
        entry_count: usize::try_from(stats.entry_count).unwrap_or(usize::MAX),
    }
}

fn from_command(command: Command) -> CacheCommand {
    match command {
        Command::Get { key } => CacheCommand::Get { key },
        Command::Set { key, value, ttl_ms } => CacheCommand::Set { key, value, ttl: ttl_ms.map(Duration::from_millis) },
        Command::Delete { key } => CacheCommand::Delete { key },
        Command::Incr { key, delta } => CacheCommand::Incr { key, delta },
        Command::Touch { key, ttl_ms } => CacheCommand::Touch { key, ttl: Duration::from_millis(ttl_ms) },
        Command::Stats => CacheCommand::Stats,
    }
}

fn to_command(command: CacheCommand) -> Command {
    match command {
        CacheCommand::Get { key } => Command::Get { key },
        CacheCommand::Set { key, value, ttl } => Command::Set { key, value, ttl_ms: ttl.map(millis) },
        CacheCommand::Delete { key } => Command::Delete { key },
        CacheCommand::Incr { key, delta } => Command::Incr { key, delta },
        CacheCommand::Touch { key, ttl } => Command::Touch { key, ttl_ms: millis(ttl) },
        CacheCommand::Stats => Command::Stats,
    }
}

fn to_parse_error(error: protocol::ParseError) -> ParseError {
    match error {
        protocol::ParseError::InvalidCommand => ParseError::InvalidCommand,
        protocol::ParseError::InvalidArguments => ParseError::InvalidArguments,
        protocol::ParseError::Incomplete => ParseError::Incomplete,
    }
}

fn to_reply(response: CacheResponse) -> Reply {
    match response {
        CacheResponse::Value(value) => Reply::Value(value),
        CacheResponse::Stored => Reply::Stored,
        CacheResponse::Deleted => Reply::Deleted,
        CacheResponse::NotFound => Reply::NotFound,
        CacheResponse::Error(message) => Reply::Error(message),
        CacheResponse::Stats(stats) => Reply::Stats(to_stats(&stats)),
    }
}

fn from_reply(reply: Reply) -> CacheResponse {
    match reply {
        Reply::Value(value) => CacheResponse::Value(value),
        Reply::Stored => CacheResponse::Stored,
        Reply::Deleted => CacheResponse::Deleted,
        Reply::NotFound => CacheResponse::NotFound,
        Reply::Error(message) => CacheResponse::Error(message),
        Reply::Stats(stats) => CacheResponse::Stats(from_stats(&stats)),
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;
    use crate::runner::{render, run};
    use crate::script::{Dialect, parse};

    #[test]
    fn a_cluster_gives_each_command_its_answer() {
        let text = "cluster new rf=2 memory=20 ttl=5s\nfor 1..3 cluster add n{}\ncluster where k\n\
            cluster remove n9\ncluster remove n1\ncluster where k\n\
            cluster set k 5\ncluster touch k 10s\ncluster touch none 1s\ncluster set big 20*x\n\
            cluster incr k 2\ncluster incr none 1\ntick 9s\ncluster get k\ncluster set a b\n\
            cluster delete k\ncluster delete k\ntick 5s\ncluster rebalance\ncluster stats";
        let shown = render(&run(&parse(text, Dialect::Lab), &mut Reference::default(), 0), Dialect::Lab);
        let answers: Vec<_> = shown.lines().filter(|line| !line.starts_with(['~', '+'])).collect();
        let too_large = "error: the value is larger than the cache; store a smaller one";
        let stats = "hits=1 misses=0 evictions=0 expired=1 bytes=0 entries=0";
        #[rustfmt::skip]
        let expected = [
            "cluster ready", "n1 joined", "n2 joined", "n3 joined", "n1 n2", "n9 left", "n1 left", "n2 n3",
            "stored", "stored", "not found", too_large, "7", "not found", "7", "stored",
            "deleted", "not found", "rebalanced", stats,
        ];
        assert_eq!(answers, expected);
    }

    #[test]
    fn a_reference_that_would_go_through_too_much_stops() {
        for text in [
            "ring new 10\nfor 1..100 ring add n{}",
            "ring new 10\nring add n\nfor 1..1000 ring remove n{}",
            "ring new 10\nring add n dead\nfor 1..1000 ring where k{}",
            "ring new 10\nring add n dead\nfor 1..1000 ring replicas k{} 1",
            "ring new 10\nring add n dead\nring spread k 1000",
            "ring new 10\nring add n\nfor 1..40 ring spread k 10",
            "ring new 10\nring mark k 10\nfor 1..40 ring moved",
            "cluster new points=10\nfor 1..100 cluster add n{}",
            "node new 1MiB\nnode set k 1000*x\nfor 1..100 order",
            "node new 1MiB\nnode set k 1000*x\nfor 1..100 node keys k*",
            "node new 1MiB\nnode set k 1000*x\nfor 1..100 node delete-pattern *y",
        ] {
            let script = parse(text, Dialect::Lab);
            assert_eq!(script.diagnostics, []);
            let mut subject = Reference { steps_left: 5_000, ..Reference::default() };
            let shown = render(&run(&script, &mut subject, 0), Dialect::Lab);
            let last = shown.lines().last().expect("an event");
            assert_eq!(last, "did not finish: it used up the work it is allowed", "{text}");
        }
        let script = parse("node new 1\nalways entries = 0\nnode get k", Dialect::Lab);
        let mut subject = Reference { steps_left: 0, ..Reference::default() };
        assert_eq!(run(&script, &mut subject, 0).len(), 1, "what has stopped is asked nothing more");
    }
}
