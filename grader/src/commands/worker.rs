//! `grader worker`: grades what `grader class --queue` puts on a queue.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use cachedojo_notation::text::Language;

use super::stop::{StopSignal, on_stop};
use crate::cli::WorkerArgs;
use crate::host::outcome::{Outcome, UsageError};
use crate::host::{self, limits};
use crate::queue::store::Queue;
use crate::queue::url::QueueUrl;
use crate::queue::worker::{Quit, Worker};

/// Grades until it is told to end.
///
/// # Errors
/// The address is not a queue's, there is no answer, or this machine lacks what grading needs.
pub fn worker(args: &WorkerArgs) -> Result<Outcome> {
    let url = queue_url(&args.queue.0)?;
    limits::suffice()?;
    let jobs = host::workers(args.jobs);
    // Each job in progress holds one connection and may need a second; one more is for the heartbeat.
    let queue = Queue::open(&url, u32::try_from(jobs * 2 + 1).unwrap_or(u32::MAX))?;
    let ending = Arc::new(Quit::default());
    let asked = Arc::clone(&ending);
    on_stop(move |who| if who == StopSignal::ByInterrupt { asked.soon() } else { asked.now() })
        .context("waiting for Ctrl-C")?;
    let worker = Worker::enter(&queue, args.trust, args.lang, &ending)?;
    {
        let mut out = std::io::stdout().lock();
        match args.lang {
            Language::English => writeln!(out, "worker {} waits for jobs on {url}", worker.number())?,
            Language::French => writeln!(out, "correcteur {} attend des rendus de {url}", worker.number())?,
        }
        out.flush()?;
    }
    worker.work(jobs)?;
    Ok(Outcome::Passed)
}

/// The queue with this address.
///
/// # Errors
/// It is invalid: the caller's mistake.
pub(super) fn queue_url(typed: &str) -> Result<QueueUrl> {
    QueueUrl::parse(typed).map_err(|error| UsageError(error.to_string()).into())
}
