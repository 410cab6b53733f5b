//! The clocks of the machine that a node runs on. A node needs a clock that never jumps and that goes on while its process is down.

use cachedojo::cluster::{Micros, Readings};
use std::time::SystemTime;

/// Reads both clocks.
#[derive(Debug, Clone)]
pub(super) struct HostClock {
    /// Since when the clock that never jumps counts: readings of another name count from elsewhere.
    pub(super) since: String,
    #[cfg(not(target_os = "linux"))]
    start: (std::time::Instant, Micros),
}

impl HostClock {
    /// The clock that counts from the start of the machine, which other processes on it have read before.
    #[cfg(target_os = "linux")]
    pub(super) fn new() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        let since = boot.map_or_else(|_| format!("{}-{}", std::process::id(), wall()), |boot| boot.trim().to_owned());
        Self { since }
    }

    /// A clock of this process: its readings say nothing to the next one.
    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::disallowed_methods, reason = "the edge, where a node's time comes from")]
    pub(super) fn new() -> Self {
        let since = format!("{}-{}", std::process::id(), wall());
        Self { since, start: (std::time::Instant::now(), cachedojo::cluster::ids::SECOND) }
    }

    /// What they show.
    pub(super) fn readings(&self) -> Readings {
        Readings { mono: self.mono(), wall: wall() }
    }

    #[cfg(target_os = "linux")]
    #[expect(clippy::unused_self, reason = "elsewhere it counts from the start of the process")]
    fn mono(&self) -> Micros {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let (seconds, nanos) = (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
        seconds.saturating_mul(1_000_000).saturating_add(nanos / 1000)
    }

    #[cfg(not(target_os = "linux"))]
    fn mono(&self) -> Micros {
        let passed = Micros::try_from(self.start.0.elapsed().as_micros()).unwrap_or(Micros::MAX);
        self.start.1.saturating_add(passed)
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge, where a node's time comes from")]
fn wall() -> Micros {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}
