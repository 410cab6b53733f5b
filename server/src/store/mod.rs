//! The store of entries: in this process, or in Redis.

mod redis;

pub use self::redis::RedisStore;

use std::sync::{Mutex, PoisonError};

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{Failure, Machine, Reply, Request, Stats};

/// The store of entries.
#[derive(Debug)]
pub enum Store {
    /// The engine, in this process.
    Memory(Mutex<Machine>),
    /// Redis, which other services may share.
    Redis(Box<RedisStore>),
}

impl Store {
    /// Executes a request of the API.
    ///
    /// # Errors
    /// The engine's errors, and those of a store that is not reachable.
    pub async fn obey(&self, request: Request, now: Instant) -> Result<Reply, Failure> {
        match self {
            Self::Memory(_) => self.with_machine(|machine| machine.obey(request, now)),
            Self::Redis(store) => store.obey(request, now).await,
        }
    }

    /// Uses the engine that has the namespaces' settings and, in memory, the entries as well.
    pub fn with_machine<T>(&self, work: impl FnOnce(&mut Machine) -> T) -> T {
        match self {
            // A panic of the engine is a bug that one answer reported; its tables are consistent between operations.
            Self::Memory(machine) => work(&mut machine.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::Redis(store) => store.with_settings(work),
        }
    }

    /// Sums over all namespaces, and how many namespaces are known.
    pub fn totals(&self) -> (Stats, usize) {
        match self {
            Self::Memory(_) => self.with_machine(|machine| machine.totals()),
            Self::Redis(store) => store.totals(),
        }
    }

    /// Whether the entries are in this process.
    pub const fn is_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }
}
