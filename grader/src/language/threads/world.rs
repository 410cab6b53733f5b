//! The threads of a running module: which can run, which wait for what, and the time.
//!
//! One thread runs at a time. Time stands still while any thread can run, and jumps to the next deadline when none can.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cachedojo::random::Random;
use cachedojo_lab::schedule::{Plan, Schedule};
use cachedojo_notation::text::Language;

use super::between::Between;
use super::limits::{Limits, Stop};
use super::operation::Operation;
use super::plan::{Chooser, Question};
use super::ready::Ready;
use super::rounds::Rounds;
use super::story::{Log, What};

/// The size of a slice, in instructions: after each slice of a loop without points the scheduler gets control.
pub(super) const SLICE: u64 = 100_000;
/// From so many live threads on, a thread that starts one more lets another run first: those that can end do so, and fewer live
/// at once.
const CROWD: usize = 500;
/// After so many slices in a row other threads get a turn.
const SLICES_ALONE: u32 = 20;
/// After so many points in a row other threads get a turn: some loops wait for another thread in a way that cannot be
/// recognised otherwise.
const POINTS_ALONE: u32 = 1_000;
/// A thread that had so many points in a row gets half as many the next time, at least these: an odd number, so that it is not
/// always interrupted while it holds its lock.
const POINTS_ALONE_MIN: u32 = 61;
/// After so many operations that only repeated a round, other threads get a turn at every point.
const REPEATED_MAX: u32 = 32;
/// After so many operations that only repeated a round, time moves on if no other thread can run.
const REPEATED_ALONE: u32 = 20_000;
/// After polling so often in a row, time moves on if no other thread can run.
const LOOKS_ALONE: u32 = 50;
/// How long other threads may be held up while one waits with a limit, in nanoseconds. A sleep orders nothing, however long it is.
const SLOW_NS: u64 = 1_000_000_000;
/// So many turns of earlier calls' threads may come before a call begins, calmly and under any other plan; then it begins even if
/// they are still busy, or wake again and again.
const BUSY_TURNS_MAX: [u32; 2] = [2_000, 200];

/// The states of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It can run.
    Ready,
    /// It waits at an address to be woken, or until a time.
    Waiting { address: u32, until: Option<u64> },
    /// It sleeps.
    Sleeping { until: u64 },
    /// The caller's own thread between two calls; or a thread that waits for the other module.
    Between,
    /// It has ended.
    Done,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// By a wake-up, or for no reason, which the standard allows.
    Called,
    /// Its time was over.
    Late,
}

/// The module that a thread belongs to, if a world has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The calling module, or the only one.
    Front,
    /// The called module.
    Behind,
}

/// One thread.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) side: Side,
    pub(super) state: State,
    pub(super) woken: Woken,
    /// How many points it has had.
    pub(super) step: u32,
    /// The operation of its latest point.
    last: (u8, u32),
    /// The turn of its latest point.
    last_turn: u64,
    /// How often in a row it has read the same thing.
    looks: u32,
    /// Whether its operations repeat a round.
    rounds: Rounds,
    /// Points, then slices, since another thread ran.
    alone: (u32, u32),
    /// After how many points in a row others get a turn.
    patience: u32,
    /// The stack: its top, and its lowest allowed address.
    pub(super) stack: (u32, u32),
    /// The stack size for the next thread that it starts.
    pub(super) asked_stack: Option<u32>,
}

/// The threads, with everything around them.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, none of them a state")]
pub(super) struct World {
    pub(super) limits: Limits,
    pub(super) monotonic_ns: u64,
    pub(super) wall_ns: u64,
    pub(super) random: Random,
    pub(super) printed: Vec<u8>,
    pub(super) threads: Vec<Thread>,
    pub(super) current: u32,
    /// Threads to be created before the next turn: their id and start argument.
    pub(super) spawned: Vec<(u32, i32)>,
    /// Set by a host function that decides to end everything.
    pub(super) stop: Option<Stop>,
    pub(super) memory_refused: bool,
    /// How many slices of work were used.
    fuel: u64,
    /// The exact work of the threads that have ended.
    pub(super) fuel_of_ended: u64,
    pub(super) points: u64,
    /// The host's processor time at which the running call is cut off.
    pub(super) cpu_until: std::time::Duration,
    pub(super) chooser: Chooser,
    pub(super) log: Option<Log>,
    pub(super) language: Option<Language>,
    /// Which thread runs at the next turn, if a point has decided it.
    next: Option<u32>,
    /// The threads that can run, by side.
    ready: [Ready; 2],
    /// The state that two modules share, if there are two.
    pub(super) between: Option<Between>,
    live: usize,
    /// Whether the running thread has just started one of too many threads.
    crowded: bool,
    waiters: BTreeMap<u32, VecDeque<u32>>,
    timers: BTreeSet<(u64, u32)>,
    child: Option<u32>,
    turn: u64,
    /// Whether the running thread has yielded.
    gave_up: bool,
    any_moment: bool,
    spurious: bool,
    /// Whether a call may begin while threads of earlier ones still work, and whether one has begun but not run yet.
    hurries: bool,
    begins: bool,
}

impl World {
    pub(super) fn new(limits: Limits, schedule: &Schedule) -> Self {
        let mut world = Self {
            limits,
            monotonic_ns: 0,
            wall_ns: 0,
            random: Random::new(0),
            printed: Vec::new(),
            threads: Vec::new(),
            current: 0,
            spawned: Vec::new(),
            stop: None,
            memory_refused: false,
            fuel: 0,
            fuel_of_ended: 0,
            points: 0,
            cpu_until: std::time::Duration::MAX,
            chooser: Chooser::new(&schedule.plan),
            log: schedule.story.map(|_| Log::default()),
            language: schedule.story,
            next: None,
            ready: [Ready::default(), Ready::default()],
            between: None,
            live: 0,
            crowded: false,
            waiters: BTreeMap::new(),
            timers: BTreeSet::new(),
            child: None,
            turn: 0,
            gave_up: false,
            any_moment: schedule.any_moment,
            spurious: matches!(schedule.plan, Plan::Walk { .. } | Plan::Replay(_)),
            hurries: schedule.plan != Plan::Calm,
            begins: false,
        };
        world.add((0, 0), Side::Front);
        world.set_state(0, State::Between);
        world
    }

    pub(super) fn add(&mut self, stack: (u32, u32), side: Side) -> u32 {
        let id = u32::try_from(self.threads.len()).unwrap_or(u32::MAX);
        self.threads.push(Thread {
            side,
            state: State::Between,
            woken: Woken::Called,
            step: 0,
            last: (0, 0),
            last_turn: 0,
            looks: 0,
            rounds: Rounds::default(),
            alone: (0, 0),
            patience: POINTS_ALONE,
            stack,
            asked_stack: None,
        });
        self.live += 1;
        self.set_state(id, State::Ready);
        id
    }

    /// A thread's own record.
    pub(super) fn thread(&mut self, id: u32) -> &mut Thread {
        &mut self.threads[id as usize]
    }

    /// Changes a thread's state, and everything that depends on it.
    pub(super) fn set_state(&mut self, id: u32, state: State) {
        let thread = &mut self.threads[id as usize];
        let side = thread.side as usize;
        let old = std::mem::replace(&mut thread.state, state);
        if old == state {
            return;
        }
        match old {
            State::Ready => self.ready[side].remove(id),
            State::Waiting { address, until } => {
                if let Some(queue) = self.waiters.get_mut(&address) {
                    // Mostly it is the first: whoever waits longest is woken.
                    if queue.pop_front_if(|waiter| *waiter == id).is_none() {
                        queue.retain(|waiter| *waiter != id);
                    }
                    if queue.is_empty() {
                        self.waiters.remove(&address);
                    }
                }
                if let Some(until) = until {
                    self.timers.remove(&(until, id));
                }
            }
            State::Sleeping { until } => {
                self.timers.remove(&(until, id));
            }
            State::Between | State::Done => {}
        }
        match state {
            State::Ready => {
                self.ready[side].add(id);
                self.chooser.woken();
            }
            State::Waiting { address, until } => {
                self.waiters.entry(address).or_default().push_back(id);
                if let Some(until) = until {
                    self.timers.insert((until, id));
                }
            }
            State::Sleeping { until } => {
                self.timers.insert((until, id));
            }
            State::Between => {}
            State::Done => self.live -= 1,
        }
    }

    /// Starts a thread; `None` if there are too many.
    pub(super) fn spawn(&mut self, argument: i32, stack_top: u32, default_stack: u32) -> Option<u32> {
        if self.live >= self.limits.live || self.threads.len() > self.limits.started as usize {
            self.stop = Some(Stop::TooManyThreads);
            return None;
        }
        let current = self.current;
        let size = self.thread(current).asked_stack.take().unwrap_or(default_stack);
        let side = self.thread(current).side;
        let id = self.add((stack_top, stack_top.saturating_sub(size)), side);
        self.spawned.push((id, argument));
        self.crowded = self.live > CROWD;
        self.child = Some(id).filter(|_| !self.crowded);
        Some(id)
    }

    /// How many threads were started, without the caller's own.
    pub(super) fn started(&self) -> u32 {
        u32::try_from(self.threads.len() - 1).unwrap_or(u32::MAX)
    }

    /// The running thread is about to run an operation with this effect. Returns whether it must let others run first.
    pub(super) fn point(&mut self, operation: Operation, effect: Option<(u64, u64)>) -> bool {
        let would_change = operation.would_change(effect);
        self.points += 1;
        if self.points > self.limits.points {
            self.stop = Some(Stop::OutOfWork);
            return true;
        }
        let (current, turn) = (self.current, self.turn);
        let alone = self.ready_beside(current).all().len() <= 1;
        let thread = &mut self.threads[current as usize];
        thread.step += 1;
        let step = thread.step;
        thread.alone = (thread.alone.0 + 1, 0);
        let again = !would_change && thread.last == (operation.code, operation.address) && thread.last_turn == turn;
        thread.last = (operation.code, operation.address);
        thread.last_turn = turn;
        thread.looks = if again { thread.looks + 1 } else { 0 };
        let looks = thread.looks;
        let repeated = thread.rounds.note(operation.sign(effect));
        let tired = thread.alone.0 >= thread.patience;
        let idle = again || repeated >= REPEATED_MAX || tired || std::mem::take(&mut self.crowded);
        let child = self.child.take();
        // The plan is always asked: it draws a random number at every point, so that one point more or less changes little.
        let asked = self.chooser.needs_decision(current, step, operation);
        if alone && (looks >= LOOKS_ALONE || idle) && self.turns_to_other_side() {
            self.threads[current as usize].looks = 0;
            self.gave_up = true;
            return true;
        }
        if alone && (looks >= LOOKS_ALONE || repeated >= REPEATED_ALONE) && self.advance() {
            // It polls for something that a sleeping thread will do.
            self.threads[current as usize].looks = 0;
            self.threads[current as usize].rounds.begin_anew();
            self.gave_up = true;
            return true;
        }
        let others = !alone || self.any_moment || self.spurious || self.over_since(0).is_some();
        if !others || !(asked || child.is_some() || idle) {
            return false;
        }
        let thread = &mut self.threads[current as usize];
        if tired {
            thread.patience = (thread.patience / 2).max(POINTS_ALONE_MIN);
        }
        let side = thread.side;
        let chosen = self.choose(side, child, true, idle);
        if chosen == current {
            if idle {
                self.threads[current as usize].alone.0 = 0;
            }
            return false;
        }
        self.next = Some(chosen);
        true
    }

    fn choose(&mut self, side: Side, child: Option<u32>, can_stay: bool, idle: bool) -> u32 {
        let side = side as usize;
        let step = self.threads[self.current as usize].step;
        let (waiters, spurious) = (&self.waiters, self.spurious);
        let wakeable = |chance: u64| -> Option<u32> {
            let waiting = if spurious { waiters.len() } else { 0 };
            let at = usize::try_from(chance.checked_rem(waiting as u64)?).ok()?;
            waiters.values().nth(at).and_then(|queue| queue.front().copied())
        };
        let timers = self.timers.iter().map(|(_, thread)| *thread);
        let sleepers: Vec<u32> = timers.filter(|thread| self.over_since(*thread).is_some()).collect();
        let question = Question {
            thread: self.current,
            step,
            can_stay,
            child: child.filter(|_| can_stay),
            idle,
            begins: self.begins && self.current == 0,
            ready: &self.ready[side],
            sleepers: &sleepers,
            wakeable: &wakeable,
        };
        let chosen = self.chooser.choose(&question);
        if self.make_ready(chosen) {
            return chosen;
        }
        // If a replayed switch no longer fits, the calm plan's choice is used.
        if can_stay { self.current } else { self.ready[side].oldest().unwrap_or(self.current) }
    }

    /// The end of a thread's sleep, or of a short wait with a limit, where both may be over at any moment: the other threads
    /// are slow then. Nobody is held up for so long that a long wait's limit passes, or until a call of a later time begins.
    fn over_since(&self, id: u32) -> Option<u64> {
        let soon = |until: &u64| until.saturating_sub(self.monotonic_ns) <= SLOW_NS;
        match self.threads.get(id as usize)?.state {
            State::Sleeping { until } if self.begins && id == 0 => {
                Some(until).filter(|until| self.hurries && soon(until))
            }
            _ if !self.any_moment => None,
            State::Sleeping { until } => Some(until),
            State::Waiting { until, .. } => until.filter(soon),
            _ => None,
        }
    }

    /// Makes a thread able to run, if necessary by waking it: from a sleep as if it were over, from a wait without a
    /// reason. `false` if it cannot be.
    fn make_ready(&mut self, id: u32) -> bool {
        if let Some(until) = self.over_since(id) {
            self.pass_to(until);
            return true;
        }
        match self.threads.get(id as usize).map(|thread| thread.state) {
            Some(State::Ready) => true,
            Some(State::Waiting { .. }) if self.spurious => {
                self.thread(id).woken = Woken::Called;
                self.set_state(id, State::Ready);
                true
            }
            _ => false,
        }
    }

    /// Which thread runs at the next turn; an error if the module stops.
    pub(super) fn next_turn(&mut self) -> Result<u32, Stop> {
        if let Some(stop) = self.stop.take() {
            return Err(stop);
        }
        let decided = self.next.take().filter(|next| self.threads[*next as usize].state == State::Ready);
        let next = match decided {
            Some(next) => next,
            None => self.decide()?,
        };
        if next != self.current {
            self.threads[next as usize].alone = (0, 0);
            self.turn += 1;
        }
        self.current = next;
        self.begins &= next != 0;
        Ok(next)
    }

    fn decide(&mut self) -> Result<u32, Stop> {
        while self.ready.iter().all(|ready| ready.all().is_empty()) {
            if !self.advance() {
                return Err(self.deadlock());
            }
        }
        let current = self.current;
        // The called module runs only when all threads of the calling one wait: so its progress cannot be observed.
        let side = if self.ready[Side::Front as usize].all().is_empty() { Side::Behind } else { Side::Front };
        let is_ready = self.threads[current as usize].state == State::Ready;
        let stays = is_ready && self.threads[current as usize].side == side;
        if !is_ready {
            // A wait, a sleep and an end count as steps, so that the decision there can be identified.
            self.thread(current).step += 1;
        }
        self.child = self.child.filter(|_| stays);
        let child = self.child.take();
        Ok(self.choose(side, child, stays, stays))
    }

    /// The thread at whose record an address lies: right above its stack. Who has ended has none any more.
    pub(super) fn owner_of(&self, side: Side, address: u32) -> Option<u32> {
        const RECORD_BYTES: u32 = 16 << 10;
        let live = (0_u32..).zip(&self.threads).skip(1).filter(|(_, it)| it.state != State::Done && it.side == side);
        let tops = live.map(|(id, thread)| (thread.stack.0, id));
        let (top, id) = tops.filter(|(top, _)| *top <= address).max()?;
        (address - top < RECORD_BYTES).then_some(id)
    }

    fn deadlock(&self) -> Stop {
        let waits = (0_u32..).zip(&self.threads).filter_map(|(id, thread)| match thread.state {
            State::Waiting { address, .. } => Some((id, address)),
            _ => None,
        });
        Stop::Deadlock(waits.collect())
    }

    /// A thread has ended.
    pub(super) fn ended(&mut self, thread: u32) {
        self.set_state(thread, State::Done);
        if let Some(log) = &mut self.log {
            log.add(thread, What::Ends, Vec::new());
        }
    }

    /// The running thread has paused: it waits, a point said so, or it used up a slice of work.
    pub(super) fn paused(&mut self) {
        let ready = self.threads[self.current as usize].state == State::Ready;
        if ready && self.next.is_none() && !std::mem::take(&mut self.gave_up) {
            self.slice();
        }
    }

    /// The running thread used up a slice of work without a point. Decides whether it continues.
    fn slice(&mut self) {
        self.fuel += SLICE;
        if self.fuel > self.limits.fuel {
            self.stop = Some(Stop::OutOfWork);
            return;
        }
        let current = self.current;
        let thread = self.thread(current);
        thread.alone.1 += 1;
        let alone_too_long = thread.alone.1 >= SLICES_ALONE;
        if alone_too_long {
            thread.alone.1 = 0;
            let ready = self.ready_beside(current);
            if ready.all().len() <= 1 {
                self.turns_to_other_side();
                return;
            }
            self.next = ready.after(current);
        } else {
            self.next = Some(current);
        }
    }

    /// The running thread yields.
    pub(super) fn yielded(&mut self) {
        let current = self.current;
        self.thread(current).step += 1;
        self.gave_up = true;
        if self.ready_beside(current).all().len() <= 1 {
            if !self.turns_to_other_side() {
                self.advance();
            }
            return;
        }
        let child = self.child.take();
        let side = self.threads[current as usize].side;
        self.next = Some(self.choose(side, child, true, true));
    }

    /// All threads of the same side that can run.
    fn ready_beside(&self, id: u32) -> &Ready {
        &self.ready[self.threads[id as usize].side as usize]
    }

    /// The running thread of the calling side only polls for what another one will do, which may itself wait for an answer: so
    /// the called side gets a turn, if any of its threads can run.
    fn turns_to_other_side(&mut self) -> bool {
        let behind = self.ready[Side::Behind as usize].oldest();
        match behind.filter(|_| self.threads[self.current as usize].side == Side::Front) {
            Some(behind) => {
                self.next = Some(behind);
                true
            }
            None => false,
        }
    }

    /// A thread waits for the other module.
    pub(super) fn waits_for_other_side(&mut self, id: u32) {
        self.set_state(id, State::Between);
    }

    /// The running thread pauses for the other side, although it could continue.
    pub(super) fn lets_other_side_run(&mut self) {
        self.next = None;
        self.gave_up = true;
    }

    /// Wakes up to `count` of the threads that wait at an address, longest wait first.
    pub(super) fn notify(&mut self, address: u32, count: u32) -> Vec<u32> {
        let mut woken = Vec::new();
        while woken.len() < count as usize
            && let Some(first) = self.waiters.get(&address).and_then(|queue| queue.front().copied())
        {
            self.thread(first).woken = Woken::Called;
            self.set_state(first, State::Ready);
            woken.push(first);
        }
        woken
    }

    // ---- time ----

    /// Moves time to the next deadline; `false` if there is none.
    fn advance(&mut self) -> bool {
        // With two modules time moves only for deadlines of the calling one: otherwise the other's periodic clean-up would move
        // it for ever.
        if self.between.is_some()
            && !self.timers.iter().any(|(_, thread)| self.threads[*thread as usize].side == Side::Front)
        {
            return false;
        }
        let Some((until, _)) = self.timers.first().copied() else { return false };
        self.pass_to(until);
        true
    }

    fn pass_to(&mut self, moment: u64) {
        self.pass(moment.saturating_sub(self.monotonic_ns));
    }

    /// Moves both clocks, and wakes the threads whose time is over.
    pub(super) fn pass(&mut self, ns: u64) {
        self.monotonic_ns = self.monotonic_ns.saturating_add(ns);
        // With two modules the wall clock stands still, except when the tests move it.
        if self.between.is_none() {
            self.wall_ns = self.wall_ns.saturating_add(ns);
        }
        while let Some((until, thread)) = self.timers.first().copied() {
            if until > self.monotonic_ns {
                break;
            }
            self.thread(thread).woken = Woken::Late;
            self.set_state(thread, State::Ready);
        }
    }

    // ---- calls ----

    /// A call begins, at a time that may be in the future: threads of earlier calls run during the time between, each deadline at
    /// its own moment, and may overlap with the call.
    pub(super) fn call_begins(&mut self, monotonic_ns: u64, wall_ns: u64, random: &Random) {
        self.random = random.clone();
        self.threads[0].looks = 0;
        self.threads[0].last = (0, 0);
        self.threads[0].rounds.begin_anew();
        self.begins = true;
        if self.live > 1 {
            self.threads[0].step += 1; // The decision who runs first has a step of its own.
            self.chooser.call_begins();
        }
        let ahead = monotonic_ns.saturating_sub(self.monotonic_ns);
        if self.live == 1 || self.monotonic_ns == 0 {
            self.monotonic_ns = monotonic_ns;
            self.wall_ns = wall_ns;
            self.set_state(0, State::Ready);
        } else {
            // The wall clock may have been set; from there it runs evenly.
            self.wall_ns = wall_ns.saturating_sub(ahead);
            if ahead == 0 {
                self.set_state(0, State::Ready);
            } else {
                self.set_state(0, State::Sleeping { until: monotonic_ns });
            }
        }
        self.next = (self.threads[0].state == State::Ready).then_some(0).filter(|_| self.live == 1);
    }

    /// Lets the call begin after [`BUSY_TURNS_MAX`] turns.
    pub(super) fn call_waits_too_long(&mut self, turns: u32) {
        if turns == BUSY_TURNS_MAX[usize::from(self.hurries)]
            && let State::Sleeping { until } = self.threads[0].state
        {
            self.pass_to(until);
        }
    }

    /// A call has ended; its threads may live on.
    pub(super) fn call_ends(&mut self) {
        self.set_state(0, State::Between);
        self.next = None;
        self.child = None;
    }
}
