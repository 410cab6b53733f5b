//! The ring against a naive one. The owners that must never change are in `tests/corpus`.

use std::collections::BTreeSet;

use cachedojo::random::Random;
use cachedojo::ring::{HashRing, NodeInfo, POINTS_PER_NODE_MAX, Point, hash64};

fn node(id: &str, weight: u32, is_alive: bool) -> NodeInfo {
    NodeInfo { id: id.into(), addr: format!("{id}:11211"), weight, is_alive }
}

fn ring_of(virtual_nodes: usize, nodes: &[NodeInfo]) -> HashRing {
    let mut ring = HashRing::new(virtual_nodes);
    for node in nodes {
        ring.add_node(node.clone());
    }
    ring
}

/// The definition, literally: all points sorted, walked from the key on.
fn naive_nodes<'a>(virtual_nodes: u32, nodes: &'a [NodeInfo], key: &str, count: usize) -> Vec<&'a str> {
    let mut points: Vec<(u64, &NodeInfo)> = Vec::new();
    for node in nodes {
        points.extend((0..virtual_nodes * node.weight).map(|i| (hash64(format!("{}#{i}", node.id).as_bytes()), node)));
    }
    points.sort_by_key(|(position, node)| (*position, node.id.clone()));
    let position = hash64(key.as_bytes());
    let (before, from): (Vec<_>, Vec<_>) = points.into_iter().partition(|point| point.0 < position);
    let mut found = Vec::new();
    for (_, node) in from.into_iter().chain(before) {
        if node.is_alive && found.len() < count && !found.contains(&node.id.as_str()) {
            found.push(node.id.as_str());
        }
    }
    found
}

fn ids<'a>(nodes: &[&'a NodeInfo]) -> Vec<&'a str> {
    nodes.iter().map(|node| node.id.as_str()).collect()
}

fn random_nodes(random: &mut Random, count_max: u64) -> Vec<NodeInfo> {
    let count = random.below(count_max + 1);
    let nodes = (0..count).map(|i| {
        let weight = u32::try_from(random.below(4)).expect("small");
        node(&format!("n{i}"), weight, random.below(4) > 0)
    });
    nodes.collect()
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for i in (1..items.len()).rev() {
        let j = random.below(i as u64 + 1);
        items.swap(i, usize::try_from(j).expect("an index"));
    }
}

/// How many rings to try, and how large they are at most.
struct Trials {
    rings: u64,
    nodes_max: u64,
    virtual_nodes_max: u64,
    keys: u64,
}

#[test]
fn a_ring_answers_like_the_definition_whatever_the_order_of_insertion() {
    let few_large = Trials { rings: 300, nodes_max: 6, virtual_nodes_max: 19, keys: 20 };
    let many_small = Trials { rings: 100_000, nodes_max: 3, virtual_nodes_max: 3, keys: 2 };
    answers_like_the_definition(&few_large);
    answers_like_the_definition(&many_small);
}

fn answers_like_the_definition(trials: &Trials) {
    for seed in 0..trials.rings {
        let mut random = Random::new(seed);
        let mut nodes = random_nodes(&mut random, trials.nodes_max);
        let virtual_nodes = u32::try_from(random.below(trials.virtual_nodes_max + 1)).expect("small");
        let ring = ring_of(virtual_nodes as usize, &nodes);
        shuffle(&mut nodes, &mut random);
        let mut other = ring_of(virtual_nodes as usize, &nodes);
        // The result depends only on the final set: a node was added and removed in between, and one was added twice.
        other.add_node(node("passer-by", 2, true));
        if let Some(first) = nodes.first() {
            other.add_node(node(&first.id, 9, true));
            other.add_node(first.clone());
        }
        other.remove_node("passer-by");
        other.remove_node("nobody");
        assert_eq!(ring.points().collect::<Vec<_>>(), other.points().collect::<Vec<_>>(), "seed {seed}");
        for i in 0..trials.keys {
            let key = format!("key{i}");
            let count = usize::try_from(random.below(9)).expect("small");
            let expected = naive_nodes(virtual_nodes, &nodes, &key, count);
            assert_eq!(ids(&ring.get_nodes(&key, count)), expected, "seed {seed}, {key}");
            let first = naive_nodes(virtual_nodes, &nodes, &key, 1);
            assert_eq!(other.get_node(&key).map(|node| node.id.as_str()), first.first().copied(), "seed {seed}, {key}");
        }
    }
}

/// Two ids whose first ten points collide with each other's of the same number: the second was computed by inverting
/// the hash.
const COLLIDING: [&str; 2] = ["7whc4drh2J_BSpVI", "server-1.example"];

#[test]
fn points_that_collide_belong_to_the_smaller_id_whoever_came_first() {
    let [small, large] = COLLIDING;
    for i in 0..10 {
        assert_eq!(hash64(format!("{small}#{i}").as_bytes()), hash64(format!("{large}#{i}").as_bytes()), "point {i}");
    }
    for first in [small, large] {
        let second = if first == small { large } else { small };
        let mut ring = ring_of(10, &[node(first, 1, true), node(second, 1, true), node("third", 1, true)]);
        let points: Vec<_> = ring.points().map(|point| (point.position, point.node_id.to_owned())).collect();
        assert_eq!(points.len(), 30);
        assert!(points.windows(2).all(|pair| pair[0] < pair[1]), "by place, then by id");
        let owner = |ring: &HashRing, key: &str| ring.get_node(key).expect("a node").id.clone();
        let keys: Vec<_> = (0..1000).map(|i| format!("key{i}")).collect();
        assert!(keys.iter().all(|key| owner(&ring, key) != large), "the larger id owns nothing");
        let before: Vec<_> = keys.iter().map(|key| owner(&ring, key)).collect();
        assert!(before.iter().any(|owner| owner == small));
        let second_copies = keys.iter().filter(|key| owner(&ring, key) == small).map(|key| ring.get_nodes(key, 2)[1]);
        assert!(second_copies.into_iter().all(|node| node.id == large), "but it stands right behind the smaller one");
        // When the smaller one goes, the larger one inherits all that it had; when it returns, it has it back.
        ring.remove_node(small);
        assert!(keys.iter().zip(&before).all(|(key, had)| owner(&ring, key) == had.replace(small, large)));
        ring.add_node(node(small, 1, true));
        assert!(keys.iter().zip(&before).all(|(key, had)| owner(&ring, key) == *had));
    }
}

#[test]
fn a_plan_names_exactly_the_keys_that_move() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let before = ring_of(8, &random_nodes(&mut random, 6));
        let after = ring_of(if seed % 2 == 0 { 8 } else { 5 }, &random_nodes(&mut random, 6));
        let plan = before.plan(&after);
        for pair in plan.windows(2) {
            assert!(pair[0].last < pair[1].first, "seed {seed}");
            let is_same = (&pair[0].from, &pair[0].to) == (&pair[1].from, &pair[1].to);
            assert!(!is_same || pair[0].last + 1 < pair[1].first, "seed {seed}: two arcs are one");
        }
        // Owners change only at points: the positions just before, at and after each are enough.
        let points = before.points().chain(after.points());
        let nearby = |point: Point<'_>| [-1, 0, 1].map(|step| point.position.wrapping_add_signed(step));
        for position in points.flat_map(nearby).chain([0, u64::MAX]) {
            let (from, to) = (naive_owner(&before, position), naive_owner(&after, position));
            let arc = plan.iter().find(|arc| arc.contains(position));
            let expected = (from != to).then_some((from, to));
            assert_eq!(arc.map(|arc| (arc.from.clone(), arc.to.clone())), expected, "seed {seed}, {position:#x}");
        }
    }
}

/// Whose the keys at a position are: the first living point's from there on, or else the first one's of all.
fn naive_owner(ring: &HashRing, position: u64) -> Option<String> {
    let is_alive = |point: &Point<'_>| ring.nodes().iter().any(|node| node.id == point.node_id && node.is_alive);
    let living: Vec<_> = ring.points().filter(is_alive).collect();
    let owner = living.iter().find(|point| point.position >= position).or(living.first());
    owner.map(|point| point.node_id.to_owned())
}

#[test]
fn a_plan_of_a_large_ring_whose_nodes_are_dead_costs_no_more_than_of_the_living() {
    // A search around the whole circle for each point would not end.
    let nodes: Vec<_> = (0..21).map(|i| node(&format!("n{i}"), 1, i == 20)).collect();
    let (dead, last) = (ring_of(10_000, &nodes[..20]), ring_of(10_000, &nodes));
    let plan = dead.plan(&last);
    let whole = (0, u64::MAX, None, Some("n20".to_owned()));
    assert_eq!(plan.into_iter().map(|arc| (arc.first, arc.last, arc.from, arc.to)).collect::<Vec<_>>(), [whole]);
}

#[test]
fn a_node_that_joins_takes_only_what_becomes_its_own() {
    let nodes: Vec<_> = (1..=4).map(|i| node(&format!("node{i}"), 1, true)).collect();
    let before = ring_of(150, &nodes[..3]);
    let after = ring_of(150, &nodes);
    let plan = before.plan(&after);
    assert!(plan.iter().all(|arc| arc.to.as_deref() == Some("node4")));
    let moved: u128 = plan.iter().map(|arc| u128::from(arc.last - arc.first) + 1).sum();
    let share_per_mille = (moved * 1000) >> 64;
    assert!((200..300).contains(&share_per_mille), "{share_per_mille} per mille moved");
}

#[test]
fn a_bounded_load_is_never_exceeded() {
    for (seed, factor_per_mille) in [(1, 0), (2, 1000), (3, 1100), (4, 1250)] {
        let mut random = Random::new(seed);
        let nodes: Vec<_> = (0..10).map(|i| node(&format!("n{i}"), 1, i != 3)).collect();
        let ring = ring_of(20, &nodes);
        let mut loads = std::collections::BTreeMap::<String, u64>::new();
        for total in 1..=500_u64 {
            let key = format!("key{}", random.next_u64());
            let load = |node: &NodeInfo| loads.get(&node.id).copied().unwrap_or(0);
            let id = ring.get_node_bounded(&key, factor_per_mille, load).expect("room").id.clone();
            let load = loads.entry(id).or_default();
            *load += 1;
            let bound = (total * u64::from(factor_per_mille.max(1000))).div_ceil(9 * 1000);
            assert!(*load <= bound, "{load} of {total} keys with factor {factor_per_mille}");
        }
        assert!(!loads.contains_key("n3"), "a dead node carries nothing");
    }
}

#[test]
fn a_bounded_load_follows_weights_and_no_number_is_too_large() {
    let nodes = [node("a", 1, true), node("b", 3, true), node("none", 0, true), node("dead", 9, false)];
    let ring = ring_of(50, &nodes);
    let owner = |key: &str, factor_per_mille: u32, loads: [u64; 3]| {
        let load = |node: &NodeInfo| match node.id.as_str() {
            "a" => loads[0],
            "b" => loads[1],
            _ => loads[2],
        };
        ring.get_node_bounded(key, factor_per_mille, load).map(|node| node.id.as_str())
    };
    for i in 0..100 {
        let key = format!("key{i}");
        // Of 8 keys a quarter, 2, are a's, and 6 are b's; what a node without weight still carries counts as well.
        assert_eq!(owner(&key, 1000, [2, 5, 0]), Some("b"));
        assert_eq!(owner(&key, 1000, [1, 6, 0]), Some("a"));
        assert_eq!(owner(&key, 1000, [2, 6, 3]), ring.get_node(&key).map(|node| node.id.as_str()));
        assert_eq!(owner(&key, u32::MAX, [u64::MAX; 3]), ring.get_node(&key).map(|node| node.id.as_str()));
    }
    let heavy = ring_of(1, &[node("a", u32::MAX, true), node("b", 1, true)]);
    assert!(heavy.get_node_bounded("k", u32::MAX, |_| u64::MAX).is_some());
    assert_eq!(heavy.points().len(), POINTS_PER_NODE_MAX + 1);
    assert!(ring_of(0, &nodes).get_node_bounded("k", 1000, |_| 0).is_none());
}

#[test]
fn shares_stay_within_what_theory_allows() {
    // Ten nodes of 150 points: standard deviation 7.5 %, mean maximum 1.13, 99th percentile 1.25 of the average.
    let nodes: Vec<_> = (1..=10).map(|i| node(&format!("node{i}"), 1, true)).collect();
    let ring = ring_of(150, &nodes);
    let mut counts = vec![0_u32; 10];
    for i in 0..100_000 {
        let id = &ring.get_node(&format!("key{i}")).expect("a node").id;
        let place = nodes.iter().position(|node| node.id == *id).expect("known");
        counts[place] += 1;
    }
    assert!(counts.iter().all(|count| (7_500..13_000).contains(count)), "{counts:?}");
}

#[test]
fn an_empty_ring_and_a_ring_of_the_dead_answer_nobody() {
    let mut ring = HashRing::new(10);
    assert!(ring.get_node("k").is_none() && ring.get_nodes("k", 3).is_empty());
    ring.add_node(node("a", 1, true));
    assert!(ring.set_alive("a", false) && !ring.set_alive("b", false));
    assert!(ring.get_node("k").is_none() && ring.get_nodes("k", 3).is_empty());
    let distinct: BTreeSet<_> = ring.points().map(|point| point.node_id).collect();
    assert_eq!(distinct.len(), 1);
}
