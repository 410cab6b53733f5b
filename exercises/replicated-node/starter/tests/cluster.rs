//! Nodes in one process: what one sends the others hear at once, and timers are over when the test says so. No message is lost here and no
//! clock is wrong: write the tests in which they are.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use replicatednode::{CacheNode, Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};

struct Cluster {
    nodes: BTreeMap<String, CacheNode>,
    timers: Vec<(String, u64)>,
    replies: BTreeMap<u64, Reply>,
    next: u64,
}

impl Cluster {
    fn new(names: &[&str], copies: usize) -> Self {
        let members: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut cluster = Self { nodes: BTreeMap::new(), timers: Vec::new(), replies: BTreeMap::new(), next: 1 };
        let config = |name: &&str| NodeConfig {
            node_id: (*name).to_owned(),
            members: members.clone(),
            replication_factor: copies,
            virtual_nodes: 16,
        };
        for name in names {
            cluster.nodes.insert((*name).to_owned(), CacheNode::new(config(name)));
        }
        for name in names {
            let effects = cluster.nodes.get_mut(*name).map(CacheNode::start).unwrap_or_default();
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

    /// What a node answers; time passes for it while it waits.
    fn ask(&mut self, node: &str, command: Command) -> Option<Reply> {
        let request = self.next;
        self.next += 1;
        self.hear(node, Input::Client { request, command });
        for _ in 0..20 {
            if self.replies.contains_key(&request) {
                break;
            }
            for (node, timer) in std::mem::take(&mut self.timers) {
                self.hear(&node, Input::Timer { timer });
            }
        }
        self.replies.remove(&request)
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
fn stage_1_a_node_alone() {
    let mut cluster = Cluster::new(&["n1"], 1);
    assert_eq!(cluster.ask("n1", put("user:1234", "Alice", None)), Some(Reply::Done));
    assert_eq!(cluster.ask("n1", get("user:1234")), value("Alice"));
    assert_eq!(cluster.ask("n1", put("short", "v", Some(Duration::ZERO))), Some(Reply::Done));
    assert_eq!(cluster.ask("n1", get("short")), Some(Reply::Value(None)));
    let delete = Command::Delete { key: "user:1234".to_owned(), level: ConsistencyLevel::Quorum };
    assert_eq!(cluster.ask("n1", delete), Some(Reply::Done));
    assert_eq!(cluster.ask("n1", get("user:1234")), Some(Reply::Value(None)));
}

#[test]
fn stage_2_whichever_node_is_asked() {
    let mut cluster = Cluster::new(&["n1", "n2", "n3"], 1);
    for number in 0..20 {
        assert_eq!(cluster.ask("n1", put(&format!("k{number}"), "v", None)), Some(Reply::Done));
        assert_eq!(cluster.ask("n2", get(&format!("k{number}"))), value("v"));
    }
}

#[test]
fn stage_3_one_of_three_is_away() {
    let mut cluster = Cluster::new(&["n1", "n2", "n3"], 3);
    cluster.nodes.remove("n3");
    assert_eq!(cluster.ask("n1", put("k", "v", None)), Some(Reply::Done));
    assert_eq!(cluster.ask("n2", get("k")), value("v"));
}
