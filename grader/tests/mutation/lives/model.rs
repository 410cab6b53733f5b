//! What a node should hold and have counted: a list that is searched from end to end.

/// So many big entries fit.
const BIG_MAX: usize = 5;

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) size: u64,
    pub(super) deadline: Option<u64>,
    pub(super) stored: u64,
    pub(super) used: u64,
}

/// What a node should hold and have counted.
pub(super) struct Model {
    pub(super) is_lru: bool,
    pub(super) is_bounded: bool,
    pub(super) entries: Vec<Entry>,
    pub(super) now: u64,
    pub(super) turn: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) evictions: u64,
    pub(super) expired: u64,
}

impl Model {
    pub(super) fn new(is_lru: bool, is_bounded: bool) -> Self {
        let (entries, now, turn) = (Vec::new(), 0, 0);
        Self { is_lru, is_bounded, entries, now, turn, hits: 0, misses: 0, evictions: 0, expired: 0 }
    }

    pub(super) fn find(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == key)
    }

    pub(super) fn is_over(&self, entry: &Entry) -> bool {
        entry.deadline.is_some_and(|at| at <= self.now)
    }

    /// Whether something is there whose time is over: when it leaves is left open.
    pub(super) fn has_rests(&self) -> bool {
        self.entries.iter().any(|entry| self.is_over(entry))
    }

    pub(super) fn is_rest(&self, key: &str) -> bool {
        self.find(key).is_some_and(|at| self.is_over(&self.entries[at]))
    }

    pub(super) fn turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    pub(super) fn get(&mut self, key: &str) -> Option<String> {
        if self.is_rest(key) {
            self.expired += 1;
            self.entries.retain(|entry| entry.key != key);
        }
        let turn = self.turn();
        if let Some(at) = self.find(key) {
            self.hits += 1;
            self.entries[at].used = turn;
            Some(self.entries[at].value.clone())
        } else {
            self.misses += 1;
            None
        }
    }

    pub(super) fn set(&mut self, key: &str, value: &str, size: u64, ttl: Option<u64>) {
        self.entries.retain(|entry| entry.key != key);
        let bigs = |entries: &[Entry]| entries.iter().filter(|entry| entry.size > 100).count();
        while self.is_bounded && size > 100 && bigs(&self.entries) >= BIG_MAX {
            let rank = |entry: &Entry| if self.is_lru { entry.used } else { entry.stored };
            let first = self.entries.iter().map(rank).min();
            self.entries.retain(|entry| Some(rank(entry)) != first);
            self.evictions += 1;
        }
        let (deadline, turn) = (ttl.map(|ttl| self.now + ttl), self.turn());
        self.entries.push(Entry {
            key: key.to_owned(),
            value: value.to_owned(),
            size,
            deadline,
            stored: turn,
            used: turn,
        });
    }

    pub(super) fn clean(&mut self) -> u64 {
        let before = self.entries.len();
        let now = self.now;
        self.entries.retain(|entry| entry.deadline.is_none_or(|at| at > now));
        let removed = (before - self.entries.len()) as u64;
        self.expired += removed;
        removed
    }

    pub(super) fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }
}
