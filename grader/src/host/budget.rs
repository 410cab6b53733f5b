//! How much processor time a grading may take, all of it together: reading, compiling, running, reporting. It belongs to
//! the process, which grades one submission.

use std::sync::OnceLock;
use std::time::Duration;

/// What a whole grading may take on a processor.
pub const GRADING: Duration = Duration::from_mins(1);
/// Until when a compiler is started: what is left is for running what was built, and for the report.
pub const BUILDING: Duration = Duration::from_secs(30);
/// Until when the submission is run.
pub const RUNNING: Duration = Duration::from_secs(50);

static BOUNDED: OnceLock<()> = OnceLock::new();

/// From now on this process is a grading, and has that much time.
pub fn begin() {
    _ = BOUNDED.set(());
}

/// What is left until `until`; nothing to say in a process that is no grading.
pub fn left(until: Duration) -> Option<Duration> {
    BOUNDED.get().map(|()| until.saturating_sub(spent()))
}

/// What this process has spent on its processors, and the children that it has seen to their end.
fn spent() -> Duration {
    let own = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let own = Duration::new(own.tv_sec.unsigned_abs(), u32::try_from(own.tv_nsec).unwrap_or(0));
    own + children()
}

/// The 16th and 17th fields of `stat`, in hundredths of a second: the kernel's own unit there, whatever its clock.
fn children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
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
        assert!(spent() > before && children() > Duration::ZERO);
        assert_eq!(left(GRADING), None, "a test is no grading");
    }
}
