//! How much processor time a grading may take, all of it together: reading, compiling, running, reporting. It belongs to
//! the process, which grades one submission.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::process::cpu_of;

/// What a whole grading may take on a processor.
pub const GRADING: Duration = Duration::from_mins(1);
/// Memory for a grading's data. The stacks of a submission's threads count whole, and 6,000 of them may live at once (1.3 MiB each,
/// of which they use some KiB), beside the 1.8 GiB that they share. An honest grading writes to a thirtieth of it.
pub const DATA_BYTES: u64 = 10 << 30;
/// Largest file that a grading writes: a kept module.
pub const FILE_BYTES: u64 = 64 << 20;
/// Until when a compiler is started: what is left is for running what was built, and for the report.
pub const BUILDING: Duration = Duration::from_secs(30);
/// Until when the submission is run.
pub const RUNNING: Duration = Duration::from_secs(50);

/// What each check has for sure, where there is time enough for that.
const SHARE: Duration = Duration::from_secs(2);

/// What this process will have spent when the check's time is over.
static CHECK_ENDS_MS: AtomicU64 = AtomicU64::new(u64::MAX);
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

/// What is left for running the submission now: of its check's time, where it is judged check by check, and of the grading's.
pub fn left_to_run() -> Option<Duration> {
    let check = Duration::from_millis(CHECK_ENDS_MS.load(Ordering::Relaxed));
    left(RUNNING.min(check))
}

/// A check begins, and so many are left, it among them: it may use whatever is left but for a share of each that comes after it.
pub fn begin_check(checks_left: usize) {
    let (spent, others) = (spent(), u32::try_from(checks_left.saturating_sub(1)).unwrap_or(u32::MAX));
    let ends = share(RUNNING.saturating_sub(spent), others);
    CHECK_ENDS_MS.store(millis(spent + ends), Ordering::Relaxed);
}

/// No check is being judged any more.
pub fn end_checks() {
    CHECK_ENDS_MS.store(u64::MAX, Ordering::Relaxed);
}

/// How much of what is left a check may use where so many come after it: each of those keeps its share, which an honest one
/// does not use up by far; where there is too little for that, all are alike.
fn share(left: Duration, others: u32) -> Duration {
    let each = SHARE.min(left / others.saturating_add(1));
    left.saturating_sub(each * others)
}

/// What a child has used that is still there, such as an interpreter that is asked again and again: it counts as spent, though
/// the system does not say so yet.
pub fn charge(child: Duration) {
    _ = CHARGED_MS.fetch_add(millis(child), Ordering::Relaxed);
}

/// What was charged for a child that is gone: from now on the system says it.
pub fn discharge(child: Duration) {
    _ = CHARGED_MS.fetch_sub(millis(child), Ordering::Relaxed);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
    fn a_check_leaves_the_others_their_share() {
        let seconds = Duration::from_secs;
        for (left, others, most) in [(50, 14, 22), (50, 0, 50), (50, 3, 44), (0, 14, 0), (15, 14, 1)] {
            assert_eq!(share(seconds(left), others), seconds(most), "{left} {others}");
        }
        // However slow each is, the last one has its share yet.
        let mut left = RUNNING;
        for others in (1..15).rev() {
            left -= share(left, others);
        }
        assert_eq!(left, SHARE);
    }

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
        discharge(Duration::from_secs(7));
        assert_eq!(left(GRADING), None, "a test is no grading");
    }
}
