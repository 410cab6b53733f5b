//! The thread that owns the node: it takes inputs, syncs the changes that they make, and only then sends messages and answers. Inputs that
//! wait are taken together, so that they share one sync.

mod beginning;
mod gathering;
mod status;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::node::Head;
use cachedojo::cluster::{
    Disk, Effects, Failure, Mark, Micros, Node, NodeId, NodeSet, Note, Outcome, Request, Settings, TICK,
};
use cachedojo::random::Random;
use tokio::sync::{mpsc, oneshot, watch};

use self::gathering::Gathering;
use super::clock::HostClock;
use super::frame::{Addresses, Answer};
use super::input::{Cannot, Full, Input};
use super::journal::{Found, Journal, Kept, Owner, Peer};
use super::link::{Identity, Links};
use super::settings::NodeSettings;
use crate::random::random_number;

/// How many inputs are taken together at most.
const TOGETHER: usize = 256;
/// How often a wish to let a node go is repeated: a leader that lost its office has forgotten it.
const WISH_EVERY: Micros = SECOND;

enum Stage {
    /// Its folder is empty: it asks the others whether it founds the cluster, joins it, or lost its disk.
    Gathering(Gathering),
    /// It is a node of the cluster.
    Running(Box<Node>),
}

/// The node and everything around it.
pub(super) struct Machine {
    config: NodeSettings,
    settings: Settings,
    clock: HostClock,
    journal: Journal,
    stage: Stage,
    disk: u64,
    peers: BTreeMap<NodeId, Peer>,
    /// When each was last heard.
    heard: BTreeMap<NodeId, Micros>,
    identity: watch::Sender<Identity>,
    links: Links,
    random: Random,
    effects: Effects,
    /// Entries that must be in the journal before anything is sent.
    batch: Vec<Kept>,
    kept: Option<Mark>,
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    asks: BTreeMap<u64, oneshot::Sender<Result<Outcome, Full>>>,
    asked: u64,
    wishes: NodeSet,
    tick_at: Micros,
    wish_at: Micros,
}

impl Machine {
    /// Opens the node's folder, and goes on with what it holds.
    pub(super) fn open(
        config: NodeSettings,
        links: Links,
        identity: watch::Sender<Identity>,
        seed: u64,
    ) -> Result<Self> {
        let (journal, found) = Journal::open(&config.folder)?;
        let unknown = config.peers.iter().map(|(&node, &address)| {
            let address = Some(address).filter(|address| address.port() != 0);
            (node, Peer { address, ..Peer::default() })
        });
        let mut machine = Self {
            settings: Settings { memory: config.evict_bytes, ..Settings::default() },
            clock: HostClock::new(),
            journal,
            stage: Stage::Gathering(Gathering::default()),
            disk: 0,
            peers: unknown.collect(),
            heard: BTreeMap::new(),
            identity,
            links,
            random: Random::new(seed),
            effects: Effects::default(),
            batch: Vec::new(),
            kept: None,
            answers: Vec::new(),
            asks: BTreeMap::new(),
            asked: 0,
            wishes: NodeSet::EMPTY,
            tick_at: 0,
            wish_at: 0,
            config,
        };
        machine.peers.remove(&machine.config.id);
        if let Some(found) = found {
            machine.go_on(found)?;
        }
        machine.introduce();
        Ok(machine)
    }

    /// Goes on after a crash, or after it was stopped.
    fn go_on(&mut self, found: Found) -> Result<()> {
        let Found { owner, mut head, since, mono, wall, store, peers } = found;
        let Owner { cluster, node, disk } = owner;
        let folder = self.config.folder.display();
        ensure!(
            (&*cluster, node) == (&*self.config.cluster, self.config.id),
            "{folder} is the folder of {node} of the cluster `{cluster}`: name this node's own with --data"
        );
        for (node, peer) in peers.into_iter().filter(|&(node, _)| node != self.config.id) {
            let known = self.peers.entry(node).or_default();
            *known = Peer { address: known.address.or(peer.address), ..peer };
        }
        let now = self.clock.readings();
        if *since != *self.clock.since {
            // The machine was started anew, or it is another one: the wall clock tells how long that took.
            head.offset = head.offset.carried_over(mono, now.mono, now.wall.saturating_sub(wall));
        }
        self.disk = disk;
        self.start(Disk::restored(head, store, &self.settings));
        self.write_anew()
    }

    fn start(&mut self, disk: Disk) {
        let contacts = self.peers.keys().copied().collect();
        let seed = self.random.next_u64();
        let mut node = Node::start(disk, self.settings.clone(), contacts, self.clock.readings(), seed);
        node.list_edits();
        self.kept = Some(node.mark());
        self.stage = Stage::Running(Box::new(node));
    }

    /// Begins a life with a disk of its own.
    fn begin(&mut self, disk: Disk) -> Result<()> {
        // A number that no other disk has.
        self.disk = random_number();
        tracing::info!(node = %disk.id(), life = disk.incarnation(), "this node begins");
        self.start(disk);
        self.write_anew()?;
        // Messages and answers of the life before are void.
        self.effects = Effects::default();
        self.give_up_asks();
        self.introduce();
        Ok(())
    }

    fn kept_head(&self, head: Head) -> Kept {
        let now = self.clock.readings();
        Kept::Head { head: Box::new(head), since: self.clock.since.as_str().into(), mono: now.mono, wall: now.wall }
    }

    /// Writes all that is kept anew.
    fn write_anew(&mut self) -> Result<()> {
        let Stage::Running(node) = &self.stage else { return Ok(()) };
        let owner = Owner { cluster: self.config.cluster.as_str().into(), node: self.config.id, disk: self.disk };
        let all = [Kept::Owner(owner), self.kept_head(node.head())]
            .into_iter()
            .chain(self.peers.iter().map(|(&node, &peer)| Kept::Peer { node, peer }))
            .chain(node.store().as_edits().map(Kept::Edit));
        self.journal.begin(all)
    }

    /// Updates this node's identity and the list of nodes, which the links send to the other nodes.
    fn introduce(&mut self) {
        let life = match &self.stage {
            Stage::Gathering(_) => 0,
            Stage::Running(node) => node.incarnation(),
        };
        let others: BTreeMap<_, _> = self.peers.iter().map(|(&node, peer)| (node, peer.address)).collect();
        for &node in others.keys() {
            self.links.open(node);
        }
        let identity = Identity { life, disk: self.disk, others };
        self.identity.send_if_modified(|known| {
            let is_new = *known != identity;
            *known = identity;
            is_new
        });
    }

    /// Runs until it is told to stop.
    pub(super) fn run(mut self, mut inputs: mpsc::Receiver<Input>) -> Result<()> {
        while let Some(input) = inputs.blocking_recv() {
            let mut next = Some(input);
            let mut left = TOGETHER;
            while let Some(input) = next {
                if matches!(input, Input::Stop) {
                    return self.settle();
                }
                self.take(input)?;
                left -= 1;
                next = if left > 0 { inputs.try_recv().ok() } else { None };
            }
            self.pass_time()?;
            self.settle()?;
        }
        Ok(())
    }

    fn pass_time(&mut self) -> Result<()> {
        let now = self.clock.readings();
        if now.mono < self.tick_at {
            return Ok(());
        }
        self.tick_at = now.mono + TICK;
        match &mut self.stage {
            Stage::Gathering(_) => self.decide()?,
            Stage::Running(node) => node.tick(now, &mut self.effects),
        }
        self.repeat_wishes(now.mono);
        Ok(())
    }

    fn repeat_wishes(&mut self, now: Micros) {
        let Stage::Running(node) = &mut self.stage else { return };
        if now < self.wish_at || self.wishes.is_empty() || node.view().epoch == 0 {
            return;
        }
        self.wish_at = now + WISH_EVERY;
        self.wishes = self.wishes.and(node.view().members.keys().copied().collect());
        for gone in self.wishes.iter() {
            node.request(0, Request::Leave { node: gone }, self.clock.readings(), &mut self.effects);
        }
    }

    fn take(&mut self, input: Input) -> Result<()> {
        let now = self.clock.readings();
        match input {
            Input::Tick | Input::Stop => {}
            Input::Ask { request, reply } => {
                let Stage::Running(node) = &mut self.stage else {
                    _ = reply.send(Ok(Outcome::Failed(Failure::NotReady)));
                    return Ok(());
                };
                let adds = matches!(request, Request::Write { value: Some(_), .. });
                if adds && self.journal.held() > self.config.memory_bytes_max {
                    _ = reply.send(Err(Full));
                    return Ok(());
                }
                self.asked += 1;
                self.asks.insert(self.asked, reply);
                node.request(self.asked, request, now, &mut self.effects);
            }
            Input::Message { envelope, room } => {
                self.heard.insert(envelope.from, now.mono);
                if let Stage::Running(node) = &mut self.stage {
                    node.receive(*envelope, now, &mut self.effects);
                }
                drop(room);
            }
            Input::Greeted { greeting, reply } => {
                let answer = self.greeted(&greeting);
                self.answers.push((reply, answer));
            }
            Input::Answered { from, to_life, answer } => self.answered(from, to_life, answer)?,
            Input::Others { others } => self.hear_of(others),
            Input::Announce { node, address, reply } => {
                self.meet(node, |peer| peer.address = address.or(peer.address));
                // Answered only once it is in the journal.
                self.settle()?;
                _ = reply.send(self.way_back(node));
            }
            Input::LetGo { node, reply } => _ = reply.send(self.let_go(node)),
            Input::Status { reply } => _ = reply.send(self.status()),
            Input::Trouble { reply } => _ = reply.send(self.trouble()),
        }
        Ok(())
    }

    fn let_go(&mut self, gone: NodeId) -> Result<(), Cannot> {
        let Stage::Running(node) = &self.stage else { return Err(Cannot::NotReady) };
        if node.view().epoch == 0 || node.has_left() {
            return Err(Cannot::NotReady);
        }
        let members: NodeSet = node.view().members.keys().copied().collect();
        if !members.contains(gone) {
            return Err(Cannot::NoMember(members));
        }
        let wishes = self.wishes.or(NodeSet::of(gone));
        if members.less(wishes).is_empty() {
            return Err(Cannot::Last);
        }
        self.wishes = wishes;
        self.wish_at = 0;
        Ok(())
    }

    /// Updates the state of another node, in memory and in the journal.
    fn meet(&mut self, node: NodeId, learn: impl FnOnce(&mut Peer)) {
        if node == self.config.id {
            return;
        }
        let is_new = !self.peers.contains_key(&node);
        let known = self.peers.entry(node).or_default();
        let before = *known;
        learn(known);
        let peer = *known;
        if is_new || peer != before {
            self.batch.push(Kept::Peer { node, peer });
            self.introduce();
        }
    }

    /// Merges another node's list of nodes into this one's.
    fn hear_of(&mut self, others: Addresses) {
        for (node, address) in others {
            self.meet(node, |peer| peer.address = peer.address.or(address));
        }
    }

    /// Writes the changes to the journal, then sends messages and answers.
    fn settle(&mut self) -> Result<()> {
        if let Stage::Running(node) = &mut self.stage {
            let edits = node.take_edits();
            self.batch.extend(edits.into_iter().map(Kept::Edit));
            let mark = node.mark();
            if self.kept != Some(mark) {
                let head = node.head();
                let kept = self.kept_head(head);
                self.batch.push(kept);
                self.kept = Some(mark);
            }
            if !self.batch.is_empty() {
                self.journal.add(&self.batch)?;
                self.batch.clear();
            }
            if self.journal.is_long() {
                self.write_anew()?;
            }
            self.introduce();
        } else {
            // Until it knows its life, a node writes nothing and promises nothing.
            self.batch.clear();
        }
        for note in self.effects.notes.drain(..) {
            tell(&note);
        }
        for (number, outcome) in self.effects.replies.drain(..) {
            if let Some(reply) = self.asks.remove(&number) {
                _ = reply.send(Ok(outcome));
            }
        }
        for (to, envelope) in self.effects.sends.drain(..) {
            self.links.send(to, envelope);
        }
        for (reply, answer) in self.answers.drain(..) {
            _ = reply.send(answer);
        }
        Ok(())
    }

    fn give_up_asks(&mut self) {
        for reply in std::mem::take(&mut self.asks).into_values() {
            _ = reply.send(Ok(Outcome::Failed(Failure::Down)));
        }
    }
}

/// Logs what is of use to an operator.
fn tell(note: &Note) {
    match note {
        Note::Elected { term } => tracing::info!(term, "this node leads"),
        Note::Epoch { epoch, is_handover } => tracing::info!(epoch, is_handover, "the ring changed"),
        Note::CaughtUp { epoch } => tracing::info!(epoch, "this node holds all that it should"),
        Note::LeftCluster { may_return } => tracing::warn!(may_return, "this node was let go"),
        Note::RingsDiffer { with } => tracing::error!(%with, "two nodes have different rings in one epoch"),
        other => tracing::trace!(?other),
    }
}
