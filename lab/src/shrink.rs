//! Leaving out: from a list of units that shows a fault to a short one that still does. What a unit is, and what it means that
//! the fault is still there, is the caller's.

use std::ops::Range;

/// Asks which of so many units can go: runs of them, half of the list at first and single units at last, until no single one can.
/// `drops` is asked for a range of what is left at that time; where it says yes, the caller has dropped it, and what follows moves
/// up. Cost: about `units` questions for each unit that goes, and twice `units` where none does; a caller with a bound says no from
/// then on.
pub fn leave_out(units: usize, mut drops: impl FnMut(Range<usize>) -> bool) {
    let mut left = units;
    let mut run = left / 2;
    while run > 0 {
        let (mut at, mut has_dropped) = (0, false);
        while at < left {
            let end = (at + run).min(left);
            if drops(at..end) {
                left -= end - at;
                has_dropped = true;
            } else {
                at += run;
            }
        }
        // Units before a dropped one may be able to go now.
        if run > 1 || !has_dropped {
            run /= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of so many units where the fault shows as long as `shows` says so, and how often that was asked.
    #[track_caller]
    fn check(units: usize, shows: impl Fn(&[usize]) -> bool, left: &[usize], most: u32) {
        let mut kept: Vec<usize> = (0..units).collect();
        let mut asked = 0;
        leave_out(units, |range| {
            asked += 1;
            let mut fewer = kept.clone();
            fewer.drain(range);
            let drops = shows(&fewer);
            if drops {
                kept = fewer;
            }
            drops
        });
        assert_eq!(kept, left);
        assert!(asked <= most, "{asked} questions");
    }

    #[test]
    fn what_the_fault_needs_is_left_and_nothing_else() {
        check(0, |_| true, &[], 0);
        check(1, |_| true, &[0], 0);
        check(16, |kept| kept.contains(&5) && kept.contains(&11), &[5, 11], 24);
        // A unit that can go only after a later one has gone.
        check(8, |kept| kept.contains(&2) && (kept.contains(&3) || !kept.contains(&6)), &[2], 20);
    }

    #[test]
    fn where_nothing_can_go_each_run_is_asked_for_once() {
        check(8, |_| false, &[0, 1, 2, 3, 4, 5, 6, 7], 2 + 4 + 8);
    }
}
