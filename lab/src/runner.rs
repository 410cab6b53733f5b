//! The runner: one script, one subject, one world; commands in, events out.
//!
//! The page steps through it, `grader run` prints its events, the checks judge by them: it is the only way to run a
//! script.

use std::collections::BTreeSet;

use cachedojo_notation::text::Language;
use cachedojo_wire::{ClusterRequest, ExtraRequest, NodeRequest, Request, Response, RingRequest};

use crate::bulk::{BULK_MAX, bulk};
use crate::event::{Event, NO_ANSWER, What};
use crate::families::cluster::ClusterCommand;
#[cfg(not(feature = "cluster"))]
use crate::families::cluster::absent::Absent as Play;
#[cfg(feature = "cluster")]
use crate::families::cluster::play::Play;
use crate::families::events_of;
use crate::families::ring::{Owners, moves, spread};
use crate::missing::BESIDE_A_CLUSTER;
use crate::script::{Command, Dialect, Expectation, Script, Step};
use crate::subject::{Crash, Subject};
use crate::world::World;
use crate::world::cluster::act::Act;

/// The remembered owners of keys, which `ring moved` compares with.
#[derive(Debug, Clone)]
struct Mark {
    prefix: String,
    owners: Owners,
}

/// The state of a run: its place in the script, and the world around the subject. A clone continues independently.
#[derive(Debug, Clone)]
pub struct Runner {
    world: World,
    seed: u64,
    began_ns: u64,
    next: usize,
    last_answer: Option<What>,
    answer_before: Option<What>,
    /// The last answer over HTTP as one text; its events are single lines.
    last_http: Option<What>,
    invariants: Vec<Expectation>,
    mark: Option<Mark>,
    /// The servers that the script has added to the prototype's cluster.
    servers: BTreeSet<String>,
    bulk_left: usize,
    crashed: bool,
    cluster: Option<Play>,
    /// The moment at which the simulated cluster was made.
    cluster_began_ms: u64,
    /// Whether the script has made the prototype's cluster, which is another one.
    has_prototype_cluster: bool,
    /// How far `wall jump` has moved the wall clock, in microseconds.
    wall_jumped_us: i64,
}

/// Runs a whole script. Cost: O(commands), plus the subject's work. More than 256 MiB of events or comparisons ends the run with
/// [`Crash::TooMuchOutput`].
pub fn run(script: &Script, subject: &mut dyn Subject, seed: u64) -> Vec<Event> {
    run_noting_chance(script, subject, seed).0
}

/// [`run`], which also returns whether the subject asked for randomness. One that did not answers alike under every
/// seed.
pub fn run_noting_chance(script: &Script, subject: &mut dyn Subject, seed: u64) -> (Vec<Event>, bool) {
    let mut runner = Runner::new(seed);
    let mut events = Vec::new();
    while runner.step(script, subject, &mut events) {}
    let untouched = runner.world.random == World::new(seed).random;
    (events, !untouched)
}

/// The answers of a run as text: for the protocols exactly what they answer, for `lab` one line an event. Lines end as
/// the dialect ends them: memcached's in CR LF, the others' in LF. Cost: O(events).
pub fn render(events: &[Event], dialect: Dialect) -> String {
    let end = if dialect == Dialect::Memcached { "\r\n" } else { "\n" };
    let mut text = String::new();
    for event in events.iter().filter(|event| !event.what.is_quiet()) {
        text.push_str(&event.what.to_string());
        text.push_str(end);
    }
    text
}

/// [`render`] in a reader's language. What protocols answer has one language only. Cost: O(events).
pub fn render_in(events: &[Event], script: &Script, language: Language) -> String {
    if language == Language::English || script.dialect != Dialect::Lab {
        return render(events, script.dialect);
    }
    let shown = events.iter().filter(|event| !event.what.is_quiet());
    let told = shown.map(|event| match script.commands.get(event.step as usize) {
        Some(step) => event.what.text_in(&step.command, language) + "\n",
        None => format!("{}\n", event.what),
    });
    told.collect()
}

impl Runner {
    /// A runner at a script's beginning, in a fresh world for `seed`.
    pub fn new(seed: u64) -> Self {
        let world = World::new(seed);
        let began_ns = world.monotonic_ns;
        Self {
            world,
            seed,
            began_ns,
            next: 0,
            last_answer: None,
            answer_before: None,
            last_http: None,
            invariants: Vec::new(),
            mark: None,
            servers: BTreeSet::new(),
            bulk_left: BULK_MAX,
            crashed: false,
            cluster: None,
            cluster_began_ms: 0,
            has_prototype_cluster: false,
            wall_jumped_us: 0,
        }
    }

    /// The present state of the world.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The monotonic time since the run began, in milliseconds.
    pub fn passed_ms(&self) -> u64 {
        (self.world.monotonic_ns - self.began_ns) / 1_000_000
    }

    /// The index of the next command.
    pub fn position(&self) -> usize {
        self.next
    }

    /// About how many bytes a copy takes.
    pub fn bytes(&self) -> u64 {
        let marked = self.mark.as_ref().map_or(0, |mark| 8 * u64::from(mark.owners.count()));
        // A cluster's state grows with the requests to it: about this much for each command.
        let simulated = self.cluster.as_ref().map_or(0, |_| (64 << 10) + 2_000 * self.next as u64);
        let servers = self.servers.iter().map(|id| id.len() as u64 + 40).sum::<u64>();
        let answers = [&self.last_answer, &self.answer_before, &self.last_http].into_iter().flatten();
        marked + simulated + servers + answers.map(|answer| bulk(answer) as u64).sum::<u64>()
    }

    /// Executes the script's next command on `subject`, and appends the events. `false` at the end of the script and after a
    /// crash. Script and subject must be the same at every step.
    pub fn step(&mut self, script: &Script, subject: &mut dyn Subject, events: &mut Vec<Event>) -> bool {
        let Some(step) = script.commands.get(self.next) else { return false };
        if self.crashed {
            return false;
        }
        let first = events.len();
        self.obey(step, subject, events);
        for event in &events[first..] {
            self.bulk_left = self.bulk_left.saturating_sub(bulk(&event.what));
            if event.what.is_answer() {
                self.answer_before = self.last_answer.replace(event.what.clone());
            }
        }
        if matches!(step.command, Command::Ask(Request::Extra(ExtraRequest::Rest(_)))) {
            self.last_http = Some(whole_answer(&events[first..]));
        }
        if self.bulk_left == 0 && !self.crashed {
            self.emit(step, What::Crashed { crash: Crash::TooMuchOutput }, events);
        }
        self.next += 1;
        !self.crashed
    }

    fn obey(&mut self, step: &Step, subject: &mut dyn Subject, events: &mut Vec<Event>) {
        match &step.command {
            Command::Ask(request) => {
                self.note_server(request);
                self.ask(step, request, subject, events);
                let touches_node = matches!(request, Request::Node(request) if !matches!(request, NodeRequest::Stats));
                if touches_node && !self.crashed && !self.invariants.is_empty() {
                    self.check_invariants(step, subject, events);
                }
            }
            Command::Spread { prefix, count } => match self.owners(prefix, *count, subject) {
                Ok(owners) => self.emit(step, spread(&owners), events),
                Err(what) => self.emit(step, *what, events),
            },
            Command::Mark { prefix, count } => match self.owners(prefix, *count, subject) {
                Ok(owners) => {
                    self.mark = Some(Mark { prefix: prefix.clone(), owners });
                    self.emit(step, What::Marked { keys: *count }, events);
                }
                Err(what) => self.emit(step, *what, events),
            },
            Command::Moved => {
                let what = self.moved(subject);
                self.emit(step, what, events);
            }
            Command::Where { key } => match &self.cluster {
                Some(play) => {
                    let mut told = Vec::new();
                    play.holders(key, &mut told);
                    self.emit_of_cluster(step, told, events);
                }
                None => self.ask(step, &Request::Ring(RingRequest::Owner { key: key.clone() }), subject, events),
            },
            Command::RemoveOthers { key } => self.remove_others(step, key, subject, events),
            Command::World(command) => self.obey_cluster(step, command, events),
            Command::Tick(ms) if self.cluster.is_some() => {
                let (act, before) = (Act::Tick(ms.saturating_mul(1000)), self.world.monotonic_ns);
                self.obey_cluster(step, &ClusterCommand::Do(act), events);
                self.emit(step, self.ticked(*ms, before), events);
            }
            Command::Tick(ms) => {
                let before = self.world.monotonic_ns;
                self.world.pass(ms.saturating_mul(1_000_000));
                self.emit(step, self.ticked(*ms, before), events);
            }
            Command::WallJump(ms) => {
                self.world.wall_ns = self.world.wall_ns.saturating_add_signed(ms.saturating_mul(1_000_000));
                self.wall_jumped_us = self.wall_jumped_us.saturating_add(ms.saturating_mul(1_000));
                if let Some(play) = &mut self.cluster {
                    let mut told = Vec::new();
                    play.jump(ms.saturating_mul(1_000), &mut told);
                    self.emit_of_cluster(step, told, events);
                }
                self.emit(step, What::WallJumped { ms: *ms }, events);
            }
            Command::Expect(expectation) => {
                let compared = [&self.last_answer, &self.answer_before].into_iter().flatten().map(bulk).sum();
                self.bulk_left = self.bulk_left.saturating_sub(compared);
                let last = if expectation.is_of_http() { &self.last_http } else { &self.last_answer };
                let what = judge(expectation, last.as_ref(), self.answer_before.as_ref());
                self.emit(step, what, events);
            }
            Command::Always(expectation) => self.invariants.push(expectation.clone()),
        }
    }

    /// A tick's answer. At the end of what a clock counts less time passes than was asked for, and the answer says how much.
    fn ticked(&self, asked_ms: u64, before_ns: u64) -> What {
        What::Ticked { ms: asked_ms.min((self.world.monotonic_ns - before_ns) / 1_000_000) }
    }

    fn emit(&mut self, step: &Step, what: What, events: &mut Vec<Event>) {
        self.crashed |= matches!(what, What::Crashed { .. });
        self.has_prototype_cluster |= matches!(&what, What::Created { object } if object == "cluster");
        let at_ms = self.passed_ms();
        let step_index = u32::try_from(self.next).unwrap_or(u32::MAX);
        events.push(Event { step: step_index, line: step.line, at_ms, what });
    }

    /// Executes a command of the simulated cluster. The time that it takes passes for the script too.
    fn obey_cluster(&mut self, step: &Step, command: &ClusterCommand, events: &mut Vec<Event>) {
        if let ClusterCommand::Make(setup) = command {
            self.cluster = Play::of(setup, self.seed, self.wall_jumped_us);
            self.cluster_began_ms = self.passed_ms();
        }
        let Some(play) = &mut self.cluster else {
            let object = if self.has_prototype_cluster { BESIDE_A_CLUSTER } else { "nodes=3" };
            return self.emit(step, What::NoObject { object: object.into() }, events);
        };
        let (before, mut told) = (play.now(), Vec::new());
        play.obey(command, &mut told);
        self.world.pass(play.now().saturating_sub(before).saturating_mul(1000));
        self.emit_of_cluster(step, told, events);
    }

    fn emit_of_cluster(&mut self, step: &Step, told: Vec<(u64, What)>, events: &mut Vec<Event>) {
        let step_index = u32::try_from(self.next).unwrap_or(u32::MAX);
        for (at, what) in told {
            self.crashed |= matches!(what, What::Crashed { .. });
            let at_ms = self.cluster_began_ms.saturating_add(at / 1000);
            events.push(Event { step: step_index, line: step.line, at_ms, what });
        }
    }

    /// The simulated cluster, read-only.
    pub const fn cluster(&self) -> Option<&Play> {
        self.cluster.as_ref()
    }

    fn ask(&mut self, step: &Step, request: &Request, subject: &mut dyn Subject, events: &mut Vec<Event>) {
        let answer = subject.call(&mut self.world, request);
        let inside = subject.take_inside();
        for what in events_of(request, answer) {
            self.emit(step, what, events);
        }
        for event in inside {
            self.emit(step, What::Inside { event }, events);
        }
    }

    fn owners(&mut self, prefix: &str, count: u32, subject: &mut dyn Subject) -> Result<Owners, Box<What>> {
        let request = Request::Ring(RingRequest::OwnersOf { prefix: prefix.to_owned(), count });
        match subject.call(&mut self.world, &request) {
            Ok(Response::Owners { ids, owners: of_keys }) => Ok(Owners { ids, of_keys }),
            answer => {
                Err(Box::new(events_of(&request, answer).pop().unwrap_or(What::Crashed { crash: Crash::Gibberish })))
            }
        }
    }

    /// Keeps track of the servers of the prototype's cluster.
    fn note_server(&mut self, request: &Request) {
        match request {
            Request::Cluster(ClusterRequest::New(_)) => self.servers.clear(),
            Request::Cluster(ClusterRequest::Add { id, .. }) => drop(self.servers.insert(id.clone())),
            Request::Cluster(ClusterRequest::Remove { id }) => drop(self.servers.remove(id)),
            _ => {}
        }
    }

    /// Removes the servers that the subject does not name for a key.
    fn remove_others(&mut self, step: &Step, key: &str, subject: &mut dyn Subject, events: &mut Vec<Event>) {
        let named = Request::Cluster(ClusterRequest::ServersFor { key: key.to_owned() });
        let named = match subject.call(&mut self.world, &named) {
            Ok(Response::Members(members)) => members,
            answer => {
                for what in events_of(&named, answer) {
                    self.emit(step, what, events);
                }
                return;
            }
        };
        let others = self.servers.iter().filter(|id| named.iter().all(|member| member.id != **id));
        for id in others.cloned().collect::<Vec<_>>() {
            if self.crashed {
                return;
            }
            let request = Request::Cluster(ClusterRequest::Remove { id });
            self.note_server(&request);
            self.ask(step, &request, subject, events);
        }
    }

    fn moved(&mut self, subject: &mut dyn Subject) -> What {
        let Some(mark) = self.mark.take() else { return What::NoObject { object: "mark".into() } };
        let count = mark.owners.count();
        let what = match self.owners(&mark.prefix, count, subject) {
            Ok(now) => moves(&mark.owners, &now),
            Err(what) => *what,
        };
        self.mark = Some(mark);
        what
    }

    fn check_invariants(&mut self, step: &Step, subject: &mut dyn Subject, events: &mut Vec<Event>) {
        let request = Request::Node(NodeRequest::Stats);
        let answer = subject.call(&mut self.world, &request);
        let Some(stats) = events_of(&request, answer).pop() else { return };
        if !matches!(stats, What::Stats(_)) {
            self.emit(step, stats, events);
            return;
        }
        self.bulk_left = self.bulk_left.saturating_sub(bulk(&stats) * self.invariants.len());
        for expectation in self.invariants.clone() {
            if let broken @ What::Broken { .. } = judge(&expectation, Some(&stats), None) {
                self.emit(step, broken, events);
            }
        }
    }
}

/// The lines of an answer over HTTP as one text.
fn whole_answer(events: &[Event]) -> What {
    let lines = events.iter().filter_map(|event| match &event.what {
        What::Said { text } => Some(text.as_str()),
        _ => None,
    });
    What::Said { text: lines.collect::<Vec<_>>().join("\n") }
}

fn judge(expectation: &Expectation, answer: Option<&What>, before: Option<&What>) -> What {
    let expected = expectation.source.clone();
    let verdict = answer.map_or_else(|| Err(NO_ANSWER.to_owned()), |answer| expectation.check(answer, before));
    match verdict {
        Ok(()) => What::Held { expected },
        Err(actual) => What::Broken { expected, actual },
    }
}

#[cfg(test)]
mod tests {
    use super::{Runner, render, run};
    use crate::reference::Reference;
    use crate::script::{Dialect, parse};

    #[test]
    fn counters_are_looked_at_after_every_command_to_the_node_and_no_other() {
        let text = "node new 9\nalways entries <= 1\nnode set a 1\nnode set b 2\nring new\nnode stats\nnode delete a";
        let shown = render(&run(&parse(text, Dialect::Lab), &mut Reference::default(), 0), Dialect::Lab);
        let broken = "BROKEN: expected entries <= 1, got entries = 2";
        let stats = "hits=0 misses=0 evictions=0 expired=0 bytes=4 entries=2";
        let lines = ["node ready", "stored", "stored", broken, "ring ready", stats, "deleted"];
        assert_eq!(shown.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn the_servers_that_do_not_hold_a_key_leave() {
        let text = "cluster new rf=2\nfor 1..4 cluster add n{}\ncluster remove n4\ncluster set k v\ncluster where k\n\
            cluster remove-others k\ncluster where k\ncluster get k\ncluster remove-others k\ncluster new\ncluster remove-others k";
        let shown = render(&run(&parse(text, Dialect::Lab), &mut Reference::default(), 0), Dialect::Lab);
        let lines: Vec<&str> = shown.lines().skip(6).collect();
        assert_eq!(lines, ["stored", "n1 n2", "n3 left", "n1 n2", "v", "cluster ready"]);
        let alone =
            render(&run(&parse("cluster remove-others k", Dialect::Lab), &mut Reference::default(), 0), Dialect::Lab);
        assert!(alone.contains("cluster new"), "{alone}");
    }

    #[test]
    fn a_run_that_tells_or_compares_too_much_is_ended() {
        for text in [
            "node new 1MiB\nnode set k 9000*x\nfor 1..100 node get k",
            "node new 1MiB\nnode set k 9000*x\nnode get k\nfor 1..100 expect nothing",
            "node new 1MiB\nnode set k 9000*x\nnode get k\nfor 1..100 expect not nothing",
            "node new 1MiB\nfor 1..9 node set key{} v\nfor 1..1000 node keys *",
            "node new 1MiB\nfor 1..99 always entries = 0\nfor 1..100 node get k",
            "ring new 1\nfor 1..9 ring add node-{}\nfor 1..1000 ring replicas k 9",
            "line PUT k v\nfor 1..2000 line GET k",
        ] {
            let script = parse(text, Dialect::Lab);
            assert_eq!(script.diagnostics, []);
            let (mut runner, mut subject, mut events) = (Runner::new(0), Reference::default(), Vec::new());
            runner.bulk_left = 100_000;
            while runner.step(&script, &mut subject, &mut events) {}
            let last = &events.last().expect("an event").what;
            assert_eq!(last.to_string(), "printed or answered more than it is allowed", "{text}");
            assert!(events.len() > 3 && runner.position() < script.commands.len(), "{text}");
        }
    }
}
