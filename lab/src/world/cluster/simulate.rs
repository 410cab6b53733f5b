//! Random lives of a cluster: operations and faults drawn from a seed, the checks on each, and shrinking a failing one to a short
//! script.

use std::fmt::Write as _;
use std::sync::Arc;

use cachedojo::cluster::ids::{MS, SECOND};
use cachedojo::cluster::{Level, Micros, NodeId, NodeSet, Settings, quorum};
use cachedojo::random::Random;

use super::act::{Act, Operation, Player};
use super::story::Counts;
use super::{ClusterWorld, Status, check};
use crate::shrink;

/// The longest time that a healed cluster may take to settle, and then to agree on every copy.
pub const REST_MAX: Micros = 30 * SECOND;

/// A life as data: everything that its script says.
#[derive(Debug, Clone)]
pub struct Life {
    /// The seed of the world.
    pub seed: u64,
    /// How many founders.
    pub nodes: u8,
    /// On how many nodes a key lives.
    pub copies: usize,
    /// Points of each node on the ring.
    pub points: usize,
    /// Whether it uses the simulator's [`settings`] instead of the default ones.
    pub haste: bool,
    /// How many bytes a node may hold; `None` for no limit.
    pub memory: Option<usize>,
    /// What happens, in order.
    pub acts: Vec<Act>,
}

/// The result of a life.
#[derive(Debug, Clone)]
pub struct Lived {
    /// The first promise that was broken.
    pub broken: Option<String>,
    /// How often each rare thing happened.
    pub counts: Counts,
    /// How many operations clients asked for, and how many succeeded.
    pub operations: (usize, usize),
    /// How many faults there were.
    pub faults: usize,
    /// A digest of all events: equal lives have equal ones.
    pub digest: u64,
}

/// Points of a node in a random life: few, because a life makes many rings.
const POINTS: usize = 8;

/// Settings with shorter periods than the default ones, so that everything happens within a short life.
pub fn settings(copies: usize) -> Settings {
    Settings {
        copies,
        memory: None,
        virtual_nodes: POINTS,
        patience: SECOND,
        retry: 120 * MS,
        message_life: SECOND,
        hint_life: SECOND,
        dead_after: 3 * SECOND,
        compare_every: 600 * MS,
        forget_every: 500 * MS,
    }
}

/// The kinds of faults; each life draws a subset of them (swarm testing: Groce et al., 2012).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kill,
    LoseDisk,
    Pause,
    Partition,
    OneWay,
    Drop,
    Duplicate,
    Reorder,
    Delay,
    Clocks,
    Join,
    Leave,
    LongAway,
    SlowDisk,
}

const KINDS: [Kind; 14] = [
    Kind::Kill,
    Kind::LoseDisk,
    Kind::Pause,
    Kind::Partition,
    Kind::OneWay,
    Kind::Drop,
    Kind::Duplicate,
    Kind::Reorder,
    Kind::Delay,
    Kind::Clocks,
    Kind::Join,
    Kind::Leave,
    Kind::LongAway,
    Kind::SlowDisk,
];

/// The operations of one life.
const OPERATIONS: usize = 210;
/// The least number of faults of one life.
const FAULTS_LEAST: u64 = 6;

/// In a third of the lives nodes have a limit of memory, of two to seven of the lives' values. It is drawn from a stream of its own, so that
/// all else is drawn as without it.
fn memory(seed: u64) -> Option<usize> {
    let mut chance = Random::new(seed ^ 0xF0_11E5);
    (chance.below(3) == 0).then(|| 10 + usize::try_from(chance.below(31)).unwrap_or(0))
}

/// Makes up a random life while running it, so that each act can depend on the state: a node that is down is restarted, and no
/// more disks are lost than the cluster promises to survive.
pub fn live(seed: u64) -> (Life, Lived) {
    let mut chance = Random::new(seed ^ 0x5EED_C1A5);
    let copies = *chance.pick(&[3, 3, 3, 2, 4]);
    let nodes = *chance.pick(&[3, 4, 5, 5]);
    let nodes = nodes.max(u8::try_from(copies).unwrap_or(nodes));
    let kinds: Vec<Kind> = KINDS.into_iter().filter(|_| chance.below(2) == 0).collect();
    let kinds = if kinds.is_empty() { vec![Kind::Kill] } else { kinds };
    let memory = memory(seed);
    let world = ClusterWorld::new(nodes, Settings { memory, ..settings(copies) }, seed, false);
    let life =
        Life { seed, nodes, copies, points: POINTS, haste: true, memory, acts: Vec::with_capacity(2 * OPERATIONS) };
    let mut maker = Maker {
        player: Player::new(world),
        life,
        chance,
        kinds,
        values: 0,
        faults: 0,
        down: Vec::new(),
        asleep: Vec::new(),
        is_long: false,
        lost: 0,
        next_node: nodes + 1,
    };
    maker.act(Act::Settle);
    // In some lives messages overtake each other from the beginning.
    if maker.chance.below(3) == 0 {
        maker.set(|chance| Act::Reorder((5 + chance.below(40)) * MS));
    }
    let faults = FAULTS_LEAST + maker.chance.below(6);
    let every = OPERATIONS as u64 / (faults + 1);
    let mut number = 0;
    while maker.player.world.calls().len() < OPERATIONS {
        number += 1;
        if number % every == 0 {
            maker.fault();
        }
        maker.operate();
        maker.pause();
    }
    maker.finale();
    let broken = judge(&mut maker.player);
    let lived = maker.player.lived(broken, maker.faults);
    (maker.life, lived)
}

/// Runs a given life, for example a shortened one. The cluster settles first, as in a script.
pub fn relive(life: &Life) -> Lived {
    let mut player = life.begin();
    player.perform(&Act::Settle);
    for act in &life.acts {
        player.perform(act);
    }
    let broken = judge(&mut player);
    player.lived(broken, 0)
}

/// Checks everything that must hold at the end of a life, after the cluster has settled.
fn judge(player: &mut Player) -> Option<String> {
    let world = &mut player.world;
    if let Some(broken) = check::clients(world) {
        return Some(broken);
    }
    let is_whole = world.network.is_healthy() && world.hosts().all(|(_, host)| host.status == Status::Up);
    if !is_whole {
        return None;
    }
    if !world.settle(REST_MAX) {
        return Some("the healed cluster does not come to rest".into());
    }
    if !world.run_until(REST_MAX, |world| check::replicas(world).is_none()) {
        return check::replicas(world);
    }
    None
}

impl Player {
    fn lived(&self, broken: Option<String>, faults: usize) -> Lived {
        let calls = self.world.calls();
        let succeeded = calls
            .iter()
            .filter(|call| {
                call.answer
                    .as_ref()
                    .is_some_and(|(_, outcome)| !matches!(outcome, cachedojo::cluster::Outcome::Failed(_)))
            })
            .count();
        let digest = calls.iter().fold(self.world.now(), |digest, call| {
            let answered = call.answer.as_ref().map_or(1, |(at, _)| *at);
            (digest ^ answered).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17)
        });
        Lived { broken, counts: self.world.counts, operations: (calls.len(), succeeded), faults, digest }
    }
}

struct Maker {
    player: Player,
    life: Life,
    chance: Random,
    kinds: Vec<Kind>,
    values: u32,
    faults: usize,
    /// Nodes that are down, and after how many operations they come back.
    down: Vec<(NodeId, u64)>,
    asleep: Vec<(NodeId, u64)>,
    /// Whether the next node to come back stays away for long.
    is_long: bool,
    /// Disks lost since all copies were last complete.
    lost: usize,
    next_node: u8,
}

impl Maker {
    fn act(&mut self, act: Act) {
        self.player.perform(&act);
        match (&act, self.life.acts.last_mut()) {
            // Scripts have whole milliseconds, so the simulation has too.
            (Act::Tick(more), Some(Act::Tick(time))) => *time += more,
            _ => self.life.acts.push(act),
        }
    }

    fn pause(&mut self) {
        // Bursts and pauses: operations at the same time are the ones that go wrong.
        let time = match self.chance.below(10) {
            0..=5 => self.chance.below(4) * MS,
            6..=8 => self.chance.below(40) * MS,
            _ => self.chance.below(300) * MS,
        };
        if time > 0 {
            self.act(Act::Tick(time));
        }
        for (node, due) in std::mem::take(&mut self.down) {
            if due == 0 {
                // Long enough for hints and tombstones to expire.
                if std::mem::take(&mut self.is_long) {
                    let time = (1500 + self.chance.below(4500)) * MS;
                    self.act(Act::Tick(time));
                }
                self.act(Act::Restart { node, with_nothing: false });
            } else {
                self.down.push((node, due - 1));
            }
        }
        for (node, due) in std::mem::take(&mut self.asleep) {
            if due == 0 { self.act(Act::Resume(node)) } else { self.asleep.push((node, due - 1)) }
        }
    }

    fn some_node(&mut self) -> NodeId {
        let nodes: Vec<NodeId> = self.player.world.all().iter().collect();
        *self.chance.pick(&nodes)
    }

    fn some_up(&mut self) -> Option<NodeId> {
        let up: Vec<NodeId> = self
            .player
            .world
            .hosts()
            .filter(|(_, host)| host.status == Status::Up && host.node().is_some_and(|node| !node.has_left()))
            .map(|(node, _)| node)
            .collect();
        (!up.is_empty()).then(|| *self.chance.pick(&up))
    }

    fn operate(&mut self) {
        let Some(via) = self.some_up() else { return };
        if self.chance.below(4) == 0 {
            let name = match self.chance.below(4) {
                0 => String::new(),
                number => format!("s{number}"),
            };
            self.act(Act::Session { name });
        }
        // Three families of keys: at QUORUM and ALL; with a time to live; and at any level, to check sessions.
        let (family, count) = *self.chance.pick(&[("k", 4), ("k", 4), ("t", 3), ("w", 2)]);
        // One key of each family is used more often than the others, so that operations overlap on it.
        let number = if self.chance.below(2) == 0 { 0 } else { self.chance.below(count) };
        let key: Arc<str> = format!("{family}{number}").into();
        let level = match (family, self.chance.below(12)) {
            ("w", 0..=7) => Level::One,
            (_, 0) => Level::All,
            _ => Level::Quorum,
        };
        let operation = match self.chance.below(20) {
            0..=8 => Operation::Read,
            9..=15 => {
                self.values += 1;
                let ttl = (family == "t").then(|| (200 + self.chance.below(2500)) * MS);
                let tag = (self.chance.below(3) == 0).then(|| Arc::from("hot"));
                Operation::Write { value: format!("v{}", self.values).as_bytes().into(), ttl, tag }
            }
            16..=17 => Operation::Erase,
            _ => Operation::Invalidate,
        };
        let key = match operation {
            Operation::Invalidate => {
                let of_family = format!("{family}*");
                let selectors = [&*key, "?0", "tag:hot", of_family.as_str()];
                Arc::from(*self.chance.pick(&selectors))
            }
            _ => key,
        };
        let via = Some(via);
        // An invalidation always has the level QUORUM.
        let level = if operation == Operation::Invalidate { Level::Quorum } else { level };
        self.act(Act::Operate { operation, key, level, via, begins: true });
    }

    fn fault(&mut self) {
        self.faults += 1;
        let kind = *self.chance.pick(&self.kinds);
        let node = self.some_node();
        let is_up = self.player.world.host(node).is_some_and(|host| host.status == Status::Up);
        let soon = 5 + self.chance.below(25);
        match kind {
            Kind::Kill | Kind::LongAway if is_up => {
                self.act(Act::Kill(node));
                self.down.push((node, soon));
                self.is_long |= kind == Kind::LongAway;
            }
            Kind::LoseDisk if is_up && self.may_lose_a_disk() => {
                self.lost += 1;
                self.act(Act::Kill(node));
                if self.chance.below(2) == 0 {
                    let time = self.chance.below(500) * MS;
                    self.act(Act::Tick(time));
                }
                self.act(Act::Restart { node, with_nothing: true });
            }
            Kind::Pause if is_up => {
                self.act(Act::Pause(node));
                self.asleep.push((node, soon));
            }
            Kind::Partition => {
                let all: Vec<NodeId> = self.player.world.all().iter().collect();
                let (mut left, mut right) = (NodeSet::EMPTY, NodeSet::EMPTY);
                for node in all {
                    let side = if self.chance.below(2) == 0 { &mut left } else { &mut right };
                    side.insert(node);
                }
                let groups: Vec<_> = [left, right].into_iter().filter(|group| !group.is_empty()).collect();
                self.act(Act::Partition(groups));
                if self.kinds.contains(&Kind::LongAway) && self.chance.below(2) == 0 {
                    let time = (1500 + self.chance.below(4500)) * MS;
                    self.act(Act::Tick(time));
                }
            }
            Kind::OneWay => {
                let to = self.some_node();
                self.act(Act::Block { from: node, to });
            }
            Kind::Drop => self.set(|chance| Act::Drop(chance.below(200))),
            Kind::Duplicate => self.set(|chance| Act::Duplicate(chance.below(300))),
            Kind::Reorder => self.set(|chance| Act::Reorder(chance.below(60) * MS)),
            Kind::Delay => {
                let to = self.some_node();
                self.set(|chance| Act::Delay { from: node, to, by: chance.below(400) * MS });
            }
            Kind::SlowDisk => self.set(|chance| Act::Disk { node, takes: (5 + chance.below(300)) * MS }),
            Kind::Clocks => {
                let by = i64::try_from(self.chance.below(7_200_000)).unwrap_or(0) - 3_600_000;
                let by = by * 1000;
                let act = if self.chance.below(2) == 0 { Act::Skew { node, by } } else { Act::Jump { node, by } };
                self.act(act);
            }
            Kind::Join if self.next_node <= 8 => {
                let Some(node) = NodeId::new(self.next_node) else { return };
                self.next_node += 1;
                let weight = 1 + u8::from(self.chance.below(4) == 0);
                self.act(Act::Join { node, weight });
            }
            Kind::Leave if self.members() > self.life.copies.max(3) => self.act(Act::Leave(node)),
            // What cannot be just now.
            Kind::Kill | Kind::LongAway | Kind::LoseDisk | Kind::Pause | Kind::Join | Kind::Leave => {
                self.act(Act::Heal);
            }
        }
        if self.chance.below(3) == 0 {
            self.act(Act::Heal);
        }
    }

    fn set(&mut self, rule: impl FnOnce(&mut Random) -> Act) {
        let act = rule(&mut self.chance);
        self.act(act);
    }

    /// How many members there will be after the requested removals.
    fn members(&self) -> usize {
        let wishes = self.player.world.wishes();
        let hosts = self.player.world.hosts().filter_map(|(_, host)| host.node());
        hosts.map(|node| node.view().placed().less(wishes).len()).min().unwrap_or(0)
    }

    /// The promise holds while fewer than a quorum of a key's replicas lose their disks between repairs, and while a majority of
    /// the members keep theirs: without a majority the log makes no progress.
    fn may_lose_a_disk(&mut self) -> bool {
        let world = &self.player.world;
        let is_whole = world.is_settled() && world.hosts().all(|(_, host)| host.status == Status::Up);
        if is_whole {
            self.lost = 0;
        }
        is_whole && self.lost + 1 < quorum(self.life.copies).max(2) && 2 * (self.lost + 1) < self.members()
    }

    /// Heals everything, and reads every key once more.
    fn finale(&mut self) {
        self.act(Act::Heal);
        let is_slow = |&(_, host): &(NodeId, &super::Host)| host.disk_takes() > 0;
        let slow: Vec<NodeId> = self.player.world.hosts().filter(is_slow).map(|(node, _)| node).collect();
        for node in slow {
            self.act(Act::Disk { node, takes: 0 });
        }
        for (node, _) in std::mem::take(&mut self.asleep) {
            self.act(Act::Resume(node));
        }
        for (node, _) in std::mem::take(&mut self.down) {
            self.act(Act::Restart { node, with_nothing: false });
        }
        self.act(Act::Tick(3 * SECOND));
        self.act(Act::Settle);
        for key in ["k0", "k1", "k2", "k3", "t0", "t1", "t2", "w0", "w1"] {
            let via = self.some_up();
            let (operation, level) = (Operation::Read, Level::Quorum);
            self.act(Act::Operate { operation, key: key.into(), level, via, begins: true });
            self.act(Act::Tick(20 * MS));
        }
        self.act(Act::Tick(SECOND + 500 * MS));
    }
}

/// The shortest failing life that is found by leaving out acts. Cost: at most `tries` lives.
pub fn shrink(life: &Life, tries: usize) -> Life {
    let mut best = life.clone();
    let mut left = tries;
    shrink::leave_out(life.acts.len(), |acts| {
        if left == 0 {
            return false;
        }
        left -= 1;
        let mut shorter = best.clone();
        shorter.acts.drain(acts);
        let is_broken = relive(&shorter).broken.is_some();
        if is_broken {
            best = shorter;
        }
        is_broken
    });
    best
}

/// The script of a life: `grader run` and the page play it.
pub fn script(life: &Life) -> String {
    let (nodes, copies, points, seed) = (life.nodes, life.copies, life.points, life.seed);
    let haste = if life.haste { " haste=yes" } else { "" };
    let memory = life.memory.map_or(String::new(), |bytes| format!(" memory={bytes}"));
    let mut text = format!("cluster nodes={nodes} rf={copies} points={points}{haste}{memory} seed={seed}\n");
    for act in &life.acts {
        let _ = writeln!(text, "{act}");
    }
    text + "check\n"
}
