//! Executes the family's commands on the simulated world, for scripts and for the page.

mod view;

use std::collections::VecDeque;

use cachedojo::cluster::raft::Role;
use cachedojo::cluster::record::{Key, hash_of, is_sweep};
use cachedojo::cluster::{Micros, NodeId, Outcome, Request};
use cachedojo_notation::text::escape;

pub use view::{
    ClusterView, DelayView, HeldView, MemoryView, MessageView, NetworkView, NodeRole, NodeStatus, NodeView,
};

use super::tell::{self, CarriedView, WorldEvent, key_in_script};
use super::{ClusterCommand, Setup};
use crate::event::What;
use crate::subject::Crash;
use crate::world::cluster::act::{Act, Done, Operation, Player, Shift};
use crate::world::cluster::story::{Carried, Happened, Happening};
use crate::world::cluster::{ClusterWorld, Status, UnderWay, check};

/// How many events about keys are remembered for `explain`.
const TOLD_MAX: usize = 20_000;
/// How many of them one `explain` shows.
const EXPLAINED_MAX: usize = 500;

/// A simulated cluster that executes a script's commands.
#[derive(Debug, Clone)]
pub struct Play {
    player: Player,
    told: VecDeque<(Micros, WorldEvent)>,
    begun: Vec<usize>,
}

impl Play {
    /// A new cluster, not yet settled. Always `Some` here; `None` in `absent`, which has the same interface.
    pub fn of(setup: &Setup, seed: u64) -> Option<Self> {
        let world = ClusterWorld::new(setup.nodes, setup.settings(), setup.seed.unwrap_or(seed), true);
        Some(Self { player: Player::new(world), told: VecDeque::new(), begun: Vec::new() })
    }

    /// The time since it began.
    pub const fn now(&self) -> Micros {
        self.player.world.now()
    }

    /// The world, read-only.
    pub const fn world(&self) -> &ClusterWorld {
        &self.player.world
    }

    /// Executes a command. Its events are appended, each with its time; the answer comes last.
    pub fn obey(&mut self, command: &ClusterCommand, told: &mut Vec<(Micros, What)>) {
        match command {
            ClusterCommand::Make(_) => {
                let done = self.player.perform(&Act::Settle);
                self.drain(told);
                let is_ready = done == Done::Settled(true);
                let answer = if is_ready { What::Created { object: "cluster".into() } } else { settled(false) };
                self.answer(answer, told);
            }
            ClusterCommand::Do(act) => self.perform(act, told),
            ClusterCommand::Replicas(key) => {
                let answer = self.any_view(|view| view.ring.replicas(hash_of(key)).in_order().to_vec());
                self.answer(ids(&answer.unwrap_or_default()), told);
            }
            ClusterCommand::Explain(key) => {
                for line in self.explain(key) {
                    self.answer(What::Said { text: line }, told);
                }
            }
            ClusterCommand::Health => {
                for line in self.health() {
                    self.answer(What::Said { text: line }, told);
                }
            }
            ClusterCommand::Check => {
                let world = &self.player.world;
                let is_calm = world.network.is_healthy()
                    && world.hosts().all(|(_, host)| host.status == Status::Up)
                    && world.is_settled();
                let broken = check::clients(world).or_else(|| check::replicas(world).filter(|_| is_calm));
                self.answer(What::World { event: WorldEvent::Checked { broken } }, told);
            }
        }
        if self.player.world.is_exhausted() {
            self.answer(What::Crashed { crash: Crash::OutOfFuel }, told);
        }
    }

    /// The nodes that hold a living value of a key.
    pub fn holders(&self, key: &str) -> What {
        let holds = |node: &cachedojo::cluster::Node| {
            let now = node.time().unwrap_or(0);
            node.store().held(key).is_some_and(|held| held.alive_at(now).is_some())
        };
        let hosts = self.player.world.hosts();
        let holders: Vec<_> = hosts.filter(|(_, host)| host.node().is_some_and(holds)).map(|(node, _)| node).collect();
        ids(&holders)
    }

    fn answer(&self, what: What, told: &mut Vec<(Micros, What)>) {
        told.push((self.now(), what));
    }

    fn perform(&mut self, act: &Act, told: &mut Vec<(Micros, What)>) {
        let done = self.player.perform(act);
        if let (Done::Call(call), Act::Operate { begins: true, .. }) = (&done, act) {
            self.begun.push(*call);
        }
        self.drain(told);
        match done {
            Done::Yes => {}
            Done::No(why) => self.answer(What::Error { message: why.to_string() }, told),
            Done::Settled(is) => self.answer(settled(is), told),
            Done::Call(call) => {
                if let Act::Operate { operation, key, begins: false, .. } = act {
                    let outcome = self.player.world.calls().get(call).and_then(|call| call.answer.as_ref());
                    let answer = match outcome {
                        Some((_, outcome)) => answer_of(operation, key, outcome),
                        None => What::Error { message: "no answer: the node is paused".into() },
                    };
                    self.answer(answer, told);
                }
            }
        }
    }

    /// Appends the events since the last call.
    fn drain(&mut self, told: &mut Vec<(Micros, What)>) {
        for happened in self.player.world.take_story() {
            let Some(event) = self.tell(&happened) else { continue };
            if event.key().is_some() {
                if self.told.len() == TOLD_MAX {
                    self.told.pop_front();
                }
                self.told.push_back((happened.at, event.clone()));
            }
            told.push((happened.at, What::World { event }));
        }
    }

    fn tell(&mut self, happened: &Happened) -> Option<WorldEvent> {
        let at_us = happened.at;
        match &happened.what {
            Happening::Message { .. } => tell::of_message(happened),
            Happening::Note { node, note } => Some(tell::of_note(at_us, *node, note)),
            Happening::Fault { node, text } => {
                Some(WorldEvent::Fault { node: node.map(|node| node.to_string()), at_us, text: text.clone() })
            }
            Happening::Asked { node, call } => {
                let (text, key) = question(&self.player.world.calls().get(*call)?.request);
                Some(WorldEvent::Client { node: node.to_string(), at_us, text, key, is_late: false })
            }
            Happening::Answered { node, call } => {
                let is_late = self.begun.contains(call);
                self.begun.retain(|other| other != call);
                let call = self.player.world.calls().get(*call)?;
                let (asked, key) = question(&call.request);
                let (_, outcome) = call.answer.as_ref()?;
                let operation =
                    if matches!(call.request, Request::Read { .. }) { Operation::Read } else { Operation::Erase };
                let answer = match (outcome, &call.request) {
                    (Outcome::Written { .. }, Request::Write { value: Some(_), .. }) => "stored".to_owned(),
                    _ => answer_of(&operation, "", outcome).to_string(),
                };
                let text = format!("{asked} => {answer}");
                Some(WorldEvent::Client { node: node.to_string(), at_us, text, key, is_late })
            }
        }
    }

    fn any_view<T>(&self, look: impl FnOnce(&cachedojo::cluster::view::View) -> T) -> Option<T> {
        let mut nodes = self.player.world.hosts().filter_map(|(_, host)| host.node());
        nodes.find(|node| !node.has_left() && node.view().epoch > 0).map(|node| look(node.view()))
    }

    fn explain(&self, key: &Key) -> Vec<String> {
        let of_key: Vec<_> = self.told.iter().filter(|(_, event)| event.key() == Some(key)).collect();
        let left_out = of_key.len().saturating_sub(EXPLAINED_MAX);
        let mut lines = Vec::new();
        if left_out > 0 {
            lines.push(format!("{left_out} earlier events are left out"));
        }
        let line = |(at, event): &&(Micros, WorldEvent)| {
            let text = event.to_string();
            format!("{:>7}.{:03} ms  {}", at / 1000, at % 1000, text.trim_start_matches("~ "))
        };
        lines.extend(of_key[left_out..].iter().map(line));
        let under_way = self.player.world.under_way().into_iter();
        lines.extend(under_way.filter(|one| one.envelope.message.key() == Some(key)).map(
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

    fn health(&self) -> Vec<String> {
        let view = self.view();
        let mut lines: Vec<String> = view
            .nodes
            .iter()
            .map(|node| {
                if node.role == NodeRole::None {
                    return format!("{} {}", node.id, node.status);
                }
                let wall = if node.wall_shift_us == 0 {
                    String::new()
                } else {
                    format!(", wall clock off by {}", Shift(node.wall_shift_us))
                };
                let whole = if node.is_whole { "" } else { ", not whole yet" };
                let (keys, hints) = (node.keys.len(), node.hints);
                let memory = node.memory.as_ref().map_or(String::new(), |MemoryView { used, limit, evicted }| {
                    format!(" memory={used}/{limit} evicted={evicted}")
                });
                let (id, status, role, term, epoch, ring) =
                    (&node.id, &node.status, &node.role, node.term, node.epoch, &node.ring);
                format!(
                    "{id} {status} {role} term={term} epoch={epoch} ring={ring} keys={keys} hints={hints}{memory}{wall}{whole}"
                )
            })
            .collect();
        let mut rings: Vec<_> =
            view.nodes.iter().filter(|node| node.role != NodeRole::None).map(|node| &node.ring).collect();
        rings.sort_unstable();
        rings.dedup();
        lines.push(if rings.len() <= 1 { "rings agree".into() } else { format!("rings differ: {}", rings.len()) });
        lines
    }

    /// The present state of the cluster. Cost: O(records and messages).
    pub fn view(&self) -> ClusterView {
        let world = &self.player.world;
        let nodes = world
            .hosts()
            .map(|(id, host)| {
                let node = host.node();
                let status = match (host.status, node) {
                    (Status::Up, Some(node)) if node.has_left() => NodeStatus::Left,
                    (Status::Up, _) => NodeStatus::Up,
                    (Status::Paused, _) => NodeStatus::Paused,
                    (Status::Down, _) => NodeStatus::Down,
                };
                let role = match node.map(|node| node.term().1) {
                    Some(Role::Leader) => NodeRole::Leader,
                    Some(Role::Follower) => NodeRole::Follower,
                    Some(Role::Candidate | Role::Trial) => NodeRole::Candidate,
                    None => NodeRole::None,
                };
                let held = node.into_iter().flat_map(|node| node.store().iter()).filter(|(key, _)| !is_sweep(key));
                let keys = held.map(|(key, record)| HeldView {
                    key: escape(key.as_bytes()),
                    value: record.value.as_ref().map(|value| escape(value)),
                    version: record.version.to_string(),
                    deadline_us: record.deadline,
                });
                NodeView {
                    id: id.to_string(),
                    status,
                    role: if status == NodeStatus::Left { NodeRole::None } else { role },
                    term: node.map_or(0, |node| node.term().0),
                    epoch: host.ring().map_or(0, |ring| ring.epoch),
                    ring: node.map_or(String::new(), |node| format!("{:04x}", node.view().ring_digest() >> 48)),
                    is_whole: node.is_some_and(cachedojo::cluster::Node::is_whole),
                    keys: keys.collect(),
                    hints: node.map_or(0, |node| u32::try_from(node.hint_count()).unwrap_or(u32::MAX)),
                    memory: node.and_then(|node| {
                        let (used, limit) = (node.store().bytes() as u64, node.memory_limit()? as u64);
                        Some(MemoryView { used, limit, evicted: node.evictions() })
                    }),
                    wall_shift_us: host.wall_shift(),
                    cluster_time_us: node.and_then(cachedojo::cluster::Node::time),
                    unheard_by: world
                        .hosts()
                        .filter(|&(other, _)| other != id && world.network.is_cut(id, other))
                        .map(|(other, _)| other.to_string())
                        .collect(),
                }
            })
            .collect();
        let under_way = world.under_way().into_iter().filter(|one| !one.envelope.message.is_routine());
        let messages = under_way.map(|UnderWay { to, sent, due, envelope }| MessageView {
            from: envelope.from.to_string(),
            to: to.to_string(),
            name: envelope.message.name().to_owned(),
            key: envelope.message.key().map(ToString::to_string),
            carries: CarriedView::of(&Carried::by(&envelope.message)),
            sent_us: sent,
            due_us: due,
        });
        let rules = &world.network;
        let delays =
            rules.delays().map(|(from, to, by_us)| DelayView { from: from.to_string(), to: to.to_string(), by_us });
        let network = NetworkView {
            drop: rules.drop,
            duplicate: rules.duplicate,
            reorder_us: rules.jitter,
            delays: delays.collect(),
        };
        ClusterView { now_us: world.now(), nodes, messages: messages.collect(), network }
    }
}

const fn settled(is: bool) -> What {
    What::World { event: WorldEvent::Settled { is } }
}

fn ids(nodes: &[NodeId]) -> What {
    What::Nodes { nodes: nodes.iter().map(ToString::to_string).collect() }
}

/// A client's request, as a script would write it.
fn question(request: &Request) -> (String, Option<String>) {
    match request {
        Request::Read { key, level, .. } => {
            (format!("read {} level={level}", key_in_script(key)), Some(key.to_string()))
        }
        Request::Write { key, value: Some(value), level, .. } => {
            let value = cachedojo_notation::text::word(&escape(value));
            (format!("write {} {value} level={level}", key_in_script(key)), Some(key.to_string()))
        }
        Request::Write { key, level, .. } => {
            (format!("erase {} level={level}", key_in_script(key)), Some(key.to_string()))
        }
        Request::Invalidate { selector } => (format!("invalidate {}", key_in_script(selector)), Some(selector.clone())),
        Request::Leave { node } => (format!("leave {node}"), None),
    }
}

fn answer_of(operation: &Operation, key: &str, outcome: &Outcome) -> What {
    let key = key.to_owned();
    match (outcome, operation) {
        (Outcome::Read { value: Some(value), .. }, _) => What::Hit { key, value: escape(value) },
        (Outcome::Read { value: None, .. }, _) => What::Miss { key },
        (Outcome::Written { .. }, Operation::Write { .. }) => What::Stored { key },
        (Outcome::Written { .. }, _) => What::Deleted { key },
        (Outcome::Noted, _) => What::Said { text: "noted".into() },
        (Outcome::Failed(failure), _) => What::Error { message: failure.to_string() },
    }
}
