//! A process that may die: watched to its end, or killed. Its own children cannot be found here.

use std::io::Read;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use super::watched::{Cut, Watched};

/// How often a process is checked.
const PAUSE: Duration = Duration::from_millis(5);

/// A process from its start to its end. Clones refer to the same one.
#[derive(Debug, Clone)]
pub struct Group(Arc<Mutex<bool>>);

impl Group {
    /// The group of a child: the watching thread kills it.
    pub fn of(_: &Child) -> Self {
        Self(Arc::new(Mutex::new(false)))
    }

    /// Asks the watching thread to kill it.
    pub fn kill(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Whether both refer to the same process.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn is_killed(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a process's stderr and waits for its end, at most `wall` after this call: then, or after more than `output_bytes`, it is
/// killed.
pub fn watch(mut child: Child, group: &Group, wall: Duration, output_bytes: usize) -> Watched {
    let deadline = now() + wall;
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let stderr = child.stderr.take();
    let reader = std::thread::spawn(move || {
        let Some(mut pipe) = stderr else { return };
        let mut block = [0; 1 << 14];
        while let Ok(count @ 1..) = pipe.read(&mut block) {
            let mut said = heard.lock().unwrap_or_else(PoisonError::into_inner);
            said.extend_from_slice(&block[..count]);
            if said.len() > output_bytes {
                said.truncate(output_bytes + 1);
                break;
            }
        }
    });
    let mut cut = None;
    let status = loop {
        if let Ok(Some(status)) = child.try_wait() {
            break Some(status);
        }
        let too_much = said.lock().unwrap_or_else(PoisonError::into_inner).len() > output_bytes;
        if too_much || now() >= deadline || group.is_killed() {
            cut = if too_much { Some(Cut::Output) } else { (!group.is_killed()).then_some(Cut::Wall) };
            _ = child.kill();
            break child.wait().ok();
        }
        std::thread::park_timeout(PAUSE);
    };
    _ = reader.join();
    let mut said = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
    said.truncate(output_bytes);
    Watched { status, said, cut, cpu: Duration::ZERO }
}

/// Whether a signal comes from outside the program: signals are unknown here.
pub const fn is_from_outside(_: i32) -> bool {
    false
}

/// The processor time of a process: unknown here.
pub const fn cpu_of(_: u32) -> Duration {
    Duration::ZERO
}

#[expect(clippy::disallowed_methods, reason = "the deadline of a process of the host is on the host's clock")]
fn now() -> Instant {
    Instant::now()
}
