//! The visible state of a run's world, as the plain objects that cross to the page.

use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::prelude::*;

use cachedojo::cache::CacheNode;
use cachedojo::clock::Instant;
use cachedojo::ring::HashRing;
use cachedojo_lab::event::StatsView;
use cachedojo_lab::reference::Reference;
use cachedojo_notation::text::{escape, natural_order};

use crate::count::count;

/// The most entries that are shown.
pub(crate) const ENTRIES_SHOWN_MAX: usize = 200;
/// The most bytes of a value that are shown.
const VALUE_SHOWN_BYTES: usize = 200;
/// The most points that are drawn.
const POINTS_SHOWN_MAX: usize = 4_000;
/// The largest integer that a JavaScript number represents exactly.
pub(crate) const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The visible state of a run's world.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// Time since the run began, in milliseconds.
    pub clock_ms: u64,
    /// The cache node, once there is one.
    pub node: Option<NodeView>,
    /// The ring, once there is one.
    pub ring: Option<RingView>,
    /// The simulated cluster, once there is one: `ClusterView` of the lab as JSON.
    pub cluster: Option<String>,
    /// The entries of the protocols' servers: the first [`ENTRIES_SHOWN_MAX`].
    pub pairs: Vec<Pair>,
    /// How many entries they hold.
    pub pair_count: u32,
}

/// An entry of a protocol's server.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// The key, escaped; with its namespace, where there is one.
    pub key: String,
    /// The value's first [`VALUE_SHOWN_BYTES`], escaped.
    pub value: String,
    /// How long it has to live yet, in milliseconds; none has no deadline; 0 is expired.
    pub left_ms: Option<u64>,
}

/// A cache node.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    /// Its limit, in bytes.
    pub limit_bytes: u64,
    /// Its eviction policy, as scripts spell it.
    pub policy: &'static str,
    /// Its counters.
    #[tsify(
        type = "{ hits: number; misses: number; evictions: number; expired: number; bytes: number; entries: number }"
    )]
    pub stats: StatsView,
    /// Hits per thousand reads; none before the first read.
    pub hit_rate_per_mille: Option<u32>,
    /// Its entries, the next to leave first: the first [`ENTRIES_SHOWN_MAX`].
    pub entries: Vec<EntryView>,
}

/// An entry of a cache node.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// The key, escaped.
    pub key: String,
    /// The value's first [`VALUE_SHOWN_BYTES`], escaped.
    pub value: String,
    /// What key and value weigh.
    pub bytes: u64,
    /// Reads since it was stored.
    pub access_count: u64,
    /// How long it has to live yet, in milliseconds; none lives until evicted; 0 is expired.
    pub left_ms: Option<u64>,
    /// From its storing to its deadline, in milliseconds.
    pub span_ms: Option<u64>,
}

/// A hash ring. Places are the upper 32 bits of a position: a picture needs no more.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct RingView {
    /// Its members, as people list names: node2 before node10.
    pub members: Vec<MemberView>,
    /// Where each point stands, clockwise from zero; empty when there are more than [`POINTS_SHOWN_MAX`].
    pub places: Vec<u32>,
    /// For each point, the index of the member whose it is.
    pub owners: Vec<u32>,
    /// For each point, the index of the member who answers for the arc that ends there; none when all are dead.
    pub heirs: Vec<Option<u32>>,
    /// The keys that the script asked for last, and those that the page asks for, where they stand.
    pub keys: Vec<KeyView>,
}

/// A member of a ring.
#[derive(Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// Its id, escaped.
    pub id: String,
    /// Its weight.
    pub weight: u32,
    /// Whether it answers.
    pub is_alive: bool,
    /// How many points it has.
    pub points: u32,
    /// The part of the circle that it answers for, in millionths.
    pub share_ppm: u32,
}

/// A key's place on a ring.
#[derive(Serialize, Tsify)]
pub struct KeyView {
    /// The key.
    pub key: String,
    /// Its position, in 16 hexadecimal digits.
    pub position: String,
    /// The position's upper 32 bits.
    pub place: u32,
    /// The index of the member who answers for it.
    pub owner: Option<u32>,
}

/// What the protocols' servers hold, one after the other; a script mostly speaks to one of them.
#[cfg_attr(not(feature = "whole"), expect(unused_variables, reason = "only the services' entries have deadlines"))]
pub(crate) fn pairs(subject: &Reference, now_ms: u64) -> impl Iterator<Item = Pair> {
    let line = subject.line_entries().into_iter();
    let line = line.map(|(key, value)| Pair { key: key.to_owned(), value: value.to_owned(), left_ms: None });
    #[cfg(feature = "whole")]
    let line = line.chain(service_pairs(subject, now_ms));
    line
}

#[cfg(feature = "whole")]
fn service_pairs(subject: &Reference, now_ms: u64) -> impl Iterator<Item = Pair> {
    let left_ms = move |deadline: Instant| deadline.as_millis().saturating_sub(now_ms).min(NUMBER_MAX);
    let memcached = subject.memcached().entries().map(move |(key, value, deadline)| Pair {
        key: escape(key),
        value: shown(value),
        left_ms: deadline.map(left_ms),
    });
    let rest = subject.rest().entries().map(move |(namespace, key, value, deadline)| Pair {
        key: escape(format!("{namespace}/{key}").as_bytes()),
        value: shown(value.as_bytes()),
        left_ms: Some(left_ms(deadline)),
    });
    memcached.chain(rest)
}

pub(crate) fn pair_count(subject: &Reference) -> usize {
    #[cfg(feature = "whole")]
    let of_services = subject.memcached().entries().count() + subject.rest().len();
    #[cfg(not(feature = "whole"))]
    let of_services = 0;
    subject.line_entries().len() + of_services
}

fn shown(value: &[u8]) -> String {
    escape(&value[..value.len().min(VALUE_SHOWN_BYTES)])
}

pub(crate) fn node_view(node: &CacheNode, now_ms: u64) -> NodeView {
    let stats = node.stats();
    let entries = node.first_entries(ENTRIES_SHOWN_MAX).into_iter().map(|entry| {
        let deadline_ms = entry.expires_at.map(Instant::as_millis);
        EntryView {
            key: escape(entry.key.as_bytes()),
            value: shown(entry.value),
            bytes: (entry.key.len() + entry.value.len()) as u64,
            access_count: entry.access_count.min(NUMBER_MAX),
            left_ms: deadline_ms.map(|at| at.saturating_sub(now_ms).min(NUMBER_MAX)),
            span_ms: deadline_ms.map(|at| at.saturating_sub(entry.created_at.as_millis()).min(NUMBER_MAX)),
        }
    });
    NodeView {
        limit_bytes: node.max_bytes().min(NUMBER_MAX),
        policy: node.policy().name(),
        stats: StatsView {
            hits: stats.hits,
            misses: stats.misses,
            evictions: stats.evictions,
            expired: stats.expired,
            bytes: stats.bytes_stored as u64,
            entries: stats.entry_count as u64,
        },
        hit_rate_per_mille: stats.hit_rate_per_mille(),
        entries: entries.collect(),
    }
}

pub(crate) fn ring_view<'a>(ring: &HashRing, keys: impl Iterator<Item = &'a String>) -> RingView {
    let by_id = ring.nodes();
    // As people list names; `places_of` says where each of the ring's own order went.
    let mut order: Vec<usize> = (0..by_id.len()).collect();
    order.sort_by(|&a, &b| natural_order(&by_id[a].id, &by_id[b].id));
    let mut places_of = vec![0; order.len()];
    for (place, &was) in order.iter().enumerate() {
        places_of[was] = place;
    }
    let nodes: Vec<_> = order.iter().map(|&was| by_id[was]).collect();
    let points: Vec<_> = ring.points().collect();
    let index = |id: &str| by_id.binary_search_by(|node| node.id.as_str().cmp(id)).ok().map(|was| places_of[was]);
    let owners: Vec<usize> = points.iter().filter_map(|point| index(point.node_id)).collect();
    let mut heirs: Vec<Option<u32>> = vec![None; points.len()];
    let mut shares = vec![0_u128; nodes.len()];
    let mut held = vec![0_u32; nodes.len()];
    // Twice backwards around the circle: the first round finds the heir of the arcs that cross zero.
    let mut heir = None;
    for i in (0..points.len()).chain(0..points.len()).rev() {
        if nodes[owners[i]].is_alive {
            heir = Some(owners[i]);
        }
        heirs[i] = heir.map(count);
    }
    for (i, point) in points.iter().enumerate() {
        held[owners[i]] += 1;
        let before = points[(i + points.len() - 1) % points.len()].position;
        let arc = if points.len() == 1 { 1 << 64 } else { u128::from(point.position.wrapping_sub(before)) };
        if let Some(heir) = heirs[i] {
            shares[heir as usize] += arc;
        }
    }
    let members = nodes.iter().enumerate().map(|(i, node)| MemberView {
        id: escape(node.id.as_bytes()),
        weight: node.weight,
        is_alive: node.is_alive,
        points: held[i],
        share_ppm: u32::try_from((shares[i] * 1_000_000) >> 64).unwrap_or(u32::MAX),
    });
    let key_view = |key: &String| {
        let position = ring.hash(key);
        let owner = ring.get_node(key).and_then(|node| index(&node.id)).map(count);
        KeyView { key: key.clone(), position: format!("{position:016x}"), place: upper(position), owner }
    };
    let (members, keys) = (members.collect(), keys.map(key_view).collect());
    if points.len() > POINTS_SHOWN_MAX {
        return RingView { members, places: Vec::new(), owners: Vec::new(), heirs: Vec::new(), keys };
    }
    let places = points.iter().map(|point| upper(point.position)).collect();
    RingView { members, places, owners: owners.into_iter().map(count).collect(), heirs, keys }
}

const fn upper(position: u64) -> u32 {
    (position >> 32) as u32
}
