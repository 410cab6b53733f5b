//! Which grader a report is of.

use cachedojo_judge::report::GraderId;

/// This grader, with what ran the submission.
pub(super) fn grader(backend: &str) -> GraderId {
    GraderId { version: env!("CARGO_PKG_VERSION").to_owned(), backend: backend.to_owned() }
}
