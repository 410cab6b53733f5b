//! Where the entries are: in this process, or in Redis.

mod redis;

pub use self::redis::RedisStore;

use std::sync::{Mutex, PoisonError};

use cachedojo::clock::Instant;
use cachedojo::protocol::rest::{Failure, Machine, Reply, Request, Stats};

/// A store behind the service.
#[derive(Debug)]
pub enum Store {
    /// The engine's, in this process.
    Memory(Mutex<Machine>),
    /// Redis, which other services may share.
    Redis(Box<RedisStore>),
}

impl Store {
    /// Obeys a request of the API.
    ///
    /// # Errors
    /// What the engine refuses, and what a store that is away refuses.
    pub async fn obey(&self, request: Request, now: Instant) -> Result<Reply, Failure> {
        match self {
            Self::Memory(_) => self.with_machine(|machine| machine.obey(request, now)),
            Self::Redis(store) => store.obey(request, now).await,
        }
    }

    /// Does something with the engine that holds the namespaces' settings, and in memory the entries as well.
    pub fn with_machine<T>(&self, work: impl FnOnce(&mut Machine) -> T) -> T {
        match self {
            // A panic of the engine is a bug that one answer told of; its tables are consistent between operations.
            Self::Memory(machine) => work(&mut machine.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::Redis(store) => store.with_settings(work),
        }
    }

    /// What the engine counts, and how many namespaces it knows.
    pub fn totals(&self) -> (Stats, usize) {
        self.with_machine(|machine| machine.totals())
    }
}
