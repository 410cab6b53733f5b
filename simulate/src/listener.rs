//! What becomes of a listener to invalidations whose owner is gone: the simulated world has none, so lives do not show it.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use cachedojo::cluster::local::{Listener, LocalCluster, NodeConfig};

/// What was seen of one listener.
pub(crate) struct Listening {
    /// Whether it heard of an invalidation.
    is_heard: bool,
    /// How many owners are alive after all of them were dropped: more than 0 means a reference cycle.
    alive: usize,
    /// Whether the cluster works without it.
    goes_on: bool,
}

/// Registers a listener, invalidates a key, drops the listener with its owner, and invalidates the key again.
pub(crate) fn listen() -> Listening {
    let mut cluster = LocalCluster::new(&[NodeConfig::default()]);
    let heard = Rc::new(RefCell::new(Vec::new()));
    let owner = Rc::downgrade(&heard);
    let listener: Rc<Listener> = Rc::new(move |what| heard.borrow_mut().push(what.to_owned()));
    cluster.on_invalidation(&listener);
    let is_told = cluster.invalidate_key("k", true).is_ok();
    let is_heard = is_told && owner.upgrade().is_some_and(|heard| *heard.borrow() == ["k"]);
    drop(listener);
    let alive = owner.strong_count();
    Listening { is_heard, alive, goes_on: cluster.invalidate_key("k", true).is_ok() }
}

impl fmt::Display for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_heard, alive, goes_on } = self;
        write!(f, "heard: {is_heard}, alive after its end: {alive}, the cluster goes on: {goes_on}")
    }
}
