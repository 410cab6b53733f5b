//! A job in the queue's own form, and constants of both stores.

use std::time::Duration;

/// How long something stays on the queue if nobody collects it, in seconds: a week.
pub(super) const KEPT_S: u32 = 7 * 24 * 3600;
/// How long after its last heartbeat a worker counts as present, in milliseconds.
pub(super) const ABSENT_MS: u32 = 10_000;
/// The most refusals that are read at once.
pub(super) const REFUSALS_MAX: u32 = 100;
/// How long the first answer of a queue may take.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// A job on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The key of the result.
    pub key: String,
    /// The name of the terms: a worker that refuses one job refuses all with the same terms.
    pub terms_id: String,
    /// The terms, as JSON.
    pub terms: String,
    /// The job, as JSON.
    pub body: Vec<u8>,
}

/// The stage of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits, or is being graded.
    Open,
    /// Its outcome is available.
    Done,
}
