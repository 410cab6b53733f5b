//! Faults and operators: nodes start and crash, pause, have wrong clocks and slow disks, and are asked to leave.

use cachedojo::cluster::node::TICK;
use cachedojo::cluster::{Disk, Failure, Micros, Node, NodeId, NodeSet, Outcome, Readings, Request};

use super::act::{Shift, Time};
use super::host::{Held, Host, State, Status, WALL_START};
use super::story::{Happening, Rare};
use super::{ClusterWorld, What};

impl ClusterWorld {
    pub(super) fn start(&mut self, node: NodeId) {
        let (now, settings) = (self.now, self.settings.clone());
        let contacts = self.all().less(NodeSet::of(node));
        let seed = self.random.next_u64();
        let phase = self.random.below(TICK);
        let Some(host) = self.hosts.get_mut(&node) else { return };
        let State::Down(disk) = &mut host.state else { return };
        let disk = disk.take().map_or_else(|| Disk::blank(node, host.incarnation, host.weight), |disk| *disk);
        host.drive.start(&disk);
        host.boot += 1;
        host.status = Status::Up;
        host.held.clear();
        let machine = Node::start(disk, settings, contacts, host.readings(now), seed);
        host.state = State::Up(Box::new(machine));
        let boot = host.boot;
        self.schedule(now + phase, What::Tick { node, boot });
    }

    /// Ends a node's process. Its clients get no more answers. `false` if it is not running.
    pub fn kill(&mut self, node: NodeId) -> bool {
        let is_in_handover = self.is_in_handover();
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.status != Status::Down) else { return false };
        host.status = Status::Down;
        let is_writing = host.drive.is_writing();
        let held = host.drive.crash(is_writing && self.random.below(2) == 0);
        if let State::Up(machine) = std::mem::replace(&mut host.state, State::Down(None)) {
            host.incarnation = host.incarnation.max(machine.incarnation());
            host.state = State::Down(Some(held.unwrap_or_else(|| Box::new(machine.into_disk()))));
        }
        host.held.clear();
        if is_in_handover {
            self.counts.count(Rare::CrashInHandover);
        }
        if is_writing {
            self.counts.count(Rare::CrashInWrite);
        }
        for number in self.open.remove(&node).unwrap_or_default() {
            self.answer(number as u64, Outcome::Failed(Failure::Down));
        }
        self.tell(Happening::Fault { node: Some(node), text: "killed".into() });
        true
    }

    /// Starts a node's process again, with its disk or, `with_nothing`, on a new machine. `false` if it is running.
    pub fn restart(&mut self, node: NodeId, with_nothing: bool) -> bool {
        if self.hosts.get(&node).is_none_or(|host| host.status != Status::Down) {
            return false;
        }
        if with_nothing {
            let weight = self.hosts.get(&node).map_or(1, |host| host.weight);
            let fresh = self.machine(weight);
            if let Some(host) = self.hosts.get_mut(&node) {
                let (boot, incarnation) = (host.boot, host.incarnation.saturating_add(1));
                *host = Host { boot, incarnation, ..fresh };
            }
        }
        let text = if with_nothing { "restarted with nothing" } else { "restarted" };
        self.tell(Happening::Fault { node: Some(node), text: text.into() });
        self.start(node);
        true
    }

    /// Asks for a node to be removed, again and again until it is. `false` if no other node would remain: the last one cannot
    /// leave.
    pub fn wish_to_leave(&mut self, node: NodeId) -> bool {
        let wishes = self.wishes.or(NodeSet::of(node));
        let has_left = |host: &Host| host.node().is_some_and(Node::has_left);
        let one_stays = self.hosts.iter().any(|(other, host)| !wishes.contains(*other) && !has_left(host));
        if one_stays {
            self.wishes = wishes;
            self.repeat_wishes();
        }
        one_stays
    }

    /// The nodes that an operator asked to remove, and that are not known to be gone.
    pub const fn wishes(&self) -> NodeSet {
        self.wishes
    }

    /// Repeats the operator's requests: a leader that lost its office has forgotten them.
    pub fn repeat_wishes(&mut self) {
        let running = |(_, host): &(&NodeId, &Host)| {
            host.status == Status::Up && host.node().is_some_and(|node| !node.has_left() && node.view().epoch > 0)
        };
        let Some((&via, host)) = self.hosts.iter().find(running) else { return };
        let members: NodeSet = host.node().map_or(NodeSet::EMPTY, |node| node.view().members.keys().copied().collect());
        self.wishes = self.wishes.and(members);
        for node in self.wishes.iter() {
            self.ask(0, via, Request::Leave { node });
        }
    }

    /// Starts a new machine, which asks to become a member. `false` if the number is taken.
    pub fn join(&mut self, node: NodeId, weight: u8) -> bool {
        self.wishes.remove(node);
        if let Some(host) = self.hosts.get(&node) {
            let has_left = host.node().is_some_and(Node::has_left);
            if !has_left {
                return false;
            }
            self.kill(node);
            return self.restart(node, true);
        }
        let host = self.machine(weight);
        self.hosts.insert(node, host);
        self.tell(Happening::Fault { node: Some(node), text: "starts, to join".into() });
        self.start(node);
        true
    }

    /// Pauses a node. `false` if it is not running.
    pub fn pause(&mut self, node: NodeId) -> bool {
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.status == Status::Up) else { return false };
        host.status = Status::Paused;
        self.tell(Happening::Fault { node: Some(node), text: "paused".into() });
        true
    }

    /// Resumes a paused node, which then gets the messages that waited.
    pub fn resume(&mut self, node: NodeId) -> bool {
        let now = self.now;
        let Some(host) = self.hosts.get_mut(&node).filter(|host| host.status == Status::Paused) else { return false };
        host.status = Status::Up;
        host.boot += 1;
        let (boot, held) = (host.boot, std::mem::take(&mut host.held));
        self.tell(Happening::Fault { node: Some(node), text: "goes on".into() });
        self.schedule(now + 1, What::Tick { node, boot });
        if self.hosts.get(&node).is_some_and(|host| host.drive.is_writing()) {
            self.schedule(now + 1, What::Written { node, boot });
        }
        for held in held {
            match held {
                Held::Message { envelope, sent_at } => self.deliver(node, sent_at, envelope),
                Held::Ask { number, request } => {
                    if let Some(Host { state: State::Up(machine), mono_start, wall_shift, .. }) =
                        self.hosts.get_mut(&node)
                    {
                        let wall = WALL_START.saturating_add(now).saturating_add_signed(*wall_shift);
                        let readings = Readings { mono: now + *mono_start, wall };
                        machine.request(number, request, readings, &mut self.effects);
                        self.carry_out(node);
                    }
                }
            }
        }
        true
    }

    /// Sets how far a wall clock is off, or with `adds` moves it by that much more.
    pub fn skew(&mut self, node: NodeId, by: i64, adds: bool) -> bool {
        let is_busy = self.open.get(&node).is_some_and(|open| !open.is_empty());
        let Some(host) = self.hosts.get_mut(&node) else { return false };
        if is_busy && (if adds { by } else { by.saturating_sub(host.wall_shift) }) < 0 {
            self.counts.count(Rare::ClockBackInOperation);
        }
        host.wall_shift = if adds { host.wall_shift.saturating_add(by) } else { by };
        let text = match host.wall_shift {
            0 => "wall clock right".to_owned(),
            by => format!("wall clock off by {}", Shift(by)),
        };
        self.tell(Happening::Fault { node: Some(node), text });
        true
    }

    /// Moves all wall clocks by an amount, also those of machines to come.
    pub fn jump_all(&mut self, by: i64) {
        self.wall_shift = self.wall_shift.saturating_add(by);
        for node in self.all().iter() {
            self.skew(node, by, true);
        }
    }

    /// Sets how long a node's disk takes for a write, at most [`super::drive::WRITE_MAX`].
    pub fn set_disk(&mut self, node: NodeId, takes: Micros) -> bool {
        let Some(host) = self.hosts.get_mut(&node) else { return false };
        let state = &host.state;
        host.drive.set(takes, || match state {
            State::Up(machine) => Some(machine.as_ref().clone().into_disk()),
            State::Down(_) => None,
        });
        let text = format!("disk takes {} for a write", Time(host.drive.takes()));
        self.tell(Happening::Fault { node: Some(node), text });
        true
    }

    /// Records a change of the network, which the caller makes.
    pub fn tell_fault(&mut self, text: String) {
        self.tell(Happening::Fault { node: None, text });
    }
}
