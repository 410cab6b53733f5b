//! Cache-aside, on the client's side: ask the cache first; a missing value is loaded from its source, only once however many
//! callers want it at the same time, and stored for later ones.
//!
//! ```
//! use cachedojo_client::{Cache, CacheAside, Memory};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct User {
//!     id: u64,
//!     name: String,
//! }
//!
//! /// Asks the database, which is slow.
//! fn find_user(user_id: &str) -> Option<User> {
//!     (user_id == "user_123").then(|| User { id: 123, name: "John".into() })
//! }
//!
//! fn get_user<C: Cache>(cache: &CacheAside<C>, user_id: &str) -> Option<User> {
//!     // Try the cache first; on a miss fetch from the database, and store it for future requests.
//!     cache.get_or_load("users", user_id, Some(3600), || find_user(user_id))
//! }
//!
//! let cache = CacheAside::new(Memory::default());
//! assert_eq!(get_user(&cache, "user_123").map(|user| user.name), Some("John".into()));
//! assert_eq!(get_user(&cache, "user_123"), Some(User { id: 123, name: "John".into() }), "now from the cache");
//! assert_eq!(get_user(&cache, "nobody"), None);
//! ```
//!
//! If the cache is not reachable, nothing fails: then everything is loaded from its source.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]

mod http;

pub use http::{HttpCache, Trouble};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A store for values as JSON text. If it is not reachable, `get` finds nothing and `set` does nothing.
pub trait Cache {
    /// The value of a key, if there is one.
    fn get(&self, namespace: &str, key: &str) -> Option<String>;

    /// Stores a value for so many seconds; `None` is the namespace's own time.
    fn set(&self, namespace: &str, key: &str, json: &str, ttl_s: Option<u64>);
}

/// A cache in this process without bounds or deadlines: for tests.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<(String, String), String>>);

impl Cache for Memory {
    fn get(&self, namespace: &str, key: &str) -> Option<String> {
        locked(&self.0).get(&(namespace.to_owned(), key.to_owned())).cloned()
    }

    fn set(&self, namespace: &str, key: &str, json: &str, _ttl_s: Option<u64>) {
        locked(&self.0).insert((namespace.to_owned(), key.to_owned()), json.to_owned());
    }
}

/// A cache, with the keys that are being loaded.
#[derive(Debug)]
pub struct CacheAside<C> {
    cache: C,
    loading: Mutex<BTreeSet<(String, String)>>,
    loaded: Condvar,
}

impl<C: Cache> CacheAside<C> {
    /// Before a cache.
    pub const fn new(cache: C) -> Self {
        Self { cache, loading: Mutex::new(BTreeSet::new()), loaded: Condvar::new() }
    }

    /// The value of a key: from the cache, or from its source, and then it is stored for so many seconds. Of several concurrent
    /// callers for one key, one loads, and the others wait and ask the cache again. A value that the source does not have is not
    /// stored, so it is asked for again. If a load panics, the panic is its caller's, and the next caller loads.
    pub fn get_or_load<T: Serialize + DeserializeOwned>(
        &self,
        namespace: &str,
        key: &str,
        ttl_s: Option<u64>,
        load: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let place = (namespace.to_owned(), key.to_owned());
        loop {
            // A value that is not a `T` (any more) is loaded again.
            let known = self.cache.get(namespace, key);
            if let Some(value) = known.and_then(|json| serde_json::from_str(&json).ok()) {
                return Some(value);
            }
            let mut loading = locked(&self.loading);
            if loading.insert(place.clone()) {
                break;
            }
            while loading.contains(&place) {
                loading = self.loaded.wait(loading).unwrap_or_else(PoisonError::into_inner);
            }
        }
        let _turn = Turn { aside: self, place: &place };
        // Another caller may have loaded it between the first look and this turn.
        if let Some(value) = self.cache.get(namespace, key).and_then(|json| serde_json::from_str(&json).ok()) {
            return Some(value);
        }
        let value = load()?;
        if let Ok(json) = serde_json::to_string(&value) {
            self.cache.set(namespace, key, &json, ttl_s);
        }
        Some(value)
    }
}

/// The right to load a key; it ends however the load ends.
struct Turn<'a, C> {
    aside: &'a CacheAside<C>,
    place: &'a (String, String),
}

impl<C> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        locked(&self.aside.loading).remove(self.place);
        self.aside.loaded.notify_all();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_key_is_loaded_once_however_many_ask() {
        let (aside, loads, start) = (CacheAside::new(Memory::default()), AtomicU32::new(0), Barrier::new(8));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    let value = aside.get_or_load("n", "k", None, || Some(loads.fetch_add(1, Ordering::SeqCst)));
                    assert_eq!(value, Some(0));
                });
            }
        });
        assert_eq!(loads.into_inner(), 1);
    }

    #[test]
    fn what_the_source_lacks_is_asked_for_again_and_so_is_what_a_panic_left() {
        let aside = CacheAside::new(Memory::default());
        assert_eq!(aside.get_or_load::<u32>("n", "k", None, || None), None);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            aside.get_or_load::<u32>("n", "k", None, || panic!("the source is away"))
        }));
        assert!(panicked.is_err());
        assert_eq!(aside.get_or_load("n", "k", None, || Some(1)), Some(1));
        assert_eq!(aside.get_or_load("n", "k", None, || Some(2)), Some(1));
        // Stored with another type by another program.
        assert_eq!(aside.get_or_load("n", "k", None, || Some("text".to_owned())), Some("text".to_owned()));
    }
}
