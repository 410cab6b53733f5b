//! Lives of a node, beside a model of one.
//!
//! Big entries weigh 1800 to 1880 bytes and a full node holds five: whether keys are weighed, or a hundred bytes an entry besides,
//! a sixth never fits and a few small ones always do. Deadlines stand between the ticks, never on one.

use super::Writer;
use super::model::Model;

/// Five big entries fit, and a few small ones; six do not.
const LIMIT: u64 = 10_700;
const SMALL_MAX: usize = 5;
/// No time to live and no tick is of this many milliseconds apart, so no reading of a deadline stands on it.
const OFF: u64 = 25;

/// A model, and the script that it writes.
struct Scribe<'a> {
    to: &'a mut Writer,
    model: Model,
}

impl Scribe<'_> {
    fn begin(to: &mut Writer, is_lru: bool, is_bounded: bool) -> Scribe<'_> {
        let limit = if is_bounded { LIMIT.to_string() } else { "1MiB".to_owned() };
        to.line(&format!("node new {limit} {}", if is_lru { "lru" } else { "fifo" }));
        Scribe { to, model: Model::new(is_lru, is_bounded) }
    }

    fn get(&mut self, key: &str) {
        let value = self.model.get(key);
        self.to.expect(&format!("node get {key}"), value.as_deref().unwrap_or("nothing"));
    }

    /// A read whose answer another promise is about.
    fn look(&mut self, key: &str) {
        self.model.get(key);
        self.to.line(&format!("node get {key}"));
    }

    fn set(&mut self, key: &str, value: &str, size: u64, ttl: Option<u64>) {
        // Where a key that is stored again stands in the order of arrival is left open.
        if !self.model.is_lru && self.model.find(key).is_some() {
            self.delete(key);
        }
        // What has expired may leave before what lives, and at any write: neither is fixed.
        if self.model.has_rests() {
            self.clean();
        }
        self.model.set(key, value, size, ttl);
        let ttl = ttl.map_or(String::new(), |ttl| format!(" ttl {ttl}ms"));
        self.to.line(&format!("node set {key} {value}{ttl}"));
    }

    fn big(&mut self, key: &str, ttl: Option<u64>) {
        let (size, letter) = (self.to.between(1800, 1880), self.to.letter());
        self.set(key, &format!("{size}*{letter}"), size, ttl);
    }

    fn small(&mut self, key: &str, ttl: Option<u64>) {
        let others = self.model.entries.iter().filter(|entry| entry.size < 100 && entry.key != key).count();
        if others < SMALL_MAX || !self.model.is_bounded {
            let number = self.to.between(10, 900).to_string();
            self.set(key, &number, number.len() as u64, ttl);
        }
    }

    fn delete(&mut self, key: &str) {
        if self.model.is_rest(key) {
            self.clean();
        }
        let was_there = self.model.find(key).is_some();
        self.model.entries.retain(|entry| entry.key != key);
        self.to.expect(&format!("node delete {key}"), if was_there { "deleted" } else { "not found" });
    }

    fn incr(&mut self, key: &str, delta: i64) {
        if self.model.is_rest(key) {
            self.clean();
        }
        // Whether a number that has changed is a new arrival is left open; whether it was used, a read settles.
        let Some(at) = self.model.find(key).filter(|_| self.model.is_lru) else { return };
        let number = self.model.entries[at].value.parse::<i64>();
        let line = format!("node incr {key} {delta}");
        match number {
            Ok(number) => {
                let sum = (number + delta).to_string();
                self.model.entries[at].size = sum.len() as u64;
                self.model.entries[at].value.clone_from(&sum);
                self.to.expect(&line, &sum);
            }
            Err(_) => self.to.expect(&line, "nothing"),
        }
        self.get(key);
    }

    fn touch(&mut self, key: &str, ttl: u64) {
        if self.model.is_rest(key) {
            self.clean();
        }
        let found = self.model.find(key);
        self.to.expect(&format!("node touch {key} {ttl}ms"), if found.is_some() { "touched" } else { "not found" });
        if let Some(at) = found {
            self.model.entries[at].deadline = Some(self.model.now + ttl);
            self.get(key);
        }
    }

    fn tick(&mut self) {
        let ms = self.to.pick(&[50, 50, 100, 300]);
        self.model.now += ms;
        self.to.line(&format!("tick {ms}ms"));
    }

    fn clean(&mut self) {
        let removed = self.model.clean();
        self.to.expect("node clean", &format!("removed {removed}"));
    }

    fn stats(&mut self, names: &[&str]) {
        if self.model.has_rests() {
            self.clean();
        }
        self.to.line("node stats");
        let model = &self.model;
        let counts = [
            ("entries", model.entries.len() as u64),
            ("hits", model.hits),
            ("misses", model.misses),
            ("evictions", model.evictions),
            ("expired", model.expired),
        ];
        for (name, count) in counts.into_iter().filter(|(name, _)| names.contains(name)) {
            self.to.line(&format!("expect {name} = {count}"));
        }
        if names.contains(&"bytes") {
            self.to.line(&format!("expect bytes >= {}", model.bytes()));
            self.to.line(&format!("expect bytes <= {}", model.bytes() + 200 * model.entries.len() as u64));
        }
    }

    fn ttl(&mut self) -> u64 {
        self.to.pick(&[50, 200, 400, 100_000]) + OFF
    }

    fn some_ttl(&mut self) -> Option<u64> {
        (self.to.below(2) == 0).then(|| self.ttl())
    }
}

const COUNTS: &[&str] = &["entries", "hits", "misses", "evictions", "expired", "bytes"];

/// Keys that were never stored.
pub(super) fn strangers(to: &mut Writer) {
    let names = to.names(8);
    let mut scribe = Scribe::begin(to, true, false);
    for key in &names[..4] {
        scribe.get(&names[7]);
        scribe.small(key, None);
    }
    for key in &names[4..] {
        scribe.get(key);
        scribe.get(&key[1..]);
        scribe.get(&key.to_uppercase());
    }
}

/// What is stored is read back, stored again or not.
pub(super) fn reads(to: &mut Writer) {
    let names = to.names(5);
    let mut scribe = Scribe::begin(to, true, false);
    for _ in 0..25 {
        let key = scribe.to.pick(&[0, 1, 2, 3, 4]);
        if scribe.to.below(2) == 0 || scribe.model.find(&names[key]).is_none() {
            scribe.small(&names[key], None);
        } else {
            scribe.get(&names[key]);
        }
    }
}

/// What is deleted is gone, and only that.
pub(super) fn deletes(to: &mut Writer) {
    let names = to.names(6);
    let mut scribe = Scribe::begin(to, true, false);
    for key in &names {
        scribe.small(key, None);
    }
    for key in &names[..3] {
        scribe.delete(key);
        for key in &names {
            scribe.get(key);
        }
    }
}

/// Past its time a key gives nothing, before it its value.
pub(super) fn expiry(to: &mut Writer) {
    let names = to.names(16);
    let mut scribe = Scribe::begin(to, true, false);
    for key in &names {
        let ttl = scribe.some_ttl();
        scribe.small(key, ttl);
        scribe.tick();
        for key in &names[..8] {
            scribe.get(key);
        }
    }
}

/// The least recently used leaves.
pub(super) fn recency(to: &mut Writer) {
    let names = to.names(14);
    let mut scribe = Scribe::begin(to, true, true);
    for (at, key) in names.iter().enumerate() {
        scribe.big(key, None);
        for _ in 0..scribe.to.below(3) {
            let known = usize::try_from(scribe.to.below(at as u64 + 1)).unwrap_or_default();
            scribe.get(&names[known]);
        }
    }
    for key in &names {
        scribe.get(key);
    }
}

/// Numbers go up.
pub(super) fn sums(to: &mut Writer) {
    let names = to.names(3);
    let mut scribe = Scribe::begin(to, true, false);
    for key in &names {
        scribe.small(key, None);
    }
    for _ in 0..8 {
        let (key, delta) = (scribe.to.pick(&[0, 1, 2]), scribe.to.between(2, 400));
        scribe.incr(&names[key], delta.cast_signed());
    }
}

/// Found and not found are counted, and what is there.
pub(super) fn counts(to: &mut Writer) {
    let names = to.names(6);
    let mut scribe = Scribe::begin(to, true, false);
    for key in &names[..4] {
        scribe.small(key, None);
        for _ in 0..2 {
            let other = scribe.to.pick(&[0, 1, 2, 3, 4, 5]);
            scribe.look(&names[other]);
        }
        scribe.stats(&["entries", "hits", "misses"]);
    }
}

/// Scenario A: what has expired is neither served nor kept.
pub(super) fn removal(to: &mut Writer) {
    let names = to.names(10);
    let mut scribe = Scribe::begin(to, true, false);
    for (at, key) in names.iter().enumerate() {
        let ttl = scribe.some_ttl();
        scribe.small(key, ttl);
        scribe.tick();
        let known = usize::try_from(scribe.to.below(at as u64 + 1)).unwrap_or_default();
        if scribe.model.is_rest(&names[known]) {
            scribe.get(&names[known]);
        } else {
            scribe.look(&names[known]);
        }
        if scribe.to.below(3) == 0 {
            scribe.model.clean();
            scribe.to.line("node clean");
            scribe.to.line("node stats");
            let there = scribe.model.entries.len();
            scribe.to.line(&format!("expect entries <= {there}"));
            scribe.to.line(&format!("expect bytes <= {}", scribe.model.bytes() + 200 * there as u64));
        }
    }
}

/// Scenario B: whatever is mixed, the limit holds and the bytes are those of what is there.
pub(super) fn accounts(to: &mut Writer) {
    let names = to.names(9);
    let mut scribe = Scribe::begin(to, true, true);
    scribe.to.line(&format!("always bytes <= {LIMIT}"));
    for _ in 0..70 {
        let at = usize::try_from(scribe.to.below(9)).unwrap_or_default();
        let key = names[at].as_str();
        match scribe.to.below(12) {
            0..=4 => {
                let (size, letter) = (scribe.to.pick(&[700, 1800, 4000, 9000]), scribe.to.letter());
                let ttl = if scribe.to.below(3) == 0 { format!(" ttl {}ms", scribe.ttl()) } else { String::new() };
                scribe.to.line(&format!("node set {key} {size}*{letter}{ttl}"));
            }
            5 => scribe.to.line(&format!("node set {key} 99")),
            6 => scribe.to.line(&format!("node incr {key} 999999999999")),
            7 => scribe.to.line(&format!("node delete {key}")),
            8 => scribe.to.line(&format!("node touch {key} 225ms")),
            9 => scribe.to.line(&format!("node get {key}")),
            10 => scribe.tick(),
            _ => scribe.to.line("node clean"),
        }
    }
    scribe.to.line("node clean");
    for key in &names {
        scribe.to.line(&format!("node delete {key}"));
    }
    scribe.to.line("node stats");
    scribe.to.line("expect entries = 0");
    scribe.to.line("expect bytes = 0");
    scribe.model.entries.clear();
    // Storing one key again and again takes its room once.
    scribe.big(&names[0], None);
    for at in [1, 2, 1, 1, 2, 1, 2, 2, 1] {
        scribe.big(&names[at], None);
    }
    scribe.get(&names[0]);
    scribe.stats(&["entries", "bytes"]);
}

/// Scenario E: whatever is read, found or not found, is counted so. Nothing is evicted: who leaves is another promise's.
pub(super) fn misses(to: &mut Writer) {
    let names = to.names(9);
    let mut scribe = Scribe::begin(to, true, false);
    for _ in 0..40 {
        let at = usize::try_from(scribe.to.below(9)).unwrap_or_default();
        let key = names[at].as_str();
        match scribe.to.below(8) {
            0 | 1 => {
                let ttl = scribe.some_ttl();
                scribe.model.set(key, "v", 1, ttl);
                let ttl = ttl.map_or(String::new(), |ttl| format!(" ttl {ttl}ms"));
                scribe.to.line(&format!("node set {key} v{ttl}"));
            }
            2 if !scribe.model.is_rest(key) => {
                scribe.model.entries.retain(|entry| entry.key != key);
                scribe.to.line(&format!("node delete {key}"));
            }
            3 => scribe.tick(),
            _ => scribe.look(key),
        }
    }
    let (hits, misses) = (scribe.model.hits, scribe.model.misses);
    scribe.to.line("node stats");
    scribe.to.line(&format!("expect hits = {hits}"));
    scribe.to.line(&format!("expect misses = {misses}"));
}

/// All that a node can, under LRU and FIFO.
pub(super) fn everything(to: &mut Writer) {
    let names = to.names(9);
    let (is_lru, is_bounded) = (to.below(3) > 0, to.below(3) > 0);
    let mut scribe = Scribe::begin(to, is_lru, is_bounded);
    for _ in 0..80 {
        let at = usize::try_from(scribe.to.below(9)).unwrap_or_default();
        let key = names[at].as_str();
        match scribe.to.below(24) {
            0..=6 => {
                let ttl = scribe.some_ttl();
                scribe.big(key, ttl);
            }
            7 => {
                let ttl = scribe.some_ttl();
                scribe.small(key, ttl);
            }
            8..=13 => scribe.get(key),
            14 | 15 => scribe.delete(key),
            16 | 17 => {
                let delta = scribe.to.below(2000).cast_signed() - 1000;
                scribe.incr(key, delta);
            }
            18 => {
                let ttl = scribe.ttl();
                scribe.touch(key, ttl);
            }
            19 | 20 => scribe.tick(),
            21 => scribe.clean(),
            _ => scribe.stats(COUNTS),
        }
    }
    for key in &names {
        scribe.get(key);
    }
    scribe.stats(COUNTS);
    if is_bounded {
        // What becomes of the others is left open.
        scribe.to.line(&format!("node set {}x 20000*z", names[0]));
        scribe.to.expect(&format!("node get {}x", names[0]), "nothing");
        scribe.to.line("node stats");
        scribe.to.line(&format!("expect bytes <= {LIMIT}"));
    }
}

/// LFU, where no two are read alike, and TTL, where no two deadlines are.
pub(super) fn policies(to: &mut Writer) {
    let names = to.names(9);
    let sizes: Vec<u64> = (0..9).map(|_| to.between(1800, 1880)).collect();
    let value = |at: usize| format!("{}*{}", sizes[at], char::from(b'a' + at.to_le_bytes()[0]));
    let mut order = [0, 1, 2, 3, 4];
    for at in (1..5).rev() {
        let other = usize::try_from(to.below(at as u64 + 1)).unwrap_or_default();
        order.swap(at, other);
    }
    if to.below(2) == 0 {
        to.line(&format!("node new {LIMIT} lfu"));
        for (at, name) in names.iter().enumerate().take(5) {
            to.line(&format!("node set {name} {}", value(at)));
        }
        // The most read one first, so that it is not the last used too.
        for (reads, at) in order.iter().enumerate().rev() {
            for _ in 0..reads * 2 + 2 {
                to.expect(&format!("node get {}", names[*at]), &value(*at));
            }
        }
        // Whether the newcomer may leave at once is left open; the one that is read least must, if another has to.
        for (at, name) in names.iter().enumerate().take(8).skip(5) {
            to.line(&format!("node set {name} {}", value(at)));
        }
        for at in &order[1..] {
            to.expect(&format!("node get {}", names[*at]), &value(*at));
        }
        return;
    }
    to.line(&format!("node new {LIMIT} ttl"));
    let mut deadlines: Vec<(u64, usize)> = Vec::new();
    for (at, place) in order.iter().enumerate() {
        let minutes = 10 + 10 * *place as u64;
        to.line(&format!("node set {} {} ttl {minutes}m", names[at], value(at)));
        deadlines.push((minutes, at));
    }
    let touched = order[2];
    to.expect(&format!("node touch {} 95m", names[touched]), "touched");
    deadlines[touched].0 = 95;
    // Whoever comes later may live shorter than those before, and leave after them.
    to.line("tick 5m");
    for (at, name) in names.iter().enumerate().take(8).skip(5) {
        deadlines.sort_unstable();
        deadlines.remove(0);
        let lives = 96 + at as u64 * 10;
        to.line(&format!("node set {name} {} ttl {lives}m", value(at)));
        deadlines.push((lives + 5, at));
    }
    for (at, name) in names.iter().enumerate().take(8) {
        let stays = deadlines.iter().any(|(_, known)| *known == at);
        to.expect(&format!("node get {name}"), &if stays { value(at) } else { "nothing".to_owned() });
    }
}
