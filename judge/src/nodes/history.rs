//! The clients' history in a cluster of submissions, and whether it keeps the promises: reads and writes at a quorum are
//! linearizable, key by key; values live for their time; and operations are answered when they can be.

use std::collections::BTreeMap;

use cachedojo::cluster::ids::SECOND;
use cachedojo::cluster::{Level, Micros, NodeId};
use cachedojo_lab::world::cluster::act;
use cachedojo_lab::world::cluster::linear::{Effect, KeyOperation, Moment, unexplained};
use cachedojo_notation::text::escape;
use cachedojo_wire::machine::MachineReply;

/// How far from its deadline a value may be seen, or missed.
pub const DEADLINE_BOUND: Micros = SECOND;
/// For how long a cluster must have been healthy for every operation to be answered.
pub const CALM: Micros = 5 * SECOND;

/// A client's operation.
#[derive(Debug, Clone)]
pub struct ClientCall {
    /// Whom.
    pub node: NodeId,
    /// When.
    pub began: Micros,
    /// On which key.
    pub key: String,
    /// What.
    pub operation: act::Operation,
    /// At which level.
    pub level: Level,
    /// Its time, and the answer.
    pub answer: Option<(Micros, MachineReply)>,
    /// Whether the cluster was healthy from [`CALM`] before it began until it was answered, or should have been.
    pub is_calm: bool,
    /// Whether its node ran for as long as a client waits, and said nothing.
    pub is_left_waiting: bool,
}

/// What a cluster promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// An answer is of the kind that was asked for.
    Fitting,
    /// What was written is read, in an order that all clients could have seen.
    Order,
    /// A value lives for its time.
    Lifetime,
    /// Who can be answered is answered.
    Answer,
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which one.
    pub promise: Promise,
    /// On which key.
    pub key: String,
    /// What happened, in a sentence.
    pub said: String,
}

/// The effect of a call on its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Did<'a> {
    Wrote(&'a [u8]),
    Deleted,
    Read,
}

impl ClientCall {
    /// When it ended; `None` if it is unknown whether it took effect.
    fn ended(&self) -> Option<Micros> {
        self.answer.as_ref().filter(|(_, reply)| !matches!(reply, MachineReply::Failed(_))).map(|(at, _)| *at)
    }

    fn did(&self) -> Did<'_> {
        match &self.operation {
            act::Operation::Write { value, .. } => Did::Wrote(value),
            act::Operation::Erase | act::Operation::Invalidate => Did::Deleted,
            act::Operation::Read => Did::Read,
        }
    }

    fn ttl(&self) -> Option<Micros> {
        match &self.operation {
            act::Operation::Write { ttl, .. } => *ttl,
            _ => None,
        }
    }

    /// What it found, and when that was known.
    fn value_read(&self) -> Option<(Micros, Option<&[u8]>)> {
        match (&self.operation, &self.answer) {
            (act::Operation::Read, Some((at, MachineReply::Value(value)))) => Some((*at, value.as_deref())),
            _ => None,
        }
    }

    /// Whether its answer is of the right kind.
    fn is_fitting(&self) -> bool {
        match &self.answer {
            Some((_, MachineReply::Value(_))) => self.operation == act::Operation::Read,
            Some((_, MachineReply::Done)) => self.operation != act::Operation::Read,
            Some((_, MachineReply::Failed(_))) | None => true,
        }
    }

    fn effect(&self) -> Option<KeyOperation> {
        let write = |value| Effect::Write { value, ttl: self.ttl(), tag: None };
        let effect = match self.did() {
            Did::Wrote(value) => write(Some(value.to_vec())),
            Did::Deleted => write(None),
            Did::Read => Effect::Read(self.value_read()?.1.map(<[u8]>::to_vec)),
        };
        Some(KeyOperation { began: self.began.into(), ended: self.ended().map(Moment::from), effect })
    }
}

/// The first broken promise that is found. Operations at level one, and invalidations, promise nothing here. Of two operations one
/// is later only if it began after the other one ended: an answer may come in the instant in which it is asked for. Cost: that of
/// a search for a valid order of the operations on each key.
pub fn broken(calls: &[ClientCall]) -> Option<Broken> {
    if let Some(call) = calls.iter().find(|call| !call.is_fitting()) {
        let said =
            format!("{} answers a read without a value, or a write with one, at {} ms", call.node, ms(call.began));
        return Some(Broken { promise: Promise::Fitting, key: call.key.clone(), said });
    }
    let mut keys: BTreeMap<&str, Vec<&ClientCall>> = BTreeMap::new();
    for call in calls {
        keys.entry(&call.key).or_default().push(call);
    }
    keys.retain(|_, calls| {
        calls.iter().all(|call| call.level != Level::One && call.operation != act::Operation::Invalidate)
    });
    let named = |(key, (promise, said)): (&str, (Promise, String))| Broken { promise, key: key.to_owned(), said };
    let witness = keys.iter().find_map(|(key, calls)| Some((*key, witness(key, calls)?)));
    let witness = witness.or_else(|| {
        keys.iter().find_map(|(key, calls)| {
            let history: Vec<KeyOperation> = calls.iter().filter_map(|call| call.effect()).collect();
            Some((*key, (Promise::Order, unexplained(key, &history, DEADLINE_BOUND)?)))
        })
    });
    witness.map(named).or_else(|| calls.iter().find_map(unanswered))
}

const fn ms(at: Micros) -> Micros {
    at / 1_000
}

fn unanswered(call: &ClientCall) -> Option<Broken> {
    if call.ended().is_some() || !call.is_calm && !call.is_left_waiting {
        return None;
    }
    let (node, key, at) = (call.node, &call.key, ms(call.began));
    let did = if call.answer.is_some() { "refuses" } else { "does not answer" };
    let asked = if call.operation == act::Operation::Read { "read" } else { "write" };
    let though = if call.is_calm {
        "all nodes run and the network is whole"
    } else {
        "it runs: it must refuse what it cannot do"
    };
    let said = format!("{node} {did} a {asked} of {key} at {at} ms, though {though}");
    Some(Broken { promise: Promise::Answer, key: key.clone(), said })
}

/// One read that one write, or none, shows to be wrong: easier to understand than that there is no order.
fn witness(key: &str, calls: &[&ClientCall]) -> Option<(Promise, String)> {
    calls.iter().find_map(|read| {
        let (_, found) = read.value_read()?;
        let (node, at) = (read.node, ms(read.began));
        let before = |call: &&&ClientCall| call.did() != Did::Read && call.ended().is_some_and(|ended| ended < read.began);
        let Some(value) = found else { return missed(key, read, calls) };
        let shown = escape(value);
        let mut writes = calls.iter().filter(|call| call.did() == Did::Wrote(value));
        let Some(write) = writes.next() else {
            return Some((Promise::Order, format!("{node} reads {shown} of {key} at {at} ms, which nobody wrote")));
        };
        // Which of several writes of one value was read is for the search to say.
        let written = write.ended().filter(|_| writes.next().is_none())?;
        let later = calls.iter().filter(before).find(|call| call.began > written);
        if let Some(later) = later {
            let when = ms(later.ended().unwrap_or(0));
            let said = match later.did() {
                Did::Deleted | Did::Read => format!("{node} reads {shown} of {key} at {at} ms, which was deleted at {when} ms: it has come back"),
                Did::Wrote(newer) if later.node == node => {
                    let newer = escape(newer);
                    format!("{node} reads {shown} of {key} at {at} ms, and not its own write of {newer} at {when} ms")
                }
                Did::Wrote(newer) => {
                    let newer = escape(newer);
                    format!("{node} reads {shown} of {key} at {at} ms, though {newer} was acknowledged at {when} ms: that write is lost")
                }
            };
            return Some((Promise::Order, said));
        }
        let over = written.saturating_add(write.ttl()?).saturating_add(DEADLINE_BOUND);
        (read.began > over).then(|| {
            let over = ms(over - DEADLINE_BOUND);
            (Promise::Lifetime, format!("{node} reads {shown} of {key} at {at} ms, whose time was over at {over} ms"))
        })
    })
}

/// A read that found nothing, though an acknowledged write must be there.
fn missed(key: &str, read: &ClientCall, calls: &[&ClientCall]) -> Option<(Promise, String)> {
    let (known, _) = read.value_read()?;
    let is_there = |write: &&&ClientCall| {
        let lives =
            write.ttl().is_none_or(|ttl| known.saturating_add(DEADLINE_BOUND) < write.began.saturating_add(ttl));
        // Another write in between may have had a short life, and a deletion may have come later.
        let may_end = |other: &&&ClientCall| {
            let is_later = other.ended().is_none_or(|ended| ended >= write.began) && other.began <= known;
            is_later && !std::ptr::eq(**other, **write) && (other.did() == Did::Deleted || other.ttl().is_some())
        };
        let is_written = write.ended().is_some_and(|ended| ended < read.began);
        matches!(write.did(), Did::Wrote(_)) && is_written && lives && !calls.iter().any(|other| may_end(&other))
    };
    let write = calls.iter().rev().find(is_there)?;
    let Did::Wrote(value) = write.did() else { return None };
    let value = escape(value);
    let (node, at, when) = (read.node, ms(read.began), ms(write.ended()?));
    let (promise, instead) = if let Some(ttl) = write.ttl() {
        let until = ms(write.began.saturating_add(ttl));
        (Promise::Lifetime, format!("though {value} lives until {until} ms"))
    } else if write.node == node {
        (Promise::Order, format!("and not its own write of {value} at {when} ms"))
    } else {
        (Promise::Order, format!("though {value} was acknowledged at {when} ms: that write is lost"))
    };
    Some((promise, format!("{node} reads nothing of {key} at {at} ms, {instead}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn node(number: u8) -> NodeId {
        match NodeId::new(number) {
            Some(node) => node,
            None => panic!("a number"),
        }
    }

    fn call(number: u8, began: u64, ended: u64, operation: act::Operation, reply: MachineReply) -> ClientCall {
        let answer = (ended > 0).then_some((ended * 1_000, reply));
        let (key, level, began) = ("k".to_owned(), Level::Quorum, began * 1_000);
        ClientCall { node: node(number), began, key, operation, level, answer, is_calm: false, is_left_waiting: false }
    }

    fn write(number: u8, began: u64, ended: u64, value: &str, ttl_ms: Option<u64>) -> ClientCall {
        let ttl = ttl_ms.map(|ttl| ttl * 1_000);
        let operation = act::Operation::Write { value: value.as_bytes().into(), ttl, tag: None };
        call(number, began, ended, operation, MachineReply::Done)
    }

    fn erase(began: u64, ended: u64) -> ClientCall {
        call(1, began, ended, act::Operation::Erase, MachineReply::Done)
    }

    fn read(number: u8, began: u64, value: &str) -> ClientCall {
        let value = (!value.is_empty()).then(|| value.as_bytes().to_vec());
        call(number, began, began + 5, act::Operation::Read, MachineReply::Value(value))
    }

    #[track_caller]
    fn check(calls: &[ClientCall], said: Option<&str>) {
        assert_eq!(broken(calls).map(|broken| broken.said).as_deref(), said);
    }

    #[test]
    fn what_keeps_the_promises_is_not_named() {
        check(&[], None);
        check(&[write(1, 0, 9, "a", None), read(2, 10, "a"), erase(20, 29), read(2, 30, "")], None);
        check(&[write(1, 0, 0, "a", None), read(2, 10, ""), read(2, 20, "a")], None);
        check(&[write(1, 0, 9, "a", Some(5_000)), read(2, 4_100, ""), read(2, 5_900, "")], None);
        check(&[write(1, 0, 9, "a", Some(5_000)), read(2, 5_900, "a")], None);
        check(&[write(1, 0, 9, "a", None), write(1, 10, 19, "b", Some(1_000)), read(2, 3_000, "")], None);
        check(&[write(1, 0, 9, "a", None), write(2, 0, 9, "b", Some(1_000)), read(2, 3_000, "")], None);
        // One value, written twice.
        check(&[write(1, 0, 9, "a", None), erase(10, 19), write(1, 20, 29, "a", None), read(2, 30, "a")], None);
    }

    #[test]
    fn answers_in_the_instant_of_the_question_break_no_promise() {
        let at_once =
            |call: ClientCall| ClientCall { answer: call.answer.map(|(_, reply)| (call.began, reply)), ..call };
        let now = |at, value| at_once(write(1, at, at, value, None));
        let sees = |at, value| at_once(read(1, at, value));
        check(&[now(3, "a"), sees(27, "a")], None);
        check(&[now(3, "a"), sees(3, "a")], None);
        check(&[now(3, "a"), write(2, 9, 14, "b", None), sees(9, "a"), read(2, 14, "b"), sees(20, "b")], None);
        // What happens in one instant may have happened in any order.
        check(&[now(3, "a"), now(3, "b"), sees(3, "a"), sees(3, "b"), sees(27, "a")], None);
        check(&[now(3, "a"), at_once(erase(3, 3)), sees(3, "a"), sees(3, ""), sees(27, "")], None);
        check(&[now(3, "a"), sees(3, ""), sees(27, "a")], None);
        check(&[write(1, 1, 3, "a", None), now(3, "b"), sees(3, ""), sees(27, "b")], None);
        check(&[at_once(write(1, 3, 3, "a", Some(5_000))), sees(5_900, "a"), sees(4_100, "")], None);
        // From the next one on it counts.
        check(
            &[now(3, "a"), now(4, "b"), sees(5, "a")],
            Some("n1 reads a of k at 5 ms, and not its own write of b at 4 ms"),
        );
        check(&[now(3, "a"), sees(4, "")], Some("n1 reads nothing of k at 4 ms, and not its own write of a at 3 ms"));
    }

    #[test]
    fn each_broken_promise_is_named() {
        let a = || write(1, 0, 9, "a", None);
        let b = || write(2, 10, 19, "b", None);
        for (calls, said) in [
            (vec![read(1, 5, "x")], "n1 reads x of k at 5 ms, which nobody wrote"),
            (
                vec![a(), erase(10, 19), read(2, 30, "a")],
                "n2 reads a of k at 30 ms, which was deleted at 19 ms: it has come back",
            ),
            (
                vec![a(), b(), read(3, 30, "a")],
                "n3 reads a of k at 30 ms, though b was acknowledged at 19 ms: that write is lost",
            ),
            (vec![a(), b(), read(2, 30, "a")], "n2 reads a of k at 30 ms, and not its own write of b at 19 ms"),
            (
                vec![a(), read(2, 30, "")],
                "n2 reads nothing of k at 30 ms, though a was acknowledged at 9 ms: that write is lost",
            ),
            (vec![a(), read(1, 30, "")], "n1 reads nothing of k at 30 ms, and not its own write of a at 9 ms"),
            (
                vec![write(1, 0, 9, "a", Some(5_000)), read(2, 6_010, "a")],
                "n2 reads a of k at 6010 ms, whose time was over at 5009 ms",
            ),
            (
                vec![write(1, 0, 9, "a", Some(5_000)), read(2, 3_000, "")],
                "n2 reads nothing of k at 3000 ms, though a lives until 5000 ms",
            ),
            // New, then old, while the write is under way: no single write proves it.
            (
                vec![a(), write(2, 10, 99, "b", None), read(3, 20, "b"), read(3, 30, "a")],
                "no order of the operations on k explains the read that saw `a` that began at 30 ms",
            ),
            (
                vec![call(1, 5, 9, act::Operation::Read, MachineReply::Done)],
                "n1 answers a read without a value, or a write with one, at 5 ms",
            ),
        ] {
            check(&calls, Some(said));
        }
    }

    #[test]
    fn a_calm_cluster_answers_and_level_one_promises_nothing() {
        let calm = |call: ClientCall| ClientCall { is_calm: true, ..call };
        let refused = call(1, 5, 9, act::Operation::Read, MachineReply::Failed("no".to_owned()));
        check(std::slice::from_ref(&refused), None);
        let said = "n1 refuses a read of k at 5 ms, though all nodes run and the network is whole";
        check(&[calm(refused)], Some(said));
        let said = "n1 does not answer a write of k at 5 ms, though all nodes run and the network is whole";
        check(&[calm(write(1, 5, 0, "a", None))], Some(said));
        // Elsewhere it may refuse, but not say nothing.
        let said = "n1 does not answer a write of k at 5 ms, though it runs: it must refuse what it cannot do";
        check(&[ClientCall { is_left_waiting: true, ..write(1, 5, 0, "a", None) }], Some(said));
        let at_one = |call: ClientCall| ClientCall { level: Level::One, ..call };
        check(&[write(1, 0, 9, "a", None), at_one(read(2, 30, ""))], None);
    }
}
