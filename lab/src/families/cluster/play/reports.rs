//! The lines of `health` and `explain`.

use std::collections::VecDeque;

use cachedojo::cluster::Micros;
use cachedojo::cluster::record::Key;

use super::super::tell::{WorldEvent, key_in_script};
use super::view::{ClusterView, MemoryView, NodeRole, NodeView};
use crate::world::cluster::UnderWay;
use crate::world::cluster::act::Shift;

/// How many lines one `explain` shows.
const EXPLAINED_MAX: usize = 500;

/// An event, and how often it came again without anything else in between.
struct Told<'a> {
    at: Micros,
    event: &'a WorldEvent,
    again: u32,
    last: Micros,
}

/// What is sent again and again while a dead record waits to be forgotten, and the answers to it.
const REPEATED: [&str; 2] = ["confirm", "confirmed"];

/// Whether an event is one of those that come again and again while nothing else happens: lost messages, and what dead records
/// cost before they may be forgotten.
fn is_of_series(event: &WorldEvent) -> bool {
    match event {
        WorldEvent::Message { received_us: None, .. } => true,
        WorldEvent::Message { name, .. } => REPEATED.contains(&&**name),
        WorldEvent::Node { text, .. } => text.starts_with("may not forget "),
        _ => false,
    }
}

/// Whether two events of a series are the same but for their times.
fn are_same(one: &WorldEvent, other: &WorldEvent) -> bool {
    type Event = WorldEvent;
    match (one, other) {
        (
            Event::Message { from, to, name, received_us, .. },
            Event::Message { from: f, to: t, name: n, received_us: r, .. },
        ) => (from, to, name, received_us.is_some()) == (f, t, n, r.is_some()),
        (Event::Node { node, text, .. }, Event::Node { node: of, text: said, .. }) => (node, text) == (of, said),
        _ => false,
    }
}

/// The story of a key; at its end the messages that are still under way.
pub(super) fn explain(all: &VecDeque<(Micros, WorldEvent)>, under_way: &[UnderWay<'_>], key: &Key) -> Vec<String> {
    let mut told: Vec<Told<'_>> = Vec::new();
    // Where the present series of events that are repeated begins.
    let mut series = 0;
    for (at, event) in all.iter().filter(|(_, event)| event.key() == Some(key)) {
        let is_same = |other: &&mut Told<'_>| are_same(event, other.event);
        if !is_of_series(event) {
            series = told.len() + 1;
        } else if let Some(other) = told.get_mut(series..).unwrap_or_default().iter_mut().find(is_same) {
            (other.again, other.last) = (other.again + 1, *at);
            continue;
        }
        told.push(Told { at: *at, event, again: 0, last: *at });
    }
    let left_out = told.len().saturating_sub(EXPLAINED_MAX);
    let mut lines = Vec::new();
    if left_out > 0 {
        lines.push(format!("{left_out} earlier events are left out"));
    }
    lines.extend(told[left_out..].iter().map(line));
    lines.extend(under_way.iter().filter(|one| one.envelope.message.key() == Some(key)).map(
        |UnderWay { to, sent, envelope, .. }| {
            let (from, name, key) = (envelope.from, envelope.message.name(), key_in_script(key));
            format!("{:>7}.{:03} ms  {from} -> {to}: {name} {key}, still under way", sent / 1000, sent % 1000)
        },
    ));
    if lines.is_empty() {
        lines.push(format!("nothing happened to {}", key_in_script(key)));
    }
    lines
}

fn line(told: &Told<'_>) -> String {
    let Told { at, event, again, last } = told;
    let text = event.to_string();
    let mut line = format!("{:>7}.{:03} ms  {}", at / 1000, at % 1000, text.trim_start_matches("~ "));
    if *again > 0 {
        line += &format!(" ({} times, the last at {}.{:03} ms)", again + 1, last / 1000, last % 1000);
    }
    line
}

/// A line for each node, and whether those that run agree on the ring.
pub(super) fn health(view: &ClusterView) -> Vec<String> {
    let mut lines: Vec<String> = view.nodes.iter().map(node_line).collect();
    let running = view.nodes.iter().filter(|node| node.role != NodeRole::None);
    let mut rings: Vec<_> = running.clone().map(|node| &node.ring).collect();
    rings.sort_unstable();
    rings.dedup();
    lines.push(match rings.len() {
        0 => "no node runs".into(),
        1 if running.clone().all(|node| node.epoch == 0) => "no node knows a ring".into(),
        1 => "rings agree".into(),
        count => format!("rings differ: {count}"),
    });
    lines
}

fn node_line(node: &NodeView) -> String {
    if node.role == NodeRole::None {
        return format!("{} {}", node.id, node.status);
    }
    let wall = match node.wall_shift_us {
        0 => String::new(),
        by => format!(", wall clock off by {}", Shift(by)),
    };
    let whole = if node.is_whole { "" } else { ", not whole yet" };
    let (keys, hints) = (node.keys.len(), node.hints);
    let memory = node.memory.as_ref().map_or(String::new(), |MemoryView { used, limit, evicted }| {
        format!(" memory={used}/{limit} evicted={evicted}")
    });
    let (id, status, role, term, epoch, ring) = (&node.id, &node.status, &node.role, node.term, node.epoch, &node.ring);
    format!("{id} {status} {role} term={term} epoch={epoch} ring={ring} keys={keys} hints={hints}{memory}{wall}{whole}")
}
