//! The caches that tests are run on, right ones and wrong ones, in one module: `serve` says which is tried. See `between.rs` for how a
//! call comes here.
#![allow(dead_code)]

mod types;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use types::{Answer, CacheCall};
pub(crate) use types::{CacheCounts, CacheSettings, CacheValue, Saved, SavedEntry, ValueError};

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
    fn obey(&self, call: CacheCall) -> Answer;
}

macro_rules! caches {
    ($($number:literal => $module:ident),* $(,)?) => {
        $(
            mod $module;
            impl Cache for $module::DistributedCache {
                fn obey(&self, call: CacheCall) -> Answer {
                    match call {
                        CacheCall::New(_) | CacheCall::Drop => Answer::Done,
                        CacheCall::Get(key) => Answer::Value(self.get(&key)),
                        CacheCall::Set(key, value, ttl) => {
                            self.set(&key, value, ttl);
                            Answer::Done
                        }
                        CacheCall::Delete(key) => Answer::Flag(self.delete(&key)),
                        CacheCall::Exists(key) => Answer::Flag(self.exists(&key)),
                        CacheCall::Increment(key, amount) => Answer::Sum(self.increment(&key, amount)),
                        CacheCall::Keys(pattern) => Answer::Keys(self.keys(&pattern)),
                        CacheCall::DeletePattern(pattern) => Answer::Count(self.delete_pattern(&pattern) as u64),
                        CacheCall::Clear => {
                            self.clear();
                            Answer::Done
                        }
                        CacheCall::Stats => Answer::Stats(self.stats()),
                        CacheCall::Storage => Answer::Storage(self.storage()),
                        CacheCall::Cleanup => Answer::Count(self.cleanup() as u64),
                        CacheCall::CleanerIsRunning => Answer::Flag(self.cleaner_is_running()),
                        CacheCall::Close => {
                            self.close();
                            Answer::Done
                        }
                        CacheCall::Save(path) => Answer::Flag(self.save(&path)),
                        CacheCall::Load(path) => Answer::Flag(self.load(&path)),
                    }
                }
            }
        )*

        fn make(number: u32, settings: CacheSettings) -> Arc<dyn Cache> {
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

thread_local! {
    /// Those that this thread has found before: finding one again takes no lock.
    static KNOWN: RefCell<BTreeMap<u32, Rc<Arc<dyn Cache>>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Starts a thread for each that is wanted, for ever.
#[unsafe(no_mangle)]
pub extern "C" fn serve(number: u32) {
    loop {
        arrive();
        spawn(Box::new(move || {
            loop {
                let request = taken(hear());
                let (cache, call) = CacheCall::from_bytes(&request).expect("the tests' side speaks as this one does");
                let answer = obey(number, cache, call).to_bytes();
                say(answer.as_ptr(), answer.len());
            }
        }));
    }
}

fn obey(number: u32, cache: u32, call: CacheCall) -> Answer {
    let made = || MADE.lock().unwrap_or_else(PoisonError::into_inner);
    match call {
        CacheCall::New(settings) => {
            let new = make(number, settings);
            made().insert(cache, new);
            Answer::Done
        }
        CacheCall::Drop => {
            let gone = made().remove(&cache);
            KNOWN.with_borrow_mut(|known| known.remove(&cache));
            // Another thread here may know it yet; its clean-up ends now all the same.
            gone.map_or(Answer::Done, |gone| gone.obey(CacheCall::Close));
            Answer::Done
        }
        call => {
            let find = || made().get(&cache).cloned().expect("whoever calls has made it");
            let found = KNOWN.with_borrow_mut(|known| Rc::clone(known.entry(cache).or_insert_with(|| Rc::new(find()))));
            found.obey(call)
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
