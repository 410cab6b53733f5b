//! A naive cache: a vector, searched from end to end, that follows each rule and each policy literally.

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
    /// When it reached its number of uses.
    reached: u64,
    is_visited: bool,
    /// Reads of S3-FIFO that are not used up yet.
    credit: u64,
    /// In S3-FIFO's or 2Q's main queue, in ARC's T2, or one of those who stay in LIRS.
    is_proven: bool,
    /// W-TinyLFU's: in the window, on probation, or protected.
    segment: Place,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Window,
    Probation,
    Protected,
}

/// Evicted keys with their weights, oldest first.
type Ghosts = Vec<(String, u64)>;

/// The naive cache: entries in a queue, the next one to leave a FIFO first. For a policy with two queues this one holds
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
    /// The ghosts of S3-FIFO's small queue, or of ARC's T1.
    ghosts: Ghosts,
    /// The ghosts of ARC's T2.
    proven_ghosts: Ghosts,
    /// ARC's p, and which of its ghosts is about to come back.
    target: f64,
    returns_from: Option<bool>,
    /// S3-FIFO's: from the first eviction on everything new goes to the small queue.
    has_evicted: bool,
    /// LIRS's: keys by their last reads, latest last, and whether the staying entries have ever run out of room.
    stack: Vec<String>,
    was_full: bool,
    /// W-TinyLFU's: how often keys were asked for, and how much was counted since the counts were halved; its sketch is as
    /// long as the cache was at its fullest.
    counts: Vec<(String, u64)>,
    counted: u64,
    sketch_words: u64,
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
            stack: Vec::new(),
            was_full: false,
            counts: Vec::new(),
            counted: 0,
            sketch_words: 64,
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
        // A ghost of LIRS is in its stack.
        if !self.ghosts.iter().any(|(ghost, _)| *ghost == entry.key) {
            self.stack.retain(|key| *key != entry.key);
        }
        self.prune();
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
            EvictionPolicy::TwoQueue => self.victim_of_2q(),
            EvictionPolicy::Lirs => self.victim_of_lirs(),
            EvictionPolicy::WTinyLfu => self.victim_of_wtinylfu(incoming),
            EvictionPolicy::LRU | EvictionPolicy::FIFO => 0,
        }
    }

    /// A tenth of the bytes and of the entries is the small queue; ghosts are kept for nine tenths, rounded down.
    fn victim_of_s3fifo(&mut self) -> usize {
        let (main_bytes_max, main_count_max) =
            (self.max_bytes - self.max_bytes / 10, self.max_entries - self.max_entries / 10);
        // Promotion does not free room: the search goes on, even if the main queue becomes too full by it.
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

    /// The paper's `reclaimfor`: A1in over a quarter gives, and is remembered, as long as half a cache of ghosts has room.
    fn victim_of_2q(&mut self) -> usize {
        let is_over = self.bytes_of(false) > self.max_bytes / 4 || self.count_of(false) > self.max_entries / 4;
        if let Some(i) = self.oldest(true).filter(|_| !is_over) {
            return i;
        }
        let i = self.oldest(false).expect("somebody");
        let ghost = weight(&self.queue[i]);
        if ghost <= self.max_bytes / 2 {
            self.ghosts.push((self.queue[i].key.clone(), ghost));
        }
        while weights(&self.ghosts) > self.max_bytes / 2 || self.ghosts.len() as u64 > self.max_entries / 2 {
            drop_first(&mut self.ghosts);
        }
        i
    }

    /// The first of LIRS's leaving entries, remembered if it is in the stack; else the bottom of the stack.
    fn victim_of_lirs(&mut self) -> usize {
        let Some(i) = self.oldest(false) else {
            return self.find_stayer_at_bottom().expect("somebody");
        };
        let (key, ghost) = (self.queue[i].key.clone(), weight(&self.queue[i]));
        if self.stack.contains(&key) {
            self.ghosts.push((key, ghost));
        }
        while weights(&self.ghosts) > self.max_bytes || self.ghosts.len() as u64 > self.max_entries {
            let (key, _) = self.ghosts.remove(0);
            self.stack.retain(|known| *known != key);
        }
        i
    }

    fn find_stayer_at_bottom(&self) -> Option<usize> {
        let stays = |key: &&String| self.queue.iter().any(|entry| entry.key == **key && entry.is_proven);
        let bottom = self.stack.iter().find(stays)?;
        self.queue.iter().position(|entry| entry.key == *bottom)
    }

    /// LIRS's: the stack ends at the lowest staying entry.
    fn prune(&mut self) {
        let bottom = self.find_stayer_at_bottom().map(|i| self.queue[i].key.clone());
        let place = bottom.and_then(|bottom| self.stack.iter().position(|key| *key == bottom));
        self.stack.drain(..place.unwrap_or(self.stack.len()));
    }

    /// LIRS's: whether those who stay have room, for an entry of so many bytes or beside it.
    fn has_room_to_stay(&self, bytes: u64, beside: (u64, u64)) -> bool {
        let share = |most: u64| most - (most / 100).max(1).min(most);
        beside.0.saturating_add(bytes) <= share(self.max_bytes) && beside.1 <= share(self.max_entries)
    }

    /// LIRS's: an entry, the last of the queue, was read or came in.
    fn read_in_lirs(&mut self, stays: bool) {
        let last = self.queue.len() - 1;
        self.queue[last].is_proven = stays;
        let key = self.queue[last].key.clone();
        self.stack.retain(|known| *known != key);
        self.stack.push(key);
        while !self.has_room_to_stay(0, (self.bytes_of(true), self.count_of(true))) {
            let bottom = self.find_stayer_at_bottom().expect("somebody stays");
            let mut entry = self.queue.remove(bottom);
            entry.is_proven = false;
            self.queue.push(entry);
            self.prune();
        }
        self.prune();
    }

    /// W-TinyLFU's: the shares of the window and of the main cache, in bytes and entries.
    fn shares(&self) -> [(u64, u64); 2] {
        let window = |most: u64| most.div_ceil(100);
        let main = |most: u64| most - most.div_ceil(100);
        [(window(self.max_bytes), window(self.max_entries)), (main(self.max_bytes), main(self.max_entries))]
    }

    fn held(&self, segments: &[Place]) -> (u64, u64) {
        let held = self.queue.iter().filter(|entry| segments.contains(&entry.segment));
        (held.clone().map(weight).sum(), held.count() as u64)
    }

    fn first_of(&self, segment: Place) -> Option<usize> {
        self.queue.iter().position(|entry| entry.segment == segment)
    }

    /// Moves an entry to the end of a segment.
    fn move_to(&mut self, i: usize, segment: Place) {
        let mut entry = self.queue.remove(i);
        entry.segment = segment;
        self.queue.push(entry);
    }

    fn main_has_room(&self, i: usize) -> bool {
        let (bytes, count) = self.held(&[Place::Probation, Place::Protected]);
        let (bytes_max, count_max) = self.shares()[1];
        bytes + weight(&self.queue[i]) <= bytes_max && count < count_max
    }

    fn victim_of_wtinylfu(&mut self, incoming: u64) -> usize {
        let (bytes_max, count_max) = self.shares()[0];
        loop {
            let victim = self.first_of(Place::Probation).or(self.first_of(Place::Protected));
            let (bytes, count) = self.held(&[Place::Window]);
            let is_for_window = incoming <= bytes_max && count_max > 0;
            let is_full = bytes.saturating_add(incoming) > bytes_max || count >= count_max;
            let Some(candidate) = self.first_of(Place::Window).filter(|_| is_for_window && is_full) else {
                return victim.or(self.first_of(Place::Window)).expect("somebody");
            };
            if self.main_has_room(candidate) {
                self.move_to(candidate, Place::Probation);
                continue;
            }
            let is_better = |victim: &usize| self.times(candidate) > self.times(*victim);
            return victim.filter(is_better).unwrap_or(candidate);
        }
    }

    fn times(&self, i: usize) -> u64 {
        let key = &self.queue[i].key;
        self.counts.iter().find(|(known, _)| known == key).map_or(0, |(_, count)| *count)
    }

    /// W-TinyLFU's: counts a read of a key. There are so few keys here that the sketch has no collisions.
    fn count(&mut self, key: &str) {
        if !self.counts.iter().any(|(known, _)| known == key) {
            self.counts.push((key.to_owned(), 0));
        }
        let (_, count) = self.counts.iter_mut().find(|(known, _)| known == key).expect("there");
        if *count < 15 {
            *count += 1;
            self.counted += 1;
        }
        if self.counted >= 10 * self.sketch_words {
            self.counts.iter_mut().for_each(|(_, count)| *count /= 2);
            self.counted /= 2;
        }
    }

    /// W-TinyLFU's: decides where the new entry, the last of the queue, goes.
    fn settle_in_wtinylfu(&mut self) {
        let last = self.queue.len() - 1;
        let (bytes_max, count_max) = self.shares()[0];
        if weight(&self.queue[last]) > bytes_max || count_max == 0 {
            self.queue[last].segment = Place::Probation;
        }
        self.sketch_words = self.sketch_words.max((self.queue.len() as u64).next_power_of_two());
        loop {
            let (bytes, count) = self.held(&[Place::Window]);
            let Some(oldest) = self.first_of(Place::Window) else { return };
            if (bytes <= bytes_max && count <= count_max) || !self.main_has_room(oldest) {
                return;
            }
            self.move_to(oldest, Place::Probation);
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

    /// A key that is not in the cache is about to be inserted.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn remember(&mut self, key: &str) {
        let (b1, b2) = (weights(&self.ghosts) as f64, weights(&self.proven_ghosts) as f64);
        let is_of = |ghosts: &mut Ghosts| {
            let place = ghosts.iter().position(|(ghost, _)| ghost == key);
            place.map(|i| ghosts.remove(i)).is_some()
        };
        self.returns_from = None;
        if self.policy == EvictionPolicy::WTinyLfu {
            self.count(key);
        } else if self.policy == EvictionPolicy::Lirs {
            // Also a ghost that is no longer in the stack is forgotten now.
            let is_return = is_of(&mut self.ghosts) && self.stack.iter().any(|known| known == key);
            self.stack.retain(|known| known != key);
            self.returns_from = is_return.then_some(false);
        } else if is_of(&mut self.ghosts) {
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
            is_proven: is_proven && self.policy != EvictionPolicy::Lirs,
            segment: Place::Window,
        });
        match self.policy {
            EvictionPolicy::Lirs => {
                self.was_full &= self.count_of(true) > 0;
                let beside = (self.bytes_of(true), self.count_of(true) + 1);
                let stays = if is_proven {
                    self.has_room_to_stay(bytes, (0, 1))
                } else {
                    !self.was_full && self.has_room_to_stay(bytes, beside)
                };
                self.was_full |= !is_proven && !stays;
                self.read_in_lirs(stays);
            }
            EvictionPolicy::WTinyLfu => self.settle_in_wtinylfu(),
            _ => {}
        }
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
        let (is_proven, key) = (entry.is_proven, entry.key.clone());
        match self.policy {
            EvictionPolicy::LRU | EvictionPolicy::Arc => {
                let entry = self.queue.remove(i);
                self.queue.push(entry);
            }
            EvictionPolicy::TwoQueue if is_proven => {
                let entry = self.queue.remove(i);
                self.queue.push(entry);
            }
            EvictionPolicy::Lirs => {
                let fits = self.has_room_to_stay(weight(&self.queue[i]), (0, 1));
                let stays = is_proven || (self.stack.contains(&key) && fits);
                let entry = self.queue.remove(i);
                self.queue.push(entry);
                self.read_in_lirs(stays);
            }
            EvictionPolicy::WTinyLfu => {
                self.count(&key);
                let is_window = self.queue[i].segment == Place::Window;
                self.move_to(i, if is_window { Place::Window } else { Place::Protected });
                let (bytes_max, count_max) = self.shares()[1];
                let (bytes_max, count_max) = (bytes_max - bytes_max / 5, count_max - count_max / 5);
                loop {
                    let (bytes, count) = self.held(&[Place::Protected]);
                    let Some(oldest) = self.first_of(Place::Protected) else { break };
                    if bytes <= bytes_max && count <= count_max {
                        break;
                    }
                    self.move_to(oldest, Place::Probation);
                }
            }
            _ => {}
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
