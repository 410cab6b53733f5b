//! The service over a Redis Cluster: six of Debian's on loopback, three with a replica each.
//!
//! A node is killed while clients write. Redis sends a write to its replica after it has answered, so what it answered in its last moment
//! may be lost with it: a cache's reader then finds nothing and loads again, as the document's cache-aside does. It is counted. What must
//! never be is a wrong value, anything lost that the replica had, or anything lost where no replica had to take over.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde_json::json;

use crate::processes::{Folder, Process, free_ports, redis};
use crate::support::{Client, Running};

/// How often something is asked for until it has come about, at most; each asking starts a process or takes a round trip, some
/// milliseconds at least, and a replica takes over some seven seconds after its master's end.
const ASKINGS: usize = 20_000;
/// How long the clients may take to have so many writes acknowledged.
const PATIENCE: Duration = Duration::from_mins(2);
/// How many writes each client has acknowledged before the kill, and after the replica has taken over.
const WRITES: usize = 40;
/// One namespace is one slot, and so one node: these are spread over all three.
const NAMESPACES: usize = 9;

struct RedisCluster {
    nodes: Vec<(u16, Process)>,
    _folders: Vec<Folder>,
}

impl RedisCluster {
    fn new() -> Self {
        let (mut nodes, mut folders) = (Vec::new(), Vec::new());
        let ports: [u16; 12] = free_ports();
        for pair in ports.chunks_exact(2) {
            let (folder, port, bus) = (Folder::new(), pair[0], pair[1]);
            let path = folder.path().to_str().expect("text").to_owned();
            let bus = bus.to_string();
            let flags = ["--cluster-enabled", "yes", "--cluster-node-timeout", "5000", "--cluster-port", &bus];
            let more = ["--dir", path.as_str(), "--repl-diskless-sync-delay", "0"];
            nodes.push((port, redis(port, &[&flags[..], &more].concat())));
            folders.push(folder);
        }
        let addresses = nodes.iter().map(|(port, _)| format!("127.0.0.1:{port}"));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .output()
            .expect("redis-cli");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        let cluster = Self { nodes, _folders: folders };
        let ports: Vec<u16> = cluster.nodes.iter().map(|(port, _)| *port).collect();
        for port in ports {
            RedisCluster::until(port, "CLUSTER INFO", |told| told.contains("cluster_state:ok"));
            RedisCluster::until(port, "INFO replication", |told| {
                // Each replica has what its master has, and each master has its replica.
                told.contains("master_link_status:up") || told.contains("connected_slaves:1")
            });
        }
        cluster
    }

    /// Waits until the replicas have all that their masters have; nobody writes meanwhile but for the masters' own pings.
    fn until_replicated(&self) {
        let of = |port: u16, field: &str| -> Option<u64> {
            let told = Self::ask(port, "INFO replication");
            told.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')?.trim().parse().ok())
        };
        for (port, _) in &self.nodes {
            if let Some(master) = of(*port, "master_port") {
                let offset = of(u16::try_from(master).expect("a port"), "master_repl_offset").expect("a master");
                let has = || of(*port, "slave_repl_offset").is_some_and(|replica| replica >= offset);
                assert!((0..ASKINGS).any(|_| has()), "{port} follows {master}");
            }
        }
    }

    fn store(&self) -> String {
        let all: Vec<String> = self.nodes.iter().map(|(port, _)| format!("127.0.0.1:{port}")).collect();
        format!("redis+cluster://{}", all.join(","))
    }

    fn ask(port: u16, command: &str) -> String {
        let mut cli = Command::new("redis-cli");
        let told = cli.args(["-p", &port.to_string()]).args(command.split(' ')).output().expect("redis-cli");
        String::from_utf8_lossy(&told.stdout).into_owned()
    }

    fn until(port: u16, command: &str, holds: impl Fn(&str) -> bool) {
        assert!((0..ASKINGS).any(|_| holds(&Self::ask(port, command))), "{port}: {command}");
    }

    /// The port of the master that has a namespace, as `by` knows it.
    fn master_of(by: u16, namespace: &str) -> u16 {
        let slot: u32 =
            Self::ask(by, &format!("CLUSTER KEYSLOT cache_stats:{{{namespace}}}")).trim().parse().expect("a slot");
        let nodes = Self::ask(by, "CLUSTER NODES");
        let has = |range: &str| {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            matches!((from.parse(), to.parse()), (Ok(from), Ok(to)) if (from..=to).contains(&slot))
        };
        let line = nodes.lines().find(|line| line.split(' ').skip(8).any(has)).expect("somebody has it");
        let address = line.split(' ').nth(1).and_then(|address| address.split('@').next()).expect("an address");
        address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    }
}

/// What the clients wrote: namespace, key and value of each write that was acknowledged.
#[derive(Default)]
struct Written {
    acknowledged: Mutex<Vec<(usize, String)>>,
    /// Notified of each.
    is_more: Condvar,
    is_over: AtomicBool,
}

/// The end of the clients, by a failed assertion too.
struct End<'written>(&'written Written);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

impl Written {
    /// Writes to all namespaces in turn until it is over; how many were refused.
    fn write(&self, server: &Running, client: usize) -> usize {
        let mut refused = 0;
        for turn in 0.. {
            if self.is_over.load(Ordering::SeqCst) {
                return refused;
            }
            let (space, key) = ((turn + client) % NAMESPACES, format!("k{client}-{turn}"));
            let body = format!("{{\"value\": \"{key}\"}}");
            let answer = server.client().ask("PUT", &format!("/api/v1/cache/n{space}/{key}"), &body);
            if answer.status == 201 || answer.status == 200 {
                self.acknowledged.lock().expect("nobody panicked").push((space, key));
                self.is_more.notify_one();
            } else {
                // The document's C-01: an error with a body, and no crash.
                assert!([503, 504].contains(&answer.status) && answer.json()["error"].is_string(), "{answer:?}");
                refused += 1;
            }
        }
        refused
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().expect("nobody panicked").len()
    }

    fn until(&self, count: usize) {
        let acknowledged = self.acknowledged.lock().expect("nobody panicked");
        let (acknowledged, _) = self
            .is_more
            .wait_timeout_while(acknowledged, PATIENCE, |acknowledged| acknowledged.len() < count)
            .expect("nobody panicked");
        assert!(acknowledged.len() >= count, "{} of {count} were acknowledged", acknowledged.len());
    }
}

#[test]
fn a_node_of_a_redis_cluster_is_killed_under_load() {
    let mut cluster = RedisCluster::new();
    let server = Running::new(&["--store", &cluster.store(), "--store-timeout-ms", "700"]);
    let mut client = server.client();
    operations(&mut client);

    let (first, last) = (cluster.nodes[0].0, cluster.nodes[5].0);
    let masters: Vec<u16> = (0..NAMESPACES).map(|space| RedisCluster::master_of(last, &format!("n{space}"))).collect();
    assert_eq!(masters.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "all three have some: {masters:?}");
    // These are on the replicas before anything happens, and so they stay.
    let settled: Vec<usize> = (0..NAMESPACES).filter(|space| put_settled(&mut client, *space)).collect();
    assert_eq!(settled.len(), NAMESPACES);
    cluster.until_replicated();
    let written = Written::default();
    let refused: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn({
                    let (written, server) = (&written, &server);
                    move || written.write(server, number)
                })
            })
            .collect();
        let end = End(&written);
        written.until(4 * WRITES);
        cluster.nodes[0].1.kill();
        let orphan = masters.iter().position(|master| *master == first).expect("it has some");
        assert!(
            (0..ASKINGS).any(|_| RedisCluster::master_of(last, &format!("n{orphan}")) != first),
            "a replica takes over"
        );
        RedisCluster::until(last, "CLUSTER INFO", |told| told.contains("cluster_state:ok"));
        let before = written.count();
        written.until(before + 4 * WRITES);
        drop(end);
        clients.into_iter().map(|client| client.join().expect("it saw nothing wrong")).sum()
    });

    // The service has hung up on a client that said nothing for so long.
    let mut client = server.client();
    let moved = |space: usize| RedisCluster::master_of(last, &format!("n{space}")) != masters[space];
    let moved: Vec<bool> = (0..NAMESPACES).map(moved).collect();
    let (mut lost, mut kept) = (0, 0);
    let acknowledged = written.acknowledged.into_inner().expect("nobody panicked");
    for (space, key) in &acknowledged {
        let answer = client.ask("GET", &format!("/api/v1/cache/n{space}/{key}"), "");
        match answer.status {
            200 => {
                assert_eq!(answer.json()["value"], json!(key));
                kept += 1;
            }
            404 => {
                assert!(moved[*space], "{key} was on a node that was not killed");
                lost += 1;
            }
            _ => panic!("{answer:?}"),
        }
    }
    println!(
        "{} acknowledged, {kept} kept, {lost} lost with the node, {refused} refused meanwhile",
        acknowledged.len()
    );
    for space in settled {
        assert_eq!(client.ask("GET", &format!("/api/v1/cache/n{space}/settled"), "").json()["value"], json!(space));
    }
    // Counts and entries agree still, on the replica that took over too.
    for space in 0..NAMESPACES {
        let stats = client.ask("GET", &format!("/api/v1/cache/n{space}/stats"), "").json();
        let flushed = client.ask("DELETE", &format!("/api/v1/cache/n{space}"), "").json();
        assert_eq!(stats["total_keys"], flushed["deleted_count"], "n{space}");
    }
}

fn put_settled(client: &mut Client, space: usize) -> bool {
    let target = format!("/api/v1/cache/n{space}/settled");
    client.ask("PUT", &target, &format!("{{\"value\": {space}}}")).status == 201
}

/// Each operation does over a cluster what it does over one Redis.
fn operations(client: &mut Client) {
    for (line, status, has) in [
        (
            r#"POST /api/v1/cache/n/mset {"entries": [{"key": "a", "value": 1, "tags": ["x"]}, {"key": "b{c}", "value": 2}]}"#,
            200,
            "\"stored\":2",
        ),
        (r#"POST /api/v1/cache/n/mget {"keys": ["a", "b{c}", "no"]}"#, 200, "\"hits\":2,\"misses\":1"),
        ("GET /api/v1/cache/n/a", 200, "\"value\":1"),
        ("DELETE /api/v1/cache/n?tag=x", 200, "\"deleted_count\":1"),
        ("DELETE /api/v1/cache/n?pattern=b*", 200, "\"deleted_count\":1"),
        ("GET /api/v1/cache/n/stats", 200, "\"total_keys\":0"),
        ("DELETE /api/v1/namespaces/n", 200, "\"deleted\":true"),
        ("GET /health", 200, "\"redis\":\"connected\""),
    ] {
        let (method, rest) = line.split_once(' ').expect("a method");
        let (target, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let answer = client.ask(method, target, body);
        assert!(answer.status == status && answer.body.contains(has), "{line}: {answer:?}");
    }
}
