//! Whether the history of one key is linearizable: whether every operation can be given a moment between its beginning and its
//! end such that, in the order of those moments, each read returns the last value written.
//!
//! The search is Wing and Gong's (1993) with Lowe's memoization (2017): try the operations that may come next, one after the
//! other, and never search twice from the same set of finished operations with the same last write. An operation that failed may
//! have taken effect at any time from its beginning on, or never.

use std::collections::HashSet;

use cachedojo::cluster::Micros;

/// The most operations of a history; further ones are not checked.
pub const OPERATIONS_MAX: usize = 128;
/// The most states that are searched.
const STATES_MAX: usize = 200_000;

/// A moment of a world: its time, and for what happens at one time its place in the order in which it happened there. Where nobody
/// noted that order all places are 0, and what happens at one time is at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment {
    /// The time.
    pub at: Micros,
    /// The place.
    pub place: u64,
}

impl Moment {
    /// After everything.
    pub const NEVER: Self = Self { at: Micros::MAX, place: u64::MAX };
}

impl From<Micros> for Moment {
    fn from(at: Micros) -> Self {
        Self { at, place: 0 }
    }
}

/// One operation on the key.
#[derive(Debug, Clone)]
pub struct KeyOperation {
    /// When it began.
    pub began: Moment,
    /// When it ended; `None` if it is unknown whether it took effect.
    pub ended: Option<Moment>,
    /// What it was.
    pub effect: Effect,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Sets a value that no other write of the history sets, or deletes.
    Write {
        /// The value; `None` deletes.
        value: Option<Vec<u8>>,
        /// A read may find nothing from this long after the write began, at the earliest.
        ttl: Option<Micros>,
        /// The word by which a [`Effect::Sweep`] selects it.
        tag: Option<String>,
    },
    /// Deletes the value if it was written with this tag. A write with this tag that is under way at the same time may be deleted
    /// in the moment in which it takes effect, even if the sweep took effect before: its version may be the older one. Only a read
    /// that began before the sweep ended may see the value meanwhile.
    Sweep(String),
    /// Deletes this value, if it is the last one written.
    Evict(Vec<u8>),
    /// A read of this value, or of nothing.
    Read(Option<Vec<u8>>),
}

/// The result of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linearizability {
    /// There is a valid order.
    Linearizable,
    /// There is none; the longest order that was found stops before this operation.
    Not(usize),
    /// The search was cut off.
    Unknown,
}

/// Why no order of the operations on a key is valid, in a sentence; `None` if there is a valid one or the search was cut off.
/// Cost: that of [`search`].
pub fn unexplained(key: &str, history: &[KeyOperation], bound: Micros) -> Option<String> {
    let Linearizability::Not(at) = search(history, bound) else { return None };
    let stuck = &history[at];
    let what = match &stuck.effect {
        Effect::Read(Some(value)) => format!("the read that saw `{}`", String::from_utf8_lossy(value)),
        Effect::Read(None) => "the read that saw nothing".to_owned(),
        Effect::Write { value: Some(value), .. } => format!("the write of `{}`", String::from_utf8_lossy(value)),
        Effect::Write { value: None, .. } | Effect::Sweep(_) | Effect::Evict(_) => "the delete".to_owned(),
    };
    let began = stuck.began.at / 1000;
    Some(format!("no order of the operations on {key} explains {what} that began at {began} ms"))
}

/// Searches for a valid order. Deadlines are exact to within `bound`. Cost: about O(n) for histories with few concurrent
/// operations, at worst exponential in those, and cut off.
pub fn search(history: &[KeyOperation], bound: Micros) -> Linearizability {
    let is_needed = |at: &usize| history[*at].ended.is_some() || may_be_seen(&history[*at].effect, history);
    let mut kept: Vec<usize> = (0..history.len()).filter(is_needed).collect();
    kept.sort_by_key(|&at| history[at].began);
    kept.truncate(OPERATIONS_MAX);
    let sorted: Vec<&KeyOperation> = kept.iter().map(|&at| &history[at]).collect();
    let mut search = Search { operations: &sorted, bound, seen: HashSet::new(), furthest: 0, stuck_at: 0 };
    let must: u128 = sorted
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.ended.is_some())
        .fold(0, |mask, (at, _)| mask | 1 << at);
    match search.run(must) {
        Some(true) => Linearizability::Linearizable,
        Some(false) => Linearizability::Not(kept.get(search.stuck_at).copied().unwrap_or(0)),
        None => Linearizability::Unknown,
    }
}

/// Whether an operation of unknown outcome must be considered. If no read saw its value, it never expires and no sweep can delete
/// it, it can be left out of any order.
fn may_be_seen(effect: &Effect, history: &[KeyOperation]) -> bool {
    match effect {
        Effect::Read(_) => false,
        Effect::Write { value: Some(value), ttl: None, tag: None } => {
            let needs =
                |effect: &Effect| matches!(effect, Effect::Read(Some(found)) | Effect::Evict(found) if found == value);
            history.iter().any(|other| needs(&other.effect))
        }
        Effect::Write { .. } | Effect::Sweep(_) | Effect::Evict(_) => true,
    }
}

struct Search<'a> {
    operations: &'a [&'a KeyOperation],
    bound: Micros,
    seen: HashSet<(u128, Option<u8>)>,
    furthest: u32,
    stuck_at: usize,
}

/// A branch of the search: the operations done, the last write, and what to try next.
struct Choice {
    done: u128,
    last: Option<u8>,
    next: usize,
    /// Whether it was tried that a sweep, which took effect before the last write, deletes it now.
    is_swept: bool,
}

impl Search<'_> {
    fn run(&mut self, must: u128) -> Option<bool> {
        let mut way = vec![Choice { done: 0, last: None, next: 0, is_swept: false }];
        while let Some(choice) = way.last_mut() {
            let (done, last) = (choice.done, choice.last);
            if done & must == must {
                return Some(true);
            }
            // No operation may come next that began after another one ended.
            let left = self.operations.iter().enumerate().filter(|(at, _)| done & 1 << at == 0);
            let ends = left.clone().filter_map(|(_, operation)| operation.ended).min().unwrap_or(Moment::NEVER);
            let from = choice.next;
            let mut candidates = left
                .skip_while(|(at, _)| *at < from)
                .take_while(|(_, operation)| operation.began <= ends)
                .filter(|(_, operation)| self.may_follow(operation, last));
            // A read that may come now can be placed now without loss: it changes nothing, so no other choice need be
            // tried.
            let read = candidates.clone().find(|(_, operation)| matches!(operation.effect, Effect::Read(_)));
            let is_read = read.is_some();
            let candidate = read.or_else(|| candidates.find(|(at, _)| !self.has_twin(*at, done)));
            let Some((at, operation)) = candidate else {
                if !std::mem::replace(&mut choice.is_swept, true)
                    && let Some(sweep) = self.sweep_under_way(last, done)
                {
                    self.enter(&mut way, done, u8::try_from(sweep).ok())?;
                    continue;
                }
                let is_further = done.count_ones() >= self.furthest;
                if is_further {
                    self.furthest = done.count_ones();
                    let first = self.operations.iter().enumerate().filter(|(at, _)| done & 1 << at == 0);
                    self.stuck_at =
                        first.min_by_key(|(_, op)| op.ended.unwrap_or(Moment::NEVER)).map_or(0, |(at, _)| at);
                }
                way.pop();
                continue;
            };
            choice.next = if is_read { self.operations.len() } else { at + 1 };
            let done = done | 1 << at;
            let is_write = match &operation.effect {
                Effect::Write { .. } | Effect::Evict(_) => true,
                Effect::Sweep(tag) => self.has_tag(last, tag),
                Effect::Read(_) => false,
            };
            let last = if is_write { u8::try_from(at).ok() } else { last };
            self.enter(&mut way, done, last)?;
        }
        Some(false)
    }

    /// Goes on from there, unless that was searched before. `None` when too much was.
    fn enter(&mut self, way: &mut Vec<Choice>, done: u128, last: Option<u8>) -> Option<()> {
        if self.seen.insert((done, last)) {
            way.push(Choice { done, last, next: 0, is_swept: false });
        }
        (self.seen.len() <= STATES_MAX).then_some(())
    }

    /// A sweep that may delete the last write now: it took effect before it, was still under way when the write began, and the write
    /// has not ended.
    fn sweep_under_way(&self, last: Option<u8>, done: u128) -> Option<usize> {
        let write = self.operations[usize::from(last?)];
        let Effect::Write { tag: Some(tag), .. } = &write.effect else { return None };
        let mut all_done = self.operations.iter().enumerate().filter(|(at, _)| done & 1 << at != 0);
        if all_done.clone().any(|(_, operation)| write.ended.is_some_and(|ended| operation.began > ended)) {
            return None;
        }
        let seen = |read: &KeyOperation| matches!((&read.effect, &write.effect), (Effect::Read(found), Effect::Write { value, .. }) if found == value);
        let seen_from =
            all_done.clone().filter(|(_, read)| seen(read)).map(|(_, read)| read.began).max().unwrap_or_default();
        let found = all_done.find(|(_, sweep)| {
            matches!(&sweep.effect, Effect::Sweep(sought) if sought == tag)
                && sweep.ended.is_none_or(|ended| write.began.max(seen_from) <= ended)
        });
        found.map(|(at, _)| at)
    }

    /// Whether an earlier operation of unknown outcome has the same effect and is unused: then trying one of the two is enough.
    fn has_twin(&self, at: usize, done: u128) -> bool {
        let operation = self.operations[at];
        let deletes = matches!(operation.effect, Effect::Write { value: None, .. } | Effect::Sweep(_));
        let is_twin = |(other, earlier): (usize, &&KeyOperation)| {
            done & 1 << other == 0 && earlier.ended.is_none() && earlier.effect == operation.effect
        };
        deletes && operation.ended.is_none() && self.operations[..at].iter().enumerate().any(is_twin)
    }

    fn has_tag(&self, last: Option<u8>, sought: &str) -> bool {
        let last = last.map(|at| &self.operations[usize::from(at)].effect);
        matches!(last, Some(Effect::Write { tag: Some(tag), .. }) if tag == sought)
    }

    /// Whether an operation is valid right after the last write.
    fn may_follow(&self, operation: &KeyOperation, last: Option<u8>) -> bool {
        let last = last.map(|at| self.operations[usize::from(at)]);
        let found = match &operation.effect {
            Effect::Read(found) => found,
            // An eviction of another value changes nothing, so it need not be placed.
            Effect::Evict(evicted) => {
                return matches!(last.map(|write| &write.effect), Some(Effect::Write { value: Some(value), .. }) if value == evicted);
            }
            _ => return true,
        };
        let written = match last.map(|write| &write.effect) {
            Some(Effect::Write { value, ttl, .. }) => value.as_ref().map(|value| (value, *ttl)),
            _ => None,
        };
        let (Some(write), Some((value, ttl))) = (last, written) else { return found.is_none() };
        if let Some(found) = found {
            // The deadline counts from when the coordinator received the write, which is after the client began it.
            let latest = ttl.map_or(Micros::MAX, |ttl| {
                write.ended.map_or(Micros::MAX, |ended| ended.at.saturating_add(ttl + self.bound))
            });
            found == value && operation.began.at <= latest
        } else {
            let ended = operation.ended.unwrap_or(Moment::NEVER).at;
            ttl.is_some_and(|ttl| ended.saturating_add(self.bound) >= write.began.at.saturating_add(ttl))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(began: Micros, ended: Option<Micros>, value: &str) -> KeyOperation {
        let value = (!value.is_empty()).then(|| value.as_bytes().to_vec());
        KeyOperation {
            began: began.into(),
            ended: ended.map(Moment::from),
            effect: Effect::Write { value, ttl: None, tag: None },
        }
    }

    fn read(began: Micros, ended: Micros, value: &str) -> KeyOperation {
        let value = (!value.is_empty()).then(|| value.as_bytes().to_vec());
        KeyOperation { began: began.into(), ended: Some(Moment::from(ended)), effect: Effect::Read(value) }
    }

    #[track_caller]
    fn check(history: &[KeyOperation], is_good: bool) {
        let mut turned = history.to_vec();
        turned.reverse();
        for history in [history, &turned] {
            let verdict = search(history, 0);
            assert_eq!(verdict == Linearizability::Linearizable, is_good, "{verdict:?}");
        }
    }

    #[test]
    fn good_histories_are_good() {
        check(&[], true);
        check(&[read(0, 1, "")], true);
        check(&[write(0, Some(1), "a"), read(2, 3, "a")], true);
        // While a write is under way, reads may return the old value or the new one.
        check(&[write(0, Some(1), "a"), write(2, Some(9), "b"), read(3, 4, "a"), read(5, 6, "b")], true);
        check(&[write(0, Some(9), "a"), write(0, Some(9), "b"), read(10, 11, "a")], true);
        // A write of unknown outcome may become visible late, or never.
        check(&[write(0, None, "a"), read(2, 3, ""), read(4, 5, "a")], true);
        check(&[write(0, None, "a"), write(1, Some(2), "b"), read(3, 4, "b"), read(5, 6, "a")], true);
        check(&[write(0, None, "a"), read(2, 3, "")], true);
        check(&[write(0, Some(1), "a"), write(2, Some(3), ""), read(4, 5, "")], true);
    }

    #[test]
    fn bad_histories_are_bad() {
        check(&[read(0, 1, "a")], false);
        // A lost write.
        check(&[write(0, Some(1), "a"), read(2, 3, "")], false);
        check(&[write(0, Some(1), "a"), write(2, Some(3), "b"), read(4, 5, "a")], false);
        // New, then old.
        check(&[write(0, Some(1), "a"), write(2, Some(9), "b"), read(3, 4, "b"), read(5, 6, "a")], false);
        check(&[write(0, None, "a"), read(2, 3, "a"), read(4, 5, "")], false);
        // A deleted value that comes back.
        check(&[write(0, Some(1), "a"), write(2, Some(3), ""), read(4, 5, "a")], false);
        // A value before its write.
        check(&[read(0, 1, "a"), write(2, Some(3), "a")], false);
        // Two readers that see two writes in two orders.
        check(&[write(0, Some(9), "a"), write(0, Some(9), "b"), read(10, 11, "a"), read(12, 13, "b")], false);
        // A write of unknown outcome takes effect at most once.
        check(&[write(0, None, "a"), read(1, 2, "a"), write(3, Some(4), "b"), read(5, 6, "b"), read(7, 8, "a")], false);
    }

    #[test]
    fn what_happens_at_one_time_is_at_once_unless_its_order_was_noted() {
        let at = |place| Moment { at: 5, place };
        let read_of = |began, value: &str| KeyOperation { began, ..read(5, 6, value) };
        for (ended, began, is_later) in [(at(0), at(0), false), (at(1), at(2), true), (at(2), at(1), false)] {
            let write = KeyOperation { ended: Some(ended), ..write(0, Some(5), "a") };
            check(&[write.clone(), read_of(began, "")], !is_later);
            check(&[write, read_of(began, "a")], true);
        }
    }

    #[test]
    fn deadlines_are_kept_to_within_the_bound() {
        let lives = |ttl| KeyOperation {
            began: Moment::from(100),
            ended: Some(Moment::from(110)),
            effect: Effect::Write { value: Some(b"a".to_vec()), ttl: Some(ttl), tag: None },
        };
        let holds = |operation: KeyOperation| search(&[lives(1000), operation], 20) == Linearizability::Linearizable;
        assert!(holds(read(1000, 1050, "a")) && holds(read(1130, 1140, "a")));
        assert!(!holds(read(1131, 1140, "a")), "it lived longer than its deadline and the bound");
        assert!(holds(read(1070, 1080, "")) && holds(read(2000, 2001, "")));
        assert!(!holds(read(1070, 1079, "")), "it died earlier than its deadline less the bound");
    }

    #[test]
    fn a_sweep_deletes_what_has_its_tag_and_nothing_else() {
        let tagged = |began: Micros, value: &str, tag: &str| {
            let (value, tag) = (Some(value.as_bytes().to_vec()), Some(tag.to_owned()));
            KeyOperation {
                began: Moment::from(began),
                ended: Some(Moment::from(began + 1)),
                effect: Effect::Write { value, ttl: None, tag },
            }
        };
        let sweep = |began: Micros, ended: Option<Micros>| KeyOperation {
            began: began.into(),
            ended: ended.map(Moment::from),
            effect: Effect::Sweep("hot".into()),
        };
        check(&[tagged(0, "a", "hot"), sweep(2, Some(3)), read(4, 5, "")], true);
        check(&[tagged(0, "a", "hot"), sweep(2, Some(3)), read(4, 5, "a")], false);
        check(&[tagged(0, "a", "cold"), sweep(2, Some(3)), read(4, 5, "a")], true);
        check(&[tagged(0, "a", "cold"), sweep(2, Some(3)), read(4, 5, "")], false);
        check(&[tagged(0, "a", "hot"), tagged(2, "b", "cold"), sweep(1, Some(4)), read(5, 6, "")], false);
        // It is unknown whether `b` was written; if it was, the sweep deleted it.
        let unknown = KeyOperation { ended: None, ..tagged(2, "b", "hot") };
        check(&[tagged(0, "a", "cold"), unknown, sweep(3, Some(4)), read(5, 6, "")], true);
        check(&[tagged(0, "a", "hot"), sweep(2, None), read(4, 5, "a"), read(6, 7, "")], true);
        // `b` was under way while the sweep was: it may be deleted as it arrives, once and for ever, though a read after the sweep
        // saw what was there before it.
        let slow = |began| KeyOperation { ended: Some(Moment::from(9)), ..tagged(began, "b", "hot") };
        let old = tagged(0, "a", "cold");
        check(&[old.clone(), slow(2), sweep(3, Some(4)), read(5, 6, "a"), read(7, 8, "")], true);
        check(&[old.clone(), slow(2), sweep(3, Some(4)), read(5, 6, "a"), read(7, 8, "b"), read(10, 11, "b")], true);
        check(&[old.clone(), slow(2), sweep(3, Some(4)), read(5, 6, "a"), read(7, 8, ""), read(10, 11, "b")], false);
        check(&[old.clone(), slow(2), sweep(3, Some(4)), read(5, 6, "a"), read(7, 8, "b"), read(10, 11, "")], false);
        check(&[old.clone(), slow(5), sweep(3, Some(4)), read(7, 8, "")], false);
        // A read that began before the sweep ended may have seen `b` before it was deleted, though it answers later than others.
        check(&[old.clone(), slow(2), sweep(3, Some(4)), read(3, 8, "b"), read(5, 6, "a"), read(10, 11, "")], true);
        check(&[old.clone(), slow(2), sweep(3, Some(4)), read(5, 8, "b"), read(5, 6, "a"), read(10, 11, "")], false);
        check(
            &[
                old,
                KeyOperation { ended: Some(Moment::from(9)), ..tagged(2, "b", "cold") },
                sweep(3, Some(4)),
                read(7, 8, ""),
            ],
            false,
        );
    }

    #[test]
    fn an_eviction_deletes_its_own_write_and_nothing_else() {
        let evict = |began: Micros, value: &str| KeyOperation {
            began: began.into(),
            ended: None,
            effect: Effect::Evict(value.as_bytes().to_vec()),
        };
        let (a, b) = (write(0, Some(1), "a"), write(2, Some(3), "b"));
        // It takes effect at some time after it began, or never; what it deleted does not come back.
        check(&[a.clone(), evict(2, "a"), read(3, 4, "a"), read(5, 6, "")], true);
        check(&[a.clone(), evict(2, "a"), read(3, 4, "a")], true);
        check(&[a.clone(), evict(2, "a"), read(3, 4, ""), read(5, 6, "a")], false);
        check(&[a.clone(), evict(5, "a"), read(2, 3, "")], false);
        // Never an older value, and never nothing instead of a newer one.
        check(&[a.clone(), b.clone(), evict(4, "b"), read(5, 6, "a")], false);
        check(&[a.clone(), b.clone(), evict(4, "a"), read(5, 6, "")], false);
        check(&[a.clone(), b.clone(), evict(1, "a"), read(5, 6, "b")], true);
        check(&[a.clone(), evict(1, "a"), read(1, 2, ""), write(2, Some(4), "b"), read(5, 6, "b")], true);
        // A write of unknown outcome was on one node, and is evicted there.
        check(&[a, write(2, None, "b"), evict(4, "b"), read(5, 6, "")], true);
    }

    #[test]
    fn a_long_history_with_few_at_a_time_is_quick() {
        let values: Vec<String> = (0..60).map(|n| format!("v{n}")).collect();
        let history: Vec<_> = (0..60_usize)
            .flat_map(|n| {
                let at = n as Micros * 10;
                [write(at, Some(at + 12), &values[n]), read(at + 5, at + 15, &values[n])]
            })
            .collect();
        assert_eq!(search(&history, 0), Linearizability::Linearizable);
    }
}
