//! Invalidation: a key is forgotten here and, where that is wanted, on every other node.

use std::cell::RefCell;
use std::rc::Rc;

use crate::storage::CacheStorage;

/// Removes keys, and announces it to the peers.
///
/// Announcing hangs on the storage's own word that a key was removed: so no key is announced that is still there.
pub struct InvalidationManager {
    storage: Rc<RefCell<CacheStorage>>,
    /// Keys whose removal is to be announced.
    announcing: RefCell<Vec<String>>,
    /// Keys that were removed and are to be announced now.
    announced: RefCell<Vec<String>>,
}

impl InvalidationManager {
    pub fn new(storage: Rc<RefCell<CacheStorage>>) -> Rc<Self> {
        let manager =
            Rc::new(Self { storage, announcing: RefCell::new(Vec::new()), announced: RefCell::new(Vec::new()) });
        manager.register_storage_callbacks();
        manager
    }

    /// Has the storage tell when a key is removed.
    fn register_storage_callbacks(self: &Rc<Self>) {
        let manager = Rc::clone(self);
        self.storage.borrow_mut().register_callback(Box::new(move |key| manager.on_removed(key)));
    }

    fn on_removed(&self, key: &str) {
        let mut announcing = self.announcing.borrow_mut();
        if let Some(index) = announcing.iter().position(|wanted| wanted == key) {
            self.announced.borrow_mut().push(announcing.swap_remove(index));
        }
    }

    /// Forgets a key, on the peers too if `propagate` says so.
    pub fn invalidate_key(&self, key: &str, propagate: bool) {
        if propagate {
            self.announcing.borrow_mut().push(key.to_owned());
        }
        self.storage.borrow_mut().remove(key);
    }

    /// What the peers are to hear of, since the last time.
    pub fn take_announced(&self) -> Vec<String> {
        self.announced.take()
    }

    /// Lets go of everything that is kept for callbacks: to be called when a node shuts down.
    pub fn cleanup_callbacks(&self) {
        self.announcing.borrow_mut().clear();
        self.announced.borrow_mut().clear();
    }
}
