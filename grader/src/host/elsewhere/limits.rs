//! Limits set by the caller's shell: those of these systems do not affect a grading.

use std::convert::Infallible;

/// Whether all limits are high enough for a grading: always, here.
///
/// # Errors
/// Never.
pub const fn suffice() -> Result<(), Infallible> {
    Ok(())
}
