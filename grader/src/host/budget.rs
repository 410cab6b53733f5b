//! The processor time of a grading, all of it together: reading, compiling, running, reporting. The budget belongs to the
//! process, which grades one submission.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::process::cpu_of;

/// The processor time of a whole grading.
pub const GRADING: Duration = Duration::from_mins(1);
/// The processor time of a grading of learners' tests. These are bounded by what their runs count for, not by time, so that a slower
/// machine tries as many bugs: this is what that takes on one that is as slow as is allowed for, and some for compiling.
pub const TESTS: Duration = Duration::from_mins(3);
/// The processor time of the longest grading that there is.
pub const LONGEST: Duration = TESTS;
const _: () = assert!(LONGEST.as_secs() >= GRADING.as_secs());
/// Memory for a grading's data. The stacks of a submission's threads count in full: up to 12,000 live at once with 1.3 MiB each
/// (of which they use some KiB), beside the 1.8 GiB that they share. An honest grading uses a fiftieth of it.
pub const DATA_BYTES: u64 = 18 << 30;
/// The largest file that a grading writes: a cached module.
pub const FILE_BYTES: u64 = 64 << 20;
/// No compiler is started after this time: the rest is for running what was built, and for the report.
pub const BUILDING: Duration = Duration::from_secs(30);
/// No run of the submission goes on after this time.
pub const RUNNING: Duration = Duration::from_secs(50);

/// The time that is reserved for each check, as long as there is enough.
const SHARE: Duration = Duration::from_secs(2);

/// How much this process will have used when the check's time is over.
static CHECK_ENDS_MS: AtomicU64 = AtomicU64::new(u64::MAX);
static CHARGED_MS: AtomicU64 = AtomicU64::new(0);
static BOUNDED: OnceLock<()> = OnceLock::new();

/// Makes this process a grading with this budget.
pub fn begin() {
    _ = BOUNDED.set(());
}

/// Whether this process is a grading: whoever started it has looked at the shell's limits, and it has limits of its own.
pub fn is_begun() -> bool {
    BOUNDED.get().is_some()
}

/// The time left until `until`; `None` in a process that is not a grading.
pub fn time_left(until: Duration) -> Option<Duration> {
    BOUNDED.get().map(|()| until.saturating_sub(spent()))
}

/// The time left for running the submission now: of the check's time, if checks are judged one by one, and of the grading's.
pub fn left_to_run() -> Option<Duration> {
    let check = Duration::from_millis(CHECK_ENDS_MS.load(Ordering::Relaxed));
    time_left(RUNNING.min(check))
}

/// Begins a check, with so many left, including it: it may use all the time that is left, except the share of each check after
/// it.
pub fn begin_check(checks_left: usize) {
    let (spent, others) = (spent(), u32::try_from(checks_left.saturating_sub(1)).unwrap_or(u32::MAX));
    let ends = share(RUNNING.saturating_sub(spent), others);
    CHECK_ENDS_MS.store(millis(spent + ends), Ordering::Relaxed);
}

/// Ends the last check.
pub fn end_checks() {
    CHECK_ENDS_MS.store(u64::MAX, Ordering::Relaxed);
}

/// How much of the time left a check may use if so many come after it. Each of those keeps its share, of which an honest one uses
/// a small part; if there is too little for that, all checks get the same.
fn share(left: Duration, others: u32) -> Duration {
    let each = SHARE.min(left / others.saturating_add(1));
    left.saturating_sub(each * others)
}

/// Counts the processor time of a child that still runs, such as an interpreter that is asked again and again: the system counts
/// it only after the child's end.
pub fn charge(child: Duration) {
    _ = CHARGED_MS.fetch_add(millis(child), Ordering::Relaxed);
}

/// Takes back what was charged for a child that has ended: now the system counts it.
pub fn discharge(child: Duration) {
    _ = CHARGED_MS.fetch_sub(millis(child), Ordering::Relaxed);
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The processor time that this process has used, with its ended children.
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
        // However slow each check is, the last one still gets its share.
        let mut left = RUNNING;
        for others in (1..15).rev() {
            left -= share(left, others);
        }
        assert_eq!(left, SHARE);
    }

    #[test]
    fn no_platform_ends_a_grading_that_is_allowed() {
        let number = |text: &str, key: &str| -> u64 {
            let (_, rest) = text.split_once(key).expect("it has a limit");
            let digits: String =
                rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            digits.parse().expect("a number")
        };
        let prairielearn = number(include_str!("../../setups/prairielearn/info.json"), "\"timeout\"");
        let github = number(include_str!("../../setups/github/grade.yml"), "timeout-minutes") * 60;
        for seconds in [prairielearn, github] {
            assert!(seconds > LONGEST.as_secs() * 3 / 2, "{seconds}");
        }
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
        assert_eq!(time_left(GRADING), None, "a test is no grading");
    }
}
