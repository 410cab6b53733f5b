//! Plays a scene: carries out each line in the world, and records the events.

use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::{Level, Micros, NodeId};
use cachedojo_lab::event::{Event, Share, What};
use cachedojo_lab::families::cluster::{ClusterCommand, Setup, tell::WorldEvent};
use cachedojo_lab::script::{Expectation, Matcher};
use cachedojo_lab::world::cluster::act::{Act, Operation};
use cachedojo_lab::world::machines::{Fresh, Machines, WorldEnd};
use cachedojo_notation::text::escape;
use cachedojo_wire::machine::{Input, MachineCommand, MachineLevel, MachineReply};

use super::history::{self, Broken, ClientCall};
use super::{Doing, Scene};

/// How long a client waits for an answer.
const PATIENCE: Micros = 10 * SECOND;
/// What a client has heard by then.
const NO_ANSWER: &str = "no answer within 10 s";
/// The most characters of a node's own words that are shown.
const WORDS_MAX: usize = 200;
/// The most operations on a key that are shown when a promise was broken.
const CALLS_TOLD_MAX: usize = 40;
/// The most keys of a `spread`.
const SPREAD_MAX: u32 = 1_000;

/// The result of a scene.
#[derive(Debug)]
pub struct Played {
    /// Its events.
    pub events: Vec<Event>,
    /// The work of all nodes together.
    pub fuel: u64,
    /// Why the host could not play it to the end.
    pub not_started: Option<String>,
    /// The first promise that a `check` found broken.
    pub broken: Option<Broken>,
}

/// Plays a scene on fresh subjects. Cost: a call of a subject for each message, timer and client's request.
pub fn play(scene: &Scene, seed: u64, fresh: &mut Fresh<'_>) -> Played {
    let setup = match scene.steps.first().map(|step| &step.doing) {
        Some(Doing::World(ClusterCommand::Make(setup))) => setup.clone(),
        _ => Setup { nodes: 1, copies: 1, points: 1, memory: None, haste: false, seed: None },
    };
    let mut again = || fresh();
    let (copies, points) = (number(setup.copies), number(setup.points));
    let world = Machines::new(setup.nodes, copies, points, setup.seed.unwrap_or(seed), &mut again);
    let mut stage = Stage {
        world,
        events: Vec::new(),
        step: 0,
        line: 1,
        last: None,
        before: None,
        is_silent: false,
        key: None,
        messages: [0; 2],
        asked: Vec::new(),
        troubles: Vec::new(),
        turns: Vec::new(),
        broken: None,
    };
    for (step, line) in scene.steps.iter().enumerate() {
        (stage.step, stage.line) = (number(step), line.line);
        stage.obey(&line.doing);
        if stage.fails() {
            break;
        }
    }
    let not_started = match stage.world.failure() {
        Some(WorldEnd::NotStarted(message)) => Some(message.clone()),
        _ => None,
    };
    Played { fuel: stage.world.fuel_used(), events: stage.events, not_started, broken: stage.broken }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A node begins to run, or ceases to.
struct Turn {
    at: Micros,
    /// The number of the last call before it.
    after: u64,
    node: NodeId,
    runs: bool,
}

struct Stage<'a> {
    world: Machines<'a>,
    events: Vec<Event>,
    step: u32,
    line: u32,
    last: Option<What>,
    before: Option<What>,
    /// Whether the last answer is that there was none.
    is_silent: bool,
    /// The key of the last answer.
    key: Option<String>,
    /// The number of messages sent when they were last counted, and how many there were in the interval before that.
    messages: [u64; 2],
    /// The clients' operations, with the number of each call.
    asked: Vec<(u64, ClientCall)>,
    /// The times of faults.
    troubles: Vec<Micros>,
    /// When nodes began and ceased to run.
    turns: Vec<Turn>,
    /// The first promise that was found broken.
    broken: Option<Broken>,
}

impl Stage<'_> {
    fn emit(&mut self, what: What) {
        let at_ms = self.world.now() / 1_000;
        self.events.push(Event { step: self.step, line: self.line, at_ms, what });
    }

    fn answer(&mut self, what: What) {
        self.before = self.last.replace(what.clone());
        self.is_silent = false;
        self.emit(what);
    }

    /// Records why the world stopped, if it did.
    fn fails(&mut self) -> bool {
        let Some(failure) = self.world.failure().cloned() else { return false };
        match failure {
            WorldEnd::Crashed(node, crash) => {
                let text = "ended before it answered".to_owned();
                let event = WorldEvent::Fault { node: Some(node.to_string()), at_us: self.world.now(), text };
                self.emit(What::World { event });
                self.emit(What::Crashed { crash });
            }
            WorldEnd::Lacks(item) => self.emit(What::NotImplemented { item }),
            WorldEnd::NotStarted(_) => {}
        }
        true
    }

    fn obey(&mut self, doing: &Doing) {
        match doing {
            Doing::World(ClusterCommand::Do(act)) => self.act(act),
            Doing::World(_) => self.answer(What::Created { object: "cluster".into() }),
            Doing::Tick(ms) => {
                self.world.run_for(ms.saturating_mul(1_000));
                self.emit(What::Ticked { ms: *ms });
            }
            Doing::Where(key) => {
                let holders = self.holders(key);
                self.key = Some(key.clone());
                self.answer(What::Nodes { nodes: holders.iter().map(ToString::to_string).collect() });
            }
            Doing::Spread { prefix, count } => self.spread(prefix, *count),
            Doing::Cycle(count) => {
                let bytes = self.world.cycle(*count, &usual_day());
                if self.world.failure().is_none() {
                    self.answer(What::Stats(
                        cachedojo_wire::Stats { bytes_stored: bytes, ..Default::default() }.into(),
                    ));
                }
            }
            Doing::Traffic => {
                let [counted, before] = self.messages;
                let now = self.world.sent - counted;
                self.messages = [self.world.sent, now];
                self.answer(What::Truth { value: now > before.saturating_mul(2) });
            }
            Doing::Check => self.check(),
            Doing::Expect(expectation) => self.expect(expectation),
        }
    }

    /// Whether all promises were kept; if not, also the clients' operations on that key.
    fn check(&mut self) {
        let calls: Vec<ClientCall> = self.asked.iter().map(|(number, call)| self.completed(*number, call)).collect();
        let broken = history::broken(&calls);
        let event = WorldEvent::Checked { broken: broken.as_ref().map(|broken| broken.said.clone()) };
        self.answer(What::World { event });
        let Some(broken) = broken else { return };
        self.broken.get_or_insert_with(|| broken.clone());
        let of_key: Vec<&ClientCall> = calls.iter().filter(|call| call.key == broken.key).collect();
        for call in &of_key[of_key.len().saturating_sub(CALLS_TOLD_MAX)..] {
            let event = call_event(call);
            self.emit(What::World { event });
        }
        let (expected, actual) = ("all promises kept".to_owned(), broken.said);
        self.emit(What::Broken { expected, actual });
        self.key = Some(broken.key);
        self.look_around();
    }

    /// A call with its answer.
    fn completed(&self, number: u64, call: &ClientCall) -> ClientCall {
        let answer = self.world.heard(number).map(|(at, reply)| (at, reply.clone()));
        let due = answer.as_ref().map_or(call.began + PATIENCE, |(at, _)| *at);
        let from = call.began.saturating_sub(history::CALM);
        let is_calm = call.is_calm
            && call.began >= history::CALM
            && due <= self.world.now()
            && !self.troubles.iter().any(|at| (from..=due).contains(at));
        let until = call.began + PATIENCE;
        let turns = || self.turns.iter().filter(|turn| turn.node == call.node);
        let is_up = turns().rfind(|turn| turn.after < number).is_none_or(|turn| turn.runs)
            && !turns().any(|turn| turn.after >= number && turn.at <= until);
        let is_left_waiting = answer.is_none() && until <= self.world.now() && is_up;
        ClientCall { answer, is_calm, is_left_waiting, ..call.clone() }
    }

    fn expect(&mut self, expectation: &Expectation) {
        let verdict = match &self.last {
            // Who says nothing has not refused.
            Some(_) if self.is_silent && expectation.matcher == Matcher::Error => Err(NO_ANSWER.to_owned()),
            Some(last) => expectation.check(last, self.before.as_ref()),
            None => Err("no answer".to_owned()),
        };
        let expected = expectation.source.clone();
        match verdict {
            Ok(()) => self.emit(What::Held { expected }),
            Err(actual) => {
                self.emit(What::Broken { expected, actual });
                self.look_around();
            }
        }
    }

    /// Which nodes hold the last answer's key: what a learner would look at first. Nodes are asked only for what they hold
    /// themselves, which changes nothing.
    fn look_around(&mut self) {
        let Some(key) = self.key.clone() else { return };
        let nodes: Vec<NodeId> = self.world.running().collect();
        for node in nodes {
            let text = match self.world.peek(node, &key) {
                Some(value) => format!("holds {key} = {}", escape(&value)),
                None => format!("does not hold {key}"),
            };
            let (node, at_us) = (node.to_string(), self.world.now());
            self.emit(What::World {
                event: WorldEvent::Node { node, at_us, text, key: Some(key.clone()), is_quiet: true },
            });
        }
    }

    fn holders(&mut self, key: &str) -> Vec<NodeId> {
        let nodes: Vec<NodeId> = self.world.running().collect();
        nodes.into_iter().filter(|&node| self.world.peek(node, key).is_some()).collect()
    }

    fn spread(&mut self, prefix: &str, count: u32) {
        let count = count.min(SPREAD_MAX);
        let nodes: Vec<NodeId> = self.world.running().collect();
        let mut shares: Vec<Share> = nodes.iter().map(|node| Share { node: node.to_string(), keys: 0 }).collect();
        let mut unowned = 0;
        for index in 0..count {
            let key = cachedojo_wire::numbered(prefix, index);
            let mut held = false;
            for (share, &node) in shares.iter_mut().zip(&nodes) {
                let holds = self.world.peek(node, &key).is_some();
                share.keys += u32::from(holds);
                held |= holds;
            }
            unowned += u32::from(!held);
        }
        self.key = None;
        self.answer(What::Spread { keys: count, shares, unowned });
    }

    fn act(&mut self, act: &Act) {
        let world = &mut self.world;
        if !matches!(act, Act::Operate { .. } | Act::Skew { .. } | Act::Jump { .. }) {
            self.troubles.push(world.now());
        }
        let turn = match act {
            Act::Kill(node) | Act::Pause(node) | Act::Leave(node) => Some((*node, false)),
            Act::Restart { node, .. } | Act::Resume(node) | Act::Join { node, .. } => Some((*node, true)),
            _ => None,
        };
        if let Some((node, runs)) = turn {
            let after = self.asked.last().map_or(0, |(number, _)| *number);
            self.turns.push(Turn { at: world.now(), after, node, runs });
        }
        let done = match act {
            Act::Operate { operation, key, level, via, begins } => {
                return self.operate(operation, key, *level, *via, *begins);
            }
            Act::Kill(node) => world.kill(*node),
            Act::Restart { node, .. } => world.restart(*node),
            Act::Pause(node) => world.pause(*node),
            Act::Resume(node) => world.resume(*node),
            Act::Join { node, .. } => world.join(*node),
            Act::Leave(node) => world.leave(*node),
            Act::Skew { node, by } => world.skew(*node, *by, false),
            Act::Jump { node, by } => world.skew(*node, *by, true),
            Act::Disk { .. } => {
                let message = "the disks of submitted nodes take no time: leave the line out".into();
                return self.answer(What::Error { message });
            }
            Act::Partition(groups) => {
                let all = world.all();
                world.network.partition(groups, all);
                true
            }
            Act::Block { from, to } => {
                world.network.block(*from, *to);
                true
            }
            Act::Heal => {
                world.network.heal();
                true
            }
            Act::Delay { from, to, by } => {
                world.network.delay(*from, *to, *by);
                true
            }
            Act::Drop(permille) => {
                world.network.drop = *permille;
                true
            }
            Act::Duplicate(permille) => {
                world.network.duplicate = *permille;
                true
            }
            Act::Reorder(by) => {
                world.network.jitter = *by;
                true
            }
            // Commands of their own here, which do not come this way.
            Act::Session { .. } | Act::Settle | Act::Tick(_) => true,
        };
        if done {
            let event = WorldEvent::Fault { node: None, at_us: self.world.now(), text: act.to_string() };
            self.emit(What::World { event });
        } else {
            self.answer(What::Error { message: "there is no such node, or it is so already".into() });
        }
    }

    fn operate(&mut self, operation: &Operation, key: &str, asked_level: Level, via: Option<NodeId>, begins: bool) {
        let Some(node) = via.or_else(|| self.world.running().next()) else {
            return self.answer(What::Error { message: "no node runs: restart one".into() });
        };
        let (name, level) = (key.to_owned(), of_level(asked_level));
        let command = match operation {
            Operation::Read => MachineCommand::Get { key: name, level },
            Operation::Write { value, ttl, .. } => {
                let ttl_ms = ttl.map(|ttl| ttl / 1_000);
                MachineCommand::Put { key: name, value: value.to_vec(), ttl_ms, level }
            }
            Operation::Erase => MachineCommand::Delete { key: name, level },
            Operation::Invalidate => MachineCommand::Invalidate { key: name },
        };
        let (began, is_calm) = (self.world.now(), self.world.is_whole());
        let call = ClientCall {
            node,
            began,
            key: key.to_owned(),
            operation: operation.clone(),
            level: asked_level,
            answer: None,
            is_calm,
            is_left_waiting: false,
        };
        let number = self.world.begin(node, command);
        self.asked.push((number, call));
        if begins {
            return;
        }
        let reply = self.world.wait(number, PATIENCE);
        let is_answered = reply.is_some();
        if self.world.failure().is_some() {
            return;
        }
        self.key = Some(key.to_owned());
        let key = key.to_owned();
        let answer = match (reply, operation) {
            (Some(MachineReply::Value(Some(value))), Operation::Read) => What::Hit { key, value: escape(&value) },
            (Some(MachineReply::Value(None)), Operation::Read) => What::Miss { key },
            (Some(MachineReply::Done), Operation::Write { .. }) => What::Stored { key },
            (Some(MachineReply::Done), Operation::Erase | Operation::Invalidate) => What::Deleted { key },
            (Some(MachineReply::Failed(words)), _) => {
                let words: String = escape(words.as_bytes()).chars().take(WORDS_MAX).collect();
                What::Error { message: words }
            }
            (Some(MachineReply::Done), _) => What::Error { message: "done, though a value was asked for".into() },
            (Some(MachineReply::Value(_)), _) => What::Error { message: "a value, though none was asked for".into() },
            (None, _) => What::Error { message: NO_ANSWER.into() },
        };
        self.answer(answer);
        self.is_silent = !is_answered;
        if is_answered {
            // What the script asks next is asked after this answer, and so later, be it by the shortest time.
            self.world.run_for(1);
        }
    }
}

/// A client's operation as an event: the script line and the answer.
fn call_event(call: &ClientCall) -> WorldEvent {
    let ClientCall { node, began, key, operation, level, answer, .. } = call;
    let (operation, key) = (operation.clone(), key.as_str());
    let asked = Act::Operate { operation, key: key.into(), level: *level, via: None, begins: false };
    let answer = match answer {
        None => "no answer".to_owned(),
        Some((at, reply)) => {
            let heard = match reply {
                MachineReply::Value(Some(value)) => escape(value),
                MachineReply::Value(None) => "nothing".to_owned(),
                MachineReply::Done => "done".to_owned(),
                MachineReply::Failed(_) => "error".to_owned(),
            };
            format!("{heard} ({} ms)", (at - began) / 1_000)
        }
    };
    let text = format!("{asked} => {answer}");
    WorldEvent::Client { node: node.to_string(), at_us: *began, text, key: Some(key.to_owned()), is_late: true }
}

const fn of_level(level: Level) -> MachineLevel {
    match level {
        Level::One => MachineLevel::One,
        Level::Quorum => MachineLevel::Quorum,
        Level::All => MachineLevel::All,
    }
}

/// The inputs of a node that is made and dropped: some writes, some of them invalidated, and a member that joins and leaves.
fn usual_day() -> Vec<Input> {
    let client = |number: u64, command: MachineCommand| Input::Client { number, command };
    let key = |number: u64| format!("day:{number}");
    let write = |number: u64| MachineCommand::Put {
        key: key(number),
        value: vec![b'v'; 256],
        ttl_ms: None,
        level: MachineLevel::One,
    };
    let mut inputs: Vec<Input> = (1..=8).map(|number| client(number, write(number))).collect();
    inputs.push(client(9, MachineCommand::Invalidate { key: key(1) }));
    inputs.push(client(10, MachineCommand::Get { key: key(2), level: MachineLevel::One }));
    inputs
}
