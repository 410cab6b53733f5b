//! The caches that tests are run on, right ones and wrong ones, in one module: `serve` says which is tried. See `between.rs` for how a
//! call comes here.
#![allow(dead_code)]

mod types;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use types::{Answer, Call};
pub(crate) use types::{Saved, SavedEntry, Settings, Stats, Value, ValueError};

#[link(wasm_import_module = "between")]
unsafe extern "C" {
    safe fn arrive();
    safe fn hear() -> usize;
    safe fn take(place: *mut u8);
    safe fn say(place: *const u8, len: usize);
    safe fn file(place: *const u8, len: usize) -> i32;
}

/// What every cache does: see the exercise's statement.
trait Cache: Send + Sync {
    fn obey(&self, call: Call) -> Answer;
}

macro_rules! caches {
    ($($number:literal => $module:ident),* $(,)?) => {
        $(
            mod $module;
            impl Cache for $module::DistributedCache {
                fn obey(&self, call: Call) -> Answer {
                    match call {
                        Call::New(_) | Call::Drop => Answer::Done,
                        Call::Get(key) => Answer::Value(self.get(&key)),
                        Call::Set(key, value, ttl) => {
                            self.set(&key, value, ttl);
                            Answer::Done
                        }
                        Call::Delete(key) => Answer::Flag(self.delete(&key)),
                        Call::Exists(key) => Answer::Flag(self.exists(&key)),
                        Call::Increment(key, amount) => Answer::Sum(self.increment(&key, amount)),
                        Call::Keys(pattern) => Answer::Keys(self.keys(&pattern)),
                        Call::DeletePattern(pattern) => Answer::Count(self.delete_pattern(&pattern) as u64),
                        Call::Clear => {
                            self.clear();
                            Answer::Done
                        }
                        Call::Stats => Answer::Stats(self.stats()),
                        Call::Storage => Answer::Storage(self.storage()),
                        Call::Cleanup => Answer::Count(self.cleanup() as u64),
                        Call::CleanerIsRunning => Answer::Flag(self.cleaner_is_running()),
                        Call::Close => {
                            self.close();
                            Answer::Done
                        }
                        Call::Save(path) => Answer::Flag(self.save(&path)),
                        Call::Load(path) => Answer::Flag(self.load(&path)),
                    }
                }
            }
        )*

        fn make(number: u32, settings: Settings) -> Arc<dyn Cache> {
            match number {
                $($number => Arc::new($module::DistributedCache::new(settings)),)*
                _ => panic!("no cache has this number"),
            }
        }
    };
}

include!("caches.rs");

/// The caches that a test has made, by its own numbers.
static MADE: Mutex<BTreeMap<u32, Arc<dyn Cache>>> = Mutex::new(BTreeMap::new());

/// Starts a thread for each that is wanted, for ever.
#[unsafe(no_mangle)]
pub extern "C" fn serve(number: u32) {
    loop {
        arrive();
        spawn(Box::new(move || {
            loop {
                let request = taken(hear());
                let (cache, call) = Call::from_bytes(&request).expect("the tests' side speaks as this one does");
                let answer = obey(number, cache, call).to_bytes();
                say(answer.as_ptr(), answer.len());
            }
        }));
    }
}

fn obey(number: u32, cache: u32, call: Call) -> Answer {
    let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
    match call {
        Call::New(settings) => {
            let new = make(number, settings);
            made().insert(cache, new);
            Answer::Done
        }
        Call::Drop => {
            let gone = made().remove(&cache);
            drop(gone);
            Answer::Done
        }
        call => {
            let found = made().get(&cache).cloned();
            found.expect("whoever calls has made it").obey(call)
        }
    }
}

fn taken(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    take(bytes.as_mut_ptr());
    bytes
}

/// The time since 1970.
pub(crate) fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later than 1970")
}

/// Starts a thread. Of one type for all caches, so that it is compiled once.
pub(crate) fn spawn(work: Box<dyn FnOnce() + Send>) -> JoinHandle<()> {
    std::thread::spawn(work)
}

/// The disk. Each function says whether it went well.
pub(crate) mod disk {
    use super::types::file_request;

    fn asked(what: u8, path: &str, data: &[u8]) -> Option<Vec<u8>> {
        let request = file_request(what, path, data);
        usize::try_from(super::file(request.as_ptr(), request.len())).ok().map(super::taken)
    }

    pub(crate) fn read(path: &str) -> Option<Vec<u8>> {
        asked(b'r', path, &[])
    }

    pub(crate) fn write(path: &str, bytes: &[u8]) -> bool {
        asked(b'w', path, bytes).is_some()
    }

    pub(crate) fn rename(path: &str, target: &str) -> bool {
        asked(b'm', path, target.as_bytes()).is_some()
    }
}
