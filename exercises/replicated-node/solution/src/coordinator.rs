//! Reads and writes, as the node that a client asks carries them out: first it asks the replicas of the key what they hold, then it has them
//! keep what is to be kept, and each time it waits for enough of them (Attiya, Bar-Noy and Dolev, 1995).

use std::time::{Duration, Instant};

use crate::api::{ConsistencyLevel, Reply};
use crate::message::Message;
use crate::store::{Entry, Version};

/// How long an operation waits for enough replicas.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a client wants.
pub enum Wanted {
    Read,
    /// A value for a time, or for ever; nothing, where it is to be deleted.
    Write(Option<Vec<u8>>, Option<Instant>),
}

/// An operation that waits for replicas.
pub struct Operation {
    pub request: u64,
    pub key: String,
    pub level: ConsistencyLevel,
    pub wanted: Wanted,
    pub until: Instant,
    /// What each replica said that it holds.
    answers: Vec<(String, Option<Version>)>,
    newest: Option<Entry>,
    /// Once it is known what the replicas are to keep: that, and who does.
    keeping: Option<(Entry, Vec<String>)>,
}

/// What an operation needs next.
pub enum Next {
    Wait,
    /// Have the replicas keep something: [`Operation::message`].
    Store,
    Reply(Reply),
}

/// The nodes that a key belongs to, under each ring that counts.
pub type Groups = Vec<Vec<String>>;

impl Operation {
    pub fn new(request: u64, key: String, level: ConsistencyLevel, wanted: Wanted, now: Instant) -> Self {
        let (answers, newest, keeping) = (Vec::new(), None, None);
        Self { request, key, level, wanted, until: now + PATIENCE, answers, newest, keeping }
    }

    /// The message to whoever has not answered yet.
    pub fn message(&self, op: u64) -> Message {
        match &self.keeping {
            None => Message::Query { op, key: self.key.clone() },
            Some((entry, _)) => Message::Store { op, key: self.key.clone(), entry: entry.clone() },
        }
    }

    pub fn has_heard(&self, node: &str) -> bool {
        match &self.keeping {
            None => self.has_answered(node),
            Some((_, keepers)) => keepers.iter().any(|keeper| keeper == node),
        }
    }

    fn has_answered(&self, node: &str) -> bool {
        self.answers.iter().any(|(from, _)| from == node)
    }

    /// A replica has started again: what it said before is void.
    pub fn unhear(&mut self, node: &str) {
        self.answers.retain(|(from, _)| from != node);
        if let Some((_, keepers)) = &mut self.keeping {
            keepers.retain(|keeper| keeper != node);
        }
    }

    pub fn on_held(&mut self, from: &str, entry: Option<Entry>) {
        self.answers.retain(|(earlier, _)| earlier != from);
        self.answers.push((from.to_owned(), entry.as_ref().map(|entry| entry.version)));
        let newest = self.newest.as_ref().map(|newest| newest.version);
        if let Some(entry) = entry.filter(|entry| newest.is_none_or(|newest| entry.version > newest)) {
            self.newest = Some(entry);
        }
    }

    pub fn on_stored(&mut self, from: &str) {
        if let Some((_, keepers)) = &mut self.keeping {
            keepers.retain(|keeper| keeper != from);
            keepers.push(from.to_owned());
        }
    }

    /// What comes next. `counter` is the highest that this node knows, `writer` its own number.
    pub fn next(&mut self, groups: &Groups, counter: &mut u64, writer: u64, now: Instant) -> Next {
        if let Some((entry, keepers)) = &self.keeping {
            if !enough(self.level, groups, |node| keepers.contains(node)) {
                return Next::Wait;
            }
            return Next::Reply(match self.wanted {
                Wanted::Read => Reply::Value(entry.living(now).cloned()),
                Wanted::Write(..) => Reply::Done,
            });
        }
        if !enough(self.level, groups, |node| self.has_answered(node)) {
            return Next::Wait;
        }
        let known = self.newest.as_ref().map(|newest| newest.version);
        let entry = match &self.wanted {
            Wanted::Write(value, ends) => {
                *counter = (*counter).max(known.map_or(0, |known| known.counter)) + 1;
                Entry { version: Version { counter: *counter, writer }, value: value.clone(), ends: *ends }
            }
            Wanted::Read => {
                let Some(newest) = &self.newest else { return Next::Reply(Reply::Value(None)) };
                // A later read must not find less: unless enough replicas have it already, it is kept before it is told.
                if enough(self.level, groups, |node| {
                    self.answers.iter().any(|(from, held)| from == node && *held == known)
                }) {
                    return Next::Reply(Reply::Value(newest.living(now).cloned()));
                }
                newest.clone()
            }
        };
        self.keeping = Some((entry, Vec::new()));
        Next::Store
    }

    pub fn failure(&self, groups: &Groups) -> Reply {
        let heard = groups.last().map_or(0, |group| group.iter().filter(|node| self.has_heard(node)).count());
        let all = groups.last().map_or(0, Vec::len);
        Reply::Failed(format!("{heard} of {all} replicas answered in time, {} are needed", needed(self.level, all)))
    }
}

fn needed(level: ConsistencyLevel, replicas: usize) -> usize {
    match level {
        ConsistencyLevel::One => 1,
        ConsistencyLevel::Quorum => replicas / 2 + 1,
        ConsistencyLevel::All => replicas,
    }
}

/// Whether enough replicas are so, under each ring that counts: while keys move, the old nodes and the new.
fn enough(level: ConsistencyLevel, groups: &Groups, is_so: impl Fn(&String) -> bool) -> bool {
    groups.iter().all(|group| group.iter().filter(|node| is_so(node)).count() >= needed(level, group.len()))
}
