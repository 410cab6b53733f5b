//! Two nodes in one process: what one sends the other hears at once, and timers are over when the test says so.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use distributedcache::{CacheNode, Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};

struct Cluster {
    nodes: BTreeMap<String, CacheNode>,
    timers: Vec<(String, u64)>,
    replies: BTreeMap<u64, Reply>,
    next: u64,
}

impl Cluster {
    fn new(names: &[&str]) -> Self {
        let members: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut cluster = Self { nodes: BTreeMap::new(), timers: Vec::new(), replies: BTreeMap::new(), next: 1 };
        for name in names {
            let mut node = CacheNode::new(NodeConfig {
                node_id: (*name).to_owned(),
                members: members.clone(),
                replication_factor: 2,
                virtual_nodes: 150,
            });
            let effects = node.start();
            cluster.nodes.insert((*name).to_owned(), node);
            cluster.carry_out(name, effects);
        }
        cluster
    }

    /// Does what a node wants done, and what comes of that, to the end.
    fn carry_out(&mut self, node: &str, effects: Vec<Effect>) {
        let mut todo: VecDeque<(String, Effect)> =
            effects.into_iter().map(|effect| (node.to_owned(), effect)).collect();
        while let Some((from, effect)) = todo.pop_front() {
            match effect {
                Effect::Timer { timer, .. } => self.timers.push((from, timer)),
                Effect::Reply { request, reply } => drop(self.replies.insert(request, reply)),
                Effect::Send { to, bytes } => {
                    if let Some(node) = self.nodes.get_mut(&to) {
                        let more = node.handle(Input::Message { from, bytes });
                        todo.extend(more.into_iter().map(|effect| (to.clone(), effect)));
                    }
                }
            }
        }
    }

    fn hear(&mut self, node: &str, input: Input) {
        if let Some(running) = self.nodes.get_mut(node) {
            let effects = running.handle(input);
            self.carry_out(node, effects);
        }
    }

    fn ask(&mut self, node: &str, command: Command) -> Option<Reply> {
        let request = self.next;
        self.next += 1;
        self.hear(node, Input::Client { request, command });
        self.replies.remove(&request)
    }

    /// All timers that are set are over.
    fn let_timers_go_off(&mut self) {
        for (node, timer) in std::mem::take(&mut self.timers) {
            self.hear(&node, Input::Timer { timer });
        }
    }
}

fn put(key: &str, value: &str, ttl: Option<Duration>) -> Command {
    Command::Put { key: key.to_owned(), value: value.into(), ttl, level: ConsistencyLevel::Quorum }
}

fn get(key: &str) -> Command {
    Command::Get { key: key.to_owned(), level: ConsistencyLevel::Quorum }
}

fn value(text: &str) -> Option<Reply> {
    Some(Reply::Value(Some(text.into())))
}

#[test]
fn what_one_node_writes_the_other_reads() {
    let mut cluster = Cluster::new(&["node1", "node2"]);
    assert_eq!(cluster.ask("node1", put("user:1234", "Alice", None)), Some(Reply::Done));
    assert_eq!(cluster.ask("node2", get("user:1234")), value("Alice"));
    assert_eq!(cluster.ask("node2", put("user:1234", "Bob", None)), Some(Reply::Done));
    assert_eq!(cluster.ask("node1", get("user:1234")), value("Bob"));
}

#[test]
fn a_deleted_key_is_gone_on_both() {
    let mut cluster = Cluster::new(&["node1", "node2"]);
    cluster.ask("node1", put("k", "v", None));
    let command = Command::Delete { key: "k".to_owned(), level: ConsistencyLevel::All };
    assert_eq!(cluster.ask("node2", command), Some(Reply::Done));
    assert_eq!(cluster.ask("node1", get("k")), Some(Reply::Value(None)));
}

#[test]
fn an_invalidated_key_is_forgotten_on_both() {
    let mut cluster = Cluster::new(&["node1", "node2"]);
    cluster.ask("node1", put("k", "v", None));
    assert_eq!(cluster.ask("node1", Command::Invalidate { key: "k".to_owned() }), Some(Reply::Done));
    assert_eq!(cluster.ask("node2", Command::Peek { key: "k".to_owned() }), Some(Reply::Value(None)));
}

#[test]
fn an_entry_with_time_left_is_there_and_one_without_is_not() {
    let mut cluster = Cluster::new(&["node1", "node2"]);
    cluster.ask("node1", put("long", "v", Some(Duration::from_secs(3600))));
    cluster.ask("node1", put("short", "v", Some(Duration::ZERO)));
    assert_eq!(cluster.ask("node2", get("long")), value("v"));
    assert_eq!(cluster.ask("node2", get("short")), Some(Reply::Value(None)));
}

#[test]
fn a_node_that_leaves_takes_no_key_with_it() {
    let mut cluster = Cluster::new(&["node1", "node2", "node3"]);
    for number in 0..20 {
        cluster.ask("node1", put(&format!("k{number}"), "v", None));
    }
    cluster.nodes.remove("node3");
    for node in ["node1", "node2"] {
        cluster.hear(node, Input::Left { node_id: "node3".to_owned() });
    }
    for _ in 0..5 {
        cluster.let_timers_go_off();
    }
    for number in 0..20 {
        assert_eq!(cluster.ask("node2", get(&format!("k{number}"))), value("v"), "k{number}");
    }
}

#[test]
fn a_node_is_healthy() {
    let mut cluster = Cluster::new(&["node1", "node2"]);
    cluster.ask("node1", put("k", "v", None));
    assert!(cluster.nodes.values().all(CacheNode::is_healthy));
}
