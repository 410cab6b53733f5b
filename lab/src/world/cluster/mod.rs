//! The simulated world of a cluster: nodes, their clocks and disks, and the network between them.
//!
//! A discrete-event simulation in whole microseconds. The earliest event is next, and of two at the same time the one scheduled
//! first; all randomness comes from one seed. So a seed gives the same run on every host, and every run can be repeated.

pub mod act;
pub mod check;
pub mod drive;
mod fate;
mod heard;
pub mod host;
pub mod linear;
pub mod network;
pub mod plan;
mod rest;
pub mod simulate;
pub mod story;
mod way;

use std::collections::BTreeMap;

use self::linear::Moment;
use super::agenda::Agenda;
use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::node::TICK;
use cachedojo::cluster::{
    Disk, Effects, Envelope, Failure, Micros, NodeId, NodeSet, Outcome, Readings, Request, Settings,
};
use cachedojo::random::Random;
use drive::Drive;
use host::{Held, State};
use network::Network;
use story::{Counts, Happened, Happening, Rare};

pub use heard::EvictedWrite;
pub use host::{Host, Status, WALL_START};
pub use rest::{LOST, Unrest};
pub use way::UnderWay;

/// The most events of one world: a short script can ask for more than anybody would wait for.
const WORK_MAX: u64 = 5_000_000;
/// The most calls of clients that a world remembers.
const CALLS_MAX: usize = 100_000;

#[derive(Debug, Clone)]
enum What {
    Deliver { to: NodeId, sent_at: Micros, envelope: Box<Envelope> },
    Tick { node: NodeId, boot: u32 },
    Written { node: NodeId, boot: u32 },
}

/// A client's request and its answer.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which client; each has one request at a time.
    pub client: u32,
    /// Which node it asked.
    pub node: NodeId,
    /// What.
    pub request: Request,
    /// When.
    pub asked: Moment,
    /// The time of the answer, and the answer.
    pub answer: Option<(Micros, Outcome)>,
    /// The moment of the answer.
    pub answered: Option<Moment>,
}

/// The world.
#[derive(Debug, Clone)]
pub struct ClusterWorld {
    now: Micros,
    agenda: Agenda<What>,
    hosts: BTreeMap<NodeId, Host>,
    /// The network's rules.
    pub network: Network,
    settings: Settings,
    random: Random,
    effects: Effects,
    calls: Vec<Call>,
    /// How many moments of calls were noted.
    moments: u64,
    open: BTreeMap<NodeId, Vec<usize>>,
    evictions: Vec<EvictedWrite>,
    /// The events, if they are recorded.
    story: Option<Vec<Happened>>,
    /// How often each kind of thing happened.
    pub counts: Counts,
    leaders: BTreeMap<u64, NodeId>,
    broken: Vec<String>,
    /// Nodes that an operator asked to remove.
    wishes: NodeSet,
    /// By how much the wall clocks of machines to come are off, in microseconds.
    wall_shift: i64,
    work_left: u64,
}

impl ClusterWorld {
    /// A world with the founders n1 to n`nodes`, just started. With `tells` its events are recorded, for [`Self::take_story`].
    pub fn new(nodes: u8, settings: Settings, seed: u64, tells: bool) -> Self {
        Self::with_clocks(nodes, settings, seed, tells, 0)
    }

    /// The same; all wall clocks are off by so many microseconds.
    pub fn with_clocks(nodes: u8, settings: Settings, seed: u64, tells: bool, wall_shift: i64) -> Self {
        let mut world = Self {
            now: 0,
            agenda: Agenda::new(),
            hosts: BTreeMap::new(),
            network: Network::default(),
            settings,
            random: Random::new(seed),
            effects: Effects::default(),
            calls: Vec::new(),
            moments: 0,
            open: BTreeMap::new(),
            evictions: Vec::new(),
            story: tells.then(Vec::new),
            counts: Counts::default(),
            leaders: BTreeMap::new(),
            broken: Vec::new(),
            wishes: NodeSet::EMPTY,
            wall_shift,
            work_left: WORK_MAX,
        };
        let founders: NodeSet = (1..=nodes).filter_map(NodeId::new).collect();
        for node in founders.iter() {
            let host = world.machine(1);
            let disk = Disk::founder(node, founders, &world.settings, host.readings(0));
            world.hosts.insert(node, Host { state: State::Down(Some(Box::new(disk))), ..host });
            world.start(node);
        }
        world
    }

    /// A machine whose clocks start at random readings.
    fn machine(&mut self, weight: u8) -> Host {
        Host {
            state: State::Down(None),
            mono_start: SECOND + self.random.below(1_000_000 * SECOND),
            wall_shift: self.wall_shift,
            boot: 0,
            incarnation: 1,
            weight,
            drive: Drive::default(),
            held: Vec::new(),
            status: Status::Down,
        }
    }

    /// The time since the world began.
    pub const fn now(&self) -> Micros {
        self.now
    }

    /// The nodes, including those that are down.
    pub fn hosts(&self) -> impl Iterator<Item = (NodeId, &Host)> {
        self.hosts.iter().map(|(&node, host)| (node, host))
    }

    /// The node with that number.
    pub fn host(&self, node: NodeId) -> Option<&Host> {
        self.hosts.get(&node)
    }

    /// All numbers in use.
    pub fn all(&self) -> NodeSet {
        self.hosts.keys().copied().collect()
    }

    /// The clients' calls so far.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What nodes evicted so far, each write once.
    pub fn evictions(&self) -> &[EvictedWrite] {
        &self.evictions
    }

    /// The cluster's settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Violations seen during the run, in words: two leaders in a term, two rings in an epoch, a misplaced key.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Whether the world has used up its allowance of events.
    pub const fn is_exhausted(&self) -> bool {
        self.work_left == 0
    }

    /// Takes the events since the last call.
    pub fn take_story(&mut self) -> Vec<Happened> {
        self.story.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn tell(&mut self, happening: Happening) {
        if let Some(story) = &mut self.story {
            story.push(Happened { at: self.now, what: happening });
        }
    }

    fn schedule(&mut self, at: Micros, what: What) {
        self.agenda.put(at, what);
    }

    // Running events.

    /// Lets time pass. Cost: O(log events) for each event on the way.
    pub fn run_for(&mut self, time: Micros) {
        let end = self.now.saturating_add(time);
        while self.step(end) {}
        if self.work_left > 0 {
            self.now = self.now.max(end);
        }
    }

    /// Lets time pass until a call is answered, at most this long.
    pub fn run_until_answered(&mut self, call: usize, patience: Micros) {
        let end = self.now.saturating_add(patience);
        while self.calls.get(call).is_some_and(|call| call.answer.is_none()) && self.step(end) {}
    }

    /// Lets time pass until a condition holds, at most this long. `true` if it holds.
    pub fn run_until(&mut self, patience: Micros, holds: impl Fn(&Self) -> bool) -> bool {
        let end = self.now.saturating_add(patience);
        while self.now < end {
            if holds(self) {
                return true;
            }
            let pause = (self.now + TICK).min(end);
            while self.step(pause) {}
            if self.work_left == 0 {
                return false;
            }
            self.now = self.now.max(pause);
        }
        holds(self)
    }

    /// Lets time pass until the cluster has settled, at most this long. `true` if it has.
    pub fn settle(&mut self, patience: Micros) -> bool {
        let end = self.now.saturating_add(patience);
        while self.now < end && self.work_left > 0 {
            if self.run_until((2 * SECOND).min(end - self.now), Self::is_settled) {
                return true;
            }
            self.repeat_wishes();
        }
        self.is_settled()
    }

    /// Runs the next event, if it happens by `end`.
    fn step(&mut self, end: Micros) -> bool {
        if self.work_left == 0 {
            return false;
        }
        let Some((at, what)) = self.agenda.take(end) else { return false };
        self.work_left -= 1;
        self.now = at;
        match what {
            What::Deliver { to, sent_at, envelope } => self.deliver(to, sent_at, envelope),
            What::Tick { node, boot } => {
                let now = self.now;
                let Some(host) = self.hosts.get_mut(&node) else { return true };
                if host.boot == boot && host.status == Status::Up {
                    let readings = host.readings(now);
                    if let State::Up(machine) = &mut host.state {
                        machine.tick(readings, &mut self.effects);
                    }
                    self.schedule(now + TICK, What::Tick { node, boot });
                    self.carry_out(node);
                }
            }
            What::Written { node, boot } => {
                let is_due = |host: &&mut Host| host.boot == boot && host.status == Status::Up;
                let Some(host) = self.hosts.get_mut(&node).filter(is_due) else { return true };
                let (mut effects, goes_on) = host.drive.end();
                self.send_out(node, &mut effects);
                if goes_on {
                    self.begin_to_write(node);
                }
            }
        }
        true
    }

    fn deliver(&mut self, to: NodeId, sent_at: Micros, envelope: Box<Envelope>) {
        let now = self.now;
        let (from, name, key) = (envelope.from, envelope.message.name(), envelope.message.key().cloned());
        let is_routine = envelope.message.is_routine();
        let carried = self.carried(&envelope);
        let Some(host) = self.hosts.get_mut(&to) else { return };
        let arrives = host.status == Status::Up;
        match (host.status, &mut host.state) {
            (Status::Paused, _) => return host.held.push(Held::Message { envelope, sent_at }),
            (Status::Up, State::Up(machine)) => {
                let readings = Readings {
                    mono: now + host.mono_start,
                    wall: WALL_START.saturating_add(now).saturating_add_signed(host.wall_shift),
                };
                machine.receive(*envelope, readings, &mut self.effects);
            }
            _ => {}
        }
        let received = arrives.then_some(now);
        self.tell(Happening::Message { from, to, name, key, carried, is_routine, sent: sent_at, received });
        if arrives {
            self.carry_out(to);
        }
    }

    /// Counts a node's notes; sends its messages and delivers its answers once its disk has stored its present state.
    fn carry_out(&mut self, node: NodeId) {
        let mut effects = std::mem::take(&mut self.effects);
        for note in effects.notes.drain(..) {
            self.hear_note(node, note);
        }
        self.check_memory(node);
        match self.hosts.get_mut(&node).filter(|host| !host.drive.is_instant()) {
            Some(host) => {
                if host.drive.wait(&mut effects) {
                    self.begin_to_write(node);
                }
            }
            None => self.send_out(node, &mut effects),
        }
        self.effects = effects;
    }

    /// A node's disk begins to write all that the node knows.
    fn begin_to_write(&mut self, node: NodeId) {
        let Some(host) = self.hosts.get_mut(&node) else { return };
        let State::Up(machine) = &host.state else { return };
        let disk = machine.as_ref().clone().into_disk();
        host.drive.begin(disk);
        let (at, boot) = (self.now + host.drive.takes(), host.boot);
        self.schedule(at, What::Written { node, boot });
    }

    fn send_out(&mut self, node: NodeId, effects: &mut Effects) {
        for (number, outcome) in effects.replies.drain(..) {
            self.answer(number, outcome);
        }
        for (to, envelope) in effects.sends.drain(..) {
            let arrivals = self.network.carry(node, to, &mut self.random);
            if arrivals == [None, None] && self.story.is_some() {
                let (name, key) = (envelope.message.name(), envelope.message.key().cloned());
                let (is_routine, sent) = (envelope.message.is_routine(), self.now);
                let (from, carried) = (node, self.carried(&envelope));
                self.tell(Happening::Message { from, to, name, key, carried, is_routine, sent, received: None });
            }
            let [first, second] = arrivals;
            if let Some(second) = second {
                let envelope = Box::new(envelope.clone());
                self.schedule(self.now + second, What::Deliver { to, sent_at: self.now, envelope });
            }
            if let Some(first) = first {
                let envelope = Box::new(envelope);
                self.schedule(self.now + first, What::Deliver { to, sent_at: self.now, envelope });
            }
        }
    }

    // Clients.

    /// Sends a client's request to a node. Returns the number of the call.
    pub fn ask(&mut self, client: u32, node: NodeId, request: Request) -> usize {
        let number = self.calls.len();
        if number >= CALLS_MAX {
            self.work_left = 0;
        }
        let asked = self.moment();
        self.calls.push(Call { client, node, request: request.clone(), asked, answer: None, answered: None });
        self.tell(Happening::Asked { node, call: number });
        let now = self.now;
        let Some(host) = self.hosts.get_mut(&node) else {
            self.answer(number as u64, Outcome::Failed(Failure::Down));
            return number;
        };
        let readings = host.readings(now);
        match (host.status, &mut host.state) {
            (Status::Up, State::Up(machine)) => {
                self.open.entry(node).or_default().push(number);
                machine.request(number as u64, request, readings, &mut self.effects);
                self.carry_out(node);
            }
            (Status::Paused, _) => {
                host.held.push(Held::Ask { number: number as u64, request });
                self.open.entry(node).or_default().push(number);
            }
            _ => self.answer(number as u64, Outcome::Failed(Failure::Down)),
        }
        number
    }

    /// This moment, which is later than those before it, also at the same time.
    const fn moment(&mut self) -> Moment {
        self.moments += 1;
        Moment { at: self.now, place: self.moments }
    }

    fn answer(&mut self, number: u64, outcome: Outcome) {
        let moment = self.moment();
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(call) = self.calls.get_mut(number)
            && call.answer.is_none()
        {
            if matches!(outcome, Outcome::Failed(Failure::TooFew { .. } | Failure::Behind { .. })) {
                self.counts.count(Rare::TooFew);
            }
            (call.answer, call.answered) = (Some((self.now, outcome)), Some(moment));
            let node = call.node;
            if let Some(open) = self.open.get_mut(&node) {
                open.retain(|&other| other != number);
            }
            self.tell(Happening::Answered { node, call: number });
        }
    }
}

/// A key, printed for people.
pub fn printed(key: &str) -> String {
    key.strip_prefix(cachedojo::cluster::record::SWEEP)
        .map_or_else(|| format!("`{key}`"), |text| format!("the sweep `{text}`"))
}
