//! Executes the family's commands on the simulated world, for scripts and for the page.

mod reports;
mod view;

use std::collections::VecDeque;

use cachedojo::cluster::raft::Role;
use cachedojo::cluster::record::{hash_of, is_sweep};
use cachedojo::cluster::{Failure, Micros, NodeId, Outcome, Request, Version};
use cachedojo_notation::text::escape;

pub use view::{
    ClusterView, DelayView, HeldView, MemoryView, MessageView, NetworkView, NodeRole, NodeStatus, NodeView,
};

use super::tell::{self, CarriedView, WorldEvent, key_in_script};
use super::{ClusterCommand, Setup};
use crate::event::What;
use crate::subject::Crash;
use crate::world::cluster::act::{Act, Done, Operation, Player};
use crate::world::cluster::story::{Carried, Happened, Happening};
use crate::world::cluster::{ClusterWorld, LOST, Status, UnderWay, check};

/// How many events about keys are remembered for `explain`.
const TOLD_MAX: usize = 20_000;

/// A simulated cluster that executes a script's commands.
#[derive(Debug, Clone)]
pub struct Play {
    player: Player,
    told: VecDeque<(Micros, WorldEvent)>,
    begun: Vec<usize>,
}

impl Play {
    /// A new cluster, not yet settled, whose wall clocks are off by so many microseconds. Always `Some` here; `None` in `absent`, which has the same interface.
    pub fn of(setup: &Setup, seed: u64, wall_shift: i64) -> Option<Self> {
        let seed = setup.seed.unwrap_or(seed);
        let world = ClusterWorld::with_clocks(setup.nodes, setup.settings(), seed, true, wall_shift);
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
                let answer = if is_ready { What::Created { object: "cluster".into() } } else { self.settled(false) };
                self.answer(answer, told);
            }
            ClusterCommand::Do(act) => self.perform(act, told),
            ClusterCommand::Replicas(key) => {
                let answer = self.any_view(|view| view.ring.replicas(hash_of(key)).in_order().to_vec());
                self.answer(ids(&answer.unwrap_or_default()), told);
            }
            ClusterCommand::Explain(key) => {
                for line in reports::explain(&self.told, &self.player.world.under_way(), key) {
                    self.answer(What::Said { text: line }, told);
                }
            }
            ClusterCommand::Health => {
                for line in reports::health(&self.view()) {
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

    /// Answers which nodes hold a living value of a key; before that those are told whose value is not the newest.
    pub fn holders(&self, key: &str, told: &mut Vec<(Micros, What)>) {
        let version = |node: &cachedojo::cluster::Node| {
            let now = node.time().unwrap_or(0);
            let held = node.store().held(key)?;
            held.alive_at(now).map(|_| held.version)
        };
        let hosts = self.player.world.hosts();
        let held: Vec<(NodeId, Version)> =
            hosts.filter_map(|(node, host)| Some((node, version(host.node()?)?))).collect();
        let newest = held.iter().map(|&(_, version)| version).max();
        for &(node, version) in held.iter().filter(|&&(_, version)| Some(version) < newest) {
            told.push((self.now(), What::World { event: tell::of_older(self.now(), node, key, version) }));
        }
        let holders: Vec<_> = held.iter().map(|&(node, _)| node).collect();
        self.answer(ids(&holders), told);
    }

    /// Moves the wall clocks of all nodes by so many microseconds.
    pub fn jump(&mut self, by: i64, told: &mut Vec<(Micros, What)>) {
        self.player.world.jump_all(by);
        self.drain(told);
    }

    fn answer(&self, what: What, told: &mut Vec<(Micros, What)>) {
        told.push((self.now(), what));
    }

    fn settled(&self, is: bool) -> What {
        let waits = self.player.world.unrest().filter(|_| !is).map(|why| why.to_string());
        What::World { event: WorldEvent::Settled { is, waits } }
    }

    fn answer_of(&self, operation: &Operation, key: &str, outcome: &Outcome) -> What {
        let key = key.to_owned();
        match (outcome, operation) {
            (Outcome::Read { value: Some(value), .. }, _) => What::Hit { key, value: escape(value) },
            (Outcome::Read { value: None, .. }, _) => What::Miss { key },
            (Outcome::Written { .. }, Operation::Write { .. }) => What::Stored { key },
            (Outcome::Written { .. }, _) => What::Deleted { key },
            (Outcome::Noted, _) => What::Said { text: "noted".into() },
            (Outcome::Failed(failure), _) => What::Error { message: self.why(failure) },
        }
    }

    /// Why an operation failed. Nobody is advised to try again where that can never help.
    fn why(&self, failure: &Failure) -> String {
        let text = failure.to_string();
        let is_for_ever = matches!(failure, Failure::TooFew { .. } | Failure::NotReady) && self.player.world.is_lost();
        match text.rsplit_once(": ").filter(|_| is_for_ever) {
            Some((what, _)) => format!("{what}; {LOST}"),
            None => text,
        }
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
            Done::Settled(is) => self.answer(self.settled(is), told),
            Done::Call(call) => {
                if let Act::Operate { operation, key, begins: false, .. } = act {
                    let outcome = self.player.world.calls().get(call).and_then(|call| call.answer.as_ref());
                    let answer = match outcome {
                        Some((_, outcome)) => self.answer_of(operation, key, outcome),
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
                    _ => self.answer_of(&operation, "", outcome).to_string(),
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
