//! A job as whoever keeps the queue sees it, and the bounds that hold for both of them.

use std::time::Duration;

/// How long what nobody collects stays on the queue, in seconds: a week.
pub(super) const KEPT_S: u32 = 7 * 24 * 3600;
/// How long a worker counts as there after its last word, in milliseconds.
pub(super) const ABSENT_MS: u32 = 10_000;
/// How long a queue may take to answer for the first time.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
/// What is put on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The key of the result.
    pub key: String,
    /// The name of the terms: a worker that refuses one of them refuses all jobs under the same.
    pub terms_id: String,
    /// The terms, as JSON.
    pub terms: String,
    /// The job, as JSON.
    pub body: Vec<u8>,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits, or is being graded.
    Open,
    /// Its outcome is there.
    Done,
}
