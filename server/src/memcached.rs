//! The memcached text protocol on TCP, over the engine's state machine: every connection is a session of one store.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cachedojo::protocol::memcached::{Counters, Session, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::connection::{Patient, Visit, stopped};
use crate::random::random_number;
use crate::time::Time;

/// How many bytes are read at once.
const READ_BYTES: usize = 16 * 1024;
/// Answers are sent when they have reached so many bytes.
const SEND_BYTES: usize = 256 * 1024;
/// How often a watcher gets its lines: they appear without input from it.
const WATCHING: Duration = Duration::from_millis(100);
/// The answer for a connection beyond the limit, in memcached's words.
pub const SORRY: &[u8] = b"ERROR Too many open connections\r\n";

/// The items that all connections share.
#[derive(Debug)]
pub struct Memcached {
    store: Mutex<Store>,
    time: Time,
}

impl Memcached {
    /// An empty store of at most so many bytes.
    pub fn new(memory_bytes_max: usize, time: Time) -> Self {
        Self {
            store: Mutex::new(
                Store::new(time.unix_base_s(), memory_bytes_max as u64)
                    .with_pid(std::process::id())
                    .with_hash_seed(random_number()),
            ),
            time,
        }
    }

    /// Items held, their bytes, and what happened so far.
    pub fn totals(&self) -> (usize, u64, Counters) {
        let store = self.lock();
        (store.len(), store.bytes(), store.counters())
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        // A panic of the engine is a bug that ended one connection; its tables are consistent between requests.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Executes the requests that these bytes complete; `false` if some are left.
    fn feed(&self, session: &mut Session, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        let now = self.time.now();
        session.feed_until(&mut self.lock(), bytes, now, SEND_BYTES, out)
    }
}

/// Serves one connection until the client closes it or the server stops. As in memcached, there is no time limit on silence:
/// clients keep connections open.
pub async fn serve(visit: Visit, memcached: Arc<Memcached>) {
    let Visit { mut stream, stop, .. } = visit;
    let mut session = Session::new();
    if let Err(error) = converse(&mut stream, stop, &mut session, &memcached).await {
        tracing::debug!(peer = %visit.peer, %error, "a connection ended early");
    }
    session.hang_up(&mut memcached.lock(), memcached.time.now());
    _ = timeout(visit.timeout, stream.shutdown()).await;
}

async fn converse(
    stream: &mut Patient,
    mut stop: watch::Receiver<bool>,
    session: &mut Session,
    memcached: &Memcached,
) -> std::io::Result<()> {
    let (mut bytes, mut out) = (vec![0; READ_BYTES], Vec::new());
    // One for the whole conversation: a new one for each request would enter and leave the list of those who wait.
    let mut stopped = pin!(stopped(&mut stop));
    while !session.closed() {
        let read = tokio::select! {
            read = stream.read(&mut bytes) => read?,
            () = &mut stopped => return Ok(()),
            // In a block, because `sleep` reads the clock even where this arm is not taken.
            () = async { sleep(WATCHING).await }, if memcached.is_watching(session) => {
                memcached.feed(session, b"", &mut out);
                send(stream, &mut out).await?;
                continue;
            }
        };
        if read == 0 {
            return Ok(());
        }
        let mut is_done = memcached.feed(session, &bytes[..read], &mut out);
        loop {
            send(stream, &mut out).await?;
            if is_done {
                break;
            }
            is_done = memcached.feed(session, b"", &mut out);
        }
    }
    Ok(())
}

impl Memcached {
    fn is_watching(&self, session: &Session) -> bool {
        session.watches(&self.lock())
    }
}

async fn send(stream: &mut Patient, out: &mut Vec<u8>) -> std::io::Result<()> {
    if !out.is_empty() {
        stream.write_all(out).await?;
    }
    // Gives a large answer's memory back.
    out.clear();
    out.shrink_to(SEND_BYTES);
    Ok(())
}
