//! Time as an argument: a clock is given from outside, never read from the host.
//!
//! The exercise's prototype names `std::time::Instant`; the engine has an [`Instant`] of its own with the same methods,
//! because a virtual clock must be able to make one, and because `std::time::Instant::now` panics on
//! `wasm32-unknown-unknown`.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A moment on a [`Clock`], in whole milliseconds since that clock began. Bounds: any `u64`; sums saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The moment `ms` milliseconds after the clock began.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the clock began.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Time passed since `earlier`; zero when `earlier` is later.
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates: a deadline beyond the last representable moment becomes that moment, and never wraps into the past.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

/// Whole milliseconds of a duration, rounded up (a TTL of 1 µs must not be no TTL at all), capped at `u64::MAX`.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// A handle on a clock; clones share its time. Reading and moving it are one atomic operation each.
#[derive(Clone, Default)]
pub struct Clock {
    now_ms: Arc<AtomicU64>,
    /// The host's time that has passed since this moment is added.
    #[cfg(not(target_family = "wasm"))]
    host: Option<std::time::Instant>,
}

impl Clock {
    /// A clock that stands at zero until somebody moves it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A clock that starts at the present Unix time, in milliseconds, and follows the host's monotonic time from there. Its
    /// moments mean the same in the next process, so saved deadlines remain valid. This and [`Self::monotonic`] are the only
    /// places of the engine that read the host's time.
    ///
    /// The wall clock is read once: setting it later changes nothing here until the next start. If at that start it is behind the
    /// moment at which a cache was saved to a file, loading that file counts from the moment of saving, so that no entry lives
    /// longer than it had left; if it was set forward, the skipped time counts as passed.
    #[cfg(not(target_family = "wasm"))]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that the others are kept from reading")]
    pub fn host() -> Self {
        let clock = Self::monotonic();
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        clock.now_ms.store(since_1970.map_or(0, millis), Ordering::Relaxed);
        clock
    }

    /// A clock that starts at zero and follows the host's monotonic time: for servers that track Unix time separately.
    #[cfg(not(target_family = "wasm"))]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that the others are kept from reading")]
    pub fn monotonic() -> Self {
        Self { host: Some(std::time::Instant::now()), ..Self::default() }
    }

    /// The present moment.
    pub fn now(&self) -> Instant {
        Instant(self.now_ms.load(Ordering::Relaxed).saturating_add(self.host_ms()))
    }

    /// Moves time forward; saturates at the end of time.
    pub fn advance(&self, by: Duration) {
        let moved = |now_ms: u64| Some((Instant(now_ms) + by).0);
        let _ = self.now_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
    }

    /// Sets the present moment: for hosts that keep the time themselves. A clock that follows the host's cannot be set to before
    /// the time that has passed there.
    pub fn set(&self, now: Instant) {
        self.now_ms.store(now.0.saturating_sub(self.host_ms()), Ordering::Relaxed);
    }

    /// Whole milliseconds to add for the host's time; 0 for a clock that does not follow it.
    #[cfg(not(target_family = "wasm"))]
    fn host_ms(&self) -> u64 {
        self.host.map_or(0, |start| u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    #[cfg(target_family = "wasm")]
    #[expect(clippy::unused_self, reason = "the twin of the function above, where there is no host's clock to add")]
    const fn host_ms(&self) -> u64 {
        0
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({} ms)", self.now().0)
    }
}
