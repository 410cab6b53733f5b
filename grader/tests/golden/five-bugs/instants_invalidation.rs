//! Forgets keys, and remembers which of them the peers are still to be told of. The storage knows nothing of it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::storage::CacheStorage;

pub struct InvalidationManager {
    storage: Rc<RefCell<CacheStorage>>,
    announced: RefCell<Vec<String>>,
}

impl InvalidationManager {
    pub fn new(storage: Rc<RefCell<CacheStorage>>) -> Self {
        Self { storage, announced: RefCell::default() }
    }

    pub fn invalidate_key(&self, key: &str, propagate: bool) {
        self.storage.borrow_mut().remove(key);
        if propagate {
            self.announced.borrow_mut().push(key.to_string());
        }
    }

    pub fn take_announced(&self) -> Vec<String> {
        self.announced.take()
    }
}
