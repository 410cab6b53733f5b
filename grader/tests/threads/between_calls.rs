// ---- what lives on between calls ----

static COPIES: Mutex<u32> = Mutex::new(0);

/// Each copy is made by a thread that nobody waits for.
#[unsafe(no_mangle)]
pub extern "C" fn copies_and_forgets(n: u32) -> u32 {
    for _ in 0..n {
        thread::spawn(|| *COPIES.lock().unwrap() += 1);
    }
    0
}

/// The same, and it waits for them.
#[unsafe(no_mangle)]
pub extern "C" fn copies_and_waits(n: u32) -> u32 {
    all(n, |_| *COPIES.lock().unwrap() += 1);
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn copies(_: u32) -> u32 {
    *COPIES.lock().unwrap()
}

static STORED: Mutex<Option<(u32, Instant)>> = Mutex::new(None);

/// Stores what lives for a tenth of a second, and starts a thread that takes what is dead: it looks and takes under as many locks.
#[unsafe(no_mangle)]
pub extern "C" fn starts_a_cleaner(locks: u32) -> u32 {
    let is_dead = |stored: &Option<(u32, Instant)>| stored.is_some_and(|(_, end)| end <= Instant::now());
    *STORED.lock().unwrap() = Some((1, Instant::now() + Duration::from_millis(100)));
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(50));
            let stored = STORED.lock().unwrap();
            if is_dead(&stored) {
                let mut stored = if locks == 1 {
                    stored
                } else {
                    drop(stored);
                    STORED.lock().unwrap()
                };
                *stored = None;
            }
        }
    });
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn stores_again(_: u32) -> u32 {
    *STORED.lock().unwrap() = Some((2, Instant::now() + Duration::from_secs(3600)));
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn stored(_: u32) -> u32 {
    STORED.lock().unwrap().map_or(0, |(value, _)| value)
}
