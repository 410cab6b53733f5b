//! How much processor time a grading may take, all of it together: reading, compiling, running, reporting. It belongs to
//! the process, which grades one submission.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::process::cpu_of;

/// What a whole grading may take on a processor.
pub const GRADING: Duration = Duration::from_mins(1);
/// Memory for a grading's data: what is written to, not what is only reserved. An honest one takes a tenth of it.
pub const DATA_BYTES: u64 = 3 << 30;
/// Largest file that a grading writes: a kept module.
pub const FILE_BYTES: u64 = 64 << 20;
/// Until when a compiler is started: what is left is for running what was built, and for the report.
pub const BUILDING: Duration = Duration::from_secs(30);
/// Until when the submission is run.
pub const RUNNING: Duration = Duration::from_secs(50);

static CHARGED_MS: AtomicU64 = AtomicU64::new(0);
static BOUNDED: OnceLock<()> = OnceLock::new();

/// From now on this process is a grading, and has that much time.
pub fn begin() {
    _ = BOUNDED.set(());
}

/// What is left until `until`; nothing to say in a process that is no grading.
pub fn left(until: Duration) -> Option<Duration> {
    BOUNDED.get().map(|()| until.saturating_sub(spent()))
}

/// What a child has used that is still there, such as an interpreter that is asked again and again: it counts as spent, though
/// the system does not say so yet.
pub fn charge(child: Duration) {
    let millis = u64::try_from(child.as_millis()).unwrap_or(u64::MAX);
    _ = CHARGED_MS.fetch_add(millis, Ordering::Relaxed);
}

/// What this process has spent on its processors, and the children that it has seen to their end.
fn spent() -> Duration {
    let all = cpu_of(std::process::id());
    all + Duration::from_millis(CHARGED_MS.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_a_child_counts_once_it_has_ended() {
        let before = spent();
        let work = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let ended = std::process::Command::new("sh").args(["-c", work]).status().expect("there is a shell");
        assert!(ended.success());
        assert!(spent() > before);
        let before = spent();
        charge(Duration::from_secs(7));
        assert!(spent() >= before + Duration::from_secs(7));
        assert_eq!(left(GRADING), None, "a test is no grading");
    }
}
