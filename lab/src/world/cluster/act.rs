//! The acts of a script, or of the simulator, on a simulated cluster; each is written as one line of a script.

mod reach;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::record::{Key, Value};
use cachedojo::cluster::{Level, Micros, NodeId, NodeSet, Outcome, Request, Version};
use cachedojo_notation::duration::Duration;

use super::{ClusterWorld, Status, check};

/// The longest wait of `settle`.
pub const SETTLE_MAX: Micros = 60 * SECOND;

/// A client's operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// `read`
    Read,
    /// `write`
    Write {
        /// The value.
        value: Value,
        /// The time to live.
        ttl: Option<Micros>,
        /// The tag.
        tag: Option<Arc<str>>,
    },
    /// `erase`
    Erase,
    /// `invalidate`; the key is the selector.
    Invalidate,
}

/// An act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// An operation of the current session.
    Operate {
        /// What.
        operation: Operation,
        /// On which key.
        key: Key,
        /// With which consistency; not for `invalidate`.
        level: Level,
        /// Which node is asked; by default the first that runs.
        via: Option<NodeId>,
        /// Only begun: the script goes on without waiting for the answer.
        begins: bool,
    },
    /// Further operations belong to this session; to none if the name is empty.
    Session {
        /// Its name.
        name: String,
    },
    /// Ends a node's process.
    Kill(NodeId),
    /// Starts it again.
    Restart {
        /// Which one.
        node: NodeId,
        /// On a new machine, without its disk.
        with_nothing: bool,
    },
    /// Pauses a node's process.
    Pause(NodeId),
    /// Resumes it.
    Resume(NodeId),
    /// Splits the nodes into groups that cannot reach each other.
    Partition(Vec<NodeSet>),
    /// Cuts the network in one direction.
    Block {
        /// Whose messages are lost.
        from: NodeId,
        /// On the way to this node.
        to: NodeId,
    },
    /// Removes all rules of the network.
    Heal,
    /// Sets how far a wall clock is off.
    Skew {
        /// Whose.
        node: NodeId,
        /// By how much, in microseconds.
        by: i64,
    },
    /// Moves a wall clock by an amount.
    Jump {
        /// Whose.
        node: NodeId,
        /// By how much, in microseconds.
        by: i64,
    },
    /// Slows a node's disk: a write takes so long, and the node sends nothing before it is done.
    Disk {
        /// Whose.
        node: NodeId,
        /// How long; 0 for at once.
        takes: Micros,
    },
    /// Delays messages in one direction.
    Delay {
        /// From here.
        from: NodeId,
        /// To there.
        to: NodeId,
        /// By so much.
        by: Micros,
    },
    /// Loses so many messages of a thousand.
    Drop(u64),
    /// Delivers so many messages of a thousand twice.
    Duplicate(u64),
    /// Delays each message by a random time up to this, which reorders them.
    Reorder(Micros),
    /// A new node asks to join.
    Join {
        /// Its number.
        node: NodeId,
        /// Its weight.
        weight: u8,
    },
    /// Asks the cluster to remove a node.
    Leave(NodeId),
    /// Lets time pass until the cluster has settled.
    Settle,
    /// Lets time pass.
    Tick(Micros),
}

/// The result of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Done.
    Yes,
    /// It cannot be done.
    No(Cannot),
    /// The number of a call; its answer is known unless it was only begun.
    Call(usize),
    /// Whether the cluster has settled.
    Settled(bool),
}

/// Why an act cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cannot {
    /// There is no node of that number.
    NoNode {
        /// The number.
        node: NodeId,
        /// The existing nodes.
        all: NodeSet,
    },
    /// There is a node with this number already.
    Taken(NodeId),
    /// It is running already, or paused.
    Runs(NodeId),
    /// It is down.
    Down(NodeId),
    /// It is paused already.
    Paused(NodeId),
    /// It is not paused.
    NotPaused(NodeId),
    /// It has left already.
    HasLeft(NodeId),
    /// No other node would remain.
    Last,
    /// No node is running, so none can be asked.
    NoneRuns,
    /// It is in two groups of a partition.
    InTwoGroups(NodeId),
    /// It would be cut off from itself.
    Itself(NodeId),
}

impl fmt::Display for Cannot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNode { node, all } => write!(f, "there is no node {node}: the nodes are {all}"),
            Self::Taken(node) => write!(f, "there is a node {node} already: choose another number"),
            Self::Runs(node) => write!(f, "{node} runs already: kill it first"),
            Self::Down(node) => write!(f, "{node} is down: restart it first"),
            Self::Paused(node) => write!(f, "{node} is paused already: resume lets it go on"),
            Self::NotPaused(node) => write!(f, "{node} is not paused: pause it first"),
            Self::HasLeft(node) => write!(f, "{node} has left already: join lets it in again"),
            Self::Last => f.write_str("the last node cannot leave: let another one join first"),
            Self::NoneRuns => f.write_str("no node runs: restart one"),
            Self::InTwoGroups(node) => write!(f, "{node} stands in two groups: name it once"),
            Self::Itself(node) => write!(f, "{node} needs no network to hear itself: name two nodes"),
        }
    }
}

/// A world with its clients.
#[derive(Debug, Clone)]
pub struct Player {
    /// The world.
    pub world: ClusterWorld,
    session: Option<u32>,
    names: BTreeMap<String, u32>,
    /// For each session its token: the newest version of each key that it knows.
    tokens: BTreeMap<u32, BTreeMap<Key, Version>>,
    /// Whether an operation of a session carries its token. Without, a session promises nothing at ONE.
    seen: usize,
    waiting: Vec<usize>,
}

impl Player {
    /// A world in which nothing has been done yet.
    pub const fn new(world: ClusterWorld) -> Self {
        Self { world, session: None, names: BTreeMap::new(), tokens: BTreeMap::new(), seen: 0, waiting: Vec::new() }
    }

    /// The first node that runs.
    pub fn first_up(&self) -> Option<NodeId> {
        let is_up = |(_, host): &(NodeId, &super::Host)| {
            host.status == Status::Up && host.node().is_some_and(|node| !node.has_left())
        };
        self.world.hosts().find(is_up).map(|(node, _)| node)
    }

    /// Adds the versions in new answers to the sessions' tokens.
    fn learn(&mut self) {
        let calls = self.world.calls();
        self.waiting.extend(self.seen..calls.len());
        self.seen = calls.len();
        let tokens = &mut self.tokens;
        self.waiting.retain(|&number| {
            let call = &calls[number];
            let (version, key) = match (&call.answer, &call.request) {
                (None, _) => return true,
                (Some((_, Outcome::Read { version, .. })), Request::Read { key, .. })
                | (Some((_, Outcome::Written { version })), Request::Write { key, .. }) => (*version, key),
                _ => return false,
            };
            if call.client > 0 {
                let token = tokens.entry(call.client).or_default().entry(key.clone()).or_default();
                *token = version.max(*token);
            }
            false
        });
    }

    /// Performs an act.
    pub fn perform(&mut self, act: &Act) -> Done {
        if let Some(why) = self.cannot(act) {
            return Done::No(why);
        }
        let world = &mut self.world;
        match act {
            Act::Operate { operation, key, level, via, begins } => {
                return self.operate(operation, key, *level, *via, *begins);
            }
            Act::Session { name } => {
                let next = u32::try_from(self.names.len() + 1).unwrap_or(u32::MAX);
                self.session = (!name.is_empty()).then(|| *self.names.entry(name.clone()).or_insert(next));
            }
            Act::Kill(node) => _ = world.kill(*node),
            Act::Restart { node, with_nothing } => _ = world.restart(*node, *with_nothing),
            Act::Pause(node) => _ = world.pause(*node),
            Act::Resume(node) => _ = world.resume(*node),
            Act::Join { node, weight } => _ = world.join(*node, *weight),
            Act::Skew { node, by } => _ = world.skew(*node, *by, false),
            Act::Jump { node, by } => _ = world.skew(*node, *by, true),
            Act::Disk { node, takes } => _ = world.set_disk(*node, *takes),
            Act::Leave(node) => {
                if !world.wish_to_leave(*node) {
                    return Done::No(Cannot::Last);
                }
            }
            Act::Partition(groups) => {
                let all = world.all();
                world.network.partition(groups, all);
            }
            Act::Block { from, to } => world.network.block(*from, *to),
            Act::Heal => world.network.heal(),
            Act::Delay { from, to, by } => world.network.delay(*from, *to, *by),
            Act::Drop(permille) => world.network.drop = *permille,
            Act::Duplicate(permille) => world.network.duplicate = *permille,
            Act::Reorder(by) => world.network.jitter = *by,
            Act::Settle => return Done::Settled(check::settle(world, SETTLE_MAX)),
            Act::Tick(time) => world.run_for(*time),
        }
        if act.is_of_network() {
            self.world.tell_fault(act.to_string());
        }
        Done::Yes
    }

    /// Why an act cannot be done at present; `None` if it can.
    fn cannot(&self, act: &Act) -> Option<Cannot> {
        let all = self.world.all();
        if let Act::Join { node, .. } = act {
            let is_there = |host: &super::Host| !host.node().is_some_and(cachedojo::cluster::Node::has_left);
            return self.world.host(*node).is_some_and(is_there).then_some(Cannot::Taken(*node));
        }
        if let Some(node) = act.nodes().less(all).iter().next() {
            return Some(Cannot::NoNode { node, all });
        }
        let status = |node: NodeId| self.world.host(node).map_or(Status::Down, |host| host.status);
        let has_left = |node: NodeId| {
            let node = self.world.host(node).and_then(super::Host::node);
            node.is_some_and(cachedojo::cluster::Node::has_left)
        };
        match *act {
            Act::Restart { node, .. } if status(node) != Status::Down && has_left(node) => Some(Cannot::HasLeft(node)),
            Act::Restart { node, .. } if status(node) != Status::Down => Some(Cannot::Runs(node)),
            Act::Kill(node) | Act::Pause(node) if status(node) == Status::Down => Some(Cannot::Down(node)),
            Act::Pause(node) if status(node) == Status::Paused => Some(Cannot::Paused(node)),
            Act::Resume(node) if status(node) != Status::Paused => Some(Cannot::NotPaused(node)),
            Act::Leave(node) if has_left(node) => Some(Cannot::HasLeft(node)),
            Act::Partition(ref groups) => {
                let twice = all.iter().find(|&node| groups.iter().filter(|group| group.contains(node)).count() > 1);
                twice.map(Cannot::InTwoGroups)
            }
            Act::Block { from, to } | Act::Delay { from, to, .. } if from == to => Some(Cannot::Itself(from)),
            Act::Operate { via: None, .. } | Act::Settle if self.first_up().is_none() => Some(Cannot::NoneRuns),
            _ => None,
        }
    }

    fn operate(&mut self, operation: &Operation, key: &Key, level: Level, via: Option<NodeId>, begins: bool) -> Done {
        let Some(via) = via.or_else(|| self.first_up()) else { return Done::No(Cannot::NoneRuns) };
        self.learn();
        let client = self.session.unwrap_or(0);
        let token = self.tokens.get(&client).and_then(|tokens| tokens.get(key)).copied();
        let (at_least, key) = (token.unwrap_or_default(), key.clone());
        let request = match operation {
            Operation::Read => Request::Read { key, level, at_least },
            Operation::Write { value, ttl, tag } => {
                Request::Write { key, value: Some(value.clone()), ttl: *ttl, tag: tag.clone(), level, at_least }
            }
            Operation::Erase => Request::Write { key, value: None, ttl: None, tag: None, level, at_least },
            Operation::Invalidate => Request::Invalidate { selector: key.to_string() },
        };
        let call = self.world.ask(client, via, request);
        if !begins {
            let patience = self.world.settings().patience + SECOND;
            self.world.run_until_answered(call, patience);
        }
        Done::Call(call)
    }
}

/// Thousandths, displayed as a percentage.
struct Percent(u64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, tenth) = (self.0 / 10, self.0 % 10);
        if tenth == 0 { write!(f, "{whole}%") } else { write!(f, "{whole}.{tenth}%") }
    }
}

/// A duration as scripts write it: whole milliseconds, rounded up.
pub(crate) struct Time(pub(crate) Micros);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration::from_ms(self.0.div_ceil(1000)).fmt(f)
    }
}

/// A duration forward or back, as scripts write it.
pub(crate) struct Shift(pub(crate) i64);

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.0 < 0 { '-' } else { '+' }, Time(self.0.unsigned_abs()))
    }
}

/// The line of a script that performs it.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operate { operation, key, level, via, begins } => {
                f.write_str(if *begins { "begin " } else { "" })?;
                match operation {
                    Operation::Read => write!(f, "read {key}")?,
                    Operation::Erase => write!(f, "erase {key}")?,
                    Operation::Invalidate => write!(f, "invalidate {key}")?,
                    Operation::Write { value, ttl, tag } => {
                        write!(f, "write {key} {}", String::from_utf8_lossy(value))?;
                        if let Some(ttl) = ttl {
                            write!(f, " ttl={}", Time(*ttl))?;
                        }
                        if let Some(tag) = tag {
                            write!(f, " tag={tag}")?;
                        }
                    }
                }
                if *operation != Operation::Invalidate && *level != Level::Quorum {
                    write!(f, " level={level}")?;
                }
                via.map_or(Ok(()), |via| write!(f, " via={via}"))
            }
            Self::Session { name } => write!(f, "session {name}"),
            Self::Kill(node) => write!(f, "kill {node}"),
            Self::Restart { node, with_nothing: false } => write!(f, "restart {node}"),
            Self::Restart { node, with_nothing: true } => write!(f, "restart {node} with=nothing"),
            Self::Pause(node) => write!(f, "pause {node}"),
            Self::Resume(node) => write!(f, "resume {node}"),
            Self::Partition(groups) => {
                let groups: Vec<_> = groups.iter().map(NodeSet::to_string).collect();
                write!(f, "partition {}", groups.join(" | "))
            }
            Self::Block { from, to } => write!(f, "block {from}->{to}"),
            Self::Heal => f.write_str("heal"),
            Self::Skew { node, by } => write!(f, "skew {node} {}", Shift(*by)),
            Self::Jump { node, by } => write!(f, "clock {node} jump {}", Shift(*by)),
            Self::Disk { node, takes } => write!(f, "disk {node} {}", Time(*takes)),
            Self::Delay { from, to, by } => write!(f, "delay {from}->{to} {}", Time(*by)),
            Self::Drop(permille) => write!(f, "drop {}", Percent(*permille)),
            Self::Duplicate(permille) => write!(f, "duplicate {}", Percent(*permille)),
            Self::Reorder(by) => write!(f, "reorder {}", Time(*by)),
            Self::Join { node, weight: 1 } => write!(f, "join {node}"),
            Self::Join { node, weight } => write!(f, "join {node} weight={weight}"),
            Self::Leave(node) => write!(f, "leave {node}"),
            Self::Settle => f.write_str("settle"),
            Self::Tick(time) => write!(f, "tick {}", Time(*time)),
        }
    }
}
