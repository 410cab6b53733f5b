//! The coordinator: whichever node a client asks carries the operation out.

use crate::cluster::ids::{NodeId, NodeSet, Version};
use crate::cluster::level::{Duty, Level};
use crate::cluster::message::{Failure, Message, Note, Outcome, Placed, Request};
use crate::cluster::record::{Key, Record, SWEEP, Selector, hash_of};
use crate::cluster::store::SWEEPS_MAX;

use super::underway::{Aim, Pending, Phase};
use super::{Node, newer};

/// The replicas under the ring and the next one.
fn of_both(duty: Duty, next: Option<Duty>) -> NodeSet {
    duty.replicas.or(next.map_or(NodeSet::EMPTY, |next| next.replicas))
}

/// The most hints that a node keeps.
const HINTS_MAX: usize = 4096;

impl Node {
    pub(super) fn begin(&mut self, client: u64, request: Request) {
        let failed = |failure| (client, Outcome::Failed(failure));
        if let Request::Leave { node } = request {
            self.wish_to_leave(node);
            return self.out.replies.push((client, Outcome::Noted));
        }
        let Some(now) = self.time().filter(|_| self.view.epoch > 0 && !self.has_left) else {
            return self.out.replies.push(failed(Failure::NotReady));
        };
        let write = |value, deadline, tag| Record { version: Version::NONE, value, written: now, deadline, tag };
        let (key, level, aim) = match request {
            Request::Read { key, level, at_least } => (key, level, Aim::Read { at_least }),
            Request::Write { key, value, ttl, tag, level, at_least } => {
                let deadline = ttl.map(|ttl| now.saturating_add(ttl));
                (key, level, Aim::Write { record: write(value, deadline, tag), at_least })
            }
            Request::Invalidate { selector } => {
                if self.store.sweep_count() >= SWEEPS_MAX {
                    return self.out.replies.push(failed(Failure::TooManySweeps));
                }
                let aim = Aim::Write { record: write(None, None, None), at_least: Version::NONE };
                let is_name = !selector.contains(['*', '?', '[', '\\'])
                    && !matches!(Selector::read(&selector), Some(Selector::Tag(_) | Selector::Namespace(_)));
                (if is_name { selector.into() } else { Selector::key(&selector) }, Level::Quorum, aim)
            }
            Request::Leave { .. } => return,
        };
        let is_key = !key.is_empty() && !key.starts_with(|first: char| first.is_control() && first != SWEEP);
        if !is_key {
            return self.out.replies.push(failed(Failure::BadKey));
        }
        if let (Aim::Write { record, .. }, Some(limit)) = (&aim, self.settings.memory)
            && record.bytes(&key) > limit
        {
            let bytes = record.bytes(&key);
            return self.out.replies.push(failed(Failure::TooBig { bytes, limit }));
        }
        let deadline = self.now.mono + self.settings.patience;
        let at = Placed { hash: hash_of(&key), key };
        self.begin_operation(Pending::new(client, at, level, aim, deadline));
    }

    pub(super) fn begin_operation(&mut self, pending: Pending) {
        self.next_op += 1;
        let op = self.next_op;
        self.pending.insert(op, pending);
        self.start_phase(op);
    }

    /// Sends this phase's question to the replicas, under the present epoch.
    fn start_phase(&mut self, op: u64) {
        let Some(pending) = self.pending.get_mut(&op) else { return };
        pending.epoch = self.view.epoch;
        pending.retry_at = self.now.mono + self.settings.retry;
        if pending.phase == Phase::Store {
            return self.resend(op);
        }
        pending.forget_answers();
        match pending.aim {
            // A write at ONE skips the query: it promises only that one replica has it.
            Aim::Write { .. } if pending.level == Level::One => self.choose_version(op),
            // A read at ONE asks the nearest replica, and the others only if that one is silent or behind.
            Aim::Read { .. } if pending.level == Level::One => {
                let replicas = self.view.ring.replicas(pending.at.hash);
                let (at, myself) = (pending.at.clone(), self.id);
                let nearest = if replicas.set().contains(myself) && self.is_whole {
                    Some(myself)
                } else {
                    replicas.in_order().iter().copied().find(|&node| !self.is_away(node))
                };
                if let Some(node) = nearest.or(replicas.in_order().first().copied()) {
                    self.send(node, Message::Query { op, at });
                }
            }
            _ => self.resend(op),
        }
    }

    /// Sends this phase's message to all who have not answered it.
    fn resend(&mut self, op: u64) {
        let Some(pending) = self.pending.get(&op) else { return };
        let (duty, next) = self.view.duties(&pending.at.key, pending.at.hash);
        let all = of_both(duty, next);
        let at = pending.at.clone();
        if let (Phase::Store, Some(record)) = (pending.phase, pending.record()) {
            let (record, sweep) = (record.clone(), pending.sweep.clone());
            for node in all.less(pending.stored).iter() {
                self.send(node, Message::Store { op, at: at.clone(), record: record.clone(), sweep: sweep.clone() });
            }
        } else {
            for node in all.less(pending.answered).iter() {
                self.send(node, Message::Query { op, at: at.clone() });
            }
        }
    }

    pub(super) fn hear_answer(
        &mut self,
        op: u64,
        from: NodeId,
        epoch: u64,
        record: Option<Record>,
        floor: Version,
        sweeps: Vec<(Key, Record)>,
    ) {
        let Some(pending) = self.pending.get_mut(&op) else { return };
        if pending.phase != Phase::Query || pending.epoch != epoch || !pending.answered.insert(from) {
            return;
        }
        let version = record.as_ref().map_or(Version::NONE, |record| record.version);
        let best = pending.best.as_ref().map_or(Version::NONE, |best| best.version);
        if version > best {
            pending.have_best = NodeSet::EMPTY;
        }
        if version >= best {
            pending.have_best.insert(from);
        }
        pending.best = newer(pending.best.take(), record);
        for (key, sweep) in sweeps {
            let (known, who) = pending.sweeps.entry(key).or_insert_with(|| (sweep.clone(), NodeSet::EMPTY));
            if sweep.version > known.version {
                (*known, *who) = (sweep, NodeSet::of(from));
            } else if sweep.version == known.version {
                who.insert(from);
            }
        }
        self.clock.observe(version.clock.max(floor.clock));
        let (duty, next) = self.view.duties(&pending.at.key, pending.at.hash);
        // Whatever the write's level, its version must be greater than those that a quorum knows.
        let level = match pending.aim {
            Aim::Write { .. } => Level::Quorum,
            Aim::Read { .. } => pending.level,
        };
        let is_met = |duty: &Duty| duty.is_met(level, pending.answered);
        // The next replicas say by their answer that the handover goes on: once it is over, they alone acknowledge writes.
        if is_met(&duty) && (level == Level::One || next.as_ref().is_none_or(is_met)) {
            let (key, answered) = (pending.at.key.clone(), pending.answered);
            self.tell_enough(key, answered, duty.needed(level), duty.replicas);
            let Some(pending) = self.pending.get(&op) else { return };
            match pending.aim {
                Aim::Write { .. } => self.choose_version(op),
                Aim::Read { .. } => self.settle_read(op),
            }
        }
    }

    fn tell_enough(&mut self, key: Key, answered: NodeSet, needed: usize, replicas: NodeSet) {
        self.note(Note::Enough { key, answered: answered.and(replicas), needed, replicas });
    }

    /// Gives the write its version, greater than every one that was answered. It keeps the version even if the ring
    /// changes.
    fn choose_version(&mut self, op: u64) {
        let Some(pending) = self.pending.get_mut(&op) else { return };
        let Aim::Write { record, at_least } = &mut pending.aim else { return };
        self.clock.observe(at_least.clock);
        let clock = self.clock.next(self.now.wall);
        record.version = Version { clock, node: self.id, incarnation: self.incarnation, is_swept: false };
        pending.phase = Phase::Store;
        self.resend(op);
    }

    /// A read has its answers: if a quorum has the newest version it is done, otherwise that version is stored on a
    /// quorum first.
    fn settle_read(&mut self, op: u64) {
        let Some(pending) = self.pending.get_mut(&op) else { return };
        let Aim::Read { at_least } = pending.aim else { return };
        pending.apply_sweeps();
        let version = pending.best.as_ref().map_or(Version::NONE, |best| best.version);
        if version < at_least {
            // The session has seen a newer one: ask all replicas, and go on once one of them has it.
            let (duty, _) = self.view.duties(&pending.at.key, pending.at.hash);
            pending.behind = pending.behind.or(pending.answered.and(duty.replicas));
            if duty.replicas.less(pending.answered).is_empty() {
                pending.answered = NodeSet::EMPTY;
            }
            // Once: if each old answer asked the others again, the questions would double with every answer.
            if !std::mem::replace(&mut pending.asked_all, true) {
                let key = pending.at.key.clone();
                self.out.notes.push(Note::BehindSession { key });
                self.resend(op);
            }
            return;
        }
        let (duty, next) = self.view.duties(&pending.at.key, pending.at.hash);
        let is_known = |duty: &Duty| duty.is_met(pending.level, pending.have_best);
        let is_agreed = is_known(&duty) && next.as_ref().is_none_or(is_known);
        if pending.level == Level::One || pending.best.is_none() || is_agreed {
            return self.finish(op);
        }
        if version.is_swept && pending.looked_at != version {
            return self.look_again(op, version);
        }
        pending.phase = Phase::Store;
        pending.stored = pending.have_best;
        let key = pending.at.key.clone();
        self.note(Note::Repairs { key });
        self.resend(op);
    }

    /// An invalidation by tag, or an eviction, deletes what was there when it began. Answers given before that may lack a later write,
    /// which it does not delete; so all replicas are asked again, under a new operation number.
    fn look_again(&mut self, op: u64, version: Version) {
        let Some(mut pending) = self.pending.remove(&op) else { return };
        pending.looked_at = version;
        self.note(Note::LooksAgain { key: pending.at.key.clone() });
        pending.forget_answers();
        pending.retry_at = self.now.mono + self.settings.retry;
        self.next_op += 1;
        let op = self.next_op;
        self.pending.insert(op, pending);
        self.resend(op);
    }

    pub(super) fn hear_stored(&mut self, op: u64, from: NodeId, epoch: u64) {
        let Some(pending) = self.pending.get_mut(&op) else { return };
        if pending.phase != Phase::Store || pending.epoch != epoch || !pending.stored.insert(from) {
            return;
        }
        let (duty, next) = self.view.duties(&pending.at.key, pending.at.hash);
        let is_met = |duty: &Duty| duty.is_met(pending.level, pending.stored);
        if !pending.is_replied && is_met(&duty) && next.as_ref().is_none_or(is_met) {
            let (key, stored, needed) = (pending.at.key.clone(), pending.stored, duty.needed(pending.level));
            self.tell_enough(key, stored, needed, duty.replicas);
            self.finish(op);
        }
        let everybody = of_both(duty, next);
        if self.pending.get(&op).is_some_and(|pending| everybody.less(pending.stored).is_empty()) {
            self.pending.remove(&op);
        }
    }

    pub(super) fn hear_refused(&mut self, op: u64, from: NodeId) {
        let (now, hurry) = (self.now.mono, self.settings.retry / 4);
        if let Some(pending) = self.pending.get_mut(&op)
            && !pending.stored.contains(from)
        {
            // The refusing node, or this one, may only be behind: ask again sooner.
            pending.retry_at = pending.retry_at.min(now + hurry);
        }
    }

    /// Answers the client. A write stays pending, so that it reaches the remaining replicas.
    fn finish(&mut self, op: u64) {
        let Some(pending) = self.pending.get_mut(&op) else { return };
        let (outcome, is_read) = match &pending.aim {
            Aim::Read { .. } => {
                let now = self.offset.now(self.now.mono).unwrap_or(0);
                let best = pending.best.as_ref();
                let value = best.and_then(|best| best.alive_at(now)).cloned();
                (Outcome::Read { value, version: best.map_or(Version::NONE, |best| best.version) }, true)
            }
            Aim::Write { record, .. } => (Outcome::Written { version: record.version }, false),
        };
        pending.is_replied = true;
        self.out.replies.push((pending.client, outcome));
        if is_read {
            self.pending.remove(&op);
        }
    }

    /// Ends overdue operations: the client gets an error, and replicas that missed a write get a hint.
    pub(super) fn end_overdue(&mut self) {
        let now = self.now.mono;
        while let Some((&op, _)) = self.pending.iter().find(|(_, pending)| pending.deadline <= now) {
            let Some(pending) = self.pending.remove(&op) else { return };
            let (duty, next) = self.view.duties(&pending.at.key, pending.at.hash);
            let answered = if pending.phase == Phase::Query { pending.answered } else { pending.stored };
            if !pending.is_replied {
                let short = next.filter(|_| duty.is_met(pending.level, answered)).unwrap_or(duty);
                let failure = if pending.behind.is_empty() {
                    let (level, needed) = (pending.level, short.needed(pending.level));
                    Failure::TooFew { level, needed, answered: answered.and(short.replicas), replicas: short.replicas }
                } else {
                    Failure::Behind { answered: pending.behind }
                };
                self.out.replies.push((pending.client, Outcome::Failed(failure)));
            }
            if let (Aim::Write { record, .. }, Phase::Store) = (&pending.aim, pending.phase) {
                let all = of_both(duty, next);
                for node in all.less(pending.stored).iter() {
                    self.keep_hint(node, &pending.at.key, record);
                    self.note(Note::HintKept { key: pending.at.key.clone(), node });
                }
            }
        }
    }

    /// This incarnation ends: clients of pending operations get an error.
    pub(super) fn give_up_operations(&mut self) {
        for pending in std::mem::take(&mut self.pending).into_values().filter(|pending| !pending.is_replied) {
            self.out.replies.push((pending.client, Outcome::Failed(Failure::Down)));
        }
    }

    pub(super) fn keep_hint(&mut self, node: NodeId, key: &Key, record: &Record) {
        let is_newer = |held: &Record| held.version < record.version;
        let place = (node, key.clone());
        if self.hints.get(&place).is_none_or(is_newer) && self.hints.len() < HINTS_MAX && node != self.id {
            self.hints.insert(place, record.clone());
        }
    }

    pub(super) fn tend_operations(&mut self) {
        let now = self.now.mono;
        let due: Vec<u64> =
            self.pending.iter().filter(|(_, pending)| pending.retry_at <= now).map(|(&op, _)| op).collect();
        for op in due {
            if let Some(pending) = self.pending.get_mut(&op) {
                pending.retry_at = now + self.settings.retry;
            }
            self.resend(op);
        }
    }

    /// The ring changed: answers under the old one no longer count. A write keeps its version: with two versions it could take
    /// effect twice.
    pub(super) fn restart_operations(&mut self) {
        let ops: Vec<u64> = self.pending.keys().copied().collect();
        for op in ops {
            let Some(pending) = self.pending.get_mut(&op) else { continue };
            let is_read = matches!(pending.aim, Aim::Read { .. });
            if is_read {
                pending.phase = Phase::Query;
            }
            pending.stored = NodeSet::EMPTY;
            if !pending.is_replied {
                let key = pending.at.key.clone();
                self.note(Note::Restarted { key });
            }
            self.start_phase(op);
        }
    }
}
