//! The access log's writer: rows wait in a bounded queue, and are written many at a time. A request never waits for it; rows that
//! do not fit into the queue are dropped, counted and reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use super::Database;
use super::access::Access;

/// The most rows that wait.
const QUEUE_MAX: usize = 16 * 1024;
/// The most rows that are written in one transaction.
const BATCH_MAX: usize = 1000;
/// How long the first row of a batch waits for others.
const BATCH_PAUSE: Duration = Duration::from_millis(100);
/// How long a database may take for one batch.
const PATIENCE: Duration = Duration::from_secs(10);

/// The side where rows are handed in.
#[derive(Debug)]
pub struct AccessLog {
    /// `None` where no rows are kept.
    queue: Option<Sender<Access>>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
}

impl AccessLog {
    /// A log into that database, and the task that writes it, which ends when the log is dropped and all is written. A database
    /// in memory has none, wanted or not: nobody could ever read it, and writing it takes longer than answering.
    pub fn start(database: Database, is_wanted: bool) -> (Self, JoinHandle<()>) {
        let counts = Arc::new(Counts::default());
        if !is_wanted || database.is_in_memory() {
            return (Self { queue: None, counts }, tokio::spawn(async {}));
        }
        let (queue, rows) = mpsc::channel(QUEUE_MAX);
        let writer = tokio::spawn(write_all(database, rows, Arc::clone(&counts)));
        (Self { queue: Some(queue), counts }, writer)
    }

    /// Whether rows are kept.
    pub const fn is_kept(&self) -> bool {
        self.queue.is_some()
    }

    /// Hands a row over; one that there is no room for is dropped and counted.
    pub fn add(&self, row: Access) {
        if self.queue.as_ref().is_some_and(|queue| queue.try_send(row).is_err()) {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Rows written, and rows dropped.
    pub fn counts(&self) -> (u64, u64) {
        (self.counts.written.load(Ordering::Relaxed), self.counts.dropped.load(Ordering::Relaxed))
    }
}

async fn write_all(database: Database, mut rows: Receiver<Access>, counts: Arc<Counts>) {
    let (mut batch, mut told) = (Vec::new(), 0);
    while rows.recv_many(&mut batch, BATCH_MAX).await > 0 {
        if batch.len() < BATCH_MAX && !rows.is_closed() {
            tokio::time::sleep(BATCH_PAUSE).await;
            while batch.len() < BATCH_MAX
                && let Ok(row) = rows.try_recv()
            {
                batch.push(row);
            }
        }
        let count = batch.len() as u64;
        match tokio::time::timeout(PATIENCE, database.write(&batch)).await {
            Ok(Ok(())) => _ = counts.written.fetch_add(count, Ordering::Relaxed),
            Ok(Err(error)) => lose(&counts, count, &format!("{error:#}")),
            Err(_) => lose(&counts, count, "the database took too long"),
        }
        batch.clear();
        let dropped = counts.dropped.load(Ordering::Relaxed);
        if dropped > told {
            tracing::warn!(rows = dropped - told, "rows of the access log were dropped");
            told = dropped;
        }
    }
}

fn lose(counts: &Counts, rows: u64, why: &str) {
    tracing::error!(why, "a batch of the access log could not be written");
    counts.dropped.fetch_add(rows, Ordering::Relaxed);
}
