//! Random lives of a cluster of submissions. The line `@life seed=7 operations=60 faults=partition,drop` stands for the lines of
//! a whole scene: clients that read, write and delete a few keys, and faults meanwhile. All of it is drawn from the seed before
//! anything runs, so the lines are the same for every submission, and a learner whose node fails gets lines that can be replayed.

use std::fmt::Write as _;

use cachedojo::cluster::ids::{MS, SECOND};
use cachedojo::cluster::{Level, Micros, NodeId, NodeSet};
use cachedojo::random::Random;
use cachedojo_lab::world::cluster::act::{Act, Operation};

/// The syntax of such a line, for error messages.
pub fn usage() -> String {
    let faults: Vec<_> = Fault::ALL.iter().map(|(name, _)| *name).collect();
    format!(
        "write `@life seed=7 nodes=3 rf=3 keys=2 operations=60 ttl=no faults={}`: 1 to {NODES_MAX} nodes, 1 to {KEYS_MAX} keys, \
         1 to {OPERATIONS_MAX} operations, ttl yes or no",
        faults.join(",")
    )
}

/// The largest values of a line's options.
const NODES_MAX: u8 = 6;
const KEYS_MAX: u64 = 9;
const OPERATIONS_MAX: u64 = 300;
/// The highest number of a node that joins.
const NUMBER_MAX: u8 = 7;
/// Points of a node on the ring.
const POINTS: usize = 16;
/// The time after a node lost its memory before the next one may: by then the cluster must have restored its copies.
const MENDING: Micros = 8 * SECOND;
/// How many operations there are between two faults, on average.
const PER_FAULT: u64 = 8;

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Partition,
    OneWay,
    Pause,
    Kill,
    Drop,
    Duplicate,
    Reorder,
    Delay,
    Clocks,
    Join,
    Leave,
}

impl Fault {
    /// Every kind with its name in a line.
    const ALL: [(&str, Self); 11] = [
        ("partition", Self::Partition),
        ("oneway", Self::OneWay),
        ("pause", Self::Pause),
        ("kill", Self::Kill),
        ("drop", Self::Drop),
        ("duplicate", Self::Duplicate),
        ("reorder", Self::Reorder),
        ("delay", Self::Delay),
        ("clocks", Self::Clocks),
        ("join", Self::Join),
        ("leave", Self::Leave),
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
    }
}

/// The options of a line.
#[derive(Debug)]
struct Options {
    seed: u64,
    nodes: u8,
    copies: u64,
    keys: u64,
    operations: u64,
    has_ttl: bool,
    faults: Vec<Fault>,
}

fn options_of(options: &str) -> Option<Options> {
    let mut asked =
        Options { seed: 0, nodes: 3, copies: 3, keys: 2, operations: 60, has_ttl: false, faults: Vec::new() };
    let within = |value: &str, max: u64| value.parse().ok().filter(|number| (1..=max).contains(number));
    for option in options.split_whitespace() {
        match option.split_once('=')? {
            ("seed", value) => asked.seed = value.parse().ok()?,
            ("nodes", value) => asked.nodes = u8::try_from(within(value, NODES_MAX.into())?).ok()?,
            ("rf", value) => asked.copies = within(value, NODES_MAX.into())?,
            ("keys", value) => asked.keys = within(value, KEYS_MAX)?,
            ("operations", value) => asked.operations = within(value, OPERATIONS_MAX)?,
            ("ttl", "yes") => asked.has_ttl = true,
            ("ttl", "no") => asked.has_ttl = false,
            ("faults", value) => asked.faults = value.split(',').map(Fault::from_name).collect::<Option<_>>()?,
            _ => return None,
        }
    }
    Some(asked)
}

/// The lines of a life, the first of which makes the cluster; `None` if the options are invalid. Cost: O(operations).
pub fn lines(options: &str) -> Option<String> {
    let asked = options_of(options)?;
    let mut life = Life {
        chance: Random::new(asked.seed ^ 0x11FE_5EED),
        acts: Vec::new(),
        members: (1..=asked.nodes).filter_map(NodeId::new).collect(),
        away: NodeSet::EMPTY,
        back: Vec::new(),
        calms_down: None,
        next_node: asked.nodes + 1,
        values: 0,
        asked,
    };
    life.live();
    let Options { seed, nodes, copies, .. } = life.asked;
    let mut text = format!("cluster nodes={nodes} rf={copies} points={POINTS} seed={seed}\n");
    for act in &life.acts {
        let _ = writeln!(text, "{act}");
    }
    Some(text + "check\n")
}

struct Life {
    asked: Options,
    chance: Random,
    acts: Vec<Act>,
    members: NodeSet,
    /// Members that are down or paused: no client asks them.
    away: NodeSet,
    /// Acts that end a fault, each after so many more operations.
    back: Vec<(u64, Act)>,
    /// After how many more operations the cluster gets time to restore its copies, after a node has lost its memory.
    calms_down: Option<u64>,
    next_node: u8,
    values: u32,
}

impl Life {
    fn act(&mut self, act: Act) {
        match (&act, self.acts.last_mut()) {
            (Act::Tick(more), Some(Act::Tick(time))) => *time += more,
            _ => self.acts.push(act),
        }
    }

    fn live(&mut self) {
        self.act(Act::Tick(3 * SECOND));
        for _ in 0..self.asked.operations {
            self.end_hardships();
            if !self.asked.faults.is_empty() && self.chance.below(PER_FAULT) == 0 {
                self.befall();
            }
            self.operate();
            // Bursts and pauses: operations at the same time are the ones that go wrong.
            let time = match self.chance.below(10) {
                0..=5 => self.chance.below(5) * MS,
                6..=8 => self.chance.below(60) * MS,
                _ => self.chance.below(900) * MS,
            };
            if time > 0 {
                self.act(Act::Tick(time));
            }
        }
        self.rest();
        for key in 1..=self.asked.keys {
            let nodes: Vec<NodeId> = self.members.iter().collect();
            for via in nodes {
                let key = format!("k{key}").as_str().into();
                let (operation, level) = (Operation::Read, Level::Quorum);
                self.act(Act::Operate { operation, key, level, via: Some(via), begins: true });
                self.act(Act::Tick(20 * MS));
            }
        }
        self.act(Act::Tick(10 * SECOND));
    }

    /// Heals the network, runs all nodes, and gives them time to restore their copies.
    fn rest(&mut self) {
        self.act(Act::Heal);
        for (_, act) in std::mem::take(&mut self.back) {
            self.act(act);
        }
        self.away = NodeSet::EMPTY;
        self.calms_down = None;
        self.act(Act::Tick(MENDING));
    }

    fn end_hardships(&mut self) {
        for (left, act) in std::mem::take(&mut self.back) {
            if left > 0 {
                self.back.push((left - 1, act));
                continue;
            }
            if let Act::Resume(node) | Act::Restart { node, .. } = &act {
                self.away = self.away.less(NodeSet::of(*node));
            }
            self.act(act);
        }
        match self.calms_down {
            Some(0) => self.rest(),
            Some(left) => self.calms_down = Some(left - 1),
            None => {}
        }
    }

    fn there(&self) -> Vec<NodeId> {
        self.members.less(self.away).iter().collect()
    }

    fn operate(&mut self) {
        let there = self.there();
        if there.is_empty() {
            return;
        }
        let via = Some(*self.chance.pick(&there));
        let number = if self.chance.below(2) == 0 { 0 } else { self.chance.below(self.asked.keys) };
        let key = format!("k{}", number + 1).as_str().into();
        let operation = match self.chance.below(10) {
            0..=4 => Operation::Read,
            5..=8 => {
                self.values += 1;
                let ttl =
                    (self.asked.has_ttl && self.chance.below(2) == 0).then(|| (3 + self.chance.below(6)) * SECOND);
                Operation::Write { value: format!("v{}", self.values).as_bytes().into(), ttl, tag: None }
            }
            _ => Operation::Erase,
        };
        self.act(Act::Operate { operation, key, level: Level::Quorum, via, begins: true });
    }

    fn befall(&mut self) {
        let fault = *self.chance.pick(&self.asked.faults.clone());
        let nodes = self.there();
        if nodes.is_empty() {
            return;
        }
        let node = *self.chance.pick(&nodes);
        let later = 3 + self.chance.below(8);
        let may_lose = self.calms_down.is_none() && self.away.is_empty();
        match fault {
            Fault::Partition => {
                let (mut left, mut right) = (NodeSet::EMPTY, NodeSet::EMPTY);
                for node in self.members.iter().collect::<Vec<_>>() {
                    let side = if self.chance.below(2) == 0 { &mut left } else { &mut right };
                    side.insert(node);
                }
                self.act(Act::Partition([left, right].into_iter().filter(|group| !group.is_empty()).collect()));
                self.back.push((later, Act::Heal));
            }
            Fault::OneWay => {
                let to = *self.chance.pick(&nodes);
                if to != node {
                    self.act(Act::Block { from: node, to });
                    self.back.push((later, Act::Heal));
                }
            }
            Fault::Pause if self.away.is_empty() => {
                self.act(Act::Pause(node));
                self.away.insert(node);
                self.back.push((later, Act::Resume(node)));
            }
            Fault::Kill if may_lose => {
                self.act(Act::Kill(node));
                self.away.insert(node);
                self.back.push((later / 2, Act::Restart { node, with_nothing: false }));
                self.calms_down = Some(later + 4);
            }
            Fault::Join if may_lose && self.next_node <= NUMBER_MAX => {
                let Some(node) = NodeId::new(self.next_node) else { return };
                self.next_node += 1;
                self.act(Act::Join { node, weight: 1 });
                self.members.insert(node);
                self.calms_down = Some(later + 4);
            }
            Fault::Leave if may_lose && self.members.iter().count() > 3 => {
                self.act(Act::Leave(node));
                self.members = self.members.less(NodeSet::of(node));
                self.calms_down = Some(later + 4);
            }
            Fault::Drop => self.act_for(later, |chance| Act::Drop(50 + chance.below(200))),
            Fault::Duplicate => self.act_for(later, |chance| Act::Duplicate(100 + chance.below(300))),
            Fault::Reorder => self.act_for(later, |chance| Act::Reorder((20 + chance.below(80)) * MS)),
            Fault::Delay => {
                let to = *self.chance.pick(&nodes);
                if to != node {
                    self.act_for(later, |chance| Act::Delay { from: node, to, by: (50 + chance.below(300)) * MS });
                }
            }
            Fault::Clocks => {
                let by = i64::try_from(self.chance.below(7_200)).unwrap_or(0) - 3_600;
                self.act(Act::Jump { node, by: by * 1_000_000 });
            }
            Fault::Pause | Fault::Kill | Fault::Join | Fault::Leave => {}
        }
    }

    fn act_for(&mut self, operations: u64, rule: impl FnOnce(&mut Random) -> Act) {
        let act = rule(&mut self.chance);
        self.act(act);
        self.back.push((operations, Act::Heal));
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    const ALL: &str = "seed=7 nodes=4 operations=80 faults=partition,oneway,pause,kill,drop,duplicate,reorder,delay,clocks,join,leave";

    #[test]
    fn a_life_follows_from_its_seed_and_shows_every_kind_of_fault() {
        let lives: Vec<String> =
            (0..20).map(|seed| lines(&ALL.replace('7', &seed.to_string())).expect("a life")).collect();
        for (life, seed) in lives.iter().zip(0..) {
            assert_eq!(Some(life), lines(&ALL.replace('7', &i32::to_string(&seed))).as_ref());
            assert!(crate::nodes::read(life).is_ok(), "{life}");
        }
        for word in [
            "partition n",
            "block n",
            "pause n",
            "resume n",
            "kill n",
            "restart n",
            "drop ",
            "duplicate ",
            "reorder ",
            "delay n",
            "clock n",
            "join n",
            "leave n",
            "heal",
        ] {
            let is_line = |life: &String| life.lines().any(|line| line.starts_with(word));
            assert!(lives.iter().any(is_line), "{word}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_no_life() {
        for options in ["seed=x", "nodes=0", "nodes=7", "operations=301", "keys=0", "faults=fire", "faults", "speed=1"]
        {
            assert_eq!(lines(options), None, "{options}");
        }
    }
}
