//! A node: it hears inputs and returns what it wants done. It is at once a replica of some keys and the coordinator of whatever clients ask it,
//! and sends messages to itself as to the others.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use crate::api::{Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};
use crate::coordinator::{Groups, Next, Operation, Wanted};
use crate::message::Message;
use crate::ring::{Ring, hash};
use crate::store::{Entry, Store};

/// The timer that never ends, and how often it is over: then whatever was not answered is asked again.
const TICK: u64 = 0;
const EVERY: Duration = Duration::from_millis(250);
/// After how many ticks replicas are compared.
const COMPARED_EVERY: u64 = 8;

pub struct CacheNode {
    id: String,
    copies: usize,
    points: usize,
    members: Vec<String>,
    /// The rings that count: the members' own, and before it those from which keys are still on the move.
    rings: Vec<Ring>,
    /// A number that is new with every start of the process.
    boot: u64,
    counter: u64,
    store: Store,
    operations: Vec<(u64, Operation)>,
    next_op: u64,
    ticks: u64,
    /// Until a node that has just started has all that it should have, it does not answer for what it holds.
    is_fresh: bool,
    /// The number of the present round of pulling, who has sent all in it, and who has all under the present members.
    round: u64,
    pulled: Vec<String>,
    ready: Vec<String>,
    /// Whether all others have heard of this start.
    is_known: bool,
    /// The last start of each other node that this one has heard of.
    starts: BTreeMap<String, u64>,
}

impl CacheNode {
    pub fn new(config: NodeConfig) -> Self {
        let boot = RandomState::new().build_hasher().finish();
        let mut members = config.members;
        members.sort();
        Self {
            rings: vec![Ring::new(&members, config.virtual_nodes)],
            id: config.node_id,
            copies: config.replication_factor,
            points: config.virtual_nodes,
            members,
            boot,
            counter: 0,
            store: Store::default(),
            operations: Vec::new(),
            next_op: boot | 1,
            ticks: 0,
            is_fresh: true,
            round: boot,
            pulled: Vec::new(),
            ready: Vec::new(),
            is_known: false,
            starts: BTreeMap::new(),
        }
    }

    pub fn start(&mut self) -> Vec<Effect> {
        let mut out = vec![Effect::Timer { timer: TICK, after: EVERY }];
        self.pull(&mut out);
        out
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        let now = self.now();
        match input {
            Input::Client { request, command } => self.on_command(request, command, now, &mut out),
            Input::Message { from, bytes } => {
                if let Some(message) = Message::decode(&bytes, now) {
                    self.on_message(&from, message, now, &mut out);
                }
            }
            Input::Timer { .. } => self.on_tick(now, &mut out),
            Input::Joined { node_id } => {
                if !self.members.contains(&node_id) {
                    self.members.push(node_id);
                    self.on_members(&mut out);
                }
            }
            Input::Left { node_id } => {
                self.members.retain(|member| *member != node_id);
                self.on_members(&mut out);
            }
        }
        out
    }

    /// The time by this node's steady clock: it means nothing to another node.
    fn now(&self) -> Instant {
        Instant::now()
    }

    // Clients.

    fn on_command(&mut self, request: u64, command: Command, now: Instant, out: &mut Vec<Effect>) {
        let (key, level, wanted) = match command {
            Command::Put { key, value, ttl, level } => {
                (key, level, Wanted::Write(Some(value), ttl.and_then(|ttl| now.checked_add(ttl))))
            }
            Command::Delete { key, level } => (key, level, Wanted::Write(None, Some(now))),
            Command::Invalidate { key } => (key, ConsistencyLevel::Quorum, Wanted::Write(None, Some(now))),
            Command::Get { key, level } => (key, level, Wanted::Read),
            Command::Peek { key } => {
                out.push(Effect::Reply { request, reply: Reply::Value(self.store.living(&key, now)) });
                return;
            }
        };
        let op = self.next_op;
        self.next_op = self.next_op.wrapping_add(1);
        self.operations.push((op, Operation::new(request, key, level, wanted, now)));
        self.ask(op, now, out);
    }

    fn groups(&self, key: &str) -> Groups {
        self.rings.iter().map(|ring| ring.replicas(key, self.copies)).collect()
    }

    /// Asks every replica that has not answered yet.
    fn ask(&mut self, op: u64, now: Instant, out: &mut Vec<Effect>) {
        let Some((_, operation)) = self.operations.iter().find(|(number, _)| *number == op) else { return };
        if self.is_fresh {
            return;
        }
        let mut nodes: Vec<String> = self.groups(&operation.key).concat();
        nodes.sort();
        nodes.dedup();
        let bytes = operation.message(op).encode(now);
        for to in nodes.into_iter().filter(|node| !operation.has_heard(node)) {
            out.push(Effect::Send { to, bytes: bytes.clone() });
        }
    }

    /// A node has started again: what it said before is void, also what is still on its way, since it answers a number that is no longer used.
    fn ask_anew(&mut self, restarted: &str, now: Instant, out: &mut Vec<Effect>) {
        for at in 0..self.operations.len() {
            let op = self.next_op;
            self.next_op = self.next_op.wrapping_add(1);
            self.operations[at].0 = op;
            self.operations[at].1.unhear(restarted);
            self.ask(op, now, out);
        }
    }

    fn go_on(&mut self, op: u64, now: Instant, out: &mut Vec<Effect>) {
        let Some(at) = self.operations.iter().position(|(number, _)| *number == op) else { return };
        let groups = self.groups(&self.operations[at].1.key);
        let operation = &mut self.operations[at].1;
        match operation.next(&groups, &mut self.counter, self.boot, now) {
            Next::Wait => {}
            Next::Store => self.ask(op, now, out),
            Next::Reply(reply) => {
                out.push(Effect::Reply { request: operation.request, reply });
                self.operations.remove(at);
            }
        }
    }

    fn operation(&mut self, op: u64) -> Option<&mut Operation> {
        self.operations.iter_mut().find(|(number, _)| *number == op).map(|(_, operation)| operation)
    }

    fn numbers(&self) -> Vec<u64> {
        self.operations.iter().map(|(op, _)| *op).collect()
    }

    // Peers.

    fn on_message(&mut self, from: &str, message: Message, now: Instant, out: &mut Vec<Effect>) {
        match message {
            Message::Query { op, key } => {
                if !self.is_fresh {
                    let entry = self.store.0.get(&key).cloned();
                    self.send(from, &Message::Held { op, entry }, out);
                }
            }
            Message::Store { op, key, entry } => {
                self.keep(&key, entry);
                self.send(from, &Message::Stored { op }, out);
            }
            Message::Held { op, entry } => {
                if let Some(operation) = self.operation(op) {
                    operation.on_held(from, entry);
                    self.go_on(op, now, out);
                }
            }
            Message::Stored { op } => {
                if let Some(operation) = self.operation(op) {
                    operation.on_stored(from);
                    self.go_on(op, now, out);
                }
            }
            Message::Pull { round, view, start, known } => {
                if self.starts.insert(from.to_owned(), start) != Some(start) {
                    self.ask_anew(from, now, out);
                }
                // Who sees other members than this node will ask again.
                if view == self.view() {
                    let items = self.lacking(from, &known);
                    self.send(from, &Message::Push { round, items }, out);
                }
            }
            Message::Push { round, items } => {
                for (key, entry) in items {
                    self.keep(&key, entry);
                }
                if round == self.round {
                    note(&mut self.pulled, from);
                    self.settle(out);
                }
            }
            Message::Ready { view } => {
                if view == self.view() {
                    if self.ready.contains(&self.id) {
                        self.send(from, &Message::IsReady { view }, out);
                    }
                    note(&mut self.ready, from);
                    self.settle(out);
                }
            }
            Message::IsReady { view } => {
                if view == self.view() {
                    note(&mut self.ready, from);
                    self.settle(out);
                }
            }
        }
    }

    fn send(&self, to: &str, message: &Message, out: &mut Vec<Effect>) {
        out.push(Effect::Send { to: to.to_owned(), bytes: message.encode(self.now()) });
    }

    fn others(&self) -> impl Iterator<Item = &String> {
        self.members.iter().filter(|member| **member != self.id)
    }

    fn keep(&mut self, key: &str, entry: Entry) {
        self.counter = self.counter.max(entry.version.counter);
        self.store.merge(key, entry);
    }

    // Who holds what.

    /// A number for the present members.
    fn view(&self) -> u64 {
        hash(&self.members.join(" "))
    }

    fn belongs_to(&self, key: &str, node: &str) -> bool {
        self.rings.last().is_some_and(|ring| ring.replicas(key, self.copies).iter().any(|replica| replica == node))
    }

    /// What belongs to a node and is later than what it knows.
    fn lacking(&self, node: &str, known: &[(String, crate::store::Version)]) -> Vec<(String, Entry)> {
        // It comes in the order of keys.
        let lacks = |key: &String, entry: &Entry| match known.binary_search_by(|(known, _)| known.cmp(key)) {
            Ok(at) => known[at].1 < entry.version,
            Err(_) => true,
        };
        let items = self.store.0.iter().filter(|(key, entry)| self.belongs_to(key, node) && lacks(key, entry));
        items.map(|(key, entry)| (key.clone(), entry.clone())).collect()
    }

    /// The members are others: until every one of them has what belongs to it now, operations need enough of the old nodes and of the new.
    fn on_members(&mut self, out: &mut Vec<Effect>) {
        self.members.sort();
        self.rings.push(Ring::new(&self.members, self.points));
        self.round = self.round.wrapping_add(1);
        self.pulled.clear();
        self.ready.clear();
        self.is_known = false;
        self.pull(out);
        let now = self.now();
        for op in self.numbers() {
            self.ask(op, now, out);
        }
    }

    /// Asks the others for what this node lacks.
    fn pull(&mut self, out: &mut Vec<Effect>) {
        let known: Vec<_> = self.store.0.iter().map(|(key, entry)| (key.clone(), entry.version)).collect();
        let (round, view, start) = (self.round, self.view(), self.boot);
        let message = Message::Pull { round, view, start, known };
        for to in self.others().cloned().collect::<Vec<_>>() {
            self.send(&to, &message, out);
        }
        self.settle(out);
    }

    /// Whether this node has all that belongs to it, and whether all others have too: then the old ring is of the past.
    fn settle(&mut self, out: &mut Vec<Effect>) {
        if !self.ready.contains(&self.id) && self.others().all(|other| self.pulled.contains(other)) {
            if self.is_fresh && !self.is_known {
                // From here on nobody counts what this node confirmed before it died: only what is told now is complete.
                self.is_known = true;
                self.round = self.round.wrapping_add(1);
                self.pulled.clear();
                return self.pull(out);
            }
            note(&mut self.ready, &self.id);
            for other in self.others() {
                self.send(other, &Message::Ready { view: self.view() }, out);
            }
        }
        if !self.is_settled() && self.members.iter().all(|member| self.ready.contains(member)) {
            self.is_fresh = false;
            self.rings.drain(..self.rings.len() - 1);
            let now = self.now();
            for op in self.numbers() {
                self.ask(op, now, out);
                self.go_on(op, now, out);
            }
        }
    }

    fn is_settled(&self) -> bool {
        !self.is_fresh && self.rings.len() == 1
    }

    /// Tells those that it has all, of whom it does not know that they have.
    fn ask_ready(&self, out: &mut Vec<Effect>) {
        for other in self.others().filter(|other| !self.ready.contains(*other)) {
            self.send(other, &Message::Ready { view: self.view() }, out);
        }
    }

    fn on_tick(&mut self, now: Instant, out: &mut Vec<Effect>) {
        out.push(Effect::Timer { timer: TICK, after: EVERY });
        self.ticks += 1;
        for op in self.numbers() {
            let Some(at) = self.operations.iter().position(|(number, _)| *number == op) else { continue };
            if now < self.operations[at].1.until {
                self.ask(op, now, out);
            } else {
                let (_, operation) = self.operations.remove(at);
                let reply = operation.failure(&self.groups(&operation.key));
                out.push(Effect::Reply { request: operation.request, reply });
            }
        }
        if !self.is_settled() && self.ready.contains(&self.id) {
            self.ask_ready(out);
        }
        if !self.ready.contains(&self.id) || self.ticks % COMPARED_EVERY == 0 {
            self.pull(out);
        }
        if self.is_settled() && self.ticks % COMPARED_EVERY == 0 {
            self.store.forget(now);
            let not_mine: Vec<String> =
                self.store.0.keys().filter(|key| !self.belongs_to(key, &self.id)).cloned().collect();
            for key in not_mine {
                self.store.0.remove(&key);
            }
        }
    }
}

/// Notes a node, once.
fn note(nodes: &mut Vec<String>, node: &str) {
    if !nodes.iter().any(|known| known == node) {
        nodes.push(node.to_owned());
    }
}
