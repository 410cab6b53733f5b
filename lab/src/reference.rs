//! The reference: the engine behind the subject seam. All other subjects are compared with it.

use cachedojo::cache::{CacheEvent, CacheNode};
use cachedojo::clock::{Clock, Instant};
use cachedojo::cluster::DistributedCache;
use cachedojo::protocol::line::LineCache;
#[cfg(feature = "services")]
use cachedojo::protocol::{memcached, rest};
use cachedojo::ring::HashRing;
use cachedojo_wire::{ClusterRequest, ExtraRequest, Request, Response, RingRequest};

#[cfg(feature = "services")]
use crate::families::parser;
use crate::families::wire::{self, Servers, Services};
use crate::families::{node, prototype, ring};
use crate::subject::{Crash, Subject};
use crate::world::{WALL_START_NS, World};

/// The engine as a subject. A fresh one holds nothing; `… new` commands create objects. Its work is bounded like a submission's:
/// after 805 million steps (`STEPS_MAX`) of a few nanoseconds each it ends with [`Crash::OutOfFuel`].
#[derive(Debug, Clone)]
pub struct Reference {
    clock: Clock,
    node: Option<CacheNode>,
    ring: Option<HashRing>,
    cluster: Option<DistributedCache>,
    servers: Servers,
    /// [`STEPS_MAX`] minus the cost ([`Reference::steps_of`]) of all requests so far.
    steps_left: u64,
}

/// The most steps of one reference, a few nanoseconds each: a short script can ask for more work than anybody would
/// wait for.
const STEPS_MAX: u64 = 3 << 28;
/// The cost of visiting one item, in requests of the protocols that go through all items.
const WALK_STEPS: u64 = 128;
/// The cost of making one key of a series, finding its owner and counting it.
const LOOKUP_STEPS: u64 = 50;

impl Default for Reference {
    fn default() -> Self {
        Self {
            clock: Clock::new(),
            node: None,
            ring: None,
            cluster: None,
            servers: Servers {
                line: LineCache::new(),
                // A world's clocks begin one second before its first command.
                services: Services::new(WALL_START_NS / 1_000_000_000 - 1),
            },
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
        let walked = self.walked();
        let answer = self.answer(request);
        self.steps_left = self.steps_left.saturating_sub(WALK_STEPS * (self.walked() - walked));
        Ok(answer)
    }

    fn take_inside(&mut self) -> Vec<CacheEvent> {
        let of_node = self.node.as_mut().map(CacheNode::take_events).unwrap_or_default();
        let of_cluster = self.cluster.as_mut().map(|cluster| cluster.local_node().take_events()).unwrap_or_default();
        of_node.into_iter().chain(of_cluster).collect()
    }
}

impl Reference {
    /// The node of `node new`, otherwise the cluster's, read-only.
    pub fn node(&self) -> Option<&CacheNode> {
        self.node.as_ref().or(self.cluster.as_ref().map(DistributedCache::local))
    }

    /// The ring of `ring new`, otherwise the cluster's, read-only.
    pub fn ring(&self) -> Option<&HashRing> {
        self.ring.as_ref().or(self.cluster.as_ref().map(DistributedCache::ring))
    }

    /// The entries of the line protocol's cache, by key.
    pub fn line_entries(&self) -> Vec<(&str, &str)> {
        self.servers.line.entries().collect()
    }

    /// The memcached server's items, read-only.
    #[cfg(feature = "services")]
    pub const fn memcached(&self) -> &memcached::Store {
        self.servers.services.memcached.store()
    }

    /// The REST service, read-only.
    #[cfg(feature = "services")]
    pub const fn rest(&self) -> &rest::Machine {
        &self.servers.services.rest
    }

    /// How many items and entries the protocols' requests have visited.
    fn walked(&self) -> u64 {
        self.servers.services.walked()
    }

    /// About how many steps have been used by requests that go through a whole ring or node.
    pub const fn steps(&self) -> u64 {
        STEPS_MAX - self.steps_left
    }

    /// About how many bytes a copy takes.
    pub fn bytes(&self) -> u64 {
        let node = |node: &CacheNode| {
            let stats = node.stats();
            stats.bytes_stored as u64 + 200 * stats.entry_count as u64
        };
        let nodes = [self.node.as_ref(), self.cluster.as_ref().map(DistributedCache::local)];
        let rings = [self.ring.as_ref(), self.cluster.as_ref().map(DistributedCache::ring)];
        let points: u64 = rings.into_iter().flatten().map(|ring| ring.points().len() as u64).sum();
        let of_line: u64 = self.servers.line.entries().map(|(key, value)| (key.len() + value.len()) as u64 + 100).sum();
        nodes.into_iter().flatten().map(node).sum::<u64>() + 32 * points + of_line + self.servers.services.bytes()
    }

    /// About how many steps a request takes, if it goes through a whole ring or node; other requests count as 0. The
    /// protocols' servers count their own work.
    fn steps_of(&self, request: &Request) -> u64 {
        let points = |ring: Option<&HashRing>| ring.map_or(0, |ring| ring.points().len() as u64);
        // With dead nodes a look-up has to search on.
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
            Request::Node(request) => node::answer(&mut self.node, &self.clock, request),
            Request::Ring(request) => ring::answer(&mut self.ring, request),
            Request::Cluster(request) => prototype::answer(&mut self.cluster, &self.clock, request),
            #[cfg(feature = "services")]
            Request::Parser(request) => parser::answer(request),
            // `Script::lacks` tells which scripts are for a build with the services.
            #[cfg(not(feature = "services"))]
            Request::Parser(_) => Response::NoObject,
            Request::Simulate(commands) => wire::answer_run(commands),
            Request::Extra(request) => {
                wire::answer(&mut self.servers, self.clock.now(), request).unwrap_or_else(|| {
                    self.node.as_mut().map_or(Response::NoObject, |node| node::answer_extra(node, request))
                })
            }
            // The engine's cluster does not have this interface: it runs in a simulated world of its own.
            Request::Machine(request) => Response::NotImplemented { item: request.item().to_owned() },
        }
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
            "mc set k 0 0 1\nmc v\nfor 1..100 mc lru_crawler crawl all",
            "mc set k 0 0 1\nmc v\nfor 1..100 mc lru_crawler metadump all",
            "mc set k 0 0 1\nmc v\nfor 1..100 mc lru_crawler mgdump hash",
            "mc set k 0 0 1\nmc v\nfor 1..100 mc stats sizes",
            "mc set k 0 0 1\nmc v\nfor 1..100 mc stats items",
            "mc set k 0 0 1\nmc v\nfor 1..100 mc stats cachedump 3 0",
            "http PUT /api/v1/cache/a/k {\"value\": 1}\nfor 1..100 http DELETE /api/v1/cache/a?pattern=x*",
            "http PUT /api/v1/cache/a/k {\"value\": 1}\nfor 1..100 http DELETE /api/v1/cache/a?tag=x",
            "http PUT /api/v1/cache/a/k {\"value\": 1}\nfor 1..100 http PUT /api/v1/namespaces/a {\"max_size_bytes\": 9{}}",
            "http GET /api/v1/cache/a/k\nfor 1..100 http GET /api/v1/namespaces",
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
