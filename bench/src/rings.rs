//! Races of the ring: a key's owner, its replicas, building, adding a node.

use cachedojo::ring::{HashRing, NodeInfo};

use crate::{Bench, Contestant};

const NODES: usize = 10;
const VIRTUAL_NODES: usize = 150;
const KEYS: usize = 1_000_000;
const BUILDS: usize = 100;

#[derive(Debug, Clone, Hash)]
struct RivalPoint {
    node: String,
    replica: usize,
}

fn node(i: usize) -> NodeInfo {
    NodeInfo { id: format!("node{i}"), addr: format!("10.0.0.{i}:11211"), weight: 1, is_alive: true }
}

fn points(i: usize) -> Vec<RivalPoint> {
    (0..VIRTUAL_NODES).map(|replica| RivalPoint { node: format!("node{i}"), replica }).collect()
}

fn ours() -> HashRing {
    let mut ring = HashRing::new(VIRTUAL_NODES);
    (0..NODES).for_each(|i| ring.add_node(node(i)));
    ring
}

fn theirs() -> hashring::HashRing<RivalPoint> {
    let mut ring = hashring::HashRing::new();
    (0..NODES).for_each(|i| ring.batch_add(points(i)));
    ring
}

pub(crate) fn run(bench: &Bench) {
    let keys: Vec<String> = (0..KEYS).map(|i| format!("user:session:{i:07}")).collect();
    let (ring, rival) = (&ours(), &theirs());
    let contestants = vec![
        Contestant::new("cachedojo", || {
            || keys.iter().map(|key| ring.get_node(key).map_or(0, |n| n.id.len() as u64)).sum()
        }),
        Contestant::new("hashring", || {
            || keys.iter().map(|key| rival.get(key).map_or(0, |n| n.node.len() as u64)).sum()
        }),
    ];
    bench.race("ring lookup, 10 x 150 points, 20-byte keys", KEYS, contestants);
    // The rival needs microseconds for each key here.
    let few = &keys[..KEYS / 1000];
    let contestants = vec![
        Contestant::new("cachedojo", || || few.iter().map(|key| ring.get_nodes(key, 3).len() as u64).sum()),
        Contestant::new("hashring", || {
            || few.iter().map(|key| rival.get_with_replicas(key, 2).map_or(0, |n| n.len() as u64)).sum()
        }),
    ];
    bench.race("ring replicas, N = 3 (hashring: 3 points)", few.len(), contestants);
    let contestants = vec![
        Contestant::new("cachedojo", || || (0..BUILDS).map(|_| ours().nodes().len() as u64).sum()),
        Contestant::new("hashring", || || (0..BUILDS).map(|_| theirs().len() as u64).sum()),
    ];
    bench.race("ring build, 10 nodes", BUILDS, contestants);
    let contestants = vec![
        Contestant::new("cachedojo", || {
            let mut ring = ring.clone();
            move || {
                for _ in 0..BUILDS {
                    ring.add_node(node(NODES));
                    ring.remove_node("node10");
                }
                ring.nodes().len() as u64
            }
        }),
        Contestant::new("hashring", || {
            let (mut rival, added) = (rival.clone(), points(NODES));
            move || {
                for _ in 0..BUILDS {
                    rival.batch_add(added.clone());
                    for point in &added {
                        rival.remove(point);
                    }
                }
                rival.len() as u64
            }
        }),
    ];
    bench.race("ring join and leave of one node", BUILDS, contestants);
}
