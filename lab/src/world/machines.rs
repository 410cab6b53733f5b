//! A cluster whose nodes are subjects, for example submissions: each is a state machine with its own clocks and randomness, and
//! only this world's network connects them.
//!
//! A discrete-event simulation in whole microseconds, like that of the engine's own cluster: the earliest event is next, and of
//! two at the same time the one scheduled first. All randomness comes from one seed.

mod host;

use std::collections::BTreeMap;

use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::{Micros, NodeId, NodeSet};
use cachedojo::random::Random;
use cachedojo_wire::machine::{Input, MachineCommand, MachineEffect, MachineReply, MachineRequest, MachineSetup};
use cachedojo_wire::{Request, Response};

use super::World;
use super::agenda::Agenda;
use super::cluster::network::Network;
use crate::subject::{Crash, Subject};
use host::{Coming, Due, Host, Runs, size};

/// Makes a fresh subject for each start of a process.
pub type Fresh<'a> = dyn FnMut() -> Result<Box<dyn Subject>, String> + 'a;

/// The most events that one world goes through.
const WORK_MAX: u32 = 100_000;
/// The most bytes and events under way at once, counted together.
const UNDER_WAY_BYTES_MAX: usize = 32 << 20;
const UNDER_WAY_MAX: usize = 50_000;
/// From how many microseconds on a call counts as a sleep: each reading of a clock takes one.
const SLEEP_MIN: Micros = 1_000;
/// The longest uptime that a clock may show when the world begins.
const UPTIME_MAX: Micros = 1_000_000 * SECOND;

/// A cluster of subjects.
pub struct Machines<'a> {
    fresh: &'a mut Fresh<'a>,
    now: Micros,
    agenda: Agenda<Due>,
    hosts: BTreeMap<NodeId, Host>,
    members: NodeSet,
    /// The network's rules.
    pub network: Network,
    random: Random,
    copies: u32,
    points: u32,
    /// The clients' calls by number: the node, and the answer with its time.
    calls: BTreeMap<u64, (NodeId, Option<(Micros, MachineReply)>)>,
    /// Messages that nodes have sent since the world began.
    pub sent: u64,
    /// The work of nodes that have ended.
    spent: u64,
    under_way: usize,
    work_left: u32,
    failure: Option<WorldEnd>,
}

/// Why a world stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorldEnd {
    /// A node crashed.
    Crashed(NodeId, Crash),
    /// The submission has no such item.
    Lacks(String),
    /// The host could not start a node.
    NotStarted(String),
}

impl std::fmt::Debug for Machines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machines").field("now", &self.now).field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl<'a> Machines<'a> {
    /// A cluster of the members n1 to n`nodes`, each just started, with `copies` of each key and `points` on the ring
    /// for each node.
    pub fn new(nodes: u8, copies: u32, points: u32, seed: u64, fresh: &'a mut Fresh<'a>) -> Self {
        let mut world = Self {
            fresh,
            now: 0,
            agenda: Agenda::new(),
            hosts: BTreeMap::new(),
            members: (1..=nodes).filter_map(NodeId::new).collect(),
            network: Network::default(),
            random: Random::new(seed),
            copies,
            points,
            calls: BTreeMap::new(),
            sent: 0,
            spent: 0,
            under_way: 0,
            work_left: WORK_MAX,
            failure: None,
        };
        for node in world.members.iter() {
            world.start(node, None);
        }
        world
    }

    /// The time since the world began.
    pub const fn now(&self) -> Micros {
        self.now
    }

    /// Why the world has stopped, if it has.
    pub const fn failure(&self) -> Option<&WorldEnd> {
        self.failure.as_ref()
    }

    /// The nodes that are running or paused.
    pub fn running(&self) -> impl Iterator<Item = NodeId> {
        self.hosts.iter().filter(|(_, host)| host.runs != Runs::No).map(|(&node, _)| node)
    }

    /// All numbers in use.
    pub fn all(&self) -> NodeSet {
        self.hosts.keys().copied().collect()
    }

    /// The setup that a node with that name would get now.
    pub fn setup(&self, node: NodeId) -> MachineSetup {
        let members = self.members.iter().map(|member| member.to_string()).collect();
        MachineSetup { id: node.to_string(), members, copies: self.copies, points: self.points }
    }

    /// The work of all nodes so far, as [`Subject::fuel_used`] counts it.
    pub fn fuel_used(&self) -> u64 {
        self.spent + self.hosts.values().map(|host| host.subject.fuel_used()).sum::<u64>()
    }

    // Running events.

    /// Lets time pass. Cost: one call for each timer or message on the way.
    pub fn run_for(&mut self, time: Micros) {
        let end = self.now.saturating_add(time);
        while self.step(end) {}
        if self.failure.is_none() {
            self.now = self.now.max(end);
        }
    }

    /// Asks a node, and lets time pass until it answers, at most this long. `None` if it did not.
    pub fn ask(&mut self, node: NodeId, command: MachineCommand, patience: Micros) -> Option<MachineReply> {
        let number = self.begin(node, command);
        self.wait(number, patience)
    }

    /// Lets time pass until a call that was begun is answered, at most this long.
    pub fn wait(&mut self, number: u64, patience: Micros) -> Option<MachineReply> {
        let end = self.now.saturating_add(patience);
        while self.answer(number).is_none() && self.step(end) {}
        let reply = self.answer(number).cloned();
        if reply.is_none() && self.failure.is_none() {
            self.now = self.now.max(end);
        }
        reply
    }

    /// What a node itself holds of a key; also `None` if it does not answer at once.
    pub fn peek(&mut self, node: NodeId, key: &str) -> Option<Vec<u8>> {
        match self.ask(node, MachineCommand::Peek { key: key.to_owned() }, 0) {
            Some(MachineReply::Value(value)) => value,
            _ => None,
        }
    }

    /// Asks a node. Returns the call's number, for [`Self::answer`].
    pub fn begin(&mut self, node: NodeId, command: MachineCommand) -> u64 {
        let number = self.calls.len() as u64 + 1;
        self.calls.insert(number, (node, None));
        self.arrive(node, None, Input::Client { number, command });
        number
    }

    /// The answer to a call that was begun, if it has come.
    pub fn answer(&self, number: u64) -> Option<&MachineReply> {
        self.heard(number).map(|(_, reply)| reply)
    }

    /// The same, with its time.
    pub fn heard(&self, number: u64) -> Option<(Micros, &MachineReply)> {
        self.calls.get(&number).and_then(|(_, reply)| reply.as_ref()).map(|(at, reply)| (*at, reply))
    }

    /// Whether all members are running and the network has no rules.
    pub fn is_whole(&self) -> bool {
        let runs = |node: NodeId| self.hosts.get(&node).is_some_and(|host| host.runs == Runs::Yes);
        self.network.is_healthy() && self.members.iter().all(runs)
    }

    /// Runs the next event, if it happens by `end`.
    fn step(&mut self, end: Micros) -> bool {
        if self.failure.is_some() {
            return false;
        }
        let Some((at, Due { node, boot, what })) = self.agenda.take(end) else { return false };
        self.under_way = self.under_way.saturating_sub(size(&what));
        self.now = self.now.max(at);
        match what {
            Coming::Input(input) => self.arrive(node, boot, input),
            Coming::Reply { number, reply } => self.record_reply(node, number, reply),
        }
        true
    }

    /// Delivers an answer to a client: only from the node that it asked, and only once.
    fn record_reply(&mut self, node: NodeId, number: u64, reply: MachineReply) {
        if let Some((asked, answer @ None)) = self.calls.get_mut(&number)
            && *asked == node
        {
            *answer = Some((self.now, reply));
        }
    }

    fn schedule(&mut self, at: Micros, node: NodeId, boot: Option<u32>, what: Coming) {
        self.under_way += size(&what);
        if self.under_way > UNDER_WAY_BYTES_MAX || self.agenda.len() >= UNDER_WAY_MAX {
            self.failure.get_or_insert(WorldEnd::Crashed(node, Crash::TooMuchOutput));
        }
        self.agenda.put(at, Due { node, boot, what });
    }

    /// Delivers an input to a node: at once, later if the node is paused or busy, or not at all if it is down.
    fn arrive(&mut self, node: NodeId, boot: Option<u32>, input: Input) {
        let Some(host) = self.hosts.get_mut(&node) else { return };
        if boot.is_some_and(|boot| boot != host.boot) {
            return;
        }
        match host.runs {
            Runs::No => {}
            Runs::Paused => host.held.push(input),
            Runs::Yes if host.busy_until > self.now => {
                let at = host.busy_until;
                self.schedule(at, node, boot, Coming::Input(input));
            }
            Runs::Yes => self.call(node, &MachineRequest::Handle(input)),
        }
    }

    /// Calls a node, and carries out the effects that it returns.
    fn call(&mut self, node: NodeId, request: &MachineRequest) {
        if self.work_left == 0 {
            self.failure.get_or_insert(WorldEnd::Crashed(node, Crash::OutOfFuel));
        }
        if self.failure.is_some() {
            return;
        }
        self.work_left -= 1;
        let now = self.now;
        let Some(host) = self.hosts.get_mut(&node) else { return };
        let began = host.set_clocks(now);
        let answer = host.subject.call(&mut host.world, &Request::Machine(request.clone()));
        let took = Some(host.world.monotonic_ns.saturating_sub(began) / 1_000).filter(|took| *took >= SLEEP_MIN);
        let at = now.saturating_add(took.unwrap_or(0));
        host.busy_until = at;
        let boot = host.boot;
        match answer {
            Ok(Response::Effects(effects)) => self.carry_out(node, boot, at, effects),
            Ok(Response::NotImplemented { item }) => self.failure = Some(WorldEnd::Lacks(item)),
            Ok(_) => self.failure = Some(WorldEnd::Crashed(node, Crash::Gibberish)),
            Err(crash) => self.failure = Some(WorldEnd::Crashed(node, crash)),
        }
    }

    fn carry_out(&mut self, node: NodeId, boot: u32, at: Micros, effects: Vec<MachineEffect>) {
        for effect in effects {
            match effect {
                MachineEffect::Send { to, bytes } => {
                    self.sent += 1;
                    // A message to an unknown node is lost; one to itself does not go through the network.
                    let Some(to) = NodeId::from_name(&to) else { continue };
                    let arrivals = self.network.carry(node, to, &mut self.random);
                    let arrivals = if to == node { [Some(1), None] } else { arrivals };
                    for after in arrivals.into_iter().flatten() {
                        let input = Input::Message { from: node.to_string(), bytes: bytes.clone() };
                        self.schedule(at.saturating_add(after), to, None, Coming::Input(input));
                    }
                }
                MachineEffect::Timer { timer, after_ms } => {
                    let due = at.saturating_add(after_ms.saturating_mul(1_000));
                    self.schedule(due, node, Some(boot), Coming::Input(Input::Timer { timer }));
                }
                MachineEffect::Reply { number, reply } if at > self.now => {
                    self.schedule(at, node, None, Coming::Reply { number, reply });
                }
                MachineEffect::Reply { number, reply } => self.record_reply(node, number, reply),
            }
        }
    }

    // Faults and operators.

    /// Starts a node's process, on its earlier machine or on a new one. Its memory and its randomness are new.
    fn start(&mut self, node: NodeId, earlier: Option<&Host>) {
        let subject = match (self.fresh)() {
            Ok(subject) => subject,
            Err(message) => {
                self.failure.get_or_insert(WorldEnd::NotStarted(message));
                return;
            }
        };
        let uptime = SECOND + self.random.below(UPTIME_MAX);
        let world = World { monotonic_ns: 0, wall_ns: 0, random: Random::new(self.random.next_u64()) };
        let host = Host {
            subject,
            world,
            mono_start_ns: earlier.map_or(uptime.saturating_mul(1_000), |host| host.mono_start_ns),
            wall_shift_ns: earlier.map_or(0, |host| host.wall_shift_ns),
            boot: earlier.map_or(1, |host| host.boot + 1),
            busy_until: 0,
            runs: Runs::Yes,
            held: Vec::new(),
        };
        self.spent += earlier.map_or(0, |host| host.subject.fuel_used());
        self.hosts.insert(node, host);
        let setup = self.setup(node);
        self.call(node, &MachineRequest::Start(setup));
    }

    /// Ends a node's process, with all that it held. `false` if it is not running.
    pub fn kill(&mut self, node: NodeId) -> bool {
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.runs != Runs::No) else { return false };
        host.runs = Runs::No;
        host.held.clear();
        true
    }

    /// Starts a node's process again. `false` if it is running, or never existed.
    pub fn restart(&mut self, node: NodeId) -> bool {
        if self.hosts.get(&node).is_none_or(|host| host.runs != Runs::No) {
            return false;
        }
        let earlier = self.hosts.remove(&node);
        self.start(node, earlier.as_ref());
        true
    }

    /// Pauses a node. `false` if it is not running.
    pub fn pause(&mut self, node: NodeId) -> bool {
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.runs == Runs::Yes) else { return false };
        host.runs = Runs::Paused;
        true
    }

    /// Resumes a paused node, which then gets the inputs that waited. `false` if it was not paused.
    pub fn resume(&mut self, node: NodeId) -> bool {
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.runs == Runs::Paused) else { return false };
        host.runs = Runs::Yes;
        for input in std::mem::take(&mut host.held) {
            self.arrive(node, None, input);
        }
        true
    }

    /// Starts a new node as a member; all others are told. `false` if the number is taken.
    pub fn join(&mut self, node: NodeId) -> bool {
        if !self.members.insert(node) {
            return false;
        }
        let earlier = self.hosts.remove(&node);
        self.start(node, earlier.as_ref());
        self.tell_others(node, |id| Input::Joined { id });
        true
    }

    /// Ends a node and its membership; all others are told. `false` if it is not a member.
    pub fn leave(&mut self, node: NodeId) -> bool {
        if !self.members.contains(node) {
            return false;
        }
        self.members = self.members.less(NodeSet::of(node));
        self.kill(node);
        self.tell_others(node, |id| Input::Left { id });
        true
    }

    fn tell_others(&mut self, node: NodeId, input: impl Fn(String) -> Input) {
        for other in self.members.less(NodeSet::of(node)).iter() {
            self.arrive(other, None, input(node.to_string()));
        }
    }

    /// Sets how many microseconds a wall clock is off, or with `adds` moves it by that much more. `false` if there is no such
    /// node.
    pub fn skew(&mut self, node: NodeId, by: i64, adds: bool) -> bool {
        let Some(host) = self.hosts.get_mut(&node) else { return false };
        let by = by.saturating_mul(1_000);
        host.wall_shift_ns = if adds { host.wall_shift_ns.saturating_add(by) } else { by };
        true
    }

    /// Makes, uses and drops `count` nodes in one process, and returns by how many bytes its memory grew in the second half:
    /// memory that is kept once from the first use is not a leak. Inputs name the node n1, which is a cluster of its own.
    pub fn cycle(&mut self, count: u32, inputs: &[Input]) -> u64 {
        let node = NodeId::new(1).unwrap_or_default();
        let mut subject = match (self.fresh)() {
            Ok(subject) => subject,
            Err(message) => {
                self.failure.get_or_insert(WorldEnd::NotStarted(message));
                return 0;
            }
        };
        let setup =
            MachineSetup { id: node.to_string(), members: vec![node.to_string()], copies: 1, points: self.points };
        let mut world = World::new(self.random.next_u64());
        let mut sizes = [0; 2];
        for size in &mut sizes {
            let request =
                MachineRequest::Cycle { setup: setup.clone(), inputs: inputs.to_vec(), count: count.div_ceil(2) };
            match subject.call(&mut world, &Request::Machine(request)) {
                Ok(Response::Done) if subject.memory_bytes() == 0 => {
                    let message = "memory is not measured here: grade a module of one thread".to_owned();
                    self.failure = Some(WorldEnd::NotStarted(message));
                }
                Ok(Response::Done) => *size = subject.memory_bytes(),
                Ok(Response::NotImplemented { item }) => self.failure = Some(WorldEnd::Lacks(item)),
                Ok(_) => self.failure = Some(WorldEnd::Crashed(node, Crash::Gibberish)),
                Err(crash) => self.failure = Some(WorldEnd::Crashed(node, crash)),
            }
            if self.failure.is_some() {
                return 0;
            }
        }
        self.spent += subject.fuel_used();
        sizes[1].saturating_sub(sizes[0])
    }
}

#[cfg(test)]
mod tests;
