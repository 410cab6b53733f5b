//! The queue's operations on either store. Each is one statement or one script there, so concurrent ones run one after the other,
//! and repeating one has no further effect.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use super::postgres::{self, Postgres};
use super::posting::{Posting, Stage};
use super::redis::Redis;
use super::url::{Kept, QueueUrl};
use crate::host::outcome::say;

/// How often a worker sends a heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How often a queue that has answered before is tried again, [`PAUSE`] apart: it may be restarting.
const ATTEMPTS: u32 = 60;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// A queue, open.
#[derive(Debug)]
pub struct Queue {
    runtime: Runtime,
    kept: Keeper,
    url: QueueUrl,
}

#[derive(Debug, Clone)]
enum Keeper {
    Postgres(Postgres),
    Redis(Redis),
}

/// A job that a worker has taken, and no other worker gets until it is finished or released. Dropping it, or the end of the
/// process, releases it.
#[derive(Debug)]
pub struct Taken {
    /// The job.
    pub posting: Posting,
    hold: Hold,
}

/// What reserves a job.
#[derive(Debug)]
enum Hold {
    /// A row lock, which lasts as long as the connection.
    Row(postgres::Row),
    /// The worker's number beside the job, valid as long as the worker sends heartbeats.
    Beside,
}

/// Why a queue cannot be used. No sentence contains a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueError {
    /// There is no answer, or the server refuses.
    Unreachable {
        /// The address.
        url: String,
        /// The client's message.
        why: String,
    },
    /// It failed later, for as long as it was retried.
    Lost {
        /// The address.
        url: String,
        /// The client's message.
        why: String,
    },
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { url, why } => {
                write!(f, "no queue can be used at {url} ({why}): start it, or name another with --queue")
            }
            Self::Lost { url, why } => write!(
                f,
                "the queue at {url} failed ({why}): nothing that was graded is lost; see to it and give the command again"
            ),
        }
    }
}

impl std::error::Error for QueueError {}

/// Runs one operation on either store, and repeats it if it fails, up to a bound.
macro_rules! on {
    ($self:ident, $kept:ident => $doing:expr) => {
        $self.persist(|| async {
            match &$self.kept {
                Keeper::Postgres($kept) => $doing.await.map_err(|error| error.to_string()),
                Keeper::Redis($kept) => $doing.await.map_err(|error| error.to_string()),
            }
        })
    };
}

impl Queue {
    /// Opens the queue at an address, and creates its tables if they are missing.
    ///
    /// # Errors
    /// [`QueueError::Unreachable`].
    pub fn open(url: &QueueUrl, connections: u32) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.context("starting a thread for the queue")?;
        let opened = runtime.block_on(async {
            match url.kept {
                Kept::InPostgres => Ok(Keeper::Postgres(Postgres::open(url.secret(), connections).await?)),
                Kept::InRedis => Ok::<_, anyhow::Error>(Keeper::Redis(Redis::open(url.secret()).await?)),
            }
        });
        let kept = opened.map_err(|error| {
            let why = url.without_secrets(&format!("{error:#}"));
            QueueError::Unreachable { url: url.to_string(), why }
        })?;
        Ok(Self { runtime, kept, url: url.clone() })
    }

    /// The address, without its password.
    pub fn shown(&self) -> String {
        self.url.to_string()
    }

    /// Waits. No result depends on it: it only reduces the load on the store.
    pub fn pause(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    fn persist<T, F: Future<Output = Result<T, String>>>(&self, doing: impl Fn() -> F) -> Result<T> {
        self.runtime.block_on(async {
            let mut attempt = 1;
            loop {
                match doing().await {
                    Ok(done) => return Ok(done),
                    Err(why) if attempt == ATTEMPTS => {
                        let (url, why) = (self.url.to_string(), self.url.without_secrets(&why));
                        return Err(QueueError::Lost { url, why }.into());
                    }
                    Err(why) => {
                        if attempt == 1 {
                            let why = self.url.without_secrets(&why);
                            say(&format!("the queue at {} fails ({why}): trying again for {ATTEMPTS} s", self.url));
                        }
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                attempt += 1;
            }
        })
    }

    // ---- the class's side ----

    /// Stores a pack under its digest.
    ///
    /// # Errors
    /// [`QueueError::Lost`], here and in all functions below.
    pub fn put_pack(&self, digest: &str, bytes: &[u8]) -> Result<()> {
        on!(self, kept => kept.put_pack(digest, bytes))
    }

    /// Puts a job on the queue, unless it or its outcome is there already.
    ///
    /// # Errors
    /// As above.
    pub fn put(&self, posting: &Posting) -> Result<()> {
        on!(self, kept => kept.put(posting))
    }

    /// Each job's stage, in the order of the keys; `None` for one that is not there.
    ///
    /// # Errors
    /// As above.
    pub fn stages(&self, keys: &[&str]) -> Result<Vec<Option<Stage>>> {
        on!(self, kept => kept.stages(keys))
    }

    /// A job's outcome, as bytes.
    ///
    /// # Errors
    /// As above.
    pub fn outcome(&self, key: &str) -> Result<Option<Vec<u8>>> {
        on!(self, kept => kept.outcome(key))
    }

    /// Deletes a job whose outcome was collected. One that is being graded stays.
    ///
    /// # Errors
    /// As above.
    pub fn forget(&self, key: &str) -> Result<()> {
        on!(self, kept => kept.forget(key))
    }

    /// How many workers are present.
    ///
    /// # Errors
    /// As above.
    pub fn workers(&self) -> Result<u64> {
        on!(self, kept => kept.workers())
    }

    /// Which workers refuse jobs with these terms, and why: a number and a sentence each.
    ///
    /// # Errors
    /// As above.
    pub fn refusals(&self, terms_id: &str) -> Result<Vec<(u64, String)>> {
        on!(self, kept => kept.refusals(terms_id))
    }

    // ---- the worker's side ----

    /// Registers a worker and returns its number, which is unique. From then on, until the queue is closed, heartbeats are sent.
    ///
    /// # Errors
    /// As above.
    pub fn enter(&self) -> Result<u64> {
        let worker = on!(self, kept => kept.enter())?;
        let kept = self.kept.clone();
        self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                // A heartbeat that fails is followed by another soon.
                match &kept {
                    Keeper::Postgres(kept) => _ = kept.beat(worker).await,
                    Keeper::Redis(kept) => _ = kept.beat(worker).await,
                }
            }
        });
        Ok(worker)
    }

    /// Unregisters a worker.
    ///
    /// # Errors
    /// As above.
    pub fn leave(&self, worker: u64) -> Result<()> {
        on!(self, kept => kept.leave(worker))
    }

    /// Takes the oldest free job, except those with refused terms.
    ///
    /// # Errors
    /// As above.
    pub fn take(&self, worker: u64, refused: &BTreeSet<String>) -> Result<Option<Taken>> {
        let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
        let taken = self.persist(|| async {
            Ok(match &self.kept {
                Keeper::Postgres(kept) => {
                    let found = kept.take(&refused).await.map_err(|error| error.to_string())?;
                    found.map(|(posting, row)| Taken { posting, hold: Hold::Row(row) })
                }
                Keeper::Redis(kept) => {
                    let found = kept.take(worker, &refused).await.map_err(|error| error.to_string())?;
                    found.map(|posting| Taken { posting, hold: Hold::Beside })
                }
            })
        })?;
        Ok(taken)
    }

    /// The bytes of a pack.
    ///
    /// # Errors
    /// As above.
    pub fn pack(&self, digest: &str) -> Result<Option<Vec<u8>>> {
        on!(self, kept => kept.pack(digest))
    }

    /// Counts an attempt at a taken job, and returns how many there were, including this one.
    ///
    /// # Errors
    /// As above.
    pub fn begin(&self, worker: u64, taken: &Taken) -> Result<u64> {
        on!(self, kept => kept.begin(worker, &taken.posting.key))
    }

    /// Stores a job's outcome. If there is one already, that one stays.
    ///
    /// # Errors
    /// As above; then another worker will grade it again.
    pub fn finish(&self, taken: Taken, outcome: &[u8]) -> Result<()> {
        let key = taken.posting.key;
        match taken.hold {
            Hold::Row(row) => {
                if self.runtime.block_on(row.finish(&key, outcome)).is_ok() {
                    return Ok(());
                }
                // The connection broke meanwhile; whichever worker has the job now gets the same result.
                on!(self, kept => kept.finish(&key, outcome))
            }
            Hold::Beside => on!(self, kept => kept.finish(&key, outcome)),
        }
    }

    /// Releases a job that was not graded, and does not count the attempt.
    ///
    /// # Errors
    /// As above.
    pub fn let_go(&self, worker: u64, taken: Taken) -> Result<()> {
        let Taken { posting, hold } = taken;
        on!(self, kept => kept.let_go(worker, &posting.key))?;
        drop(hold);
        Ok(())
    }

    /// Records that a worker refuses jobs with these terms.
    ///
    /// # Errors
    /// As above.
    pub fn refuse(&self, worker: u64, terms_id: &str, why: &str) -> Result<()> {
        on!(self, kept => kept.refuse(worker, terms_id, why))
    }
}
