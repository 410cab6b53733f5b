//! All in one file. Replicas gossip: every half second each node sends all that it holds to every other one, and from that alone
//! follow repair, the start of a node that has lost its memory, and the move of keys.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use crate::api::{Command, ConsistencyLevel, Effect, Input, NodeConfig, Reply};
use crate::wire::{Reader, Writer};

const GOSSIP: u64 = 0;
const GOSSIP_EVERY: Duration = Duration::from_millis(500);
const ASK_AGAIN: Duration = Duration::from_millis(300);
const GIVE_UP: Duration = Duration::from_millis(2200);
const REMEMBER: Duration = Duration::from_secs(600);

/// A number, and the process that wrote.
type Stamp = (u64, u64);

#[derive(Clone)]
struct Cell {
    stamp: Stamp,
    value: Option<Vec<u8>>,
    due: Option<Instant>,
}

impl Cell {
    fn value(&self) -> Option<Vec<u8>> {
        self.value.clone().filter(|_| self.due.is_none_or(|due| Instant::now() < due))
    }

    fn write(&self, out: &mut Writer) {
        out.number(self.stamp.0);
        out.number(self.stamp.1);
        out.option(self.value.as_ref(), |out, value| out.bytes(value));
        let left = self.due.map(|due| due.saturating_duration_since(Instant::now()).as_micros() as u64);
        out.option(left.as_ref(), |out, left| out.number(*left));
    }

    fn read(input: &mut Reader<'_>) -> Option<Self> {
        let (stamp, value) = ((input.number()?, input.number()?), input.option(Reader::bytes)?);
        let due = input.option(Reader::number)?.map(|left| Instant::now() + Duration::from_micros(left));
        Some(Self { stamp, value, due })
    }
}

/// What a client waits for: first the replicas are asked, then they are given `best` to keep.
struct Job {
    request: u64,
    key: String,
    level: ConsistencyLevel,
    /// None: a read.
    change: Option<(Option<Vec<u8>>, Option<Instant>)>,
    since: Instant,
    seen: BTreeMap<String, Stamp>,
    best: Option<Cell>,
    kept: Option<BTreeSet<String>>,
}

/// What a node knows of another: the last round that it began, and, of this node's present round, whether it has heard that node, and
/// whether that one has heard everybody.
#[derive(Default)]
struct Peer {
    round: u64,
    heard: bool,
    is_full: bool,
}

pub struct CacheNode {
    me: String,
    copies: usize,
    points: usize,
    boot: u64,
    round: u64,
    peers: BTreeMap<String, Peer>,
    rings: Vec<BTreeMap<u64, String>>,
    cells: BTreeMap<String, Cell>,
    jobs: BTreeMap<u64, Job>,
    last: u64,
    highest: u64,
    is_new: bool,
    /// Everybody knows that this process is a new one.
    is_known: bool,
    out: Vec<Effect>,
}

impl CacheNode {
    pub fn new(config: NodeConfig) -> Self {
        let boot = std::hash::RandomState::new().hash_one(0) >> 1;
        let others = config.members.iter().filter(|member| **member != config.node_id);
        let mut node = Self {
            copies: config.replication_factor.max(1),
            points: config.virtual_nodes.max(1),
            boot,
            round: boot,
            peers: others.map(|member| (member.clone(), Peer::default())).collect(),
            me: config.node_id,
            rings: Vec::new(),
            cells: BTreeMap::new(),
            jobs: BTreeMap::new(),
            last: boot,
            highest: 0,
            is_new: true,
            is_known: false,
            out: Vec::new(),
        };
        node.rings = vec![node.ring()];
        node
    }

    pub fn start(&mut self) -> Vec<Effect> {
        self.is_known = self.peers.is_empty();
        self.gossip_to_all();
        self.settle();
        self.wake(GOSSIP, GOSSIP_EVERY);
        std::mem::take(&mut self.out)
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Client { request, command } => self.client(request, command),
            Input::Message { from, bytes } => {
                self.message(&from, &mut Reader(&bytes)).unwrap_or_default();
            }
            Input::Timer { timer: GOSSIP } => {
                self.sweep();
                self.gossip_to_all();
                self.wake(GOSSIP, GOSSIP_EVERY);
            }
            Input::Timer { timer } => self.again(timer),
            Input::Joined { node_id } => {
                if node_id != self.me && self.peers.insert(node_id, Peer::default()).is_none() {
                    self.others_are_members();
                }
            }
            Input::Left { node_id } => {
                if self.peers.remove(&node_id).is_some() {
                    self.others_are_members();
                }
            }
        }
        std::mem::take(&mut self.out)
    }

    fn wake(&mut self, timer: u64, after: Duration) {
        self.out.push(Effect::Timer { timer, after });
    }

    fn send(&mut self, to: &str, kind: u8, write: impl FnOnce(&mut Writer)) {
        let mut bytes = Writer(vec![kind]);
        write(&mut bytes);
        self.out.push(Effect::Send { to: to.to_owned(), bytes: bytes.0 });
    }

    fn reply(&mut self, request: u64, reply: Reply) {
        self.out.push(Effect::Reply { request, reply });
    }

    // Places.

    fn members(&self) -> Vec<String> {
        let mut members: Vec<String> = self.peers.keys().cloned().chain([self.me.clone()]).collect();
        members.sort();
        members
    }

    fn ring(&self) -> BTreeMap<u64, String> {
        let points = |member: String| (0..self.points).map(move |point| (place(&[&member, &point.to_string()]), member.clone()));
        self.members().into_iter().rev().flat_map(points).collect()
    }

    fn places(&self, ring: &BTreeMap<u64, String>, key: &str) -> Vec<String> {
        let mut nodes: Vec<String> = Vec::new();
        let from = place(&[key]);
        for node in ring.range(from..).chain(ring.range(..from)).map(|(_, node)| node) {
            if nodes.len() < self.copies && !nodes.contains(node) {
                nodes.push(node.clone());
            }
        }
        nodes
    }

    fn is_mine(&self, key: &str) -> bool {
        self.rings.iter().any(|ring| self.places(ring, key).contains(&self.me))
    }

    // Clients.

    fn client(&mut self, request: u64, command: Command) {
        let now = Instant::now();
        let (key, level, change) = match command {
            Command::Peek { key } => {
                let value = self.cells.get(&key).and_then(Cell::value);
                return self.reply(request, Reply::Value(value));
            }
            Command::Get { key, level } => (key, level, None),
            Command::Put { key, value, ttl, level } => {
                (key, level, Some((Some(value), ttl.and_then(|ttl| now.checked_add(ttl)))))
            }
            Command::Delete { key, level } => (key, level, Some((None, Some(now)))),
            Command::Invalidate { key } => (key, ConsistencyLevel::Quorum, Some((None, Some(now)))),
        };
        self.last += 1;
        let job = Job { request, key, level, change, since: now, seen: BTreeMap::new(), best: None, kept: None };
        self.jobs.insert(self.last, job);
        self.ask(self.last);
        self.wake(self.last, ASK_AGAIN);
    }

    fn ask(&mut self, id: u64) {
        let Some(job) = self.jobs.get(&id).filter(|_| !self.is_new) else { return };
        let all: BTreeSet<String> = self.rings.iter().flat_map(|ring| self.places(ring, &job.key)).collect();
        let (key, kept) = (job.key.clone(), job.kept.is_some());
        let cell = job.best.clone();
        for to in all {
            match cell.as_ref().filter(|_| kept) {
                None => self.send(&to, 1, |out| {
                    out.number(id);
                    out.text(&key);
                }),
                Some(cell) => self.send(&to, 2, |out| {
                    out.number(id);
                    out.text(&key);
                    cell.write(out);
                }),
            }
        }
    }

    fn again(&mut self, id: u64) {
        let Some(job) = self.jobs.get(&id) else { return };
        if job.since.elapsed() < GIVE_UP {
            self.ask(id);
            self.wake(id, ASK_AGAIN);
        } else if let Some(job) = self.jobs.remove(&id) {
            self.reply(job.request, Reply::Failed(format!("too few of the nodes of `{}` have answered", job.key)));
        }
    }

    /// Whether enough nodes are among these, whichever ring counts.
    fn is_enough(&self, job: &Job, is_in: impl Fn(&String) -> bool) -> bool {
        self.rings.iter().all(|ring| {
            let nodes = self.places(ring, &job.key);
            let those = nodes.iter().filter(|node| is_in(node)).count();
            match job.level {
                ConsistencyLevel::One => those >= 1,
                ConsistencyLevel::Quorum => those * 2 > nodes.len(),
                ConsistencyLevel::All => those == nodes.len(),
            }
        })
    }

    fn go_on(&mut self, id: u64) {
        let Some(job) = self.jobs.get(&id) else { return };
        let stamp = job.best.as_ref().map_or((0, 0), |cell| cell.stamp);
        let is_over = match &job.kept {
            Some(kept) => self.is_enough(job, |node| kept.contains(node)),
            None if !self.is_enough(job, |node| job.seen.contains_key(node)) => return,
            // All have it, or none has anything: nothing is to be kept.
            None => job.change.is_none() && self.is_enough(job, |node| job.seen.get(node) == Some(&stamp)),
        };
        if is_over && let Some(job) = self.jobs.remove(&id) {
            let found = job.best.and_then(|cell| cell.value());
            self.reply(job.request, if job.change.is_none() { Reply::Value(found) } else { Reply::Done });
        } else if let Some(job) = self.jobs.get_mut(&id).filter(|job| job.kept.is_none()) {
            if let Some((value, due)) = job.change.clone() {
                self.highest = self.highest.max(stamp.0) + 1;
                job.best = Some(Cell { stamp: (self.highest, self.boot), value, due });
            }
            job.kept = Some(BTreeSet::new());
            self.ask(id);
        }
    }

    // Peers.

    fn message(&mut self, from: &str, input: &mut Reader<'_>) -> Option<()> {
        let kind = input.byte()?;
        let number = input.number()?;
        match kind {
            1 => {
                let cell = self.cells.get(&input.text()?).cloned();
                if !self.is_new {
                    self.send(from, 3, |out| {
                        out.number(number);
                        out.option(cell.as_ref(), |out, cell| cell.write(out));
                    });
                }
            }
            2 => {
                let key = input.text()?;
                self.keep(key, Cell::read(input)?);
                self.send(from, 4, |out| out.number(number));
            }
            3 => {
                let cell = input.option(Cell::read)?;
                let job = self.jobs.get_mut(&number).filter(|job| job.kept.is_none())?;
                let stamp = cell.as_ref().map_or((0, 0), |cell| cell.stamp);
                job.seen.insert(from.to_owned(), stamp);
                if cell.is_some() && job.best.as_ref().is_none_or(|best| best.stamp < stamp) {
                    job.best = cell;
                }
                self.go_on(number);
            }
            4 => {
                self.jobs.get_mut(&number)?.kept.as_mut()?.insert(from.to_owned());
                self.go_on(number);
            }
            _ => {
                let (echo, view, is_full) = (input.number()?, input.number()?, input.byte()? == 1);
                let cells = input.list(|input| Some((input.text()?, Cell::read(input)?)))?;
                self.gossip(from, (number, echo, view, is_full), cells);
            }
        }
        Some(())
    }

    fn keep(&mut self, key: String, cell: Cell) {
        self.highest = self.highest.max(cell.stamp.0);
        match self.cells.get_mut(&key) {
            Some(held) if held.stamp > cell.stamp => {}
            Some(held) if held.stamp == cell.stamp => held.due = held.due.min(cell.due),
            _ => {
                self.cells.insert(key, cell);
            }
        }
    }

    // Gossip.

    fn view(&self) -> u64 {
        place(&self.members().iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn has_heard_all(&self) -> bool {
        self.peers.values().all(|peer| peer.heard)
    }

    fn is_full(&self) -> bool {
        self.has_heard_all() && (self.is_known || !self.is_new)
    }

    fn gossip_to(&mut self, to: &str) {
        let Some(peer) = self.peers.get(to) else { return };
        let (round, echo, view, is_full) = (self.round, peer.round, self.view(), self.is_full());
        let cells: Vec<(String, Cell)> = self.cells.iter().map(|(key, cell)| (key.clone(), cell.clone())).collect();
        self.send(to, 5, |out| {
            out.number(round);
            out.number(echo);
            out.number(view);
            out.byte(is_full.into());
            out.list(&cells, |out, (key, cell)| {
                out.text(key);
                cell.write(out);
            });
        });
    }

    fn gossip_to_all(&mut self) {
        for to in self.peers.keys().cloned().collect::<Vec<_>>() {
            self.gossip_to(&to);
        }
    }

    fn gossip(&mut self, from: &str, (round, echo, view, is_full): (u64, u64, u64, bool), cells: Vec<(String, Cell)>) {
        for (key, cell) in cells {
            if self.is_mine(&key) {
                self.keep(key, cell);
            }
        }
        let (is_this_round, was_full) = (echo == self.round && view == self.view(), self.is_full());
        let Some(peer) = self.peers.get_mut(from) else { return };
        let is_news = peer.round != round;
        peer.round = round;
        if is_this_round {
            peer.heard = true;
            peer.is_full |= is_full;
        }
        if is_news {
            // It may have lost its memory: what it confirmed counts no more, also if it arrives from now on.
            for (_, mut job) in std::mem::take(&mut self.jobs) {
                job.seen.remove(from);
                job.kept.iter_mut().for_each(|kept| drop(kept.remove(from)));
                self.last += 1;
                self.jobs.insert(self.last, job);
                self.ask(self.last);
                self.wake(self.last, ASK_AGAIN);
            }
            self.gossip_to(from);
        }
        if self.is_new && !self.is_known && self.has_heard_all() {
            self.is_known = true;
            self.begin_round();
        }
        if self.is_full() && !was_full {
            self.gossip_to_all();
        }
        self.settle();
    }

    /// Everybody has heard everybody: the old rings are of the past.
    fn settle(&mut self) {
        if (self.is_new || self.rings.len() > 1) && self.is_full() && self.peers.values().all(|peer| peer.is_full) {
            self.is_new = false;
            self.rings = vec![self.ring()];
            for id in self.jobs.keys().copied().collect::<Vec<_>>() {
                self.ask(id);
                self.go_on(id);
            }
        }
    }

    fn begin_round(&mut self) {
        self.round += 1;
        for peer in self.peers.values_mut() {
            (peer.heard, peer.is_full) = (false, false);
        }
        self.gossip_to_all();
    }

    fn others_are_members(&mut self) {
        self.rings.push(self.ring());
        self.is_known = false;
        self.begin_round();
        self.settle();
        for id in self.jobs.keys().copied().collect::<Vec<_>>() {
            self.ask(id);
        }
    }

    fn sweep(&mut self) {
        self.cells.retain(|_, cell| cell.due.is_none_or(|due| due.elapsed() < REMEMBER));
        if !self.is_new && self.rings.len() == 1 {
            let others: Vec<String> = self.cells.keys().filter(|key| !self.is_mine(key)).cloned().collect();
            for key in others {
                self.cells.remove(&key);
            }
        }
    }
}

/// Sums of squares of letters would do as little as sums; a multiplication and a shift for each letter do.
fn place(words: &[&str]) -> u64 {
    let mut state = 0x1234_5678_9abc_def1_u64;
    for byte in words.join("\n").bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 33;
    }
    state.wrapping_mul(0xc4ce_b9fe_1a85_ec53) ^ (state >> 29)
}
