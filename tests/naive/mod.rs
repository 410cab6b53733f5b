//! A naive cache: a vector, searched from end to end, that says what each rule and each policy means.

use cachedojo::cache::{CacheEvent, CacheStats, EvictionPolicy, IncrementError};

/// An entry of the naive cache.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
    pub(crate) created_ms: u64,
    /// The deadline, and when it was set: the earlier one goes first among equals.
    pub(crate) deadline: Option<(u64, u64)>,
    pub(crate) used_ms: u64,
    pub(crate) uses: u64,
    /// When it came to have so many uses.
    reached: u64,
    is_visited: bool,
    /// Reads that S3-FIFO has yet to reward.
    credit: u64,
    /// In S3-FIFO's main queue, or in ARC's T2.
    is_proven: bool,
}

/// What left, and its weight; the oldest first.
type Ghosts = Vec<(String, u64)>;

/// The naive cache: entries in a queue, the next to leave a FIFO first. Where a policy has two queues, this one holds
/// both, each in its order.
#[derive(Debug, Clone)]
pub(crate) struct Naive {
    policy: EvictionPolicy,
    pub(crate) max_bytes: u64,
    pub(crate) max_entries: u64,
    pub(crate) now_ms: u64,
    pub(crate) moment: u64,
    pub(crate) queue: Vec<Entry>,
    /// SIEVE's: an index into the queue.
    hand: usize,
    /// What S3-FIFO's small queue let go, or ARC's T1.
    ghosts: Ghosts,
    /// What ARC's T2 let go.
    proven_ghosts: Ghosts,
    /// ARC's p, and which of its ghosts is about to come back.
    target: f64,
    returns_from: Option<bool>,
    /// S3-FIFO's: from the first eviction on everything new goes to the small queue.
    has_evicted: bool,
    stats: CacheStats,
    pub(crate) events: Vec<CacheEvent>,
}

impl Naive {
    pub(crate) fn new(policy: EvictionPolicy, max_bytes: u64, max_entries: u64) -> Self {
        Self {
            policy,
            max_bytes,
            max_entries,
            now_ms: 0,
            moment: 0,
            queue: Vec::new(),
            hand: 0,
            ghosts: Vec::new(),
            proven_ghosts: Vec::new(),
            target: 0.0,
            returns_from: None,
            has_evicted: false,
            stats: CacheStats::default(),
            events: Vec::new(),
        }
    }

    pub(crate) fn find(&mut self, key: &str) -> Option<usize> {
        let i = self.queue.iter().position(|entry| entry.key == key)?;
        match self.queue[i].deadline {
            Some((at, _)) if at <= self.now_ms => {
                self.expire(i);
                None
            }
            _ => Some(i),
        }
    }

    pub(crate) fn expire(&mut self, i: usize) {
        let entry = self.take(i);
        self.stats.expired += 1;
        let deadline_ms = entry.deadline.expect("it had one").0;
        self.events.push(CacheEvent::Expired { key: entry.key, deadline_ms });
    }

    pub(crate) fn take(&mut self, i: usize) -> Entry {
        if i < self.hand {
            self.hand -= 1;
        }
        let entry = self.queue.remove(i);
        if self.hand >= self.queue.len() {
            self.hand = 0;
        }
        entry
    }

    fn soonest(&self) -> Option<usize> {
        let timed = (0..self.queue.len()).filter(|&i| self.queue[i].deadline.is_some());
        timed.min_by_key(|&i| self.queue[i].deadline)
    }

    pub(crate) fn first_expired(&self) -> Option<usize> {
        self.soonest().filter(|&i| self.queue[i].deadline.is_some_and(|(at, _)| at <= self.now_ms))
    }

    fn victim(&mut self, incoming: u64) -> usize {
        self.has_evicted = true;
        match self.policy {
            EvictionPolicy::LFU => {
                let all = 0..self.queue.len();
                all.min_by_key(|&i| (self.queue[i].uses, self.queue[i].reached)).expect("somebody")
            }
            EvictionPolicy::TTL => self.soonest().unwrap_or(0),
            EvictionPolicy::Clock => {
                while self.queue[0].is_visited {
                    let mut entry = self.queue.remove(0);
                    entry.is_visited = false;
                    self.queue.push(entry);
                }
                0
            }
            EvictionPolicy::Sieve => loop {
                let i = self.hand;
                if !self.queue[i].is_visited {
                    return i;
                }
                self.queue[i].is_visited = false;
                self.hand = (i + 1) % self.queue.len();
            },
            EvictionPolicy::S3Fifo => self.victim_of_s3fifo(),
            EvictionPolicy::Arc => self.victim_of_arc(incoming),
            EvictionPolicy::LRU | EvictionPolicy::FIFO => 0,
        }
    }

    /// A tenth of the bytes and of the entries is the small queue; ghosts are kept for nine tenths, rounded down.
    fn victim_of_s3fifo(&mut self) -> usize {
        let (main_bytes_max, main_count_max) =
            (self.max_bytes - self.max_bytes / 10, self.max_entries - self.max_entries / 10);
        // Whoever is promoted makes no room: the search goes on, however full the main queue becomes by it.
        let is_from_small = self.bytes_of(true) <= main_bytes_max && self.count_of(true) <= main_count_max;
        while is_from_small && let Some(i) = self.oldest(false) {
            if self.queue[i].credit < 2 {
                self.remember_in_ghosts(i);
                return i;
            }
            let mut entry = self.queue.remove(i);
            (entry.credit, entry.is_proven) = (0, true);
            self.queue.push(entry);
        }
        loop {
            let i = self.oldest(true).expect("somebody");
            if self.queue[i].credit == 0 {
                return i;
            }
            let mut entry = self.queue.remove(i);
            entry.credit = entry.credit.min(3) - 1;
            self.queue.push(entry);
        }
    }

    fn remember_in_ghosts(&mut self, i: usize) {
        let nine_tenths = |limit: u64| limit - limit.div_ceil(10);
        let (ghost, ghosts_max) = (weight(&self.queue[i]), nine_tenths(self.max_bytes));
        if ghost <= ghosts_max {
            self.ghosts.push((self.queue[i].key.clone(), ghost));
        }
        while weights(&self.ghosts) > ghosts_max || self.ghosts.len() as u64 > nine_tenths(self.max_entries) {
            drop_first(&mut self.ghosts);
        }
    }

    /// The paper's case IV, then REPLACE, in bytes instead of pages if bytes are bounded.
    fn victim_of_arc(&mut self, incoming: u64) -> usize {
        let max = self.arc_max();
        let (t1, t2) = if self.is_paged() {
            (self.count_of(false), self.count_of(true))
        } else {
            (self.bytes_of(false), self.bytes_of(true))
        };
        let (b1, b2) = (weights(&self.ghosts), weights(&self.proven_ghosts));
        if self.returns_from.is_none() {
            let incoming = if self.is_paged() { 1 } else { incoming };
            if t1 + b1 + incoming > max {
                if b1 == 0
                    && let Some(i) = self.oldest(false)
                {
                    return i;
                }
                drop_first(&mut self.ghosts);
            } else if t1 + b1 + t2 + b2 >= max.saturating_mul(2) {
                drop_first(&mut self.proven_ghosts);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let t1 = t1 as f64;
        let is_over = t1 > self.target || (self.returns_from == Some(true) && t1 >= self.target);
        let first = self.oldest(false).filter(|_| is_over);
        let i = first.or(self.oldest(true)).or(self.oldest(false)).expect("somebody");
        let ghost = (self.queue[i].key.clone(), if self.is_paged() { 1 } else { weight(&self.queue[i]) });
        let ghosts = if self.queue[i].is_proven { &mut self.proven_ghosts } else { &mut self.ghosts };
        ghosts.push(ghost);
        if ghosts.len() as u64 > self.max_entries {
            drop_first(ghosts);
        }
        i
    }

    /// Whether ARC counts entries: if nothing else is bounded.
    fn is_paged(&self) -> bool {
        self.max_bytes == u64::MAX
    }

    fn arc_max(&self) -> u64 {
        if self.is_paged() { self.max_entries } else { self.max_bytes }
    }

    /// A key that is not in the cache is about to come in.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn remember(&mut self, key: &str) {
        let (b1, b2) = (weights(&self.ghosts) as f64, weights(&self.proven_ghosts) as f64);
        let is_of = |ghosts: &mut Ghosts| {
            let place = ghosts.iter().position(|(ghost, _)| ghost == key);
            place.map(|i| ghosts.remove(i)).is_some()
        };
        self.returns_from = None;
        if is_of(&mut self.ghosts) {
            self.returns_from = Some(false);
            self.target = (self.target + (b2 / b1).max(1.0)).min(self.arc_max() as f64);
        } else if is_of(&mut self.proven_ghosts) {
            self.returns_from = Some(true);
            self.target = (self.target - (b1 / b2).max(1.0)).max(0.0);
        }
    }

    /// Whether what comes in goes straight to S3-FIFO's main queue, or to ARC's T2.
    fn is_proven(&self, bytes: u64) -> bool {
        let (bytes_max, count_max) = (self.max_bytes / 10, self.max_entries / 10);
        let is_full = self.bytes_of(false) >= bytes_max || self.count_of(false) >= count_max;
        let is_no_filter = bytes >= bytes_max || count_max <= 1 || (!self.has_evicted && is_full);
        self.returns_from.is_some() || (self.policy == EvictionPolicy::S3Fifo && is_no_filter)
    }

    fn oldest(&self, is_proven: bool) -> Option<usize> {
        self.queue.iter().position(|entry| entry.is_proven == is_proven)
    }

    fn bytes_of(&self, is_proven: bool) -> u64 {
        self.queue.iter().filter(|entry| entry.is_proven == is_proven).map(weight).sum()
    }

    fn count_of(&self, is_proven: bool) -> u64 {
        self.queue.iter().filter(|entry| entry.is_proven == is_proven).count() as u64
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.queue.iter().map(weight).sum()
    }

    fn make_room(&mut self, bytes: u64, entries: u64, for_key: &str) {
        while self.bytes() + bytes > self.max_bytes || self.queue.len() as u64 + entries > self.max_entries {
            if let Some(i) = self.first_expired() {
                self.expire(i);
                continue;
            }
            let i = self.victim(bytes);
            let key = self.take(i).key;
            self.stats.evictions += 1;
            self.events.push(CacheEvent::Evicted { key, policy: self.policy, for_key: for_key.into() });
        }
    }

    pub(crate) fn set(&mut self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> bool {
        let bytes = (key.len() + value.len()) as u64;
        if bytes > self.max_bytes || self.max_entries == 0 {
            let limit_bytes = self.max_bytes;
            self.events.push(CacheEvent::Refused { key: key.into(), bytes, limit_bytes });
            return false;
        }
        if self.queue.iter().all(|entry| entry.key != key) {
            self.remember(key);
        }
        if let Some(i) = self.find(key) {
            self.take(i);
        }
        self.make_room(bytes, 1, key);
        let is_proven = self.is_proven(bytes);
        self.returns_from = None;
        self.moment += 1;
        self.queue.push(Entry {
            key: key.into(),
            value: value.into(),
            created_ms: self.now_ms,
            deadline: ttl_ms.map(|ttl| (self.now_ms.saturating_add(ttl), self.moment)),
            used_ms: self.now_ms,
            uses: 0,
            reached: self.moment,
            is_visited: false,
            credit: 0,
            is_proven,
        });
        true
    }

    fn use_entry(&mut self, i: usize) {
        self.moment += 1;
        let entry = &mut self.queue[i];
        entry.used_ms = self.now_ms;
        entry.uses += 1;
        entry.reached = self.moment;
        entry.is_visited = true;
        entry.credit += 1;
        entry.is_proven |= self.policy == EvictionPolicy::Arc;
        if matches!(self.policy, EvictionPolicy::LRU | EvictionPolicy::Arc) {
            let entry = self.queue.remove(i);
            self.queue.push(entry);
        }
    }

    pub(crate) fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        let Some(i) = self.find(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        let value = self.queue[i].value.clone();
        self.use_entry(i);
        Some(value)
    }

    /// The sum; the value has as many digits as before or the caller expects no room to be needed.
    pub(crate) fn add(&mut self, key: &str, delta: i64) -> Option<Result<i64, IncrementError>> {
        let i = self.find(key)?;
        let number = std::str::from_utf8(&self.queue[i].value).ok().and_then(|text| text.parse::<i64>().ok());
        let Some(number) = number else { return Some(Err(IncrementError::NotANumber)) };
        let Some(sum) = number.checked_add(delta) else { return Some(Err(IncrementError::Overflow)) };
        self.queue[i].value = sum.to_string().into_bytes();
        self.use_entry(i);
        Some(Ok(sum))
    }

    /// Everybody in the order of leaving.
    pub(crate) fn order(&self) -> Vec<Entry> {
        let mut rehearsal = self.clone();
        let mut order = Vec::new();
        while !rehearsal.queue.is_empty() {
            let i = rehearsal.first_expired().unwrap_or_else(|| rehearsal.victim(0));
            order.push(rehearsal.take(i));
        }
        order
    }

    pub(crate) fn stats(&self) -> CacheStats {
        let bytes_stored = usize::try_from(self.bytes()).expect("small");
        CacheStats { bytes_stored, entry_count: self.queue.len(), ..self.stats }
    }
}

fn weight(entry: &Entry) -> u64 {
    (entry.key.len() + entry.value.len()) as u64
}

fn weights(ghosts: &Ghosts) -> u64 {
    ghosts.iter().map(|(_, weight)| weight).sum()
}

fn drop_first(ghosts: &mut Ghosts) {
    if !ghosts.is_empty() {
        ghosts.remove(0);
    }
}
