//! Limits that whoever called the grader has set for it: no shell of these systems sets any that a grading would meet.

/// All limits are as high as a grading needs them.
///
/// # Errors
/// Never.
pub const fn suffice() -> Result<(), String> {
    Ok(())
}
