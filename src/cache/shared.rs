//! [`SharedCache`]: one cache node for many threads, and the thread that cleans it.

// In unit tests the model checker explores the locks with primitives of its own; everywhere else std's are used.
#[cfg(test)]
use shuttle::{sync, thread, thread_local};
#[cfg(not(test))]
use std::{sync, thread, thread_local};

use std::io;
use std::path::Path;
use std::time::Duration;

use sync::atomic::{AtomicU64, Ordering};
use sync::mpsc::{self, Receiver, Sender};
use sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::{CacheNode, CacheStats, IncrementError, file};

/// How often the background cleaner of [`SharedCache::start`] looks for expired entries.
pub const CLEANING_PERIOD: Duration = Duration::from_mins(1);

/// The cleaner releases the lock after so many entries, so that no operation waits for a long cleaning.
const CLEANED_AT_ONCE: usize = 64;

/// A handle on a [`CacheNode`] that threads share; clones are handles on the same one.
///
/// Every method holds the one lock and calls the node's method of the same name, so operations are atomic and counters
/// exact. Dropping the last handle ends the cleaner too.
///
/// # Several operations as one
///
/// The lock is re-entrant, as Python's `RLock` is, in the way that Rust allows:
///
/// - [`Self::hold`] keeps other threads out while it calls a closure. Within the closure every method of every handle on the same
///   cache works as usual, [`Self::hold`] and [`Self::with`] included. It is Python's `with lock:`.
/// - [`Self::with`] lends the node itself, to one borrower at a time. Using a handle in the same thread meanwhile would lend it
///   twice, so it panics at once with a sentence that says so, instead of waiting for itself for ever.
///
/// ```
/// use cachedojo::cache::{CacheNode, EvictionPolicy, SharedCache};
///
/// let cache = SharedCache::new(CacheNode::new(1000, EvictionPolicy::LRU));
/// let seats = cache.hold(|cache| {
///     // Nobody comes between these two, and `hold` may be called by what is called here.
///     cache.set("seats".into(), b"12".to_vec(), None);
///     cache.hold(|cache| cache.increment("seats", -1))
/// });
/// assert_eq!(seats, Ok(11));
/// ```
#[derive(Debug, Clone)]
pub struct SharedCache {
    shared: Arc<SharedNode>,
    cleaner: Arc<Mutex<Option<Cleaner>>>,
}

/// What handles share. A thread is identified by a number; 0 is none.
#[derive(Debug)]
struct SharedNode {
    node: Mutex<CacheNode>,
    /// The thread that uses the node now; [`SharedCache::with`] checks it. Set and reset under the node's lock.
    user: AtomicU64,
    /// Locked while a thread is in [`SharedCache::hold`].
    gate: Mutex<()>,
    /// The thread in [`SharedCache::hold`]. Set under both locks, reset under this one.
    holder: AtomicU64,
}

thread_local! {
    /// The number of this thread.
    static THREAD: u64 = numbers::next();
}

/// In a module of its own on std's atomics: the model checker need not explore how numbers are given out.
mod numbers {
    use std::sync::atomic::{AtomicU64, Ordering};

    static NEXT: AtomicU64 = AtomicU64::new(1);

    pub(super) fn next() -> u64 {
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}

/// Resets a thread number to 0 when dropped, so also after a panic.
struct Reset<'a>(&'a AtomicU64);

impl Drop for Reset<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Dropping the sender tells the cleaner's thread to end.
#[derive(Debug)]
struct Cleaner {
    closing: Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl SharedCache {
    /// Shares a node, without a cleaner.
    pub fn new(node: CacheNode) -> Self {
        let (user, holder) = (AtomicU64::new(0), AtomicU64::new(0));
        let shared = SharedNode { node: Mutex::new(node), user, gate: Mutex::new(()), holder };
        Self { shared: Arc::new(shared), cleaner: Arc::default() }
    }

    /// Shares a node and starts its cleaner, which removes what has expired every [`CLEANING_PERIOD`] until
    /// [`Self::close`]. The node should be on [`Clock::host`](crate::clock::Clock::host), or on one that somebody moves.
    pub fn start(node: CacheNode) -> Self {
        let until_next = |closing: &Receiver<()>| {
            matches!(closing.recv_timeout(CLEANING_PERIOD), Err(mpsc::RecvTimeoutError::Timeout))
        };
        Self::start_with_ticker(node, until_next)
    }

    /// [`Self::start`] with a ticker from the caller: it returns `true` when it is time to clean, and `false` to end the
    /// cleaning, at the latest when the channel it is given has no sender any more. It must not close the cache itself: closing
    /// waits for the ticker to end.
    pub fn start_with_ticker(node: CacheNode, mut ticker: impl FnMut(&Receiver<()>) -> bool + Send + 'static) -> Self {
        let cache = Self::new(node);
        let (closing, is_closing) = mpsc::channel();
        let cleaned = Self::clone_node(&cache);
        let thread = thread::spawn(move || {
            while ticker(&is_closing) {
                cleaned.clean_expired();
            }
        });
        *lock(&cache.cleaner) = Some(Cleaner { closing, thread });
        cache
    }

    /// Stops the cleaner and waits for it; the cache goes on without one. Closing again does nothing.
    ///
    /// # Panics
    /// Within [`Self::hold`] and [`Self::with`]: the cleaner may be waiting for the lock that they hold.
    pub fn close(&self) {
        let this = THREAD.with(|&this| this);
        let is_holding = [&self.shared.holder, &self.shared.user].map(|it| it.load(Ordering::Relaxed)).contains(&this);
        assert!(!is_holding, "the cleaner may be waiting for this thread: close the cache outside `hold` and `with`");
        let cleaner = lock(&self.cleaner).take();
        if let Some(Cleaner { closing, thread }) = cleaner {
            drop(closing);
            let _ = thread.join();
        }
    }

    /// Runs several operations as one on the node itself, with no other thread in between.
    ///
    /// # Panics
    /// When `operations` uses a handle on the same cache; [`Self::hold`] allows that.
    pub fn with<R>(&self, operations: impl FnOnce(&mut CacheNode) -> R) -> R {
        let this = THREAD.with(|&this| this);
        loop {
            let mut node = self.lock_node(this);
            let holder = self.shared.holder.load(Ordering::Relaxed);
            if holder == 0 || holder == this {
                self.shared.user.store(this, Ordering::Relaxed);
                let _reset = Reset(&self.shared.user);
                return operations(&mut node);
            }
            drop(node);
            // Waits until the holder has left.
            drop(lock(&self.shared.gate));
        }
    }

    /// Runs several operations as one, with no other thread in between, through this handle or any other: see [the
    /// type](Self#several-operations-as-one).
    pub fn hold<R>(&self, operations: impl FnOnce(&Self) -> R) -> R {
        let this = THREAD.with(|&this| this);
        if self.shared.holder.load(Ordering::Relaxed) == this {
            return operations(self);
        }
        // Otherwise a thread in `with` would wait for a holder that waits for it.
        self.check_user(this);
        let _gate = lock(&self.shared.gate);
        // Set under the node's lock, so that the next thread to lock the node sees it.
        let node = self.lock_node(this);
        self.shared.holder.store(this, Ordering::Relaxed);
        drop(node);
        let _reset = Reset(&self.shared.holder);
        operations(self)
    }

    fn lock_node(&self, this: u64) -> MutexGuard<'_, CacheNode> {
        match self.shared.node.try_lock() {
            Ok(node) => node,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.check_user(this);
                lock(&self.shared.node)
            }
        }
    }

    fn check_user(&self, this: u64) {
        let is_user = self.shared.user.load(Ordering::Relaxed) == this;
        assert!(!is_user, "a handle was used within `with`, which lends the node: use that node, or `hold` instead");
    }

    /// [`save_to_file`](super::save_to_file). The lock is held while entries are copied into memory, not while they are written
    /// to the disk.
    ///
    /// # Errors
    /// As there.
    pub fn save_to_file(&self, path: &Path) -> io::Result<()> {
        let saved = self.with(|node| node.save_sealed());
        file::write(path, &saved)
    }

    /// [`load_from_file`](super::load_from_file). The file is read first; the lock is held only for the swap at the end, so no
    /// thread sees half of it.
    ///
    /// # Errors
    /// As there; the cache then stays as it was.
    pub fn load_from_file(&self, path: &Path) -> io::Result<()> {
        let mut loaded = self.with(|node| node.to_empty());
        super::load_from_file(&mut loaded, path)?;
        self.with(|node| node.take_over(loaded));
        Ok(())
    }

    /// [`CacheNode::read`], with a copy of the value.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.with(|node| node.read(key).map(<[u8]>::to_vec))
    }

    /// [`CacheNode::set`].
    pub fn set(&self, key: String, value: Vec<u8>, ttl: Option<Duration>) -> bool {
        self.with(|node| node.set(key, value, ttl))
    }

    /// [`CacheNode::delete`].
    pub fn delete(&self, key: &str) -> bool {
        self.with(|node| node.delete(key))
    }

    /// [`CacheNode::increment`].
    ///
    /// # Errors
    /// As there.
    pub fn increment(&self, key: &str, amount: i64) -> Result<i64, IncrementError> {
        self.with(|node| node.increment(key, amount))
    }

    /// [`CacheNode::touch`].
    pub fn touch(&self, key: &str, ttl: Duration) -> bool {
        self.with(|node| node.touch(key, ttl))
    }

    /// [`CacheNode::exists`].
    pub fn exists(&self, key: &str) -> bool {
        self.with(|node| node.exists(key))
    }

    /// [`CacheNode::keys`].
    pub fn keys(&self, pattern: &str) -> Vec<String> {
        self.with(|node| node.keys(pattern))
    }

    /// [`CacheNode::delete_pattern`].
    pub fn delete_pattern(&self, pattern: &str) -> usize {
        self.with(|node| node.delete_pattern(pattern))
    }

    /// [`CacheNode::clear`].
    pub fn clear(&self) {
        self.with(CacheNode::clear);
    }

    /// [`CacheNode::stats`].
    pub fn stats(&self) -> CacheStats {
        self.with(|node| node.stats())
    }

    /// [`CacheNode::clean_expired`], a few entries at a time, so that other threads get the lock in between.
    pub fn clean_expired(&self) -> usize {
        let mut total = 0;
        loop {
            let count = self.with(|node| node.clean_some(CLEANED_AT_ONCE));
            total += count;
            if count < CLEANED_AT_ONCE {
                return total;
            }
            // Without this, the thread that is awake would take the lock again before any that waits for it.
            thread::yield_now();
        }
    }

    /// A handle without a reference to the cleaner: the cleaner's own, so that it does not keep itself alive.
    fn clone_node(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), cleaner: Arc::default() }
    }
}

/// The lock, even if a thread panicked while holding it: no operation of the node leaves it inconsistent when it
/// unwinds.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::EvictionPolicy;
    use crate::clock::Clock;

    const SCHEDULES: usize = 1000;

    #[test]
    fn in_every_schedule_nobody_comes_between_what_is_held() {
        shuttle::check_random(
            || {
                let cache = cache(10);
                let adders = (0..2).map(|_| {
                    let cache = cache.clone();
                    thread::spawn(move || {
                        let other = cache.clone();
                        cache.hold(|held| {
                            let known = held.get("n").unwrap_or_default();
                            other.hold(|held| held.set("n".into(), [known, b"x".to_vec()].concat(), None));
                            held.with(|node| assert!(node.exists("n")));
                        });
                    })
                });
                let adders: Vec<_> = adders.collect();
                cache.delete("other");
                for adder in adders {
                    adder.join().expect("it ends");
                }
                assert_eq!(cache.get("n").as_deref(), Some(b"xx".as_slice()));
            },
            SCHEDULES,
        );
    }

    fn cache(max_entries: u64) -> SharedCache {
        SharedCache::new(CacheNode::with_limits(1000, max_entries, EvictionPolicy::LRU, Clock::new()))
    }

    #[test]
    fn in_every_schedule_no_increment_is_lost() {
        shuttle::check_random(
            || {
                let cache = cache(10);
                let adders = (0..3).map(|_| {
                    let cache = cache.clone();
                    thread::spawn(move || {
                        for _ in 0..2 {
                            cache.increment("n", 1).expect("a number");
                        }
                    })
                });
                for adder in adders.collect::<Vec<_>>() {
                    adder.join().expect("it ends");
                }
                assert_eq!(cache.get("n").as_deref(), Some(b"6".as_slice()));
            },
            SCHEDULES,
        );
    }

    #[test]
    fn in_every_schedule_the_counters_add_up() {
        shuttle::check_random(
            || {
                let cache = cache(1);
                let writer = {
                    let cache = cache.clone();
                    thread::spawn(move || {
                        cache.set("a".into(), b"1".to_vec(), None);
                        cache.set("b".into(), b"2".to_vec(), None);
                    })
                };
                let reader = {
                    let cache = cache.clone();
                    thread::spawn(move || {
                        let found = [cache.get("a"), cache.get("b")];
                        assert!(found[0].as_deref().is_none_or(|value| value == b"1"));
                        found.iter().flatten().count() as u64
                    })
                };
                writer.join().expect("it ends");
                let hits = reader.join().expect("it ends");
                let stats = cache.stats();
                assert_eq!((stats.hits, stats.hits + stats.misses), (hits, 2));
                assert_eq!((stats.evictions, stats.entry_count), (1, 1));
            },
            SCHEDULES,
        );
    }

    /// Two batches and one entry more are to be cleaned; returns how many are left when another thread looks in
    /// between.
    fn left_when_somebody_looks() -> (usize, usize) {
        let clock = Clock::new();
        let cache = SharedCache::new(CacheNode::with_clock(10_000, EvictionPolicy::LRU, clock.clone()));
        let count = 2 * CLEANED_AT_ONCE + 1;
        for i in 0..count {
            cache.set(i.to_string(), b"v".to_vec(), Some(Duration::from_millis(5)));
        }
        clock.advance(Duration::from_millis(5));
        let cleaner = {
            let cache = cache.clone();
            thread::spawn(move || assert_eq!(cache.clean_expired(), count))
        };
        let left = cache.stats().entry_count;
        cleaner.join().expect("it ends");
        assert_eq!(cache.stats().entry_count, 0);
        (left, count)
    }

    #[test]
    fn in_some_schedule_others_get_in_between_while_much_is_cleaned() {
        let was_between = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = Arc::clone(&was_between);
        shuttle::check_random(
            move || {
                let (left, count) = left_when_somebody_looks();
                assert!([0, 1, 1 + CLEANED_AT_ONCE, count].contains(&left), "{left} left");
                seen.fetch_or(left != 0 && left != count, Ordering::Relaxed);
            },
            100,
        );
        assert!(was_between.load(Ordering::Relaxed));
    }

    /// The scheduler lets a thread run on for as long as it can, but puts one that yields last.
    #[test]
    fn whoever_waits_while_much_is_cleaned_is_next() {
        shuttle::check_pct(
            || {
                let (left, count) = left_when_somebody_looks();
                assert!([1 + CLEANED_AT_ONCE, count].contains(&left), "{left} left");
            },
            100,
            1,
        );
    }

    #[test]
    fn in_every_schedule_closing_ends_the_cleaner() {
        shuttle::check_random(
            || {
                let clock = Clock::new();
                let node = CacheNode::with_clock(1000, EvictionPolicy::LRU, clock.clone());
                let (tick, ticks) = mpsc::channel();
                let cache = SharedCache::start_with_ticker(node, move |_| ticks.recv().is_ok());
                cache.set("k".into(), b"v".to_vec(), Some(Duration::from_millis(5)));
                clock.advance(Duration::from_millis(5));
                tick.send(()).expect("the cleaner listens");
                drop(tick);
                cache.close();
                cache.close();
                assert_eq!((cache.stats().expired, cache.stats().entry_count), (1, 0));
            },
            SCHEDULES,
        );
    }
}
