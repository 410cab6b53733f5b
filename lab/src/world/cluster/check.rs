//! What must hold of a simulated cluster under every fault: of its clients' answers, and of its nodes' records.

use std::collections::{BTreeMap, BTreeSet};

use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::record::{Key, Selector, hash_of, is_sweep};
use cachedojo::cluster::time::SKEW_BOUND;
use cachedojo::cluster::{Failure, Level, Micros, Node, NodeId, Outcome, Request, Version};

use super::linear::{Effect, KeyOperation, Moment, unexplained};
use super::{Call, ClusterWorld, Status, printed};

/// How far from its deadline a value may be seen, or missed: once for the clock that set it, once for the one that read it.
pub const DEADLINE_BOUND: Micros = 2 * SKEW_BOUND;
/// How long [`settle`] waits for replicas to agree: four comparisons of a node with another.
const AGREE_MAX: Micros = 12 * SECOND;

/// The first thing wrong with the clients' answers; `None` if there is none.
pub fn clients(world: &ClusterWorld) -> Option<String> {
    world.broken().first().cloned().or_else(|| sessions(world.calls())).or_else(|| keys(world))
}

/// Reads and writes at QUORUM and ALL are linearizable, key by key. A violation covers lost writes, deleted values that come
/// back, values that outlive their deadline or die before it, and reads that go back in time.
fn keys(world: &ClusterWorld) -> Option<String> {
    let calls = world.calls();
    let mut histories: BTreeMap<&Key, Vec<KeyOperation>> = BTreeMap::new();
    let mut weak: BTreeSet<&Key> = BTreeSet::new();
    for call in calls {
        let (key, level) = match &call.request {
            Request::Read { key, level, .. } | Request::Write { key, level, .. } => (key, *level),
            _ => continue,
        };
        // A write at ONE may be lost, and with it writes that were based on it.
        if level == Level::One {
            weak.insert(key);
        }
        histories.entry(key).or_default().extend(operation(call));
    }
    for call in calls {
        let Request::Invalidate { selector } = &call.request else { continue };
        if !has_effect(call) {
            continue;
        }
        let (effect, read) = match Selector::read(selector) {
            Some(Selector::Tag(tag)) => (Effect::Sweep(tag), None),
            read => (Effect::Write { value: None, ttl: None, tag: None }, read),
        };
        let operation = KeyOperation { began: call.asked, ended: ended(call), effect: effect.clone() };
        for (key, history) in &mut histories {
            let by_tag = matches!(operation.effect, Effect::Sweep(_));
            let has_tag = |operation: &KeyOperation| matches!((&operation.effect, &effect), (Effect::Write { tag: Some(tag), .. }, Effect::Sweep(sought)) if tag == sought);
            if (by_tag && history.iter().any(has_tag))
                || key.as_ref() == selector.as_str()
                || read.as_ref().is_some_and(|read| read.reaches(key, None))
            {
                history.push(operation.clone());
            }
        }
    }
    for evicted in world.evictions() {
        // It takes effect at some time, or never.
        let effect = Effect::Evict(evicted.value.to_vec());
        if let Some(history) = histories.get_mut(&evicted.key) {
            history.push(KeyOperation { began: evicted.at.into(), ended: None, effect });
        }
    }
    histories
        .iter()
        .filter(|(key, _)| !weak.contains(*key))
        .find_map(|(key, history)| unexplained(&printed(key), history, DEADLINE_BOUND))
}

fn ended(call: &Call) -> Option<Moment> {
    call.answer.as_ref().filter(|(_, outcome)| !matches!(outcome, Outcome::Failed(_)))?;
    call.answered
}

/// Whether a call may have changed anything: one that was refused at once did not.
fn has_effect(call: &Call) -> bool {
    let refused = |failure: &Failure| {
        matches!(failure, Failure::NotReady | Failure::BadKey | Failure::TooManySweeps | Failure::TooBig { .. })
    };
    !matches!(&call.answer, Some((at, Outcome::Failed(failure)))
        if refused(failure) || (*failure == Failure::Down && *at == call.asked.at))
}

fn operation(call: &Call) -> Option<KeyOperation> {
    let effect = match (&call.request, &call.answer) {
        (Request::Read { .. }, Some((_, Outcome::Read { value, .. }))) => {
            Effect::Read(value.as_ref().map(|value| value.to_vec()))
        }
        (Request::Write { value, ttl, tag, .. }, _) if has_effect(call) => {
            let tag = tag.as_ref().map(ToString::to_string);
            Effect::Write { value: value.as_ref().map(|value| value.to_vec()), ttl: *ttl, tag }
        }
        _ => return None,
    };
    Some(KeyOperation { began: call.asked, ended: ended(call), effect })
}

/// A session never reads a version older than one it knew when it asked, from its own writes or earlier reads, at any level.
fn sessions(calls: &[Call]) -> Option<String> {
    type Known<'a> = BTreeMap<(u32, &'a Key), Vec<(Moment, Version)>>;
    let mut known = Known::new();
    let mut broken = None;
    for call in calls.iter().filter(|call| call.client > 0) {
        let (Some((_, outcome)), Some(at), Request::Read { key, .. } | Request::Write { key, .. }) =
            (&call.answer, call.answered, &call.request)
        else {
            continue;
        };
        let (Outcome::Read { version, .. } | Outcome::Written { version }) = *outcome else { continue };
        let heard = known.entry((call.client, key)).or_default();
        let newest = heard.iter().filter(|(at, _)| *at <= call.asked).map(|&(_, version)| version).max();
        if newest.is_some_and(|newest| version < newest) && broken.is_none() {
            broken = Some(format!(
                "a session asked for {} at {} ms and got a version older than one it knew",
                printed(key),
                call.asked.at / 1000
            ));
        }
        heard.push((at, version));
    }
    broken
}

/// Lets time pass until the cluster has settled, at most this long, and then, where nothing keeps the replicas apart, until they
/// agree too, at most 12 s: a hint is on its way, or a comparison has not been yet. `true` if it has settled; whether the
/// replicas agree is for [`replicas`] to say.
pub fn settle(world: &mut ClusterWorld, patience: Micros) -> bool {
    let is_settled = world.settle(patience);
    if is_settled && world.network.is_healthy() && world.hosts().all(|(_, host)| host.status == Status::Up) {
        world.run_until(AGREE_MAX, |world| replicas(world).is_none());
    }
    is_settled
}

/// The first thing wrong with the nodes' records once the cluster has settled: replicas that differ, copies that are missing or
/// on the wrong node, rings that differ.
pub fn replicas(world: &ClusterWorld) -> Option<String> {
    let nodes: Vec<(NodeId, &Node)> = world
        .hosts()
        .filter_map(|(id, host)| host.node().map(|node| (id, node)))
        .filter(|(_, node)| !node.has_left())
        .collect();
    let (_, first) = nodes.first()?;
    let view = first.view();
    if let Some((id, _)) = nodes.iter().find(|(_, node)| node.view().ring_digest() != view.ring_digest()) {
        return Some(format!("{id} has another ring than n{}", nodes[0].0.number()));
    }
    let mut held: BTreeMap<&Key, BTreeMap<NodeId, Version>> = BTreeMap::new();
    for (id, node) in &nodes {
        for (key, record) in node.store().iter() {
            if !view.is_responsible(*id, key, hash_of(key)) {
                return Some(format!("{id} holds {}, which belongs elsewhere", printed(key)));
            }
            held.entry(key).or_default().insert(*id, record.version);
        }
    }
    let grace = world.settings().grace();
    held.iter().find_map(|(key, copies)| {
        let newest = copies.values().max()?;
        let (holder, _) = copies.iter().find(|(_, version)| *version == newest)?;
        let record = nodes.iter().find(|(id, _)| id == holder)?.1.store().held(key)?;
        let replicas = view.ring.duty(key, hash_of(key)).replicas;
        let behind = replicas.iter().find(|node| copies.get(node) != Some(newest))?;
        // A record long dead may be forgotten by some replicas and not yet by others.
        let is_fading = cachedojo::cluster::store::forgettable(record, grace).is_some_and(|over| over <= world.now());
        // A replica that never held the key needs no tombstone for a delete by a sweep.
        let is_swept = !is_sweep(key)
            && nodes
                .iter()
                .any(|(id, node)| *id == behind && node.store().get(key).is_some_and(|held| held.version == *newest));
        (!is_fading && !is_swept).then(|| format!("{behind} lacks the newest version of {}", printed(key)))
    })
}
