//! Programs with threads, right and wrong, that `tests/threads.rs` builds for `wasm32-wasip1-threads` and runs under many
//! schedules. Each export is one case; a right one gives one answer under every schedule.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

fn all<F: Fn(u32) + Send + Sync + 'static>(count: u32, work: F) {
    let work = Arc::new(work);
    let handles: Vec<_> = (0..count)
        .map(|i| {
            let work = Arc::clone(&work);
            thread::spawn(move || work(i))
        })
        .collect();
    for handle in handles {
        handle.join().unwrap();
    }
}

// ---- right ----

#[unsafe(no_mangle)]
pub extern "C" fn map_behind_a_mutex(n: u32) -> u32 {
    let map = Arc::new(Mutex::new(HashMap::new()));
    let shared = Arc::clone(&map);
    all(n, move |i| *shared.lock().unwrap().entry(i % 7).or_insert(0) += 1);
    let map = map.lock().unwrap();
    map.values().sum()
}

#[unsafe(no_mangle)]
pub extern "C" fn counter(n: u32) -> u32 {
    let count = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&count);
    all(n, move |_| {
        for _ in 0..10 {
            shared.fetch_add(1, Ordering::SeqCst);
        }
    });
    count.load(Ordering::SeqCst)
}

/// Each waits for its turn by unlocking, locking and looking again.
#[unsafe(no_mangle)]
pub extern "C" fn locks_and_looks(n: u32) -> u32 {
    let turn = Arc::new(Mutex::new(HashMap::from([("turn", 0)])));
    let shared = Arc::clone(&turn);
    all(n, move |i| {
        let mut guard = shared.lock().unwrap();
        while guard["turn"] != i {
            drop(guard);
            guard = shared.lock().unwrap();
        }
        *guard.entry("turn").or_insert(0) += 1;
    });
    let guard = turn.lock().unwrap();
    guard["turn"]
}

#[unsafe(no_mangle)]
pub extern "C" fn locks_and_looks_counting(n: u32) -> u32 {
    let (turn, looks) = (Arc::new(Mutex::new(0)), AtomicU64::new(0));
    let shared = Arc::clone(&turn);
    all(n, move |i| {
        loop {
            let mut guard = shared.lock().unwrap();
            looks.fetch_add(1, Ordering::SeqCst);
            if *guard == i {
                *guard += 1;
                break;
            }
        }
    });
    let turn = turn.lock().unwrap();
    *turn
}

#[unsafe(no_mangle)]
pub extern "C" fn reads_and_looks(n: u32) -> u32 {
    let turn = Arc::new(RwLock::new(0));
    let shared = Arc::clone(&turn);
    all(n, move |i| {
        while *shared.read().unwrap() != i {}
        *shared.write().unwrap() += 1;
    });
    let turn = turn.read().unwrap();
    *turn
}

#[unsafe(no_mangle)]
pub extern "C" fn tries_a_lock(n: u32) -> u32 {
    let turn = Arc::new(Mutex::new(0));
    let shared = Arc::clone(&turn);
    all(n, move |i| {
        loop {
            if let Ok(mut guard) = shared.try_lock()
                && *guard == i
            {
                *guard += 1;
                break;
            }
        }
    });
    let turn = turn.lock().unwrap();
    *turn
}

/// Time must move although one thread never stops to look.
#[unsafe(no_mangle)]
pub extern "C" fn looks_for_a_sleeper(_: u32) -> u32 {
    let done = Arc::new(Mutex::new(false));
    let shared = Arc::clone(&done);
    let sleeper = thread::spawn(move || {
        thread::sleep(Duration::from_secs(3));
        *shared.lock().unwrap() = true;
    });
    while !*done.lock().unwrap() {}
    sleeper.join().unwrap();
    1
}

#[unsafe(no_mangle)]
pub extern "C" fn compare_and_swap(n: u32) -> u32 {
    let count = Arc::new(AtomicU64::new(0));
    let shared = Arc::clone(&count);
    all(n, move |_| {
        loop {
            let seen = shared.load(Ordering::SeqCst);
            if shared.compare_exchange(seen, seen + 1, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                break;
            }
        }
    });
    count.load(Ordering::SeqCst) as u32
}

#[unsafe(no_mangle)]
pub extern "C" fn channel(n: u32) -> u32 {
    let (sender, receiver) = mpsc::channel();
    for i in 0..n {
        let sender = sender.clone();
        thread::spawn(move || {
            for k in 0..3 {
                sender.send((i, k)).unwrap();
            }
        });
    }
    drop(sender);
    // Each sender's messages come in its order.
    let mut next = HashMap::new();
    let mut count = 0;
    for (i, k) in receiver {
        let seen = next.entry(i).or_insert(0);
        assert_eq!(*seen, k);
        *seen += 1;
        count += 1;
    }
    count
}

#[unsafe(no_mangle)]
pub extern "C" fn bounded_channel(n: u32) -> u32 {
    let (sender, receiver) = mpsc::sync_channel(1);
    let producer = thread::spawn(move || (0..n).for_each(|i| sender.send(i).unwrap()));
    let sum = receiver.iter().sum();
    producer.join().unwrap();
    sum
}

#[unsafe(no_mangle)]
pub extern "C" fn gate(n: u32) -> u32 {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let passed = Arc::new(AtomicU32::new(0));
    let handles: Vec<_> = (0..n)
        .map(|_| {
            let (gate, passed) = (Arc::clone(&gate), Arc::clone(&passed));
            thread::spawn(move || {
                let mut open = gate.0.lock().unwrap();
                while !*open {
                    open = gate.1.wait(open).unwrap();
                }
                passed.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
    for handle in handles {
        handle.join().unwrap();
    }
    passed.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn scoped(n: u32) -> u32 {
    let mut parts = vec![0; n as usize];
    thread::scope(|scope| {
        for (i, part) in parts.iter_mut().enumerate() {
            scope.spawn(move || *part = i as u32 + 1);
        }
    });
    parts.iter().sum()
}

#[unsafe(no_mangle)]
pub extern "C" fn barrier(n: u32) -> u32 {
    let barrier = Arc::new(Barrier::new(n as usize));
    let before = Arc::new(AtomicU32::new(0));
    let wrong = Arc::new(AtomicU32::new(0));
    let (all_before, any_wrong) = (Arc::clone(&before), Arc::clone(&wrong));
    all(n, move |_| {
        all_before.fetch_add(1, Ordering::SeqCst);
        barrier.wait();
        if all_before.load(Ordering::SeqCst) != n {
            any_wrong.store(1, Ordering::SeqCst);
        }
    });
    wrong.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn readers_and_writers(n: u32) -> u32 {
    let pair = Arc::new(RwLock::new((0, 0)));
    let wrong = Arc::new(AtomicU32::new(0));
    let (shared, any_wrong) = (Arc::clone(&pair), Arc::clone(&wrong));
    all(n, move |i| {
        if i % 2 == 0 {
            let mut pair = shared.write().unwrap();
            pair.0 += 1;
            pair.1 += 1;
        } else {
            let pair = shared.read().unwrap();
            if pair.0 != pair.1 {
                any_wrong.store(1, Ordering::SeqCst);
            }
        }
    });
    pair.read().unwrap().0 + 1_000 * wrong.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn spins(n: u32) -> u32 {
    let turn = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&turn);
    all(n, move |i| {
        while shared.load(Ordering::Acquire) != i {
            std::hint::spin_loop();
        }
        shared.store(i + 1, Ordering::Release);
    });
    turn.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn spin_lock(n: u32) -> u32 {
    let lock = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&count);
    all(n, move |i| {
        while lock.swap(true, Ordering::Acquire) {
            if i % 2 == 0 {
                thread::yield_now();
            }
        }
        let seen = shared.load(Ordering::Relaxed);
        shared.store(seen + 1, Ordering::Relaxed);
        lock.store(false, Ordering::Release);
    });
    count.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn sleepers(n: u32) -> u32 {
    let begun = Instant::now();
    all(n, |i| thread::sleep(Duration::from_secs(3_600 + u64::from(i))));
    (begun.elapsed().as_secs() / 3_600) as u32
}

#[unsafe(no_mangle)]
pub extern "C" fn waits_with_a_time_limit(_: u32) -> u32 {
    let pair = (Mutex::new(0), Condvar::new());
    let guard = pair.0.lock().unwrap();
    let (_guard, result) = pair.1.wait_timeout_while(guard, Duration::from_secs(60), |done| *done == 0).unwrap();
    u32::from(result.timed_out())
}

#[unsafe(no_mangle)]
pub extern "C" fn once(n: u32) -> u32 {
    static MADE: AtomicU32 = AtomicU32::new(0);
    static VALUE: OnceLock<u32> = OnceLock::new();
    all(n, |_| {
        VALUE.get_or_init(|| MADE.fetch_add(1, Ordering::SeqCst));
    });
    MADE.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn short_threads(n: u32) -> u32 {
    let count = Arc::new(Mutex::new(0));
    let shared = Arc::clone(&count);
    all(n, move |_| *shared.lock().unwrap() += 1);
    let count = *count.lock().unwrap();
    count
}

// ---- wrong ----

#[unsafe(no_mangle)]
pub extern "C" fn lost_update(n: u32) -> u32 {
    let count = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&count);
    all(n, move |_| {
        let seen = shared.load(Ordering::SeqCst);
        shared.store(seen + 1, Ordering::SeqCst);
    });
    count.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn check_then_act(n: u32) -> u32 {
    let count = Arc::new(Mutex::new(0));
    let shared = Arc::clone(&count);
    all(n, move |_| {
        let seen = *shared.lock().unwrap();
        *shared.lock().unwrap() = seen + 1;
    });
    let count = *count.lock().unwrap();
    count
}

#[unsafe(no_mangle)]
pub extern "C" fn lock_order(_: u32) -> u32 {
    let (a, b) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let (a2, b2) = (Arc::clone(&a), Arc::clone(&b));
    let other = thread::spawn(move || {
        let mut b = b2.lock().unwrap();
        *b += *a2.lock().unwrap();
    });
    {
        let mut a = a.lock().unwrap();
        *a += *b.lock().unwrap();
    }
    other.join().unwrap();
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn locks_itself(n: u32) -> u32 {
    let twice = || {
        let lock = Mutex::new(0);
        let first = lock.lock().unwrap();
        *first + *lock.lock().unwrap()
    };
    let started: Vec<_> = (1..=n).map(|i| thread::spawn(move || if i == n { twice() } else { 0 })).collect();
    if n == 0 { twice() } else { started.into_iter().map(|thread| thread.join().unwrap()).sum() }
}

#[unsafe(no_mangle)]
pub extern "C" fn missed_wake_up(_: u32) -> u32 {
    let pair = Arc::new((Mutex::new(()), Condvar::new()));
    let other = Arc::clone(&pair);
    let waiter = thread::spawn(move || {
        let guard = other.0.lock().unwrap();
        drop(other.1.wait(guard).unwrap());
    });
    pair.1.notify_one();
    waiter.join().unwrap();
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn wait_without_a_loop(_: u32) -> u32 {
    let pair = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
    let takers: Vec<_> = (0..2)
        .map(|_| {
            let pair = Arc::clone(&pair);
            thread::spawn(move || {
                let mut items = pair.0.lock().unwrap();
                if items.is_empty() {
                    items = pair.1.wait(items).unwrap();
                }
                items.pop().expect("an item, since the wait is over")
            })
        })
        .collect();
    for i in 0..2 {
        pair.0.lock().unwrap().push(i);
        pair.1.notify_all();
    }
    takers.into_iter().map(|taker| taker.join().unwrap()).sum()
}

#[unsafe(no_mangle)]
pub extern "C" fn panics_under_a_lock(_: u32) -> u32 {
    let lock = Arc::new(Mutex::new(0));
    let other = Arc::clone(&lock);
    let result = thread::spawn(move || {
        let _guard = other.lock().unwrap();
        panic!("under the lock");
    })
    .join();
    u32::from(result.is_err()) + *lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[unsafe(no_mangle)]
pub extern "C" fn first_message_wins(n: u32) -> u32 {
    let (sender, receiver) = mpsc::channel();
    for i in 0..n {
        let sender = sender.clone();
        thread::spawn(move || sender.send(i).unwrap());
    }
    receiver.recv().unwrap()
}

#[unsafe(no_mangle)]
pub extern "C" fn sleeps_instead_of_joining(_: u32) -> u32 {
    let done = Arc::new(AtomicU32::new(0));
    let other = Arc::clone(&done);
    let worker = thread::spawn(move || other.store(1, Ordering::SeqCst));
    thread::sleep(Duration::from_millis(10));
    let seen = done.load(Ordering::SeqCst);
    worker.join().unwrap();
    seen
}

/// Starts threads, and sleeps after each (waits with a limit, if they are odd in number): 1 if they also ran in that order.
#[unsafe(no_mangle)]
pub extern "C" fn sleeps_between_starts(n: u32) -> u32 {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let start = |i| {
        let ran = Arc::clone(&ran);
        let started = thread::spawn(move || ran.lock().unwrap().push(i));
        if n % 2 == 0 { thread::sleep(Duration::from_nanos(1)) } else { thread::park_timeout(Duration::from_millis(1)) }
        started
    };
    (0..n).map(start).collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    u32::from(ran.lock().unwrap().is_sorted())
}

#[unsafe(no_mangle)]
pub extern "C" fn sleeps_until_its_turn(n: u32) -> u32 {
    let turn = Arc::new(AtomicU32::new(0));
    let shared = Arc::clone(&turn);
    all(n, move |i| {
        while shared.load(Ordering::SeqCst) != i {
            thread::sleep(Duration::from_millis(1));
        }
        shared.store(i + 1, Ordering::SeqCst);
    });
    turn.load(Ordering::SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn waits_a_minute_at_most(_: u32) -> u32 {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(1));
    receiver.recv_timeout(Duration::from_secs(60)).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub extern "C" fn writer_starves(_: u32) -> u32 {
    // Readers that take turns hold the lock for ever: no order lets the writer in, unless the lock prefers it.
    let lock = Arc::new(RwLock::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (lock, stop) = (Arc::clone(&lock), Arc::clone(&stop));
            thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    drop(lock.read().unwrap());
                }
            })
        })
        .collect();
    *lock.write().unwrap() = 7;
    stop.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.join().unwrap();
    }
    *lock.read().unwrap()
}

#[inline(never)]
fn deep(n: u32) -> u32 {
    let room = [n; 64];
    if n == 0 { 0 } else { std::hint::black_box(room)[n as usize % 64] - n + deep(n - 1) + 1 }
}

#[unsafe(no_mangle)]
pub extern "C" fn overflows_a_thread(n: u32) -> u32 {
    thread::spawn(move || deep(n)).join().unwrap()
}

#[unsafe(no_mangle)]
pub extern "C" fn overflows_a_large_stack(n: u32) -> u32 {
    thread::Builder::new().stack_size(4 << 20).spawn(move || deep(n)).unwrap().join().unwrap()
}

#[unsafe(no_mangle)]
pub extern "C" fn takes_memory(megabytes: u32) -> u32 {
    let blocks: Vec<Vec<u8>> = (0..megabytes).map(|i| vec![i as u8 | 1; 1 << 20]).collect();
    blocks.iter().map(|block| u32::from(block[77] != 0)).sum()
}

#[unsafe(no_mangle)]
pub extern "C" fn never_ends(_: u32) -> u32 {
    let stop = Arc::new(AtomicBool::new(false));
    let other = Arc::clone(&stop);
    let _worker = thread::spawn(move || while !other.load(Ordering::SeqCst) {});
    while !stop.load(Ordering::SeqCst) {}
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn works_for_ever_beside(_: u32) -> u32 {
    thread::spawn(|| {
        let mut x = 1_u32;
        loop {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
    });
    5
}

static TICKS: AtomicU32 = AtomicU32::new(0);

#[unsafe(no_mangle)]
pub extern "C" fn starts_a_ticker(_: u32) -> u32 {
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_secs(1));
            TICKS.fetch_add(1, Ordering::SeqCst);
        }
    });
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn ticks(_: u32) -> u32 {
    TICKS.load(Ordering::SeqCst)
}
