//! The only place that reads the host's time; all other code is given the time.

use cachedojo::clock::{Clock, Instant};
use std::time::{Duration, SystemTime};

/// The service's time: moments for the engine, and the Unix time of moment zero.
#[derive(Debug, Clone)]
pub struct Time {
    clock: Clock,
    unix_base_s: u64,
    is_virtual: bool,
}

impl Time {
    /// A time that follows the host's.
    pub fn host() -> Self {
        let (unix, clock) = (unix(), Clock::monotonic());
        // The base is in whole seconds, so the part of a second that has passed is on the clock: else all times would be early by it.
        clock.advance(Duration::from_nanos(unix.subsec_nanos().into()));
        Self { clock, unix_base_s: unix.as_secs(), is_virtual: false }
    }

    /// A time that stands still until [`Self::move_to`] is called; it starts now.
    pub fn standing() -> Self {
        Self::standing_at(unix().as_secs())
    }

    /// The same, starting at that Unix time, in seconds.
    pub fn standing_at(unix_base_s: u64) -> Self {
        Self { clock: Clock::new(), unix_base_s, is_virtual: true }
    }

    /// The present moment.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The Unix time of moment zero, in seconds.
    pub const fn unix_base_s(&self) -> u64 {
        self.unix_base_s
    }

    /// The present Unix time, in seconds.
    pub fn unix_s(&self) -> u64 {
        self.unix_base_s.saturating_add(self.now().as_millis() / 1000)
    }

    /// Whether it moves only by [`Self::move_to`].
    pub const fn is_virtual(&self) -> bool {
        self.is_virtual
    }

    /// Moves a virtual time to that many milliseconds after its start. It never goes back.
    pub fn move_to(&self, ms: u64) {
        if self.is_virtual {
            let ahead = Instant::from_millis(ms).saturating_duration_since(self.now());
            self.clock.advance(ahead);
        }
    }
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "how long requests take is measured; nothing is decided by it")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since then.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "a server begins at the host's time of day")]
fn unix() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
